/*
 * plans.h - the newest plans, with their moves and, where the journal explains them
 * (decide.journal_why), what else was considered and why not.
 */
#ifndef VIZ_PLANS_H
#define VIZ_PLANS_H

#include "core/cluster/event.h"

enum { VIZ_PLANS = 96, VIZ_PLAN_MOVES = 16, VIZ_PLAN_OTHERS = 12, VIZ_PLAN_NODES = 12 };

struct viz_plan {
    fore_ns at;
    struct fore_event_plan plan;
    struct fore_event_plan_move move[VIZ_PLAN_MOVES];
    uint32_t move_count;
    char reason[256];
    bool explained; /* the rest is known */
    struct fore_event_why why;
    struct fore_event_why_node node[VIZ_PLAN_NODES];
    struct fore_event_why_other other[VIZ_PLAN_OTHERS]; /* the best first */
    uint32_t node_count, other_count;
    char text[VIZ_PLAN_OTHERS][120]; /* why not, of each other */
};

enum { VIZ_GAINS = 256 };
struct viz_plans {
    struct viz_plan *plan; /* [VIZ_PLANS], a ring */
    uint64_t total;
    struct fore_event_gain *gain; /* [VIZ_GAINS], a ring: what moves were to save, and saved */
    uint64_t gain_total;
    double predicted_s, realised_s; /* of all of them, violation node-seconds */
};

void viz_plans_init(struct viz_plans *plans);
void viz_plans_fini(struct viz_plans *plans);
/* A record's body; false when it makes no sense. */
bool viz_plans_fold(struct viz_plans *plans, fore_ns at, const void *body, size_t len);
bool viz_plans_explain(struct viz_plans *plans, const void *body, size_t len);
bool viz_plans_gained(struct viz_plans *plans, const void *body, size_t len);
/* What became of a move; NULL: not known, or not yet. */
const struct fore_event_gain *viz_plans_gain(const struct viz_plans *plans, uint64_t ticket);
/* By id, newest first; NULL: not held. */
const struct viz_plan *viz_plans_find(const struct viz_plans *plans, uint64_t id);
/* The i-th newest, 0 the newest; NULL past the oldest held. */
const struct viz_plan *viz_plans_newest(const struct viz_plans *plans, uint64_t i);
/* The newest admitted plan that moves or splits this partition; NULL: none held. */
const struct viz_plan *viz_plans_about(const struct viz_plans *plans, uint32_t partition);

#endif
