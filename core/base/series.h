/* series.h - order statistics and sums over plain arrays, used by forecast, decide and reports. */
#ifndef FORE_SERIES_H
#define FORE_SERIES_H

#include "core/base/base.h"

double fore_series_mean(const double *x, size_t n); /* 0 when n == 0 */
double fore_series_sd(const double *x, size_t n);   /* sample, n-1; 0 when n < 2 */
/* Linear-interpolated quantile (Hyndman-Fan type 7) of an ascending array, n >= 1. */
double fore_series_quantile_sorted(const double *ascending, size_t n, double q);
void fore_series_sort(double *x, size_t n);     /* ascending, in place */
double fore_series_median(double *x, size_t n); /* reorders x */

#endif
