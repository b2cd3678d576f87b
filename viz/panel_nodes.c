/*
 * panel_nodes.c - one lane a node: the bar is its capacity, filled by the partitions it hosts, each
 * a block as wide as its load; work for moves is hatched at the end. Under the bar the forecast
 * peak as a diamond in its q10-q90 interval. Numbers: load now, forecast peak, p99 against the SLO.
 * Beside the bars, what moves between them (panel_arcs.c).
 */
#include "viz/format.h"
#include "viz/panel_arcs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct columns {
    double name, bar, bar_w, now, peak, p99; /* x; numbers are right-aligned there; peak 0: none */
    double pitch;                            /* height of a lane */
    double arcs, arcs_w;                     /* where moves between lanes are drawn */
    double full;                             /* utilisation at the bar's right end */
};

struct block {
    uint32_t partition;
    double load;
};

enum { LANES_MAX = 256, BLOCKS_MAX = 512 };

static double risk_of(const struct fore_event_node_load *load)
{
    double peak = (double)load->forecast_peak;
    return fmax((double)load->utilization, isnan(peak) ? 0 : peak);
}

/* Every node while they fit; else the most endangered ones, worst first. */
static uint32_t choose(const struct fore_snapshot *snap, uint32_t room, uint32_t *out)
{
    uint32_t count = snap->topology.node_count, n = 0;
    if (room > LANES_MAX) room = LANES_MAX;
    if (count <= room) {
        for (; n < count; n++)
            out[n] = n;
        return n;
    }
    for (uint32_t i = 0; i < count; i++) { /* insertion into the best `room` so far */
        uint32_t k = n < room ? n++ : room - 1;
        if (k == room - 1 && n == room && i >= room &&
            risk_of(&snap->node_load[out[k]]) >= risk_of(&snap->node_load[i]))
            continue;
        for (; k > 0 && risk_of(&snap->node_load[out[k - 1]]) < risk_of(&snap->node_load[i]); k--)
            out[k] = out[k - 1];
        out[k] = i;
    }
    return n;
}

static int larger_first(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    if (x->load != y->load) return x->load < y->load ? 1 : -1;
    return x->partition < y->partition ? -1 : x->partition > y->partition;
}

/* What the lanes' nodes host, by lane; gathered in one pass over the partitions. */
struct hosted {
    struct block *block; /* [BLOCKS_MAX] */
    uint32_t count;
    uint32_t leads, copies; /* partitions of which it holds the first copy, and others */
};

/* A replica's part of a partition's load is taken as equal: the journal does not tell. */
static void host(struct hosted *hosted, const struct fore_snapshot *snap, uint32_t partition,
                 uint32_t replica)
{
    double load = (double)snap->partition_load[partition].load_cores /
                  snap->topology.partition[partition].replica_count;
    hosted->leads += replica == 0;
    hosted->copies += replica > 0;
    if (load > 0 && hosted->count < BLOCKS_MAX)
        hosted->block[hosted->count++] = (struct block){partition, load};
}

static void gather(const struct fore_snapshot *snap, const uint32_t *chosen, uint32_t lanes,
                   struct hosted *out)
{
    const struct fore_topology *topology = &snap->topology;
    uint32_t *lane = calloc(topology->node_count + (size_t)1, sizeof *lane); /* 0: none */
    FORE_ASSERT(lane != NULL);
    for (uint32_t i = 0; i < lanes; i++) {
        lane[chosen[i]] = i + 1;
        out[i].block = calloc(BLOCKS_MAX, sizeof *out[i].block);
        FORE_ASSERT(out[i].block != NULL);
    }
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        for (uint32_t r = 0; part->alive && r < part->replica_count; r++)
            if (part->replica[r] < topology->node_count && lane[part->replica[r]] > 0)
                host(&out[lane[part->replica[r]] - 1], snap, p, r);
    }
    for (uint32_t i = 0; i < lanes; i++)
        qsort(out[i].block, out[i].count, sizeof *out[i].block, larger_first);
    free(lane);
}

