/*
 * engine_events.c - what the engine tells the world: every window's load, every score worth a look,
 * every plan with its price, and alerts. The journal, the dashboard and the API know nothing else.
 */
#include "core/engine_state.h"
#include "core/forecast/lineup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SCORES_TOLD = 16, REFUSALS_MAX = 3, PERSISTS = 3 };
static const double z90 = 1.2815515655446004; /* of the 90 % quantile */

static struct fore_sink sink_of(const struct fore_engine *engine)
{
    return engine->setup.sink;
}

static void emit_cluster(struct fore_engine *engine, const struct fore_sample *sample, fore_ns now)
{
    double most = 0, sum = 0;
    uint32_t up = 0;
    for (uint32_t n = 0; n < sample->node_count; n++) {
        if (!sample->node[n].up) continue;
        most = fmax(most, sample->node[n].utilization);
        sum += sample->node[n].utilization;
        up++;
    }
    struct fore_event_cluster_load event = {
        .window_ns = sample->end - sample->begin,
        .requests = sample->requests,
        .slow = sample->slow,
        .p50_ns = sample->latency_p50_ns,
        .p99_ns = sample->latency_p99_ns,
        .p999_ns = sample->latency_p999_ns,
        .slo_ns = engine->setup.slo_ns,
        .violation_s = (float)engine->violation_s,
        .imbalance = sum > 0 ? (float)(most * up / sum) : 1.0f,
        .moves_running = engine->migrate.running,
    };
    fore_sink_put(sink_of(engine), now, FORE_EV_CLUSTER_LOAD, &event, sizeof event);
}

static void emit_nodes(struct fore_engine *engine, const struct fore_sample *sample, fore_ns now)
{
    struct fore_event_node_load *row =
        FORE_NEW(&engine->scratch, struct fore_event_node_load, sample->node_count);
    double window_s = (double)(sample->end - sample->begin) / 1e9;
    for (uint32_t n = 0; n < sample->node_count; n++) {
        const struct fore_node_sample *s = &sample->node[n];
        const struct fore_load_risk *risk = &engine->node_risk[n];
        bool known = engine->score_count > 0;
        double spread = z90 * risk->utilization_sd;
        row[n] = (struct fore_event_node_load){
            .utilization = (float)s->utilization,
            .move_utilization = s->busy_ns > 0 ? (float)(s->utilization * (double)s->busy_move_ns /
                                                         (double)s->busy_ns)
                                               : 0.0f,
            .requests_per_sec = (float)((double)s->requests / window_s),
            .p50_ms = (float)((double)s->latency_p50_ns / 1e6),
            .p99_ms = (float)((double)s->latency_p99_ns / 1e6),
            .slow_share = s->requests > 0 ? (float)((double)s->slow / (double)s->requests) : 0.0f,
            .backlog_ms = (float)((double)s->backlog_ns / 1e6),
            .forecast_peak = known ? (float)risk->utilization_mean : NAN,
            .forecast_peak_low = known ? (float)fmax(0, risk->utilization_mean - spread) : NAN,
            .forecast_peak_high = known ? (float)(risk->utilization_mean + spread) : NAN,
        };
    }
    fore_sink_put(sink_of(engine), now, FORE_EV_NODE_LOAD, row, sample->node_count * sizeof *row);
}

static void emit_partitions(struct fore_engine *engine, const struct fore_sample *sample,
                            fore_ns now)
{
    struct fore_event_partition_load *row =
        FORE_NEW(&engine->scratch, struct fore_event_partition_load, sample->partition_count + 1);
    double window_s = (double)(sample->end - sample->begin) / 1e9;
    size_t count = 0;
    for (uint32_t p = 0; p < sample->partition_count; p++) {
        const struct fore_partition_sample *s = &sample->partition[p];
        if (s->reads + s->writes == 0) continue;
        row[count++] = (struct fore_event_partition_load){
            .partition = p,
            .reads_per_sec = (float)((double)s->reads / window_s),
            .writes_per_sec = (float)((double)s->writes / window_s),
            .bytes_per_sec = (float)((double)(s->bytes_read + s->bytes_written) / window_s),
            .load_cores = (float)((double)(s->busy_read_ns + s->busy_write_ns) / 1e9 / window_s),
            .p99_ms = (float)((double)s->latency_p99_ns / 1e6),
        };
    }
    fore_sink_put(sink_of(engine), now, FORE_EV_PARTITION_LOAD, row, count * sizeof *row);
}

