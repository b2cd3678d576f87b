/* composite_clock.h - a rate series as the expected number of requests until any time. */
#ifndef WL_COMPOSITE_CLOCK_H
#define WL_COMPOSITE_CLOCK_H

#include "workloads/composite.h"

struct wl_composite_clock {
    double *sum; /* expected requests before step s, steps + 1 */
    uint32_t steps;
    double step_ns; /* after speeding up */
    fore_ns skip, span;
};

FORE_MUST_USE enum fore_err wl_composite_clock_init(struct wl_composite_clock *clock,
                                                    const struct wl_series_set *rate,
                                                    const struct wl_composite_options *options,
                                                    struct fore_arena *arena,
                                                    struct fore_diag *diag);
/* Expected requests before t, counted from the clock's start. */
double wl_composite_clock_at(const struct wl_composite_clock *clock, fore_ns t);
const char *wl_composite_clock_label(const struct wl_source *keys, const struct wl_series_set *rate,
                                     struct fore_arena *arena);

#endif
