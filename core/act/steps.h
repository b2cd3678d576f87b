/* steps.h - one transition of one move; internal to act/. */
#ifndef FORE_STEPS_H
#define FORE_STEPS_H

#include "core/act/step.h"

/* Makes at most one transition; true when another may follow in the same tick. */
bool fore_step_advance(struct fore_step *step, struct fore_migration *m);

#endif
