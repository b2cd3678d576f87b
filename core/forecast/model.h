/*
 * model.h - the model table. A model is one file and one row in model.c.
 *
 * A model turns a series into point forecasts for the next `horizon` steps. It does not make
 * intervals: residual.h does that for all of them alike, from how wrong each has lately been.
 * Missing points are NaN; a model treats them as unknown, not as zero.
 *
 * Two kinds: a local model learns from its series alone (fit, predict); a global one from many
 * series together (`global`, see global.h) and has no fit and predict.
 */
#ifndef FORE_MODEL_H
#define FORE_MODEL_H

#include "core/base/arena.h"
#include "core/base/err.h"

enum { FORE_PERIODS_MAX = 4, FORE_TRAITS = 5 };

/* Something known for past and future alike, entering a model on the logarithmic scale. */
struct fore_regressor {
    const float *value; /* n + horizon values, e.g. 1 while a report runs, else 0 */
    double prior;       /* coefficient expected beforehand, e.g. log(3) for "x3" */
    double prior_sd;    /* how sure; > 0 */
};

struct fore_series_view {
    const float *y;     /* oldest first, NaN: missing */
    const float *log_y; /* logf of each, kept by callers that predict often; NULL: taken on use */
    size_t n;
    double step_s;
    double start_s;                    /* Unix time of y[0]; 0: unknown */
    uint32_t period[FORE_PERIODS_MAX]; /* in steps, ascending; 0 ends the list */
    const float *trait; /* [FORE_TRAITS] what sort of series it is, near 0..1 each: size of its
                           data, shares of writes, of scans, of the largest user group, its node's
                           load; NULL: not known */
    const struct fore_regressor *regressor; /* for models that take them; may be NULL */
    size_t regressor_count;
};

struct fore_model_params { /* what a model may read; rows of the "forecast" section */
    uint32_t spar_periods; /* n: seasonal lags */
    uint32_t spar_recent;  /* m: recent deviations */
    double ridge;          /* strength, relative to the mean diagonal */
    double floor_share;    /* log models: floor = share * smallest in 4 of the longest period */
};

struct fore_global;

struct fore_model {
    const char *name; /* "spar-log" */
    const char *about;
    bool seasonal;  /* needs a period */
    bool wants_log; /* is faster when given log_y */
    bool quick_fit; /* well below a millisecond for 1,000 points: fitted at every origin */
    /* Points needed before fit() is worth calling, for this period (0: none) and horizon. */
    size_t (*points_min)(const struct fore_model_params *params, uint32_t period, size_t horizon);
    /* Learns from the series; state from `arena`. NULL fit: nothing to learn. RANGE: too short. */
    enum fore_err (*fit)(const struct fore_model_params *params,
                         const struct fore_series_view *series, size_t horizon,
                         struct fore_arena *arena, struct fore_arena *scratch, void **state);
    /* mean[0..horizon-1] for the steps after the series' last point. Never negative, never NaN. */
    void (*predict)(const struct fore_model_params *params, const void *state,
                    const struct fore_series_view *series, size_t horizon, float *mean);
    const struct fore_global *global; /* learned from many series: instead of fit and predict */
};

extern const struct fore_model *const fore_models[];        /* NULL-ended */
const struct fore_model *fore_model_find(const char *name); /* NULL: unknown */

#endif
