/*
 * ran.h - what CPU the servers under a bench and the thread that moves have used, and for how long
 * they were ready to run and had no core (/proc/PID/schedstat): on a machine with fewer cores than
 * servers that is most of what clients wait for.
 */
#ifndef TEST_LIVE_RAN_H
#define TEST_LIVE_RAN_H

#include "tests/live/ground.h"

/* Prints what came since it was last called, or only keeps what has come so far. */
void ran_tell(const struct ground *ground, bool tell);

#endif