static void fill_blocks(struct viz_canvas *canvas, const struct viz_scene *scene, uint32_t node,
                        const struct hosted *hosted, struct viz_rect bar, double full)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    const struct viz_theme *t = canvas->theme;
    const struct fore_event_node_load *load = &snap->node_load[node];
    const struct block *block = hosted->block;
    size_t count = hosted->count;
    double sum = 0, used = (double)load->utilization - (double)load->move_utilization;
    double x = bar.x, end = bar.x + bar.w * fmin(fmax(used, 0) / full, 1), u = canvas->u;
    for (size_t i = 0; i < count; i++)
        sum += block[i].load;
    viz_canvas_fill(canvas, (struct viz_rect){bar.x, bar.y, end - bar.x, bar.h}, t->soft);
    for (size_t i = 0; i < count && sum > 0; i++) {
        double w = (end - bar.x) * block[i].load / sum;
        if (w < 2) break; /* the rest stays one quiet area */
        struct viz_rect b = {x, bar.y, w - 1, bar.h};
        double depth = i == 0 ? 0.95 : i == 1 ? 0.70 : 0.45;
        viz_canvas_fill(canvas, b, viz_colour_mix(t->soft, t->accent, depth));
        viz_canvas_fill(canvas, (struct viz_rect){x + w - 1, bar.y, 1, bar.h}, t->card);
        char name[24];
        struct viz_type type = {
            .size = VIZ_TINY, .align = VIZ_CENTRE, .colour = i <= 1 ? t->card : t->ink};
        snprintf(name, sizeof name, "p%u", block[i].partition);
        if (bar.h >= 11 * u && viz_canvas_width(canvas, &type, name) + 6 * u < w)
            viz_canvas_text(canvas, &type, x + w / 2, bar.y + bar.h / 2 + 3.8 * u, 0, name);
        if (block[i].partition == scene->look->partition)
            viz_canvas_outline(canvas, (struct viz_rect){b.x - 1, b.y - 2, b.w + 2, b.h + 4}, 2,
                               t->ink);
        if (w >= 4) viz_hits_add(scene->hits, VIZ_HIT_PARTITION, b, block[i].partition);
        x += w;
    }
    double moving = bar.w * fmin((double)load->move_utilization / full, 1);
    struct viz_rect move = {end, bar.y, fmin(moving, bar.x + bar.w - end), bar.h};
    viz_canvas_tint(canvas, move, t->warn, 0.35);
    viz_canvas_hatch(canvas, move, 4, t->warn, 1);
}

/* The interval as a line with ends, the median as a diamond; beyond the scale it stops there. */
static void whisker(struct viz_canvas *canvas, const struct fore_event_node_load *load,
                    const struct columns *c, double y)
{
    double u = canvas->u, low = (double)load->forecast_peak_low;
    double mid = (double)load->forecast_peak, high = (double)load->forecast_peak_high;
    if (isnan(mid)) return;
    struct viz_rgb colour = mid > 1 ? canvas->theme->bad : canvas->theme->ink;
    if (!isnan(low) && !isnan(high)) {
        double x0 = c->bar + c->bar_w * fmin(low / c->full, 1);
        double x1 = c->bar + c->bar_w * fmin(high / c->full, 1);
        viz_canvas_level(canvas, x0, x1, y, 1.5 * u, colour);
        viz_canvas_upright(canvas, x0, y - 2.5 * u, y + 2.5 * u, 1.5 * u, colour);
        viz_canvas_upright(canvas, x1, y - 2.5 * u, y + 2.5 * u, 1.5 * u, colour);
    }
    viz_canvas_mark(canvas, VIZ_MARK_DIAMOND, c->bar + c->bar_w * fmin(mid / c->full, 1), y, 7,
                    colour);
}

static void number(struct viz_canvas *canvas, double x, double y, const char *text, bool bad)
{
    const struct viz_theme *t = canvas->theme;
    struct viz_type type = {
        .size = VIZ_BODY, .bold = bad, .align = VIZ_RIGHT, .colour = bad ? t->bad : t->ink};
    double w = viz_canvas_text(canvas, &type, x, y, 0, text);
    if (bad)
        viz_canvas_mark(canvas, VIZ_MARK_TRIANGLE, x - w - 9 * canvas->u, y - 4 * canvas->u, 8,
                        t->bad);
}

/* Name and, where there is room, how many partitions it leads and how many copies it holds. The
 * rectangle's height is the base line of the numbers. */
static void lane_name(struct viz_canvas *canvas, const struct viz_scene *scene, uint32_t node,
                      const struct hosted *hosted, const struct columns *c, struct viz_rect r)
{
    const struct fore_topology *topology = &scene->model->snapshot.topology;
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, width = c->bar - c->name - 8 * u, base = r.h;
    bool chosen = node == scene->look->node;
    struct viz_type name = {
        .size = VIZ_BODY, .bold = chosen, .colour = chosen ? t->accent : t->ink};
    struct viz_type what = {.size = VIZ_TINY, .colour = t->muted};
    bool two = c->pitch >= 32 * u;
    viz_canvas_text(canvas, &name, c->name, two ? base - 5 * u : base, width,
                    topology->node[node].name);
    char text[48];
    snprintf(text, sizeof text, hosted->copies > 0 ? "%u + %u copies" : "%u partitions",
             hosted->leads, hosted->copies);
    if (two) viz_canvas_text(canvas, &what, c->name, base + 8 * u, width, text);
}

