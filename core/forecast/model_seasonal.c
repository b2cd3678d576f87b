/*
 * model_seasonal.c - seasonal naive: the same time one period ago.
 *
 * Of the known periods it takes the longest that the series holds at least twice: a week tells a
 * Saturday from a Friday where a day cannot. A missing point is looked up another period back, and
 * failing all of them is the last known value. Its short sibling takes the shortest period, which
 * knows more of the present level.
 */
#include "core/forecast/models.h"

#include <math.h>

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    (void)horizon;
    return 2 * (size_t)period;
}

static uint32_t longest_period(const struct fore_series_view *series)
{
    uint32_t best = 0;
    for (size_t i = 0; i < FORE_PERIODS_MAX && series->period[i] > 0; i++)
        if (2 * (size_t)series->period[i] <= series->n) best = series->period[i];
    return best;
}

static void repeat(const struct fore_series_view *series, size_t period, size_t horizon,
                   float *mean)
{
    for (size_t h = 0; h < horizon; h++) {
        for (size_t lag = (h / period + 1) * period; lag <= series->n + h; lag += period) {
            float value = series->y[series->n + h - lag];
            if (isnan(value)) continue;
            mean[h] = fmaxf(value, 0.0f);
            break;
        }
    }
}

static void predict(const struct fore_model_params *params, const void *state,
                    const struct fore_series_view *series, size_t horizon, float *mean)
{
    fore_model_naive.predict(params, state, series, horizon, mean);
    size_t period = longest_period(series);
    if (period > 0) repeat(series, period, horizon, mean);
}

static void predict_short(const struct fore_model_params *params, const void *state,
                          const struct fore_series_view *series, size_t horizon, float *mean)
{
    fore_model_naive.predict(params, state, series, horizon, mean);
    if (series->period[0] > 0) repeat(series, series->period[0], horizon, mean);
}

const struct fore_model fore_model_seasonal_short = {
    .name = "short-seasonal-naive",
    .about = "the value one (shortest) period ago",
    .seasonal = true,
    .points_min = points_min,
    .predict = predict_short,
};
const struct fore_model fore_model_seasonal = {
    .name = "seasonal-naive",
    .about = "the value one (longest usable) period ago",
    .seasonal = true,
    .points_min = points_min,
    .predict = predict,
};
