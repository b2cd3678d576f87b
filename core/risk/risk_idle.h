/*
 * risk_idle.h - the run in which nothing is ever done, followed beside the one in which much is.
 *
 * DESIGN 3.1 scores probabilities against the counterfactual run in which nothing is done. Load
 * follows the keys, not the placement, so that run can be told from this one: every partition keeps
 * a *seat* on the nodes that held it when the engine began, with all of its load. What is split
 * leaves both parts seated together; what is merged sits in both places, in proportion to the loads
 * that came together. What a node would have done is then what it did, less its moves' work and
 * what sits elsewhere, plus what sits here (idle_look); what it will do is the acting engine's own
 * forecast, added up by seat (idle_load).
 *
 * A node of which that cannot be told (a split by column, a seat lost for want of room) is `untold`
 * from then on. What decays with time is the proportion of a merge: merges are of cold parts.
 */
#ifndef FORE_RISK_IDLE_H
#define FORE_RISK_IDLE_H

#include "core/cluster/sample.h"
#include "core/risk/load.h"

enum { FORE_RISK_SEATS = 4 };

struct fore_risk_seat {
    uint16_t node;   /* FORE_NODE_NONE: no seat */
    uint16_t copies; /* that share its reads */
    float part;      /* of the partition's content, 0..1 */
};
struct fore_risk_idle {
    struct fore_risk_seat *seat; /* [partition_cap][FORE_RISK_SEATS] */
    uint32_t partition_cap, node_count;
    bool *untold;        /* [nodes] */
    double *utilization; /* [nodes]: had nothing been done, in the window looked at last */
};

/* Seats everything where it is. */
void fore_risk_idle_init(struct fore_risk_idle *idle, struct fore_arena *arena,
                         const struct fore_topology *topology);
void fore_risk_idle_split(struct fore_risk_idle *idle, uint32_t whole, uint32_t part);
/* `other` is gone; `other_share` of what `partition` now carries was its. */
void fore_risk_idle_merged(struct fore_risk_idle *idle, uint32_t partition, uint32_t other,
                           double other_share);
/* Of its load nothing can be told any more. */
void fore_risk_idle_lost(struct fore_risk_idle *idle, uint32_t partition);
void fore_risk_idle_look(struct fore_risk_idle *idle, const struct fore_sample *sample,
                         const struct fore_topology *topology);
/* The coming load by seat, without moves; terms and limits are those of `like`. It has no cost. */
void fore_risk_idle_load(const struct fore_risk_idle *idle, const struct fore_load *like,
                         struct fore_arena *arena, struct fore_load *out);

#endif
