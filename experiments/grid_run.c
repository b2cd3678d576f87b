/*
 * grid_run.c - the runs of a grid: those that tune, those that are measured, those that confirm.
 */
#include "experiments/grid_parts.h"

#include "experiments/pool.h"
#include "workloads/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a budget, at most: for every setting once, and for the best ones again. */
static const double once_share = .35, tuning_share = .5;
enum { BEST = 4 }; /* settings of a policy that play other seeds */

enum job_kind { JOB_TUNE, JOB_PLAY, JOB_FLUID_WEEK, JOB_REQUEST_WEEK };

struct job {
    enum job_kind kind;
    size_t cell, policy;
    uint64_t combination; /* of knobs; JOB_TUNE only, the others play the one chosen */
    uint64_t seed;
    uint64_t key;
    bool known; /* the cache had it */
    struct lab_answer answer;
};

struct batch {
    const struct lab_grid_plan *plan;
    struct lab_grid *grid;
    struct lab_cache *cache;
    struct job *job;
    size_t count;
    size_t *todo;              /* the jobs the cache did not have */
    struct lab_trials *trials; /* [cell * policies + policy] */
    const char *what;
    double end_s; /* by the monotonic clock; infinite: no budget */
    bool cache_failed;
};

static const char *policy_name(const struct lab_grid *grid, size_t policy)
{
    return grid->options.policies.item[policy];
}

/* Its decisions do not depend on a forecast: none needs to be made. */
static bool looks_only_at_the_present(const struct fore_policy *policy)
{
    if (policy->needs_forecast) return false;
    return policy->terms == fore_policy_find("nowcast")->terms ||
           strcmp(policy->name, "reactive") == 0;
}

/* ---- one run ---- */

static enum fore_err prepare(const struct lab_grid *grid, const struct job *job,
                             struct fore_arena *arena, struct sim_scenario *scenario,
                             struct lab_run_id *id, struct fore_diag *diag)
{
    const struct lab_cell *cell = &grid->cell[job->cell];
    const struct fore_policy *policy = fore_policy_find(policy_name(grid, job->policy));
    const struct lab_tune *tune = &lab_grid_at(grid, job->cell, job->policy)->tune;
    *id = (struct lab_run_id){.scenario = scenario, .policy = policy->name, .seed = job->seed};
    *scenario = *cell->in_force;
    uint64_t combination = tune->done ? tune->best : LAB_TUNE_OWN;
    if (job->kind == JOB_TUNE) {
        FORE_TRY(lab_tune_past(cell->in_force, scenario, &id->stop_at, diag));
        combination = job->combination;
    }
    FORE_TRY(lab_tune_apply(policy, combination, arena, scenario, diag));
    if (looks_only_at_the_present(policy)) scenario->engine.forecast.model = "naive";
    if (job->kind == JOB_FLUID_WEEK || job->kind == JOB_REQUEST_WEEK) {
        scenario->sim.fidelity = job->kind == JOB_FLUID_WEEK ? SIM_FLUID : SIM_REQUEST;
        id->stop_at = scenario->experiment.evaluate_from + grid->options.confirm;
    }
    return FORE_E_OK;
}

static void forward(void *self, double share)
{
    lab_pool_progress(self, share);
}

static enum fore_err run_one(void *context, size_t index, void *result,
                             struct lab_pool_progress *progress, struct fore_diag *diag)
{
    const struct batch *batch = context;
    struct fore_arena arena;
    struct sim_scenario scenario;
    struct sim_result *full = calloc(1, sizeof *full);
    struct lab_run_id id;
    FORE_ASSERT(full != NULL);
    fore_arena_init(&arena);
    enum fore_err err =
        prepare(batch->grid, &batch->job[batch->todo[index]], &arena, &scenario, &id, diag);
    struct sim_run_request request = {.scenario = &scenario,
                                      .policy = id.policy,
                                      .seed = id.seed,
                                      .stop_at = id.stop_at,
                                      .progress = forward,
                                      .progress_self = progress};
    if (err == FORE_E_OK) err = sim_run(&request, full, diag);
    if (err == FORE_E_OK) lab_answer_of(full, result);
    fore_arena_fini(&arena);
    free(full);
    return err;
}

/* ---- a batch of them ---- */

