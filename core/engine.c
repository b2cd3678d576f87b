/*
 * engine.c - one step of the pipeline, in reading order.
 *
 * fore_engine_step() is the whole story: a window is taken in, forecasts follow it, the coming load
 * is scored, a policy proposes, caps admit, moves advance, and every fact becomes an event. What is
 * told to the journal is in engine_events.c; nothing here does I/O or asks for the time.
 */
#include "core/engine.h"

#include "core/decide/beyond.h"
#include "core/engine_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const fore_ns alert_repeat = 3600 * FORE_SEC;
static const uint64_t outcomes_min = 30; /* events seen before a calibration is believed */
/* What even the truth leaves open: a step is minutes long, arrivals inside it are random. */
static const float truth_spread = 0.02f;
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

/* ---- decide: what the policy is shown ---- */

static size_t list_pending(const struct fore_engine *engine, double offset_s, fore_ns now,
                           struct fore_load_pending *out)
{
    size_t count = 0;
    for (uint32_t i = 0; i < engine->migrate.running; i++) {
        const struct fore_migration *m = &engine->migrate.migration[i];
        bool copies = m->move.kind == FORE_MOVE_MOVE || m->move.kind == FORE_MOVE_ADD_REPLICA;
        if (m->move.kind == FORE_MOVE_VERTICAL_SPLIT && m->state < FORE_MIGRATE_SWEEP) {
            double base = (double)m->move.load_base, apart = (double)m->move.load_apart;
            out[count++] =
                (struct fore_load_pending){.partition = m->move.partition,
                                           .from = m->move.source,
                                           .to = m->move.target,
                                           .share = 1 - base,
                                           .lost = 1 - base - apart,
                                           .due_s = offset_s + fore_migrate_due_s(m, now)};
        }
        if (!copies || m->state >= FORE_MIGRATE_SWEEP) continue;
        double share = fore_migrate_share(&engine->migrate, m);
        bool grows = m->move.kind == FORE_MOVE_ADD_REPLICA;
        out[count++] = (struct fore_load_pending){
            .partition = m->move.partition,
            /* A copy of a part that is still to be cut off: about half of its load leaves. */
            .from = !grows || share < 1 ? m->move.source : FORE_NODE_NONE,
            .to = m->move.target,
            .share = grows && share < 1 ? share / 2 : share,
            .due_s = offset_s + fore_migrate_due_bound_s(&engine->migrate, m, now)};
    }
    return count;
}

static double mean_bytes(const struct fore_topology *topology)
{
    double sum = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive) sum += (double)topology->partition[p].bytes;
    return topology->alive_count > 0 ? sum / topology->alive_count : 0;
}

static void mark_rest(const struct fore_engine *engine, const struct fore_topology *topology,
                      fore_ns now, bool *rest, bool *merged)
{
    fore_ns span = 4 * engine->setup.options->decide.cooldown;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        merged[p] = engine->merged_at[p] != 0 && now - engine->merged_at[p] < span;
        rest[p] = merged[p] || (engine->split_at[p] != 0 && now - engine->split_at[p] < span);
    }
}

static void mark_partitions(const struct fore_engine *engine, const struct fore_topology *topology,
                            fore_ns now, bool *busy, bool *grown, bool *columns)
{
    fore_ns cooldown = engine->setup.options->decide.cooldown;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        fore_ns moved = engine->moved_at[p];
        grown[p] = engine->grown_at[p] != 0 && now - engine->grown_at[p] < cooldown;
        busy[p] =
            (moved != 0 && now - moved < cooldown) || fore_migrate_rests(&engine->migrate, p, now);
        fore_ns by_column = engine->columns_at[p];
        columns[p] = by_column != 0 && now - by_column < cooldown;
    }
    for (uint32_t i = 0; i < engine->migrate.running; i++) {
        const struct fore_migration *m = &engine->migrate.migration[i];
        if (m->state >= FORE_MIGRATE_WATCH || fore_move_of_node(m->move.kind)) continue;
        busy[m->move.partition] = true;
        if (fore_move_joins(m->move.kind)) busy[m->move.other] = true;
    }
}

