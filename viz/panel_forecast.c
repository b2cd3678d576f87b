/*
 * panel_forecast.c - the partition in focus: its load, the fan of its newest forecast, and what
 * came of the forecast made half a horizon ago, so that one can see how far to trust the fan.
 */
#include "viz/format.h"
#include "viz/label.h"
#include "viz/panel_detail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct plot {
    struct viz_rect r;
    fore_ns from, to;
    double top; /* cores at the upper edge */
};

static double x_of(const struct plot *p, fore_ns at)
{
    double share = ((double)at - (double)p->from) / (double)(p->to - p->from);
    return p->r.x + p->r.w * fmin(fmax(share, 0), 1);
}

static double y_of(const struct plot *p, double cores)
{
    return p->r.y + p->r.h * (1 - fmin(fmax(cores / p->top, 0), 1));
}

/* A round number of cores above everything that is drawn. */
static double top_of(const struct viz_watch *watch, const struct plot *p,
                     const struct viz_watch_past *fan, const struct viz_watch_past *old)
{
    double most = 1e-6;
    for (uint64_t i = watch->load_total; i > 0 && i + VIZ_WATCH_LOADS > watch->load_total; i--) {
        const struct viz_watch_load *l = &watch->load[(i - 1) % VIZ_WATCH_LOADS];
        if (l->at < p->from) break;
        most = fmax(most, (double)l->cores);
    }
    const struct viz_watch_past *both[] = {fan, old};
    for (int f = 0; f < 2; f++)
        for (uint32_t k = 0; both[f] != NULL && k < both[f]->steps; k++)
            most = fmax(most, (double)both[f]->q[2 * (size_t)both[f]->steps + k]);
    double unit = pow(10, floor(log10(most * 1.08)));
    return ceil(most * 1.08 / unit * 2) / 2 * unit;
}

/* The path of a quantile over the forecast's steps, forward or back. */
static void trace(cairo_t *cr, const struct plot *p, const struct viz_watch_past *f, int q,
                  bool back)
{
    for (uint32_t i = 0; i < f->steps; i++) {
        uint32_t k = back ? f->steps - 1 - i : i;
        double y = y_of(p, (double)f->q[(size_t)q * f->steps + k]);
        fore_ns a = f->at + f->step_ns * k, b = a + f->step_ns;
        if (b < p->from || a > p->to) continue;
        cairo_line_to(cr, x_of(p, back ? b : a), y);
        cairo_line_to(cr, x_of(p, back ? a : b), y);
    }
}

static void fan(struct viz_canvas *canvas, const struct plot *p, const struct viz_watch_past *f,
                bool newest)
{
    const struct viz_theme *t = canvas->theme;
    cairo_t *cr = canvas->cr;
    const double dash[] = {4 * canvas->u, 3 * canvas->u};
    if (f == NULL) return;
    cairo_save(cr);
    cairo_new_path(cr);
    trace(cr, p, f, 2, false);
    trace(cr, p, f, 0, true);
    cairo_close_path(cr);
    viz_canvas_colour(canvas, newest ? t->accent : t->warn, newest ? 0.22 : 0.16);
    cairo_fill(cr);
    cairo_new_path(cr);
    trace(cr, p, f, 1, false);
    viz_canvas_colour(canvas, newest ? t->accent : t->warn, 1);
    cairo_set_line_width(cr, (newest ? 2 : 1.5) * canvas->u);
    if (!newest) cairo_set_dash(cr, dash, 2, 0);
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void loads(struct viz_canvas *canvas, const struct plot *p, const struct viz_watch *watch)
{
    cairo_t *cr = canvas->cr;
    uint64_t total = watch->load_total;
    double before = -1;
    cairo_new_path(cr);
    for (uint64_t i = total; i > 0 && i + VIZ_WATCH_LOADS > total; i--) {
        const struct viz_watch_load *l = &watch->load[(i - 1) % VIZ_WATCH_LOADS];
        if (l->at < p->from) break;
        double x = x_of(p, l->at);
        if (before >= 0 && before - x < 0.75) continue; /* not two to a pixel */
        cairo_line_to(cr, x, y_of(p, (double)l->cores));
        before = x;
    }
    viz_canvas_colour(canvas, canvas->theme->ink, 1);
    cairo_set_line_width(cr, 1.2 * canvas->u);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(cr);
}

static void frame(struct viz_canvas *canvas, const struct viz_scene *scene, const struct plot *p)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = t->muted};
    for (int i = 0; i <= 2; i++) {
        char text[32];
        double cores = p->top * i / 2;
        snprintf(text, sizeof text, "%.3g", cores);
        viz_canvas_level(canvas, p->r.x, p->r.x + p->r.w, y_of(p, cores), 1, t->track);
        viz_canvas_text(canvas, &type, p->r.x - 6 * u, y_of(p, cores) + 4 * u, 0, text);
    }
    fore_ns step = viz_axis_step(p->to - p->from, p->r.w, 72 * u);
    type.align = VIZ_CENTRE;
    for (fore_ns at = viz_axis_first(p->from, step, scene->model->start_unix_s); at <= p->to;
         at += step) {
        struct viz_text label = viz_format_tick(at, step, scene->model->start_unix_s);
        double half = viz_canvas_width(canvas, &type, label.s) / 2;
        viz_canvas_text(canvas, &type, fmin(x_of(p, at), p->r.x + p->r.w - half),
                        p->r.y + p->r.h + 14 * u, 0, label.s);
    }
    double now = x_of(p, scene->view.now);
    viz_canvas_tint(canvas, (struct viz_rect){now, p->r.y, p->r.x + p->r.w - now, p->r.h}, t->track,
                    0.45);
}

