/*
 * coverage.c - saying, waiting, comparing.
 */
#include "core/risk/coverage.h"

#include <math.h>

enum { BURST_KEPT = 3, JUDGED_MIN = 2 };
static const double z95 = 1.6448536269514722; /* of the 95 % quantile: a 90 % interval */
static const double rolls = 1.0 / 3.0;        /* weight of the newest statement */
static const double lost_above = 0.5, back_below = 0.3;
static const double burst_sds = 4;
static const double burst_from = 0.8, burst_more = 0.1; /* shares of the limit */

void fore_coverage_init(struct fore_coverage *coverage, struct fore_arena *arena, uint32_t cap)
{
    *coverage = (struct fore_coverage){
        .cap = cap, .outside = (double)NAN, .calm_for = BURST_KEPT, .burst_node = FORE_NODE_NONE};
    for (int i = 0; i < FORE_COVERAGE_ASKS; i++) {
        coverage->ask[i].mean = FORE_NEW(arena, float, cap);
        coverage->ask[i].common = FORE_NEW(arena, float, cap);
        coverage->ask[i].own = FORE_NEW(arena, float, cap);
        coverage->ask[i].present = FORE_NEW(arena, float, cap);
        coverage->ask[i].generation = FORE_NEW(arena, uint32_t, cap);
    }
}

bool fore_coverage_burst(const struct fore_coverage *coverage)
{
    return coverage->calm_for < BURST_KEPT;
}

/* ---- saying ---------------------------------------------------------------------------------- */

static void say(struct fore_coverage *coverage, const struct fore_scenario *forecast,
                const struct fore_scenario *nowcast, const struct fore_topology *topology,
                size_t step)
{
    struct fore_coverage_ask *ask = &coverage->ask[coverage->next];
    coverage->next = (coverage->next + 1) % FORE_COVERAGE_ASKS;
    ask->due = forecast->origin + (step + 1) * forecast->step;
    coverage->said_at = forecast->origin;
    for (uint32_t p = 0; p < topology->partition_count && p < coverage->cap; p++) {
        ask->mean[p] = NAN;
        ask->generation[p] = topology->partition[p].generation;
        if (p >= forecast->partition_count || p >= nowcast->partition_count ||
            !topology->partition[p].alive)
            continue;
        size_t at = (size_t)p * forecast->steps + step;
        ask->mean[p] = forecast->mean[at];
        ask->present[p] = nowcast->mean[at];
        ask->common[p] = forecast->common[at];
        ask->own[p] = forecast->own[at];
    }
    for (uint32_t p = topology->partition_count; p < coverage->cap; p++)
        ask->mean[p] = NAN;
}

/* ---- comparing ------------------------------------------------------------------------------- */

struct sums { /* of a node: what came, what was said of it */
    double truth, mean, common, own_var, present;
};

static void look_for_burst(struct fore_coverage *coverage, const struct sums *node,
                           const struct fore_topology *topology, double limit)
{
    uint16_t worst = FORE_NODE_NONE;
    double most = burst_sds;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        double most_cores = limit * topology->node[n].cores, more = node[n].truth - node[n].mean;
        if (node[n].truth < burst_from * most_cores || more < burst_more * most_cores) continue;
        double sds = more / sqrt(node[n].own_var + node[n].common * node[n].common + 1e-12);
        if (sds <= most) continue;
        if (fabs(node[n].truth - node[n].present) > fabs(node[n].truth - node[n].mean)) continue;
        most = sds;
        worst = (uint16_t)n;
    }
    if (coverage->calm_for < BURST_KEPT) coverage->calm_for++;
    if (worst == FORE_NODE_NONE) return;
    coverage->calm_for = 0;
    coverage->burst_node = worst;
}

static void judge(struct fore_coverage *coverage, struct fore_coverage_ask *ask,
                  const struct fore_observe *observe, const struct fore_topology *topology,
                  double limit, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct sums *node = FORE_NEW(scratch, struct sums, topology->node_count);
    double all = 0, out = 0, missed = 0, present_missed = 0;
    for (uint32_t p = 0; p < topology->partition_count && p < coverage->cap; p++) {
        const struct fore_partition *part = &topology->partition[p];
        float came;
        if (!part->alive || isnan(ask->mean[p]) || ask->generation[p] != part->generation) continue;
        fore_history_read(observe->history, 1, FORE_HIST_LOAD, p, 1, &came);
        if (isnan(came)) continue;
        double truth = (double)came, mean = (double)ask->mean[p];
        double common = (double)ask->common[p], own = (double)ask->own[p];
        double weight = fmax(truth, mean);
        all += weight;
        if (fabs(truth - mean) > z95 * hypot(common, own)) out += weight;
        missed += fabs(truth - mean);
        present_missed += fabs(truth - (double)ask->present[p]);
        struct sums *at = &node[part->replica[0]];
        at->truth += truth;
        at->mean += mean;
        at->common += common;
        at->own_var += own * own;
        at->present += (double)ask->present[p];
    }
    if (all > 0) {
        double newest = out / all;
        coverage->outside = coverage->judged == 0
                                ? newest
                                : coverage->outside + rolls * (newest - coverage->outside);
        coverage->missed += rolls * (missed - coverage->missed);
        coverage->present_missed += rolls * (present_missed - coverage->present_missed);
        coverage->judged++;
        look_for_burst(coverage, node, topology, limit);
    }
    fore_arena_reset(scratch, mark);
}

void fore_coverage_look(struct fore_coverage *coverage, const struct fore_scenario *forecast,
                        const struct fore_scenario *nowcast, const struct fore_observe *observe,
                        const struct fore_topology *topology, fore_ns lead, double limit,
                        struct fore_arena *scratch)
{
    fore_ns newest = fore_history_end(observe->history, 1);
    for (int i = 0; i < FORE_COVERAGE_ASKS; i++) {
        struct fore_coverage_ask *ask = &coverage->ask[i];
        if (ask->due == 0 || ask->due > newest) continue;
        if (ask->due == newest) judge(coverage, ask, observe, topology, limit, scratch);
        ask->due = 0;
    }
    bool worse = coverage->missed > coverage->present_missed;
    bool wide = coverage->judged >= JUDGED_MIN && coverage->outside > lost_above && worse;
    bool back = (!(coverage->outside > back_below) || !worse) && !fore_coverage_burst(coverage);
    coverage->lost = coverage->lost ? !back : wide || fore_coverage_burst(coverage);
    if (!forecast->ready || forecast->step == 0) return;
    size_t step = (size_t)((lead + forecast->step - 1) / forecast->step);
    step = step == 0 ? 0 : step > forecast->steps ? forecast->steps - 1 : step - 1;
    /* As many statements are open at a time as there is room for. */
    fore_ns every = forecast->step * (1 + step / FORE_COVERAGE_ASKS);
    if (coverage->said_at == 0 || forecast->origin >= coverage->said_at + every)
        say(coverage, forecast, nowcast, topology, step);
}
