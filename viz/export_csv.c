/*
 * export_csv.c - what is shown as numbers, one fact a line (RFC 4180, UTF-8):
 *
 *   run,panel,time_s,subject,measure,value
 *
 * heat: a row or pooled rows ("p3" or "p3..p9", the largest of them) by column of the picture,
 * measured and forecast; values are levels of the matrix, so in steps of 8.5 %. latency and load of
 * nodes by time bucket; nodes, scores and moves as of the moment. time_s counts from the run's
 * begin. What nobody measured has no line.
 */
#include "viz/export.h"
#include "viz/heatmap.h"
#include "viz/label.h"

#include "core/act/migrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    struct fore_buf *out;
    const char *run, *panel;
};

/* In quotes where it must be; a name from a journal may hold anything. */
static void put_text(struct fore_buf *out, const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fore_buf_puts(out, text);
        return;
    }
    fore_buf_puts(out, "\"");
    for (const char *c = text; *c != '\0'; c++)
        fore_buf_append(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    fore_buf_puts(out, "\"");
}

static void put_head(const struct table *t, fore_ns at, const char *subject, const char *measure)
{
    put_text(t->out, t->run);
    fore_buf_printf(t->out, ",%s,%.3f,", t->panel, (double)at / 1e9);
    put_text(t->out, subject);
    fore_buf_printf(t->out, ",%s,", measure);
}

static void put(const struct table *t, fore_ns at, const char *subject, const char *measure,
                double value)
{
    if (!isfinite(value)) return;
    put_head(t, at, subject, measure);
    fore_buf_printf(t->out, "%.6g\r\n", value);
}

static void put_word(const struct table *t, fore_ns at, const char *subject, const char *measure,
                     const char *value)
{
    put_head(t, at, subject, measure);
    put_text(t->out, value);
    fore_buf_puts(t->out, "\r\n");
}

/* ---- heat --------------------------------------------------------------------------------- */

static const char *const measure_name[VIZ_METRICS] = {
    [VIZ_METRIC_LOAD] = "load_cores",
    [VIZ_METRIC_REQUESTS] = "requests_per_sec",
    [VIZ_METRIC_READS] = "reads_per_sec",
    [VIZ_METRIC_WRITES] = "writes_per_sec",
    [VIZ_METRIC_BYTES] = "bytes_per_sec",
    [VIZ_METRIC_LATENCY] = "p99_ms",
    [VIZ_METRIC_RRS] = "rrs",
};
static const char *const forecast_name[] = {"forecast_q10_cores", "forecast_q50_cores",
                                            "forecast_q90_cores"};

/* The rows that line y pools: the index of the first, and one behind the last. */
static uint32_t line_begin(const struct viz_matrix_window *w, uint32_t y)
{
    uint32_t i = (uint32_t)((uint64_t)y * w->order_count / w->height);
    while (i < w->order_count && viz_matrix_line(i, w->order_count, w->height) < y)
        i++;
    while (i > 0 && viz_matrix_line(i - 1, w->order_count, w->height) >= y)
        i--;
    return i;
}

static void row_name(const struct viz_matrix_window *w, uint32_t y, char *out, size_t size)
{
    uint32_t begin = line_begin(w, y), end = line_begin(w, y + 1);
    if (end > begin + 1)
        snprintf(out, size, "p%u..p%u", w->order[begin], w->order[end - 1]);
    else
        snprintf(out, size, "p%u", w->order[begin]);
}

static void heat(const struct table *t, const struct viz_player *player, uint32_t height)
{
    const struct viz_model *model = &player->model;
    const struct viz_look *look = &player->look;
    struct viz_scene scene = {.model = model, .view = player->view, .look = look};
    struct viz_matrix_window w = {.from = player->view.from, .to = player->view.to};
    uint32_t first = viz_panel_rows(&scene, &w.order_count);
    if (w.order_count == 0 || w.to <= w.from || model->heat.cell == NULL) return;
    w.order = model->order + first;
    w.height = w.order_count < height ? w.order_count : height;
    uint64_t buckets = (w.to - w.from) / model->heat.bucket_ns + 1;
    w.width = buckets < player->columns ? (uint32_t)buckets : player->columns;
    double span = (double)(w.to - w.from);
    uint32_t now = (uint32_t)((double)(player->view.now - w.from) / span * w.width + 0.5);
    struct viz_heatmap *map = viz_heatmap_create();
    struct viz_heatmap_spec spec = {
        .matrix = &model->heat,
        .later = {.window = &w, .x0 = now, .quantile = look->quantile},
        .to = w.width
    };
    const uint8_t *level = viz_heatmap_levels(map, model, &spec);
    for (uint32_t y = 0; y < w.height; y++) {
        char name[48];
        row_name(&w, y, name, sizeof name);
        for (uint32_t x = 0; x < w.width; x++) {
            uint8_t v = level[(size_t)y * w.width + x];
            fore_ns at = w.from + (fore_ns)(span * (x + 0.5) / w.width);
            double value = viz_matrix_value(v);
            if (v == 0) continue;
            if (x < now)
                put(t, at, name, measure_name[look->metric], viz_metric_value(look->metric, value));
            else
                put(t, at, name, forecast_name[look->quantile], value);
        }
    }
    viz_heatmap_destroy(map);
}

