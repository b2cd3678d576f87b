/*
 * bound.h - moves that wait for another one of their plan, and fall with it; internal to act/.
 *
 * A follower was taken together with its leader. It waits, QUEUED, until the leader is WATCHed or
 * DONE; it is given the partition that the leader made, where it is about that one; and it begins
 * once it has its slots. When the leader fails, is cancelled or rolled back before that, so is it.
 * The halves of a swap are bound for longer: the watch of the first one lasts until the second one
 * has changed owners, and if that one falls, the first is taken back where it alone leaves its
 * target above the limit and the way back does not (watch.c).
 * Everything is decided at the end of a tick, when all know what has become of whom, and before
 * what is over is forgotten: so a follower that waits always has a leader that is known.
 */
#ifndef FORE_BOUND_H
#define FORE_BOUND_H

#include "core/act/step.h"

/* At the end of a tick: who need not wait any more, and who waits in vain. */
void fore_bound_settle(struct fore_step *step);
/* Is it the first half of a swap whose second one is still on its way? */
bool fore_bound_awaits(const struct fore_migrate *migrate, const struct fore_migration *m);
/* The follower, its leader through, is about to begin: it gets its slots and is promised its gain.
 * False: not yet, or given up. */
bool fore_bound_take_up(struct fore_step *step, struct fore_migration *m);

#endif
