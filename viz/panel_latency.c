/*
 * panel_latency.c - p99 against the SLO over the same time as the heat, on a log scale. Stretches
 * above the SLO are shaded and hatched; alerts stand in a row of marks above the plot.
 */
#include "core/act/alert.h"
#include "viz/format.h"
#include "viz/panel.h"
#include "viz/series.h"

#include <math.h>
#include <stdio.h>

struct log_scale {
    double low, high; /* ms */
    double top, bottom;
};

static double log_y(const struct log_scale *s, double ms)
{
    double x = log(fmax(ms, s->low) / s->low) / log(s->high / s->low);
    return s->bottom - fmin(x, 1) * (s->bottom - s->top);
}

/* From below the lowest median to above the highest p99 and the SLO, ends on 1, 2 or 5. */
static bool fit(const struct viz_scene *scene, struct log_scale *s)
{
    const struct viz_tape *tape = &scene->model->tape;
    double low = 1e18, high = 0;
    for (uint64_t b = scene->view.from / tape->bucket_ns; b <= scene->view.now / tape->bucket_ns;
         b++) {
        const struct viz_tape_cell *cell = viz_tape_get(tape, b);
        if (cell == NULL) continue;
        if (cell->p99_ms > 0) low = fmin(low, (double)cell->p99_ms);
        if (cell->slo_ms > 0) low = fmin(low, (double)cell->slo_ms * 0.7);
        high = fmax(high, fmax((double)cell->p99_ms, (double)cell->slo_ms * 1.3));
    }
    if (!(high > 0) || low > high) return false;
    s->high = pow(10, ceil(log10(high * 1.05) * 3) / 3);
    s->low = fmax(pow(10, floor(log10(low * 0.9) * 3) / 3), 1e-3);
    if (s->high < s->low * 4) s->high = s->low * 4;
    return true;
}

/* Decades first, then fives and twos where there is room between the labels. */
static void scale_labels(struct viz_canvas *canvas, const struct log_scale *s, double slo_ms,
                         struct viz_rect plot)
{
    const struct viz_theme *t = canvas->theme;
    static const double mantissa[] = {1, 5, 2};
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = t->muted};
    double taken[64] = {log_y(s, slo_ms)}; /* the SLO's own label */
    size_t count = slo_ms > 0;
    for (int i = 0; i < 3 * 12; i++) {
        double ms = mantissa[i / 12] * pow(10, i % 12 - 4), y = log_y(s, ms);
        if (ms < s->low * 0.999 || ms > s->high * 1.001) continue;
        bool room = true;
        for (size_t k = 0; k < count; k++)
            if (fabs(taken[k] - y) < 13 * canvas->u) room = false;
        if (!room) continue;
        taken[count++] = y;
        viz_canvas_level(canvas, plot.x, plot.x + plot.w, y, 1, t->track);
        viz_canvas_text(canvas, &type, plot.x - 8 * canvas->u, y + 4 * canvas->u, 0,
                        viz_format_limit_ms(ms).s);
    }
}

/* One rectangle for each run of buckets above the SLO, all of them shaded at once. */
static void violations(struct viz_canvas *canvas, const struct viz_scene *scene,
                       struct viz_rect plot)
{
    const struct viz_tape *tape = &scene->model->tape;
    uint64_t last = scene->view.now / tape->bucket_ns, begin = UINT64_MAX;
    cairo_new_path(canvas->cr);
    for (uint64_t b = scene->view.from / tape->bucket_ns; b <= last + 1; b++) {
        const struct viz_tape_cell *cell = b <= last ? viz_tape_get(tape, b) : NULL;
        bool bad = cell != NULL && cell->slo_ms > 0 && cell->p99_ms > cell->slo_ms;
        bool gap = cell == NULL && b <= last; /* between two samples: as before */
        if (bad && begin == UINT64_MAX) begin = b;
        if (bad || gap || begin == UINT64_MAX) continue;
        double x0 = fmax(viz_axis_x(&scene->scale, begin * tape->bucket_ns), plot.x);
        double x1 = viz_axis_x(&scene->scale, b * tape->bucket_ns);
        x1 = fmin(x1, viz_axis_x(&scene->scale, scene->view.now));
        cairo_rectangle(canvas->cr, floor(x0), plot.y, fmax(2, round(x1) - floor(x0)), plot.h);
        begin = UINT64_MAX;
    }
    cairo_save(canvas->cr);
    cairo_clip(canvas->cr);
    viz_canvas_tint(canvas, plot, canvas->theme->bad, 0.16);
    viz_canvas_hatch(canvas, plot, 6, canvas->theme->bad, 0.22);
    cairo_restore(canvas->cr);
}

static void curve(struct viz_canvas *canvas, const struct viz_scene *scene,
                  const struct log_scale *s)
{
    const struct viz_tape *tape = &scene->model->tape;
    double x_now = viz_axis_x(&scene->scale, scene->view.now);
    struct viz_series *series = viz_series_begin(1024);
    for (uint64_t b = scene->view.from / tape->bucket_ns; b <= scene->view.now / tape->bucket_ns;
         b++) {
        const struct viz_tape_cell *cell = viz_tape_get(tape, b);
        if (cell == NULL) continue;
        double x = viz_axis_x(&scene->scale, b * tape->bucket_ns + tape->bucket_ns / 2);
        viz_series_add(series, fmin(fmax(x, scene->scale.x0), x_now),
                       log_y(s, (double)cell->p99_ms));
    }
    viz_series_end(series, canvas, 1.6, canvas->theme->accent);
}

