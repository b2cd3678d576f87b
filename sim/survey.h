/*
 * survey.h - one look at a workload before the cluster is built: how heavy its heaviest five
 * minutes are, and where its load falls on average over the days a placement may know about.
 */
#ifndef SIM_SURVEY_H
#define SIM_SURVEY_H

#include "workloads/flow.h"

struct sim_survey_request {
    struct wl_flow *flow;
    fore_ns span; /* of the run */
    fore_ns mean_from, mean_span;
    double read_cost, write_cost; /* work of one request, all its replicas together */
};

struct sim_survey {
    double peak_work; /* highest 5-minute mean of the total: cost units per second */
    double mean_work; /* over the mean span */
    double *reads;    /* [bucket_count]: mean rates over the mean span */
    double *writes;
    double reads_total, writes_total; /* their sums */
};

/* Memory from `perm`. A workload without any load is FORE_E_RANGE. */
FORE_MUST_USE enum fore_err sim_survey_take(const struct sim_survey_request *request,
                                            struct fore_arena *perm, struct sim_survey *out,
                                            struct fore_diag *diag);

#endif