static void emit_keyframe(struct fore_engine *engine, const struct fore_topology *topology,
                          fore_ns now)
{
    struct fore_buf buf = {0};
    fore_event_keyframe_build(topology, &buf);
    fore_sink_put(sink_of(engine), now, FORE_EV_KEYFRAME, buf.data, buf.len);
    fore_buf_fini(&buf);
}

static void emit_forecasts(struct fore_engine *engine, const struct fore_topology *topology,
                           fore_ns now)
{
    static const double levels[3] = {0.1, 0.5, 0.9};
    const struct fore_scenario *s = fore_fleet_scenario(engine->fleet, FORE_SCENARIO_FORECAST);
    size_t len = sizeof(struct fore_event_forecast) + 3 * s->steps * sizeof(float);
    float *grid = FORE_NEW(&engine->scratch, float, 3 * s->steps);
    char *body = fore_arena_alloc(&engine->scratch, len, 8);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive ||
            !fore_fleet_quantiles(engine->fleet, p, levels, 3, &engine->scratch, grid))
            continue;
        struct fore_event_forecast event = {
            .partition = p, .steps = (uint32_t)s->steps, .step_ns = s->step};
        (void)snprintf(event.model, sizeof event.model, "%s", s->model);
        memcpy(body, &event, sizeof event);
        float *out = (float *)(void *)(body + sizeof event);
        for (size_t i = 0; i < 3; i++)
            for (size_t h = 0; h < s->steps; h++)
                out[i * s->steps + h] = grid[h * 3 + i];
        if (!engine->setup.options->decide.journal_why) {
            fore_sink_put(sink_of(engine), now, FORE_EV_FORECAST, body, len);
            continue;
        }
        struct fore_buf reason = {0};
        fore_fleet_reason(engine->fleet, p, &reason);
        fore_buf_append(&reason, "", 1);
        fore_sink_put_text(sink_of(engine), now, FORE_EV_FORECAST, body, len, reason.data);
        fore_buf_fini(&reason);
    }
}

static void emit_hot_keys(struct fore_engine *engine, const struct fore_topology *topology,
                          fore_ns now)
{
    struct fore_hotkey top[8];
    size_t count = fore_hotkeys_top(engine->observe->hot_keys, top, FORE_COUNTOF(top));
    double total = fore_hotkeys_total(engine->observe->hot_keys);
    for (size_t i = 0; i < count && total > 0; i++) {
        if (top[i].count - top[i].error < 0.01 * total) continue; /* certainly above 1 % only */
        struct fore_event_hot_key event = {
            .position = top[i].position,
            .partition = fore_topology_find(topology, top[i].position),
            .share = (float)(top[i].count / total),
            .share_error = (float)(top[i].error / total),
            .rank = (uint32_t)i,
        };
        fore_sink_put(sink_of(engine), now, FORE_EV_HOT_KEY, &event, sizeof event);
    }
}

static void watch_nodes(struct fore_engine *engine, const struct fore_sample *sample,
                        const struct fore_topology *topology, fore_ns now)
{
    for (uint32_t n = 0; n < sample->node_count; n++) {
        bool up = sample->node[n].up;
        if (up == engine->node_was_up[n]) continue;
        engine->node_was_up[n] = up;
        struct fore_event_fault event = {.node = (uint16_t)n, .up = up};
        fore_sink_put(sink_of(engine), now, FORE_EV_FAULT, &event, sizeof event);
        if (up)
            fore_alert_resolve(&engine->alerts, sink_of(engine), now, FORE_ALERT_NODE_DOWN, n);
        else
            fore_alert_raise(&engine->alerts, sink_of(engine), now, FORE_ALERT_NODE_DOWN,
                             FORE_ALERT_CRITICAL, n, "%s is down", topology->node[n].name);
    }
}

static void watch_slo(struct fore_engine *engine, const struct fore_sample *sample, fore_ns now)
{
    double share = sample->requests > 0 ? (double)sample->slow / (double)sample->requests : 0;
    if (share <= 0.01) {
        if (share < 0.005)
            fore_alert_resolve(&engine->alerts, sink_of(engine), now, FORE_ALERT_SLO, 0);
        return;
    }
    engine->violation_s += (double)(sample->end - sample->begin) / 1e9;
    fore_alert_raise(&engine->alerts, sink_of(engine), now, FORE_ALERT_SLO, FORE_ALERT_CRITICAL, 0,
                     "the cluster's p99 is %.1f ms; the SLO is %.1f ms",
                     (double)sample->latency_p99_ns / 1e6, (double)engine->setup.slo_ns / 1e6);
}

