/*
 * compare.c - runs the batch and takes its statistics.
 */
#include "experiments/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POLICIES_MAX = 64 };

struct batch {
    const struct lab_compare *compare;
    const struct lab_compare_plan *plan;
    double tuned_share;            /* of the whole work that tuning is */
    size_t tuned_count, tuned_all; /* policies tuned so far, and to tune */
};

static void forward(void *self, double share)
{
    lab_pool_progress(self, share);
}

/* Seeds are the outer loop: after a few minutes every policy has some. */
static size_t place_of(const struct lab_compare *compare, size_t job)
{
    size_t policy = job % compare->policies.count, seed = job / compare->policies.count;
    return policy * compare->seeds + seed;
}

static enum fore_err run_one(void *context, size_t job, void *result,
                             struct lab_pool_progress *progress, struct fore_diag *diag)
{
    const struct lab_compare *compare = ((const struct batch *)context)->compare;
    const char *policy = compare->policies.item[job % compare->policies.count];
    struct sim_scenario scenario = *compare->scenario;
    const struct lab_tune *tune = &compare->tune[job % compare->policies.count];
    struct fore_arena arena;
    fore_arena_init(&arena);
    enum fore_err err =
        tune->done ? lab_tune_apply(tune->policy, tune->best, &arena, &scenario, diag) : FORE_E_OK;
    struct sim_run_request request = {.scenario = &scenario,
                                      .policy = policy,
                                      .seed = job / compare->policies.count + 1,
                                      .progress = forward,
                                      .progress_self = progress};
    if (err == FORE_E_OK) err = sim_run(&request, result, diag);
    fore_arena_fini(&arena);
    return err;
}

static void tuning(void *context, double share)
{
    const struct batch *batch = context;
    if (batch->plan->progress != NULL)
        batch->plan->progress(batch->plan->progress_self, (share + (double)batch->tuned_count) /
                                                              (double)batch->tuned_all *
                                                              batch->tuned_share);
}

static void running(void *context, double share)
{
    const struct batch *batch = context;
    if (batch->plan->progress != NULL)
        batch->plan->progress(batch->plan->progress_self,
                              batch->tuned_share + share * (1 - batch->tuned_share));
}

static enum fore_err check_policies(const struct fore_strings *policies, struct fore_diag *diag)
{
    const char *known[POLICIES_MAX];
    size_t count = 0;
    for (; count < POLICIES_MAX && fore_policies[count] != NULL; count++)
        known[count] = fore_policies[count]->name;
    if (policies->count == 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "--policies: name at least one, as in static,reactive");
    for (size_t i = 0; i < policies->count; i++) {
        const char *name = policies->item[i];
        if (fore_policy_find(name) == NULL) {
            const char *near = fore_option_nearest(name, known, count);
            return fore_err_set(diag, FORE_E_FORMAT, "policy '%.40s' is not known; %s%s", name,
                                near != NULL ? "did you mean "
                                             : "see `foreshard config --explain policy`",
                                near != NULL ? near : "");
        }
        for (size_t k = 0; k < i; k++)
            if (strcmp(policies->item[k], name) == 0)
                return fore_err_set(diag, FORE_E_FORMAT,
                                    "policy '%s' is named twice; once is enough", name);
    }
    return FORE_E_OK;
}

/* Runs came back in job order; the tables want them policy by policy. */
static void arrange(struct lab_compare *compare, const struct sim_result *result,
                    const struct lab_pool_report *report)
{
    for (size_t job = 0; job < compare->policies.count * compare->seeds; job++) {
        compare->run[place_of(compare, job)] = result[job];
        compare->report[place_of(compare, job)] = report[job];
        compare->failed += report[job].outcome != LAB_POOL_DONE;
    }
}

