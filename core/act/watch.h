/* watch.h - after the sweep: did the move help, and if not, is it taken back? Internal to act/. */
#ifndef FORE_WATCH_H
#define FORE_WATCH_H

#include "core/act/step.h"

/* The WATCH state's transition, as fore_step_advance. */
bool fore_watch_advance(struct fore_step *step, struct fore_migration *m);

#endif
