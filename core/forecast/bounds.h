/* bounds.h - what a series has lately been like: the range its forecasts keep to, and where a
 * logarithm ends. Private to core/forecast. */
#ifndef FORE_BOUNDS_H
#define FORE_BOUNDS_H

#include "core/forecast/model.h"

struct fore_bounds {
    float floor;   /* forecasts are at least this, ... */
    float cap;     /* ... and at most this, or the last value if that is more */
    float level;   /* mean */
    float log_min; /* logarithms are taken of at least this: log(max(y, floor, 5 % of the mean)) */
};
/* Of the newest four of the longest period; without one, of the newest 1,024 points. */
struct fore_bounds fore_bounds_of(const struct fore_model_params *params,
                                  const struct fore_series_view *series);
/* Every mean[h] within floor..cap; NaN becomes the level. */
void fore_bounds_keep(const struct fore_bounds *bounds, float *mean, size_t horizon);
/* The logarithm of a point, at least log_min; NaN stays. */
float fore_bounds_log(const struct fore_bounds *bounds, const struct fore_series_view *series,
                      size_t at);

#endif
