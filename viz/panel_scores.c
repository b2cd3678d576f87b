/*
 * panel_scores.c - which partition to act on first, and why: the highest Resharding Recommendation
 * Scores, each with its two factors, the threshold, and the reason in the engine's own words.
 */
#include "viz/format.h"
#include "viz/label.h"
#include "viz/panel.h"

#include <math.h>
#include <stdio.h>

enum { ROWS_MAX = 32 };

/* The highest scores of the newest scoring, best first; older ones are no longer true. */
static uint32_t best(const struct viz_model *model, uint32_t room, uint32_t *out)
{
    const struct fore_snapshot *snap = &model->snapshot;
    uint32_t n = 0;
    if (room > ROWS_MAX) room = ROWS_MAX;
    for (uint32_t p = 0; model->score_at > 0 && p < snap->topology.partition_count; p++) {
        const struct fore_snapshot_score *s = &snap->score[p];
        if (s->at != model->score_at || !snap->topology.partition[p].alive) continue;
        if (!(s->score.rrs > 0.0005f)) continue;
        uint32_t k = n < room ? n++ : room;
        if (k == room) {
            if (snap->score[out[room - 1]].score.rrs >= s->score.rrs) continue;
            k = room - 1;
        }
        for (; k > 0 && snap->score[out[k - 1]].score.rrs < s->score.rrs; k--)
            out[k] = out[k - 1];
        out[k] = p;
    }
    return n;
}

/* What is being done about it: a move under way, else what the newest plan said. */
static double planned(struct viz_canvas *canvas, const struct viz_scene *scene, uint32_t partition,
                      double room, double right, double y)
{
    const struct viz_model *model = scene->model;
    const struct fore_snapshot *snap = &model->snapshot;
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    char text[64] = "";
    for (uint32_t i = 0; i < snap->move_count && text[0] == '\0'; i++) {
        const struct fore_snapshot_move *m = &snap->move[i];
        if (viz_model_move_over(m) || m->move.partition != partition) continue;
        struct viz_move_look look = viz_panel_move_look(canvas, model, m);
        snprintf(text, sizeof text, "%s %s", look.what,
                 look.percent[0] != '\0' ? look.percent : look.word);
    }
    bool moving = text[0] != '\0';
    if (!moving) snprintf(text, sizeof text, "nothing planned");
    struct viz_type reason = {.size = VIZ_SMALL};
    const char *words = snap->score[partition].reason;
    if (!moving && viz_canvas_width(canvas, &reason, words) + 110 * u > room) return 0;
    struct viz_type type = {.size = VIZ_SMALL,
                            .bold = moving,
                            .align = VIZ_RIGHT,
                            .colour = moving ? t->accent : t->muted};
    double w = viz_canvas_text(canvas, &type, right, y, 0, text);
    if (moving)
        viz_canvas_mark(canvas, VIZ_MARK_ARROW, right - w - 9 * u, y - 4 * u, 10, t->accent);
    return w + 26 * u;
}

