/* pair.c - see pair.h. The race panel is in pair_race.c. */
#include "viz/pair.h"

#include "viz/format.h"
#include "viz/pair_race.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

fore_ns viz_pair_first(const struct viz_pair *pair)
{
    fore_ns a = viz_player_first(pair->side[0]), b = viz_player_first(pair->side[1]);
    return a < b ? a : b;
}

fore_ns viz_pair_last(const struct viz_pair *pair)
{
    fore_ns a = viz_player_last(pair->side[0]), b = viz_player_last(pair->side[1]);
    return a > b ? a : b;
}

/* The second one shows as much of the past and of the future as the first. */
static void both(struct viz_pair *pair, fore_ns now, void (*go)(struct viz_player *, fore_ns))
{
    struct viz_player *a = pair->side[0], *b = pair->side[1];
    go(a, now);
    b->look = a->look;
    b->span = a->view.now - a->view.from;
    b->ahead = a->ahead;
    go(b, now);
    fore_ns to = a->view.to > b->view.to ? a->view.to : b->view.to;
    fore_ns from = a->view.from;
    a->view.to = b->view.to = to;
    b->view.from = from;
}

void viz_pair_go(struct viz_pair *pair, fore_ns now)
{
    both(pair, now, viz_player_go);
}

void viz_pair_peek(struct viz_pair *pair, fore_ns now)
{
    both(pair, now, viz_player_peek);
}

enum viz_behind viz_pair_behind(const struct viz_pair *pair)
{
    enum viz_behind a = pair->side[0]->behind;
    enum viz_behind b = pair->side[1] != NULL ? pair->side[1]->behind : VIZ_BEHIND_NOT;
    return a == VIZ_BEHIND_NOW || b == VIZ_BEHIND_NOT ? a : b;
}

bool viz_pair_catch_up(struct viz_pair *pair, double budget_ms)
{
    struct viz_player *p = pair->side[0];
    if (p->behind == VIZ_BEHIND_NOT) p = pair->side[1];
    if (p == NULL || p->behind == VIZ_BEHIND_NOT) return false;
    enum viz_behind before = p->behind;
    (void)viz_player_catch_up(p, budget_ms);
    return p->behind != before;
}

struct viz_scale viz_pair_scale(const struct viz_pair_layout *layout, int side,
                                struct viz_view view)
{
    const struct viz_rect *heat = &layout->heat[side];
    double u = layout->u;
    return (struct viz_scale){view.from, view.to, heat->x + round(104 * u),
                              heat->x + heat->w - round(16 * u)};
}

struct viz_pair_layout viz_pair_place(double width, double height, double text)
{
    struct viz_pair_layout l = {.width = width, .height = height};
    l.u = fmin(fmax(fmin(width / 1920, height / 1080), 0.82), 8) * text;
    double u = l.u, margin = round(20 * u), gap = round(12 * u), top = round(92 * u);
    double half = round((width - 2 * margin - gap) / 2), title = round(40 * u);
    double body = height - top - margin - title - 3 * gap;
    double h_heat = round(body * 0.38), h_latency = round(body * 0.17);
    double h_nodes = round(body * 0.25), h_race = body - h_heat - h_latency - h_nodes;
    l.header = (struct viz_rect){margin, round(margin * 0.7), width - 2 * margin, top - margin};
    double y = top + title;
    for (int i = 0; i < 2; i++) {
        double x = margin + i * (half + gap);
        l.head[i] = (struct viz_rect){x, top, half, title};
        l.heat[i] = (struct viz_rect){x, y, half, h_heat};
        l.latency[i] = (struct viz_rect){x, y + h_heat + gap, half, h_latency};
        l.nodes[i] = (struct viz_rect){x, y + h_heat + h_latency + 2 * gap, half, h_nodes};
    }
    l.race = (struct viz_rect){margin, l.nodes[0].y + h_nodes + gap, width - 2 * margin, h_race};
    return l;
}

