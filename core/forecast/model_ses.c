/*
 * model_ses.c - simple exponential smoothing (Brown 1956): the level, followed at the rate that
 * would have served best half a horizon ahead. The error it is chosen by is absolute, so one spike
 * does not decide. A missing point leaves the level as it was.
 */
#include "core/forecast/models.h"

#include <math.h>

enum { POINTS_MAX = 2048, FADE_MAX = 512 };
static const float alphas[] = {0.03f, 0.06f, 0.12f, 0.2f, 0.3f, 0.45f, 0.65f, 0.85f, 1.0f};

struct smoothing {
    float alpha;
};

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    (void)period;
    (void)horizon;
    return 8;
}

static size_t first_known(const float *y, size_t from, size_t n)
{
    while (from < n && isnan(y[from]))
        from++;
    return from;
}

static double mean_miss(const float *y, size_t n, size_t lead, float alpha)
{
    size_t i = first_known(y, 0, n);
    float level = i < n ? y[i] : 0.0f;
    double sum = 0.0;
    size_t known = 0;
    for (; i + 1 + lead < n; i++) {
        if (!isnan(y[i])) level += alpha * (y[i] - level);
        float miss = fabsf(y[i + 1 + lead] - level);
        if (isnan(miss)) continue;
        sum += (double)miss;
        known++;
    }
    return known > 0 ? sum / (double)known : 0.0;
}

static enum fore_err fit(const struct fore_model_params *params,
                         const struct fore_series_view *series, size_t horizon,
                         struct fore_arena *arena, struct fore_arena *scratch, void **state)
{
    (void)params;
    (void)scratch;
    size_t n = series->n < POINTS_MAX ? series->n : POINTS_MAX;
    size_t lead = horizon / 2 < n / 2 ? horizon / 2 : n / 2;
    struct smoothing *smoothing = FORE_NEW(arena, struct smoothing, 1);
    double least = (double)HUGE_VALF;
    for (size_t k = FORE_COUNTOF(alphas); k-- > 0;) {
        double miss = mean_miss(series->y + series->n - n, n, lead, alphas[k]);
        if (miss >= least) continue;
        least = miss;
        smoothing->alpha = alphas[k];
    }
    *state = smoothing;
    return FORE_E_OK;
}

static void predict(const struct fore_model_params *params, const void *state,
                    const struct fore_series_view *series, size_t horizon, float *mean)
{
    const struct smoothing *smoothing = state;
    size_t reach = (size_t)(8.0f / smoothing->alpha) + 1; /* what is older weighs e^-8 */
    if (reach > FADE_MAX) reach = FADE_MAX;
    size_t i = first_known(series->y, series->n > reach ? series->n - reach : 0, series->n);
    if (i == series->n) {
        fore_model_naive.predict(params, NULL, series, horizon, mean);
        return;
    }
    float level = series->y[i];
    for (; i < series->n; i++)
        if (!isnan(series->y[i])) level += smoothing->alpha * (series->y[i] - level);
    for (size_t h = 0; h < horizon; h++)
        mean[h] = fmaxf(level, 0.0f);
}

const struct fore_model fore_model_ses = {
    .name = "ses",
    .about = "simple exponential smoothing, the rate chosen on the past",
    .quick_fit = true,
    .points_min = points_min,
    .fit = fit,
    .predict = predict,
};
