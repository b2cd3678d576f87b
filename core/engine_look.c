/*
 * engine_look.c - all that a decision is made from, gathered: what the policy is shown, what the
 * planner is given, and the scores that follow from it.
 */
#include "core/decide/beyond.h"
#include "core/engine_state.h"

#include <math.h>

static const uint64_t outcomes_min = 30; /* events seen before a calibration is believed */
/* What even the truth leaves open: a step is minutes long, arrivals inside it are random. */
static const float truth_spread = 0.02f;

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

double fore_engine_mean_bytes(const struct fore_topology *topology)
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
struct fore_split_cost fore_engine_told_split_cost(const struct fore_engine *engine)
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
        .split_cost =
            fore_split_cost_known(&engine->split_cost, fore_engine_told_split_cost(engine)),
        .partitions_coming = fore_migrate_coming(&engine->migrate),
        .baseline_partitions = engine->baseline_partitions,
        .baseline_replicas = engine->baseline_replicas,
        .placement = &engine->placement,
        .move_utilization = engine->migrate.move_utilization,
        .bytes_mean = fore_engine_mean_bytes(topology),
        .bytes_unit =
            fore_engine_mean_bytes(topology) * topology->alive_count / engine->baseline_partitions,
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

void fore_engine_score(struct fore_engine *engine, const struct fore_policy_view *view,
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

void fore_engine_show(struct fore_engine *engine, const struct fore_topology *topology,
                      double left_s, fore_ns now, struct fore_engine_look *out)
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
    fore_engine_show(engine, topology, left_s, now, out);
    fore_engine_score(engine, &out->view, &out->load);
    out->input.calm = !fore_engine_triggered(engine, topology, &out->input.partition_held);
}
