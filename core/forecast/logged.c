/* logged.c - gaps are what they were a day before, or the value before. */
#include "core/forecast/logged.h"

#include <math.h>

enum { STEPS_A_DAY = 96, TAIL_MIN = 4096 };

static size_t longest(const struct fore_net_shape *shape)
{
    size_t best = 0;
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        if (shape->period[i] > 0) best = shape->period[i];
    return best;
}

struct fore_logged fore_logged_of(const struct fore_series_view *view,
                                  const struct fore_net_shape *shape, struct fore_arena *arena)
{
    const struct fore_model_params params = {.floor_share = 0.8};
    struct fore_logged out = {.n = view->n, .day = shape->period[0], .trait = view->trait};
    out.week = longest(shape) > out.day ? longest(shape) : 0;
    out.smooth = out.day / STEPS_A_DAY;
    out.bounds = fore_bounds_of(&params, view);
    float *z = FORE_NEW(arena, float, view->n);
    double *sum = FORE_NEW(arena, double, view->n + 1);
    float last = fmaxf(logf(fmaxf(out.bounds.level, 1e-30f)), out.bounds.log_min);
    double change = 0.0;
    size_t lag = out.day > 0 ? out.day : 1, known = 0;
    for (size_t i = 0; i < view->n; i++) {
        float value = fore_bounds_log(&out.bounds, view, i);
        if (isnan(value)) value = out.day > 0 && i >= out.day ? z[i - out.day] : last;
        z[i] = last = value;
        sum[i + 1] = sum[i] + (double)value;
        if (i < lag || i + 4096 < view->n) continue;
        change += fabs((double)value - (double)z[i - lag]);
        known++;
    }
    out.z = z;
    out.sum = sum;
    out.unit = (float)fmax(known > 0 ? change / (double)known : 0.0, 1e-3);
    return out;
}

float fore_logged_mean(const struct fore_logged *s, ptrdiff_t from, ptrdiff_t to)
{
    if (from < 0) from = 0;
    if (to <= from) return s->z[0];
    return (float)((s->sum[to] - s->sum[from]) / (double)(to - from));
}

struct fore_series_view fore_logged_tail(const struct fore_series_view *view,
                                         const struct fore_net_shape *shape)
{
    struct fore_series_view tail = *view;
    size_t reach = 4 * longest(shape) + 8 * (size_t)shape->period[0] + shape->horizon;
    if (reach < TAIL_MIN) reach = TAIL_MIN;
    if (tail.n <= reach) return tail;
    tail.y += tail.n - reach;
    if (tail.log_y) tail.log_y += tail.n - reach;
    tail.n = reach;
    return tail;
}
