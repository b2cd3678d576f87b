/*
 * panel_heat.c - where it is hot, and where it will be: time x key order, brightness = log load.
 *
 * Left of now is what was measured, right of it the forecast known at that moment, mixed with a
 * veil and hatched, so that nobody takes the one for the other. Or, left of now, the forecast made
 * a while before over what came. The colour scale follows what is visible; its ends are printed in
 * the legend (panel_heat_legend.c).
 */
#include "viz/panel_heat.h"

#include "core/act/migrate.h"
#include "viz/format.h"
#include "viz/heatmap.h"
#include "viz/label.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends of the ramp: the hottest level, and the level that all but the coldest twentieth reach,
 * between one and three decades below. */
static struct viz_heat_range range_of(const size_t histogram[256])
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
    return (struct viz_heat_range){.low = (uint8_t)low,
                                   .high = (uint8_t)(high > low ? high : low + 1)};
}

static double share_of(struct viz_heat_range range, uint8_t level)
{
    double x = ((double)level - range.low) / ((double)range.high - range.low);
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

struct viz_rgb viz_heat_colour(const struct viz_theme *theme, const struct viz_look *look,
                               struct viz_heat_range range, uint8_t level)
{
    return level == 0 ? theme->cold : viz_colour_palette(look->palette, share_of(range, level));
}

/* What a core of a partition's load means in the metric shown, as it was served last; 0: nothing
 * known, so nothing is forecast. */
static double per_core(const struct viz_scene *scene, uint32_t partition)
{
    enum viz_metric metric = scene->look->metric;
    if (metric == VIZ_METRIC_LOAD) return 1;
    const struct fore_event_partition_load *load =
        &scene->model->snapshot.partition_load[partition];
    if (!(load->load_cores > 0)) return 0;
    return viz_metric_cell(metric, viz_metric_of(metric, load)) / (double)load->load_cores;
}

/* By row, for the forecast: NULL where a core is what is shown. */
static float *scale_of(const struct viz_scene *scene, const struct viz_matrix_window *window)
{
    if (scene->look->metric == VIZ_METRIC_LOAD) return NULL;
    float *scale = calloc(scene->model->heat.row_cap + 1, sizeof *scale);
    FORE_ASSERT(scale != NULL);
    bool ahead = viz_metric_row[scene->look->metric].ahead;
    for (uint32_t i = 0; ahead && i < window->order_count; i++)
        scale[window->order[i]] = (float)per_core(scene, window->order[i]);
    return scale;
}

/* Signed distance of forecast and truth, VIZ_HEAT_RIGHT where they are equal, 0 where either is
 * not known. Of rows that share a pixel the worst is seen. */
static void paint_error(const struct viz_scene *scene, const struct viz_matrix_window *window,
                        uint32_t x1, uint8_t *level)
{
    const struct viz_model *model = scene->model;
    for (uint32_t x = 0; x < x1; x++) {
        double span = (double)(window->to - window->from);
        fore_ns at = window->from + (fore_ns)(span * (x + 0.5) / window->width);
        const uint8_t *truth = viz_matrix_column(&model->heat, at / model->heat.bucket_ns);
        const uint8_t *said = viz_matrix_column(&model->expect, at / model->heat.bucket_ns);
        for (uint32_t i = 0; truth != NULL && said != NULL && i < window->order_count; i++) {
            uint32_t p = window->order[i];
            if (p >= model->expect.row_cap || (said[p] == 0 || truth[p] == 0)) continue;
            int off = said[p] - truth[p], end = VIZ_HEAT_RIGHT - 1;
            off = off > end ? end : off < -end ? -end : off;
            uint32_t y = viz_matrix_line(i, window->order_count, window->height);
            uint32_t last = viz_matrix_line(i + 1, window->order_count, window->height);
            do {
                uint8_t *cell = &level[(size_t)y * window->width + x];
                if (*cell == 0 || abs(off) > abs(*cell - VIZ_HEAT_RIGHT))
                    *cell = (uint8_t)(VIZ_HEAT_RIGHT + off);
            } while (++y < last);
        }
    }
}

/* Kept from frame to frame: a palette is a few hundred powers. */
static void colours(const struct viz_canvas *canvas, const struct viz_look *look,
                    struct viz_heat_range range, struct viz_heatmap_look *out)
{
    static struct {
        const struct viz_theme *theme;
        enum viz_palette palette;
        struct viz_heat_range range;
        uint32_t now[256], then[256];
    } kept;
    const struct viz_theme *t = canvas->theme;
    bool same = kept.theme == t && kept.palette == look->palette && kept.range.low == range.low &&
                kept.range.high == range.high;
    for (int v = 0; !same && v < 256; v++) {
        struct viz_rgb c = viz_heat_colour(t, look, range, (uint8_t)v);
        kept.now[v] = viz_colour_pixel(c);
        kept.then[v] = viz_colour_pixel(viz_colour_mix(c, t->veil, t->veil_share));
    }
    kept.theme = t;
    kept.palette = look->palette;
    kept.range = range;
    memcpy(out->now, kept.now, sizeof out->now);
    memcpy(out->then, kept.then, sizeof out->then);
}

/* The error over the measured part. */
static void overlay(struct viz_canvas *canvas, const struct viz_scene *scene,
                    const struct viz_matrix_window *window, struct viz_rect plot, uint32_t x1)
{
    uint32_t lut[256];
    uint8_t *level = calloc((size_t)window->width * window->height + 1, 1);
    cairo_surface_t *image =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)window->width, (int)window->height);
    FORE_ASSERT(level != NULL && cairo_surface_status(image) == CAIRO_STATUS_SUCCESS);
    for (int v = 0; v < 256; v++)
        lut[v] = viz_colour_pixel(
            v == 0 ? canvas->theme->track
                   : viz_colour_error((double)(v - VIZ_HEAT_RIGHT) / VIZ_HEAT_ERROR_END));
    paint_error(scene, window, x1, level);
    unsigned char *bytes = cairo_image_surface_get_data(image);
    size_t stride = (size_t)cairo_image_surface_get_stride(image);
    for (uint32_t y = 0; y < window->height; y++)
        for (uint32_t x = 0; x < x1; x++)
            memcpy(bytes + y * stride + 4 * (size_t)x, &lut[level[(size_t)y * window->width + x]],
                   4);
    cairo_surface_mark_dirty(image);
    cairo_set_source_surface(canvas->cr, image, plot.x, plot.y);
    cairo_rectangle(canvas->cr, plot.x, plot.y, x1, plot.h);
    cairo_fill(canvas->cr);
    cairo_surface_destroy(image);
    free(level);
}

