/*
 * hist.h - a latency histogram with bounded relative error.
 *
 * Log-linear: 64 sub-buckets in each power of two, so a value is known to 1/64 (1.6 %), and a
 * quantile, interpolated inside its bucket, to about half of that. Values are nanoseconds
 * 0 .. 2^42-1 (73 minutes); larger ones are counted in the last bucket. Recording is a shift, a
 * subtract and an increment. 37 * 64 counters. {0} is a valid empty histogram.
 */
#ifndef FORE_HIST_H
#define FORE_HIST_H

#include "core/base/base.h"

enum { FORE_HIST_SUB_BITS = 6, FORE_HIST_MAX_BITS = 42 };
#define FORE_HIST_BUCKETS ((FORE_HIST_MAX_BITS - FORE_HIST_SUB_BITS + 1) << FORE_HIST_SUB_BITS)

struct fore_hist {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t max_ns;
    uint32_t touched_low, touched_high; /* buckets in use are in low..high-1: cheap clear, merge */
    uint32_t bucket[FORE_HIST_BUCKETS];
};

static inline uint32_t fore_hist_index(uint64_t ns)
{
    if (ns >> FORE_HIST_MAX_BITS) return FORE_HIST_BUCKETS - 1;
    if (ns < (1u << FORE_HIST_SUB_BITS)) return (uint32_t)ns;
    uint32_t shift = 63u - (uint32_t)__builtin_clzll(ns) - FORE_HIST_SUB_BITS;
    return (shift << FORE_HIST_SUB_BITS) + (uint32_t)(ns >> shift);
}

void fore_hist_clear(struct fore_hist *hist);
/* A bucket holds 2^32-1 values; add_many and merge stop there instead of wrapping. */
void fore_hist_add_many(struct fore_hist *hist, uint64_t ns, uint32_t times);
void fore_hist_merge(struct fore_hist *into, const struct fore_hist *from);
/* The value below which a share `q` (0..1) lies; 0 when empty. */
uint64_t fore_hist_quantile(const struct fore_hist *hist, double q);
double fore_hist_mean(const struct fore_hist *hist);
/* First value of a bucket; bucket b holds [low(b), low(b+1)). */
uint64_t fore_hist_low(uint32_t bucket);
/* Widens touched_low..touched_high to hold `bucket`. */
void fore_hist_touch(struct fore_hist *hist, uint32_t bucket);

/* Once per simulated request, so inline: after the first few values `touch` is never reached. */
static inline void fore_hist_add(struct fore_hist *hist, uint64_t ns)
{
    uint32_t bucket = fore_hist_index(ns);
    hist->count++;
    hist->sum_ns += ns;
    if (ns > hist->max_ns) hist->max_ns = ns;
    if (bucket < hist->touched_low || bucket >= hist->touched_high) fore_hist_touch(hist, bucket);
    hist->bucket[bucket]++;
}

#endif