/* What the nets have learned since the last window: on how much, and whether it was better. */
static void note_lessons(struct fore_engine *engine, fore_ns now)
{
    struct fore_lineup_lesson lesson[4];
    uint64_t total = fore_fleet_counts(engine->fleet).lessons;
    if (total == engine->lessons_told) return;
    size_t fresh = (size_t)(total - engine->lessons_told);
    size_t count = fore_fleet_lessons(engine->fleet, lesson,
                                      fresh < FORE_COUNTOF(lesson) ? fresh : FORE_COUNTOF(lesson));
    engine->lessons_told = total;
    for (size_t i = 0; i < count; i++) {
        struct fore_buf text = {0};
        fore_buf_printf(&text, "%s trained on %zu partitions (%s): error %.3f of the naive's",
                        lesson[i].member, lesson[i].series, lesson[i].cause, lesson[i].after);
        if (!isnan(lesson[i].before)) fore_buf_printf(&text, ", %.3f before", lesson[i].before);
        fore_buf_puts(&text, lesson[i].taken ? "; taken" : "; the old one stays");
        fore_sink_put(sink_of(engine), now, FORE_EV_NOTE, text.data, text.len + 1);
        fore_buf_fini(&text);
    }
}

void fore_engine_emit_window(struct fore_engine *engine, const struct fore_sample *sample,
                             const struct fore_topology *topology, fore_ns now)
{
    bool first = engine->keyframe_at == 0;
    if (first || now - engine->keyframe_at >= engine->setup.keyframe_every) {
        engine->keyframe_at = now;
        emit_keyframe(engine, topology, now);
        emit_hot_keys(engine, topology, now);
    }
    /* Often enough that a reader always has one that covers most of the horizon. */
    if (engine->forecast_at == 0 ||
        now - engine->forecast_at >= engine->setup.options->forecast.horizon / 4) {
        engine->forecast_at = now;
        emit_forecasts(engine, topology, now);
    }
    note_lessons(engine, now);
    watch_nodes(engine, sample, topology, now);
    watch_slo(engine, sample, now);
    if (!first && now - engine->journalled_at < engine->setup.journal_every) return;
    engine->journalled_at = now;
    emit_cluster(engine, sample, now);
    emit_nodes(engine, sample, now);
    emit_partitions(engine, sample, now);
}

/* A node in trouble is one alert, about the partition to act on first, and one that wavers about
 * the threshold too: it is raised when the score was over it PERSISTS times in a row, and gone when
 * it was below half of it as often. */
static void watch_score(struct fore_engine *engine, uint32_t p, double threshold, fore_ns now)
{
    double rrs = engine->score[p].rrs;
    uint8_t *over = &engine->rrs_over[p];
    bool stands = fore_alert_stands(&engine->alerts, FORE_ALERT_RRS, p);
    bool first = engine->score[p].responsibility >= 1;
    bool counts = stands ? rrs < threshold / 2 : rrs >= threshold && first;
    *over = counts ? (uint8_t)(*over + 1) : 0;
    if (*over < PERSISTS) return;
    *over = 0;
    if (stands)
        fore_alert_resolve(&engine->alerts, sink_of(engine), now, FORE_ALERT_RRS, p);
    else
        fore_alert_raise(&engine->alerts, sink_of(engine), now, FORE_ALERT_RRS, FORE_ALERT_INFO, p,
                         "p%u has an RRS of %.2f; the threshold is %.2f", p, rrs, threshold);
}

/* The score itself, and partitions that no node can carry. */
static void watch_scores(struct fore_engine *engine, fore_ns now)
{
    double threshold = engine->setup.options->decide.rrs_threshold;
    struct fore_alerts *alerts = &engine->alerts;
    struct fore_sink sink = sink_of(engine);
    for (uint32_t p = 0; p < engine->score_count; p++) {
        const struct fore_score *score = &engine->score[p];
        if (threshold > 0) watch_score(engine, p, threshold, now);
        bool alone = score->limit == FORE_LIMIT_PARTITION;
        if (alone && score->probability > 0.5)
            fore_alert_raise(alerts, sink, now, FORE_ALERT_PARTITION_TOO_HOT, FORE_ALERT_WARNING, p,
                             "p%u alone is too much for a node: no move can fix it", p);
        else if ((!alone && score->limit != FORE_LIMIT_SIZE) || score->probability < 0.25)
            fore_alert_resolve(alerts, sink, now, FORE_ALERT_PARTITION_TOO_HOT, p);
    }
}

