/*
 * bound.c - a walk over the evaluated windows: does the load fit at all? See bound.h.
 */
#include "sim/bound.h"

#include <math.h>
#include <stdlib.h>

#include "sim/cluster.h"
#include "sim/spread.h"

static const double rounding = 1e-9; /* as a share: what fits exactly, fits */

struct walk {
    const struct sim_scenario *scenario;
    struct fore_arena arena;
    struct wl_flow flow;
    struct sim_cluster cluster;
    struct sim_spread spread;
    fore_ns span;
    double *room;           /* [node], cores */
    double *reads, *writes; /* [bucket], requests per second */
    double *item;           /* [partition_cap * replicas], or [bucket] */
    double *lane;           /* [bucket * 2], then [partition * 2]: cores of reads and writes */
    double *by_partition;
};

/* ---- packing --------------------------------------------------------------------------------- */

static int larger_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Martello and Toth's L2: items above size - k have a bin each, those above size / 2 too but leave
 * room; what is left of the others, down to k, needs bins for its volume. k runs over the items. */
static uint32_t bins_needed(const double *item, uint32_t items, double size)
{
    uint32_t most = 0, halves = 0;
    double sum_halves = 0;
    while (halves < items && item[halves] > size / 2)
        sum_halves += item[halves++];
    double small = 0;
    for (uint32_t j = halves; j <= items; j++) {
        /* k is the smallest item counted: the last before j, or size / 2 when there is none. */
        if (j > halves) small += item[j - 1];
        double k = j > halves ? item[j - 1] : size / 2;
        uint32_t large = 0; /* items above size - k */
        double sum_large = 0;
        while (large < halves && item[large] > size - k)
            sum_large += item[large++];
        double left = small - ((halves - large) * size - (sum_halves - sum_large));
        double more = left > 0 ? ceil(left / size * (1 - rounding)) : 0;
        if (halves + more > most) most = (uint32_t)(halves + more);
    }
    return most;
}

bool sim_bound_may_fit(double *item, uint32_t items, double fluid, const double *room,
                       uint32_t nodes)
{
    double rooms = 0, largest = 0, sum = fluid;
    uint32_t open = 0;
    for (uint32_t n = 0; n < nodes; n++) {
        rooms += room[n];
        largest = fmax(largest, room[n]);
        open += room[n] > 0;
    }
    if (items > 0) qsort(item, items, sizeof *item, larger_first);
    for (uint32_t i = 0; i < items; i++)
        sum += item[i];
    if (sum > rooms * (1 + rounding)) return false;
    if (items == 0 || item[0] <= 0) return true;
    double size = largest * (1 + rounding);
    return item[0] <= size && bins_needed(item, items, size) <= open;
}

/* ---- the walk -------------------------------------------------------------------------------- */

/* The utilisation at which the node's p99 is the SLO. */
static double ceiling(const struct sim_cluster *cluster, uint16_t node)
{
    struct sim_latency latency =
        sim_cluster_latency(cluster, node, cluster->service_mean_ns, cluster->service_cv2);
    double slo_s = ((double)cluster->slo_ns - 2 * (double)cluster->link_ns) / (double)FORE_SEC;
    double low = 0, high = 0.9999;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (sim_latency_quantile(&latency, middle, 0.01) > slo_s)
            high = middle;
        else
            low = middle;
    }
    return high; /* the generous side */
}

static enum fore_err open_walk(struct walk *walk, uint64_t seed, struct fore_diag *diag)
{
    const struct wl_options *workload = &walk->scenario->workload;
    struct fore_arena *arena = &walk->arena;
    FORE_TRY(wl_open_flow(workload, seed, arena, &walk->flow, diag));
    fore_ns has = walk->flow.info.span;
    walk->span = workload->span > 0 && (has == 0 || workload->span < has) ? workload->span : has;
    FORE_TRY(sim_cluster_build(walk->scenario, &walk->flow, walk->span, seed, arena, &walk->cluster,
                               diag));
    const struct fore_topology *topology = &walk->cluster.topology;
    size_t buckets = walk->flow.bucket_count;
    size_t items = (size_t)topology->partition_count * walk->scenario->cluster.replicas;
    walk->room = FORE_NEW(arena, double, topology->node_count);
    for (uint16_t n = 0; n < topology->node_count; n++)
        walk->room[n] = topology->node[n].cores * ceiling(&walk->cluster, n);
    walk->reads = FORE_NEW(arena, double, buckets);
    walk->writes = FORE_NEW(arena, double, buckets);
    walk->item = FORE_NEW(arena, double, items > buckets ? items : buckets);
    walk->lane = FORE_NEW(arena, double, 2 * buckets);
    walk->by_partition = FORE_NEW(arena, double, (size_t)2 * topology->partition_cap);
    sim_spread_update(&walk->spread, topology, walk->cluster.placement, &walk->flow);
    return FORE_E_OK;
}

