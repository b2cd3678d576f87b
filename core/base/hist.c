/*
 * hist.c - the cold half of the latency histogram: clearing, merging, quantiles.
 *
 * Everything walks touched_low..touched_high only: latencies of one node span a few hundred of the
 * 2368 buckets, and a window has hundreds of histograms.
 */
#include "core/base/hist.h"

#include <string.h>

void fore_hist_touch(struct fore_hist *hist, uint32_t bucket)
{
    if (hist->touched_low == hist->touched_high) {
        hist->touched_low = bucket;
        hist->touched_high = bucket + 1;
        return;
    }
    if (bucket < hist->touched_low) hist->touched_low = bucket;
    if (bucket >= hist->touched_high) hist->touched_high = bucket + 1;
}

void fore_hist_clear(struct fore_hist *hist)
{
    size_t touched = hist->touched_high - hist->touched_low;
    memset(hist->bucket + hist->touched_low, 0, touched * sizeof hist->bucket[0]);
    hist->count = hist->sum_ns = hist->max_ns = 0;
    hist->touched_low = hist->touched_high = 0;
}

static uint32_t add_capped(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

void fore_hist_add_many(struct fore_hist *hist, uint64_t ns, uint32_t times)
{
    if (times == 0) return;
    uint32_t bucket = fore_hist_index(ns);
    fore_hist_touch(hist, bucket);
    hist->bucket[bucket] = add_capped(hist->bucket[bucket], times);
    hist->count += times;
    hist->sum_ns += ns * times;
    if (ns > hist->max_ns) hist->max_ns = ns;
}

void fore_hist_merge(struct fore_hist *into, const struct fore_hist *from)
{
    if (from->count == 0) return;
    fore_hist_touch(into, from->touched_low);
    fore_hist_touch(into, from->touched_high - 1);
    for (uint32_t b = from->touched_low; b < from->touched_high; b++)
        into->bucket[b] = add_capped(into->bucket[b], from->bucket[b]);
    into->count += from->count;
    into->sum_ns += from->sum_ns;
    if (from->max_ns > into->max_ns) into->max_ns = from->max_ns;
}

uint64_t fore_hist_low(uint32_t bucket)
{
    FORE_ASSERT(bucket <= FORE_HIST_BUCKETS);
    if (bucket < (2u << FORE_HIST_SUB_BITS)) return bucket;
    uint32_t shift = (bucket >> FORE_HIST_SUB_BITS) - 1;
    return (uint64_t)(bucket - (shift << FORE_HIST_SUB_BITS)) << shift;
}

/* The value a share `inside` (0..1) of the way through a bucket, never past the largest seen. */
static uint64_t interpolate(const struct fore_hist *hist, uint32_t bucket, double inside)
{
    uint64_t low = fore_hist_low(bucket);
    uint64_t last = fore_hist_low(bucket + 1) - 1;
    uint64_t value = low + (uint64_t)(inside * (double)(last + 1 - low));
    if (value > last) value = last;
    return value < hist->max_ns ? value : hist->max_ns;
}

uint64_t fore_hist_quantile(const struct fore_hist *hist, double q)
{
    FORE_ASSERT(q >= 0 && q <= 1);
    if (hist->count == 0) return 0;
    double rank = q * (double)hist->count;
    double below = 0;
    for (uint32_t b = hist->touched_low; b < hist->touched_high; b++) {
        double here = (double)hist->bucket[b];
        if (here > 0 && below + here >= rank && q < 1)
            return interpolate(hist, b, (rank - below) / here);
        below += here;
    }
    return hist->max_ns;
}

double fore_hist_mean(const struct fore_hist *hist)
{
    return hist->count == 0 ? 0 : (double)hist->sum_ns / (double)hist->count;
}