/* The first and last key, or slot, of a partition; shorter than the gutter. */
static void range_text(const struct fore_partition *part, char *out, size_t size)
{
    struct viz_text first = viz_format_count((double)part->first);
    if (part->first < 100000 && part->last < 100000)
        snprintf(out, size, "%llu\342\200\223%llu", (unsigned long long)part->first,
                 (unsigned long long)part->last);
    else if (part->last > UINT64_MAX / 2)
        snprintf(out, size, "%.20s\342\200\223end", first.s);
    else
        snprintf(out, size, "%.20s\342\200\223%.20s", first.s,
                 viz_format_count((double)part->last).s);
}

static void row_label(struct viz_canvas *canvas, const struct viz_scene *scene, uint32_t p,
                      double x, double y, double room)
{
    const struct viz_theme *t = canvas->theme;
    const struct viz_model *model = scene->model;
    const struct fore_partition *part = &model->snapshot.topology.partition[p];
    char name[24], node[16], range[48];
    double u = canvas->u;
    bool two = room >= 26 * u;
    if (two) y -= 6 * u;
    snprintf(name, sizeof name, "p%u", p);
    viz_label_node(model, part->replica[0], node, sizeof node);
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = t->ink};
    type.bold = p == scene->look->partition;
    viz_canvas_text(canvas, &type, x - 40 * u, y, 0, name);
    type.bold = false;
    type.colour = t->muted;
    viz_canvas_text(canvas, &type, x - 8 * u, y, 0, node);
    if (!two) return;
    range_text(part, range, sizeof range);
    type.colour = t->muted;
    viz_canvas_text(canvas, &type, x - 8 * u, y + 13 * u, 76 * u, range);
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
static void row_labels(struct viz_canvas *canvas, const struct viz_scene *scene,
                       const struct viz_matrix_window *window, struct viz_rect plot)
{
    uint32_t count = window->order_count;
    double u = canvas->u, next = 0, row = plot.h / count;
    for (uint32_t i = 0; i < count;) {
        double y0 = viz_matrix_line(i, count, window->height);
        double y1 = viz_matrix_line(i + 1, count, window->height), middle = (y0 + y1) / 2;
        if (middle < next - 0.5) {
            i += (uint32_t)fmax(1, floor((next - 0.5 - middle) / row) - 2);
            continue;
        }
        row_label(canvas, scene, window->order[i], plot.x, plot.y + middle + 3.8 * u, y1 - y0);
        next = middle + fmax(12.5 * u, y1 - y0);
        i++;
    }
}

