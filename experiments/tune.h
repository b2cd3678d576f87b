/*
 * tune.h - a fair rival: the reactive policy at its best settings for this scenario.
 *
 * A small grid (threshold x hold x pick x cool-down) is run on the time before
 * experiment.evaluate_from, under a seed that no comparison uses; the settings with the fewest
 * violation node-minutes win, then those that moved the fewest bytes, then the earlier ones. The
 * evaluated time is never looked at.
 */
#ifndef LAB_TUNE_H
#define LAB_TUNE_H

#include "sim/run.h"

enum { LAB_TUNE_SEED = 1000000, LAB_TUNE_GRID = 40 };

struct lab_tune_row {
    double high, low;
    fore_ns hold, cooldown;
    uint32_t pick;
};
struct lab_tune {
    bool done;
    size_t settings; /* tried, and finished */
    struct lab_tune_row best;
    double violation_node_min, bytes_moved; /* of the best, on the time it was tuned on */
    double worst_node_min;
    fore_ns from, to; /* that time */
};

/* The grid: row `index` < LAB_TUNE_GRID around the scenario's own cool-down and window. */
struct lab_tune_row lab_tune_grid(const struct sim_scenario *scenario, size_t index);
void lab_tune_apply(const struct lab_tune_row *row, struct fore_policy_options *policy);
/* RANGE: there is no time before evaluate_from. `jobs` as in pool.h. */
FORE_MUST_USE enum fore_err lab_tune_run(const struct sim_scenario *scenario, size_t jobs,
                                         void (*progress)(void *self, double done_share),
                                         void *progress_self, struct lab_tune *out,
                                         struct fore_diag *diag);
/* "high 80% low 75% hold 3s pick fit cool-down 10min" */
void lab_tune_text(const struct lab_tune_row *row, struct fore_buf *out);
void lab_tune_json(const struct lab_tune *tune, struct fore_json *json);

#endif