/* What the cache knows is taken; what is left to do is listed in its order. */
static enum fore_err look_up(struct batch *batch, size_t *left, struct fore_diag *diag)
{
    *left = 0;
    for (size_t j = 0; j < batch->count; j++) {
        struct fore_arena arena;
        struct sim_scenario scenario;
        struct lab_run_id id;
        fore_arena_init(&arena);
        enum fore_err err = prepare(batch->grid, &batch->job[j], &arena, &scenario, &id, diag);
        if (err == FORE_E_OK) batch->job[j].key = lab_run_key(&id);
        fore_arena_fini(&arena);
        FORE_TRY(err);
        batch->job[j].known =
            lab_cache_find(batch->cache, batch->job[j].key, &batch->job[j].answer);
        if (batch->job[j].known)
            batch->grid->reused++;
        else
            batch->todo[(*left)++] = j;
    }
    return FORE_E_OK;
}

static void heard(void *context, size_t index, const void *result,
                  const struct lab_pool_report *report)
{
    struct batch *batch = context;
    struct lab_grid *grid = batch->grid;
    struct job *job = &batch->job[batch->todo[index]];
    if (report->outcome != LAB_POOL_DONE) {
        if (grid->failed++ == 0)
            (void)snprintf(grid->trouble, sizeof grid->trouble, "%.60s, %.20s: %.140s",
                           grid->cell[job->cell].name, policy_name(grid, job->policy),
                           report->diag.text);
        return;
    }
    const struct lab_run_id id = {.policy = policy_name(grid, job->policy), .seed = job->seed};
    memcpy(&job->answer, result, sizeof job->answer);
    job->known = true;
    grid->played++;
    if (lab_cache_add(batch->cache, job->key, grid->cell[job->cell].name, &id, &job->answer) !=
        FORE_E_OK)
        batch->cache_failed = true;
}

static bool enough(void *context)
{
    return wl_progress_wall_s() >= ((const struct batch *)context)->end_s;
}

static void progress(void *context, double share)
{
    const struct batch *batch = context;
    if (batch->plan->progress != NULL)
        batch->plan->progress(batch->plan->progress_self, batch->what, share);
}

static enum fore_err run_batch(struct batch *batch, struct fore_diag *diag)
{
    size_t left = 0;
    batch->todo = calloc(batch->count + 1, sizeof *batch->todo);
    FORE_ASSERT(batch->todo != NULL);
    enum fore_err err = look_up(batch, &left, diag);
    struct lab_answer *answer = calloc(left + 1, sizeof *answer);
    struct lab_pool_report *report = calloc(left + 1, sizeof *report);
    FORE_ASSERT(answer != NULL && report != NULL);
    const struct lab_pool pool = {.count = left,
                                  .jobs = batch->plan->jobs,
                                  .result_size = sizeof *answer,
                                  .job = run_one,
                                  .progress = progress,
                                  .heard = heard,
                                  .enough = enough,
                                  .context = batch};
    if (err == FORE_E_OK) err = lab_pool_run(&pool, answer, report, diag);
    for (size_t i = 0; i < left; i++)
        batch->grid->skipped += report[i].outcome == LAB_POOL_SKIPPED;
    free(report);
    free(answer);
    free(batch->todo);
    if (err == FORE_E_OK && batch->cache_failed)
        err = fore_err_set(diag, FORE_E_IO, "%s: the cache cannot be written", batch->plan->work);
    return err;
}

static struct job *add_job(struct batch *batch, enum job_kind kind, size_t cell, size_t policy,
                           uint64_t seed)
{
    struct job *job = &batch->job[batch->count++];
    *job = (struct job){.kind = kind, .cell = cell, .policy = policy, .seed = seed};
    return job;
}

/* ---- tuning ---- */

/* Settings are the outer loop: cut short, every policy has tried some. */
static void list_tuning(struct batch *batch)
{
    const struct lab_grid *grid = batch->grid;
    for (size_t i = 0; i < grid->options.settings; i++)
        for (size_t c = 0; c < grid->cell_count; c++)
            for (size_t p = 0; p < grid->options.policies.count; p++) {
                const struct fore_policy *policy = fore_policy_find(policy_name(grid, p));
                uint64_t pick[LAB_TUNE_MOST];
                bool judged = grid->options.finalists > 0 && lab_grid_is_peer(policy->name);
                if (policy->needs_truth || (policy->knob == NULL && !judged)) continue;
                if (i < lab_tune_pick(policy, (size_t)grid->options.settings, pick))
                    add_job(batch, JOB_TUNE, c, p, LAB_TUNE_SEED)->combination = pick[i];
            }
}

