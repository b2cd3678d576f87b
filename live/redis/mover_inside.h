/*
 * mover_inside.h - between mover.c (when something may be done) and mover_work.c (what is done to
 * the slots in work); for nobody else.
 */
#ifndef LIVE_MOVER_INSIDE_H
#define LIVE_MOVER_INSIDE_H

#include "live/redis/mover.h"

/* ---- mover.c ------------------------------------------------------------------------------- */

/* Says why in the move; trouble has the cluster looked at and the slots in work settled as well. */
void live_mover_note(struct live_move *move, const struct fore_diag *diag, enum fore_err err);
void live_mover_trouble(struct live_mover *mover, struct live_move *move,
                        const struct fore_diag *diag, enum fore_err err);
/* Always false: nothing may be done now. */
bool live_mover_freeze(struct live_mover *mover, const char *why);
bool live_mover_has_replicas(const struct live_mover *mover, const struct live_move *move);

/* ---- mover_work.c --------------------------------------------------------------------------- */

/* Weighs some slots. False: the rest of it has to be waited for. */
bool live_mover_weigh(struct live_mover *mover, struct live_move *move);
/* The target has heard anew who owns what is still to come to it. False: not yet. */
bool live_mover_renewed(struct live_mover *mover, struct live_move *move);
/* The next group. False: its first slot has come to where it is a moment ago. */
bool live_mover_choose(struct live_mover *mover, struct live_move *move);
void live_mover_open(struct live_mover *mover, struct live_move *move);
/* Both ends show the flags that copying needs, or slots are where they shall be. False: not yet. */
bool live_mover_settle(struct live_mover *mover, struct live_move *move);
/* Some batches; or, where all has travelled, ownership. False: the rate leaves no room now. */
bool live_mover_copy(struct live_mover *mover, struct live_move *move);
void live_mover_end(struct live_mover *mover, struct live_move *move, enum live_move_phase phase,
                    enum live_fate fate);

#endif
