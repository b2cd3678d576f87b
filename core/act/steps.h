/* steps.h - one transition of one move; internal to act/. */
#ifndef FORE_STEPS_H
#define FORE_STEPS_H

#include "core/act/migrate.h"

struct fore_step { /* what a transition may touch */
    struct fore_migrate *migrate;
    struct fore_driver driver;
    const struct fore_observe *observe;
    struct fore_alerts *alerts;
    struct fore_sink sink;
    fore_ns now;
    struct fore_migrate_change *change;
    size_t change_count, change_cap;
};

/* Does the kind carry data, and so need a slot, digests and a sweep? */
bool fore_migrate_copies(enum fore_move_kind kind);
/* A QUEUED migration for the move, with what its nodes look like now. */
struct fore_migration *fore_migrate_enlist(struct fore_migrate *migrate,
                                           const struct fore_move *move,
                                           const struct fore_topology *topology,
                                           const struct fore_observe *observe, fore_ns now);
/* What the ends of a copy look like before it. */
void fore_migrate_look_before(struct fore_migration *m, const struct fore_observe *observe);
/* Makes at most one transition; true when another may follow in the same tick. */
bool fore_step_advance(struct fore_step *step, struct fore_migration *m);
/* Cancels at the driver and ends in `state` (CANCELLED or FAILED). */
void fore_step_give_up(struct fore_step *step, struct fore_migration *m,
                       enum fore_migrate_state state, const char *why);

/* The move as it is, as an event. */
void fore_step_say(struct fore_step *step, const struct fore_migration *m, const char *note);
/* Is more than act.throttle_slow_share of the node's requests slow? */
bool fore_step_breaks_slo(const struct fore_step *step, uint16_t node);
/* Goes to `state` and says so; true: another transition may follow. */
bool fore_step_enter(struct fore_step *step, struct fore_migration *m,
                     enum fore_migrate_state state, const char *note);
/* Ownership has changed: told to everybody, and on to the sweep, or done. */
bool fore_step_changed(struct fore_step *step, struct fore_migration *m, const char *note);
/* The ownership sweep at the end of the watch; false: not yet, or the move has failed. */
bool fore_step_last_look(struct fore_step *step, struct fore_migration *m);
/* The world said no or did not answer: pauses, or gives up. Always false: nothing follows. */
bool fore_step_ask_again(struct fore_step *step, struct fore_migration *m, enum fore_err err);

#endif
