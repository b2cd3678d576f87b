/*
 * model_average.c - moving average: the mean of the last k points, k chosen by its absolute error
 * half a horizon ahead on the past.
 */
#include "core/forecast/models.h"

#include <math.h>

enum { POINTS_MAX = 2048 };
static const size_t lengths[] = {2, 3, 6, 12, 24, 48, 96};

struct average {
    size_t length;
};

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    (void)period;
    (void)horizon;
    return 8;
}

/* A window's mean follows from the last one's; a missing point takes no part. */
static double mean_miss(const float *y, size_t n, size_t lead, size_t length)
{
    double sum = 0.0, miss_sum = 0.0;
    size_t known = 0, count = 0;
    for (size_t i = 0; i + 1 + lead < n; i++) {
        if (!isnan(y[i])) {
            sum += (double)y[i];
            known++;
        }
        if (i >= length && !isnan(y[i - length])) {
            sum -= (double)y[i - length];
            known--;
        }
        if (i + 1 < length || known == 0 || isnan(y[i + 1 + lead])) continue;
        miss_sum += fabs((double)y[i + 1 + lead] - sum / (double)known);
        count++;
    }
    return count > 0 ? miss_sum / (double)count : (double)HUGE_VALF;
}

static enum fore_err fit(const struct fore_model_params *params,
                         const struct fore_series_view *series, size_t horizon,
                         struct fore_arena *arena, struct fore_arena *scratch, void **state)
{
    (void)params;
    (void)scratch;
    size_t n = series->n < POINTS_MAX ? series->n : POINTS_MAX;
    size_t lead = horizon / 2 < n / 2 ? horizon / 2 : n / 2;
    struct average *average = FORE_NEW(arena, struct average, 1);
    average->length = lengths[0];
    double least = (double)HUGE_VALF;
    for (size_t k = 0; k < FORE_COUNTOF(lengths) && 4 * lengths[k] <= n; k++) {
        double miss = mean_miss(series->y + series->n - n, n, lead, lengths[k]);
        if (miss >= least) continue;
        least = miss;
        average->length = lengths[k];
    }
    *state = average;
    return FORE_E_OK;
}

static void predict(const struct fore_model_params *params, const void *state,
                    const struct fore_series_view *series, size_t horizon, float *mean)
{
    const struct average *average = state;
    double sum = 0.0;
    size_t known = 0;
    for (size_t i = series->n > average->length ? series->n - average->length : 0; i < series->n;
         i++) {
        if (isnan(series->y[i])) continue;
        sum += (double)series->y[i];
        known++;
    }
    if (known == 0) {
        fore_model_naive.predict(params, NULL, series, horizon, mean);
        return;
    }
    for (size_t h = 0; h < horizon; h++)
        mean[h] = fmaxf((float)(sum / (double)known), 0.0f);
}

const struct fore_model fore_model_average = {
    .name = "moving-average",
    .about = "the mean of the last few points, their number chosen on the past",
    .quick_fit = true,
    .points_min = points_min,
    .fit = fit,
    .predict = predict,
};