static void lane(struct viz_canvas *canvas, const struct viz_scene *scene, uint32_t node,
                 const struct hosted *hosted, const struct columns *c, struct viz_rect r)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    const struct fore_event_node_load *load = &snap->node_load[node];
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, bar_h = round(fmin(r.h * 0.54, 22 * u));
    double bar_y = round(r.y + (r.h - bar_h - 7 * u) / 2), base = bar_y + bar_h / 2 + 4.2 * u;
    struct viz_rect bar = {c->bar, bar_y, c->bar_w, bar_h};
    lane_name(canvas, scene, node, hosted, c, (struct viz_rect){r.x, r.y, r.w, base});
    double capacity = bar.w / c->full;
    viz_canvas_fill(canvas, (struct viz_rect){bar.x, bar.y, fmin(capacity, bar.w), bar.h},
                    t->track);
    if (!snap->topology.node[node].up) {
        struct viz_type down = {.size = VIZ_SMALL, .bold = true, .colour = t->bad};
        viz_canvas_hatch(canvas, bar, 6, t->bad, 0.5);
        viz_canvas_mark(canvas, VIZ_MARK_CROSS, c->now - 40 * u, base - 4 * u, 9, t->bad);
        viz_canvas_text(canvas, &down, c->now - 30 * u, base, 0, "down");
        return;
    }
    fill_blocks(canvas, scene, node, hosted, bar, c->full);
    whisker(canvas, load, c, bar.y + bar.h + 5 * u);
    double util = (double)load->utilization, peak = (double)load->forecast_peak;
    double p99 = (double)load->p99_ms, slo = (double)snap->cluster.slo_ns / 1e6;
    number(canvas, c->now, base, viz_format_percent(util).s, util > 1);
    if (c->peak > 0)
        number(canvas, c->peak, base, isnan(peak) ? "\342\200\223" : viz_format_percent(peak).s,
               peak > 1);
    number(canvas, c->p99, base, viz_format_ms(p99).s, slo > 0 && p99 > slo);
}

/* Where it is narrow the bars come first: arcs get tighter, then the peak's number goes, which the
 * whisker still tells. */
static struct columns columns_of(const struct viz_canvas *canvas, const struct fore_snapshot *snap,
                                 struct viz_rect r)
{
    double u = canvas->u, full = 1.1, wide = r.w / u;
    for (uint32_t n = 0; n < snap->topology.node_count; n++) {
        double high = (double)snap->node_load[n].forecast_peak_high;
        full = fmax(full, fmax(risk_of(&snap->node_load[n]), isnan(high) ? 0 : high) * 1.02);
    }
    bool peak = wide > 480, roomy = wide > 600;
    struct columns c = {.name = r.x + 16 * u,
                        .p99 = r.x + r.w - 16 * u,
                        .bar = round(r.x + (roomy ? 92 : 80) * u),
                        .full = fmin(full, roomy ? 2 : 1.5)};
    c.now = c.p99 - (roomy ? 84 : 76) * u;
    if (peak) c.peak = c.now;
    if (peak) c.now -= (roomy ? 80 : 72) * u;
    c.arcs_w = round((roomy ? 76 : 58) * u);
    c.arcs = round(c.now - (roomy ? 62 : 52) * u - c.arcs_w);
    c.bar_w = round(c.arcs - 6 * u - c.bar);
    return c;
}

