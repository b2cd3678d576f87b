/* tip.c - see tip.h. */
#include "viz/tip.h"

#include "core/act/migrate.h"
#include "viz/format.h"
#include "viz/label.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(struct viz_tip *tip, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct viz_tip *tip, const char *format, ...)
{
    if (tip->count == VIZ_TIP_LINES) return;
    va_list list;
    va_start(list, format);
    (void)vsnprintf(tip->line[tip->count++], VIZ_TIP_LINE, format, list);
    va_end(list);
}

static const char *name_of(const struct viz_model *model, uint32_t node)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    return node < topology->node_count ? topology->node[node].name : "?";
}

/* Which keys, of which table, on which nodes. */
static void say_partition(struct viz_tip *tip, const struct viz_model *model, uint32_t p)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    const struct fore_partition *part = &topology->partition[p];
    const char *table =
        part->table < topology->table_count ? topology->table[part->table].name : "?";
    bool slots = part->table < topology->table_count && topology->table[part->table].last == 16383;
    if (part->last > UINT64_MAX / 2)
        say(tip, "%s, keys from %llu", table, (unsigned long long)part->first);
    else
        say(tip, "%s, %s %llu\342\200\223%llu", table, slots ? "slots" : "keys",
            (unsigned long long)part->first, (unsigned long long)part->last);
    say(tip, "on %s%s, %s", name_of(model, part->replica[0]),
        part->replica_count > 1 ? " and copies" : "", viz_format_bytes((double)part->bytes).s);
    for (uint32_t i = 1; i < part->replica_count && i < 4; i++)
        say(tip, "  copy on %s", name_of(model, part->replica[i]));
}

static void say_load(struct viz_tip *tip, const struct viz_model *model, uint32_t p)
{
    const struct fore_event_partition_load *l = &model->snapshot.partition_load[p];
    say(tip, "now %.3g cores; %s reads/s, %s writes/s; %s/s", (double)l->load_cores,
        viz_format_count((double)l->reads_per_sec).s, viz_format_count((double)l->writes_per_sec).s,
        viz_format_bytes((double)l->bytes_per_sec).s);
    const struct fore_snapshot_score *s = &model->snapshot.score[p];
    if (s->at == 0) return;
    say(tip, "RRS %.2f = %.2f \303\227 %.2f, threshold %.2f", (double)s->score.rrs,
        (double)s->score.probability, (double)s->score.responsibility, (double)s->score.threshold);
    if (s->reason[0] != '\0') say(tip, "%s", s->reason);
}

static void say_ahead(struct viz_tip *tip, const struct viz_model *model, uint32_t p, fore_ns at)
{
    double low = viz_model_forecast(model, p, at, 0), high = viz_model_forecast(model, p, at, 2);
    if (isnan(low)) {
        say(tip, "no forecast for then");
        return;
    }
    say(tip, "forecast %.3g cores, %.3g to %.3g (q10\342\200\223q90)",
        viz_model_forecast(model, p, at, 1), low, high);
    say(tip, "made %s by %s", viz_format_moment(model->forecast[p].at, model->start_unix_s).s,
        model->forecast[p].model);
}

static void say_past(struct viz_tip *tip, const struct viz_scene *scene, uint32_t p, fore_ns at)
{
    const struct viz_model *model = scene->model;
    enum viz_metric metric = scene->look->error ? VIZ_METRIC_LOAD : scene->look->metric;
    const uint8_t *column = viz_matrix_column(&model->heat, at / model->heat.bucket_ns);
    double truth = column != NULL && p < model->heat.row_cap
                       ? viz_metric_value(metric, viz_matrix_value(column[p]))
                       : (double)NAN;
    if (isnan(truth)) {
        say(tip, "not measured then");
        return;
    }
    say(tip, "%s, the most within %s", viz_metric_format(metric, truth).s,
        viz_format_duration(model->heat.bucket_ns).s);
    if (!scene->look->error || p >= model->expect.row_cap) return;
    const uint8_t *said = viz_matrix_column(&model->expect, at / model->heat.bucket_ns);
    if (said == NULL || said[p] == 0) return;
    double forecast = viz_matrix_value(said[p]);
    say(tip, "forecast %.3g cores %s before", forecast, viz_format_duration(model->expect_lead).s);
    if (truth > 0)
        say(tip, "%.2f times what came: %s", forecast / truth,
            forecast < truth ? "too low" : "too high");
}