static double node_min(const struct lab_answer *answer)
{
    return lab_answer_metric(answer, lab_metric_find(NULL, "slo_violation_node_min"));
}

static double bytes(const struct lab_answer *answer)
{
    return lab_answer_metric(answer, lab_metric_find(NULL, "bytes_moved"));
}

static struct lab_trials *trials_at(const struct batch *batch, size_t cell, size_t policy)
{
    return &batch->trials[cell * batch->grid->options.policies.count + policy];
}

static void take_tuning(struct batch *batch)
{
    for (size_t j = 0; j < batch->count; j++) {
        const struct job *job = &batch->job[j];
        if (job->known)
            lab_trials_add(trials_at(batch, job->cell, job->policy), job->combination,
                           node_min(&job->answer), bytes(&job->answer));
    }
}

/* One seed is mostly luck: of the settings that were best under it, the best under several counts.
 * Seeds are the outer loop. */
static void list_best(struct batch *batch)
{
    const struct lab_grid *grid = batch->grid;
    for (uint64_t k = 1; k < grid->options.tune_seeds; k++)
        for (size_t c = 0; c < grid->cell_count; c++)
            for (size_t p = 0; p < grid->options.policies.count; p++) {
                struct lab_trials *trials = trials_at(batch, c, p);
                if (k == 1) lab_trials_sort(trials);
                for (size_t i = 0; i < trials->count && i < BEST; i++)
                    add_job(batch, JOB_TUNE, c, p, LAB_TUNE_SEED + k)->combination =
                        trials->trial[i].combination;
            }
}

static void choose_settings(struct batch *batch)
{
    for (size_t c = 0; c < batch->grid->cell_count; c++)
        for (size_t p = 0; p < batch->grid->options.policies.count; p++) {
            const struct sim_scenario *scenario = batch->grid->cell[c].in_force;
            struct lab_tune *tune = &lab_grid_at(batch->grid, c, p)->tune;
            *tune = (struct lab_tune){.policy = fore_policy_find(policy_name(batch->grid, p)),
                                      .from = scenario->experiment.act_from,
                                      .to = scenario->experiment.evaluate_from};
            (void)lab_trials_choose(trials_at(batch, c, p), tune);
        }
}

/* How many peers of the cell did better on the time before the evaluation. By violation alone:
 * where nothing had happened yet, doing nothing is no merit, and all who are level play. */
static size_t ahead_of(const struct lab_grid *grid, size_t cell, size_t policy)
{
    const struct lab_tune *own = &lab_grid_at(grid, cell, policy)->tune;
    size_t count = 0;
    for (size_t p = 0; p < grid->options.policies.count; p++) {
        const struct lab_tune *other = &lab_grid_at(grid, cell, p)->tune;
        if (p == policy || !other->done || !lab_grid_is_peer(policy_name(grid, p))) continue;
        count += other->violation_node_min < own->violation_node_min;
    }
    return count;
}

static void choose_finalists(struct lab_grid *grid)
{
    for (size_t c = 0; c < grid->cell_count; c++)
        for (size_t p = 0; p < grid->options.policies.count; p++) {
            struct lab_grid_entry *entry = lab_grid_at(grid, c, p);
            bool all = grid->options.finalists == 0 || !lab_grid_is_peer(policy_name(grid, p));
            entry->evaluated = all || ahead_of(grid, c, p) < grid->options.finalists;
        }
}

/* ---- the measured runs ---- */

static void list_play(struct batch *batch)
{
    const struct lab_grid *grid = batch->grid;
    for (uint64_t seed = 1; seed <= grid->options.seeds; seed++)
        for (size_t c = 0; c < grid->cell_count; c++)
            for (size_t p = 0; p < grid->options.policies.count; p++)
                if (lab_grid_at(grid, c, p)->evaluated) add_job(batch, JOB_PLAY, c, p, seed);
    size_t ours = lab_grid_policy(grid, "predictive");
    for (size_t c = 0; grid->options.confirm > 0 && ours != SIZE_MAX && c < grid->cell_count; c++) {
        add_job(batch, JOB_FLUID_WEEK, c, ours, 1);
        add_job(batch, JOB_REQUEST_WEEK, c, ours, 1);
    }
}

