/*
 * panel_why.c - one plan and its alternatives: what each would save, what it costs in bytes and
 * time, and what stood against it. The plan is the one selected, else the newest about the
 * partition in focus, else the newest that was carried out.
 */
#include "core/decide/whatif.h"
#include "viz/format.h"
#include "viz/label.h"
#include "viz/panel_detail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct columns {
    double what, gain, bytes, takes, why; /* numbers are right-aligned there */
};

const struct viz_plan *viz_panel_plan(const struct viz_scene *scene)
{
    const struct viz_plans *plans = &scene->model->plans;
    const struct viz_look *look = scene->look;
    const struct viz_plan *plan = NULL;
    if (look->plan != VIZ_PLAN_NONE) plan = viz_plans_find(plans, look->plan);
    if (plan == NULL && look->partition != VIZ_NONE) plan = viz_plans_about(plans, look->partition);
    for (uint64_t i = 0; plan == NULL; i++) {
        const struct viz_plan *p = viz_plans_newest(plans, i);
        if (p == NULL) break;
        if (p->plan.admitted) plan = p;
    }
    return plan != NULL ? plan : viz_plans_newest(plans, 0);
}

static void cell(struct viz_canvas *canvas, double x, double y, const char *text,
                 struct viz_rgb colour)
{
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = colour};
    viz_canvas_text(canvas, &type, x, y, 0, text);
}

static void describe(const struct viz_model *model, const struct fore_event_plan_move *m, char *out,
                     size_t size)
{
    struct fore_event_move move = {.partition = m->partition,
                                   .other = m->other,
                                   .source = m->source,
                                   .target = m->target,
                                   .kind = m->kind};
    size_t used = 0;
    if (m->after > 0 && size > 6) used = (size_t)snprintf(out, size, "then ");
    viz_panel_move_text(model, &move, out + used, size - used);
}

static uint16_t node_named(const struct viz_model *model, const char name[24])
{
    const struct fore_topology *topology = &model->snapshot.topology;
    for (uint32_t n = 0; n < topology->node_count; n++)
        if (strncmp(topology->node[n].name, name, 24) == 0) return (uint16_t)n;
    return FORE_NODE_NONE;
}

static void describe_other(const struct viz_model *model, const struct fore_event_why_other *o,
                           char *out, size_t size)
{
    struct fore_event_move move = {.partition = o->partition,
                                   .other = o->partner,
                                   .source = node_named(model, o->source),
                                   .target = node_named(model, o->target),
                                   .kind = o->kind};
    if (o->swap)
        snprintf(out, size, "p%u \342\206\224 p%u", o->partition, o->partner);
    else
        viz_panel_move_text(model, &move, out, size);
}

static void numbers(struct viz_canvas *canvas, const struct columns *c, double y, double gain,
                    double bytes, double takes_s, struct viz_rgb colour)
{
    char text[48];
    if (!isnan(gain)) {
        snprintf(text, sizeof text, "%+.0f", gain);
        cell(canvas, c->gain, y, text, colour);
    }
    cell(canvas, c->bytes, y, bytes > 0 ? viz_format_bytes(bytes).s : "\342\200\223", colour);
    if (takes_s > 0) cell(canvas, c->takes, y, viz_format_seconds(takes_s).s, colour);
}

static void chosen_row(struct viz_canvas *canvas, const struct viz_scene *scene,
                       const struct viz_plan *plan, uint32_t i, const struct columns *c,
                       struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    const struct fore_event_plan_move *m = &plan->move[i];
    double u = canvas->u, base = r.y + 13 * u;
    char what[64];
    describe(scene->model, m, what, sizeof what);
    struct viz_type type = {.size = VIZ_SMALL, .bold = true, .colour = t->ink};
    viz_canvas_mark(canvas, plan->plan.admitted ? VIZ_MARK_CHECK : VIZ_MARK_BAR, r.x + 5 * u,
                    base - 4 * u, 9, plan->plan.admitted ? t->good : t->faint);
    viz_canvas_text(canvas, &type, c->what, base, c->gain - c->what - 50 * u, what);
    numbers(canvas, c, base, (double)m->gain, (double)m->bytes,
            i == 0 && plan->explained ? (double)plan->why.duration_s : 0, t->ink);
    struct viz_type why = {.size = VIZ_SMALL, .colour = t->good};
    viz_canvas_text(canvas, &why, c->why, base, r.x + r.w - c->why,
                    plan->plan.admitted ? "chosen" : "proposed only");
    viz_hits_add(scene->hits, VIZ_HIT_PARTITION, r, m->partition);
}

static void other_row(struct viz_canvas *canvas, const struct viz_scene *scene,
                      const struct viz_plan *plan, uint32_t i, const struct columns *c,
                      struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    const struct fore_event_why_other *o = &plan->other[i];
    double u = canvas->u, base = r.y + 13 * u;
    char what[64], why[192];
    describe_other(scene->model, o, what, sizeof what);
    struct viz_type type = {.size = VIZ_SMALL, .colour = t->muted};
    viz_canvas_mark(canvas, VIZ_MARK_CROSS, r.x + 5 * u, base - 4 * u, 7, t->faint);
    viz_canvas_text(canvas, &type, c->what, base, c->gain - c->what - 50 * u, what);
    numbers(canvas, c, base, (double)o->gain_s, (double)o->bytes, (double)o->duration_s, t->muted);
    const char *word = o->why < FORE_WHATIF_WHYS
                           ? fore_whatif_why_text((enum fore_whatif_why)o->why)
                           : "not chosen";
    if (o->why == FORE_WHATIF_OUTDONE)
        snprintf(why, sizeof why, "outdone: the plan gains more, or takes its place");
    else
        snprintf(why, sizeof why, "%s: %s", word, plan->text[i]);
    viz_canvas_text(canvas, &type, c->why, base, r.x + r.w - c->why,
                    plan->text[i][0] != '\0' ? why : word);
    viz_hits_add(scene->hits, VIZ_HIT_PARTITION, r, o->partition);
}