static bool tell_heat(const struct viz_scene *scene, const struct viz_hit *hit, double x, double y,
                      struct viz_tip *tip)
{
    fore_ns at = viz_axis_at(&scene->scale, x);
    uint32_t p = viz_panel_row_at(scene, hit->r, y, at);
    if (p == VIZ_NONE) return false;
    say(tip, "p%u at %s", p, viz_format_moment(at, scene->model->start_unix_s).s);
    if (at > scene->view.now)
        say_ahead(tip, scene->model, p, at);
    else
        say_past(tip, scene, p, at);
    say_partition(tip, scene->model, p);
    return true;
}

static bool tell_partition(const struct viz_scene *scene, uint64_t id, struct viz_tip *tip)
{
    const struct viz_model *model = scene->model;
    if (id >= model->snapshot.topology.partition_count) return false;
    say(tip, "partition p%u", (unsigned)id);
    say_partition(tip, model, (uint32_t)id);
    say_load(tip, model, (uint32_t)id);
    return true;
}

static bool tell_node(const struct viz_scene *scene, uint64_t id, struct viz_tip *tip)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    if (id >= snap->topology.node_count) return false;
    const struct fore_event_node_load *l = &snap->node_load[id];
    const struct fore_node *node = &snap->topology.node[id];
    say(tip, "%s%s", node->name, node->up ? node->standby ? ", standby" : "" : ", down");
    say(tip, "%g cores, zone %u, rack %u", node->cores, node->zone, node->rack);
    say(tip, "load %.0f %% of capacity, %.0f %% of it moves", (double)l->utilization * 100,
        (double)l->move_utilization * 100);
    if (!isnan(l->forecast_peak))
        say(tip, "forecast peak %.0f %%, %.0f to %.0f %% (q10\342\200\223q90)",
            (double)l->forecast_peak * 100, (double)l->forecast_peak_low * 100,
            (double)l->forecast_peak_high * 100);
    say(tip, "%s requests/s, p50 %s, p99 %s", viz_format_count((double)l->requests_per_sec).s,
        viz_format_ms((double)l->p50_ms).s, viz_format_ms((double)l->p99_ms).s);
    say(tip, "%.1f %% above the SLO of %s; backlog %s", (double)l->slow_share * 100,
        viz_format_limit_ms((double)snap->cluster.slo_ns / 1e6).s,
        viz_format_ms((double)l->backlog_ms).s);
    return true;
}

static void say_gain(struct viz_tip *tip, const struct viz_model *model, uint64_t ticket)
{
    const struct fore_event_gain *g = viz_plans_gain(&model->plans, ticket);
    if (g == NULL) return;
    if (!isnan(g->predicted_s) && !isnan(g->realised_s))
        say(tip, "was to save %.0f node-s, saved %.0f", (double)g->predicted_s,
            (double)g->realised_s);
    say(tip, "source %.0f \342\206\222 %.0f %%, target %.0f \342\206\222 %.0f %%",
        (double)g->source_before * 100, (double)g->source_after * 100,
        (double)g->target_before * 100, (double)g->target_after * 100);
}

static bool tell_move(const struct viz_scene *scene, uint64_t ticket, struct viz_tip *tip)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    for (uint32_t i = 0; i < snap->move_count; i++) {
        const struct fore_snapshot_move *m = &snap->move[i];
        if (m->move.ticket != ticket) continue;
        char what[64];
        uint64_t start = scene->model->start_unix_s;
        viz_panel_move_text(scene->model, &m->move, what, sizeof what);
        say(tip, "%s: %s", what,
            m->move.state < FORE_MIGRATE_STATES
                ? fore_migrate_state_text((enum fore_migrate_state)m->move.state)
                : "?");
        say(tip, "plan %llu, began %s", (unsigned long long)m->move.plan,
            viz_format_moment(m->move.began_ns, start).s);
        if (m->ended_ns > 0) say(tip, "ended %s", viz_format_moment(m->ended_ns, start).s);
        if (m->move.bytes_total > 0)
            say(tip, "%s of %s", viz_format_bytes((double)m->move.bytes_done).s,
                viz_format_bytes((double)m->move.bytes_total).s);
        if (m->move.bytes_per_sec_max > 0)
            say(tip, "at most %s/s", viz_format_bytes(m->move.bytes_per_sec_max).s);
        const struct fore_event_verify *v = viz_model_verify(scene->model, ticket);
        if (v != NULL)
            say(tip, "digests %s; p99 %s before, %s after", v->digests_equal ? "equal" : "differ",
                viz_format_ms((double)v->p99_before_ms).s,
                viz_format_ms((double)v->p99_after_ms).s);
        say_gain(tip, scene->model, ticket);
        if (m->note[0] != '\0') say(tip, "%s", m->note);
        return true;
    }
    return false;
}

