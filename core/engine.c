/*
 * engine.c - one step of the pipeline, in reading order.
 *
 * fore_engine_step() is the whole story: a window is taken in, forecasts follow it, the coming load
 * is scored, a policy proposes, caps admit, moves advance, and every fact becomes an event. What is
 * told to the journal is in engine_events.c; nothing here does I/O or asks for the time.
 */
#include "core/engine.h"

#include "core/engine_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const fore_ns alert_repeat = 3600 * FORE_SEC;
enum { CHANGES_MAX = 64 };

static bool due(fore_ns now, fore_ns last, fore_ns every)
{
    return last == 0 || now - last >= every;
}

static void allocate(struct fore_engine *engine, const struct fore_topology *topology)
{
    struct fore_arena *perm = &engine->perm;
    uint32_t cap = topology->partition_cap;
    engine->partition_cap = cap;
    engine->node_count = topology->node_count;
    engine->moved_at = FORE_NEW(perm, fore_ns, cap);
    engine->split_at = FORE_NEW(perm, fore_ns, cap);
    engine->merged_at = FORE_NEW(perm, fore_ns, cap);
    engine->columns_at = FORE_NEW(perm, fore_ns, cap);
    engine->grown_at = FORE_NEW(perm, fore_ns, cap);
    engine->baseline_replicas = FORE_NEW(perm, uint16_t, cap);
    engine->node_was_up = FORE_NEW(perm, bool, topology->node_count);
    engine->node_too_full = FORE_NEW(perm, uint8_t, topology->node_count);
    engine->rrs_over = FORE_NEW(perm, uint8_t, cap);
    engine->score = FORE_NEW(perm, struct fore_score, cap);
    engine->node_risk = FORE_NEW(perm, struct fore_load_risk, topology->node_count);
    engine->baseline_partitions = topology->alive_count;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        engine->baseline_replicas[p] = topology->partition[p].replica_count;
    for (uint32_t n = 0; n < topology->node_count; n++)
        engine->node_was_up[n] = topology->node[n].up;
    uint32_t subjects = cap > topology->node_count ? cap : topology->node_count;
    fore_coverage_init(&engine->coverage, perm, cap);
    fore_alert_init(&engine->alerts, perm, subjects, alert_repeat);
    fore_migrate_init(&engine->migrate, &engine->setup.options->act, perm, topology->node_count);
    uint64_t most = engine->setup.options->decide.partitions_max;
    engine->migrate.partitions_max = most < UINT32_MAX ? (uint32_t)most : 0;
    engine->migrate.utilization_limit = engine->setup.options->decide.utilization_limit;
    engine->migrate.horizon_s = (double)engine->setup.options->forecast.horizon / 1e9;
    engine->migrate.slo_ms = (double)engine->setup.slo_ns / 1e6;
}

enum fore_err fore_engine_create(const struct fore_engine_setup *setup, struct fore_engine **out,
                                 struct fore_diag *diag)
{
    const struct fore_policy *policy;
    const char *name = setup->policy != NULL ? setup->policy : setup->options->policy.name;
    FORE_TRY(fore_engine_find_policy(setup, name, &policy, diag));
    const struct fore_topology *topology;
    enum fore_err err = fore_driver_topology(setup->driver, &topology);
    if (err != FORE_E_OK)
        return fore_err_set(diag, err, "the cluster's topology cannot be read: %s",
                            fore_err_text(err));
    struct fore_engine *engine = calloc(1, sizeof *engine);
    FORE_ASSERT(engine != NULL);
    engine->setup = *setup;
    fore_arena_init(&engine->perm);
    fore_arena_init(&engine->scratch);
    allocate(engine, topology);
    fore_engine_begin_policy(engine, policy, topology);
    err = fore_engine_read_rules(engine, topology, diag);
    if (err != FORE_E_OK) {
        fore_engine_destroy(engine);
        return err;
    }
    engine->observe = fore_observe_create(&setup->options->observe, topology, setup->seed);
    struct fore_forecast_options forecast = setup->options->forecast;
    const char *decided = setup->options->decide.model;
    if (decided != NULL && decided[0] != '\0') forecast.model = decided;
    engine->fleet = fore_fleet_create(&forecast, engine->observe, diag);
    if (engine->fleet == NULL) {
        fore_engine_destroy(engine);
        return diag != NULL && diag->code != FORE_E_OK ? diag->code : FORE_E_FORMAT;
    }
    fore_engine_risk_begin(engine, topology);
    fore_engine_size_begin(engine);
    *out = engine;
    return FORE_E_OK;
}

void fore_engine_destroy(struct fore_engine *engine)
{
    if (engine == NULL) return;
    if (engine->fleet != NULL) fore_fleet_destroy(engine->fleet);
    if (engine->observe != NULL) fore_observe_destroy(engine->observe);
    fore_sizes_destroy(engine->sizes);
    fore_arena_fini(&engine->perm);
    fore_arena_fini(&engine->threshold_arena);
    fore_arena_fini(&engine->placement_arena);
    fore_arena_fini(&engine->timetable_arena);
    fore_arena_fini(&engine->policy_arena);
    fore_arena_fini(&engine->scratch);
    free(engine);
}

/* ---- act: what changed hands, everybody must follow ---- */

static void advance_moves(struct fore_engine *engine, fore_ns now)
{
    struct fore_migrate_change change[CHANGES_MAX];
    size_t count = fore_migrate_tick(&engine->migrate, engine->setup.driver, engine->observe,
                                     &engine->alerts, engine->setup.sink, now, change, CHANGES_MAX);
    for (size_t i = 0; i < count; i++)
        fore_engine_follow(engine, &change[i], now);
}

