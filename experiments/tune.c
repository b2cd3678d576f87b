/*
 * tune.c - the grid search.
 */
#include "experiments/tune.h"

#include <string.h>

#include "experiments/pool.h"

static const double highs[] = {.65, .70, .75, .80, .85};
static const uint32_t hold_windows[] = {0, 3};
static const uint32_t picks[] = {FORE_PICK_HOTTEST, FORE_PICK_FIT};
static const char *const pick_names[] = {"hottest", "fit", "coldest"};
static const uint32_t cooldown_factors[] = {1, 4};

_Static_assert(LAB_TUNE_GRID == FORE_COUNTOF(highs) * FORE_COUNTOF(hold_windows) *
                                    FORE_COUNTOF(picks) * FORE_COUNTOF(cooldown_factors),
               "every combination once");

struct lab_tune_row lab_tune_grid(const struct sim_scenario *scenario, size_t index)
{
    FORE_ASSERT(index < LAB_TUNE_GRID);
    struct lab_tune_row row = {0};
    row.cooldown = scenario->engine.policy.reactive_cooldown *
                   cooldown_factors[index % FORE_COUNTOF(cooldown_factors)];
    index /= FORE_COUNTOF(cooldown_factors);
    row.pick = picks[index % FORE_COUNTOF(picks)];
    index /= FORE_COUNTOF(picks);
    row.hold = scenario->engine.observe.window * hold_windows[index % FORE_COUNTOF(hold_windows)];
    index /= FORE_COUNTOF(hold_windows);
    row.high = highs[index];
    row.low = row.high - .05;
    return row;
}

void lab_tune_apply(const struct lab_tune_row *row, struct fore_policy_options *policy)
{
    policy->reactive_high = row->high;
    policy->reactive_low = row->low;
    policy->reactive_hold = row->hold;
    policy->reactive_pick = row->pick;
    policy->reactive_cooldown = row->cooldown;
}

/* The same scenario, measured on the time before the evaluation; the first eighth of it is left for
 * the placement to settle. */
static enum fore_err past_of(const struct sim_scenario *scenario, struct sim_scenario *out,
                             struct fore_diag *diag)
{
    fore_ns until = scenario->experiment.evaluate_from, from = scenario->experiment.act_from;
    if (from == 0) from = until / 2;
    if (until == 0 || from >= until)
        return fore_err_set(diag, FORE_E_RANGE,
                            "%s: experiment.tune_reactive needs time to tune on; set "
                            "experiment.evaluate_from, and experiment.act_from before it",
                            scenario->path);
    *out = *scenario;
    fore_ns window = scenario->engine.observe.window;
    fore_ns settled = from + (until - from) / 8;
    out->experiment.evaluate_from = settled - settled % window;
    out->experiment.act_from = from;
    out->engine.forecast.model = "naive"; /* reactive asks for no forecast: save the time */
    return FORE_E_OK;
}

struct batch {
    const struct sim_scenario *past;
    fore_ns stop_at;
    void (*progress)(void *self, double done_share);
    void *progress_self;
};

static void forward(void *self, double share)
{
    lab_pool_progress(self, share);
}

static enum fore_err try_row(void *context, size_t index, void *result,
                             struct lab_pool_progress *progress, struct fore_diag *diag)
{
    const struct batch *batch = context;
    struct sim_scenario scenario = *batch->past;
    struct lab_tune_row row = lab_tune_grid(batch->past, index);
    lab_tune_apply(&row, &scenario.engine.policy);
    struct sim_run_request request = {.scenario = &scenario,
                                      .policy = "reactive",
                                      .seed = LAB_TUNE_SEED,
                                      .stop_at = batch->stop_at,
                                      .progress = forward,
                                      .progress_self = progress};
    return sim_run(&request, result, diag);
}

static void report(void *context, double share)
{
    const struct batch *batch = context;
    if (batch->progress != NULL) batch->progress(batch->progress_self, share);
}

static bool better(const struct sim_result *a, const struct sim_result *b)
{
    if (a->slo_violation_node_min < b->slo_violation_node_min) return true;
    if (a->slo_violation_node_min > b->slo_violation_node_min) return false;
    return a->bytes_moved < b->bytes_moved;
}

enum fore_err lab_tune_run(const struct sim_scenario *scenario, size_t jobs,
                           void (*progress)(void *self, double done_share), void *progress_self,
                           struct lab_tune *out, struct fore_diag *diag)
{
    struct sim_scenario past;
    FORE_TRY(past_of(scenario, &past, diag));
    struct batch batch = {&past, scenario->experiment.evaluate_from, progress, progress_self};
    struct sim_result result[LAB_TUNE_GRID];
    struct lab_pool_report answer[LAB_TUNE_GRID];
    memset(result, 0, sizeof result);
    memset(answer, 0, sizeof answer);
    const struct lab_pool pool = {.count = LAB_TUNE_GRID,
                                  .jobs = jobs,
                                  .result_size = sizeof result[0],
                                  .job = try_row,
                                  .progress = report,
                                  .context = &batch};
    FORE_TRY(lab_pool_run(&pool, result, answer, diag));
    *out = (struct lab_tune){.from = past.experiment.evaluate_from, .to = batch.stop_at};
    size_t best = LAB_TUNE_GRID;
    for (size_t i = 0; i < LAB_TUNE_GRID; i++) {
        if (answer[i].outcome != LAB_POOL_DONE) continue;
        out->settings++;
        if (best == LAB_TUNE_GRID || better(&result[i], &result[best])) best = i;
        if (result[i].slo_violation_node_min > out->worst_node_min)
            out->worst_node_min = result[i].slo_violation_node_min;
    }
    if (best == LAB_TUNE_GRID)
        return fore_err_set(diag, answer[0].diag.code, "tuning reactive: %s", answer[0].diag.text);
    out->done = true;
    out->best = lab_tune_grid(&past, best);
    out->violation_node_min = result[best].slo_violation_node_min;
    out->bytes_moved = result[best].bytes_moved;
    return FORE_E_OK;
}

void lab_tune_text(const struct lab_tune_row *row, struct fore_buf *out)
{
    fore_buf_printf(out, "high %.0f%% low %.0f%% hold %.4gs pick %s cool-down %.4gs",
                    row->high * 100, row->low * 100, (double)row->hold / 1e9, pick_names[row->pick],
                    (double)row->cooldown / 1e9);
}

void lab_tune_json(const struct lab_tune *tune, struct fore_json *json)
{
    fore_json_object(json, "reactive_tuned");
    fore_json_u64(json, "settings", tune->settings);
    fore_json_u64(json, "seed", LAB_TUNE_SEED);
    fore_json_f64(json, "from_s", (double)tune->from / 1e9);
    fore_json_f64(json, "to_s", (double)tune->to / 1e9);
    fore_json_f64(json, "reactive_high", tune->best.high);
    fore_json_f64(json, "reactive_low", tune->best.low);
    fore_json_f64(json, "reactive_hold_s", (double)tune->best.hold / 1e9);
    fore_json_string(json, "reactive_pick", pick_names[tune->best.pick]);
    fore_json_f64(json, "reactive_cooldown_s", (double)tune->best.cooldown / 1e9);
    fore_json_f64(json, "slo_violation_node_min", tune->violation_node_min);
    fore_json_f64(json, "slo_violation_node_min_worst", tune->worst_node_min);
    fore_json_f64(json, "bytes_moved", tune->bytes_moved);
    fore_json_object_end(json);
}
