/*
 * panel_heat.c - where it is hot, and where it will be: time x key order, brightness = log load.
 *
 * Left of now is what was measured, right of it the median forecast known at that moment, mixed
 * with a veil and hatched, so that nobody takes the one for the other. The colour scale follows
 * what is visible; its ends are printed in the legend.
 */
#include "viz/format.h"
#include "viz/heatmap.h"
#include "viz/label.h"
#include "viz/panel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
    uint8_t low, high; /* levels at the ends of the ramp */
};

/* Ends of the ramp: the hottest level, and the level that all but the coldest twentieth reach,
 * between one and three decades below. */
static struct range range_of(const size_t histogram[256])
{
    size_t seen = 0;
    for (int v = 1; v < 256; v++)
        seen += histogram[v];
    int high = 255, low = 1, decade = viz_matrix_quantise(1) - viz_matrix_quantise(0.1);
    while (high > 1 && histogram[high] == 0)
        high--;
    for (size_t below = 0; low < high && below + histogram[low] <= seen / 20; low++)
        below += histogram[low];
    if (low < high - 3 * decade) low = high - 3 * decade;
    if (low > high - decade) low = high - decade > 1 ? high - decade : 1;
    return (struct range){.low = (uint8_t)low, .high = (uint8_t)(high > low ? high : low + 1)};
}

static double share_of(struct range range, uint8_t level)
{
    double x = ((double)level - range.low) / ((double)range.high - range.low);
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static void paint(struct viz_canvas *canvas, struct viz_heatmap *map, struct viz_rect plot,
                  struct range range)
{
    const struct viz_theme *t = canvas->theme;
    struct viz_heatmap_look look = {.x = plot.x, .y = plot.y};
    for (int v = 0; v < 256; v++) {
        struct viz_rgb c = v == 0 ? t->cold : viz_colour_heat(share_of(range, (uint8_t)v));
        look.now[v] = viz_colour_pixel(c);
        look.then[v] = viz_colour_pixel(viz_colour_mix(c, t->veil, t->veil_share));
    }
    viz_heatmap_paint(map, canvas->cr, &look);
}

static void row_label(struct viz_canvas *canvas, const struct viz_model *model, uint32_t p,
                      double x, double y)
{
    const struct viz_theme *t = canvas->theme;
    char name[24], node[16];
    snprintf(name, sizeof name, "p%u", p);
    viz_label_node(model, model->snapshot.topology.partition[p].replica[0], node, sizeof node);
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = t->ink};
    viz_canvas_text(canvas, &type, x - 40 * canvas->u, y, 0, name);
    type.colour = t->faint;
    viz_canvas_text(canvas, &type, x - 8 * canvas->u, y, 0, node);
}

/* A table's name, upright along its rows, with a rule beside them. */
static void table_label(struct viz_canvas *canvas, const char *name, struct viz_rect rows)
{
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_SMALL, .colour = canvas->theme->muted};
    double width = fmin(viz_canvas_width(canvas, &type, name), rows.h - 8 * u);
    viz_canvas_upright(canvas, rows.x, rows.y + 2 * u, rows.y + rows.h - 2 * u, 1.5 * u,
                       canvas->theme->track);
    if (width < 20 * u) return;
    cairo_save(canvas->cr);
    cairo_translate(canvas->cr, rows.x - 6 * u, rows.y + (rows.h + width) / 2);
    cairo_rotate(canvas->cr, -1.5707963267948966);
    viz_canvas_text(canvas, &type, 0, 0, width + 1, name);
    cairo_restore(canvas->cr);
}

/* As many rows as have room get their names: each the first whose middle is far enough down. */
static void row_labels(struct viz_canvas *canvas, const struct viz_model *model,
                       struct viz_rect plot)
{
    uint32_t count = model->order_count, height = (uint32_t)plot.h;
    double u = canvas->u, next = 0, row = plot.h / count;
    for (uint32_t i = 0; i < count;) {
        double y0 = viz_matrix_line(i, count, height), y1 = viz_matrix_line(i + 1, count, height);
        double middle = (y0 + y1) / 2;
        if (middle < next - 0.5) {
            uint32_t skip = (uint32_t)fmax(1, floor((next - 0.5 - middle) / row) - 2);
            i += skip;
            continue;
        }
        row_label(canvas, model, model->order[i], plot.x, plot.y + middle + 3.8 * u);
        next = middle + fmax(12.5 * u, y1 - y0);
        i++;
    }
}