/* "p99 of node-04: 519 ms if nothing is done, 240 ms with the plan": the node that gains most. */
static void outlook(const struct viz_model *model, const struct viz_plan *plan, char *out,
                    size_t size)
{
    const struct fore_event_why_node *best = NULL;
    out[0] = '\0';
    for (uint32_t i = 0; plan->explained && i < plan->node_count; i++) {
        const struct fore_event_why_node *n = &plan->node[i];
        if (best == NULL || n->risk_before - n->risk_after > best->risk_before - best->risk_after)
            best = n;
    }
    if (best == NULL || !isfinite(best->p99_before_ms) || !isfinite(best->p99_after_ms)) return;
    char name[16];
    viz_label_node(model, best->node, name, sizeof name);
    snprintf(out, size, "; p99 of %s %.20s \342\206\222 %.20s, risk %.0f \342\206\222 %.0f %%",
             name, viz_format_ms((double)best->p99_before_ms).s,
             viz_format_ms((double)best->p99_after_ms).s, (double)best->risk_before * 100,
             (double)best->risk_after * 100);
}

/* Two lines: which plan, and what it is worth. Returns the height used. */
static double summary(struct viz_canvas *canvas, const struct viz_scene *scene,
                      const struct viz_plan *plan, struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    char title[96], worth[256], ms[128];
    struct viz_text clock = viz_format_when(plan->at, scene->view.from, scene->model->start_unix_s);
    snprintf(title, sizeof title, "Plan %llu, %s", (unsigned long long)plan->plan.plan, clock.s);
    struct viz_type type = {.size = VIZ_BODY, .bold = true, .colour = t->ink};
    double w = viz_canvas_text(canvas, &type, r.x, r.y + 12 * u, 0, title);
    struct viz_type quiet = {.size = VIZ_SMALL, .colour = t->muted};
    viz_canvas_text(canvas, &quiet, r.x + w + 10 * u, r.y + 12 * u, r.w - w - 10 * u, plan->reason);
    outlook(scene->model, plan, ms, sizeof ms);
    snprintf(worth, sizeof worth, "expected violation %.0f \342\206\222 %.0f node-s; %s to copy%s",
             (double)plan->plan.violation_before, (double)plan->plan.violation_after,
             viz_format_bytes((double)plan->plan.bytes).s, ms);
    viz_canvas_text(canvas, &quiet, r.x, r.y + 29 * u, r.w, worth);
    return 36 * u;
}

static void heads(struct viz_canvas *canvas, const struct columns *c, double y)
{
    const struct viz_theme *t = canvas->theme;
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = t->muted};
    viz_canvas_text(canvas, &type, c->gain, y, 0, "saves, node-s");
    viz_canvas_text(canvas, &type, c->bytes, y, 0, "copies");
    viz_canvas_text(canvas, &type, c->takes, y, 0, "takes");
    type.align = VIZ_LEFT;
    viz_canvas_text(canvas, &type, c->what, y, 0, "considered");
    viz_canvas_text(canvas, &type, c->why, y, 0, "chosen, or why not");
}

void viz_tab_why(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct viz_plan *plan = viz_panel_plan(scene);
    double u = canvas->u, pitch = 18 * u;
    if (plan == NULL) {
        viz_panel_empty(canvas, r, "No plan has been made up to here.");
        return;
    }
    double y = r.y + summary(canvas, scene, plan, r) + 12 * u, bottom = r.y + r.h;
    struct columns c = {.what = r.x + 16 * u,
                        .gain = r.x + 186 * u,
                        .bytes = r.x + 254 * u,
                        .takes = r.x + 318 * u,
                        .why = r.x + 334 * u};
    heads(canvas, &c, y);
    y += 4 * u;
    uint32_t room = (uint32_t)fmax(0, floor((bottom - y) / pitch)), n = 0;
    uint32_t keep = plan->explained && plan->other_count > 0 && room > 3 ? room / 2 : 1;
    struct viz_rect line = {r.x, y, r.w, pitch};
    for (uint32_t i = 0; i < plan->move_count && n + keep < room; i++, n++) {
        chosen_row(canvas, scene, plan, i, &c, line);
        line.y += pitch;
    }
    for (uint32_t i = 0; plan->explained && i < plan->other_count && n < room; i++, n++) {
        other_row(canvas, scene, plan, i, &c, line);
        line.y += pitch;
    }
    if (plan->explained || n >= room) return;
    struct viz_type type = {.size = VIZ_SMALL, .colour = canvas->theme->muted};
    viz_canvas_text(canvas, &type, c.what, line.y + 14 * u, r.x + r.w - c.what,
                    "What else was considered is not in this journal; run with "
                    "--set decide.journal_why=true to have it.");
}
