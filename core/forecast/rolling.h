/*
 * rolling.h - forecasts of many series at rolling origins: what `foreshard forecast` runs.
 *
 * Origins are counted from each series' end: `warm` ones that only teach weights and residuals,
 * `scored` ones whose forecasts are compared with what came, and, if wanted, the forecast after
 * the last point. A model learns only from points before its origin, and an origin is told the
 * errors of earlier ones only when their last step lies before it.
 *
 * The work is cut into tasks that may run at the same time, each with a scratch arena of its own
 * (core has no threads; the caller may). combine() then judges all origins in order.
 */
#ifndef FORE_ROLLING_H
#define FORE_ROLLING_H

#include "core/forecast/backtest.h"
#include "core/forecast/ensemble.h"
#include "core/forecast/global.h"

struct fore_rolling_options {
    const struct fore_model *member[FORE_MEMBERS_MAX]; /* one: that model alone */
    size_t member_count;
    struct fore_model_params params;
    struct fore_ensemble_options ensemble;
    size_t horizon;
    size_t origin_step; /* points between origins */
    size_t warm, scored;
    bool forecast;        /* also from the last point on */
    size_t refit_origins; /* origins between refits; the forecast always has a fit of its own */
    uint64_t seed;
};

/* Nets for a global member, already learned: nothing is trained then. */
struct fore_rolling_nets {
    const struct fore_net *held; /* has not seen the warm and scored origins; NULL: `full` serves */
    const struct fore_net *full;
};

struct fore_rolling;
/* The views and their memory stay the caller's and must outlive it. */
struct fore_rolling *fore_rolling_create(const struct fore_rolling_options *options,
                                         const struct fore_series_view *series, size_t count);
void fore_rolling_destroy(struct fore_rolling *rolling);
/* Before any task. The nets stay the caller's. Series of another shape do without this member. */
void fore_rolling_give(struct fore_rolling *rolling, size_t member, struct fore_rolling_nets nets);

/* Tasks, the longest first. Each is to be run exactly once. */
size_t fore_rolling_task_count(const struct fore_rolling *rolling);
size_t fore_rolling_task_member(const struct fore_rolling *rolling, size_t task);
void fore_rolling_task(struct fore_rolling *rolling, size_t task, struct fore_arena *scratch);
/* What a global member has learned: to be saved. NULL: nothing. Owned by `rolling`. */
struct fore_rolling_nets fore_rolling_learned(const struct fore_rolling *rolling, size_t member);

/* After all tasks. */
void fore_rolling_combine(struct fore_rolling *rolling, struct fore_arena *scratch);

/* One series' forecast after its last point. */
struct fore_rolling_forecast {
    const float *mean;    /* [horizon] */
    const float *grid;    /* [horizon][FORE_LEVELS], ascending, >= 0 */
    const float *peak;    /* [FORE_LEVELS] of the largest value over the horizon */
    const double *weight; /* [member_count] */
    const char *reason;   /* weights, regime, or which fallback and why */
};
struct fore_rolling_forecast fore_rolling_forecast(const struct fore_rolling *rolling,
                                                   size_t series);
/* One scored origin's ensemble quantiles, for plots; false: that series has no such origin. */
bool fore_rolling_scored(const struct fore_rolling *rolling, size_t series, size_t origin,
                         size_t *known_points, const float **mean, const float **grid);
/* Scores of a member, or, with member == member_count, of the ensemble; origins 0: none. */
struct fore_backtest_score fore_rolling_score(const struct fore_rolling *rolling, size_t series,
                                              size_t member);

#endif
