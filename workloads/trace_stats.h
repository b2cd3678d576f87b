/*
 * trace_stats.h - what is in a stream of requests, in one pass and bounded memory.
 *
 * Keys are counted exactly until their table passes its memory; from then on the table holds a
 * uniform sample of the keys (those whose hash falls below a threshold that halves whenever the
 * table fills up), and the numbers about keys are estimates and say so. With the default memory
 * the sample is never below a million keys: the number of keys is then right to about 0.1 %.
 */
#ifndef WL_TRACE_STATS_H
#define WL_TRACE_STATS_H

#include "workloads/source.h"

#define WL_TRACE_STATS_MEMORY (UINT64_C(64) << 20) /* 3.1 M keys exactly */

struct wl_trace_summary {
    uint64_t requests;
    uint64_t keys;
    bool keys_estimated; /* keys and the shares below are estimates */
    double span_s;       /* first to last request */
    uint64_t by_type[FORE_QUERY_TYPES];
    uint64_t bytes;
    double top1pct_share; /* of requests, on the hottest 1 % of keys (at least one) */
    double top_key_share;
    uint64_t top_key;
    double minute_peak, minute_mean; /* in whole minutes from the first request on */
    double hour_peak, hour_mean;
};

struct wl_trace_stats;
struct wl_trace_stats *wl_trace_stats_create(size_t key_memory_max_bytes);
void wl_trace_stats_push(struct wl_trace_stats *stats, const struct wl_request *request,
                         size_t count);
struct wl_trace_summary wl_trace_stats_summary(const struct wl_trace_stats *stats);
void wl_trace_stats_destroy(struct wl_trace_stats *stats);

#endif
