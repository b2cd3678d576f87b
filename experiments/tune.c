/*
 * tune.c - the search over a policy's knobs.
 */
#include "experiments/tune.h"

#include "core/base/rng.h"
#include "experiments/pool.h"

#include <math.h>
#include <string.h>

bool lab_tune_wanted(const struct fore_strings *tune, const struct fore_policy *policy)
{
    if (policy == NULL || policy->knob == NULL) return false;
    for (size_t i = 0; i < tune->count; i++)
        if (strcmp(tune->item[i], "all") == 0 || strcmp(tune->item[i], policy->name) == 0)
            return true;
    return false;
}

/* ---- what was tried ---- */

void lab_trials_add(struct lab_trials *trials, uint64_t combination, double node_min, double bytes)
{
    size_t at = 0;
    while (at < trials->count && trials->trial[at].combination != combination)
        at++;
    FORE_ASSERT(at < LAB_TUNE_MOST);
    if (at == trials->count)
        trials->trial[trials->count++] = (struct lab_trial){.combination = combination};
    trials->trial[at].node_min += node_min;
    trials->trial[at].bytes += bytes;
    trials->trial[at].seeds++;
}

static bool better(const struct lab_trial *a, const struct lab_trial *b)
{
    if (a->seeds != b->seeds) return a->seeds > b->seeds;
    if (a->node_min < b->node_min) return true;
    return a->node_min <= b->node_min && a->bytes < b->bytes;
}

void lab_trials_sort(struct lab_trials *trials)
{
    for (size_t i = 1; i < trials->count; i++) { /* few, and equal ones stay in order */
        struct lab_trial one = trials->trial[i];
        size_t at = i;
        for (; at > 0 && better(&one, &trials->trial[at - 1]); at--)
            trials->trial[at] = trials->trial[at - 1];
        trials->trial[at] = one;
    }
}

bool lab_trials_choose(struct lab_trials *trials, struct lab_tune *out)
{
    if (trials->count == 0) return false;
    lab_trials_sort(trials);
    const struct lab_trial *best = &trials->trial[0];
    out->done = true;
    out->settings = trials->count;
    out->seeds = best->seeds;
    out->best = best->combination;
    out->violation_node_min = best->node_min / (double)best->seeds;
    out->bytes_moved = best->bytes / (double)best->seeds;
    for (size_t i = 0; i < trials->count; i++)
        out->worst_node_min =
            fmax(out->worst_node_min, trials->trial[i].node_min / (double)trials->trial[i].seeds);
    return true;
}

/* ---- combinations ---- */

/* Value number `index` of a list with a space apart; NULL behind the last. */
static const char *value_at(const char *values, size_t index, size_t *len)
{
    const char *at = values + strspn(values, " ");
    for (; index > 0 && *at != '\0'; index--) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    *len = strcspn(at, " ");
    return *len > 0 ? at : NULL;
}

static size_t value_count(const char *values)
{
    size_t count = 0, len;
    while (value_at(values, count, &len) != NULL)
        count++;
    return count;
}

uint64_t lab_tune_combinations(const struct fore_policy *policy)
{
    uint64_t count = 1;
    for (const struct fore_policy_knob *k = policy->knob; k != NULL && k->option != NULL; k++)
        count *= value_count(k->values);
    return count;
}

/* Selection sampling (Knuth, algorithm S): each combination is as likely as any other, and none of
 * the knobs is left at one value as a fixed stride would leave it. */
size_t lab_tune_pick(const struct fore_policy *policy, size_t most, uint64_t out[LAB_TUNE_MOST])
{
    FORE_ASSERT(most >= 1 && most <= LAB_TUNE_MOST);
    uint64_t all = policy->knob != NULL ? lab_tune_combinations(policy) : 0;
    uint64_t wanted = all < most - 1 ? all : most - 1;
    struct fore_rng rng = fore_rng_stream(LAB_TUNE_SEED, policy->name, 0);
    size_t count = 0;
    out[count++] = LAB_TUNE_OWN;
    for (uint64_t i = 0; i < all && wanted > 0; i++) {
        if (fore_rng_unit(&rng) * (double)(all - i) >= (double)wanted) continue;
        out[count++] = i;
        wanted--;
    }
    return count;
}

enum fore_err lab_tune_apply(const struct fore_policy *policy, uint64_t combination,
                             struct fore_arena *arena, struct sim_scenario *scenario,
                             struct fore_diag *diag)
{
    struct fore_option_binding binding[SIM_SECTION_MAX];
    if (combination == LAB_TUNE_OWN) return FORE_E_OK;
    size_t count = sim_scenario_bindings(scenario, binding), len = 0;
    for (const struct fore_policy_knob *k = policy->knob; k->option != NULL; k++) {
        size_t values = value_count(k->values);
        const char *value = value_at(k->values, combination % values, &len);
        const char *set = fore_arena_printf(arena, "%s=%.*s", k->option, (int)len, value);
        FORE_TRY(fore_option_assign(binding, count, arena, set, "a knob", diag));
        combination /= values;
    }
    return FORE_E_OK;
}

