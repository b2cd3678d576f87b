/*
 * pstore_dp.c - the dynamic program of pstore_dp.h: cost[t][n] is the least number of node-steps
 * with which n nodes can be reached, settled, at step t. A step without a change is a "change" from
 * n to n that takes one step.
 */
#include "core/decide/pstore_dp.h"

#include <math.h>

size_t fore_pstore_dp_steps(double copy_steps, double node_threads, uint32_t before, uint32_t after)
{
    if (before == after) return 0;
    double least = fmin(before, after), most = fmax(before, after);
    double pairs = fmin(least, most - least); /* of nodes that send and receive at once */
    double steps = ceil((1 - least / most) * copy_steps / (node_threads * pairs) - 1e-9);
    return steps < 1 ? 1 : (size_t)steps;
}

double fore_pstore_dp_machines(uint32_t before, uint32_t after)
{
    double s = fmin(before, after), l = fmax(before, after), delta = l - s;
    if (s >= delta) return l;
    double r = fmod(delta, s);
    if (r == 0) return (2 * s + l) / 2;
    /* Full sets of s machines; then a partly filled one; then the last, all at work. */
    double sets = floor(delta / s) - 1;
    return sets * (s / delta) * (s + l - r) / 2 + (r / delta) * (l - r) + (s / delta) * l;
}

double fore_pstore_dp_capacity(double node_load, uint32_t before, uint32_t after, size_t i,
                               size_t steps)
{
    double done = steps == 0 ? 1 : (double)i / (double)steps;
    double share = 1.0 / before + done * (1.0 / after - 1.0 / before); /* on the fullest node */
    return node_load / share;
}

struct table {
    const struct fore_pstore_dp *dp;
    uint32_t nodes; /* Z */
    double *cost;   /* [steps + 1][nodes + 1] */
    uint32_t *from; /* the number of nodes before */
};

static size_t cell(const struct table *table, size_t t, uint32_t n)
{
    return t * (table->nodes + 1) + n;
}

static size_t change_steps(const struct table *table, uint32_t before, uint32_t after)
{
    const struct fore_pstore_dp *dp = table->dp;
    size_t steps = fore_pstore_dp_steps(dp->copy_steps, dp->node_threads, before, after);
    return steps == 0 ? 1 : steps;
}

/* Least cost of reaching n at t with a last change from b; infinite where load is not carried. */
static double cost_from(const struct table *table, size_t t, uint32_t b, uint32_t n)
{
    const struct fore_pstore_dp *dp = table->dp;
    size_t steps = change_steps(table, b, n);
    if (steps > t) return (double)INFINITY;
    double before = table->cost[cell(table, t - steps, b)];
    if (isinf(before)) return before;
    for (size_t i = 1; i <= steps; i++)
        if (dp->load[t - steps + i] > fore_pstore_dp_capacity(dp->node_load, b, n, i, steps))
            return (double)INFINITY;
    return before + (double)steps * fore_pstore_dp_machines(b, n);
}

static void fill(struct table *table)
{
    const struct fore_pstore_dp *dp = table->dp;
    for (size_t t = 0; t <= dp->steps; t++)
        for (uint32_t n = 1; n <= table->nodes; n++) {
            double *best = &table->cost[cell(table, t, n)];
            *best = (double)INFINITY;
            if (dp->load[t] > dp->node_load * n || (t == 0 && n != dp->nodes)) continue;
            if (t == 0) *best = n;
            for (uint32_t b = 1; t > 0 && b <= table->nodes; b++) {
                double cost = cost_from(table, t, b, n);
                if (cost >= *best) continue;
                *best = cost;
                table->from[cell(table, t, n)] = b;
            }
        }
}

/* From the end back: the first change is the last one met. A dip, A -> B -> A with B < A inside the
 * horizon, is dropped, as P-Store does with tiny reconfigurations: it pays for data moved twice. */
static struct fore_pstore_plan first_change(const struct table *table, uint32_t end)
{
    const struct fore_pstore_dp *dp = table->dp;
    struct fore_pstore_plan plan = {.feasible = true, .nodes = end, .starts_at = dp->steps};
    uint32_t second = 0; /* nodes after the change that follows the first */
    for (size_t t = dp->steps; t > 0;) {
        uint32_t b = table->from[cell(table, t, end)];
        size_t steps = change_steps(table, b, end);
        t -= steps;
        if (b != end) {
            second = plan.starts_at == dp->steps ? 0 : plan.nodes;
            plan.nodes = end;
            plan.starts_at = t;
        }
        end = b;
    }
    if (second == dp->nodes && plan.nodes < dp->nodes)
        return (struct fore_pstore_plan){
            .feasible = true, .nodes = dp->nodes, .starts_at = dp->steps};
    return plan;
}

struct fore_pstore_plan fore_pstore_dp_plan(const struct fore_pstore_dp *dp,
                                            struct fore_arena *scratch)
{
    FORE_ASSERT(dp->nodes > 0 && dp->node_load > 0);
    double peak = 0;
    for (size_t t = 0; t <= dp->steps; t++)
        peak = fmax(peak, dp->load[t]);
    double need = fmax(ceil(peak / dp->node_load), dp->nodes);
    struct table table = {.dp = dp};
    table.nodes = need > dp->nodes_max ? dp->nodes_max : (uint32_t)need;
    if (table.nodes < dp->nodes) table.nodes = dp->nodes;
    table.cost = FORE_NEW(scratch, double, (dp->steps + 1) * (table.nodes + 1));
    table.from = FORE_NEW(scratch, uint32_t, (dp->steps + 1) * (table.nodes + 1));
    fill(&table);
    for (uint32_t n = 1; n <= table.nodes; n++)
        if (isfinite(table.cost[cell(&table, dp->steps, n)])) return first_change(&table, n);
    return (struct fore_pstore_plan){.nodes = table.nodes};
}
