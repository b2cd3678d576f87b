/*
 * pair_race.c - time above the SLO, counted up: one line a side, the area between them is what one
 * has saved. The second side's line is thick, the first one's dashed, so that it is not colour that
 * tells them apart.
 */
#include "viz/pair_race.h"

#include "viz/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTS = 400, LABELS_MAX = 64 };

struct race {
    double y[2][POINTS]; /* seconds; NaN: not known */
    double top;
    uint32_t count;
};

/* Sums from the end, a pass over the tape for each side. */
static void gather(const struct viz_pair *pair, struct viz_scale scale, fore_ns now,
                   struct race *race)
{
    race->top = 1;
    race->count = 0;
    for (uint32_t i = 0; i < POINTS; i++) {
        double share = (double)i / (POINTS - 1);
        fore_ns at = scale.from + (fore_ns)(share * (double)(scale.to - scale.from));
        if (at > now) break;
        for (int s = 0; s < 2; s++) {
            race->y[s][i] = viz_pair_violation(&pair->side[s]->model, at);
            if (race->y[s][i] > race->top) race->top = race->y[s][i];
        }
        race->count = i + 1;
    }
    race->top *= 1.08;
}

static void path(cairo_t *cr, const struct race *race, int side, struct viz_rect plot, double width,
                 bool back)
{
    for (uint32_t k = 0; k < race->count; k++) {
        uint32_t i = back ? race->count - 1 - k : k;
        if (isnan(race->y[side][i])) continue;
        cairo_line_to(cr, plot.x + width * i / (POINTS - 1),
                      plot.y + plot.h * (1 - race->y[side][i] / race->top));
    }
}

static void lines(struct viz_canvas *canvas, const struct race *race, struct viz_rect plot)
{
    const struct viz_theme *t = canvas->theme;
    cairo_t *cr = canvas->cr;
    double u = canvas->u, last[2] = {0, 0};
    const double dash[] = {7 * u, 5 * u};
    for (int s = 0; s < 2; s++)
        if (race->count > 0) last[s] = race->y[s][race->count - 1];
    cairo_new_path(cr);
    path(cr, race, 0, plot, plot.w, false);
    path(cr, race, 1, plot, plot.w, true);
    cairo_close_path(cr);
    viz_canvas_colour(canvas, last[1] <= last[0] ? t->good : t->bad, 0.16);
    cairo_fill(cr);
    for (int s = 0; s < 2; s++) {
        cairo_save(cr);
        cairo_new_path(cr);
        path(cr, race, s, plot, plot.w, false);
        viz_canvas_colour(canvas, s == 0 ? t->muted : t->accent, 1);
        cairo_set_line_width(cr, (s == 0 ? 2 : 3) * u);
        if (s == 0) cairo_set_dash(cr, dash, 2, 0);
        cairo_stroke(cr);
        cairo_restore(cr);
    }
}

static void axis(struct viz_canvas *canvas, const struct race *race, struct viz_rect plot)
{
    const struct viz_theme *t = canvas->theme;
    static const double step[] = {1,    2,    5,    10,   20,    30,    60,    120,    300,   600,
                                  1200, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800};
    double each = step[0], u = canvas->u;
    for (size_t i = 0; i < FORE_COUNTOF(step) && race->top / each > plot.h / (26 * u); i++)
        each = step[i];
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = t->muted};
    for (int i = 0; i < LABELS_MAX && i * each <= race->top; i++) {
        double s = i * each;
        double y = plot.y + plot.h * (1 - s / race->top);
        viz_canvas_level(canvas, plot.x, plot.x + plot.w, y, 1, t->track);
        viz_canvas_text(canvas, &type, plot.x - 8 * u, y + 4 * u, 0,
                        s > 0 ? viz_format_seconds(s).s : "0");
    }
}

static double key(struct viz_canvas *canvas, double x, double y, bool second, const char *text)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_SMALL, .colour = t->muted};
    if (second)
        viz_canvas_level(canvas, x, x + 24 * u, y - 4 * u, 3 * u, t->accent);
    else
        viz_canvas_dashes(canvas, x, x + 24 * u, y - 4 * u, t->muted);
    return x + 30 * u + viz_canvas_text(canvas, &type, x + 30 * u, y, 0, text) + 16 * u;
}

/* At the right of the lines, what they have come to. */
static void ends(struct viz_canvas *canvas, const struct viz_pair *pair, const struct race *race,
                 struct viz_rect plot)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, y[2];
    if (race->count == 0) return;
    double x = plot.x + plot.w * (race->count - 1) / (POINTS - 1) + 8 * u;
    for (int s = 0; s < 2; s++)
        y[s] = plot.y + plot.h * (1 - race->y[s][race->count - 1] / race->top);
    if (isnan(y[0]) || isnan(y[1])) return;
    if (fabs(y[0] - y[1]) < 15 * u) { /* not upon one another */
        double middle = (y[0] + y[1]) / 2, low = y[0] > y[1] ? 8 * u : -8 * u;
        y[0] = middle + low;
        y[1] = middle - low;
    }
    for (int s = 0; s < 2; s++) {
        char text[96];
        const struct viz_model *m = &pair->side[s]->model;
        struct viz_type type = {
            .size = VIZ_SMALL, .bold = s == 1, .colour = s == 0 ? t->muted : t->accent};
        snprintf(text, sizeof text, "%.40s %s", m->policy[0] != '\0' ? m->policy : m->name,
                 viz_format_seconds(race->y[s][race->count - 1]).s);
        viz_canvas_text(canvas, &type, x, fmin(y[s], plot.y + plot.h - 2 * u) + 4 * u, 0, text);
    }
}

void viz_pair_race(struct viz_canvas *canvas, const struct viz_pair *pair, struct viz_rect r)
{
    double u = canvas->u, right = 170 * u;
    struct viz_rect plot = {r.x + 104 * u, r.y + 38 * u, r.w - 104 * u - right, r.h - 66 * u};
    const struct viz_player *a = pair->side[0];
    struct viz_scene scene = {
        .model = &a->model,
        .view = a->view,
        .scale = {a->view.from, a->view.now, plot.x, plot.x + plot.w}
    };
    scene.view.to = a->view.now;
    double x = viz_canvas_card(canvas, r, "Time above the SLO", "counted up", 0) + 24 * u;
    for (int s = 0; s < 2; s++) {
        const struct viz_model *m = &pair->side[s]->model;
        x = key(canvas, x, r.y + 23 * u, s == 1, m->policy[0] != '\0' ? m->policy : m->name);
    }
    if (plot.h < 20 * u) return;
    struct race *race = calloc(1, sizeof *race);
    FORE_ASSERT(race != NULL);
    gather(pair, scene.scale, a->view.now, race);
    viz_panel_grid(canvas, &scene, plot);
    axis(canvas, race, plot);
    lines(canvas, race, plot);
    ends(canvas, pair, race, plot);
    viz_panel_clock(canvas, &scene, plot.y + plot.h + 17 * u);
    free(race);
}