static double key(struct viz_canvas *canvas, double x, double y, struct viz_rgb colour, bool dashed,
                  const char *text)
{
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_TINY, .colour = canvas->theme->muted};
    if (dashed)
        viz_canvas_dashes(canvas, x, x + 16 * u, y - 4 * u, colour);
    else
        viz_canvas_level(canvas, x, x + 16 * u, y - 4 * u, 2 * u, colour);
    return x + 20 * u + viz_canvas_text(canvas, &type, x + 20 * u, y, 0, text) + 12 * u;
}

/* What the numbers say, in one line. */
static void verdict(const struct viz_watch *watch, char *out, size_t size)
{
    struct viz_watch_score s = viz_watch_judge(watch);
    if (s.count == 0) {
        snprintf(out, size, "nothing has come true yet");
        return;
    }
    size_t n = (size_t)snprintf(out, size, "what came: %.0f %% below q10, %.0f %% above q90",
                                s.below * 100, s.above * 100);
    if (!isnan(s.skill) && n < size)
        snprintf(out + n, size - n, "; error %.2f of \"as now\"", s.skill);
}

/* More than the model's name. */
static bool tells(const struct viz_watch_past *newest)
{
    return newest != NULL && newest->made_by[0] != '\0' &&
           strcmp(newest->made_by, newest->model) != 0;
}

static void caption(struct viz_canvas *canvas, const struct viz_scene *scene,
                    const struct viz_watch_past *newest, bool old, struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    const struct viz_watch *watch = &scene->model->watch;
    double u = canvas->u;
    char title[64], said[160], node[16] = "?";
    if (watch->partition < scene->model->snapshot.topology.partition_count)
        viz_label_node(scene->model,
                       scene->model->snapshot.topology.partition[watch->partition].replica[0], node,
                       sizeof node);
    snprintf(title, sizeof title, "p%u on %s, cores", watch->partition, node);
    struct viz_type type = {.size = VIZ_BODY, .bold = true, .colour = t->ink};
    struct viz_type quiet = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->muted};
    double x = r.x + viz_canvas_text(canvas, &type, r.x, r.y + 12 * u, 0, title) + 16 * u;
    x = key(canvas, x, r.y + 12 * u, t->ink, false, "load");
    snprintf(said, sizeof said, "forecast (%s)", newest != NULL ? newest->model : "none");
    x = key(canvas, x, r.y + 12 * u, t->accent, false, said);
    if (old) (void)key(canvas, x, r.y + 12 * u, t->warn, true, "forecast then");
    verdict(watch, said, sizeof said);
    quiet.align = VIZ_LEFT;
    viz_canvas_text(canvas, &quiet, r.x, r.y + 29 * u, r.w, said);
    if (tells(newest)) viz_canvas_text(canvas, &quiet, r.x, r.y + 45 * u, r.w, newest->made_by);
}

void viz_tab_forecast(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct viz_model *model = scene->model;
    const struct viz_watch *watch = &model->watch;
    double u = canvas->u;
    if (watch->partition == VIZ_NONE || watch->load_total == 0) {
        viz_panel_empty(canvas, r, "Select a partition: click its row, or type / and its number.");
        return;
    }
    const struct viz_watch_past *newest = viz_watch_made_before(watch, scene->view.now);
    fore_ns horizon = newest != NULL ? newest->step_ns * newest->steps
                                     : (scene->view.now - scene->view.from) / 2 + 1;
    fore_ns ago = scene->view.now > horizon / 2 ? scene->view.now - horizon / 2 : 0;
    const struct viz_watch_past *old = newest != NULL ? viz_watch_made_before(watch, ago) : NULL;
    if (old == newest) old = NULL;
    double top = tells(newest) ? 54 * u : 38 * u;
    struct plot p = {
        .r = {r.x + 34 * u, r.y + top, r.w - 38 * u, r.h - top - 18 * u},
        .from = scene->view.now > 2 * horizon ? scene->view.now - 2 * horizon : 0,
        .to = scene->view.now + horizon
    };
    p.top = top_of(watch, &p, newest, old);
    caption(canvas, scene, newest, old != NULL, r);
    if (p.r.h < 24 * u) return;
    frame(canvas, scene, &p);
    fan(canvas, &p, old, false);
    fan(canvas, &p, newest, true);
    loads(canvas, &p, watch);
    viz_canvas_upright(canvas, x_of(&p, scene->view.now), p.r.y, p.r.y + p.r.h, 1.6 * u,
                       canvas->theme->ink);
}
