/*
 * panel_moves.c - what is moving now: state, share done, rate and when it will be over; below that
 * the moves that ended last, with what became of them.
 */
#include "core/act/migrate.h"
#include "viz/format.h"
#include "viz/label.h"
#include "viz/panel.h"

#include <math.h>
#include <stdio.h>

/* Under way first, then the newest endings. */
static uint32_t list_of(const struct fore_snapshot *snap, uint32_t *out, uint32_t *running)
{
    uint32_t n = 0;
    for (uint32_t i = snap->move_count; i-- > 0;)
        if (!viz_model_move_over(&snap->move[i])) out[n++] = i;
    *running = n;
    for (uint32_t i = 0; i < snap->move_count; i++) {
        if (!viz_model_move_over(&snap->move[i])) continue;
        uint32_t k = n++;
        for (; k > *running && snap->move[out[k - 1]].changed_ns < snap->move[i].changed_ns; k--)
            out[k] = out[k - 1];
        out[k] = i;
    }
    return n;
}

static void progress(struct viz_canvas *canvas, const struct fore_snapshot_move *move,
                     const struct viz_scene *scene, struct viz_rect bar, double right)
{
    const struct viz_theme *t = canvas->theme;
    const struct fore_event_move *m = &move->move;
    double u = canvas->u, share = 0, base = bar.y + bar.h;
    struct viz_type value = {.size = VIZ_BODY, .align = VIZ_RIGHT, .colour = t->ink};
    if (m->bytes_total == 0) return; /* nothing to copy */
    share = fmin((double)m->bytes_done / (double)m->bytes_total, 1);
    viz_canvas_fill(canvas, bar, t->track);
    viz_canvas_fill(canvas, (struct viz_rect){bar.x, bar.y, round(bar.w * share), bar.h},
                    t->accent);
    viz_canvas_text(canvas, &value, bar.x + bar.w + 46 * u, base, 0, viz_format_percent(share).s);
    fore_ns spent = scene->view.now > m->began_ns ? scene->view.now - m->began_ns : 0;
    if (m->bytes_done == 0 || spent == 0 || m->state >= FORE_MIGRATE_CATCH_UP) return;
    double rate = (double)m->bytes_done / ((double)spent / 1e9);
    double left_s = (double)(m->bytes_total - m->bytes_done) / rate;
    char text[96];
    snprintf(text, sizeof text, "%s/s", viz_format_bytes(rate).s);
    value.colour = t->muted;
    bool wide = right - bar.x - bar.w > 200 * u;
    if (wide) viz_canvas_text(canvas, &value, bar.x + bar.w + 134 * u, base, 0, text);
    snprintf(text, sizeof text, "%s left",
             viz_format_duration((fore_ns)(fmin(left_s, 9e9) * 1e9)).s);
    viz_canvas_text(canvas, &value, right, base, 108 * u, text);
}

/* The engine's note, else what the check after the move found: was it worth it? */
static void tell(const struct viz_model *model, const struct fore_snapshot_move *move, char *out,
                 size_t size)
{
    const struct fore_event_verify *v = viz_model_verify(model, move->move.ticket);
    snprintf(out, size, "%s", move->note);
    if (v == NULL || out[0] != '\0') return;
    char before[64] = "";
    if (v->p99_before_ms > 0)
        snprintf(before, sizeof before, "%s \342\206\222 ",
                 viz_format_ms((double)v->p99_before_ms).s);
    size_t n =
        (size_t)snprintf(out, size, "p99 %s%s", before, viz_format_ms((double)v->p99_after_ms).s);
    if (move->move.bytes_total > 0 && n < size)
        n += (size_t)snprintf(out + n, size - n, ", digests %s",
                              v->digests_equal ? "equal" : "differ");
    if (v->orphans > 0 && n < size)
        snprintf(out + n, size - n, ", %llu orphans swept", (unsigned long long)v->orphans);
}

static void row(struct viz_canvas *canvas, const struct viz_scene *scene,
                const struct fore_snapshot_move *move, struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    struct viz_move_look look = viz_panel_move_look(canvas, scene->model, move);
    double u = canvas->u, base = r.y + 15 * u;
    bool over = viz_model_move_over(move);
    struct viz_type what = {.size = VIZ_BODY, .bold = !over, .colour = over ? t->muted : t->ink};
    struct viz_type word = {.size = VIZ_BODY, .colour = over ? t->muted : t->ink};
    viz_canvas_mark(canvas, look.kind, r.x + 6 * u, base - 4 * u, 10, over ? t->faint : t->ink);
    viz_canvas_text(canvas, &what, r.x + 20 * u, base, 118 * u, look.what);
    viz_canvas_mark(canvas, look.state, r.x + 148 * u, base - 4 * u, 9, look.colour);
    viz_canvas_text(canvas, &word, r.x + 160 * u, base, 76 * u, look.word);
    double x = r.x + 240 * u;
    if (!over && move->move.bytes_total > 0) {
        struct viz_rect bar = {round(x), round(base - 9 * u), 0, round(9 * u)};
        /* The rate is the first to go where it is narrow. */
        bar.w = round(r.x + r.w - x - (r.w > 560 * u ? 250 : 160) * u);
        progress(canvas, move, scene, bar, r.x + r.w);
        return;
    }
    struct viz_text clock =
        viz_format_when(move->changed_ns, scene->view.from, scene->model->start_unix_s);
    struct viz_type when = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->faint};
    double w = viz_canvas_text(canvas, &when, r.x + r.w, base, 0, clock.s);
    struct viz_type note = {.size = VIZ_SMALL, .colour = t->muted};
    char told[200];
    tell(scene->model, move, told, sizeof told);
    viz_canvas_text(canvas, &note, x, base, r.x + r.w - w - 10 * u - x, told);
}

static void totals(const struct fore_snapshot *snap, uint32_t running, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%u under way, %llu done", running,
                                (unsigned long long)snap->moves_done);
    const struct {
        uint64_t count;
        const char *word;
    } rest[] = {
        {snap->moves_failed,      "failed"     },
        {snap->moves_cancelled,   "cancelled"  },
        {snap->moves_rolled_back, "rolled back"}
    };
    for (size_t i = 0; i < FORE_COUNTOF(rest) && n < size; i++)
        if (rest[i].count > 0)
            n += (size_t)snprintf(out + n, size - n, ", %llu %s", (unsigned long long)rest[i].count,
                                  rest[i].word);
    if (n < size && snap->bytes_moved > 0)
        snprintf(out + n, size - n, "; %s moved", viz_format_bytes(snap->bytes_moved).s);
}

void viz_panel_moves(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    uint32_t list[FORE_SNAPSHOT_MOVES], running, count = list_of(snap, list, &running);
    double u = canvas->u, pitch = 24 * u;
    char about[160];
    totals(snap, running, about, sizeof about);
    viz_canvas_card(canvas, r, "Moves", about, 0);
    if (count == 0) {
        viz_panel_empty(canvas, r, "Nothing has moved.");
        return;
    }
    struct viz_rect rows = {r.x + 16 * u, r.y + 36 * u, r.w - 32 * u, r.h - 42 * u};
    uint32_t room = (uint32_t)fmax(1, floor(rows.h / pitch));
    for (uint32_t i = 0; i < count && i < room; i++) {
        double y = rows.y + i * pitch;
        if (i == running && running > 0)
            viz_canvas_level(canvas, rows.x, rows.x + rows.w, y, 1, canvas->theme->track);
        row(canvas, scene, &snap->move[list[i]], (struct viz_rect){rows.x, y, rows.w, pitch});
    }
}
