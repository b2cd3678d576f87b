/*
 * panel_header.c - what run this is, and the numbers one asks for first. Labels such as
 * "composite of ..." are part of the name: a picture must not outlive them.
 */
#include "viz/format.h"
#include "viz/panel.h"

#include <math.h>
#include <stdio.h>

struct tile {
    const char *label;
    char value[112];
    bool bad;
};

static double chip(struct viz_canvas *canvas, double x, double y, const char *text)
{
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_SMALL, .colour = canvas->theme->muted};
    double w = viz_canvas_width(canvas, &type, text) + 16 * u;
    viz_canvas_pill(canvas, (struct viz_rect){x, round(y - 13 * u), w, round(19 * u)}, 5 * u,
                    canvas->theme->track);
    viz_canvas_text(canvas, &type, x + 8 * u, y, 0, text);
    return x + w + 8 * u;
}

static double tiles(struct viz_canvas *canvas, const struct tile *tile, size_t count, double right,
                    double y)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    for (size_t i = count; i-- > 0;) {
        struct viz_type value = {
            .size = 17, .bold = true, .align = VIZ_RIGHT, .colour = tile[i].bad ? t->bad : t->ink};
        struct viz_type label = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->muted};
        double w = fmax(viz_canvas_text(canvas, &value, right, y + 44 * u, 0, tile[i].value),
                        viz_canvas_text(canvas, &label, right, y + 20 * u, 0, tile[i].label));
        if (tile[i].bad) {
            double value_w = viz_canvas_width(canvas, &value, tile[i].value);
            viz_canvas_mark(canvas, VIZ_MARK_TRIANGLE, right - value_w - 12 * u, y + 38 * u, 10,
                            t->bad);
            w = fmax(w, value_w + 20 * u);
        }
        right -= w + 30 * u;
    }
    return right;
}

static size_t fill(const struct viz_scene *scene, struct tile *tile)
{
    const struct viz_model *m = scene->model;
    const struct fore_event_cluster_load *c = &m->snapshot.cluster;
    double seconds = (double)c->window_ns / 1e9, slo = (double)c->slo_ns / 1e6;
    double p99 = (double)c->p99_ns / 1e6;
    size_t n = 0;
    tile[n].label = "moment";
    snprintf(tile[n++].value, sizeof tile->value, "%s",
             viz_format_moment(scene->view.now, m->start_unix_s).s);
    tile[n].label = "requests/s";
    snprintf(tile[n++].value, sizeof tile->value, "%s",
             viz_format_count(seconds > 0 ? (double)c->requests / seconds : 0).s);
    tile[n].label = slo > 0 ? "p99 / SLO" : "p99";
    tile[n].bad = slo > 0 && p99 > slo;
    if (slo > 0)
        snprintf(tile[n++].value, sizeof tile->value, "%s / %s", viz_format_ms(p99).s,
                 viz_format_limit_ms(slo).s);
    else
        snprintf(tile[n++].value, sizeof tile->value, "%s", viz_format_ms(p99).s);
    tile[n].label = "above SLO so far";
    snprintf(tile[n++].value, sizeof tile->value, "%s",
             c->violation_s > 0 ? viz_format_duration((fore_ns)((double)c->violation_s * 1e9)).s
                                : "0 s");
    if (m->plans.gain_total > 0) {
        tile[n].label = "saved / promised by moves";
        snprintf(tile[n++].value, sizeof tile->value, "%.0f / %.0f node-s", m->plans.realised_s,
                 m->plans.predicted_s);
    }
    tile[n].label = "hottest / mean node";
    if (c->imbalance > 0)
        snprintf(tile[n++].value, sizeof tile->value, "%.2f\303\227", (double)c->imbalance);
    return n;
}

void viz_panel_header(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct viz_model *m = scene->model;
    const struct viz_theme *t = canvas->theme;
    struct tile tile[6] = {{0}};
    char text[64];
    double u = canvas->u, left = tiles(canvas, tile, fill(scene, tile), r.x + r.w, r.y);
    struct viz_type name = {.size = VIZ_HERO, .bold = true, .colour = t->ink};
    double w = viz_canvas_text(canvas, &name, r.x, r.y + 24 * u, left - r.x, m->name);
    struct viz_type brand = {.size = VIZ_SMALL, .colour = t->faint};
    if (left - r.x - w > 100 * u)
        viz_canvas_text(canvas, &brand, r.x + w + 12 * u, r.y + 24 * u, left - r.x - w - 12 * u,
                        scene->status[0] != '\0' ? scene->status : "foreshard");
    double x = r.x, y = r.y + 52 * u;
    if (m->policy[0] != '\0') {
        snprintf(text, sizeof text, "policy %s", m->policy);
        x = chip(canvas, x, y, text);
    }
    snprintf(text, sizeof text, "seed %llu", (unsigned long long)m->seed);
    x = chip(canvas, x, y, text);
    if (scene->control) {
        double from = x;
        x = chip(canvas, x, y, "o: control the daemon");
        viz_hits_add(scene->hits, VIZ_HIT_CONTROL,
                     (struct viz_rect){from, round(y - 13 * u), x - from, round(19 * u)}, 0);
    }
    x += 4 * u;
    struct viz_type label = {.size = VIZ_SMALL, .colour = t->muted};
    if (scene->note[0] != '\0') {
        label.colour = t->warn;
        viz_canvas_mark(canvas, VIZ_MARK_TRIANGLE, x + 5 * u, y - 4 * u, 11, t->warn);
        x += 16 * u;
        x += viz_canvas_text(canvas, &label, x, y, (left - x) * 0.6, scene->note) + 12 * u;
        label.colour = t->muted;
    }
    viz_canvas_text(canvas, &label, x, y, left - x, m->label);
}
