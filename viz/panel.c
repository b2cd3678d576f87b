/* panel.c - what several panels share. */
#include "viz/panel.h"

#include "core/act/migrate.h"
#include "viz/format.h"
#include "viz/label.h"

#include <math.h>
#include <stdio.h>

static fore_ns step_of(const struct viz_canvas *canvas, const struct viz_scene *scene)
{
    return viz_axis_step(scene->view.to - scene->view.from, scene->scale.x1 - scene->scale.x0,
                         84 * canvas->u);
}

void viz_panel_grid(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect plot)
{
    const struct viz_theme *t = canvas->theme;
    fore_ns step = step_of(canvas, scene);
    fore_ns at = viz_axis_first(scene->view.from, step, scene->model->start_unix_s);
    double now = viz_axis_x(&scene->scale, scene->view.now);
    viz_canvas_tint(canvas, (struct viz_rect){now, plot.y, plot.x + plot.w - now, plot.h}, t->track,
                    0.45);
    for (; at <= scene->view.to; at += step) {
        double x = viz_axis_x(&scene->scale, at);
        viz_canvas_upright(canvas, x, plot.y, plot.y + plot.h, 1, t->track);
    }
}

void viz_panel_now(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect plot)
{
    double x = viz_axis_x(&scene->scale, scene->view.now);
    viz_canvas_upright(canvas, x, plot.y, plot.y + plot.h, 1.6 * canvas->u, canvas->theme->ink);
}

void viz_panel_clock(struct viz_canvas *canvas, const struct viz_scene *scene, double y)
{
    const struct viz_scale *s = &scene->scale;
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_CENTRE, .colour = canvas->theme->muted};
    fore_ns step = step_of(canvas, scene);
    fore_ns at = viz_axis_first(scene->view.from, step, scene->model->start_unix_s);
    for (; at <= scene->view.to; at += step) {
        struct viz_text label = viz_format_tick(at, step, scene->model->start_unix_s);
        double x = viz_axis_x(s, at), half = viz_canvas_width(canvas, &type, label.s) / 2;
        viz_canvas_text(canvas, &type, fmin(x, s->x1 - half), y, 0, label.s);
    }
}

uint32_t viz_panel_rows(const struct viz_scene *scene, uint32_t *count)
{
    uint32_t total = scene->model->order_count;
    double from = scene->look->row_from * total, to = scene->look->row_to * total;
    uint32_t first = (uint32_t)floor(from + 1e-9), last = (uint32_t)ceil(to - 1e-9);
    if (last > total) last = total;
    if (first >= last) first = last > 0 ? last - 1 : 0;
    *count = last - first;
    return first;
}

uint32_t viz_panel_row_at(const struct viz_scene *scene, struct viz_rect plot, double y, fore_ns at)
{
    const struct viz_model *model = scene->model;
    uint32_t count, first = viz_panel_rows(scene, &count), height = (uint32_t)plot.h;
    if (count == 0 || height == 0 || y < plot.y || y >= plot.y + plot.h) return VIZ_NONE;
    uint32_t line = (uint32_t)(y - plot.y), best = VIZ_NONE;
    const uint8_t *column = viz_matrix_column(
        &model->heat, at / (model->heat.bucket_ns > 0 ? model->heat.bucket_ns : 1));
    int most = -1;
    uint32_t i = (uint32_t)((uint64_t)line * count / height);
    while (i > 0 && viz_matrix_line(i, count, height) >= line)
        i--;
    for (; i < count && viz_matrix_line(i, count, height) <= line; i++) {
        uint32_t end = viz_matrix_line(i + 1, count, height), p = model->order[first + i];
        uint32_t start = viz_matrix_line(i, count, height);
        if (line >= (end > start ? end : start + 1)) continue;
        int heat = column != NULL && p < model->heat.row_cap ? column[p] : 0;
        if (heat <= most) continue;
        most = heat;
        best = p;
    }
    return best;
}

void viz_panel_empty(struct viz_canvas *canvas, struct viz_rect r, const char *text)
{
    struct viz_type type = {.size = VIZ_BODY, .align = VIZ_CENTRE, .colour = canvas->theme->faint};
    viz_canvas_text(canvas, &type, r.x + r.w / 2, r.y + r.h / 2 + 8 * canvas->u,
                    r.w - 32 * canvas->u, text);
}