static void gutter(struct viz_canvas *canvas, const struct viz_model *model, struct viz_rect plot,
                   double left)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    uint32_t count = model->order_count, height = (uint32_t)plot.h, start = 0;
    double u = canvas->u;
    if (viz_canvas_sees(canvas, (struct viz_rect){left, plot.y - 8 * u, plot.x - left, plot.h}))
        row_labels(canvas, model, plot);
    for (uint32_t k = 0; k < model->run_count; start = model->run_end[k++]) {
        uint32_t end = model->run_end[k];
        uint32_t table = topology->partition[model->order[start]].table;
        double top = plot.y + viz_matrix_line(start, count, height);
        double bottom = plot.y + viz_matrix_line(end, count, height);
        table_label(canvas, table < topology->table_count ? topology->table[table].name : "?",
                    (struct viz_rect){left + 22 * u, top, 0, bottom - top});
        if (end < count)
            viz_canvas_level(canvas, plot.x, plot.x + plot.w, bottom, 2 * u, canvas->theme->card);
    }
}

static double swatch(struct viz_canvas *canvas, double x, double y, bool hatched, const char *text)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->muted};
    x -= viz_canvas_text(canvas, &type, x, y + 4 * u, 0, text) + 6 * u;
    struct viz_rect box = {round(x - 18 * u), round(y - 5 * u), round(18 * u), round(10 * u)};
    struct viz_rgb green = viz_colour_heat(0.5);
    viz_canvas_fill(canvas, box, hatched ? viz_colour_mix(green, t->veil, t->veil_share) : t->cold);
    if (hatched) viz_canvas_hatch(canvas, box, 5, t->card, 0.55);
    return box.x - 16 * u;
}

/* The ramp with its numbers: 1-2-5 steps, as many as fit. Returns its left edge. */
static double ramp(struct viz_canvas *canvas, double right, double y, struct range range)
{
    double u = canvas->u, w = round(230 * u);
    struct viz_rect bar = {round(right - w), round(y - 5 * u), w, round(10 * u)};
    for (int x = 0; x < (int)bar.w; x++)
        viz_canvas_fill(canvas, (struct viz_rect){bar.x + x, bar.y, 1, bar.h},
                        viz_colour_heat((x + 0.5) / bar.w));
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_CENTRE, .colour = canvas->theme->muted};
    static const double mantissa[] = {1, 2, 5};
    double last = -1e9;
    for (int i = -15; i < 15; i++) {
        double value = mantissa[(i + 15) % 3] * pow(10, floor(i / 3.0));
        double level = viz_matrix_quantise(value);
        if (level < range.low || level > range.high) continue;
        double x = bar.x + bar.w * (level - range.low) / ((double)range.high - range.low);
        struct viz_text label = viz_format_plain(value);
        double half = viz_canvas_width(canvas, &type, label.s) / 2;
        if (x - half < last + 8 * u || x - half < bar.x - 8 * u || x + half > right + 8 * u)
            continue;
        viz_canvas_upright(canvas, x, bar.y + bar.h, bar.y + bar.h + 3 * u, 1, type.colour);
        viz_canvas_text(canvas, &type, x, bar.y + bar.h + 14 * u, 0, label.s);
        last = x + half;
    }
    type.align = VIZ_RIGHT;
    type.size = VIZ_SMALL;
    return bar.x - 8 * u - viz_canvas_text(canvas, &type, bar.x - 8 * u, y + 4 * u, 0, "cores");
}

static void headline(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r,
                     struct range range)
{
    char about[160];
    double u = canvas->u, y = r.y + 19 * u;
    bool ahead = scene->view.to > scene->view.now;
    double left = ramp(canvas, scene->scale.x1, y, range) - 16 * u;
    left = swatch(canvas, left, y, false, "no load");
    if (ahead) left = swatch(canvas, left, y, true, "forecast, median");
    snprintf(about, sizeof about, "%u partitions in key order, log scale",
             scene->model->order_count);
    if (!ahead && scene->model->forecast_at > 0) {
        size_t used = strlen(about);
        fore_ns age = scene->view.now - scene->model->forecast_at;
        snprintf(about + used, sizeof about - used, "; newest forecast %s old",
                 viz_format_duration(age).s);
    }
    struct viz_type type = {.size = VIZ_SMALL, .colour = canvas->theme->muted};
    double x = r.x + 16 * u;
    x += viz_canvas_text(
        canvas, &(struct viz_type){.size = 13.5, .bold = true, .colour = canvas->theme->ink}, x,
        r.y + 23 * u, 0, "Heat");
    x += 10 * u;
    if (left - x > 60 * u) viz_canvas_text(canvas, &type, x, r.y + 23 * u, left - x, about);
}

