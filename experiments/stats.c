/*
 * stats.c - means, Student intervals and the bootstrap.
 */
#include "experiments/stats.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "core/base/series.h"

double lab_stats_t95(size_t df)
{
    static const double exact[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060,
                                   2.2622,  2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
                                   2.1098,  2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639,
                                   2.0595,  2.0555, 2.0518, 2.0484, 2.0452, 2.0423};
    FORE_ASSERT(df >= 1);
    if (df <= FORE_COUNTOF(exact)) return exact[df - 1];
    /* Cornish and Fisher's expansion about the normal quantile: good to 1e-5 from here on. */
    double z = 1.959963985, z2 = z * z, n = (double)df;
    return z + z * (z2 + 1) / (4 * n) + z * ((5 * z2 + 16) * z2 + 3) / (96 * n * n) +
           z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * n * n * n);
}

struct lab_stats lab_stats_of(const double *x, size_t n)
{
    FORE_ASSERT(n >= 1);
    struct lab_stats out = {
        .n = n, .mean = fore_series_mean(x, n), .low = (double)NAN, .high = (double)NAN};
    if (n < 2) return out;
    double half = lab_stats_t95(n - 1) * fore_series_sd(x, n) / sqrt((double)n);
    out.low = out.mean - half;
    out.high = out.mean + half;
    return out;
}

static double resampled_mean(struct fore_rng *rng, const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[fore_rng_below(rng, (uint32_t)n)];
    return sum / (double)n;
}

struct lab_stats_paired lab_stats_paired_of(const double *a, const double *b, size_t n,
                                            uint64_t seed)
{
    FORE_ASSERT(n >= 1 && n <= UINT32_MAX);
    double *diff = calloc(n, sizeof *diff);
    double *means = calloc(LAB_STATS_RESAMPLES, sizeof *means);
    FORE_ASSERT(diff != NULL && means != NULL);
    for (size_t i = 0; i < n; i++)
        diff[i] = a[i] - b[i];
    struct lab_stats_paired out = {
        .diff = lab_stats_of(diff, n), .boot_low = (double)NAN, .boot_high = (double)NAN};
    if (n >= 2) {
        struct fore_rng rng = fore_rng_stream(seed, "lab.bootstrap", 0);
        for (size_t i = 0; i < LAB_STATS_RESAMPLES; i++)
            means[i] = resampled_mean(&rng, diff, n);
        fore_series_sort(means, LAB_STATS_RESAMPLES);
        out.boot_low = fore_series_quantile_sorted(means, LAB_STATS_RESAMPLES, .025);
        out.boot_high = fore_series_quantile_sorted(means, LAB_STATS_RESAMPLES, .975);
    }
    free(means);
    free(diff);
    return out;
}
