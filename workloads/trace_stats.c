/*
 * trace_stats.c - counting requests, keys and minutes.
 *
 * The key table is open addressing with linear probing; a slot with count 0 is empty. Level L
 * means that a key is counted if the top L bits of its hash are 0: a share of 2^-L of all keys,
 * chosen by the key alone, so every request of a chosen key is counted from the first one on.
 */
#include "workloads/trace_stats.h"

#include "core/base/hash.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1 << 12, SLOTS_MIN = 1 << 6 };
#define KEY_SALT UINT64_C(0x7261746573) /* any constant */

struct slot {
    uint64_t key, count;
};

struct rate { /* requests per period: the peak, and the period under way */
    fore_ns period;
    uint64_t index, count, peak;
};

struct wl_trace_stats {
    struct slot *slot;
    size_t slots, slots_max, used;
    unsigned level;
    struct slot dropped; /* the hottest key that a rising level removed */
    uint64_t requests, bytes, by_type[FORE_QUERY_TYPES];
    uint64_t sampled; /* requests on keys in the table */
    fore_ns last;
    struct rate minute, hour;
};

struct wl_trace_stats *wl_trace_stats_create(size_t key_memory_max_bytes)
{
    struct wl_trace_stats *stats = calloc(1, sizeof *stats);
    FORE_ASSERT(stats != NULL);
    stats->slots_max = SLOTS_MIN;
    while (stats->slots_max * 2 * sizeof(struct slot) <= key_memory_max_bytes)
        stats->slots_max *= 2;
    stats->slots = stats->slots_max < SLOTS_FIRST ? stats->slots_max : SLOTS_FIRST;
    stats->slot = calloc(stats->slots, sizeof *stats->slot);
    FORE_ASSERT(stats->slot != NULL);
    stats->minute.period = 60 * FORE_SEC;
    stats->hour.period = 3600 * FORE_SEC;
    return stats;
}

void wl_trace_stats_destroy(struct wl_trace_stats *stats)
{
    if (stats == NULL) return;
    free(stats->slot);
    free(stats);
}

static bool in_sample(const struct wl_trace_stats *stats, uint64_t hash)
{
    return stats->level == 0 || hash >> (64 - stats->level) == 0;
}

static struct slot *slot_of(const struct wl_trace_stats *stats, uint64_t key, uint64_t hash)
{
    size_t i = hash & (stats->slots - 1);
    while (stats->slot[i].count != 0 && stats->slot[i].key != key)
        i = (i + 1) & (stats->slots - 1);
    return &stats->slot[i];
}

/* The table again in `slots` slots, without the keys that left the sample. */
static void table_rebuild(struct wl_trace_stats *stats, size_t slots)
{
    struct slot *old = stats->slot;
    size_t old_slots = stats->slots;
    stats->slots = slots;
    stats->slot = calloc(slots, sizeof *stats->slot);
    FORE_ASSERT(stats->slot != NULL);
    stats->used = 0;
    stats->sampled = 0;
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i].count == 0) continue;
        uint64_t hash = fore_hash_u64(old[i].key, KEY_SALT);
        if (in_sample(stats, hash)) {
            *slot_of(stats, old[i].key, hash) = old[i];
            stats->used++;
            stats->sampled += old[i].count;
        } else if (old[i].count > stats->dropped.count) {
            stats->dropped = old[i];
        }
    }
    free(old);
}

/* Room for one more key, by growing while that is allowed and by sampling after that. */
static void table_make_room(struct wl_trace_stats *stats)
{
    while (stats->used + 1 > stats->slots / 4 * 3) {
        bool grow = stats->slots < stats->slots_max;
        if (!grow) stats->level++;
        table_rebuild(stats, grow ? stats->slots * 2 : stats->slots);
    }
}

static void key_count(struct wl_trace_stats *stats, uint64_t key)
{
    uint64_t hash = fore_hash_u64(key, KEY_SALT);
    if (!in_sample(stats, hash)) return;
    struct slot *slot = slot_of(stats, key, hash);
    if (slot->count == 0) {
        table_make_room(stats);
        if (!in_sample(stats, hash)) return;
        slot = slot_of(stats, key, hash);
        slot->key = key;
        stats->used++;
    }
    slot->count++;
    stats->sampled++;
}

static void rate_count(struct rate *rate, fore_ns t)
{
    uint64_t index = t / rate->period;
    if (index != rate->index) {
        rate->index = index;
        rate->count = 0;
    }
    rate->count++;
    if (rate->count > rate->peak) rate->peak = rate->count;
}

void wl_trace_stats_push(struct wl_trace_stats *stats, const struct wl_request *request,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct wl_request *r = &request[i];
        FORE_ASSERT(r->op < FORE_QUERY_TYPES && r->t >= stats->last);
        stats->by_type[r->op]++;
        stats->bytes += r->bytes;
        stats->last = r->t;
        rate_count(&stats->minute, r->t);
        rate_count(&stats->hour, r->t);
        key_count(stats, r->key);
    }
    stats->requests += count;
}

static int by_count_descending(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

/* Share of the sampled requests that fall on the hottest hundredth of the sampled keys. */
static double top_share(const struct wl_trace_stats *stats)
{
    uint64_t *count = calloc(stats->used + 1, sizeof *count);
    FORE_ASSERT(count != NULL);
    size_t n = 0;
    for (size_t i = 0; i < stats->slots; i++)
        if (stats->slot[i].count != 0) count[n++] = stats->slot[i].count;
    qsort(count, n, sizeof *count, by_count_descending);
    size_t top = n < 100 ? (n > 0) : n / 100;
    uint64_t sum = 0;
    for (size_t i = 0; i < top; i++)
        sum += count[i];
    free(count);
    return stats->sampled > 0 ? (double)sum / (double)stats->sampled : 0.0;
}

/* The hottest key; of equally hot ones the smallest. */
static struct slot top_key(const struct wl_trace_stats *stats)
{
    struct slot top = stats->dropped;
    for (size_t i = 0; i < stats->slots; i++) {
        const struct slot *slot = &stats->slot[i];
        bool hotter = slot->count > top.count;
        if (hotter || (slot->count == top.count && slot->count > 0 && slot->key < top.key))
            top = *slot;
    }
    return top;
}

static double rate_mean(const struct wl_trace_stats *stats, const struct rate *rate)
{
    if (stats->requests == 0) return 0.0;
    uint64_t periods = stats->last / rate->period + 1;
    return (double)stats->requests / (double)periods;
}

struct wl_trace_summary wl_trace_stats_summary(const struct wl_trace_stats *stats)
{
    struct slot top = top_key(stats);
    struct wl_trace_summary summary = {
        .requests = stats->requests,
        .keys = (uint64_t)stats->used << stats->level,
        .keys_estimated = stats->level > 0,
        .span_s = (double)stats->last / (double)FORE_SEC,
        .bytes = stats->bytes,
        .top1pct_share = top_share(stats),
        .top_key = top.key,
        .minute_peak = (double)stats->minute.peak,
        .minute_mean = rate_mean(stats, &stats->minute),
        .hour_peak = (double)stats->hour.peak,
        .hour_mean = rate_mean(stats, &stats->hour),
    };
    if (stats->requests > 0) summary.top_key_share = (double)top.count / (double)stats->requests;
    for (size_t i = 0; i < FORE_QUERY_TYPES; i++)
        summary.by_type[i] = stats->by_type[i];
    return summary;
}
