/* rows.h - the members of the policy table, one file each; only policy.c looks here. */
#ifndef FORE_POLICY_ROWS_H
#define FORE_POLICY_ROWS_H

#include "core/policy/policy.h"

extern const struct fore_policy fore_policy_static, fore_policy_reactive, fore_policy_nowcast,
    fore_policy_nowcast_weekly, fore_policy_predictive, fore_policy_oracle;
/* peers: what other systems would do here */
extern const struct fore_policy fore_policy_estore_greedy, fore_policy_estore_greedy_extended,
    fore_policy_estore_first_fit, fore_policy_redis_count, fore_policy_citus_disk,
    fore_policy_citus_count, fore_policy_mongo_size, fore_policy_crdb, fore_policy_pd_hot,
    fore_policy_hbase_stochastic, fore_policy_slicer, fore_policy_clay, fore_policy_nashdb,
    fore_policy_random, fore_policy_static_weekly;
/* Where nodes come and go: */
extern const struct fore_policy fore_policy_static_peak, fore_policy_static_mean,
    fore_policy_schedule, fore_policy_reactive_pstore, fore_policy_pstore,
    fore_policy_pstore_oracle, fore_policy_aws_predictive;

/* What nowcast and predictive are tuned by: one list for both, so that neither has more tries. */
extern const struct fore_policy_knob fore_policy_planned_knobs[];
/* Forecast and nowcast by weight; the nowcast alone until there is a forecast (predictive.c). */
uint32_t fore_policy_predictive_terms(const struct fore_policy_view *view,
                                      struct fore_load_term *term);
/* The same for the score: plans lean on the present where a move errs less by it, but what will
 * come is told best by what foretells it (decide.score_nowcast). */
uint32_t fore_policy_forecast_terms(const struct fore_policy_view *view,
                                    struct fore_load_term *term);
/* The nowcast alone: what a policy judges risk by that knows only the present (nowcast.c). */
uint32_t fore_policy_nowcast_terms(const struct fore_policy_view *view,
                                   struct fore_load_term *term);
/* The planner on the scenarios that the policy's own terms() names (planned.c). */
void *fore_policy_planned_begin(const struct fore_topology *topology, uint64_t seed,
                                struct fore_arena *perm);
void fore_policy_planned_propose(const struct fore_policy_view *view, void *memory,
                                 struct fore_arena *scratch, struct fore_plan *out);
/* The same beside the slow loop and what it keeps (homed.c). */
void *fore_policy_homed_begin(const struct fore_topology *topology, uint64_t seed,
                              struct fore_arena *perm);
void fore_policy_homed_propose(const struct fore_policy_view *view, void *memory,
                               struct fore_arena *scratch, struct fore_plan *out);

#endif