static void gutter(struct viz_canvas *canvas, const struct viz_scene *scene,
                   const struct viz_matrix_window *window, struct viz_rect plot, double left)
{
    const struct viz_model *model = scene->model;
    const struct fore_topology *topology = &model->snapshot.topology;
    uint32_t count = window->order_count, height = window->height, start = 0;
    uint32_t first = (uint32_t)(window->order - model->order);
    double u = canvas->u;
    if (viz_canvas_sees(canvas, (struct viz_rect){left, plot.y - 8 * u, plot.x - left, plot.h}))
        row_labels(canvas, scene, window, plot);
    for (uint32_t k = 0; k < model->run_count && start < count; k++) {
        if (model->run_end[k] <= first) continue;
        uint32_t end = model->run_end[k] - first < count ? model->run_end[k] - first : count;
        uint32_t table = topology->partition[window->order[start]].table;
        double top = plot.y + viz_matrix_line(start, count, height);
        double bottom = plot.y + viz_matrix_line(end, count, height);
        table_label(canvas, table < topology->table_count ? topology->table[table].name : "?",
                    (struct viz_rect){left + 22 * u, top, 0, bottom - top});
        if (end < count)
            viz_canvas_level(canvas, plot.x, plot.x + plot.w, bottom, 2 * u, canvas->theme->card);
        start = end;
    }
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

enum { CHANGES_MAX = 96 }; /* marks at one time */

static bool near_one(const struct viz_rect *drawn, uint32_t count, double x, double y)
{
    for (uint32_t i = 0; i < count; i++)
        if (fabs(drawn[i].x - x) < drawn[i].w && fabs(drawn[i].y - y) < drawn[i].h) return true;
    return false;
}

/* Splits, merges and splits by column where they happened: at their time, on their row. A mark that
 * would lie on another is left out. */
static void changes(struct viz_canvas *canvas, const struct viz_scene *scene,
                    const struct viz_matrix_window *window, struct viz_rect plot)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    double u = canvas->u;
    struct viz_rect drawn[CHANGES_MAX];
    uint32_t marks = 0;
    for (uint32_t m = 0; m < snap->move_count && marks < CHANGES_MAX; m++) {
        const struct fore_snapshot_move *move = &snap->move[m];
        uint8_t kind = move->move.kind;
        bool reshapes = kind == FORE_MOVE_SPLIT || kind == FORE_MOVE_MERGE ||
                        kind == FORE_MOVE_VERTICAL_SPLIT || kind == FORE_MOVE_VERTICAL_MERGE;
        if (!reshapes || move->changed_ns < scene->view.from || !viz_model_move_over(move))
            continue;
        struct viz_move_look look = viz_panel_move_look(canvas, scene->model, move);
        for (uint32_t i = 0; i < window->order_count; i++) {
            if (window->order[i] != move->move.partition) continue;
            double x = viz_axis_x(&scene->scale, move->move.began_ns);
            double y = plot.y + viz_matrix_line(i + 1, window->order_count, window->height);
            struct viz_rect back = {round(x - 7 * u), round(y - 7 * u), 14 * u, 14 * u};
            if (x < plot.x || y > plot.y + plot.h - 4 * u) break;
            if (near_one(drawn, marks, back.x, back.y)) break;
            drawn[marks++] = back;
            viz_canvas_pill(canvas, back, 4 * u, canvas->theme->card);
            viz_canvas_mark(canvas, look.kind, x, y, 9, canvas->theme->ink);
            viz_hits_add(scene->hits, VIZ_HIT_MOVE, back, move->move.ticket);
            break;
        }
    }
}

/* The selected row between two lines, with a pointer in the gutter. */
static void selection(struct viz_canvas *canvas, const struct viz_scene *scene,
                      const struct viz_matrix_window *window, struct viz_rect plot)
{
    double u = canvas->u;
    const struct viz_theme *t = canvas->theme;
    for (uint32_t i = 0; i < window->order_count; i++) {
        if (window->order[i] != scene->look->partition) continue;
        double y0 = plot.y + viz_matrix_line(i, window->order_count, window->height);
        double y1 = plot.y + viz_matrix_line(i + 1, window->order_count, window->height);
        if (y1 < y0 + 3 * u) y1 = y0 + 3 * u;
        viz_canvas_level(canvas, plot.x, plot.x + plot.w, y0 - 1, 2 * u, t->card);
        viz_canvas_level(canvas, plot.x, plot.x + plot.w, y1 + 1, 2 * u, t->card);
        viz_canvas_mark(canvas, VIZ_MARK_ARROW, plot.x - 1 * u, (y0 + y1) / 2, 12, t->accent);
    }
}

