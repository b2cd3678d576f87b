/*
 * flow_edges.h - where to cut a key space so that each bucket gets about equally many requests.
 *
 * The first pass over a stream keeps a uniform sample of its keys (Vitter's algorithm R) in fixed
 * memory; the edges are its quantiles. A key that fills a whole quantile gets a bucket of its own.
 * The buckets cover every key there is, 0..UINT64_MAX, so a second pass can never miss.
 */
#ifndef WL_FLOW_EDGES_H
#define WL_FLOW_EDGES_H

#include "core/base/rng.h"
#include "workloads/flow.h"

struct wl_flow_edges {
    uint64_t *kept;
    uint64_t seen;
    uint32_t kept_count, kept_max;
    struct fore_rng rng;
};

/* Room for a sample that cuts `bucket_count` buckets well. */
void wl_flow_edges_init(struct wl_flow_edges *edges, struct fore_arena *arena,
                        uint32_t bucket_count);
void wl_flow_edges_add(struct wl_flow_edges *edges, uint64_t key);
/* At most `bucket_count` buckets into `out`; returns how many. */
uint32_t wl_flow_edges_cut(struct wl_flow_edges *edges, uint32_t bucket_count,
                           struct wl_bucket *out);
/* The bucket that holds the key. */
uint32_t wl_flow_edges_find(const struct wl_bucket *bucket, uint32_t bucket_count, uint64_t key);

#endif
