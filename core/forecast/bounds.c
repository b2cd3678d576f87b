/* bounds.c - one look over the recent past. */
#include "core/forecast/bounds.h"

#include <math.h>

enum { NO_PERIOD_SPAN = 1024 };

struct fore_bounds fore_bounds_of(const struct fore_model_params *params,
                                  const struct fore_series_view *series)
{
    size_t span = NO_PERIOD_SPAN, known = 0;
    for (int i = 0; i < FORE_PERIODS_MAX && series->period[i] > 0; i++)
        span = 4 * (size_t)series->period[i];
    float low = HUGE_VALF, high = 0.0f;
    double sum = 0.0;
    for (size_t i = series->n > span ? series->n - span : 0; i < series->n; i++) {
        float y = series->y[i];
        if (isnan(y)) continue;
        low = y < low ? y : low;
        high = y > high ? y : high;
        sum += (double)y;
        known++;
    }
    struct fore_bounds out = {.cap = 2.0f * high};
    if (known > 0) {
        out.level = (float)(sum / (double)known);
        out.floor = fmaxf((float)params->floor_share * low, 0.0f);
    }
    out.log_min = logf(fmaxf(fmaxf(out.floor, 0.05f * out.level), 1e-12f));
    return out;
}

void fore_bounds_keep(const struct fore_bounds *bounds, float *mean, size_t horizon)
{
    for (size_t h = 0; h < horizon; h++) {
        float value = isnan(mean[h]) ? bounds->level : mean[h];
        value = value > bounds->floor ? value : bounds->floor;
        mean[h] = value < bounds->cap ? value : bounds->cap;
    }
}

float fore_bounds_log(const struct fore_bounds *bounds, const struct fore_series_view *series,
                      size_t at)
{
    float value = series->log_y ? series->log_y[at] : logf(series->y[at]);
    return value < bounds->log_min ? bounds->log_min : value;
}