static void take_play(struct batch *batch)
{
    for (size_t j = 0; j < batch->count; j++) {
        const struct job *job = &batch->job[j];
        struct lab_grid_entry *entry = lab_grid_at(batch->grid, job->cell, job->policy);
        if (!job->known) continue;
        if (job->kind == JOB_PLAY) {
            entry->have[job->seed - 1] = true;
            entry->answer[job->seed - 1] = job->answer;
        } else if (job->kind == JOB_FLUID_WEEK) {
            entry->fluid_week = job->answer;
        } else {
            entry->request_week = job->answer;
            entry->confirmed = true;
        }
    }
}

static enum fore_err phase(struct batch *batch, const char *what, void (*list)(struct batch *),
                           void (*take)(struct batch *), struct fore_diag *diag)
{
    const struct lab_grid *grid = batch->grid;
    size_t most =
        grid->options.settings + grid->options.seeds + 2 + BEST * grid->options.tune_seeds;
    batch->what = what;
    batch->count = 0;
    batch->job = calloc(grid->cell_count * grid->options.policies.count * most, sizeof *batch->job);
    FORE_ASSERT(batch->job != NULL);
    list(batch);
    enum fore_err err = run_batch(batch, diag);
    if (err == FORE_E_OK) take(batch);
    free(batch->job);
    return err;
}

enum fore_err lab_grid_run(const struct lab_grid_plan *plan, struct fore_arena *perm,
                           struct lab_grid *grid, struct fore_diag *diag)
{
    struct batch batch = {.plan = plan, .grid = grid};
    batch.trials =
        FORE_NEW(perm, struct lab_trials, grid->cell_count * grid->options.policies.count);
    double now_s = wl_progress_wall_s(), budget_s = plan->budget_s;
    batch.end_s = budget_s > 0 ? now_s + once_share * budget_s : (double)INFINITY;
    const char *path = fore_arena_printf(perm, "%s/answers.jsonl", plan->work);
    FORE_TRY(lab_cache_open(path, &batch.cache, diag));
    enum fore_err err = phase(&batch, "tuning", list_tuning, take_tuning, diag);
    if (err == FORE_E_OK) {
        if (budget_s > 0) batch.end_s = now_s + tuning_share * budget_s;
        err = phase(&batch, "tuning", list_best, take_tuning, diag);
    }
    if (err == FORE_E_OK) {
        choose_settings(&batch);
        choose_finalists(grid);
        if (budget_s > 0) batch.end_s = now_s + budget_s;
        err = phase(&batch, "playing", list_play, take_play, diag);
    }
    lab_cache_close(batch.cache);
    return err;
}

/* ---- what a grid is asked ---- */

size_t lab_grid_policy(const struct lab_grid *grid, const char *name)
{
    for (size_t p = 0; p < grid->options.policies.count; p++)
        if (strcmp(policy_name(grid, p), name) == 0) return p;
    return SIZE_MAX;
}

struct lab_grid_entry *lab_grid_at(const struct lab_grid *grid, size_t cell, size_t policy)
{
    return &grid->entry[cell * grid->options.policies.count + policy];
}

double lab_grid_mean(const struct lab_grid *grid, size_t cell, size_t policy,
                     const struct lab_metric *metric)
{
    const struct lab_grid_entry *entry = lab_grid_at(grid, cell, policy);
    double sum = 0, n = 0;
    for (size_t s = 0; s < grid->options.seeds; s++) {
        if (!entry->have[s]) continue;
        sum += lab_answer_metric(&entry->answer[s], metric);
        n++;
    }
    return n > 0 ? sum / n : (double)NAN;
}

bool lab_grid_is_peer(const char *policy)
{
    static const char *const other[] = {"static",     "static-weekly", "nowcast", "nowcast-weekly",
                                        "predictive", "random",        NULL};
    for (size_t i = 0; other[i] != NULL; i++)
        if (strcmp(policy, other[i]) == 0) return false;
    const struct fore_policy *known = fore_policy_find(policy);
    return known != NULL && !known->needs_truth;
}

size_t lab_grid_best_peer(const struct lab_grid *grid, size_t cell)
{
    const struct lab_metric *metric = lab_metric_find(NULL, "slo_violation_node_min");
    size_t best = SIZE_MAX;
    for (size_t p = 0; p < grid->options.policies.count; p++) {
        double mean = lab_grid_mean(grid, cell, p, metric);
        if (!lab_grid_is_peer(policy_name(grid, p)) || isnan(mean)) continue;
        if (best == SIZE_MAX || mean < lab_grid_mean(grid, cell, best, metric)) best = p;
    }
    return best;
}
