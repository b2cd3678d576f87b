/*
 * panel_heat_legend.c - what the heat's colours stand for, in numbers: the metric and its palette,
 * which quantile of the forecast is drawn, or the scale of its error.
 */
#include "viz/format.h"
#include "viz/panel_heat.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const quantile_text[] = {"forecast q10", "forecast q50", "forecast q90"};

static double swatch(struct viz_canvas *canvas, double x, double y, struct viz_rgb colour,
                     bool hatched, const char *text)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->muted};
    x -= viz_canvas_text(canvas, &type, x, y + 4 * u, 0, text) + 6 * u;
    struct viz_rect box = {round(x - 18 * u), round(y - 5 * u), round(18 * u), round(10 * u)};
    viz_canvas_fill(canvas, box, hatched ? viz_colour_mix(colour, t->veil, t->veil_share) : colour);
    if (hatched) viz_canvas_hatch(canvas, box, 5, t->card, 0.55);
    return box.x - 16 * u;
}

/* A number under the bar, unless it would touch the one before. */
static void number(struct viz_canvas *canvas, struct viz_rect bar, double x, const char *text,
                   double *last)
{
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_CENTRE, .colour = canvas->theme->muted};
    double half = viz_canvas_width(canvas, &type, text) / 2, right = bar.x + bar.w;
    if (x - half < *last + 8 * u || x - half < bar.x - 14 * u || x + half > right + 14 * u) return;
    viz_canvas_upright(canvas, x, bar.y + bar.h, bar.y + bar.h + 3 * u, 1, type.colour);
    viz_canvas_text(canvas, &type, x, bar.y + bar.h + 14 * u, 0, text);
    *last = x + half;
}

/* The palette with its numbers: 1-2-5 steps, as many as fit. */
static void numbers(struct viz_canvas *canvas, const struct viz_look *look, struct viz_rect bar,
                    struct viz_heat_range range)
{
    static const double mantissa[] = {1, 2, 5};
    double last = -1e9;
    for (int x = 0; x < (int)bar.w; x++)
        viz_canvas_fill(canvas, (struct viz_rect){bar.x + x, bar.y, 1, bar.h},
                        viz_colour_palette(look->palette, (x + 0.5) / bar.w));
    for (int i = -18; i < 39; i++) {
        double value = mantissa[(i + 18) % 3] * pow(10, floor(i / 3.0));
        double level = viz_matrix_quantise(viz_metric_cell(look->metric, value));
        if (level < range.low || level > range.high) continue;
        double x = bar.x + bar.w * (level - range.low) / ((double)range.high - range.low);
        number(canvas, bar, x, viz_metric_tick(look->metric, value).s, &last);
    }
}

static void errors(struct viz_canvas *canvas, struct viz_rect bar)
{
    static const struct {
        double factor;
        const char *text;
    } mark[] = {
        {0.25, "\302\274\303\227"},
        {0.5,  "\302\275\303\227"},
        {1,    "right"           },
        {2,    "2\303\227"       },
        {4,    "4\303\227"       }
    };
    double last = -1e9;
    for (int x = 0; x < (int)bar.w; x++)
        viz_canvas_fill(canvas, (struct viz_rect){bar.x + x, bar.y, 1, bar.h},
                        viz_colour_error(2 * (x + 0.5) / bar.w - 1));
    for (size_t i = 0; i < FORE_COUNTOF(mark); i++) {
        double x = bar.x + bar.w * (log2(mark[i].factor) / 4 + 0.5);
        number(canvas, bar, x, mark[i].text, &last);
    }
}

/* The name of what is shown, as a button: the key m switches it. Returns its left edge. */
static double metric_name(struct viz_canvas *canvas, const struct viz_scene *scene, double right,
                          double y, const char *text)
{
    double u = canvas->u;
    struct viz_type type = {
        .size = VIZ_SMALL, .bold = true, .align = VIZ_RIGHT, .colour = canvas->theme->ink};
    double w = viz_canvas_text(canvas, &type, right, y + 4 * u, 0, text);
    viz_hits_add(scene->hits, VIZ_HIT_METRIC,
                 (struct viz_rect){right - w - 4 * u, y - 9 * u, w + 8 * u, 18 * u}, 0);
    return right - w;
}

static void about_of(const struct viz_scene *scene, char *out, size_t size)
{
    const struct viz_model *model = scene->model;
    uint32_t count;
    (void)viz_panel_rows(scene, &count);
    size_t n = count < model->order_count
                   ? (size_t)snprintf(out, size, "%u of %u partitions", count, model->order_count)
                   : (size_t)snprintf(out, size, "%u partitions in key order", count);
    if (scene->look->error && n < size) {
        if (model->expect_lead > 0)
            (void)snprintf(out + n, size - n, "; forecast %s ahead \303\267 what came",
                           viz_format_duration(model->expect_lead).s);
        else
            (void)snprintf(out + n, size - n, "; nothing was forecast up to here");
    } else if (scene->view.to <= scene->view.now && model->forecast_at > 0 && n < size) {
        fore_ns age = scene->view.now - model->forecast_at;
        (void)snprintf(out + n, size - n, "; newest forecast %s old", viz_format_duration(age).s);
    } else if (scene->look->metric != VIZ_METRIC_LOAD &&
               viz_metric_row[scene->look->metric].ahead && n < size) {
        (void)snprintf(out + n, size - n, "; load forecast at the present mix");
    }
}

void viz_panel_heat_legend(struct viz_canvas *canvas, const struct viz_scene *scene,
                           struct viz_rect r, struct viz_heat_range range)
{
    const struct viz_theme *t = canvas->theme;
    const struct viz_look *look = scene->look;
    char about[160];
    double u = canvas->u, y = r.y + 19 * u, right = scene->scale.x1;
    bool ahead = scene->view.to > scene->view.now && viz_metric_row[look->metric].ahead;
    double w = round(fmin(230 * u, r.w * 0.22));
    struct viz_rect bar = {round(right - w), round(y - 5 * u), w, round(10 * u)};
    if (look->error)
        errors(canvas, bar);
    else
        numbers(canvas, look, bar, range);
    double left =
        metric_name(canvas, scene, bar.x - 8 * u, y,
                    look->error ? "forecast \303\267 truth" : viz_metric_row[look->metric].title) -
        16 * u;
    if (!look->error) left = swatch(canvas, left, y, t->cold, false, "none");
    if (ahead)
        left = swatch(canvas, left, y, viz_colour_palette(look->palette, 0.5), true,
                      quantile_text[look->quantile]);
    about_of(scene, about, sizeof about);
    struct viz_type type = {.size = VIZ_SMALL, .colour = t->muted};
    struct viz_type title = {.size = 13.5, .bold = true, .colour = t->ink};
    double x = r.x + 16 * u;
    x += viz_canvas_text(canvas, &title, x, r.y + 23 * u, 0,
                         look->error ? "Forecast error" : "Heat") +
         10 * u;
    if (left - x > 60 * u) viz_canvas_text(canvas, &type, x, r.y + 23 * u, left - x, about);
}
