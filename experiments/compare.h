/*
 * compare.h - policies x seeds on one scenario, and what may be concluded from it.
 *
 * Seeds are 1..N and every policy plays each of them, so run (policy, seed) and run (other, seed)
 * saw identical traffic and differences are taken in pairs. A run that failed is left out of every
 * mean and of every pair it would be in, and is shown as failed.
 */
#ifndef LAB_COMPARE_H
#define LAB_COMPARE_H

#include "experiments/metric.h"
#include "experiments/pool.h"
#include "experiments/stats.h"
#include "experiments/tune.h"
#include "sim/bound.h"

struct lab_compare {
    const struct sim_scenario *scenario;
    struct fore_strings policies;
    uint64_t seeds;
    struct lab_tune *tune;          /* [policy]; done: it runs with those settings */
    struct sim_result *run;         /* [policy * seeds + seed - 1] */
    struct lab_pool_report *report; /* the same */
    size_t failed;                  /* runs */
    struct sim_bound *bound;        /* [bounds]: what nobody could have avoided, by seed */
    size_t bounds;                  /* seeds for which it could be found */
};

struct lab_compare_plan {
    const struct sim_scenario *scenario;
    struct fore_strings policies; /* empty: the scenario's */
    uint64_t seeds;               /* 0: the scenario's */
    size_t jobs;                  /* 0: one per processor */
    void (*progress)(void *self, double done_share);
    void *progress_self;
};

/* Memory from `perm`. FORMAT: an unknown or doubled policy. An error that every run met is
 * returned as the comparison's own. */
FORE_MUST_USE enum fore_err lab_compare_run(const struct lab_compare_plan *plan,
                                            struct fore_arena *perm, struct lab_compare *out,
                                            struct fore_diag *diag);

bool lab_compare_done(const struct lab_compare *compare, size_t policy, uint64_t seed);
/* SIZE_MAX: not among the policies. */
size_t lab_compare_index(const struct lab_compare *compare, const char *policy);
/* n == 0: no run of it finished; the other members are NaN then. */
struct lab_stats lab_compare_stats(const struct lab_compare *compare, size_t policy,
                                   const struct lab_metric *metric);
/* policy - base over the seeds both finished; `base` may be SIZE_MAX: n == 0. */
struct lab_stats_paired lab_compare_versus(const struct lab_compare *compare, size_t policy,
                                           size_t base, const struct lab_metric *metric);
/* (reactive - policy) / (reactive - oracle) of the mean violation node-minutes; NaN when one of
 * the two is missing or the oracle is no better. */
double lab_compare_gap_closed(const struct lab_compare *compare, size_t policy);

/* Mean lower bound over the seeds, violation node-minutes; n == 0: it is not known. `whole`: while
 * partitions stay whole. */
struct lab_stats lab_compare_bound(const struct lab_compare *compare, bool whole);

/* The report for people, and the one for programs (the members of an open object). */
void lab_compare_text(const struct lab_compare *compare, struct fore_buf *out);
void lab_compare_json(const struct lab_compare *compare, struct fore_json *json);

#endif
