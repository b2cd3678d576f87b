/*
 * flow.h - load as rates: how many reads and writes per second fall on each stretch of the key
 * space at each moment. What the fluid simulation runs on, what an oracle may look into, and what
 * wl_flow_sample() turns into a stream of requests.
 *
 * The key space is cut into buckets, ascending, disjoint; inside one the load is even over its
 * keys. Bucket edges do not change over time. Keys here are the source's own (source.h).
 */
#ifndef WL_FLOW_H
#define WL_FLOW_H

#include "core/base/arena.h"
#include "core/base/rng.h"
#include "workloads/source.h"

struct wl_bucket {
    uint64_t first, last; /* keys, both included */
};

struct wl_flow_info {
    const char *kind;
    const char *label; /* as in source.h */
    bool composite;
    bool string_keys;
    fore_ns span;        /* 0: endless */
    fore_ns step;        /* rates are constant over each of these; >= 1 s */
    uint32_t bytes_mean; /* per request */
};

struct wl_flow_ops {
    /*
     * Rates over [t, t + step) for every bucket, per second; t is a multiple of step. Calls may
     * look ahead and come back within `lookback` = 16,384 steps cheaply; earlier t is correct but
     * slow (it starts over).
     */
    enum fore_err (*rates)(void *self, fore_ns t, double *reads, double *writes,
                           struct fore_diag *diag);
    void (*close)(void *self);
};
struct wl_flow {
    const struct wl_flow_ops *ops;
    void *self;
    const struct wl_bucket *bucket;
    uint32_t bucket_count;
    /* Partitions the data itself names (the series of a series workload, or their sub-ranges):
     * the first key of each, ascending, cut[0] == bucket[0].first. cut_count 0: it names none. */
    const uint64_t *cut;
    const uint64_t *cut_bytes; /* their sizes; NULL: not recorded */
    uint32_t cut_count;
    struct wl_flow_info info;
};

static inline enum fore_err wl_flow_rates(struct wl_flow *flow, fore_ns t, double *reads,
                                          double *writes, struct fore_diag *diag)
{
    return flow->ops->rates(flow->self, t, reads, writes, diag);
}
static inline void wl_flow_close(struct wl_flow *flow)
{
    if (flow->ops != NULL) flow->ops->close(flow->self);
    flow->ops = NULL;
}

/* Requests drawn from a flow: Poisson arrivals, keys even inside a bucket, sizes exponential about
 * bytes_mean. Ends at `span` (0: the flow's own). The flow is borrowed. */
struct wl_source wl_flow_sample(struct wl_flow *flow, fore_ns span, uint64_t seed);

/*
 * A request stream counted into a flow: `bucket_count` buckets of about equal request counts (from
 * a first pass), one value per step, kept in memory: bucket_count * steps floats; RANGE with a
 * sentence when that passes `memory_max` bytes. The source is read twice, then rewound.
 */
FORE_MUST_USE enum fore_err wl_flow_profile(struct wl_source *source, fore_ns step,
                                            uint32_t bucket_count, size_t memory_max,
                                            struct wl_flow *out, struct fore_diag *diag);

#endif