/* The true future as a scenario: exact means, and just enough spread to keep the price smooth. */
static const struct fore_scenario *truth(struct fore_engine *engine,
                                         const struct fore_topology *topology, fore_ns now)
{
    if (!engine->policy->needs_truth) return NULL;
    const struct fore_scenario *like = fore_fleet_scenario(engine->fleet, FORE_SCENARIO_NOWCAST);
    size_t cells = (size_t)topology->partition_cap * like->steps;
    float *mean = FORE_NEW(&engine->scratch, float, cells);
    float *own = FORE_NEW(&engine->scratch, float, cells);
    float *common = FORE_NEW(&engine->scratch, float, cells);
    struct fore_future future = engine->setup.future;
    if (future.load(future.self, topology, now, like->step, like->steps, mean) != FORE_E_OK)
        return NULL;
    for (size_t i = 0; i < cells; i++)
        own[i] = truth_spread * mean[i];
    struct fore_scenario *scenario = FORE_NEW(&engine->scratch, struct fore_scenario, 1);
    *scenario = (struct fore_scenario){.model = "truth",
                                       .origin = now,
                                       .step = like->step,
                                       .steps = like->steps,
                                       .partition_count = topology->partition_count,
                                       .mean = mean,
                                       .common = common,
                                       .own = own,
                                       .ready = true};
    return scenario;
}

/* The cluster's word, and the operator's where it has none. */
static struct fore_split_cost told_split_cost(const struct fore_engine *engine)
{
    const struct fore_decide_options *options = &engine->setup.options->decide;
    struct fore_split_cost cost = fore_driver_split_cost(engine->setup.driver);
    if (!(cost.overhead_share > 0)) cost.overhead_share = options->partition_overhead;
    if (!(cost.pause_s > 0)) cost.pause_s = (double)options->split_pause / 1e9;
    return cost;
}

static void fill_view(struct fore_engine *engine, const struct fore_topology *topology, fore_ns now,
                      struct fore_planner_input *input, struct fore_policy_view *view)
{
    struct fore_arena *scratch = &engine->scratch;
    const struct fore_engine_options *options = engine->setup.options;
    uint8_t *slots = FORE_NEW(scratch, uint8_t, topology->node_count);
    bool *busy = FORE_NEW(scratch, bool, topology->partition_cap);
    bool *rest = FORE_NEW(scratch, bool, topology->partition_cap);
    bool *merged = FORE_NEW(scratch, bool, topology->partition_cap);
    mark_rest(engine, topology, now, rest, merged);
    bool *changing = FORE_NEW(scratch, bool, topology->node_count);
    for (uint32_t i = 0; i < engine->migrate.running; i++) {
        const struct fore_move *move = &engine->migrate.migration[i].move;
        if (fore_move_of_node(move->kind))
            changing[move->kind == FORE_MOVE_ADD_NODE ? move->target : move->source] = true;
    }
    bool *grown = FORE_NEW(scratch, bool, topology->partition_cap);
    bool *columns = FORE_NEW(scratch, bool, topology->partition_cap);
    mark_partitions(engine, topology, now, busy, grown, columns);
    fore_vertical_cost_learn(&engine->vertical_cost, engine->observe, topology);
    *input = (struct fore_planner_input){
        .now = now,
        .options = &options->decide,
        .topology = topology,
        .observe = engine->observe,
        .node_slots = slots,
        .links = fore_migrate_links(&engine->migrate, topology),
        .cluster_slots = fore_migrate_slots(&engine->migrate, topology->node_count, slots),
        .partition_busy = busy,
        .partition_grown = grown,
        .partition_split_rest = rest,
        .partition_merged = merged,
        .partition_columns_rest = columns,
        .vertical_cost = &engine->vertical_cost,
        .split_cost = fore_split_cost_known(&engine->split_cost, told_split_cost(engine)),
        .partitions_coming = fore_migrate_coming(&engine->migrate),
        .baseline_partitions = engine->baseline_partitions,
        .baseline_replicas = engine->baseline_replicas,
        .placement = &engine->placement,
        .move_utilization = engine->migrate.move_utilization,
        .bytes_mean = mean_bytes(topology),
        .bytes_unit = mean_bytes(topology) * topology->alive_count / engine->baseline_partitions,
        .caps = engine->setup.driver.ops->caps,
        .size = fore_engine_size_look(engine, topology),
    };
    for (uint32_t n = 0; n < topology->node_count; n++) /* what is not in use is no target */
        if (topology->node[n].standby) slots[n] = 0;
    input->node_changing = changing;
    double rate = topology->node[0].bandwidth_bytes, unit = input->bytes_unit;
    if (!(unit > 0)) unit = input->bytes_mean;
    double move_s = rate > 0 ? input->bytes_mean / rate : 0;
    *view = (struct fore_policy_view){
        .policy = engine->policy,
        .planner = input,
        .options = &options->policy,
        .forecast = fore_fleet_scenario(engine->fleet, FORE_SCENARIO_FORECAST),
        .nowcast = fore_fleet_scenario(engine->fleet, FORE_SCENARIO_NOWCAST),
        .truth = truth(engine, topology, now),
        .beyond =
            fore_beyond_make(&options->decide, engine->observe, topology,
                             fore_fleet_scenario(engine->fleet, FORE_SCENARIO_FORECAST), scratch),
        .move_s = rate > 0 ? unit / rate : 0,
        .skill = fore_fleet_skill(engine->fleet, (fore_ns)(2e9 * move_s)),
        .partition_moved_at = engine->moved_at,
        .forecast_lost = options->decide.coverage_weight && engine->coverage.lost,
    };
}

