/*
 * stats.h - what a handful of seeds can say: a mean with its 95 % interval, and the paired
 * difference of two policies under the same seeds.
 *
 * Policies see identical traffic under one seed, so differences are taken seed by seed before they
 * are averaged: the traffic's own spread cancels. Two intervals are given for a difference,
 * Student's t (exact for normal differences) and the bootstrap's percentile one (no such
 * assumption, but too narrow below about ten seeds). With one value there is a mean and no
 * interval: low and high are NaN.
 */
#ifndef LAB_STATS_H
#define LAB_STATS_H

#include "core/base/base.h"

struct lab_stats {
    size_t n;
    double mean;
    double low, high; /* 95 %, Student's t */
};
struct lab_stats_paired {
    struct lab_stats diff;      /* a - b, seed by seed */
    double boot_low, boot_high; /* 95 %, percentile bootstrap; NaN below 2 */
};

enum { LAB_STATS_RESAMPLES = 10000 };

/* n >= 1. */
struct lab_stats lab_stats_of(const double *x, size_t n);
/* a[i] and b[i] are runs under the same seed; `seed` names the resampling. */
struct lab_stats_paired lab_stats_paired_of(const double *a, const double *b, size_t n,
                                            uint64_t seed);
/* The two-sided 95 % point of Student's t with `df` >= 1 degrees of freedom. */
double lab_stats_t95(size_t df);

#endif
