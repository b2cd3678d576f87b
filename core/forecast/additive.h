/*
 * additive.h - trend + seasons + what is known beforehand + what was lately different.
 *
 *     z(t) = trend(t) + sum over waves of (a cos + b sin) + regressors + residual(t)
 *
 * after Taylor & Letham, "Forecasting at Scale" (2018), but in closed form. z is the cube root of
 * the load, between the linear scale, better where the load is high, and the logarithm, better in
 * relative terms, and defined at 0; regressors, which multiply, are learned on the logarithm. The
 * trend is a line with bends, damped beyond the end. Waves are harmonics of the periods, and for a
 * week over a day also those beside each harmonic of the day: a Sunday has a shape, not only a
 * level. All of it is one weighted ridge regression (half-life weights, stiffness per column). What
 * it leaves is an auto-regression on the last few points and on the same time one period ago.
 *
 * Private to core/forecast: additive_basis.c chooses the columns, additive_moments.c multiplies
 * them out, additive_fit.c solves, model_additive.c applies.
 */
#ifndef FORE_ADDITIVE_H
#define FORE_ADDITIVE_H

#include "core/forecast/bounds.h"

enum {
    FORE_ADDITIVE_POINTS_MIN = 5,
    FORE_ADDITIVE_BENDS_MAX = 15,
    FORE_ADDITIVE_TREND_MAX = 2 + FORE_ADDITIVE_BENDS_MAX,
    FORE_ADDITIVE_WAVES_MAX = 96,
    FORE_ADDITIVE_RECENT = 3,   /* lags 1, 2, 3 */
    FORE_ADDITIVE_LAGS_MAX = 9, /* and some around the shortest period */
    FORE_ADDITIVE_LAG_LONGEST = 2048,
    FORE_ADDITIVE_BINS_MAX = 1 << 16, /* the least common multiple of all periods */
};

enum fore_additive_scale { FORE_ADDITIVE_CUBE_ROOT, FORE_ADDITIVE_LOGARITHM };

struct fore_additive_wave {
    uint32_t times, period; /* so many turns in so many steps */
    double stiffness;       /* ridge, relative to the sum of the weights */
    double cosine, sine;
};

/* Time is counted in points since `begin`, the first point used. */
struct fore_additive {
    enum fore_additive_scale scale;
    size_t begin, n;
    double start_s; /* of the series it was learned from; 0: unknown */
    double step_s;
    uint32_t bins, longest; /* common multiple of the periods, and the longest; 0: no season */
    /* trend: level + slope (t - n) / n + sum of bend (t - knot) / gap where t > knot */
    double level, slope, bend[FORE_ADDITIVE_BENDS_MAX], knot[FORE_ADDITIVE_BENDS_MAX], gap;
    double damping; /* of the slope, per step after the last point */
    struct fore_additive_wave wave[FORE_ADDITIVE_WAVES_MAX];
    uint32_t bends, waves, lags;
    uint32_t lag[FORE_ADDITIVE_LAGS_MAX]; /* ascending */
    double lag_weight[FORE_ADDITIVE_LAGS_MAX];
    double residual_most; /* no forecast residual is larger */
    struct fore_bounds bounds;
};

/* Which columns, from n, periods and scale; coefficients are 0. */
void fore_additive_basis(const struct fore_series_view *series, struct fore_additive *out);
/* A column of the trend at time t: 0 the level, 1 the slope, 2.. the bends. */
double fore_additive_trend_column(const struct fore_additive *additive, size_t column, double t);
double fore_additive_trend(const struct fore_additive *additive, double t);
/* The sum of all waves at the times t .. t + count - 1, which may be negative. */
void fore_additive_season(const struct fore_additive *additive, int64_t t, size_t count,
                          double *out);

/*
 * The normal equations. Unknowns in this order: trend, waves (cosine, sine), regressors. `plain` is
 * the columns that are not waves: trend, regressors, z; [plain_count][n], and `weight` is 0 where z
 * is missing. gram is the lower triangle, [size][size]; right[size].
 */
struct fore_additive_system {
    const struct fore_additive *additive;
    const double *plain, *weight;
    size_t trends, regressors, size;
    double *gram, *right;
    double square; /* sum of weight z z */
    double weight_sum;
};
void fore_additive_moments(struct fore_additive_system *system, struct fore_arena *scratch);

/*
 * Learns from the series. The caller has set out->scale. With regressors, `effect` (else NULL: they
 * are not looked at) gets the posterior mean of each one's coefficient. FORE_E_RANGE: fewer than
 * FORE_ADDITIVE_POINTS_MIN known points.
 */
FORE_MUST_USE enum fore_err fore_additive_fit(const struct fore_model_params *params,
                                              const struct fore_series_view *series,
                                              struct fore_arena *scratch, struct fore_additive *out,
                                              double *effect);
/* A load on the scale of z. */
double fore_additive_z(const struct fore_additive *additive, double load);

#endif
