/*
 * residual.c - one series' past errors as intervals. Means and errors are kept as they were;
 * scales and shape are worked out when asked for, so a change of level never mixes units.
 */
#include "core/forecast/residual.h"

#include "core/base/dist.h"
#include "core/base/series.h"
#include "core/forecast/spread.h"

#include <math.h>
#include <string.h>

enum { SHAPE_MAX = 2048, PROFILE_SERIES_MIN = 8 };
static const double GROWTH = 0.6; /* of an error with its level: .5 is a count's, 1 a share's */
static const double TO_PROFILE = 0.3;

const double fore_quantile_levels[13] = {.025, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .975};

struct fore_residual {
    size_t origins, horizon;
    size_t count;  /* paths held */
    size_t next;   /* ring position of the next one */
    float *mean;   /* [origins][horizon] */
    float *error;  /* [origins][horizon], truth - mean; NaN: unknown */
    double level;  /* average mean over the paths held: keeps the level off zero */
    double summed; /* of the means held */
    double width;  /* factor on the spread of quantiles */
};

struct fore_residual *fore_residual_create(struct fore_arena *arena, size_t origins, size_t horizon)
{
    FORE_ASSERT(origins > 0 && horizon > 0);
    struct fore_residual *residual = FORE_NEW(arena, struct fore_residual, 1);
    *residual = (struct fore_residual){.origins = origins, .horizon = horizon, .width = 1.0};
    residual->mean = FORE_NEW(arena, float, origins *horizon);
    residual->error = FORE_NEW(arena, float, origins *horizon);
    return residual;
}

void fore_residual_add(struct fore_residual *residual, const float *mean, const float *truth)
{
    float *old_mean = residual->mean + residual->next * residual->horizon;
    float *old_error = residual->error + residual->next * residual->horizon;
    for (size_t h = 0; h < residual->horizon; h++) {
        residual->summed += (double)mean[h] - (double)old_mean[h];
        old_mean[h] = mean[h];
        old_error[h] = truth[h] - mean[h];
    }
    residual->next = (residual->next + 1) % residual->origins;
    if (residual->count < residual->origins) residual->count++;
    residual->level = residual->summed / (double)(residual->count * residual->horizon);
}

void fore_residual_clear(struct fore_residual *residual)
{
    memset(residual->mean, 0, residual->origins * residual->horizon * sizeof(*residual->mean));
    residual->count = residual->next = 0;
    residual->summed = residual->level = 0.0;
}

void fore_residual_widen(struct fore_residual *residual, double factor)
{
    residual->width = factor;
}

size_t fore_residual_count(const struct fore_residual *residual)
{
    return residual->count;
}

/* What an error is measured in: the spread of a count grows with the root of its mean, that of a
 * common factor with the mean; real load lies between. */
static double root(const struct fore_residual *residual, double mean)
{
    double least = 0.05 * residual->level + 1e-12;
    return pow(mean > least ? mean : least, GROWTH);
}

static double standardised(const struct fore_residual *residual, size_t path, size_t h)
{
    size_t at = path * residual->horizon + h;
    return (double)residual->error[at] / root(residual, (double)residual->mean[at]);
}

/* Mean absolute standardised residual per step, averaged with its neighbours. */
static double *scales(const struct fore_residual *residual, struct fore_arena *scratch)
{
    size_t horizon = residual->horizon, around = 1 + horizon / 8;
    double *sum = FORE_NEW(scratch, double, horizon);
    double *known = FORE_NEW(scratch, double, horizon);
    double *scale = FORE_NEW(scratch, double, horizon);
    for (size_t o = 0; o < residual->count; o++) {
        for (size_t h = 0; h < horizon; h++) {
            double e = standardised(residual, o, h);
            if (isnan(e)) continue;
            sum[h] += fabs(e);
            known[h] += 1.0;
        }
    }
    for (size_t h = 0; h < horizon; h++) {
        double total = 0.0, weight = 0.0;
        for (size_t k = h > around ? h - around : 0; k <= h + around && k < horizon; k++) {
            total += sum[k];
            weight += known[k];
        }
        scale[h] = weight > 0.0 ? total / weight : 0.0;
    }
    return scale;
}

void fore_residual_pool(const struct fore_residual *residual, size_t stride,
                        struct fore_arena *scratch, struct fore_residual_shape *shape)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    const double *scale = scales(residual, scratch);
    size_t all = residual->count * residual->horizon;
    for (size_t i = 0; i < all; i += stride) {
        size_t h = i % residual->horizon;
        double e = standardised(residual, i / residual->horizon, h);
        if (isnan(e) || !(scale[h] > 0.0)) continue;
        FORE_ASSERT(shape->n < shape->room);
        shape->x[shape->n++] = e / scale[h];
    }
    double mean = fore_series_mean(scale, residual->horizon);
    if (shape->profile && mean > 0.0) {
        for (size_t h = 0; h < residual->horizon; h++)
            shape->profile[h] += scale[h] / mean;
        shape->series++;
    }
    fore_arena_reset(scratch, mark);
}