static enum fore_err play(struct lab_compare *compare, struct batch *batch, struct fore_diag *diag)
{
    size_t count = compare->policies.count * compare->seeds;
    FORE_ASSERT(count > 0);
    struct sim_result *result = calloc(count, sizeof *result);
    struct lab_pool_report *report = calloc(count, sizeof *report);
    FORE_ASSERT(result != NULL && report != NULL);
    const struct lab_pool pool = {.count = count,
                                  .jobs = batch->plan->jobs,
                                  .result_size = sizeof *result,
                                  .job = run_one,
                                  .progress = running,
                                  .context = batch};
    enum fore_err err = lab_pool_run(&pool, result, report, diag);
    if (err == FORE_E_OK) {
        arrange(compare, result, report);
        if (compare->failed == count)
            err = fore_err_set(diag, report[0].diag.code, "%s", report[0].diag.text);
    }
    free(report);
    free(result);
    return err;
}

static enum fore_err bound_one(void *context, size_t job, void *result,
                               struct lab_pool_progress *progress, struct fore_diag *diag)
{
    const struct lab_compare *compare = ((const struct batch *)context)->compare;
    (void)progress;
    return sim_bound_find(compare->scenario, job + 1, result, diag);
}

/* A workload that is too long to be counted into rates has runs but no bound. */
static enum fore_err find_bounds(struct lab_compare *compare, struct batch *batch,
                                 struct fore_diag *diag)
{
    struct lab_pool_report *report = calloc(compare->seeds, sizeof *report);
    struct sim_bound *found = calloc(compare->seeds, sizeof *found);
    FORE_ASSERT(report != NULL && found != NULL);
    const struct lab_pool pool = {.count = compare->seeds,
                                  .jobs = batch->plan->jobs,
                                  .result_size = sizeof *found,
                                  .job = bound_one,
                                  .context = batch};
    enum fore_err err = lab_pool_run(&pool, found, report, diag);
    for (size_t i = 0; err == FORE_E_OK && i < compare->seeds; i++)
        if (report[i].outcome == LAB_POOL_DONE) compare->bound[compare->bounds++] = found[i];
    free(found);
    free(report);
    return err;
}

static enum fore_err tune_all(struct lab_compare *compare, struct batch *batch,
                              struct fore_diag *diag)
{
    const struct fore_strings *wanted = &compare->scenario->experiment.tune;
    size_t tries = 0;
    for (size_t p = 0; p < compare->policies.count; p++) {
        const struct fore_policy *policy = fore_policy_find(compare->policies.item[p]);
        uint64_t pick[LAB_TUNE_MOST];
        if (!lab_tune_wanted(wanted, policy)) continue;
        batch->tuned_all++;
        tries += lab_tune_pick(policy, LAB_TUNE_MOST, pick);
    }
    batch->tuned_share = (double)tries / (double)(tries + compare->policies.count * compare->seeds);
    for (size_t p = 0; p < compare->policies.count; p++) {
        const struct fore_policy *policy = fore_policy_find(compare->policies.item[p]);
        if (!lab_tune_wanted(wanted, policy)) continue;
        FORE_TRY(lab_tune_run(compare->scenario, policy, batch->plan->jobs, tuning, batch,
                              &compare->tune[p], diag));
        batch->tuned_count++;
    }
    return FORE_E_OK;
}

enum fore_err lab_compare_run(const struct lab_compare_plan *plan, struct fore_arena *perm,
                              struct lab_compare *out, struct fore_diag *diag)
{
    const struct sim_experiment_options *experiment = &plan->scenario->experiment;
    *out = (struct lab_compare){.scenario = plan->scenario,
                                .policies = plan->policies.count > 0 ? plan->policies
                                                                     : experiment->policies,
                                .seeds = plan->seeds > 0 ? plan->seeds : experiment->seeds};
    FORE_TRY(check_policies(&out->policies, diag));
    if (out->seeds >= LAB_TUNE_SEED)
        return fore_err_set(diag, FORE_E_RANGE, "--seeds: below %d, please", (int)LAB_TUNE_SEED);
    size_t count = out->policies.count * out->seeds;
    out->run = FORE_NEW(perm, struct sim_result, count);
    out->tune = FORE_NEW(perm, struct lab_tune, out->policies.count);
    out->report = FORE_NEW(perm, struct lab_pool_report, count);
    out->bound = FORE_NEW(perm, struct sim_bound, out->seeds);

