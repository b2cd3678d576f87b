/*
 * dist.h - draws from the distributions a queueing model needs. Each takes its stream, so one more
 * consumer never shifts another. Draws per call vary only inside rejection loops of that stream.
 */
#ifndef FORE_DIST_H
#define FORE_DIST_H

#include "core/base/arena.h"
#include "core/base/dist_tables.h"
#include "core/base/rng.h"

/* A draw the fast path below could not accept: `bits` chose the layer and the value. */
double fore_dist_exp_slow(struct fore_rng *rng, uint64_t bits);
/* Exponential with mean 1: ziggurat, 256 layers (Marsaglia & Tsang 2000, 53-bit variant). */
static inline double fore_dist_exp(struct fore_rng *rng)
{
    uint64_t bits = fore_rng_u64(rng);
    const struct fore_dist_layer *layer = &fore_dist_tables_exp[bits & 255];
    uint64_t at = bits >> 11;
    if (at < layer->keep) return (double)(int64_t)at * layer->width;
    return fore_dist_exp_slow(rng, bits);
}
/* Standard normal, ziggurat. */
double fore_dist_normal(struct fore_rng *rng);
/* Log-normal with the given mean (> 0) and sigma of the logarithm (>= 0). */
double fore_dist_lognormal(struct fore_rng *rng, double mean, double sigma);
/* Poisson with the given mean (>= 0): inversion below 10, PTRS (Hormann 1993) above. */
uint64_t fore_dist_poisson(struct fore_rng *rng, double mean);
/* Gamma with shape > 0 and scale 1 (Marsaglia & Tsang 2000). */
double fore_dist_gamma(struct fore_rng *rng, double shape);

/* Walker's alias table (Vose 1991): any discrete distribution in O(1) a draw. */
struct fore_alias {
    uint32_t count;
    struct fore_alias_cell {
        uint32_t cut;   /* keep the column if the 32-bit draw is below */
        uint32_t other; /* else this one */
    } * cell;
};
/* From `count` weights >= 0 with a positive sum. Memory: 8 bytes a weight, from `arena`. */
struct fore_alias fore_alias_build(struct fore_arena *arena, const double *weight, uint32_t count);
/* Column by Lemire's unbiased multiplication, then the coin between its two values. */
static inline uint32_t fore_alias_draw(const struct fore_alias *alias, struct fore_rng *rng)
{
    uint64_t wide = (uint64_t)fore_rng_u32(rng) * alias->count;
    if ((uint32_t)wide < alias->count) {
        uint32_t threshold = (UINT32_MAX - alias->count + 1) % alias->count;
        while ((uint32_t)wide < threshold)
            wide = (uint64_t)fore_rng_u32(rng) * alias->count;
    }
    uint32_t column = (uint32_t)(wide >> 32);
    const struct fore_alias_cell *cell = &alias->cell[column];
    return fore_rng_u32(rng) < cell->cut ? column : cell->other;
}

/* Weight of rank r = 0..count-1 under Zipf: 1/(r+1)^s, normalised to sum 1 into out. */
void fore_dist_zipf_weights(double *out, uint32_t count, double s);

/* Upper tail of the standard normal, P(Z > z), by table: |error| < 1e-6, about 2 ns. */
double fore_dist_normal_tail(double z);
/* Inverse of the standard normal CDF (Wichura AS241), 0 < p < 1. */
double fore_dist_normal_quantile(double p);

#endif
