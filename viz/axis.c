/* axis.c - see axis.h. Plain arithmetic, so that it can be tested without a screen. */
#include "viz/axis.h"

#include <math.h>

#define MINUTE (60 * FORE_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

double viz_axis_x(const struct viz_scale *scale, fore_ns at)
{
    double span = (double)(scale->to - scale->from);
    double offset = at >= scale->from ? (double)(at - scale->from) : -(double)(scale->from - at);
    return scale->x0 + (scale->x1 - scale->x0) * offset / span;
}

fore_ns viz_axis_at(const struct viz_scale *scale, double x)
{
    double share = (x - scale->x0) / (scale->x1 - scale->x0);
    if (!(share > 0)) return scale->from;
    if (share >= 1) return scale->to;
    return scale->from + (fore_ns)((double)(scale->to - scale->from) * share);
}

fore_ns viz_axis_step(fore_ns span, double px, double min_px)
{
    static const fore_ns steps[] = {
        FORE_SEC, 2 * FORE_SEC, 5 * FORE_SEC, 10 * FORE_SEC, 15 * FORE_SEC, 30 * FORE_SEC,
        MINUTE,   2 * MINUTE,   5 * MINUTE,   10 * MINUTE,   15 * MINUTE,   30 * MINUTE,
        HOUR,     2 * HOUR,     3 * HOUR,     6 * HOUR,      12 * HOUR,     DAY,
        2 * DAY,  7 * DAY,      14 * DAY,     30 * DAY,      90 * DAY,      365 * DAY};
    size_t i = 0;
    while (i + 1 < FORE_COUNTOF(steps) && (double)steps[i] * px < min_px * (double)span)
        i++;
    fore_ns step = steps[i];
    while ((double)step * px < min_px * (double)span)
        step *= 2;
    return step;
}

fore_ns viz_axis_first(fore_ns from, fore_ns step, uint64_t start_unix_s)
{
    /* The phase of the run's start within a step, kept small so that no product overflows. */
    fore_ns phase = start_unix_s % (step / FORE_SEC > 0 ? step / FORE_SEC : 1) * FORE_SEC;
    fore_ns past = (from % step + phase) % step;
    return past == 0 ? from : from + (step - past);
}

struct viz_view viz_axis_view(fore_ns first, fore_ns now, fore_ns horizon, fore_ns span)
{
    if (now < first) now = first;
    fore_ns have = now - first, want = span > 0 ? span : horizon > 0 ? 4 * horizon : have;
    fore_ns past = want < have ? want : have;
    if (past < FORE_SEC) past = FORE_SEC;
    fore_ns ahead = horizon < past * 2 / 3 ? horizon : past * 2 / 3;
    return (struct viz_view){.from = now > past ? now - past : 0,
                             .now = now > 0 ? now : FORE_SEC,
                             .to = (now > 0 ? now : FORE_SEC) + ahead};
}

struct viz_view viz_axis_stand(struct viz_view kept, struct viz_view ideal, fore_ns first)
{
    fore_ns slack = (ideal.now - ideal.from) / 16;
    bool stands = kept.from < kept.now && ideal.now >= kept.now && ideal.from <= kept.from &&
                  kept.from - ideal.from <= slack && ideal.to <= kept.to &&
                  kept.to - ideal.to <= slack;
    if (stands) return (struct viz_view){kept.from, ideal.now, kept.to};
    return (struct viz_view){.from = ideal.from > first ? ideal.from + slack : ideal.from,
                             .now = ideal.now,
                             .to = ideal.to + slack};
}