static bool tell_plan(const struct viz_scene *scene, uint64_t id, struct viz_tip *tip)
{
    const struct viz_plan *plan = viz_plans_find(&scene->model->plans, id);
    if (plan == NULL) return false;
    say(tip, "plan %llu, %s", (unsigned long long)id,
        viz_format_moment(plan->at, scene->model->start_unix_s).s);
    say(tip, "%s", plan->reason);
    say(tip, "expected violation %.0f \342\206\222 %.0f node-s, %s to copy",
        (double)plan->plan.violation_before, (double)plan->plan.violation_after,
        viz_format_bytes((double)plan->plan.bytes).s);
    return true;
}

static bool tell_moment(const struct viz_scene *scene, double x, struct viz_tip *tip)
{
    const struct viz_model *model = scene->model;
    fore_ns at = viz_axis_at(&scene->scale, x);
    say(tip, "%s", viz_format_moment(at, model->start_unix_s).s);
    const struct viz_tape_cell *cell = viz_tape_get(&model->tape, at / model->tape.bucket_ns);
    if (cell == NULL || at > scene->view.now) return true;
    say(tip, "p99 %s, median %s, SLO %s", viz_format_ms((double)cell->p99_ms).s,
        viz_format_ms((double)cell->p50_ms).s, viz_format_limit_ms((double)cell->slo_ms).s);
    say(tip, "%s requests/s", viz_format_count((double)cell->requests_per_sec).s);
    return true;
}

bool viz_tip_make(const struct viz_scene *scene, const struct viz_hit *hit, double x, double y,
                  struct viz_tip *out)
{
    *out = (struct viz_tip){.x = x, .y = y};
    switch (hit->kind) {
    case VIZ_HIT_HEAT: return tell_heat(scene, hit, x, y, out);
    case VIZ_HIT_PLOT: return tell_moment(scene, x, out);
    case VIZ_HIT_PARTITION: return tell_partition(scene, hit->id, out);
    case VIZ_HIT_NODE: return tell_node(scene, hit->id, out);
    case VIZ_HIT_MOVE: return tell_move(scene, hit->id, out);
    case VIZ_HIT_PLAN: return tell_plan(scene, hit->id, out);
    case VIZ_HIT_METRIC: say(out, "the next metric: m"); return true;
    case VIZ_HIT_MOMENT: say(out, "click: go to this moment"); return true;
    case VIZ_HIT_CONTROL: say(out, "what the daemon can be told to do: o"); return true;
    case VIZ_HIT_NONE:
    case VIZ_HIT_TAB:
    default: return false;
    }
}

void viz_tip_text(const struct viz_tip *tip, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < tip->count && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", tip->line[i],
                              i + 1 < tip->count ? "\n" : "");
}

void viz_tip_draw(struct viz_canvas *canvas, const struct viz_tip *tip, bool pinned,
                  double page_width, double page_height)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, w = 0, pitch = 16 * u;
    struct viz_type type = {.size = VIZ_SMALL, .colour = t->ink};
    for (uint32_t i = 0; i < tip->count; i++) {
        type.bold = i == 0;
        w = fmax(w, viz_canvas_width(canvas, &type, tip->line[i]));
    }
    w = fmin(w, 420 * u);
    struct viz_rect r = {tip->x + 14 * u, tip->y + 14 * u, round(w + 24 * u),
                         round(tip->count * pitch + 14 * u)};
    if (r.x + r.w > page_width - 4 * u) r.x = tip->x - 14 * u - r.w;
    if (r.y + r.h > page_height - 4 * u) r.y = tip->y - 14 * u - r.h;
    r.x = round(fmax(r.x, 4 * u));
    r.y = round(fmax(r.y, 4 * u));
    viz_canvas_tint(canvas, (struct viz_rect){r.x + 2 * u, r.y + 3 * u, r.w, r.h},
                    (struct viz_rgb){0, 0, 0}, 0.15);
    viz_canvas_pill(canvas, r, 6 * u, t->card);
    viz_canvas_outline(canvas, r, 6 * u, pinned ? t->accent : t->faint);
    if (pinned)
        viz_canvas_mark(canvas, VIZ_MARK_DIAMOND, r.x + r.w - 9 * u, r.y + 9 * u, 8, t->accent);
    for (uint32_t i = 0; i < tip->count; i++) {
        type.bold = i == 0;
        type.colour = i == 0 ? t->ink : t->muted;
        viz_canvas_text(canvas, &type, r.x + 12 * u, r.y + 18 * u + i * pitch, w, tip->line[i]);
    }
}
