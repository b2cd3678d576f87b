/*
 * panel_arcs.c - what is moving, as an arc from the lane it leaves to the lane it goes to, with its
 * share done in a pill at the bend. A dashed arc waits, a thick one copies; a throttled one carries
 * a bar. Longer arcs bend further out, so that they cross as little as can be.
 */
#include "viz/panel_arcs.h"

#include "core/act/migrate.h"
#include "viz/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARCS_MAX = 12 };

struct arc {
    const struct fore_snapshot_move *move;
    int from, to; /* lanes; -1: not shown */
    int reach;
};

static int lane_of(const struct viz_arcs *arcs, uint32_t node)
{
    for (uint32_t i = 0; i < arcs->count; i++)
        if (arcs->node[i] == node) return (int)i;
    return -1;
}

static int longer_first(const void *a, const void *b)
{
    const struct arc *x = a, *y = b;
    if (x->reach != y->reach) return x->reach < y->reach ? 1 : -1;
    return x->move->move.ticket < y->move->move.ticket ? -1 : 1;
}

static size_t under_way(const struct viz_scene *scene, const struct viz_arcs *arcs,
                        struct arc out[ARCS_MAX])
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    size_t n = 0;
    for (uint32_t i = 0; i < snap->move_count && n < ARCS_MAX; i++) {
        const struct fore_snapshot_move *m = &snap->move[i];
        if (viz_model_move_over(m)) continue;
        struct arc arc = {
            .move = m, .from = lane_of(arcs, m->move.source), .to = lane_of(arcs, m->move.target)};
        if (arc.from < 0 || arc.to < 0 || arc.from == arc.to) continue;
        arc.reach = abs(arc.to - arc.from);
        out[n++] = arc;
    }
    if (n > 1) qsort(out, n, sizeof *out, longer_first);
    return n;
}

static void head(struct viz_canvas *canvas, double x, double y, struct viz_rgb colour)
{
    cairo_t *cr = canvas->cr;
    double u = canvas->u;
    cairo_new_path(cr);
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, x + 8 * u, y - 4.5 * u);
    cairo_line_to(cr, x + 8 * u, y + 4.5 * u);
    cairo_close_path(cr);
    viz_canvas_colour(canvas, colour, 1);
    cairo_fill(cr);
}

static void pill(struct viz_canvas *canvas, const struct viz_scene *scene, const struct arc *arc,
                 double right, double y, struct viz_rgb colour)
{
    const struct viz_theme *t = canvas->theme;
    const struct fore_event_move *m = &arc->move->move;
    struct viz_move_look look = viz_panel_move_look(canvas, scene->model, arc->move);
    double u = canvas->u;
    char text[48];
    bool copying = m->state == FORE_MIGRATE_COPY && look.percent[0] != '\0';
    snprintf(text, sizeof text, "p%u %s", m->partition, copying ? look.percent : look.word);
    struct viz_type type = {.size = VIZ_TINY, .bold = true, .align = VIZ_RIGHT, .colour = t->ink};
    double w = viz_canvas_width(canvas, &type, text) + 10 * u;
    struct viz_rect r = {round(right - w), round(y - 7.5 * u), round(w), round(15 * u)};
    viz_canvas_pill(canvas, r, 4 * u, t->card);
    viz_canvas_outline(canvas, r, 4 * u, colour);
    viz_canvas_text(canvas, &type, right - 5 * u, y + 3.8 * u, 0, text);
    viz_hits_add(scene->hits, VIZ_HIT_MOVE, r, m->ticket);
}

static void draw(struct viz_canvas *canvas, const struct viz_scene *scene,
                 const struct viz_arcs *arcs, const struct arc *arc, double bend, double shift)
{
    const struct viz_theme *t = canvas->theme;
    cairo_t *cr = canvas->cr;
    double u = canvas->u, x = arcs->x;
    double y0 = arcs->top + (arc->from + 0.5) * arcs->pitch - 3 * u + shift;
    double y1 = arcs->top + (arc->to + 0.5) * arcs->pitch - 3 * u + shift;
    uint8_t state = arc->move->move.state;
    struct viz_rgb colour = state == FORE_MIGRATE_WATCH ? t->good : t->accent;
    if (arc->move->move.bytes_per_sec_max > 0 && state == FORE_MIGRATE_COPY) colour = t->warn;
    const double dash[] = {4 * u, 3 * u};
    cairo_save(cr);
    cairo_new_path(cr);
    cairo_move_to(cr, x, y0);
    cairo_curve_to(cr, x + bend * 1.3, y0, x + bend * 1.3, y1, x + 6 * u, y1);
    viz_canvas_colour(canvas, colour, 1);
    cairo_set_line_width(cr, state == FORE_MIGRATE_COPY ? 2.5 * u : 1.5 * u);
    if (state == FORE_MIGRATE_QUEUED) cairo_set_dash(cr, dash, 2, 0);
    cairo_stroke(cr);
    cairo_restore(cr);
    viz_canvas_mark(canvas, VIZ_MARK_DOT, x, y0, 7, colour);
    head(canvas, x, y1, colour);
}

/* The first place at or below y that is `step` away from all that are taken, which stay sorted. */
static double free_below(double *taken, size_t count, double y, double step)
{
    for (size_t k = 0; k < count; k++)
        if (fabs(taken[k] - y) < step) y = taken[k] + step * 1.001;
    size_t k = count;
    for (; k > 0 && taken[k - 1] > y; k--)
        taken[k] = taken[k - 1];
    taken[k] = y;
    return y;
}

void viz_panel_arcs(struct viz_canvas *canvas, const struct viz_scene *scene,
                    const struct viz_arcs *arcs)
{
    struct arc arc[ARCS_MAX] = {0};
    size_t count = under_way(scene, arcs, arc);
    double u = canvas->u;
    for (size_t i = 0; i < count; i++) {
        double bend = arcs->w * (0.95 - 0.55 * (double)i / (double)(count > 1 ? count : 1));
        double shift = ((double)i - ((double)count - 1) / 2) * fmin(4 * u, arcs->pitch / 8);
        draw(canvas, scene, arcs, &arc[i], bend, shift);
    }
    double taken[ARCS_MAX], step = 16 * u; /* from the top, ascending: a pill goes below */
    for (size_t i = 0; i < count; i++) {   /* above all arcs, none upon another */
        double middle = (arc[i].from + arc[i].to) / 2.0;
        double y = free_below(taken, i, arcs->top + (middle + 0.5) * arcs->pitch - 3 * u, step);
        if (y + 8 * u > arcs->top + arcs->pitch * arcs->count) continue; /* no room: in the list */
        const struct fore_event_move *m = &arc[i].move->move;
        bool slow = m->bytes_per_sec_max > 0 && m->state == FORE_MIGRATE_COPY;
        pill(canvas, scene, &arc[i], arcs->x + arcs->w, y,
             slow ? canvas->theme->warn : canvas->theme->accent);
    }
}