void fore_residual_shape_sort(struct fore_residual_shape *shape)
{
    fore_series_sort(shape->x, shape->n);
}

static struct fore_residual_shape own_shape(const struct fore_residual *residual,
                                            struct fore_arena *scratch)
{
    size_t all = residual->count * residual->horizon, stride = all / SHAPE_MAX + 1;
    struct fore_residual_shape shape = {.room = all / stride + 1};
    shape.x = FORE_NEW(scratch, double, shape.room);
    fore_residual_pool(residual, stride, scratch, &shape);
    fore_residual_shape_sort(&shape);
    return shape;
}

/* Own scales, drawn to the panel's profile at the series' own mean scale. */
static void draw_to_profile(const struct fore_residual_shape *shape, size_t horizon, double *scale)
{
    if (!shape->profile || shape->series < PROFILE_SERIES_MIN) return;
    double mean = fore_series_mean(scale, horizon);
    for (size_t h = 0; h < horizon; h++) {
        double panel = mean * shape->profile[h] / (double)shape->series;
        scale[h] = (1.0 - TO_PROFILE) * scale[h] + TO_PROFILE * panel;
    }
}

void fore_residual_quantiles(const struct fore_residual *residual,
                             const struct fore_residual_shape *shape, const float *mean,
                             const double *level, size_t level_count, struct fore_arena *scratch,
                             float *grid)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    double *scale = scales(residual, scratch);
    struct fore_residual_shape own = {0};
    bool enough = residual->count >= FORE_SPREAD_PATHS_MIN;
    if (!shape && enough) own = own_shape(residual, scratch);
    if (!shape) shape = &own;
    draw_to_profile(shape, residual->horizon, scale);
    double *z = FORE_NEW(scratch, double, level_count); /* 0: it has never been wrong */
    for (size_t i = 0; i < level_count; i++)
        z[i] = !enough        ? fore_dist_normal_quantile(level[i])
               : shape->n > 0 ? fore_series_quantile_sorted(shape->x, shape->n, level[i])
                              : 0.0;
    for (size_t h = 0; h < residual->horizon; h++) {
        double centre = (double)mean[h];
        double spread = enough ? scale[h] * root(residual, centre) : fore_spread_guess(centre, h);
        for (size_t i = 0; i < level_count; i++)
            grid[h * level_count + i] = (float)fmax(centre + residual->width * z[i] * spread, 0.0);
    }
    fore_arena_reset(scratch, mark);
}

/* Largest value of `mean` plus a past path, carried over to today's level; NaN when a tenth of the
 * path or more is not known. */
static double path_peak(const struct fore_residual *residual, const float *mean, size_t path,
                        size_t first, size_t last)
{
    double peak = 0.0;
    size_t unknown = 0;
    for (size_t h = first; h <= last; h++) {
        double e = standardised(residual, path, h), centre = (double)mean[h];
        if (isnan(e))
            unknown++;
        else
            peak = fmax(peak, centre + e * root(residual, centre));
    }
    return 10 * unknown > last - first ? (double)NAN : peak;
}

void fore_residual_peak(const struct fore_residual *residual, const float *mean,
                        const struct fore_residual_peak *wanted, struct fore_arena *scratch,
                        float *out)
{
    size_t first = wanted->first, last = wanted->last, top = first, paths = 0;
    FORE_ASSERT(first <= last && last < residual->horizon);
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    double *peak = FORE_NEW(scratch, double, residual->count + 1);
    for (size_t o = 0; o < residual->count; o++) {
        double one = path_peak(residual, mean, o, first, last);
        if (!isnan(one)) peak[paths++] = one;
    }
    bool enough = paths >= FORE_SPREAD_PATHS_MIN;
    fore_series_sort(peak, paths);
    for (size_t h = first; h <= last; h++)
        if (mean[h] > mean[top]) top = h;
    double centre = (double)mean[top], spread = fore_spread_guess(centre, top);
    for (size_t i = 0; i < wanted->level_count; i++) {
        double level = wanted->level[i];
        double guess = centre + fore_dist_normal_quantile(level) * spread;
        out[i] =
            (float)(enough ? fore_series_quantile_sorted(peak, paths, level) : fmax(guess, 0.0));
    }
    fore_arena_reset(scratch, mark);
}
