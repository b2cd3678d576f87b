/*
 * model_additive.c - forecasts of the additive model: a row of the table.
 *
 * The state is a few hundred numbers, whatever the length of the series. Points that came after the
 * fit count in two ways: as residuals, and by their place in time, told by start_s where it is
 * known and else by the length of the series.
 *
 * Regressors multiply the load. Their effects are learned on the logarithm and divided out; what
 * remains is forecast, and multiplied by what they will do.
 */
#include "core/forecast/additive.h"
#include "core/forecast/models.h"

#include <math.h>

enum { AT_ONCE = 128, LOOK_BACK = 16 };
static const double EFFECT_MOST = 23.0; /* ten orders of magnitude */

struct state {
    struct fore_additive additive;
    double *effect; /* [regressors] */
    size_t regressors;
};

struct origin { /* a prediction being made */
    const struct state *state;
    const struct fore_series_view *series;
    int64_t end;                               /* the fit's time of the first step to forecast */
    double history[FORE_ADDITIVE_LAG_LONGEST]; /* residuals before it, the newest last */
};

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    (void)horizon;
    (void)period; /* without two periods it does without the season */
    return FORE_ADDITIVE_POINTS_MIN;
}

/* Logarithm of what the regressors multiply point i with. */
static double multiplied(const struct state *state, const struct fore_series_view *series, size_t i)
{
    double sum = 0.0;
    for (size_t r = 0; r < state->regressors; r++)
        sum += state->effect[r] * (double)series->regressor[r].value[i];
    return fmax(fmin(sum, EFFECT_MOST), -EFFECT_MOST);
}

static enum fore_err fit(const struct fore_model_params *params,
                         const struct fore_series_view *series, size_t horizon,
                         struct fore_arena *arena, struct fore_arena *scratch, void **out)
{
    (void)horizon;
    struct state *state = FORE_NEW(arena, struct state, 1);
    *out = state;
    if (series->regressor_count == 0)
        return fore_additive_fit(params, series, scratch, &state->additive, NULL);
    state->effect = FORE_NEW(arena, double, series->regressor_count);
    state->additive.scale = FORE_ADDITIVE_LOGARITHM;
    FORE_TRY(fore_additive_fit(params, series, scratch, &state->additive, state->effect));
    state->regressors = series->regressor_count;
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    float *rest = FORE_NEW(scratch, float, series->n);
    for (size_t i = 0; i < series->n; i++)
        rest[i] = (float)((double)series->y[i] / exp(multiplied(state, series, i)));
    struct fore_series_view plain = *series;
    plain.y = rest;
    plain.log_y = NULL;
    state->additive.scale = FORE_ADDITIVE_CUBE_ROOT;
    enum fore_err err = fore_additive_fit(params, &plain, scratch, &state->additive, NULL);
    fore_arena_reset(scratch, mark);
    return err;
}

/* ---- residuals ------------------------------------------------------------------------------- */

/* Those of the `count` points from `back` before the end on; a missing one is as the one before. */
static void recall(struct origin *origin, size_t back, size_t count)
{
    const struct state *state = origin->state;
    const struct fore_series_view *series = origin->series;
    double season[AT_ONCE], last = 0.0;
    double *out = origin->history + FORE_ADDITIVE_LAG_LONGEST - back;
    for (size_t i = 0; i < count; i++) {
        if (i % AT_ONCE == 0)
            fore_additive_season(&state->additive, origin->end - (int64_t)(back - i),
                                 count - i < AT_ONCE ? count - i : AT_ONCE, season);
        out[i] = last;
        if (back - i > series->n) continue;
        size_t at = series->n - (back - i);
        if (isnan(series->y[at])) continue;
        double load = (double)series->y[at];
        if (state->regressors > 0) load /= exp(multiplied(state, series, at));
        double trend =
            fore_additive_trend(&state->additive, (double)(origin->end) - (double)(back - i));
        last = out[i] = fore_additive_z(&state->additive, load) - trend - season[i % AT_ONCE];
    }
}

/* The auto-regression, into mean[]. Only the residuals it will ask for are recalled. */
static void foresee_residuals(struct origin *origin, size_t horizon, float *mean)
{
    const struct fore_additive *additive = &origin->state->additive;
    size_t lags = additive->lags, longest = lags > 0 ? additive->lag[lags - 1] : 0;
    if (longest > LOOK_BACK) {
        size_t around = longest - additive->lag[FORE_ADDITIVE_RECENT] + 1;
        size_t count = horizon + around < longest ? horizon + around : longest;
        recall(origin, longest, count);
    }
    if (lags > 0) recall(origin, LOOK_BACK, LOOK_BACK);
    for (size_t h = 0; h < horizon; h++) {
        double sum = 0.0;
        for (size_t i = 0; i < lags; i++) {
            size_t lag = additive->lag[i];
            double past = lag > h ? origin->history[FORE_ADDITIVE_LAG_LONGEST + h - lag]
                                  : (double)mean[h - lag];
            sum += additive->lag_weight[i] * past;
        }
        double most = additive->residual_most;
        mean[h] = (float)fmax(fmin(sum, most), -most);
    }
}

/* ---- forecasts ------------------------------------------------------------------------------- */

/* How far the series' first point lies after that of the fit, in steps. */
static int64_t moved(const struct fore_additive *additive, const struct fore_series_view *series)
{
    if (additive->start_s == 0.0 || series->start_s == 0.0 || !(additive->step_s > 0)) return 0;
    return (int64_t)llround((series->start_s - additive->start_s) / additive->step_s);
}

static void predict(const struct fore_model_params *params, const void *fitted,
                    const struct fore_series_view *series, size_t horizon, float *mean)
{
    (void)params;
    const struct state *state = fitted;
    const struct fore_additive *additive = &state->additive;
    struct origin origin = {.state = state, .series = series};
    origin.end = (int64_t)series->n + moved(additive, series) - (int64_t)additive->begin;
    foresee_residuals(&origin, horizon, mean);
    double season[AT_ONCE];
    struct fore_bounds bounds = additive->bounds;
    float last = series->n > 0 ? series->y[series->n - 1] : NAN;
    if (state->regressors == 0 && last > bounds.cap) bounds.cap = last;
    for (size_t h = 0; h < horizon; h++) {
        if (h % AT_ONCE == 0)
            fore_additive_season(additive, origin.end + (int64_t)h,
                                 horizon - h < AT_ONCE ? horizon - h : AT_ONCE, season);
        double z = (double)mean[h] + season[h % AT_ONCE] +
                   fore_additive_trend(additive, (double)origin.end + (double)h);
        mean[h] = z > 0 ? (float)(z * z * z) : 0.0f;
    }
    fore_bounds_keep(&bounds, mean, horizon);
    for (size_t h = 0; state->regressors > 0 && h < horizon; h++)
        mean[h] *= (float)exp(multiplied(state, series, series->n + h));
}

const struct fore_model fore_model_additive = {
    .name = "additive",
    .about = "trend with bends, waves of every period, regressors and auto-regressed residuals",
    .quick_fit = true,
    .points_min = points_min,
    .fit = fit,
    .predict = predict,
};
