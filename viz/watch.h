/*
 * watch.h - what one partition, the one that is looked at, was forecast and then did: its loads and
 * its past forecasts, rings in bounded memory. All partitions at once would be too much.
 */
#ifndef VIZ_WATCH_H
#define VIZ_WATCH_H

#include "core/base/base.h"

enum { VIZ_WATCH_LOADS = 4096, VIZ_WATCH_PAST = 48 };

struct viz_watch_load {
    fore_ns at;
    float cores;
};
struct viz_watch_past { /* a forecast that was made; step k covers at + k*step .. at + (k+1)*step */
    fore_ns at, step_ns;
    uint32_t steps;
    float *q; /* q10[steps], q50[steps], q90[steps] */
    char model[16];
    char made_by[160]; /* members and weights, where the journal tells (decide.journal_why) */
};

struct viz_watch {
    uint32_t partition;          /* VIZ_NONE: nothing is kept */
    struct viz_watch_load *load; /* [VIZ_WATCH_LOADS], a ring */
    uint64_t load_total;
    struct viz_watch_past past[VIZ_WATCH_PAST]; /* a ring */
    uint64_t past_total;
};

void viz_watch_init(struct viz_watch *watch, uint32_t partition);
void viz_watch_fini(struct viz_watch *watch);
void viz_watch_load(struct viz_watch *watch, fore_ns at, double cores);
/* Kept when an eighth of its horizon has passed since the one kept last. */
void viz_watch_forecast(struct viz_watch *watch, fore_ns at, fore_ns step_ns, uint32_t steps,
                        const float *q, const char *model);
/* How the forecast kept last was made; ignored unless it was made at `at`. */
void viz_watch_made_by(struct viz_watch *watch, fore_ns at, const char *text, size_t len);
/* The newest kept forecast made at or before `at`; NULL: none. */
const struct viz_watch_past *viz_watch_made_before(const struct viz_watch *watch, fore_ns at);
/* The quantile 0..2 of a forecast at a moment; NaN outside of it. */
double viz_watch_quantile(const struct viz_watch_past *past, fore_ns at, int q);

/* How the kept forecasts fared against what came: shares of the loads below q10 and above q90, and
 * the mean of |q50 - truth| over that of saying "as it was when the forecast was made". */
struct viz_watch_score {
    uint32_t count;             /* of (forecast, load) pairs */
    double below, above, skill; /* skill NaN: nothing to compare with */
};
struct viz_watch_score viz_watch_judge(const struct viz_watch *watch);

#endif
