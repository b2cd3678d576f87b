/*
 * axis.h - the one scale that heat, latency and migrations share, and where its labels stand.
 */
#ifndef VIZ_AXIS_H
#define VIZ_AXIS_H

#include "core/base/base.h"

/* from..now is measured, now..to is the forecast. from < to, from <= now <= to. */
struct viz_view {
    fore_ns from, now, to;
};

struct viz_scale {
    fore_ns from, to;
    double x0, x1;
};
double viz_axis_x(const struct viz_scale *scale, fore_ns at); /* not clamped */
fore_ns viz_axis_at(const struct viz_scale *scale, double x); /* clamped to from..to */

/* The smallest human step (1 s ... 90 d) whose labels are at least min_px apart. */
fore_ns viz_axis_step(fore_ns span, double px, double min_px);
/* First multiple of step at or after `from`, counted from midnight of the calendar. */
fore_ns viz_axis_first(fore_ns from, fore_ns step, uint64_t start_unix_s);

/*
 * What to show at `now`: with `span` 0, as much of first..now as leaves the forecast about a fifth
 * of the width; else that span. The forecast never takes more than two fifths.
 */
struct viz_view viz_axis_view(fore_ns first, fore_ns now, fore_ns horizon, fore_ns span);
/* The view of a moment that moves on by itself: `kept` with its ends where they are while what
 * `ideal` shows lies within; else the ideal one, a sixteenth of its past ahead of time, so that it
 * can stand for a while. No older past is shown than the ideal view has. */
struct viz_view viz_axis_stand(struct viz_view kept, struct viz_view ideal, fore_ns first);

#endif
