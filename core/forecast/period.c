/*
 * period.c - autocorrelation by definition, on at most 2048 averaged points; then the few lags
 * that stand out are looked at again at full resolution, several periods on, and a period that is
 * nearly a fraction of a longer one is made exactly so. What repeats once and not twice is the gap
 * between two humps of one cycle, and no period.
 */
#include "core/forecast/period.h"

#include <math.h>

enum {
    COARSE_MAX = 2048,  /* points the first look is taken at */
    FINE_MAX = 1 << 16, /* points looked at in all */
    SHORTEST = 4,       /* steps: less is noise */
    SEEN_TIMES = 3,
    REFINE_TIMES = 6,
};
static const double CLEAR = 0.25;   /* least autocorrelation of a period */
static const double DOUBLED = 0.10; /* twice the lag may be better by this */
static const double BETTER = 0.03;  /* a longer period must be better by this */
static const double HELD = 0.5;     /* of its correlation must be left two periods on */

/* Copy with missing points on the line between their neighbours. */
static float *joined(const float *y, size_t n, struct fore_arena *scratch)
{
    float *out = FORE_NEW(scratch, float, n);
    size_t known = n; /* the newest known point so far; n: none */
    for (size_t i = 0; i < n; i++) {
        if (isnan(y[i])) continue;
        float from = known < n ? y[known] : y[i];
        size_t first = known < n ? known + 1 : 0;
        for (size_t k = first; k <= i; k++)
            out[k] = from + (y[i] - from) * (float)(k + 1 - first) / (float)(i + 1 - first);
        known = i;
    }
    for (size_t k = known < n ? known + 1 : n; k < n; k++)
        out[k] = y[known];
    return out;
}

/* Spikes tamed: log(1 + y / mean). */
static void tame(float *y, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)y[i];
    float scale = sum > 0.0 ? (float)((double)n / sum) : 1.0f;
    for (size_t i = 0; i < n; i++)
        y[i] = log1pf(y[i] > 0.0f ? y[i] * scale : 0.0f);
}

/* Takes mean and linear trend away. */
static void detrend(float *y, size_t n)
{
    double sum = 0.0, sum_ty = 0.0, middle = 0.5 * (double)(n - 1), spread = 0.0;
    for (size_t i = 0; i < n; i++) {
        double t = (double)i - middle;
        sum += (double)y[i];
        sum_ty += t * (double)y[i];
        spread += t * t;
    }
    double slope = spread > 0.0 ? sum_ty / spread : 0.0, mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        y[i] = (float)((double)y[i] - mean - slope * ((double)i - middle));
}

static double product(const float *a, const float *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Correlation of the series with itself, `lag` later; each end normalised by its own power. */
static double correlation(const float *x, size_t n, size_t lag)
{
    size_t m = n - lag;
    double power = sqrt(product(x, x, m) * product(x + lag, x + lag, m));
    return power > 0.0 ? product(x, x + lag, m) / power : 0.0;
}

static float *averaged(const float *x, size_t n, size_t block, struct fore_arena *scratch)
{
    float *out = FORE_NEW(scratch, float, n / block);
    for (size_t i = 0; i < n / block; i++) {
        float sum = 0.0f;
        for (size_t k = 0; k < block; k++)
            sum += x[i * block + k];
        out[i] = sum / (float)block;
    }
    return out;
}

/* The largest correlation for half a lag around; strict to the left, so a plateau counts once. */
static bool is_peak(const double *r, size_t lag, size_t lags)
{
    for (size_t k = lag / 2 > 0 ? lag / 2 : 1; k < lag + lag / 2 && k < lags; k++)
        if (k < lag ? r[k] >= r[lag] : r[k] > r[lag]) return false;
    return lag + 1 < lags;
}

/* The lag within `around` of `lag` that correlates best. */
static size_t best_lag(const float *x, size_t n, size_t lag, size_t around)
{
    size_t best = lag, from = lag > around ? lag - around : 1;
    double highest = -1.0;
    for (size_t k = from; k <= lag + around && k < n; k++) {
        double r = correlation(x, n, k);
        if (r > highest) {
            highest = r;
            best = k;
        }
    }
    return best;
}

/* At full resolution; several periods on, the same lag is known several times as exactly. */
static uint32_t refine(const float *x, size_t n, size_t lag, size_t around)
{
    size_t period = best_lag(x, n, lag, around), times = n / SEEN_TIMES / period;
    if (times > REFINE_TIMES) times = REFINE_TIMES;
    if (times < 2) return (uint32_t)period;
    return (uint32_t)((best_lag(x, n, times * period, times + around) + times / 2) / times);
}

/* Where the longer is nearly a multiple of the shorter, it is one: a week is seven days. */
static void align(uint32_t *shorter, uint32_t longer)
{
    uint32_t times = (longer + *shorter / 2) / *shorter;
    uint32_t near = longer / times, off = near > *shorter ? near - *shorter : *shorter - near;
    if (longer % times == 0 && off <= 1 + *shorter / 64) *shorter = near;
}

/* ---- the calendar ---------------------------------------------------------------------------- */

enum { DAY_S = 86400, DAYS = 7, BLOCKS = 24 };
static const double DAY_CLEAR = 0.1; /* least autocorrelation of a day or a week, ... */
static const double DAY_PEAK = 0.05; /* ... and by how much it stands out from its surroundings */
static const double WEEK_PEAK = 0.01;
static const double SIGNIFICANT = 4.0; /* standard errors of a white series' autocorrelation */

/* At a block's resolution: is `lag` (blocks) a period, seen from the lags `around` on both sides?
 */
static bool stands_out(const float *x, size_t n, size_t lag, size_t around, double by)
{
    double r = correlation(x, n, lag);
    double least = fmax(DAY_CLEAR, SIGNIFICANT / sqrt((double)n));
    return r >= least && r >= correlation(x, n, lag - around) + by &&
           r >= correlation(x, n, lag + around) + by;
}

static bool has_day(const float *x, size_t n, size_t day, size_t days, struct fore_arena *scratch)
{
    size_t block = day > BLOCKS ? day / BLOCKS : 1, m = n / block;
    const float *coarse = block > 1 ? averaged(x, n, block, scratch) : x;
    size_t lag = (days * day + block / 2) / block, one = (day + block / 2) / block;
    return days == 1 ? stands_out(coarse, m, lag, (one + 2) / 4, DAY_PEAK)
                     : stands_out(coarse, m, lag, one, WEEK_PEAK);
}

/* Puts a calendar period in its place, instead of one that nearly is it. */
static size_t insert(uint32_t *period, size_t count, uint32_t value)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t off = period[i] > value ? period[i] - value : value - period[i];
        if (off > 1 + value / 24) continue;
        period[i] = value;
        return count;
    }
    if (count == FORE_PERIODS_MAX) return count;
    size_t at = count++;
    for (; at > 0 && period[at - 1] > value; at--)
        period[at] = period[at - 1];
    period[at] = value;
    return count;
}

