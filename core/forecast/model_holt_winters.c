/*
 * model_holt_winters.c - exponential smoothing of level, damped trend and up to two seasons, with
 * the last error's echo (Holt 1957; Winters 1960; Gardner & McKenzie 1985; double season and AR(1)
 * adjustment: Taylor 2003), additive in the logarithm, so multiplicative in the load.
 *
 *     z(t) = level + trend + day[t mod T] + week[t mod P] + echo
 *
 * The rates are found by walking over a small grid, one rate at a time, twice; the loss is the mean
 * absolute error half a horizon ahead. A prediction runs the recursion over the newest periods
 * again, so it knows every point up to its origin. A missing point leaves everything but time as it
 * was.
 */
#include "core/forecast/bounds.h"
#include "core/forecast/models.h"

#include <math.h>
#include <string.h>

enum { FIT_MAX = 4096, ROUNDS = 2, SEASON_MAX = 4096 };

enum rate { LEVEL, TREND, DAMPING, DAY, WEEK, ECHO, RATES };
static const double grid[RATES][5] = {
    [LEVEL] = {0.02, 0.08,  0.2,  0.45, 0.8 },
      [TREND] = {0.0,  0.002, 0.01, 0.03, 0.1 },
    [DAMPING] = {0.8,  0.9,   0.95, 0.98, 0.99},
      [DAY] = {0.0,  0.05,  0.12, 0.25, 0.45},
    [WEEK] = {0.0,  0.05,  0.12, 0.25, 0.45},
      [ECHO] = {0.0,  0.3,   0.6,  0.8,  0.95}
};

struct smoothing {
    double rate[RATES];
    struct fore_bounds bounds;
    size_t day, week; /* 0: none */
};

struct recursion {
    double level, trend, echo;
    double *day, *week; /* by time modulo period */
    size_t t;           /* the next point */
};

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    (void)horizon;
    return 2 * (size_t)period + 16;
}

static size_t span_of(const struct smoothing *s, size_t n)
{
    size_t longest = s->week > 0 ? s->week : s->day;
    size_t span = 4 * longest > 512 ? 4 * longest : 512;
    return span < n ? span : n;
}

/* Level and seasons of the first day or two; the rest is learned on the way. */
static void start(const struct smoothing *s, const float *z, size_t n, struct recursion *r)
{
    size_t first = s->day > 0 ? s->day : 8 < n ? 8 : n, known = 0;
    double sum = 0.0;
    for (size_t i = 0; i < first && i < n; i++) {
        if (isnan(z[i])) continue;
        sum += (double)z[i];
        known++;
    }
    r->level = known > 0 ? sum / (double)known : log(fmax((double)s->bounds.level, 1e-12));
    r->trend = r->echo = 0.0;
    r->t = 0;
    if (s->week > 0) memset(r->week, 0, s->week * sizeof(*r->week));
    for (size_t i = 0; i < s->day; i++)
        r->day[i] = i < n && !isnan(z[i]) ? (double)z[i] - r->level : 0.0;
}

static double season(const struct smoothing *s, const struct recursion *r, size_t t)
{
    return (s->day > 0 ? r->day[t % s->day] : 0.0) + (s->week > 0 ? r->week[t % s->week] : 0.0);
}

static void advance(const struct smoothing *s, struct recursion *r, float z)
{
    const double *rate = s->rate;
    double slope = rate[DAMPING] * r->trend;
    if (isnan(z)) {
        r->level += slope;
        r->trend = slope;
        r->echo *= rate[ECHO];
        r->t++;
        return;
    }
    double miss = (double)z - (r->level + slope + season(s, r, r->t));
    double fresh = miss - rate[ECHO] * r->echo; /* what the echo did not foresee */
    r->level += slope + rate[LEVEL] * fresh;
    r->trend = slope + rate[TREND] * fresh;
    if (s->day > 0) r->day[r->t % s->day] += rate[DAY] * fresh;
    if (s->week > 0) r->week[r->t % s->week] += rate[WEEK] * fresh;
    r->echo = (double)z - (r->level + season(s, r, r->t));
    r->t++;
}

/* The value `ahead` steps after the last one taken, 1: the next. */
static double look_ahead(const struct smoothing *s, const struct recursion *r, size_t ahead)
{
    double d = s->rate[DAMPING], k = (double)ahead;
    double climb = r->trend * d * (1.0 - pow(d, k)) / (1.0 - d);
    return r->level + climb + season(s, r, r->t + ahead - 1) + r->echo * pow(s->rate[ECHO], k);
}