double viz_pair_violation(const struct viz_model *model, fore_ns at)
{
    const struct viz_tape *tape = &model->tape;
    if (tape->next == tape->first || at / tape->bucket_ns < tape->first) return (double)NAN;
    double sum = (double)model->snapshot.cluster.violation_s;
    for (uint64_t b = tape->next; b-- > at / tape->bucket_ns + 1;) {
        const struct viz_tape_cell *cell = viz_tape_get(tape, b);
        if (cell != NULL) sum -= (double)cell->violation_s;
    }
    return fmax(sum, 0);
}

struct viz_pair_verdict viz_pair_judge(const struct viz_model *a, const struct viz_model *b)
{
    struct viz_pair_verdict v = {
        .violation_s = {(double)a->snapshot.cluster.violation_s,
                        (double)b->snapshot.cluster.violation_s}
    };
    v.saved_s = v.violation_s[0] - v.violation_s[1];
    if (a->seed != b->seed)
        v.doubt = "different seeds: the two did not see the same traffic";
    else if (a->snapshot.cluster.slo_ns != b->snapshot.cluster.slo_ns)
        v.doubt = "different SLOs: their violations are not alike";
    else if (strcmp(a->label, b->label) != 0)
        v.doubt = "different workloads: the two did not see the same traffic";
    return v;
}

static struct viz_scene scene_of(const struct viz_player *player,
                                 const struct viz_pair_layout *layout, int side,
                                 struct viz_hits *hits)
{
    return (struct viz_scene){.model = &player->model,
                              .view = player->view,
                              .scale = viz_pair_scale(layout, side, player->view),
                              .note = player->note,
                              .status = "",
                              .look = &player->look,
                              .hits = hits};
}

static void side_head(struct viz_canvas *canvas, const struct viz_model *model, const char *note,
                      struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    const struct fore_snapshot *snap = &model->snapshot;
    double u = canvas->u, y = r.y + 26 * u;
    struct viz_type name = {.size = 17, .bold = true, .colour = t->ink};
    struct viz_type quiet = {.size = VIZ_BODY, .colour = t->muted};
    struct viz_type value = {.size = 17, .bold = true, .align = VIZ_RIGHT, .colour = t->ink};
    char text[160], above[64];
    double x = r.x + viz_canvas_text(canvas, &name, r.x, y, r.w / 3,
                                     model->policy[0] != '\0' ? model->policy : model->name);
    snprintf(above, sizeof above, "%s above SLO",
             viz_format_seconds((double)snap->cluster.violation_s).s);
    double w = viz_canvas_text(canvas, &value, r.x + r.w, y, 0, above);
    snprintf(text, sizeof text, "p99 %s; %llu moves, %s",
             viz_format_ms((double)snap->cluster.p99_ns / 1e6).s,
             (unsigned long long)snap->moves_done, viz_format_bytes(snap->bytes_moved).s);
    x += 14 * u;
    double room = r.x + r.w - w - 14 * u - x;
    double used = viz_canvas_text(canvas, &quiet, x, y, room, text) + 14 * u;
    if (note[0] == '\0' || room < used + 60 * u) return;
    viz_canvas_mark(canvas, VIZ_MARK_TRIANGLE, x + used + 6 * u, y - 4 * u, 11, t->warn);
    quiet.colour = t->warn;
    viz_canvas_text(canvas, &quiet, x + used + 18 * u, y, room - used - 18 * u, note);
}

static const char *name_of(const struct viz_model *model)
{
    return model->policy[0] != '\0' ? model->policy : model->name;
}

