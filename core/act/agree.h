/*
 * agree.h - what a range must add up to (check.h), held against it before a cut-over, before the
 * sweep and at the end of the watch. Internal to act/.
 *
 * False: put off to a later tick, or the move has been ended; nothing follows now.
 */
#ifndef FORE_AGREE_H
#define FORE_AGREE_H

#include "core/act/step.h"

enum { FORE_AGREE_LOOKS = 3 }; /* a difference that so many in a row show is a fault */

/* Before the owner changes; `also`: a copy that is ready, or FORE_NODE_NONE. */
bool fore_agree_adds_up(struct fore_step *step, struct fore_migration *m, uint16_t also);
/* The new owner must hold what the old one held, or the old copy is the only good one: it stays,
 * for a person to repair from, and the move ends here. */
bool fore_agree_may_sweep(struct fore_step *step, struct fore_migration *m);
/* The ownership sweep: every node of the cluster is asked once more. While another move works on
 * the range its copy is half done, and the look waits for it to end. */
bool fore_agree_last_look(struct fore_step *step, struct fore_migration *m);

#endif
