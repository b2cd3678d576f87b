/*
 * additive_basis.c - which columns the additive model has, and their values.
 *
 * Periods are used when the series holds them twice and they have a common multiple of bearable
 * size. The constants were chosen on the training part of M4 hourly, on two hold-outs: the last 48
 * points, and the 48 before the last week.
 */
#include "core/forecast/additive.h"

#include <math.h>

enum {
    POINTS_MAX = 4096,    /* the newest ones, or 16 of the longest period */
    HARMONICS_MAX = 12,   /* of the shortest period */
    HARMONICS_BESIDE = 6, /* the highest that has waves beside it */
    BESIDE = 3,           /* on either side */
    GAP_MIN = 8,          /* points between bends */
};
static const double TAU = 6.283185307179586476925;

static uint32_t common_multiple(uint32_t a, uint32_t b)
{
    uint32_t x = a, y = b;
    while (y > 0) {
        uint32_t rest = x % y;
        x = y;
        y = rest;
    }
    uint64_t product = (uint64_t)(a / x) * b;
    return product <= FORE_ADDITIVE_BINS_MAX ? (uint32_t)product : 0;
}

static void add_wave(struct fore_additive *out, uint32_t times, uint32_t period, double stiffness)
{
    if (out->waves == FORE_ADDITIVE_WAVES_MAX || times == 0 || 2 * times > period) return;
    for (uint32_t i = 0; i < out->waves; i++)
        if ((uint64_t)out->wave[i].times * period == (uint64_t)times * out->wave[i].period) return;
    out->wave[out->waves++] =
        (struct fore_additive_wave){.times = times, .period = period, .stiffness = stiffness};
}

/* Of a longer period: its first few, and those beside the harmonics of the shortest one. */
static void add_long(struct fore_additive *out, uint32_t period, uint32_t shortest)
{
    uint32_t ratio = (period + shortest / 2) / shortest;
    for (uint32_t harmonic = 0; harmonic <= HARMONICS_BESIDE; harmonic++) {
        double high = harmonic / 3.0;
        for (uint32_t j = 1; j <= BESIDE; j++) {
            uint32_t times = harmonic * ratio;
            add_wave(out, times + j, period, 0.05 * (1 + high * high));
            if (times > j) add_wave(out, times - j, period, 0.05 * (1 + high * high));
        }
    }
}

static void choose_waves(const struct fore_series_view *series, struct fore_additive *out)
{
    for (size_t i = 0; i < FORE_PERIODS_MAX && series->period[i] > 0; i++) {
        uint32_t period = series->period[i];
        uint32_t bins = out->bins == 0 ? period : common_multiple(out->bins, period);
        if (period < 2 || 2 * (size_t)period > series->n || bins == 0 ||
            bins > FORE_ADDITIVE_BINS_MAX)
            continue;
        for (uint32_t k = 1; out->bins == 0 && k <= HARMONICS_MAX; k++)
            add_wave(out, k, period, 0.005 * (1 + k * k / 16.0));
        if (out->bins > 0) add_long(out, period, out->lag[0]);
        if (out->bins == 0) out->lag[0] = period; /* the shortest one, for now */
        out->bins = bins;
        out->longest = period;
    }
}

static void choose_lags(struct fore_additive *out, uint32_t shortest)
{
    size_t enough = out->n / 3;
    for (uint32_t lag = 1; lag <= FORE_ADDITIVE_RECENT && lag <= enough; lag++)
        out->lag[out->lags++] = lag;
    if (shortest < 2 || shortest + 2 > enough || shortest + 2 > FORE_ADDITIVE_LAG_LONGEST) return;
    for (uint32_t lag = shortest > 6 ? shortest - 3 : 4; lag <= shortest + 2; lag++)
        out->lag[out->lags++] = lag;
}

void fore_additive_basis(const struct fore_series_view *series, struct fore_additive *out)
{
    *out = (struct fore_additive){
        .scale = out->scale, .start_s = series->start_s, .step_s = series->step_s};
    choose_waves(series, out);
    uint32_t shortest = out->lag[0];
    size_t most = 16 * (size_t)out->longest > POINTS_MAX ? 16 * (size_t)out->longest : POINTS_MAX;
    out->n = series->n < most ? series->n : most;
    out->begin = series->n - out->n;
    double gap = fmax(2.0 * shortest, (double)out->n / (FORE_ADDITIVE_BENDS_MAX + 1));
    out->gap = fmax(gap, GAP_MIN);
    while (out->bends < FORE_ADDITIVE_BENDS_MAX) {
        double knot = (double)out->n - out->gap * (out->bends + 1);
        if (knot < 0.4 * out->gap) break; /* too little before it to bend away from */
        out->knot[out->bends++] = knot;
    }
    out->damping = pow(0.96, shortest > 0 ? 24.0 / shortest : 2.0);
    choose_lags(out, shortest);
}

double fore_additive_trend_column(const struct fore_additive *additive, size_t column, double t)
{
    double n = (double)additive->n;
    if (column == 0) return 1.0;
    if (column == 1) return (t - n) / n;
    return fmax(t - additive->knot[column - 2], 0.0) / additive->gap;
}

double fore_additive_trend(const struct fore_additive *additive, double t)
{
    double last = (double)additive->n - 1, at = fmin(t, last);
    double value = additive->level, slope = additive->slope / (double)additive->n;
    value += slope * (at - (double)additive->n);
    for (uint32_t i = 0; i < additive->bends; i++) {
        double bend = additive->bend[i] / additive->gap;
        if (at > additive->knot[i]) value += bend * (at - additive->knot[i]);
        slope += bend;
    }
    if (t <= last) return value;
    double keep = additive->damping;
    return value + slope * keep * (1 - pow(keep, t - last)) / (1 - keep);
}

void fore_additive_season(const struct fore_additive *additive, int64_t t, size_t count,
                          double *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = 0.0;
    for (uint32_t k = 0; k < additive->waves; k++) {
        const struct fore_additive_wave *wave = &additive->wave[k];
        int64_t phase = (t % (int64_t)wave->period) * (int64_t)wave->times % (int64_t)wave->period;
        double turn = TAU / wave->period, at = turn * (double)phase, by = turn * wave->times;
        double c = cos(at), s = sin(at), step_c = cos(by), step_s = sin(by);
        for (size_t i = 0; i < count; i++) {
            out[i] += wave->cosine * c + wave->sine * s;
            double next = c * step_c - s * step_s;
            s = s * step_c + c * step_s;
            c = next;
        }
    }
}
