/*
 * crash.h - one round of harm: a range of slots moves on a real cluster while clients write
 * (writer.h); its mover, or the primary of one of its ends, is killed or stopped at a step that the
 * journal knows or at any instant; and when the cluster is in order again, with nobody's help,
 * nothing may be missing. What goes wrong fails the test that asked for the round.
 *
 * LIVE_STALLS=1: all servers are stopped for moments all the time, as on a starved machine.
 */
#ifndef TEST_LIVE_CRASH_H
#define TEST_LIVE_CRASH_H

#include "tests/live/writer.h"

enum {
    CRASH_SLOTS = 3,
    CRASH_STEPS = 3 * 2, /* of one slot: open, copy, own; before and after each */
    CRASH_NODE_TIMEOUT_MS = 2000,
    CRASH_CUT_MS = 2 * CRASH_NODE_TIMEOUT_MS,
    CRASH_LIMIT_MS = CRASH_NODE_TIMEOUT_MS + 5000 /* to be in order again */
};
enum crash_victim { CRASH_MOVER, CRASH_SOURCE, CRASH_TARGET };
enum crash_harm {
    CRASH_KILL,
    CRASH_STOP, /* it goes on when its heir has its place */
    CRASH_CUT   /* the two ends cannot hear one another for CRASH_CUT_MS; all others can */
};

struct crash { /* who, and at which call of the mover's hook or how long after the first one */
    enum crash_victim victim;
    enum crash_harm harm;
    int at_call;
    uint64_t after_us; /* 0: at a call */
    int calls;
    atomic_bool begun, done, over;
    uint64_t done_ms;
    struct live_address source, target;
    const struct live_address *address; /* of the victim; NULL: there is no such node */
    struct writer *writer;
};

/* A cluster for all rounds of a program; arguments of cluster_up.sh. A cut needs -b 127.0.1, in a
 * network of the program's own where `ip rule` 10 is the local table. */
void crash_begin(const char *arguments);
void crash_end(void);
/* True: it was harmed in time. False: all was over before. */
bool crash_mover(struct crash *crash);
bool crash_node(struct crash *crash);
/* A line of numbers about all rounds so far. */
void crash_tell(void);

#endif