    struct batch batch = {.compare = out, .plan = plan};
    FORE_TRY(tune_all(out, &batch, diag));
    FORE_TRY(play(out, &batch, diag));
    return find_bounds(out, &batch, diag);
}

bool lab_compare_done(const struct lab_compare *compare, size_t policy, uint64_t seed)
{
    return compare->report[policy * compare->seeds + seed - 1].outcome == LAB_POOL_DONE;
}

size_t lab_compare_index(const struct lab_compare *compare, const char *policy)
{
    for (size_t i = 0; i < compare->policies.count; i++)
        if (strcmp(compare->policies.item[i], policy) == 0) return i;
    return SIZE_MAX;
}

static double value_of(const struct lab_compare *compare, size_t policy, uint64_t seed,
                       const struct lab_metric *metric)
{
    return lab_metric_read(metric, &compare->run[policy * compare->seeds + seed - 1]);
}

struct lab_stats lab_compare_stats(const struct lab_compare *compare, size_t policy,
                                   const struct lab_metric *metric)
{
    struct lab_stats out = {.mean = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    double *x = calloc(compare->seeds, sizeof *x);
    FORE_ASSERT(x != NULL);
    size_t n = 0;
    for (uint64_t seed = 1; seed <= compare->seeds; seed++)
        if (lab_compare_done(compare, policy, seed))
            x[n++] = value_of(compare, policy, seed, metric);
    if (n > 0) out = lab_stats_of(x, n);
    free(x);
    return out;
}

struct lab_stats_paired lab_compare_versus(const struct lab_compare *compare, size_t policy,
                                           size_t base, const struct lab_metric *metric)
{
    struct lab_stats_paired out = {
        .diff = {.mean = (double)NAN, .low = (double)NAN, .high = (double)NAN},
        .boot_low = (double)NAN,
        .boot_high = (double)NAN
    };
    if (base == SIZE_MAX) return out;
    double *a = calloc(compare->seeds, sizeof *a), *b = calloc(compare->seeds, sizeof *b);
    FORE_ASSERT(a != NULL && b != NULL);
    size_t n = 0;
    for (uint64_t seed = 1; seed <= compare->seeds; seed++) {
        if (!lab_compare_done(compare, policy, seed) || !lab_compare_done(compare, base, seed))
            continue;
        a[n] = value_of(compare, policy, seed, metric);
        b[n++] = value_of(compare, base, seed, metric);
    }
    if (n > 0) out = lab_stats_paired_of(a, b, n, 1);
    free(a);
    free(b);
    return out;
}

double lab_compare_gap_closed(const struct lab_compare *compare, size_t policy)
{
    size_t reactive = lab_compare_index(compare, "reactive");
    size_t oracle = lab_compare_index(compare, "oracle");
    if (reactive == SIZE_MAX || oracle == SIZE_MAX) return (double)NAN;
    const struct lab_metric *metric = lab_metric_find(NULL, "slo_violation_node_min");
    double from = lab_compare_stats(compare, reactive, metric).mean;
    double to = lab_compare_stats(compare, oracle, metric).mean;
    double here = lab_compare_stats(compare, policy, metric).mean;
    return from - to > 1e-9 ? (from - here) / (from - to) : (double)NAN;
}

struct lab_stats lab_compare_bound(const struct lab_compare *compare, bool whole)
{
    struct lab_stats out = {.mean = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    if (compare->bounds == 0) return out;
    double *x = calloc(compare->bounds, sizeof *x);
    FORE_ASSERT(x != NULL);
    for (size_t i = 0; i < compare->bounds; i++)
        x[i] = whole ? compare->bound[i].whole_node_min : compare->bound[i].node_min;
    out = lab_stats_of(x, compare->bounds);
    free(x);
    return out;
}
