/* flow_edges.c - quantiles of a reservoir as bucket edges. */
#include "workloads/flow_edges.h"

#include <stdlib.h>

/* A bucket's share is then known to about 1/sqrt(64) = 12 %: enough to cut, not to measure. */
enum { KEPT_PER_BUCKET = 64, KEPT_MAX = 1 << 20 };

void wl_flow_edges_init(struct wl_flow_edges *edges, struct fore_arena *arena,
                        uint32_t bucket_count)
{
    uint64_t kept = (uint64_t)bucket_count * KEPT_PER_BUCKET;
    *edges = (struct wl_flow_edges){.kept_max = kept < KEPT_MAX ? (uint32_t)kept : KEPT_MAX,
                                    .rng = fore_rng_stream(0, "flow.edges", 0)};
    edges->kept = FORE_NEW(arena, uint64_t, edges->kept_max);
}

void wl_flow_edges_add(struct wl_flow_edges *edges, uint64_t key)
{
    edges->seen++;
    if (edges->kept_count < edges->kept_max) {
        edges->kept[edges->kept_count++] = key;
        return;
    }
    uint64_t at = (uint64_t)(fore_rng_unit(&edges->rng) * (double)edges->seen);
    if (at < edges->kept_max) edges->kept[at] = key;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Begins a new bucket at `key` unless one begins there or later, or there is no room. */
static uint32_t cut_at(struct wl_bucket *out, uint32_t count, uint32_t room, uint64_t key)
{
    if (key <= out[count].first || count + 1 >= room) return count;
    out[count].last = key - 1;
    out[count + 1].first = key;
    return count + 1;
}

uint32_t wl_flow_edges_cut(struct wl_flow_edges *edges, uint32_t bucket_count,
                           struct wl_bucket *out)
{
    FORE_ASSERT(bucket_count > 0);
    const uint64_t *key = edges->kept;
    uint32_t n = edges->kept_count, count = 0;
    qsort(edges->kept, n, sizeof *edges->kept, ascending);
    out[0].first = 0;
    /* Cut before the key at quantile i, and behind it too if the quantile before is the same key.
     */
    for (uint32_t i = 1; i < bucket_count && n > 0; i++) {
        uint64_t here = key[(uint64_t)i * n / bucket_count];
        uint64_t before = key[(uint64_t)(i - 1) * n / bucket_count];
        count = cut_at(out, count, bucket_count, here);
        if (here == before && here < UINT64_MAX) count = cut_at(out, count, bucket_count, here + 1);
    }
    out[count].last = UINT64_MAX;
    return count + 1;
}

uint32_t wl_flow_edges_find(const struct wl_bucket *bucket, uint32_t bucket_count, uint64_t key)
{
    uint32_t low = 0, high = bucket_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (bucket[middle].first <= key)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}
