/*
 * tune.h - a fair comparison: any policy at its best settings for this scenario.
 *
 * A policy names its knobs and the values worth trying (core/policy/policy.h). Their combinations,
 * or a sample of them when there are many, and the scenario's own settings are run on the time
 * before experiment.evaluate_from, under a seed that no comparison uses (a grid puts the best of
 * them to more such seeds, grid.tune_seeds); the settings with the fewest violation node-minutes
 * win, then those that moved the fewest bytes, then the earlier ones. Every run stops at
 * evaluate_from: the evaluated time is never looked at.
 */
#ifndef LAB_TUNE_H
#define LAB_TUNE_H

#include "sim/run.h"

enum { LAB_TUNE_SEED = 1000000, LAB_TUNE_MOST = 40 };

/* Number of a combination of knob values; LAB_TUNE_OWN: as the scenario has it. */
#define LAB_TUNE_OWN UINT64_MAX

struct lab_tune {
    bool done;
    const struct fore_policy *policy;
    size_t settings; /* tried, and finished */
    size_t seeds;    /* that the best has played: LAB_TUNE_SEED and those behind it */
    uint64_t best;
    double violation_node_min, bytes_moved; /* of the best, on the time it was tuned on: means */
    double worst_node_min;
    fore_ns from, to; /* that time */
};

/* One combination of a policy's knobs: sums over the seeds it has played. */
struct lab_trial {
    uint64_t combination;
    size_t seeds;
    double node_min, bytes;
};

struct lab_trials { /* zeroed: none; in the order in which they came, until they are sorted */
    struct lab_trial trial[LAB_TUNE_MOST];
    size_t count;
};

/* What one run had; another seed of a combination that is there adds to it. */
void lab_trials_add(struct lab_trials *trials, uint64_t combination, double node_min, double bytes);
/* Best first: more seeds say more than fewer; then by violation, bytes, and the order there was. */
void lab_trials_sort(struct lab_trials *trials);
/* Sorts them, and sets what `out` tells of the best and the worst. False: there are none. */
bool lab_trials_choose(struct lab_trials *trials, struct lab_tune *out);

/* experiment.tune names it, or "all", and it has knobs. */
bool lab_tune_wanted(const struct fore_strings *tune, const struct fore_policy *policy);
uint64_t lab_tune_combinations(const struct fore_policy *policy);
/* Fills the numbers to try, the scenario's own first; the count, at most `most` <= LAB_TUNE_MOST.
 */
size_t lab_tune_pick(const struct fore_policy *policy, size_t most, uint64_t out[LAB_TUNE_MOST]);
/* Sets a combination's values. FORMAT or RANGE: a knob that no option row accepts. */
FORE_MUST_USE enum fore_err lab_tune_apply(const struct fore_policy *policy, uint64_t combination,
                                           struct fore_arena *arena, struct sim_scenario *scenario,
                                           struct fore_diag *diag);
/* The scenario that tuning plays: measured from a while after act_from; it must be stopped at
 * `until`. RANGE: there is no time before evaluate_from. */
FORE_MUST_USE enum fore_err lab_tune_past(const struct sim_scenario *scenario,
                                          struct sim_scenario *out, fore_ns *until,
                                          struct fore_diag *diag);
/* `jobs` as in pool.h. */
FORE_MUST_USE enum fore_err lab_tune_run(const struct sim_scenario *scenario,
                                         const struct fore_policy *policy, size_t jobs,
                                         void (*progress)(void *self, double done_share),
                                         void *progress_self, struct lab_tune *out,
                                         struct fore_diag *diag);
/* "policy.reactive_high=80% policy.reactive_pick=fit", or "as the scenario has it" */
void lab_tune_text(const struct lab_tune *tune, struct fore_buf *out);
void lab_tune_json(const struct lab_tune *tune, struct fore_json *json);

#endif
