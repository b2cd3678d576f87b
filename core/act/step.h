/*
 * step.h - what a transition of a move may touch, and what all of them say in the same words.
 * Internal to act/.
 */
#ifndef FORE_STEP_H
#define FORE_STEP_H

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

/* The move as it is, as an event. */
void fore_step_say(struct fore_step *step, const struct fore_migration *m, const char *note);
/* Is more than act.throttle_slow_share of the node's requests slow? */
bool fore_step_breaks_slo(const struct fore_step *step, uint16_t node);
/* Goes to `state` and says so; true: another transition may follow. */
bool fore_step_enter(struct fore_step *step, struct fore_migration *m,
                     enum fore_migrate_state state, const char *note);
/* Ownership has changed: told to everybody, and on to the sweep, or done. */
bool fore_step_changed(struct fore_step *step, struct fore_migration *m, const char *note);
/* An alert about the move's partition, or its node, is over. */
void fore_step_resolve(struct fore_step *step, const struct fore_migration *m,
                       enum fore_alert_code code);
/* Its copies differ, and a new attempt would copy it again for nothing. */
void fore_step_rest(struct fore_step *step, const struct fore_migration *m);
/* Cancels at the driver and ends in `state` (CANCELLED or FAILED). */
void fore_step_give_up(struct fore_step *step, struct fore_migration *m,
                       enum fore_migrate_state state, const char *why);
/* The world said no or did not answer: pauses, or gives up. Always false: nothing follows. */
bool fore_step_ask_again(struct fore_step *step, struct fore_migration *m, enum fore_err err);

#endif
