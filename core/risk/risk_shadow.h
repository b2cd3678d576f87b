/*
 * risk_shadow.h - what every node would have done had nothing been done about it.
 *
 * A policy that acts makes its own warnings untrue. But load follows the keys, not the placement:
 * what a partition that has moved away brings elsewhere it would have brought at home. So each move
 * is remembered, and for a question asked before it was begun its load is added to the node it left
 * and taken from the one it came to; moves' own work is left out. Moves under way when the question
 * was asked were part of the answer, and stay.
 *
 * Undone are moves, also of what is split or merged afterwards: of a merged partition the part that
 * has moved goes back, in proportion to the loads that came together. (Leaving the nodes of merges
 * out, as was done before, left out the very nodes at which most was done: a sixth of them.) Of
 * replicas and splits by column nothing can be said: the nodes concerned are out of the question.
 */
#ifndef FORE_RISK_SHADOW_H
#define FORE_RISK_SHADOW_H

#include "core/base/arena.h"
#include "core/cluster/sample.h"
#include "core/cluster/topology.h"

enum { FORE_RISK_DEPARTURES = 2048 };

struct fore_risk_departure {
    fore_ns began; /* the move that it was */
    uint32_t partition;
    uint16_t from, to;
    float share; /* of what the partition carries now */
};
struct fore_risk_shadow {
    struct fore_risk_departure *departure; /* [FORE_RISK_DEPARTURES], oldest first */
    uint32_t count;
    double *utilization; /* [nodes]: the answer */
    uint32_t node_count;
};

void fore_risk_shadow_init(struct fore_risk_shadow *shadow, struct fore_arena *arena,
                           uint32_t node_count);
/* False: there is no room left to remember it. */
bool fore_risk_shadow_moved(struct fore_risk_shadow *shadow,
                            const struct fore_risk_departure *departure);
/* The new part goes where the whole would have been. False: no room. */
bool fore_risk_shadow_split(struct fore_risk_shadow *shadow, uint32_t whole, uint32_t part);
/* `other` is gone; `other_share` of what `partition` now carries was its. */
void fore_risk_shadow_merged(struct fore_risk_shadow *shadow, uint32_t partition, uint32_t other,
                             double other_share);
/* Forgets what cannot be told apart any more; true: there was something. Its nodes into gone[nodes]
 * (set to true; the others are left alone). */
bool fore_risk_shadow_forget(struct fore_risk_shadow *shadow, uint32_t partition, bool *gone);
/* Moves begun before `since` will not be asked about again. */
void fore_risk_shadow_expire(struct fore_risk_shadow *shadow, fore_ns since);
/* Utilisations in this window with no move made that was begun at `since` or later. Valid until the
 * next call. */
const double *fore_risk_shadow_at(struct fore_risk_shadow *shadow, const struct fore_sample *sample,
                                  const struct fore_topology *topology, fore_ns since);

#endif
