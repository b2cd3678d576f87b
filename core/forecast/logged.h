/*
 * logged.h - a series as the global models look at it: logarithms without gaps, their running sums,
 * and the series' usual seasonal change as the unit. Private to core/forecast.
 */
#ifndef FORE_LOGGED_H
#define FORE_LOGGED_H

#include "core/forecast/bounds.h"
#include "core/forecast/global.h"

struct fore_logged {
    size_t n;
    const float *z;    /* [n] */
    const double *sum; /* [n + 1] */
    size_t day, week;  /* shortest and longest period; 0: none */
    size_t smooth;     /* seasonal lags are means over +- so many points */
    float unit;        /* mean |z(t) - z(t - day)| */
    struct fore_bounds bounds;
    const float *trait; /* of the view */
};
/* Memory from `arena`. */
struct fore_logged fore_logged_of(const struct fore_series_view *view,
                                  const struct fore_net_shape *shape, struct fore_arena *arena);
/* Mean of z over [from, to), as far as it exists. */
float fore_logged_mean(const struct fore_logged *logged, ptrdiff_t from, ptrdiff_t to);
/* The newest part of a view that any feature looks at. */
struct fore_series_view fore_logged_tail(const struct fore_series_view *view,
                                         const struct fore_net_shape *shape);

#endif