/* The limit's name stands in the gutter, where no curve runs. */
static void slo_line(struct viz_canvas *canvas, const struct viz_scene *scene,
                     const struct log_scale *s, struct viz_rect plot)
{
    double slo = (double)scene->model->snapshot.cluster.slo_ns / 1e6, u = canvas->u;
    if (!(slo > 0)) return;
    char text[64];
    double y = round(log_y(s, slo)) + 0.5;
    viz_canvas_dashes(canvas, plot.x, plot.x + plot.w, y, canvas->theme->bad);
    snprintf(text, sizeof text, "SLO %s", viz_format_limit_ms(slo).s);
    struct viz_type type = {
        .size = VIZ_SMALL, .bold = true, .align = VIZ_RIGHT, .colour = canvas->theme->bad};
    viz_canvas_text(canvas, &type, plot.x - 8 * u, y + 4 * u, 0, text);
}

static void alert_look(const struct viz_theme *t, uint8_t severity, enum viz_mark *mark,
                       struct viz_rgb *colour)
{
    *mark = severity >= FORE_ALERT_CRITICAL  ? VIZ_MARK_DIAMOND
            : severity == FORE_ALERT_WARNING ? VIZ_MARK_TRIANGLE
                                             : VIZ_MARK_DOT;
    *colour = severity >= FORE_ALERT_CRITICAL  ? t->bad
              : severity == FORE_ALERT_WARNING ? t->warn
                                               : t->faint;
}

/* Marks closer than their size become one, the gravest, so that none hides another. */
static void alerts(struct viz_canvas *canvas, const struct viz_scene *scene, double y)
{
    const struct viz_model *model = scene->model;
    double u = canvas->u, group_x = -1e9;
    uint8_t group_severity = 0;
    uint64_t from = model->alert_total > VIZ_ALERTS ? model->alert_total - VIZ_ALERTS : 0;
    for (uint64_t i = from; i <= model->alert_total; i++) {
        bool flush = i == model->alert_total;
        const struct viz_alert *a = &model->alert[i % VIZ_ALERTS];
        if (!flush && a->at < scene->view.from) continue;
        double x = flush ? 1e9 : viz_axis_x(&scene->scale, a->at);
        if (x - group_x < 9 * u) {
            if (a->severity > group_severity) group_severity = a->severity;
            continue;
        }
        if (group_x > 0) {
            enum viz_mark mark;
            struct viz_rgb colour;
            alert_look(canvas->theme, group_severity, &mark, &colour);
            viz_canvas_mark(canvas, mark, group_x, y, 9, colour);
        }
        if (flush) break;
        group_x = x;
        group_severity = a->severity;
    }
}

static double key(struct viz_canvas *canvas, double x, double y, uint8_t severity, const char *word)
{
    enum viz_mark mark;
    struct viz_rgb colour;
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = canvas->theme->muted};
    alert_look(canvas->theme, severity, &mark, &colour);
    x -= viz_canvas_text(canvas, &type, x, y, 0, word) + 10 * u;
    viz_canvas_mark(canvas, mark, x, y - 4 * u, 9, colour);
    return x - 18 * u;
}

static void newest(const struct viz_scene *scene, char *out, size_t size)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    out[0] = '\0';
    if (snap->alert_total == 0) return;
    const struct fore_snapshot_alert *a =
        &snap->alert[(snap->alert_total - 1) % FORE_SNAPSHOT_ALERTS];
    if (a->at < scene->view.from) return;
    struct viz_text clock = viz_format_tick(a->at, 60 * FORE_SEC, scene->model->start_unix_s);
    snprintf(out, size, "last alert %s: %s", clock.s, a->text);
}

void viz_panel_latency(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    double u = canvas->u, top = round(r.y + 54 * u), x;
    struct viz_rect plot = {scene->scale.x0, top, scene->scale.x1 - scene->scale.x0,
                            round(r.y + r.h - 14 * u) - top};
    struct log_scale s = {.top = plot.y, .bottom = plot.y + plot.h};
    char text[256];
    viz_canvas_card(canvas, r, "", "", 0);
    x = key(canvas, scene->scale.x1, r.y + 23 * u, FORE_ALERT_INFO, "info");
    x = key(canvas, x, r.y + 23 * u, FORE_ALERT_WARNING, "warning");
    x = key(canvas, x, r.y + 23 * u, FORE_ALERT_CRITICAL, "critical");
    newest(scene, text, sizeof text);
    struct viz_type title = {.size = 13.5, .bold = true, .colour = canvas->theme->ink};
    struct viz_type about = {.size = VIZ_SMALL, .colour = canvas->theme->muted};
    double left = r.x + 16 * u;
    left += viz_canvas_text(canvas, &title, left, r.y + 23 * u, 0, "Latency p99") + 10 * u;
    viz_canvas_text(canvas, &about, left, r.y + 23 * u, x - left, text);
    viz_panel_grid(canvas, scene, plot);
    viz_hits_add(scene->hits, VIZ_HIT_PLOT, plot, 0);
    if (!fit(scene, &s)) {
        viz_panel_empty(canvas, r, "No latency measured up to here.");
        return;
    }
    scale_labels(canvas, &s, (double)scene->model->snapshot.cluster.slo_ns / 1e6, plot);
    violations(canvas, scene, plot);
    slo_line(canvas, scene, &s, plot);
    curve(canvas, scene, &s);
    alerts(canvas, scene, plot.y - 8 * u);
    viz_panel_now(canvas, scene, plot);
}
