/*
 * trees_features.c - what a tree is told of a target: its season on earlier days and weeks, the
 * last values, how far the recent past was from its own season, how noisy the series is.
 *
 * Seasonal lags begin at the latest day that is known at the origin. Where a day has many steps
 * they are means over a few, for one five-minute count says little.
 */
#include <math.h>
#include <string.h>

#include "core/forecast/trees.h"

enum { DAYS = 6, WEEKS = 3, RECENT_DEV = 3 };
static const float NOTHING = 0.0f; /* of a feature that does not exist for this series */
static const float FAR = 12.0f;    /* units: beyond, one is as good as the other */

size_t fore_trees_reach(const struct fore_net_shape *shape, size_t lead)
{
    size_t day = shape->period[0];
    if (day == 0) return 32;
    return (lead / day + 3) * day + day / 96 + 2;
}

/* The value `lag` before point `at`, smoothed, never looking at point `n` or beyond. */
static float seasonal(const struct fore_logged *s, size_t n, ptrdiff_t at)
{
    ptrdiff_t from = at - (ptrdiff_t)s->smooth, to = at + (ptrdiff_t)s->smooth + 1;
    if (to > (ptrdiff_t)n) to = (ptrdiff_t)n;
    return fore_logged_mean(s, from, to);
}

/* Mean distance of the `count` points before `n` from their own values a day and a week before. */
static float deviation(const struct fore_logged *s, size_t n, size_t count)
{
    size_t lag = s->week > 0 && n > s->week + count ? s->week : s->day;
    if (s->day == 0 || n < lag + count) return NOTHING;
    ptrdiff_t to = (ptrdiff_t)n, from = to - (ptrdiff_t)count, back = (ptrdiff_t)s->day;
    float season = fore_logged_mean(s, from - back, to - back);
    back = (ptrdiff_t)lag;
    season = 0.5f * (season + fore_logged_mean(s, from - back, to - back));
    return fore_logged_mean(s, from, to) - season;
}

struct sheet { /* features being written */
    float *at;
    float anchor, unit;
};

static void put(struct sheet *sheet, float value)
{
    float x = (value - sheet->anchor) / sheet->unit;
    *sheet->at++ = x > FAR ? FAR : x < -FAR ? -FAR : x;
}

static void put_plain(struct sheet *sheet, float value)
{
    *sheet->at++ = value;
}

static void put_season(struct sheet *sheet, const struct fore_logged *s, size_t n, const float *day,
                       const float *week, ptrdiff_t near, ptrdiff_t far)
{
    ptrdiff_t side = 1 + 2 * (ptrdiff_t)s->smooth;
    for (int k = 0; k < DAYS; k++)
        put(sheet, day[k]);
    put(sheet, seasonal(s, n, near - side));
    put(sheet, seasonal(s, n, near + side));
    put(sheet, s->week > 0 ? seasonal(s, n, far - side) : sheet->anchor);
    put(sheet, s->week > 0 ? seasonal(s, n, far + side) : sheet->anchor);
    for (int k = 0; k < WEEKS; k++)
        put(sheet, week[k]);
}

struct fore_trees_recent fore_trees_recent_of(const struct fore_logged *s, size_t n)
{
    static const size_t spans[] = {1, 2, 3, 6, 12, 24, 48};
    ptrdiff_t to = (ptrdiff_t)n, day = (ptrdiff_t)(s->day > 0 ? s->day : 24);
    struct fore_trees_recent out = {.n = n};
    for (size_t i = 0; i < FORE_COUNTOF(spans); i++)
        out.mean[i] = fore_logged_mean(s, to - (ptrdiff_t)spans[i], to);
    float today = fore_logged_mean(s, to - day, to);
    float before = fore_logged_mean(s, to - 2 * day, to - day);
    out.mean[FORE_COUNTOF(spans)] = today;
    const float plain[] = {today - before,      today - fore_logged_mean(s, to - 7 * day, to),
                           deviation(s, n, 1),  deviation(s, n, RECENT_DEV),
                           deviation(s, n, 12), deviation(s, n, s->day > 0 ? s->day : 24)};
    for (size_t i = 0; i < FORE_COUNTOF(plain); i++)
        out.plain[i] = plain[i] / s->unit;
    return out;
}

static void put_recent(struct sheet *sheet, const struct fore_trees_recent *recent)
{
    for (size_t i = 0; i < FORE_TREES_MEANS; i++)
        put(sheet, recent->mean[i]);
    for (size_t i = 0; i < FORE_TREES_PLAIN; i++)
        put_plain(sheet, recent->plain[i]);
}

static void put_traits(const struct fore_logged *s, float feature[FORE_TREES_FEATURES])
{
    for (size_t i = 0; s->trait && i < FORE_TRAITS; i++)
        feature[FORE_TREES_OF_LOAD + i] = s->trait[i];
}

float fore_trees_features(const struct fore_logged *s, const struct fore_trees_recent *recent,
                          size_t lead, float feature[FORE_TREES_FEATURES])
{
    size_t n = recent->n;
    float day[DAYS], week[WEEKS];
    ptrdiff_t target = (ptrdiff_t)(n + lead), far = target;
    struct sheet sheet = {.at = feature, .unit = s->unit};
    memset(feature, 0, FORE_TREES_FEATURES * sizeof(*feature));
    if (s->day == 0) {
        sheet.anchor = recent->mean[2];
        put_recent(&sheet, recent);
        put_plain(&sheet, (float)lead);
        put_plain(&sheet, logf(s->unit));
        put_traits(s, feature);
        return sheet.anchor;
    }
    ptrdiff_t near = target - (ptrdiff_t)((lead / s->day + 1) * s->day);
    float before = recent->mean[2]; /* what stands for a lag that reaches before the series */
    for (int k = 0; k < DAYS; k++) {
        ptrdiff_t at = near - k * (ptrdiff_t)s->day;
        day[k] = before = at >= 0 ? seasonal(s, n, at) : before;
    }
    sheet.anchor = (day[0] + day[1] + day[2]) / 3.0f;
    if (s->week > 0) far = target - (ptrdiff_t)((lead / s->week + 1) * s->week);
    before = sheet.anchor;
    for (int k = 0; k < WEEKS; k++) {
        ptrdiff_t at = far - k * (ptrdiff_t)s->week;
        week[k] = before = s->week > 0 && at >= 0 ? seasonal(s, n, at) : before;
    }
    if (s->week > 0 && far >= 0) sheet.anchor = 0.5f * (sheet.anchor + week[0]);
    put_season(&sheet, s, n, day, week, near, far);
    put_recent(&sheet, recent);
    put_plain(&sheet, (float)lead);
    put_plain(&sheet, logf(s->unit));
    FORE_DASSERT(sheet.at <= feature + FORE_TREES_OF_LOAD);
    put_traits(s, feature);
    return sheet.anchor;
}

uint8_t fore_trees_bin(const float edge[FORE_TREES_BINS - 1], float value)
{
    size_t low = 0; /* how many edges lie below: 63 = 32 + 16 + 8 + 4 + 2 + 1 */
    for (size_t half = FORE_TREES_BINS / 2; half > 0; half /= 2)
        low += value > edge[low + half - 1] ? half : 0;
    return (uint8_t)low;
}
