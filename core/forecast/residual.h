/*
 * residual.h - intervals for any model: rolling conformal residuals (Vovk et al.; Xu & Xie 2021),
 * pooled in shape, scaled per step, standardised by a power of the level.
 *
 * For every forecast made, the residual path (truth - mean, all steps) is kept when the truth is
 * known: the newest `origins` of them. Quantiles per step come from the pooled standardised
 * residuals times that step's smoothed scale; peaks over the horizon from whole paths (max over
 * steps of mean + path), never from per-step quantiles.
 */
#ifndef FORE_RESIDUAL_H
#define FORE_RESIDUAL_H

#include "core/base/arena.h"
#include "core/base/base.h"

struct fore_residual; /* of one series */
struct fore_residual *fore_residual_create(struct fore_arena *arena, size_t origins,
                                           size_t horizon);
/* A finished path: what was predicted and what came, `horizon` values each (NaN truth: skip). */
void fore_residual_add(struct fore_residual *residual, const float *mean, const float *truth);
void fore_residual_clear(struct fore_residual *residual);
/* Quantiles are to lie `factor` times as far from the mean; 1 at first. */
void fore_residual_widen(struct fore_residual *residual, double factor);
size_t fore_residual_count(const struct fore_residual *residual);

/*
 * What all series of a panel say together: the shape of quantiles (sorted errors over level^.6
 * and their step's scale), and how the scale grows with the step, which one series' few paths know
 * only roughly.
 */
struct fore_residual_shape {
    double *x;
    size_t n, room;
    double *profile; /* [horizon] scale of a step over the series' mean scale; may be NULL */
    size_t series;   /* that the profile is a sum over */
};
/* Adds about every stride-th error of one series; room must suffice (count / stride + 1). */
void fore_residual_pool(const struct fore_residual *residual, size_t stride,
                        struct fore_arena *scratch, struct fore_residual_shape *shape);
void fore_residual_shape_sort(struct fore_residual_shape *shape);
/* grid[step * level_count + i]: the level[i] quantile at that step; ascending, >= 0. `shape` of
 * the whole panel, sorted; NULL: the series' own. */
void fore_residual_quantiles(const struct fore_residual *residual,
                             const struct fore_residual_shape *shape, const float *mean,
                             const double *level, size_t level_count, struct fore_arena *scratch,
                             float *grid);
struct fore_residual_peak {
    size_t first, last; /* steps, both included */
    const double *level;
    size_t level_count;
};
/* Quantiles of the largest value over those steps, level_count of them. */
void fore_residual_peak(const struct fore_residual *residual, const float *mean,
                        const struct fore_residual_peak *wanted, struct fore_arena *scratch,
                        float *out);

extern const double fore_quantile_levels[13]; /* .025 .05 .1 .2 .3 .4 .5 .6 .7 .8 .9 .95 .975 */

#endif