/* "measured" and "forecast" on either side of the moment's name. */
static void heads(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect plot)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, x = viz_axis_x(&scene->scale, scene->view.now), y = plot.y - 6 * u;
    struct viz_text clock =
        viz_format_tick(scene->view.now / FORE_SEC * FORE_SEC + (scene->view.now % FORE_SEC > 0),
                        60 * FORE_SEC, scene->model->start_unix_s);
    char label[64];
    snprintf(label, sizeof label, "now %s", clock.s);
    struct viz_type type = {.size = VIZ_SMALL, .bold = true, .align = VIZ_RIGHT, .colour = t->card};
    double w = viz_canvas_width(canvas, &type, label) + 14 * u;
    double left = fmin(x - w / 2, plot.x + plot.w - w);
    viz_canvas_pill(canvas, (struct viz_rect){round(left), round(y - 12 * u), round(w), 17 * u},
                    4 * u, t->ink);
    type.align = VIZ_CENTRE;
    viz_canvas_text(canvas, &type, left + w / 2, y, 0, label);
    type = (struct viz_type){.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->muted};
    viz_canvas_text(canvas, &type, left - 8 * u, y, 0, "measured");
    type.align = VIZ_LEFT;
    if (plot.x + plot.w - left - w > 70 * u)
        viz_canvas_text(canvas, &type, left + w + 8 * u, y, plot.x + plot.w - left - w - 8 * u,
                        "forecast");
}

static uint32_t pixel_of(const struct viz_rect *plot, double x)
{
    return (uint32_t)fmin(fmax(ceil(x - plot->x), 0), plot->w);
}

void viz_panel_heat(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct viz_model *model = scene->model;
    double u = canvas->u, top = round(r.y + VIZ_HEAT_TOP * u);
    struct viz_rect plot = {scene->scale.x0, top, scene->scale.x1 - scene->scale.x0,
                            round(r.y + r.h - 28 * u) - top};
    viz_canvas_card(canvas, r, "", "", 0);
    if (model->order_count == 0) {
        viz_panel_empty(canvas, r, "No topology yet: the journal holds no keyframe up to here.");
        return;
    }
    double now_x = round(viz_axis_x(&scene->scale, scene->view.now));
    struct viz_matrix_window window = {.from = scene->view.from,
                                       .to = scene->view.now,
                                       .order = model->order,
                                       .order_count = model->order_count,
                                       .width = (uint32_t)plot.w,
                                       .height = (uint32_t)plot.h};
    uint32_t future_x = (uint32_t)fmax(0, fmin(now_x - plot.x, plot.w));
    window.to = scene->view.to;
    struct viz_heatmap_spec spec = {
        .matrix = &model->heat,
        .later = {.window = &window, .x0 = future_x, .quantile = 1},
        .from = canvas->limit.w > 0 ? pixel_of(&plot, canvas->limit.x) : 0,
        .to = canvas->limit.w > 0 ? pixel_of(&plot, canvas->limit.x + canvas->limit.w)
                                  : window.width
    };
    (void)viz_heatmap_levels(model->map, model, &spec);
    struct range range = range_of(viz_heatmap_histogram(model->map));
    paint(canvas, model->map, plot, range);
    struct viz_rect future = {plot.x + future_x, plot.y, plot.w - future_x, plot.h};
    viz_canvas_hatch(canvas, future, 9, canvas->theme->card, 0.30);
    gutter(canvas, model, plot, r.x);
    headline(canvas, scene, r, range);
    viz_panel_now(canvas, scene, plot);
    heads(canvas, scene, plot);
    viz_panel_clock(canvas, scene, plot.y + plot.h + 17 * u);
}