/* ---- decide: score, propose, admit ---- */

static void score(struct fore_engine *engine, const struct fore_policy_view *view,
                  struct fore_load *load)
{
    const struct fore_planner_input *input = view->planner;
    const struct fore_topology *topology = input->topology;
    *load = (struct fore_load){.topology = topology,
                               .limit = input->options->utilization_limit,
                               .spread = input->options->utilization_spread,
                               .excess_weight = input->options->excess_weight,
                               .move_utilization = input->move_utilization,
                               .replica_overhead = input->split_cost.overhead_share};
    const struct fore_policy *policy = engine->policy;
    load->term_count =
        (policy->score_terms != NULL ? policy->score_terms : policy->terms)(view, load->term);
    double *read_share = FORE_NEW(&engine->scratch, double, topology->partition_cap);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        read_share[p] = 1 - engine->observe->partition[p].write_share;
    load->read_share = read_share;
    fore_load_build(load, &engine->scratch, input->pending, input->pending_count);
    const struct fore_calibration *learned = &engine->risk_watch.ours;
    bool honest = input->options->calibrate && learned->happened >= outcomes_min;
    fore_score_all(load, honest ? learned : NULL, &engine->scratch, engine->score);
    if (input->size != NULL) fore_score_sizes(input->size, topology, engine->score);
    engine->score_count = topology->partition_count;
    engine->rrs_max = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        engine->rrs_max = fmax(engine->rrs_max, engine->score[p].rrs_load);
    for (uint32_t n = 0; n < topology->node_count; n++)
        engine->node_risk[n] = fore_load_node_risk(load, (uint16_t)n);
}

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

/* What a policy is shown; the scores are those of the last assessment. */
static void show(struct fore_engine *engine, const struct fore_topology *topology, double left_s,
                 fore_ns now, struct fore_engine_look *out)
{
    fill_view(engine, topology, now, &out->input, &out->view);
    fore_ns origin = out->view.nowcast->origin;
    double offset_s = now > origin ? (double)(now - origin) / 1e9 : 0;
    double horizon_s = (double)engine->setup.options->forecast.horizon / 1e9;
    struct fore_arrivals *arrivals = &out->input.arrivals;
    if (engine->setup.options->decide.ahead)
        *arrivals = fore_ahead_list(engine->observe, topology, horizon_s / 2, &engine->scratch);
    struct fore_load_pending *pending =
        FORE_NEW(&engine->scratch, struct fore_load_pending,
                 engine->migrate.running + FORE_AHEAD_MOVES * (size_t)arrivals->count + 1);
    size_t count = list_pending(engine, offset_s, now, pending);
    out->input.pending_count =
        count + fore_ahead_pending(arrivals, topology, offset_s, horizon_s, pending + count);
    out->input.pending = pending;
    out->input.quiet_in_s = left_s < HUGE_VAL ? left_s : 0;
    out->term_count = engine->policy->terms(&out->view, out->term);
}

void fore_engine_look(struct fore_engine *engine, const struct fore_topology *topology,
                      double left_s, fore_ns now, struct fore_engine_look *out)
{
    show(engine, topology, left_s, now, out);
    score(engine, &out->view, &out->load);
    out->input.calm = !fore_engine_triggered(engine, topology, &out->input.partition_held);
}

/* Scores, what is to be said about them, and the question whether they come true. */
static void assess(struct fore_engine *engine, const struct fore_topology *topology,
                   struct fore_engine_look *look, const struct fore_sample *sample, fore_ns now)
{
    engine->planned_at = now;
    engine->replan = false;
    fore_engine_watch_rules(engine, topology, now);
    score(engine, &look->view, &look->load);
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
    double move_ns = rate > 0 ? 1e9 * mean_bytes(topology) / rate : 0;
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
    show(engine, topology, left_s, now, &look);
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
    fore_engine_look_back(engine, topology, mean_bytes(topology));
    if (told_split_cost(engine).overhead_share > 0)
        fore_split_cost_learn(&engine->split_cost, &sample, topology, &engine->scratch);
    fore_engine_emit_window(engine, &sample, topology, now);
    fore_engine_risk_window(engine, &sample, topology);
    decide(engine, topology, &sample, now);
    advance_moves(engine, now);
    fore_arena_reset(&engine->scratch, mark);
    return FORE_E_OK;
}