static double loss_of(const struct smoothing *s, const float *z, size_t n, size_t lead,
                      struct recursion *r, double *said)
{
    double sum = 0.0;
    size_t known = 0, longest = s->week > 0 ? s->week : s->day;
    double d = s->rate[DAMPING];
    double climb = d * (1.0 - pow(d, (double)lead)) / (1.0 - d);
    double echo = pow(s->rate[ECHO], (double)lead);
    start(s, z, n, r);
    for (size_t i = 0; i < n; i++) {
        advance(s, r, z[i]);
        said[i] = r->level + r->trend * climb + season(s, r, r->t + lead - 1) + r->echo * echo;
        if (i < lead || i < longest || isnan(z[i])) continue;
        sum += fabs((double)z[i] - said[i - lead]);
        known++;
    }
    return known > 0 ? sum / (double)known : 0.0;
}

static void search(struct smoothing *s, const float *z, size_t n, size_t lead,
                   struct fore_arena *scratch)
{
    struct recursion r = {.day = FORE_NEW(scratch, double, s->day + 1),
                          .week = FORE_NEW(scratch, double, s->week + 1)};
    double *said = FORE_NEW(scratch, double, n);
    double least = loss_of(s, z, n, lead, &r, said);
    for (int round = 0; round < ROUNDS; round++) {
        for (int which = 0; which < RATES; which++) {
            bool idle = (which == DAY && s->day == 0) || (which == WEEK && s->week == 0);
            for (size_t k = 0; !idle && k < FORE_COUNTOF(grid[0]); k++) {
                double kept = s->rate[which];
                s->rate[which] = grid[which][k];
                double loss = loss_of(s, z, n, lead, &r, said);
                if (loss < least)
                    least = loss;
                else
                    s->rate[which] = kept;
            }
        }
    }
}

static float *logarithms(const struct smoothing *s, const struct fore_series_view *series, size_t n,
                         struct fore_arena *scratch)
{
    float *z = FORE_NEW(scratch, float, n);
    for (size_t i = 0; i < n; i++)
        z[i] = fore_bounds_log(&s->bounds, series, series->n - n + i);
    return z;
}

static enum fore_err fit(const struct fore_model_params *params,
                         const struct fore_series_view *series, size_t horizon,
                         struct fore_arena *arena, struct fore_arena *scratch, void **state)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct smoothing *s = FORE_NEW(arena, struct smoothing, 1);
    s->bounds = fore_bounds_of(params, series);
    if (series->period[0] <= SEASON_MAX) s->day = series->period[0];
    for (int i = 1; i < FORE_PERIODS_MAX; i++)
        if (series->period[i] > 0 && series->period[i] <= SEASON_MAX &&
            3 * (size_t)series->period[i] <= series->n)
            s->week = series->period[i];
    const double first[RATES] = {0.08, 0.0, 0.95, 0.12, 0.12, 0.6};
    memcpy(s->rate, first, sizeof(s->rate));
    size_t n = series->n < FIT_MAX ? series->n : (size_t)FIT_MAX;
    if (s->week > 0 && 3 * s->week > n) n = 3 * s->week < series->n ? 3 * s->week : series->n;
    search(s, logarithms(s, series, n, scratch), n, horizon / 2 + 1, scratch);
    fore_arena_reset(scratch, mark);
    *state = s;
    return FORE_E_OK;
}

static void predict(const struct fore_model_params *params, const void *state,
                    const struct fore_series_view *series, size_t horizon, float *mean)
{
    (void)params;
    const struct smoothing *s = state;
    struct fore_arena scratch = {0};
    size_t n = span_of(s, series->n);
    const float *z = logarithms(s, series, n, &scratch);
    struct recursion r = {.day = FORE_NEW(&scratch, double, s->day + 1),
                          .week = FORE_NEW(&scratch, double, s->week + 1)};
    start(s, z, n, &r);
    for (size_t i = 0; i < n; i++)
        advance(s, &r, z[i]);
    for (size_t h = 0; h < horizon; h++)
        mean[h] = (float)exp(fmin(look_ahead(s, &r, h + 1), 80.0));
    fore_bounds_keep(&s->bounds, mean, horizon);
    fore_arena_fini(&scratch);
}

const struct fore_model fore_model_holt_winters = {
    .name = "holt-winters",
    .about = "level, damped trend and up to two seasons, smoothed exponentially",
    .wants_log = true,
    .points_min = points_min,
    .fit = fit,
    .predict = predict,
};