static size_t by_calendar(const float *x, size_t n, double step_s, struct fore_arena *scratch,
                          uint32_t *period, size_t count)
{
    double day_steps = step_s > 0.0 ? DAY_S / step_s : 0.0;
    size_t day = (size_t)(day_steps + 0.5);
    if (day < SHORTEST || fabs(day_steps - (double)day) > 1e-6) return count;
    for (size_t days = 1; days <= DAYS; days += DAYS - 1) {
        if (n < SEEN_TIMES * days * day + day) break;
        if (has_day(x, n, day, days, scratch))
            count = insert(period, count, (uint32_t)(days * day));
    }
    return count;
}

size_t fore_period_find(const float *y, size_t n, double step_s, struct fore_arena *scratch,
                        uint32_t period[FORE_PERIODS_MAX])
{
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        period[i] = 0;
    if (n > FINE_MAX) {
        y += n - FINE_MAX;
        n = FINE_MAX;
    }
    if (n < (size_t)SEEN_TIMES * SHORTEST) return 0;
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    size_t block = (n + COARSE_MAX - 1) / COARSE_MAX, coarse_n = n / block;
    float *x = joined(y, n, scratch);
    tame(x, n);
    detrend(x, n);
    const float *coarse = block > 1 ? averaged(x, n, block, scratch) : x;
    size_t lags = coarse_n / SEEN_TIMES + 2, count = 0; /* one more, to see the last one's peak */
    double *r = FORE_NEW(scratch, double, lags), floor = CLEAR;
    for (size_t lag = 1; lag < lags; lag++)
        r[lag] = correlation(coarse, coarse_n, lag);
    for (size_t lag = SHORTEST; lag < lags && count < FORE_PERIODS_MAX; lag++) {
        if (r[lag] < floor || !is_peak(r, lag, lags)) continue;
        if (2 * lag < lags && r[2 * lag] > r[lag] + DOUBLED) continue;
        if (correlation(coarse, coarse_n, 2 * lag) < HELD * r[lag]) continue;
        period[count++] = refine(x, n, lag * block, block > 1 ? block : 0);
        floor = r[lag] + BETTER;
    }
    for (size_t i = count; i-- > 1;)
        align(&period[i - 1], period[i]);
    count = by_calendar(x, n, step_s, scratch, period, count);
    fore_arena_reset(scratch, mark);
    return count;
}

double fore_period_strength(const float *y, size_t n, size_t lag, struct fore_arena *scratch)
{
    if (n > FINE_MAX) {
        y += n - FINE_MAX;
        n = FINE_MAX;
    }
    if (lag == 0 || lag + 1 >= n) return 0;
    float *x = joined(y, n, scratch);
    tame(x, n);
    detrend(x, n);
    return correlation(x, n, lag);
}

bool fore_period_holds(const float *y, size_t n, size_t lag, struct fore_arena *scratch)
{
    double once = fore_period_strength(y, n, lag, scratch);
    bool twice = 2 * lag + 1 >= n || fore_period_strength(y, n, 2 * lag, scratch) >= HELD * once;
    return once >= DAY_CLEAR && twice;
}