/* ---- decide: score, propose, admit ---- */

static void propose(struct fore_engine *engine, const struct fore_policy_view *view, double left_s,
                    fore_ns now)
{
    struct fore_plan *plan = &engine->plan;
    char why[FORE_PLAN_TEXT];
    engine->policy->propose(view, engine->policy_memory, &engine->scratch, plan);
    fore_engine_drop_late(plan, left_s, why, sizeof why);
    if (plan->move_count == 0) {
        if (why[0] != '\0') (void)snprintf(plan->reason, sizeof plan->reason, "%s", why);
        fore_engine_note_no_plan(engine, plan, now);
        fore_engine_note_admission(engine, plan, 0, "", now);
        return;
    }
    plan->id = ++engine->plans;
    uint32_t taken = 0;
    if (engine->held)
        (void)snprintf(why, sizeof why, "only proposed");
    else
        taken = fore_migrate_admit(&engine->migrate, plan, view->planner->topology,
                                   engine->setup.driver, engine->observe, now, why, sizeof why);
    if (taken > 0) engine->plans_admitted++;
    fore_engine_emit_plan(engine, plan, taken > 0, why, now);
    if (taken > 0) fore_engine_explain(engine, view, plan, taken, why);
    if (!engine->held) fore_engine_note_admission(engine, plan, taken, why, now);
}

/* Scores, what is to be said about them, and the question whether they come true. */
static void assess(struct fore_engine *engine, const struct fore_topology *topology,
                   struct fore_engine_look *look, const struct fore_sample *sample, fore_ns now)
{
    engine->planned_at = now;
    engine->replan = false;
    fore_engine_watch_rules(engine, topology, now);
    fore_engine_score(engine, &look->view, &look->load);
    fore_engine_watch_fallback(engine, look, now);
    fore_engine_emit_scores(engine, &look->load, &look->view, now);
    fore_engine_size_watch(engine, &look->input, now);
    if (look->view.forecast->ready) fore_engine_risk_ask(engine, &look->load, sample, now);
}

/* decide.plan_every, or the time of a mean move where that is shorter: a planner that looks less
 * often than moves end leaves their slots idle. */
static fore_ns cadence(const struct fore_engine *engine, const struct fore_topology *topology)
{
    fore_ns every = engine->setup.options->decide.plan_every;
    double rate = topology->node[0].bandwidth_bytes;
    double move_ns = rate > 0 ? 1e9 * fore_engine_mean_bytes(topology) / rate : 0;
    return move_ns > 0 && move_ns < (double)every ? (fore_ns)move_ns : every;
}

/* The score opens the gate for the planner. (Policies with a clock of their own have thresholds of
 * their own too, and a calm cluster is still tidied up.) */
static void decide(struct fore_engine *engine, const struct fore_topology *topology,
                   const struct fore_sample *sample, fore_ns now)
{
    double left_s = fore_engine_keep_timetable(engine, now);
    bool planning = engine->replan || due(now, engine->planned_at, cadence(engine, topology));
    bool asking = engine->policy->own_clock && now >= engine->setup.act_from;
    if (!planning && !asking) return;
    struct fore_engine_look look;
    fore_engine_show(engine, topology, left_s, now, &look);
    if (planning) assess(engine, topology, &look, sample, now);
    look.input.calm = !fore_engine_triggered(engine, topology, &look.input.partition_held);
    if (engine->policy->propose == NULL || now < engine->setup.act_from) return;
    if (left_s <= 0) {
        (void)snprintf(engine->plan.reason, sizeof engine->plan.reason,
                       "planner.quiet lets nothing move now");
        fore_engine_note_no_plan(engine, &engine->plan, now);
        return;
    }
    propose(engine, &look.view, left_s, now);
}

enum fore_err fore_engine_step(struct fore_engine *engine, fore_ns now, struct fore_diag *diag)
{
    struct fore_driver driver = engine->setup.driver;
    const struct fore_topology *topology;
    struct fore_sample sample;
    enum fore_err err = fore_driver_topology(driver, &topology);
    if (err == FORE_E_OK) err = fore_driver_sample(driver, &sample);
    if (err == FORE_E_AGAIN) return err;
    if (err != FORE_E_OK) {
        fore_engine_note_unreachable(engine, err, now);
        advance_moves(engine, now); /* the machine keeps its own account of what was asked */
        return FORE_E_AGAIN;
    }
    fore_alert_resolve(&engine->alerts, engine->setup.sink, now, FORE_ALERT_DRIVER, 0);

    struct fore_arena_mark mark = fore_arena_mark(&engine->scratch);
    FORE_TRY(fore_observe_push(engine->observe, &sample, topology, diag));
    if (engine->sizes != NULL) fore_sizes_push(engine->sizes, &sample, topology);
    fore_fleet_refresh(engine->fleet, engine->observe, topology, now, &engine->scratch);
    fore_engine_look_back(engine, topology, fore_engine_mean_bytes(topology));
    if (fore_engine_told_split_cost(engine).overhead_share > 0)
        fore_split_cost_learn(&engine->split_cost, &sample, topology, &engine->scratch);
    fore_engine_emit_window(engine, &sample, topology, now);
    fore_engine_risk_window(engine, &sample, topology);
    decide(engine, topology, &sample, now);
    advance_moves(engine, now);
    fore_arena_reset(&engine->scratch, mark);
    return FORE_E_OK;
}
