/*
 * panel_moves.c - what is moving now: state, share done, rate and when it will be over; below that
 * the moves that ended last, with what became of them.
 */
#include "core/act/migrate.h"
#include "viz/format.h"
#include "viz/label.h"
#include "viz/panel_detail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
    if (bar.w < 24 * u) bar.w = 0; /* the number says it too */
    viz_canvas_fill(canvas, bar, t->track);
    viz_canvas_fill(canvas, (struct viz_rect){bar.x, bar.y, round(bar.w * share), bar.h},
                    t->accent);
    viz_canvas_text(canvas, &value, bar.x + bar.w + 46 * u, base, 0, viz_format_percent(share).s);
    fore_ns spent = scene->view.now > m->began_ns ? scene->view.now - m->began_ns : 0;
    if (m->bytes_done == 0 || spent == 0 || m->state >= FORE_MIGRATE_CATCH_UP || m->paused) return;
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

/* What has been checked so far, and what holds the copy back. */
static void state_text(const struct viz_scene *scene, const struct fore_snapshot_move *move,
                       char *out, size_t size)
{
    const struct fore_event_verify *v = viz_model_verify(scene->model, move->move.ticket);
    bool compared =
        move->move.state >= FORE_MIGRATE_CUT_OVER; /* else it would not have come here */
    const char *digests = v != NULL && !v->digests_equal ? "digests differ"
                          : v != NULL || compared        ? "digests equal"
                                                         : "digests not compared yet";
    size_t n = 0;
    switch (move->move.state) {
    case FORE_MIGRATE_QUEUED: n = (size_t)snprintf(out, size, "waits for a free slot"); break;
    case FORE_MIGRATE_COPY:
    case FORE_MIGRATE_CATCH_UP: n = (size_t)snprintf(out, size, "%s", digests); break;
    case FORE_MIGRATE_COMPARE: n = (size_t)snprintf(out, size, "comparing both copies"); break;
    case FORE_MIGRATE_CUT_OVER: n = (size_t)snprintf(out, size, "changing the owner"); break;
    case FORE_MIGRATE_SWEEP:
        n = (size_t)snprintf(out, size, "%s; sweeping the old copy", digests);
        break;
    case FORE_MIGRATE_WATCH:
        n = (size_t)snprintf(out, size, "%s; watching whether p99 gets better", digests);
        break;
    default: out[0] = '\0'; return;
    }
    if (move->move.bytes_per_sec_max > 0 && n < size)
        n += (size_t)snprintf(out + n, size - n, "; throttled to %s/s",
                              viz_format_bytes(move->move.bytes_per_sec_max).s);
    else if (move->move.state == FORE_MIGRATE_COPY && !move->move.paused && n < size)
        n += (size_t)snprintf(out + n, size - n, "; not throttled");
    if (move->note[0] != '\0' && n < size) snprintf(out + n, size - n, "; %s", move->note);
}

/* Promised and kept, where it is known. */
static void gain_text(const struct viz_model *model, uint64_t ticket, char *out, size_t size)
{
    const struct fore_event_gain *g = viz_plans_gain(&model->plans, ticket);
    size_t n = strlen(out);
    if (g == NULL || isnan(g->predicted_s) || isnan(g->realised_s) || n >= size) return;
    snprintf(out + n, size - n, "%ssaved %.0f of %.0f node-s", n > 0 ? "; " : "",
             (double)g->realised_s, (double)g->predicted_s);
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
    char told[256];
    if (!over) {
        struct viz_type state = {.size = VIZ_SMALL, .colour = t->muted};
        state_text(scene, move, told, sizeof told);
        viz_canvas_text(canvas, &state, r.x + 20 * u, base + 16 * u, r.w - 20 * u, told);
    }
    viz_hits_add(scene->hits, VIZ_HIT_MOVE, r, move->move.ticket);
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
    tell(scene->model, move, told, sizeof told);
    gain_text(scene->model, move->move.ticket, told, sizeof told);
    viz_canvas_text(canvas, &note, x, base, r.x + r.w - w - 10 * u - x, told);
}

static void totals(const struct viz_model *model, uint32_t running, char *out, size_t size)
{
    const struct fore_snapshot *snap = &model->snapshot;
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
        n += (size_t)snprintf(out + n, size - n, "; %s moved",
                              viz_format_bytes(snap->bytes_moved).s);
    if (n < size && model->plans.gain_total > 0)
        snprintf(out + n, size - n, "; saved %.0f of %.0f node-s promised", model->plans.realised_s,
                 model->plans.predicted_s);
}

void viz_tab_moves(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    uint32_t list[FORE_SNAPSHOT_MOVES], running, count = list_of(snap, list, &running);
    double u = canvas->u, pitch = 23 * u, tall = 38 * u;
    char about[256];
    totals(scene->model, running, about, sizeof about);
    struct viz_type type = {.size = VIZ_SMALL, .colour = canvas->theme->muted};
    viz_canvas_text(canvas, &type, r.x, r.y + 11 * u, r.w, about);
    if (count == 0) {
        viz_panel_empty(canvas, r, "Nothing has moved.");
        return;
    }
    double y = r.y + 18 * u;
    for (uint32_t i = 0; i < count; i++) {
        double h = i < running ? tall : pitch;
        if (y + h > r.y + r.h + 2 * u) break;
        if (i == running && running > 0)
            viz_canvas_level(canvas, r.x, r.x + r.w, y, 1, canvas->theme->track);
        row(canvas, scene, &snap->move[list[i]], (struct viz_rect){r.x, y, r.w, h});
        y += h;
    }
}
