/*
 * forecast_run.h - series in, forecasts and scores out: the members chosen, periods found, nets
 * fetched or learned, the rolling origins run on all processors.
 */
#ifndef LAB_FORECAST_RUN_H
#define LAB_FORECAST_RUN_H

#include "core/forecast/hints.h"
#include "core/forecast/rolling.h"
#include "experiments/forecast_input.h"

struct lab_forecast_wish {
    size_t horizon, origins;  /* origins: scored ones; 0: a forecast after the last point */
    size_t origin_step, warm; /* 0: chosen by lab_forecast_origins() */
    const char *model;        /* "ensemble", or a name */
    const char *members;      /* of the ensemble, "a,b,c"; NULL: all that pay */
    const char *period;       /* "auto", "none", "24,168" (steps) */
    const char *hints;        /* a file; NULL: none */
    const char *models;       /* folder of nets; NULL: none kept */
    size_t jobs;              /* 0: one per processor */
    uint64_t seed;
};

struct lab_forecast_run {
    struct fore_rolling_options options;
    struct fore_series_view *view; /* [input->count] */
    struct fore_rolling *rolling;
    const float **hinted; /* [series][horizon] log effect of hints to come; NULL: no hints */
    uint64_t member_ns[FORE_MEMBERS_MAX]; /* processor time, fits and predictions */
    uint64_t combine_ns;
    struct fore_buf notes; /* a line each: what was odd, fallen back to, learned */
    struct fore_arena arena;
};

/* Checks names and periods; FORE_E_FORMAT with the nearest name. */
FORE_MUST_USE enum fore_err lab_forecast_run(const struct lab_forecast_wish *wish,
                                             const struct lab_forecast_input *input,
                                             struct lab_forecast_run *run, struct fore_diag *diag);
void lab_forecast_run_fini(struct lab_forecast_run *run);

/* forecast_hints.c: takes the hints' effects out of the views; what is to come goes to run->hinted.
 */
FORE_MUST_USE enum fore_err lab_forecast_hints(struct lab_forecast_run *run,
                                               const struct lab_forecast_input *input,
                                               const char *path, struct fore_diag *diag);

/* forecast_nets.c: what is kept in `folder`, and what has been learned into it. */
FORE_MUST_USE enum fore_err lab_forecast_nets_folder(const char *folder, struct fore_diag *diag);
struct lab_forecast_nets {
    struct fore_net *held, *full;
};
void lab_forecast_nets_fetch(struct lab_forecast_run *run, const char *folder, size_t member,
                             struct lab_forecast_nets *nets);
FORE_MUST_USE enum fore_err lab_forecast_nets_keep(struct lab_forecast_run *run, const char *folder,
                                                   size_t member, struct fore_diag *diag);

#endif
