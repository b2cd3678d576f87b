/*
 * future.c - see future.h. An oracle asks every few minutes for the same two hours but a little
 * later; the steps it has seen are kept, so each step of the flow is computed once.
 */
#include "sim/future.h"

#include "sim/wide.h"

#include <stdlib.h>
#include <string.h>

void sim_future_init(struct sim_future *future, const struct sim_cluster *cluster,
                     struct wl_flow *flow, fore_ns span)
{
    *future = (struct sim_future){.cluster = cluster, .flow = flow, .span = span};
    future->reads = calloc(flow->bucket_count, sizeof(double));
    future->writes = calloc(flow->bucket_count, sizeof(double));
    future->by_partition = calloc(cluster->topology.partition_cap, sizeof(double));
    FORE_ASSERT(future->reads != NULL && future->writes != NULL && future->by_partition != NULL);
}

void sim_future_fini(struct sim_future *future)
{
    free(future->reads);
    free(future->writes);
    free(future->work);
    free(future->slot_of);
    free(future->by_partition);
    sim_spread_fini(&future->spread);
    *future = (struct sim_future){0};
}

/* Room for the steps asked for, and forgets everything when the step changes. */
static void reserve(struct sim_future *future, fore_ns step, size_t steps)
{
    if (future->step == step && steps < future->slots) return;
    future->step = step;
    future->slots = (uint32_t)steps + 1;
    free(future->work);
    free(future->slot_of);
    future->work = calloc((size_t)future->slots * future->flow->bucket_count, sizeof(double));
    future->slot_of = calloc(future->slots, sizeof *future->slot_of);
    FORE_ASSERT(future->work != NULL && future->slot_of != NULL);
}

/* Mean work (cores) of every bucket over [from, from + step). */
static enum fore_err integrate(struct sim_future *future, fore_ns from, fore_ns step, double *work)
{
    const struct sim_cluster *cluster = future->cluster;
    fore_ns unit = future->flow->info.step;
    double core_s = cluster->service_mean_ns / (double)FORE_SEC;
    double read_s = core_s * cluster->read_cost, write_s = core_s * cluster->cost[FORE_QUERY_WRITE];
    memset(work, 0, future->flow->bucket_count * sizeof *work);
    for (fore_ns t = from / unit * unit; t < from + step; t += unit) {
        fore_ns begin = t > from ? t : from, end = t + unit < from + step ? t + unit : from + step;
        double weight = (double)(end - begin) / (double)step;
        fore_ns last = future->span > unit ? (future->span - 1) / unit * unit : 0;
        fore_ns at = t < last ? t : last;
        FORE_TRY(wl_flow_rates(future->flow, at, future->reads, future->writes, NULL));
        for (uint32_t b = 0; b < future->flow->bucket_count; b++)
            work[b] += weight * (future->reads[b] * read_s + future->writes[b] * write_s);
    }
    return FORE_E_OK;
}

/* The step's work, computed unless its slot still holds it. Steps off the grid are not kept. */
static enum fore_err step_work(struct sim_future *future, fore_ns from, double **out)
{
    uint64_t number = from / future->step;
    uint32_t slot = (uint32_t)(number % (future->slots - 1));
    bool on_grid = from % future->step == 0;
    if (!on_grid) slot = future->slots - 1;
    *out = &future->work[(size_t)slot * future->flow->bucket_count];
    if (on_grid && future->slot_of[slot] == number + 1) return FORE_E_OK;
    FORE_TRY(integrate(future, from, future->step, *out));
    future->slot_of[slot] = on_grid ? number + 1 : 0;
    return FORE_E_OK;
}

/* Of all work, by the rates looked at last; what mixes of reads and writes are weighed by. */
static double read_share(const struct sim_future *future)
{
    const struct sim_cluster *cluster = future->cluster;
    double reads = 0, writes = 0;
    for (uint32_t b = 0; b < future->flow->bucket_count; b++) {
        reads += future->reads[b] * cluster->read_cost;
        writes += future->writes[b] * cluster->cost[FORE_QUERY_WRITE];
    }
    return reads + writes > 0 ? reads / (reads + writes) : 1;
}

/* The work of a base, of whole rows until now, is divided between it and its sibling. */
static void part_columns(const struct sim_future *future, const struct fore_topology *topology,
                         fore_ns at)
{
    double reads = read_share(future);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *base = &topology->partition[p];
        if (!base->alive || base->apart == 0 || base->column_group != 0) continue;
        struct sim_wide_work work =
            sim_wide_expect(&future->cluster->wide, &topology->table[base->table],
                            future->cluster->byte_cost, base->apart, at, reads);
        double whole = future->by_partition[p];
        future->by_partition[p] = whole * work.base;
        future->by_partition[fore_topology_columns_sibling(topology, p)] = whole * work.apart;
    }
}

static enum fore_err load(void *self, const struct fore_topology *topology, fore_ns from,
                          fore_ns step, size_t steps, float *out)
{
    struct sim_future *future = self;
    FORE_ASSERT(step > 0 && steps > 0);
    reserve(future, step, steps);
    sim_spread_update(&future->spread, topology, future->cluster->placement, future->flow);
    for (size_t h = 0; h < steps; h++) {
        double *work;
        FORE_TRY(step_work(future, from + h * step, &work));
        sim_spread_sum(&future->spread, work, 1, future->by_partition);
        if (future->cluster->columns) part_columns(future, topology, from + h * step + step / 2);
        for (uint32_t p = 0; p < topology->partition_count; p++)
            out[(size_t)p * steps + h] = (float)future->by_partition[p];
    }
    return FORE_E_OK;
}

struct fore_future sim_future_door(struct sim_future *future)
{
    return (struct fore_future){.load = load, .self = future};
}