/* A metric that nobody forecasts says so where its forecast would be. */
static void no_future(struct viz_canvas *canvas, const struct viz_scene *scene,
                      struct viz_rect future)
{
    const struct viz_theme *t = canvas->theme;
    char text[64] = "no forecast was made";
    if (scene->model->forecast_at > 0)
        snprintf(text, sizeof text, "%s is not forecast",
                 viz_metric_row[scene->look->metric].title);
    viz_canvas_fill(canvas, future, t->track);
    viz_canvas_hatch(canvas, future, 9, t->card, 0.8);
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_CENTRE, .colour = t->muted};
    if (future.w > 40 * canvas->u)
        viz_canvas_text(canvas, &type, future.x + future.w / 2, future.y + future.h / 2,
                        future.w - 8 * canvas->u, text);
}

static uint32_t pixel_of(const struct viz_rect *plot, double x)
{
    return (uint32_t)fmin(fmax(ceil(x - plot->x), 0), plot->w);
}

static struct viz_heat_range paint(struct viz_canvas *canvas, const struct viz_scene *scene,
                                   const struct viz_matrix_window *window, struct viz_rect plot,
                                   uint32_t future_x)
{
    const struct viz_model *model = scene->model;
    float *scale = scale_of(scene, window);
    struct viz_heatmap_spec spec = {
        .matrix = &model->heat,
        .later = {.window = window,
                  .x0 = future_x,
                  .quantile = scene->look->quantile,
                  .scale = scale},
        .to = window->width
    };
    if (canvas->limit.w > 0) {
        spec.from = pixel_of(&plot, canvas->limit.x);
        spec.to = pixel_of(&plot, canvas->limit.x + canvas->limit.w);
        spec.measured_only = spec.to - spec.from < window->width; /* a strip, see frame.h */
    }
    struct viz_heatmap_look look = {.x = plot.x, .y = plot.y};
    (void)viz_heatmap_levels(model->map, model, &spec);
    struct viz_heat_range range = range_of(viz_heatmap_histogram(model->map));
    colours(canvas, scene->look, range, &look);
    viz_heatmap_paint(model->map, canvas->cr, &look);
    if (scene->look->error && model->want.expect) overlay(canvas, scene, window, plot, future_x);
    free(scale);
    return range;
}

void viz_panel_heat(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct viz_model *model = scene->model;
    double u = canvas->u, top = round(r.y + VIZ_HEAT_TOP * u);
    struct viz_rect plot = {scene->scale.x0, top, scene->scale.x1 - scene->scale.x0,
                            round(r.y + r.h - 28 * u) - top};
    viz_canvas_card(canvas, r, "", "", 0);
    if (model->order_count == 0 || plot.h < 8 || plot.w < 8) {
        viz_panel_empty(canvas, r,
                        "Nothing to show yet: the journal holds no picture of the "
                        "cluster up to here. Press End, or wait for it to grow.");
        return;
    }
    double now_x = round(viz_axis_x(&scene->scale, scene->view.now));
    struct viz_matrix_window window = {.from = scene->view.from,
                                       .to = scene->view.to,
                                       .width = (uint32_t)plot.w,
                                       .height = (uint32_t)plot.h};
    uint32_t first = viz_panel_rows(scene, &window.order_count);
    window.order = model->order + first;
    uint32_t future_x = (uint32_t)fmax(0, fmin(now_x - plot.x, plot.w));
    viz_hits_add(scene->hits, VIZ_HIT_HEAT, plot, 0);
    struct viz_heat_range range = paint(canvas, scene, &window, plot, future_x);
    struct viz_rect future = {plot.x + future_x, plot.y, plot.w - future_x, plot.h};
    if (viz_metric_row[scene->look->metric].ahead && model->forecast_at > 0)
        viz_canvas_hatch(canvas, future, 9, canvas->theme->card, 0.30);
    else
        no_future(canvas, scene, future);
    gutter(canvas, scene, &window, plot, r.x);
    changes(canvas, scene, &window, plot);
    selection(canvas, scene, &window, plot);
    if (viz_canvas_sees(canvas, (struct viz_rect){r.x, r.y, r.w, (VIZ_HEAT_TOP - 20) * u}))
        viz_panel_heat_legend(canvas, scene, r, range);
    viz_panel_now(canvas, scene, plot);
    heads(canvas, scene, plot);
    viz_panel_clock(canvas, scene, plot.y + plot.h + 17 * u);
}
