/*
 * series.c - order statistics and sums over plain arrays.
 * NaN sorts after every number, so that the order is total and a sort never depends on luck.
 */
#include "core/base/series.h"

#include <math.h>
#include <stdlib.h>

double fore_series_mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n == 0 ? 0 : sum / (double)n;
}

double fore_series_sd(const double *x, size_t n)
{
    if (n < 2) return 0;
    double mean = fore_series_mean(x, n);
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

double fore_series_quantile_sorted(const double *ascending, size_t n, double q)
{
    FORE_ASSERT(n >= 1);
    FORE_ASSERT(q >= 0 && q <= 1);
    double at = q * (double)(n - 1);
    size_t low = (size_t)at;
    if (low >= n - 1) return ascending[n - 1];
    double inside = at - (double)low;
    if (inside == 0) return ascending[low];
    return ascending[low] + inside * (ascending[low + 1] - ascending[low]);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y)) return (isnan(x) != 0) - (isnan(y) != 0);
    return (x > y) - (x < y);
}

/* Most callers sort a window of a few points; qsort's calls through a pointer would cost more. */
static void insertion_sort(double *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double value = x[i];
        size_t at = i;
        for (; at > 0 && by_value(&x[at - 1], &value) > 0; at--)
            x[at] = x[at - 1];
        x[at] = value;
    }
}

void fore_series_sort(double *x, size_t n)
{
    enum { SMALL = 24 };
    if (n <= SMALL)
        insertion_sort(x, n);
    else
        qsort(x, n, sizeof *x, by_value);
}

double fore_series_median(double *x, size_t n)
{
    if (n == 0) return 0;
    fore_series_sort(x, n);
    return n % 2 == 1 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}
