/*
 * panel_strip.c - every move as a bar in time, under the heat it acts on. The colour and the mark
 * at the end tell how it went, the mark at the front what it is; what is still under way reaches
 * into the future, dashed, as far as its rate says. Moves that overlap in time get lanes of their
 * own.
 */
#include "core/act/migrate.h"
#include "viz/format.h"
#include "viz/label.h"
#include "viz/panel.h"

#include <math.h>
#include <stdio.h>

enum { LANES_MAX = 64 };

struct lanes {
    double bar[LANES_MAX];  /* x up to which a lane is taken by bars */
    double text[LANES_MAX]; /* and by texts */
    struct span *last[LANES_MAX];
    uint32_t count, hidden;
    double height;
};

/* One move, measured: x of its begin, of its end so far, and of its expected end. */
struct span {
    const struct fore_snapshot_move *move;
    struct viz_move_look look;
    char text[72];
    double x0, x1, x_eta, text_x, text_w;
    bool over, within; /* the text stands inside the bar */
    bool mute;         /* no room for the text */
    int lane;          /* -1: no room */
};

/* When a move under way will be over if it keeps its pace; 0: cannot be told. */
static fore_ns expected_end(const struct viz_scene *scene, const struct fore_event_move *m)
{
    fore_ns now = scene->view.now;
    if (m->bytes_total == 0 || m->bytes_done == 0 || m->bytes_done >= m->bytes_total) return 0;
    if (now <= m->began_ns) return 0;
    double pace = (double)m->bytes_done / (double)(now - m->began_ns);
    double left = (double)(m->bytes_total - m->bytes_done) / pace;
    return left < 9e18 ? now + (fore_ns)left : 0;
}

static void measure(struct viz_canvas *canvas, const struct viz_scene *scene, struct span *s)
{
    const struct fore_event_move *m = &s->move->move;
    const struct viz_scale *scale = &scene->scale;
    struct viz_type type = {.size = VIZ_TINY, .colour = canvas->theme->ink};
    double u = canvas->u;
    s->look = viz_panel_move_look(canvas, scene->model, s->move);
    s->over = viz_model_move_over(s->move);
    snprintf(s->text, sizeof s->text, "%s%s%s", s->look.what, s->look.percent[0] ? "  " : "",
             s->look.percent);
    s->x0 = fmax(viz_axis_x(scale, m->began_ns), scale->x0);
    s->x1 = viz_axis_x(scale, s->over ? s->move->changed_ns : scene->view.now);
    s->x1 = fmin(fmax(s->x1, s->x0 + 5 * u), scale->x1);
    fore_ns eta = s->over ? 0 : expected_end(scene, m);
    s->x_eta = eta > 0 ? fmin(viz_axis_x(scale, eta), scale->x1) : s->x1;
    s->text_w = viz_canvas_width(canvas, &type, s->text);
    s->within = s->x1 - s->x0 > s->text_w + 40 * u;
    s->text_x = s->within ? s->x0 + 20 * u : fmax(s->x1, s->x_eta) + 20 * u;
    if (s->text_x + s->text_w + 18 * u > scale->x1) s->text_x = s->x0 - s->text_w - 20 * u;
}

/* The first lane free for x0 onwards, text and all; else the one where only a text is in the way,
 * as little of it as can be. */
static int find_lane(const struct lanes *lanes, double x0, double bar_x0)
{
    int found = -1;
    for (uint32_t i = 0; i < lanes->count; i++) {
        if (lanes->bar[i] <= x0 && lanes->text[i] <= x0) return (int)i;
        if (lanes->bar[i] <= bar_x0 && (found < 0 || lanes->text[i] < lanes->text[found]))
            found = (int)i;
    }
    return found;
}

