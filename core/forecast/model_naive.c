/*
 * model_naive.c - persistence: tomorrow is like this minute. The yardstick of every forecast, and
 * the best there is for a load that only drifts. The newest known point, however old, is repeated;
 * a series without one is forecast as idle.
 */
#include "core/forecast/models.h"

#include <math.h>

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    (void)period;
    (void)horizon;
    return 1;
}

static void predict(const struct fore_model_params *params, const void *state,
                    const struct fore_series_view *series, size_t horizon, float *mean)
{
    (void)params;
    (void)state;
    float last = 0.0f;
    for (size_t i = series->n; i-- > 0;) {
        if (isnan(series->y[i])) continue;
        last = fmaxf(series->y[i], 0.0f);
        break;
    }
    for (size_t h = 0; h < horizon; h++)
        mean[h] = last;
}

const struct fore_model fore_model_naive = {
    .name = "naive",
    .about = "the last known value, repeated",
    .points_min = points_min,
    .predict = predict,
};
