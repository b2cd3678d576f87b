/*
 * composite.h - keys from one measurement, times from another.
 *
 * No public trace has both the keys and the rate of a busy database over days, so the two are put
 * together: requests arrive as a Poisson process at the rate of a measured series, and take the
 * next key of a key trace, which starts over when it ends. The label says that it is a composite,
 * of what, and the info has `composite` set, so no report can hide it.
 */
#ifndef WL_COMPOSITE_H
#define WL_COMPOSITE_H

#include "workloads/series.h"

struct wl_composite_options {
    double rate;    /* mean requests per second; 0: as measured */
    double speedup; /* of the rate series */
    double factor;  /* all rates times this */
    fore_ns skip;   /* of the rate series, after speeding up */
    fore_ns span;   /* 0: all there is */
    fore_ns step;   /* of the flow */
    uint32_t buckets;
    uint64_t seed;
};

/* Both take ownership of `keys`, also on failure, and read `rate` (the sum of its series) only
 * during the call. */
FORE_MUST_USE enum fore_err wl_composite_source(struct wl_source keys,
                                                const struct wl_series_set *rate,
                                                const struct wl_composite_options *options,
                                                struct wl_source *out, struct fore_diag *diag);
FORE_MUST_USE enum fore_err wl_composite_flow(struct wl_source keys,
                                              const struct wl_series_set *rate,
                                              const struct wl_composite_options *options,
                                              struct wl_flow *out, struct fore_diag *diag);

#endif