/* Gives every move a lane of the given height; false if one has none, or a text had to go. */
static bool pack(struct lanes *lanes, struct span *span, uint32_t count, double plot_h,
                 double height, bool thin)
{
    bool whole = true;
    *lanes = (struct lanes){.count = (uint32_t)fmax(1, floor(plot_h / height))};
    if (lanes->count > LANES_MAX) lanes->count = LANES_MAX;
    lanes->height = floor(fmin(plot_h / lanes->count, height * 1.25));
    for (uint32_t i = 0; i < count; i++) {
        struct span *s = &span[i];
        bool right = s->text_x > s->x0;
        double x0 = right ? s->x0 : s->text_x - 16;
        s->mute = thin;
        s->lane = find_lane(lanes, s->mute ? s->x0 : x0, s->x0);
        lanes->hidden += s->lane < 0;
        if (s->lane < 0) continue;
        if (!right && lanes->bar[s->lane] > x0) s->mute = true; /* it would lie on an earlier bar */
        if (lanes->text[s->lane] > x0) {
            whole = false;
            if (lanes->last[s->lane] != NULL) lanes->last[s->lane]->mute = true;
            if (!right) s->mute = true;
        }
        lanes->last[s->lane] = s;
        lanes->bar[s->lane] = s->x_eta + 3;
        lanes->text[s->lane] = right && !s->mute ? s->text_x + s->text_w + 20 : 0;
    }
    return whole && lanes->hidden == 0;
}

static void label(struct viz_canvas *canvas, const struct viz_scene *scene, const struct span *s,
                  struct viz_rect bar)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, y = bar.y + bar.h / 2;
    double now = viz_axis_x(&scene->scale, scene->view.now);
    bool on_fill = s->within && !s->over;
    struct viz_rgb sign = on_fill ? t->card : t->muted;
    struct viz_type type = {.size = VIZ_TINY, .colour = on_fill ? t->card : t->ink};
    struct viz_rect back = {s->text_x - 16 * u, bar.y, s->text_w + 34 * u, bar.h};
    if (!s->within && back.x < now && back.x + back.w > now) viz_canvas_fill(canvas, back, t->card);
    viz_canvas_mark(canvas, s->look.kind, s->text_x - 10 * u, y, 9, sign);
    viz_canvas_text(canvas, &type, s->text_x, y + 3.8 * u, 0, s->text);
    sign = on_fill ? t->card : s->look.colour;
    double x = s->within ? bar.x + bar.w - 10 * u : s->text_x + s->text_w + 10 * u;
    viz_canvas_mark(canvas, s->look.state, x, y, 9, sign);
}

static void draw_move(struct viz_canvas *canvas, const struct viz_scene *scene,
                      const struct span *s, const struct lanes *lanes, struct viz_rect plot)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    struct viz_rect bar = {round(s->x0), round(plot.y + s->lane * lanes->height) + 1,
                           round(s->x1 - s->x0), fmax(lanes->height - 3, 2)};
    if (s->x_eta > s->x1 + 2) {
        struct viz_rect rest = {bar.x + bar.w, bar.y, s->x_eta - s->x1, bar.h};
        viz_canvas_tint(canvas, rest, s->look.colour, 0.14);
        viz_canvas_hatch(canvas, rest, 6, s->look.colour, 0.5);
    }
    viz_canvas_pill(canvas, bar, 3 * u,
                    viz_colour_mix(t->card, s->look.colour, s->over ? 0.30 : 0.85));
    viz_canvas_outline(canvas, bar, 3 * u, s->look.colour);
    if (!s->mute) label(canvas, scene, s, bar);
    viz_hits_add(scene->hits, VIZ_HIT_MOVE, bar, s->move->move.ticket);
}

static double key(struct viz_canvas *canvas, double x, double y, enum viz_mark mark,
                  struct viz_rgb colour, const char *word)
{
    double u = canvas->u;
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = canvas->theme->muted};
    x -= viz_canvas_text(canvas, &type, x, y, 0, word) + 10 * u;
    viz_canvas_mark(canvas, mark, x, y - 4 * u, 9, colour);
    return x - 16 * u;
}

