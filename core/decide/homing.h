/*
 * homing.h - moves for the sake of a placement that is better in the long run: which of them the
 * coming hours can bear now, and in which order.
 *
 * A partition has a home (the slow loop's, policy/slow.h). On its way there a move is priced by the
 * planner's own measure, the violation node-seconds that it adds up to the horizon, its copy's work
 * on both ends included; the one that adds least goes first, and none that adds more than it is
 * worth. What saves violation is welcome at any time.
 */
#ifndef FORE_HOMING_H
#define FORE_HOMING_H

#include "core/decide/planner.h"

struct fore_homing {
    const uint16_t *home; /* by partition; FORE_NODE_NONE: anywhere is fine */
    const uint8_t *tries; /* by partition: how often it was sent there; NULL: never */
    uint8_t tries_most;   /* ... and is not, any more */
    double harm_most_s;   /* violation node-seconds that a move may add */
    uint32_t moves_most;  /* in all */
};

/* Adds to the plan, as if what is in it had begun. Returns how many partitions are away from home
 * and may still be sent there, those now sent included. */
uint32_t fore_homing_plan(const struct fore_planner_input *input, const struct fore_homing *homing,
                          struct fore_arena *scratch, struct fore_plan *out);

#endif