static void row(struct viz_canvas *canvas, const struct viz_scene *scene, uint32_t partition,
                struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    const struct fore_snapshot_score *s = &scene->model->snapshot.score[partition];
    double u = canvas->u, base = r.y + 15 * u, rrs = (double)s->score.rrs;
    double threshold = (double)s->score.threshold;
    bool hot = rrs >= threshold;
    char text[48], node[16];
    struct viz_type name = {.size = VIZ_BODY, .bold = true, .colour = t->ink};
    snprintf(text, sizeof text, "p%u", partition);
    viz_canvas_text(canvas, &name, r.x, base, 44 * u, text);
    struct viz_type where = {.size = VIZ_SMALL, .colour = t->muted};
    viz_label_node(scene->model, s->score.node, node, sizeof node);
    viz_canvas_text(canvas, &where, r.x + 46 * u, base, 28 * u, node);
    struct viz_rect bar = {round(r.x + 76 * u), round(base - 10 * u), 0, round(11 * u)};
    bar.w = round(r.w - 76 * u - 240 * u);
    viz_canvas_fill(canvas, bar, t->track);
    struct viz_rect fill = {bar.x, bar.y, round(bar.w * fmin(fmax(rrs, 0), 1)), bar.h};
    viz_canvas_fill(canvas, fill, hot ? t->warn : t->accent);
    double tick = bar.x + bar.w * fmin(fmax(threshold, 0), 1);
    viz_canvas_upright(canvas, tick, bar.y - 3 * u, bar.y + bar.h + 3 * u, 1.6 * u, t->ink);
    double x = r.x + r.w;
    struct viz_type value = {.size = VIZ_BODY, .align = VIZ_RIGHT, .colour = t->ink};
    snprintf(text, sizeof text, "%.2f", (double)s->score.responsibility);
    viz_canvas_text(canvas, &value, x, base, 0, text);
    snprintf(text, sizeof text, "%.2f", (double)s->score.probability);
    viz_canvas_text(canvas, &value, x - 90 * u, base, 0, text);
    struct viz_type sign = {.size = VIZ_SMALL, .align = VIZ_CENTRE, .colour = t->faint};
    viz_canvas_text(canvas, &sign, x - 58 * u, base, 0, "\303\227");
    viz_canvas_text(canvas, &sign, x - 140 * u, base, 0, "=");
    value.bold = true;
    snprintf(text, sizeof text, "%.2f", rrs);
    viz_canvas_text(canvas, &value, x - 165 * u, base, 0, text);
    if (hot) viz_canvas_mark(canvas, VIZ_MARK_TRIANGLE, x - 205 * u, base - 4 * u, 9, t->warn);
    struct viz_type why = {.size = VIZ_SMALL, .colour = t->muted};
    double w = planned(canvas, scene, partition, r.x + r.w - bar.x, r.x + r.w, base + 17 * u);
    viz_canvas_text(canvas, &why, bar.x, base + 17 * u, r.x + r.w - bar.x - w, s->reason);
}

static void head(struct viz_canvas *canvas, struct viz_rect r, double y)
{
    double u = canvas->u, x = r.x + r.w;
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = canvas->theme->muted};
    viz_canvas_text(canvas, &type, x, y, 0, "responsibility");
    viz_canvas_text(canvas, &type, x - 90 * u, y, 0, "P");
    viz_canvas_text(canvas, &type, x - 165 * u, y, 0, "RRS");
}

void viz_panel_scores(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct viz_model *model = scene->model;
    double u = canvas->u, pitch = 39 * u;
    struct viz_rect rows = {r.x + 16 * u, r.y + 54 * u, r.w - 32 * u, r.h - 60 * u};
    uint32_t list[ROWS_MAX] = {0}, count;
    char about[128] = "";
    count = best(model, (uint32_t)fmax(1, floor(rows.h / pitch)), list);
    if (count > 0)
        snprintf(about, sizeof about,
                 "P(bottleneck if nothing is done) \303\227 responsibility, %s",
                 viz_format_tick(model->score_at, 60 * FORE_SEC, model->start_unix_s).s);
    viz_canvas_card(canvas, r, "Resharding score", about, 0);
    if (count == 0) {
        viz_panel_empty(canvas, r,
                        model->score_at > 0 ? "No partition is at risk."
                                            : "No scores: this policy does not forecast, or has "
                                              "not begun to.");
        return;
    }
    head(canvas, rows, r.y + 46 * u);
    pitch = fmin(rows.h / count, 46 * u);
    for (uint32_t i = 0; i < count; i++) {
        struct viz_rect place = {rows.x, rows.y + i * pitch, rows.w, pitch};
        if (list[i] == scene->look->partition)
            viz_canvas_tint(canvas, (struct viz_rect){r.x + 1, place.y, r.w - 2, pitch},
                            canvas->theme->soft, 0.25);
        viz_hits_add(scene->hits, VIZ_HIT_PARTITION, place, list[i]);
        row(canvas, scene, list[i], place);
    }
}