/* "predictive: 15 min 32 s less above the SLO than reactive", large; with its reason to doubt. */
static void header(struct viz_canvas *canvas, const struct viz_pair *pair, const char *status,
                   struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    const struct viz_model *a = &pair->side[0]->model, *b = &pair->side[1]->model;
    struct viz_pair_verdict v = viz_pair_judge(a, b);
    double u = canvas->u, right = r.x + r.w;
    char text[256];
    bool even = fabs(v.saved_s)<0.5, better = v.saved_s> 0;
    struct viz_rgb colour = even ? t->muted : better ? t->good : t->bad;
    snprintf(text, sizeof text, "%s%s",
             even     ? ""
             : better ? "\342\210\222"
                      : "+",
             even ? "no difference" : viz_format_seconds(fabs(v.saved_s)).s);
    struct viz_type big = {.size = 34, .bold = true, .align = VIZ_RIGHT, .colour = colour};
    double w = viz_canvas_text(canvas, &big, right, r.y + 34 * u, 0, text);
    viz_canvas_mark(canvas,
                    even     ? VIZ_MARK_MINUS
                    : better ? VIZ_MARK_CHECK
                             : VIZ_MARK_TRIANGLE,
                    right - w - 18 * u, r.y + 22 * u, 18, colour);
    size_t n = (size_t)snprintf(text, sizeof text, "above the SLO so far: %s against %s",
                                name_of(b), name_of(a));
    if (v.violation_s[0] > 0 && !even)
        snprintf(text + n, sizeof text - n, ", %.0f %% %s",
                 fabs(v.saved_s) / v.violation_s[0] * 100, better ? "less" : "more");
    struct viz_type said = {.size = VIZ_BODY, .align = VIZ_RIGHT, .colour = t->muted};
    double w2 = viz_canvas_text(canvas, &said, right, r.y + 56 * u, 0, text);
    double room = r.w - fmax(w + 40 * u, w2) - 30 * u;
    struct viz_type name = {.size = VIZ_HERO, .bold = true, .colour = t->ink};
    snprintf(text, sizeof text, "%s | %s", name_of(a), name_of(b));
    double x = r.x + viz_canvas_text(canvas, &name, r.x, r.y + 24 * u, room, text) + 16 * u;
    struct viz_text clock = viz_format_moment(pair->side[0]->view.now, a->start_unix_s);
    struct viz_type quiet = {.size = VIZ_SMALL, .colour = t->muted};
    snprintf(text, sizeof text, "%s   %s", clock.s, status);
    viz_canvas_text(canvas, &quiet, x, r.y + 24 * u, r.x + room - x, text);
    if (v.doubt != NULL) {
        quiet.colour = t->warn;
        viz_canvas_mark(canvas, VIZ_MARK_TRIANGLE, r.x + 6 * u, r.y + 48 * u, 11, t->warn);
        viz_canvas_text(canvas, &quiet, r.x + 18 * u, r.y + 52 * u, room, v.doubt);
        return;
    }
    snprintf(text, sizeof text, "the same seed, %llu; %s", (unsigned long long)a->seed, a->label);
    viz_canvas_text(canvas, &quiet, r.x, r.y + 52 * u, room, text);
}

static void one(struct viz_canvas *canvas,
                void (*draw)(struct viz_canvas *, const struct viz_scene *, struct viz_rect),
                const struct viz_scene *scene, struct viz_rect r)
{
    cairo_save(canvas->cr);
    cairo_rectangle(canvas->cr, r.x, r.y, r.w, r.h);
    cairo_clip(canvas->cr);
    draw(canvas, scene, r);
    cairo_restore(canvas->cr);
}

void viz_pair_draw(cairo_surface_t *surface, const struct viz_pair_layout *layout,
                   const struct viz_theme *theme, const struct viz_pair *pair, const char *status,
                   struct viz_hits *hits)
{
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, surface, theme, layout->u);
    viz_canvas_fill(&canvas, (struct viz_rect){0, 0, layout->width, layout->height}, theme->page);
    header(&canvas, pair, status, layout->header);
    for (int i = 0; i < 2; i++) {
        struct viz_scene scene = scene_of(pair->side[i], layout, i, hits);
        viz_hits_begin(hits, (uint32_t)i);
        side_head(&canvas, scene.model, scene.note, layout->head[i]);
        one(&canvas, viz_panel_heat, &scene, layout->heat[i]);
        one(&canvas, viz_panel_latency, &scene, layout->latency[i]);
        one(&canvas, viz_panel_nodes, &scene, layout->nodes[i]);
    }
    viz_pair_race(&canvas, pair, layout->race);
    viz_canvas_fini(&canvas);
    cairo_surface_flush(surface);
}