/* Mean work of every bucket over a window, cores of reads and of one application of each write. */
static enum fore_err look(struct walk *walk, fore_ns begin, struct fore_diag *diag)
{
    const struct sim_cluster *cluster = &walk->cluster;
    fore_ns step = walk->flow.info.step, end = begin + cluster->window_ns;
    double core = cluster->service_mean_ns / (double)FORE_SEC;
    double read = core * cluster->read_cost, write = core * cluster->cost[FORE_QUERY_WRITE];
    for (size_t i = 0; i < (size_t)2 * walk->flow.bucket_count; i++)
        walk->lane[i] = 0;
    for (fore_ns t = begin / step * step; t < end; t += step) {
        fore_ns from = t > begin ? t : begin, to = t + step < end ? t + step : end;
        double share = (double)(to - from) / (double)(end - begin);
        FORE_TRY(wl_flow_rates(&walk->flow, t, walk->reads, walk->writes, diag));
        for (size_t b = 0; b < walk->flow.bucket_count; b++) {
            walk->lane[2 * b] += share * read * walk->reads[b];
            walk->lane[2 * b + 1] += share * write * walk->writes[b];
        }
    }
    return FORE_E_OK;
}

static bool divided_fits(struct walk *walk)
{
    double replicas = (double)walk->scenario->cluster.replicas, fluid = 0;
    uint32_t items = 0;
    for (size_t b = 0; b < walk->flow.bucket_count; b++) {
        double reads = walk->lane[2 * b], writes = walk->lane[2 * b + 1];
        bool one_key = walk->flow.bucket[b].first == walk->flow.bucket[b].last;
        fluid += reads + writes * (one_key ? replicas - 1 : replicas);
        if (one_key && writes > 0) walk->item[items++] = writes;
    }
    return sim_bound_may_fit(walk->item, items, fluid, walk->room,
                             walk->cluster.topology.node_count);
}

static bool whole_fits(struct walk *walk)
{
    const struct fore_topology *topology = &walk->cluster.topology;
    uint64_t replicas = walk->scenario->cluster.replicas;
    uint32_t items = 0;
    sim_spread_sum(&walk->spread, walk->lane, 2, walk->by_partition);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const double *lane = walk->by_partition + 2 * (size_t)p;
        for (uint64_t r = 0; r < replicas; r++)
            walk->item[items++] = lane[0] / (double)replicas + lane[1];
    }
    return sim_bound_may_fit(walk->item, items, 0, walk->room, topology->node_count);
}

static enum fore_err walk_windows(struct walk *walk, struct sim_bound *out, struct fore_diag *diag)
{
    fore_ns window = walk->cluster.window_ns;
    double minutes = (double)window / (60 * (double)FORE_SEC);
    for (fore_ns t = walk->scenario->experiment.evaluate_from; t + window <= walk->span;
         t += window) {
        FORE_TRY(look(walk, t, diag));
        out->windows++;
        bool divided = divided_fits(walk);
        if (!divided) out->node_min += minutes;
        if (!divided || !whole_fits(walk)) out->whole_node_min += minutes;
    }
    return FORE_E_OK;
}

enum fore_err sim_bound_find(const struct sim_scenario *scenario, uint64_t seed,
                             struct sim_bound *out, struct fore_diag *diag)
{
    struct walk walk = {.scenario = scenario};
    *out = (struct sim_bound){0};
    enum fore_err err = open_walk(&walk, seed, diag);
    if (err == FORE_E_OK) err = walk_windows(&walk, out, diag);
    sim_spread_fini(&walk.spread);
    wl_flow_close(&walk.flow);
    fore_arena_fini(&walk.arena);
    return err;
}