/* Splits by column are seldom: their mark is explained where there is one. */
static bool any_by_column(const struct viz_scene *scene)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    for (uint32_t m = 0; m < snap->move_count; m++)
        if (snap->move[m].move.kind == FORE_MOVE_VERTICAL_SPLIT) return true;
    return false;
}

static double keys(struct viz_canvas *canvas, const struct viz_scene *scene, double x, double y)
{
    const struct viz_theme *t = canvas->theme;
    x = key(canvas, x, y, VIZ_MARK_BACK, t->warn, "rolled back");
    x = key(canvas, x, y, VIZ_MARK_BAR, t->faint, "cancelled");
    x = key(canvas, x, y, VIZ_MARK_CROSS, t->bad, "failed");
    x = key(canvas, x, y, VIZ_MARK_CHECK, t->good, "done");
    x = key(canvas, x, y, VIZ_MARK_DOT, t->accent, "under way");
    x = key(canvas, x - 8 * canvas->u, y, VIZ_MARK_PLUS, t->muted, "replicate");
    x = key(canvas, x, y, VIZ_MARK_FORK, t->muted, "split");
    if (any_by_column(scene)) x = key(canvas, x, y, VIZ_MARK_COLUMNS, t->muted, "by column");
    return key(canvas, x, y, VIZ_MARK_ARROW, t->muted, "move");
}

/* In the order they began, so that lanes fill from the top. */
static uint32_t in_view(const struct viz_scene *scene, uint32_t *out)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    uint32_t n = 0;
    for (uint32_t i = 0; i < snap->move_count; i++) {
        const struct fore_snapshot_move *m = &snap->move[i];
        if (viz_model_move_over(m) && m->changed_ns < scene->view.from) continue;
        uint32_t k = n++;
        for (; k > 0 && snap->move[out[k - 1]].move.began_ns > m->move.began_ns; k--)
            out[k] = out[k - 1];
        out[k] = i;
    }
    return n;
}

void viz_panel_strip(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    double u = canvas->u, top = round(r.y + 38 * u);
    struct viz_rect plot = {scene->scale.x0, top, scene->scale.x1 - scene->scale.x0,
                            round(r.y + r.h - 28 * u) - top};
    uint32_t list[FORE_SNAPSHOT_MOVES], count = in_view(scene, list);
    viz_canvas_card(canvas, r, "Migrations", "", 0);
    keys(canvas, scene, scene->scale.x1, r.y + 23 * u);
    viz_panel_grid(canvas, scene, plot);
    viz_hits_add(scene->hits, VIZ_HIT_PLOT, plot, 0);
    viz_panel_clock(canvas, scene, plot.y + plot.h + 17 * u);
    viz_panel_now(canvas, scene, plot);
    struct span span[FORE_SNAPSHOT_MOVES];
    struct lanes lanes = {.count = 0};
    for (uint32_t i = 0; i < count; i++) {
        span[i] = (struct span){.move = &snap->move[list[i]]};
        measure(canvas, scene, &span[i]);
    }
    static const double height[] = {18, 15, 12.5, 7, 4};
    for (size_t h = 0; h < FORE_COUNTOF(height); h++) {
        bool whole = pack(&lanes, span, count, plot.h, height[h] * u, h > 2);
        if (whole || (h >= 2 && lanes.hidden == 0)) break; /* rather without some texts */
    }
    for (uint32_t i = 0; i < count; i++)
        if (span[i].lane >= 0) draw_move(canvas, scene, &span[i], &lanes, plot);
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = canvas->theme->faint};
    char text[32];
    snprintf(text, sizeof text, "+%u more", lanes.hidden);
    if (lanes.hidden > 0)
        viz_canvas_text(canvas, &type, plot.x - 8 * u, plot.y + plot.h - 2 * u, 0, text);
    if (count == 0)
        viz_panel_empty(
            canvas, r, snap->move_count > 0 ? "Nothing moved in this time." : "Nothing has moved.");
}