static void head(struct viz_canvas *canvas, const struct viz_scene *scene, const struct columns *c,
                 struct viz_rect r, struct viz_rect lanes)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, y = r.y + 48 * u;
    struct viz_type type = {.size = VIZ_TINY, .align = VIZ_RIGHT, .colour = t->muted};
    struct viz_text slo = viz_format_limit_ms((double)scene->model->snapshot.cluster.slo_ns / 1e6);
    char text[64];
    snprintf(text, sizeof text, "p99 / %s", slo.s);
    viz_canvas_text(canvas, &type, c->now, y, 0, "load");
    if (c->peak > 0) viz_canvas_text(canvas, &type, c->peak, y, 0, "peak ahead");
    viz_canvas_text(canvas, &type, c->p99, y, 0, text);
    type.align = VIZ_CENTRE;
    double last = -1e9;
    for (int percent = 0; percent <= (int)(c->full * 100); percent += 50) {
        double x = round(c->bar + c->bar_w * percent / 100 / c->full);
        struct viz_text label = viz_format_percent(percent / 100.0);
        double half = viz_canvas_width(canvas, &type, label.s) / 2;
        if (x - half > last + 4 * u) {
            viz_canvas_text(canvas, &type, x, y, 0, label.s);
            last = x + half;
        }
        viz_canvas_upright(canvas, x, y + 5 * u, lanes.y + lanes.h, percent == 100 ? 1.5 * u : 1,
                           percent == 100 ? t->faint : t->track);
    }
}

/* The legend on the title's line, from the right; dropped word by word where it has no room. */
static void legend(struct viz_canvas *canvas, struct viz_rect r)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, y = r.y + 23 * u, x = r.x + r.w - 16 * u;
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->muted};
    x -= viz_canvas_text(canvas, &type, x, y, 0, "forecast peak, q10\342\200\223q90") + 8 * u;
    viz_canvas_level(canvas, x - 24 * u, x, y - 4 * u, 1.5 * u, t->ink);
    viz_canvas_mark(canvas, VIZ_MARK_DIAMOND, x - 12 * u, y - 4 * u, 8, t->ink);
    x -= 40 * u;
    x -= viz_canvas_text(canvas, &type, x, y, 0, "moves") + 6 * u;
    struct viz_rect box = {round(x - 16 * u), round(y - 9 * u), 16 * u, 10 * u};
    viz_canvas_tint(canvas, box, t->warn, 0.35);
    viz_canvas_hatch(canvas, box, 4, t->warn, 1);
    x = box.x - 14 * u;
    x -= viz_canvas_text(canvas, &type, x, y, 0, "partitions") + 6 * u;
    for (int i = 0; i < 3; i++)
        viz_canvas_fill(canvas,
                        (struct viz_rect){round(x - 16 * u) + i * 6 * u, box.y, 5 * u, box.h},
                        viz_colour_mix(t->soft, t->accent,
                                       i == 0   ? 0.95
                                       : i == 1 ? 0.7
                                                : 0.45));
}

void viz_panel_nodes(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    double u = canvas->u;
    viz_canvas_card(canvas, r, "Nodes", "", 0);
    if (!snap->has_topology || snap->topology.node_count == 0) {
        viz_panel_empty(canvas, r, "No nodes known yet.");
        return;
    }
    uint32_t chosen[LANES_MAX] = {0}, total = snap->topology.node_count;
    struct viz_rect lanes = {r.x, r.y + 54 * u, r.w, r.h - 62 * u};
    double least = 20 * u;
    uint32_t room = (uint32_t)fmax(1, floor(lanes.h / least));
    bool partial = total > room;
    if (partial) {
        lanes.h -= 18 * u;
        room = (uint32_t)fmax(1, floor(lanes.h / least));
    }
    uint32_t count = choose(snap, room, chosen);
    struct columns c = columns_of(canvas, snap, r);
    double height = floor(fmin(lanes.h / count, 72 * u));
    c.pitch = height;
    legend(canvas, r);
    lanes.h = height * count;
    head(canvas, scene, &c, r, lanes);
    struct hosted *hosted = calloc(count + (size_t)1, sizeof *hosted);
    FORE_ASSERT(hosted != NULL);
    gather(snap, chosen, count, hosted);
    struct viz_arcs arcs = {.count = count,
                            .node = chosen,
                            .top = lanes.y,
                            .pitch = height,
                            .x = c.arcs,
                            .w = c.arcs_w};
    for (uint32_t i = 0; i < count; i++) {
        struct viz_rect place = {r.x, lanes.y + i * height, r.w, height};
        viz_hits_add(scene->hits, VIZ_HIT_NODE, place, chosen[i]);
        lane(canvas, scene, chosen[i], &hosted[i], &c, place);
        free(hosted[i].block);
    }
    free(hosted);
    viz_panel_arcs(canvas, scene, &arcs);
    if (!partial) return;
    char text[64];
    struct viz_type type = {.size = VIZ_SMALL, .colour = canvas->theme->faint};
    snprintf(text, sizeof text, "and %u nodes with less load and risk", total - count);
    viz_canvas_text(canvas, &type, c.bar, r.y + r.h - 10 * u, 0, text);
}
