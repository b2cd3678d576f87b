/*
 * keyrange.h - where inside a partition the load falls: the sketch a split key comes from.
 *
 * Per partition a decayed weighted reservoir of `size` positions (Efraimidis & Spirakis 2006, A-ES;
 * exponential decay by Cormode et al. 2009). The empirical distribution of n samples is within
 * sqrt(ln(2/delta) / (2n)) of the truth everywhere with probability 1-delta (DKW, Massart 1990):
 * 256 samples, 95 %: 0.085. Where samples weigh differently, n is (sum w)^2 / sum w^2. A reservoir
 * that is full holds between `size` and 1.5 `size`, as many as there is room for at the time.
 */
#ifndef FORE_KEYRANGE_H
#define FORE_KEYRANGE_H

#include "core/base/base.h"
#include "core/base/rng.h"

struct fore_keyrange;
struct fore_keyrange *fore_keyrange_create(uint32_t partition_cap, uint32_t size, fore_ns half_life,
                                           struct fore_rng rng);
void fore_keyrange_destroy(struct fore_keyrange *sketch);
void fore_keyrange_add(struct fore_keyrange *sketch, fore_ns now, uint32_t partition,
                       uint64_t position, double weight);

enum { FORE_KEYRANGE_LEAST = 32 }; /* samples below which shares of load are not told */

struct fore_keyrange_cut {
    uint64_t at;        /* first position of the right part */
    double right_share; /* of the load */
    double error;       /* half-width of its 95 % interval */
    double top_share;   /* share of the heaviest single position: > 1/2 and no split helps */
    uint32_t samples;
};
/* The cut nearest to `right_share` of the load inside first..last; false when there are fewer
 * than FORE_KEYRANGE_LEAST samples or one position holds everything. `at` is in first+1..last. The
 * last answer is kept until the samples change, so that plan after plan may ask. */
bool fore_keyrange_cut(const struct fore_keyrange *sketch, uint32_t partition, uint64_t first,
                       uint64_t last, double right_share, struct fore_keyrange_cut *out);
/* Rank correlation of position with time inside first..last, -1..1: near 1 an insert pattern; 0
 * where fewer than 32 samples are known. */
double fore_keyrange_monotone(const struct fore_keyrange *sketch, uint32_t partition,
                              uint64_t first, uint64_t last);
/* Share of the partition's load from `first` to `last`; 0 where nothing was sampled. */
double fore_keyrange_share(const struct fore_keyrange *sketch, uint32_t partition, uint64_t first,
                           uint64_t last);
/* Up to `n` of the sampled positions, spread over the reservoir; returns how many. They come as
 * often as they were sampled. */
size_t fore_keyrange_positions(const struct fore_keyrange *sketch, uint32_t partition,
                               uint64_t *out, size_t n);
/* Samples follow their positions. */
void fore_keyrange_split(struct fore_keyrange *sketch, uint32_t left, uint32_t right, uint64_t at);
/* The samples of both, as if one reservoir had seen both; right is empty after. */
void fore_keyrange_merge(struct fore_keyrange *sketch, uint32_t left, uint32_t right);
/* The index begins another life. */
void fore_keyrange_forget(struct fore_keyrange *sketch, uint32_t partition);
size_t fore_keyrange_bytes(const struct fore_keyrange *sketch); /* memory held */

#endif
