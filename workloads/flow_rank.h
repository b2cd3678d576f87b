/*
 * flow_rank.h - a Zipf popularity whose ranks wander, so that the hot set drifts.
 *
 * Every group follows a stationary Ornstein-Uhlenbeck walk of its own; at any moment the group with
 * the highest value has rank 1, and so on, and rank r has the weight r^-s (normalised). The law of
 * the weights is therefore Zipf at all times, while who is where in it is forgotten with the walks'
 * correlation time. Ranks are taken at knots, memory / 64 apart, and weights run in straight lines
 * between them, because nobody becomes popular within one step.
 */
#ifndef WL_FLOW_RANK_H
#define WL_FLOW_RANK_H

#include "core/base/arena.h"
#include "core/base/err.h"

struct wl_flow_rank_options {
    double s;       /* exponent, >= 0 */
    fore_ns memory; /* correlation time of the walks; 0: ranks stay as they are drawn */
    fore_ns span;
    uint64_t seed;
    uint32_t sets, groups; /* so many sets, ranked each by itself, of so many groups */
};

struct wl_flow_rank;
/* Memory from `arena`. RANGE: span / memory is too long to be kept (2^25 weights). */
FORE_MUST_USE enum fore_err wl_flow_rank_create(struct fore_arena *arena,
                                                const struct wl_flow_rank_options *options,
                                                struct wl_flow_rank **out, struct fore_diag *diag);
/* Weight of every group at t, times the number of groups of a set: mean 1 over a set. [sets *
 * groups], valid until the next call. */
const float *wl_flow_rank_at(struct wl_flow_rank *rank, fore_ns t);

#endif