static void watch_risks(struct fore_engine *engine, const struct fore_load *load, double skill,
                        fore_ns now)
{
    const struct fore_topology *topology = load->topology;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        const struct fore_load_risk *risk = &engine->node_risk[n];
        if (risk->probability < 0.25)
            fore_alert_resolve(&engine->alerts, sink_of(engine), now, FORE_ALERT_NODE_RISK, n);
        if (risk->probability < 0.5) continue;
        fore_alert_raise(&engine->alerts, sink_of(engine), now, FORE_ALERT_NODE_RISK,
                         FORE_ALERT_WARNING, n,
                         "%s is expected at %.0f %% of capacity within %.0f min (P %.2f)",
                         topology->node[n].name, 100 * risk->utilization_mean,
                         (double)(risk->step + 1) * load->step_s / 60, risk->probability);
    }
    watch_scores(engine, now);
    if (skill < 1)
        fore_alert_resolve(&engine->alerts, sink_of(engine), now, FORE_ALERT_FORECAST_POOR, 0);
    if (skill > 1.2)
        fore_alert_raise(&engine->alerts, sink_of(engine), now, FORE_ALERT_FORECAST_POOR,
                         FORE_ALERT_INFO, 0,
                         "the forecast's error is %.2f times that of persistence", skill);
}

/* The highest few, highest first; ties by index. */
static size_t top_scores(const struct fore_engine *engine, uint32_t *out)
{
    size_t count = 0;
    for (uint32_t p = 0; p < engine->score_count; p++) {
        double rrs = engine->score[p].rrs;
        if (rrs < 0.01) continue;
        size_t at = count < SCORES_TOLD ? count++ : SCORES_TOLD;
        if (at == SCORES_TOLD) {
            if (rrs <= engine->score[out[at - 1]].rrs) continue;
            at--;
        }
        for (; at > 0 && engine->score[out[at - 1]].rrs < rrs; at--)
            out[at] = out[at - 1];
        out[at] = p;
    }
    return count;
}

void fore_engine_emit_scores(struct fore_engine *engine, const struct fore_load *load,
                             const struct fore_policy_view *view, fore_ns now)
{
    watch_risks(engine, load, view->skill, now);
    if (engine->scores_at != 0 && now - engine->scores_at < engine->setup.journal_every) return;
    engine->scores_at = now;
    uint32_t top[SCORES_TOLD];
    size_t count = top_scores(engine, top);
    bool named;
    for (size_t i = 0; i < count; i++) {
        const struct fore_score *s = &engine->score[top[i]];
        struct fore_event_score event = {
            .partition = top[i],
            .rrs = (float)s->rrs,
            .probability = (float)s->probability,
            .responsibility = (float)s->responsibility,
            .threshold = (float)fore_engine_threshold(engine, load->topology, top[i], &named),
            .node = s->node,
        };
        char reason[FORE_PLAN_TEXT];
        fore_score_reason(load, s, reason, sizeof reason);
        fore_sink_put_text(sink_of(engine), now, FORE_EV_SCORE, &event, sizeof event, reason);
    }
}

void fore_engine_emit_plan(struct fore_engine *engine, const struct fore_plan *plan, bool admitted,
                           const char *why, fore_ns now)
{
    struct fore_event_plan event = {
        .plan = plan->id,
        .epoch = plan->epoch,
        .violation_before = (float)plan->violation_before_s,
        .violation_after = (float)plan->violation_after_s,
        .move_count = (uint16_t)plan->move_count,
        .admitted = admitted,
    };
    size_t head = sizeof event + plan->move_count * sizeof(struct fore_event_plan_move);
    char *body = fore_arena_alloc(&engine->scratch, head, 8);
    for (uint32_t i = 0; i < plan->move_count; i++) {
        const struct fore_plan_move *m = &plan->move[i];
        struct fore_event_plan_move row = {.kind = (uint8_t)m->move.kind,
                                           .after = (uint8_t)m->after,
                                           .on_new = m->on_new,
                                           .partition = m->move.partition,
                                           .other = m->move.other,
                                           .source = m->move.source,
                                           .target = m->move.target,
                                           .gain = (float)m->gain_s,
                                           .bytes = (float)m->bytes};
        event.bytes += row.bytes;
        memcpy(body + sizeof event + i * sizeof row, &row, sizeof row);
    }
    memcpy(body, &event, sizeof event);
    char text[2 * FORE_PLAN_TEXT];
    (void)snprintf(text, sizeof text, "%s%s%s", plan->reason, why[0] != '\0' ? "; not: " : "", why);
    fore_sink_put_text(sink_of(engine), now, FORE_EV_PLAN, body, head, text);
}

