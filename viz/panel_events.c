/*
 * panel_events.c - what happened, newest first: alerts, plans, and what operators had the daemon
 * do, each with its moment, which a click goes to.
 */
#include "core/act/alert.h"
#include "viz/format.h"
#include "viz/panel_detail.h"

#include <math.h>
#include <stdio.h>

struct entry {
    fore_ns at;
    const struct fore_snapshot_alert *alert; /* or */
    const struct viz_plan *plan;             /* or */
    const struct viz_asked *asked;
};
struct walk { /* how many of each have been shown */
    uint64_t alerts, plans, asked;
};

static const struct fore_snapshot_alert *newest_alert(const struct fore_snapshot *snap, uint64_t i)
{
    if (i >= snap->alert_total || i >= FORE_SNAPSHOT_ALERTS) return NULL;
    return &snap->alert[(snap->alert_total - 1 - i) % FORE_SNAPSHOT_ALERTS];
}

static const struct viz_asked *newest_asked(const struct viz_model *model, uint64_t i)
{
    if (i >= model->asked_total || i >= VIZ_ASKED) return NULL;
    return &model->asked[(model->asked_total - 1 - i) % VIZ_ASKED];
}

/* Three lists, each newest first, become one. */
static bool next(const struct viz_model *model, struct walk *walk, struct entry *out)
{
    const struct fore_snapshot_alert *alert = newest_alert(&model->snapshot, walk->alerts);
    const struct viz_plan *plan = viz_plans_newest(&model->plans, walk->plans);
    const struct viz_asked *asked = newest_asked(model, walk->asked);
    *out = (struct entry){0};
    if (alert != NULL) *out = (struct entry){.at = alert->at, .alert = alert};
    if (plan != NULL && (out->alert == NULL || plan->at > out->at))
        *out = (struct entry){.at = plan->at, .plan = plan};
    if (asked != NULL && ((alert == NULL && plan == NULL) || asked->at >= out->at))
        *out = (struct entry){.at = asked->at, .asked = asked};
    walk->alerts += out->alert != NULL;
    walk->plans += out->plan != NULL;
    walk->asked += out->asked != NULL;
    return out->alert != NULL || out->plan != NULL || out->asked != NULL;
}

static void row(struct viz_canvas *canvas, const struct viz_scene *scene, const struct entry *e,
                struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, base = r.y + 14 * u;
    struct viz_type when = {.size = VIZ_SMALL, .colour = t->muted};
    struct viz_type text = {.size = VIZ_SMALL, .colour = t->ink};
    viz_canvas_text(canvas, &when, r.x, base, 64 * u,
                    viz_format_tick(e->at, FORE_SEC, scene->model->start_unix_s).s);
    double x = r.x + 78 * u;
    if (e->alert != NULL) {
        uint8_t severity = e->alert->alert.severity;
        bool over = e->alert->resolved_ns > 0;
        enum viz_mark mark = over                              ? VIZ_MARK_CHECK
                             : severity >= FORE_ALERT_CRITICAL ? VIZ_MARK_DIAMOND
                             : severity == FORE_ALERT_WARNING  ? VIZ_MARK_TRIANGLE
                                                               : VIZ_MARK_DOT;
        struct viz_rgb colour = over                              ? t->good
                                : severity >= FORE_ALERT_CRITICAL ? t->bad
                                : severity == FORE_ALERT_WARNING  ? t->warn
                                                                  : t->faint;
        viz_canvas_mark(canvas, mark, x, base - 4 * u, 9, colour);
        if (over) text.colour = t->muted;
        viz_canvas_text(canvas, &text, x + 12 * u, base, r.x + r.w - x - 12 * u, e->alert->text);
        viz_hits_add(scene->hits, VIZ_HIT_MOMENT, r, e->at);
        return;
    }
    if (e->asked != NULL) {
        viz_canvas_mark(canvas, VIZ_MARK_PLUS, x, base - 4 * u, 10, t->accent);
        viz_canvas_text(canvas, &text, x + 12 * u, base, r.x + r.w - x - 12 * u, e->asked->text);
        viz_hits_add(scene->hits, VIZ_HIT_MOMENT, r, e->at);
        return;
    }
    char said[320];
    snprintf(said, sizeof said, "plan %llu %s: %s", (unsigned long long)e->plan->plan.plan,
             e->plan->plan.admitted ? "carried out" : "not carried out", e->plan->reason);
    viz_canvas_mark(canvas, e->plan->plan.admitted ? VIZ_MARK_ARROW : VIZ_MARK_BAR, x, base - 4 * u,
                    10, e->plan->plan.admitted ? t->accent : t->faint);
    viz_canvas_text(canvas, &text, x + 12 * u, base, r.x + r.w - x - 12 * u, said);
    viz_hits_add(scene->hits, VIZ_HIT_PLAN, r, e->plan->plan.plan);
}

void viz_tab_events(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    double pitch = 20 * canvas->u;
    struct walk walk = {0};
    struct entry entry;
    uint32_t n = 0;
    for (double y = r.y; y + pitch <= r.y + r.h; y += pitch, n++) {
        if (!next(scene->model, &walk, &entry)) break;
        row(canvas, scene, &entry, (struct viz_rect){r.x, y, r.w, pitch});
    }
    if (n == 0) viz_panel_empty(canvas, r, "Nothing has happened yet: no alert, no plan.");
}