static enum viz_mark kind_mark(uint8_t kind)
{
    switch (kind) {
    case FORE_MOVE_MOVE: return VIZ_MARK_ARROW;
    case FORE_MOVE_SPLIT: return VIZ_MARK_FORK;
    case FORE_MOVE_MERGE: return VIZ_MARK_JOIN;
    case FORE_MOVE_ADD_REPLICA: return VIZ_MARK_PLUS;
    case FORE_MOVE_DROP_REPLICA: return VIZ_MARK_MINUS;
    case FORE_MOVE_ADD_NODE: return VIZ_MARK_PLUS;
    case FORE_MOVE_REMOVE_NODE: return VIZ_MARK_MINUS;
    case FORE_MOVE_VERTICAL_SPLIT: return VIZ_MARK_COLUMNS;
    case FORE_MOVE_VERTICAL_MERGE: return VIZ_MARK_JOIN;
    default: return VIZ_MARK_NONE;
    }
}

void viz_panel_move_text(const struct viz_model *model, const struct fore_event_move *m, char *out,
                         size_t size)
{
    char from[16], to[16];
    viz_label_node(model, m->source, from, sizeof from);
    viz_label_node(model, m->target, to, sizeof to);
    if (m->kind == FORE_MOVE_SPLIT)
        snprintf(out, size, "p%u split", m->partition);
    else if (m->kind == FORE_MOVE_MERGE)
        snprintf(out, size, "p%u + p%u", m->partition, m->other);
    else if (m->kind == FORE_MOVE_VERTICAL_SPLIT)
        snprintf(out, size, "p%u by column", m->partition);
    else if (m->kind == FORE_MOVE_VERTICAL_MERGE)
        snprintf(out, size, "p%u whole again", m->partition);
    else if (m->kind == FORE_MOVE_DROP_REPLICA)
        snprintf(out, size, "p%u off %s", m->partition, from);
    else if (m->kind == FORE_MOVE_ADD_NODE)
        snprintf(out, size, "%s joins", to);
    else if (m->kind == FORE_MOVE_REMOVE_NODE)
        snprintf(out, size, "%s leaves", from);
    else if (m->kind == FORE_MOVE_ADD_REPLICA)
        snprintf(out, size, "p%u copy on %s", m->partition, to);
    else
        snprintf(out, size, "p%u %s\342\206\222%s", m->partition, from, to);
}

struct viz_move_look viz_panel_move_look(const struct viz_canvas *canvas,
                                         const struct viz_model *model,
                                         const struct fore_snapshot_move *move)
{
    const struct viz_theme *t = canvas->theme;
    struct viz_move_look look = {.kind = kind_mark(move->move.kind),
                                 .state = VIZ_MARK_DOT,
                                 .colour = t->accent,
                                 .word = "unknown"};
    uint8_t state = move->move.state;
    if (state < FORE_MIGRATE_STATES)
        look.word = fore_migrate_state_text((enum fore_migrate_state)state);
    if (move->move.paused) {
        look.word = "paused";
        look.state = VIZ_MARK_BAR;
        look.colour = t->warn;
    }
    const struct {
        uint8_t state;
        enum viz_mark mark;
        struct viz_rgb colour;
    } endings[] = {
        {FORE_MIGRATE_DONE,        VIZ_MARK_CHECK, t->good },
        {FORE_MIGRATE_FAILED,      VIZ_MARK_CROSS, t->bad  },
        {FORE_MIGRATE_CANCELLED,   VIZ_MARK_BAR,   t->faint},
        {FORE_MIGRATE_ROLLED_BACK, VIZ_MARK_BACK,  t->warn }
    };
    for (size_t i = 0; i < FORE_COUNTOF(endings); i++) {
        if (endings[i].state != state) continue;
        look.state = endings[i].mark;
        look.colour = endings[i].colour;
    }
    viz_panel_move_text(model, &move->move, look.what, sizeof look.what);
    if (viz_model_move_over(move) || move->move.bytes_total == 0) return look;
    double share = fmin((double)move->move.bytes_done / (double)move->move.bytes_total, 1);
    snprintf(look.percent, sizeof look.percent, "%.0f %%", share * 100);
    return look;
}