static void why_node(const struct fore_whatif_node *from, struct fore_event_why_node *to)
{
    *to = (struct fore_event_why_node){.node = from->node,
                                       .risk_before = (float)from->before.risk,
                                       .risk_during = (float)from->during.risk,
                                       .risk_after = (float)from->after.risk,
                                       .p99_before_ms = (float)from->before.p99_ms[1],
                                       .p99_during_ms = (float)from->during.p99_ms[1],
                                       .p99_after_ms = (float)from->after.p99_ms[1]};
}

static void why_other(const struct fore_whatif_alternative *from, struct fore_event_why_other *to)
{
    *to = (struct fore_event_why_other){.partition = from->partition,
                                        .partner = from->partner,
                                        .gain_s = (float)from->gain_s,
                                        .bytes = (float)from->bytes,
                                        .duration_s = (float)from->duration_s,
                                        .kind = (uint8_t)from->kind,
                                        .swap = from->swap,
                                        .why = (uint8_t)from->why};
    memcpy(to->source, from->source, sizeof to->source);
    memcpy(to->target, from->target, sizeof to->target);
}

void fore_engine_emit_why(struct fore_engine *engine, uint64_t plan,
                          const struct fore_whatif *whatif, fore_ns now)
{
    struct fore_event_why event = {.plan = plan,
                                   .horizon_s = (float)whatif->horizon_s,
                                   .duration_s = (float)whatif->duration_s,
                                   .bytes = (float)whatif->bytes,
                                   .risk_before = (float)whatif->risk_before,
                                   .risk_after = (float)whatif->risk_after,
                                   .node_count = (uint16_t)whatif->node_count,
                                   .other_count = (uint16_t)whatif->alternative_count,
                                   .calm = whatif->calm};
    struct fore_event_why_node node[FORE_WHATIF_NODES] = {0};
    struct fore_event_why_other other[FORE_WHATIF_ALTERNATIVES] = {0};
    char text[FORE_WHATIF_ALTERNATIVES * FORE_WHATIF_TEXT];
    size_t used = 0, nodes = event.node_count * sizeof *node, others;
    text[0] = '\0';
    for (uint32_t i = 0; i < whatif->node_count; i++)
        why_node(&whatif->node[i], &node[i]);
    for (uint32_t i = 0; i < whatif->alternative_count; i++) {
        why_other(&whatif->alternative[i], &other[i]);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "\n" : "",
                                 whatif->alternative[i].text);
    }
    others = event.other_count * sizeof *other;
    char *body = fore_arena_alloc(&engine->scratch, sizeof event + nodes + others, 8);
    memcpy(body, &event, sizeof event);
    memcpy(body + sizeof event, node, nodes);
    memcpy(body + sizeof event + nodes, other, others);
    fore_sink_put_text(sink_of(engine), now, FORE_EV_WHY, body, sizeof event + nodes + others,
                       text);
}

void fore_engine_note_no_plan(struct fore_engine *engine, const struct fore_plan *plan, fore_ns now)
{
    if (engine->rrs_max < 0.25)
        fore_alert_resolve(&engine->alerts, sink_of(engine), now, FORE_ALERT_NO_PLAN, 0);
    if (engine->rrs_max < 0.5 || engine->migrate.running > 0) return; /* help may be on its way */
    fore_alert_raise(&engine->alerts, sink_of(engine), now, FORE_ALERT_NO_PLAN, FORE_ALERT_WARNING,
                     0, "a bottleneck is likely (RRS %.2f) and no change pays: %s", engine->rrs_max,
                     plan->reason);
}

void fore_engine_note_admission(struct fore_engine *engine, const struct fore_plan *plan,
                                uint32_t taken, const char *why, fore_ns now)
{
    struct fore_alerts *alerts = &engine->alerts;
    if (plan->move_count == 0 || taken > 0) {
        engine->refusals = 0;
        fore_alert_resolve(alerts, sink_of(engine), now, FORE_ALERT_PLAN_INFEASIBLE, 0);
    } else if (++engine->refusals >= REFUSALS_MAX) {
        fore_alert_raise(
            alerts, sink_of(engine), now, FORE_ALERT_PLAN_INFEASIBLE, FORE_ALERT_WARNING, 0,
            "%u plans in a row could not be begun; the last: %s", engine->refusals, why);
    }
}

void fore_engine_note_unreachable(struct fore_engine *engine, enum fore_err err, fore_ns now)
{
    fore_alert_raise(&engine->alerts, sink_of(engine), now, FORE_ALERT_DRIVER, FORE_ALERT_CRITICAL,
                     0, "the cluster does not answer: %s", fore_err_text(err));
}