/* The first eighth is left for the placement to settle. */
enum fore_err lab_tune_past(const struct sim_scenario *scenario, struct sim_scenario *out,
                            fore_ns *until, struct fore_diag *diag)
{
    *until = scenario->experiment.evaluate_from;
    fore_ns from = scenario->experiment.act_from;
    if (from == 0) from = *until / 2;
    if (*until == 0 || from >= *until)
        return fore_err_set(diag, FORE_E_RANGE,
                            "%s: experiment.tune needs time to tune on; set "
                            "experiment.evaluate_from, and experiment.act_from before it",
                            scenario->path);
    *out = *scenario;
    fore_ns settled = from + (*until - from) / 8;
    out->experiment.evaluate_from = settled - settled % scenario->engine.observe.window;
    out->experiment.act_from = from;
    return FORE_E_OK;
}

struct batch {
    const struct sim_scenario *past;
    const struct fore_policy *policy;
    uint64_t pick[LAB_TUNE_MOST];
    fore_ns stop_at;
    void (*progress)(void *self, double done_share);
    void *progress_self;
};

static void forward(void *self, double share)
{
    lab_pool_progress(self, share);
}

static enum fore_err try_one(void *context, size_t index, void *result,
                             struct lab_pool_progress *progress, struct fore_diag *diag)
{
    const struct batch *batch = context;
    struct sim_scenario scenario = *batch->past;
    struct fore_arena arena;
    fore_arena_init(&arena);
    enum fore_err err = lab_tune_apply(batch->policy, batch->pick[index], &arena, &scenario, diag);
    /* reactive asks for no forecast: save the time */
    if (strcmp(batch->policy->name, "reactive") == 0) scenario.engine.forecast.model = "naive";
    struct sim_run_request request = {.scenario = &scenario,
                                      .policy = batch->policy->name,
                                      .seed = LAB_TUNE_SEED,
                                      .stop_at = batch->stop_at,
                                      .progress = forward,
                                      .progress_self = progress};
    if (err == FORE_E_OK) err = sim_run(&request, result, diag);
    fore_arena_fini(&arena);
    return err;
}

static void report(void *context, double share)
{
    const struct batch *batch = context;
    if (batch->progress != NULL) batch->progress(batch->progress_self, share);
}

enum fore_err lab_tune_run(const struct sim_scenario *scenario, const struct fore_policy *policy,
                           size_t jobs, void (*progress)(void *self, double done_share),
                           void *progress_self, struct lab_tune *out, struct fore_diag *diag)
{
    struct sim_scenario past;
    struct batch batch = {
        .past = &past, .policy = policy, .progress = progress, .progress_self = progress_self};
    FORE_TRY(lab_tune_past(scenario, &past, &batch.stop_at, diag));
    size_t count = lab_tune_pick(policy, LAB_TUNE_MOST, batch.pick);
    struct sim_result result[LAB_TUNE_MOST];
    struct lab_pool_report answer[LAB_TUNE_MOST];
    struct lab_trials trials = {.count = 0};
    memset(result, 0, sizeof result);
    memset(answer, 0, sizeof answer);
    const struct lab_pool pool = {.count = count,
                                  .jobs = jobs,
                                  .result_size = sizeof result[0],
                                  .job = try_one,
                                  .progress = report,
                                  .context = &batch};
    FORE_TRY(lab_pool_run(&pool, result, answer, diag));
    *out = (struct lab_tune){
        .policy = policy, .from = past.experiment.evaluate_from, .to = batch.stop_at};
    for (size_t i = 0; i < count; i++)
        if (answer[i].outcome == LAB_POOL_DONE)
            lab_trials_add(&trials, batch.pick[i], result[i].slo_violation_node_min,
                           result[i].bytes_moved);
    if (lab_trials_choose(&trials, out)) return FORE_E_OK;
    return fore_err_set(diag, answer[0].diag.code, "tuning %s: %.400s", policy->name,
                        answer[0].diag.text);
}

void lab_tune_text(const struct lab_tune *tune, struct fore_buf *out)
{
    uint64_t rest = tune->best;
    size_t len = 0;
    if (rest == LAB_TUNE_OWN) fore_buf_puts(out, "as the scenario has it");
    for (const struct fore_policy_knob *k = tune->policy->knob;
         tune->best != LAB_TUNE_OWN && k->option != NULL; k++) {
        size_t values = value_count(k->values);
        FORE_ASSERT(values > 0);
        const char *value = value_at(k->values, rest % values, &len);
        fore_buf_printf(out, "%s%s=%.*s", k == tune->policy->knob ? "" : " ", k->option, (int)len,
                        value);
        rest /= values;
    }
}

void lab_tune_json(const struct lab_tune *tune, struct fore_json *json)
{
    struct fore_buf chosen = {0};
    lab_tune_text(tune, &chosen);
    fore_json_object(json, NULL);
    fore_json_string(json, "policy", tune->policy->name);
    fore_json_string(json, "chosen", chosen.data);
    fore_json_u64(json, "settings", tune->settings);
    fore_json_u64(json, "combinations", lab_tune_combinations(tune->policy));
    fore_json_u64(json, "seed", LAB_TUNE_SEED);
    fore_json_u64(json, "seeds", tune->seeds);
    fore_json_f64(json, "from_s", (double)tune->from / 1e9);
    fore_json_f64(json, "to_s", (double)tune->to / 1e9);
    fore_json_f64(json, "slo_violation_node_min", tune->violation_node_min);
    fore_json_f64(json, "slo_violation_node_min_worst", tune->worst_node_min);
    fore_json_f64(json, "bytes_moved", tune->bytes_moved);
    fore_json_object_end(json);
    fore_buf_fini(&chosen);
}