/* ---- the other panels --------------------------------------------------------------------- */

static void latency(const struct table *t, const struct viz_player *player)
{
    const struct viz_tape *tape = &player->model.tape;
    if (tape->bucket_ns == 0) return;
    uint64_t last = player->view.now / tape->bucket_ns;
    for (uint64_t b = player->view.from / tape->bucket_ns; b <= last; b++) {
        const struct viz_tape_cell *cell = viz_tape_get(tape, b);
        if (cell == NULL) continue;
        fore_ns at = b * tape->bucket_ns;
        put(t, at, "cluster", "p50_ms", (double)cell->p50_ms);
        put(t, at, "cluster", "p99_ms", (double)cell->p99_ms);
        put(t, at, "cluster", "slo_ms", (double)cell->slo_ms);
        put(t, at, "cluster", "requests_per_sec", (double)cell->requests_per_sec);
        put(t, at, "cluster", "violation_s", (double)cell->violation_s);
    }
}

static void nodes(const struct table *t, const struct viz_player *player)
{
    const struct fore_snapshot *s = &player->model.snapshot;
    fore_ns at = player->view.now;
    for (uint32_t n = 0; s->has_topology && n < s->topology.node_count; n++) {
        const struct fore_event_node_load *load = &s->node_load[n];
        const char *name = s->topology.node[n].name;
        put_word(t, at, name, "up", s->topology.node[n].up ? "1" : "0");
        put(t, at, name, "utilization", (double)load->utilization);
        put(t, at, name, "move_utilization", (double)load->move_utilization);
        put(t, at, name, "requests_per_sec", (double)load->requests_per_sec);
        put(t, at, name, "p50_ms", (double)load->p50_ms);
        put(t, at, name, "p99_ms", (double)load->p99_ms);
        put(t, at, name, "forecast_peak_q10", (double)load->forecast_peak_low);
        put(t, at, name, "forecast_peak_q50", (double)load->forecast_peak);
        put(t, at, name, "forecast_peak_q90", (double)load->forecast_peak_high);
    }
}

static void scores(const struct table *t, const struct viz_player *player)
{
    const struct fore_snapshot *s = &player->model.snapshot;
    for (uint32_t p = 0; s->has_topology && p < s->topology.partition_count; p++) {
        const struct fore_snapshot_score *score = &s->score[p];
        char name[16];
        if (score->at == 0 || !s->topology.partition[p].alive) continue;
        snprintf(name, sizeof name, "p%u", p);
        put(t, score->at, name, "rrs", (double)score->score.rrs);
        put(t, score->at, name, "probability", (double)score->score.probability);
        put(t, score->at, name, "responsibility", (double)score->score.responsibility);
        put(t, score->at, name, "threshold", (double)score->score.threshold);
        put_word(t, score->at, name, "reason", score->reason);
    }
}

static void moves(const struct table *t, const struct viz_player *player)
{
    const struct fore_snapshot *s = &player->model.snapshot;
    for (uint32_t i = 0; i < s->move_count; i++) {
        const struct fore_snapshot_move *move = &s->move[i];
        if (viz_model_move_over(move) && move->changed_ns < player->view.from) continue;
        char name[64];
        viz_panel_move_text(&player->model, &move->move, name, sizeof name);
        put(t, move->changed_ns, name, "began_s", (double)move->move.began_ns / 1e9);
        put(t, move->changed_ns, name, "bytes_done", (double)move->move.bytes_done);
        put(t, move->changed_ns, name, "bytes_total", (double)move->move.bytes_total);
        if (move->move.state < FORE_MIGRATE_STATES)
            put_word(t, move->changed_ns, name, "state",
                     fore_migrate_state_text((enum fore_migrate_state)move->move.state));
    }
}

void viz_export_csv(const struct viz_export *e, struct fore_buf *out)
{
    struct viz_layout layout = viz_layout_make(e->width, e->height);
    uint32_t height = (uint32_t)layout.place[VIZ_PLACE_HEAT].h;
    fore_buf_puts(out, "run,panel,time_s,subject,measure,value\r\n");
    for (int side = 0; side < 2 && e->pair.side[side] != NULL; side++) {
        const struct viz_player *player = e->pair.side[side];
        struct table t = {.out = out, .run = player->model.name};
        if (e->pair.side[1] != NULL && player->model.policy[0] != '\0')
            t.run = player->model.policy;
        t.panel = "heat";
        heat(&t, player, height);
        t.panel = "latency";
        latency(&t, player);
        t.panel = "nodes";
        nodes(&t, player);
        t.panel = "scores";
        scores(&t, player);
        t.panel = "moves";
        moves(&t, player);
    }
}
