/*
 * demand.c - see demand.h. Two averages a partition: what it asked for while its node had room,
 * over a minute or so of such windows, and what it is served now, over seconds.
 */
#include "core/observe/demand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double full = 0.95, room = 0.9; /* shares of a node: it hides load; it hides none */
static const double known_s = 60, now_s = 4; /* how far the two averages look back */
static const double little = 0.05;           /* of its node's load: one of the many */
static const double enough = 0.02;           /* of a node: what the many must carry to be heard */
static const double grown = 2;               /* times what it was: it is part of the peak */
static const double lift_most = 2.5;
static const double waits_most_s = 60; /* for a whole node; who asks has gone away by then */

struct part {
    double known, now; /* cores; known < 0: not yet */
    uint32_t generation;
};

struct fore_demand {
    struct part *part;
    double *lift;    /* by node */
    double *waiting; /* by node: core-seconds that were asked for and not served */
    struct sums {
        double load, served, known, now;
        double all_known, all_now; /* with those that are served far more than they asked for */
    } * node;
    uint32_t partition_cap, node_count;
    bool once;
};

static void *make(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    FORE_ASSERT(memory != NULL);
    return memory;
}

struct fore_demand *fore_demand_create(uint32_t partition_cap, uint32_t node_count, bool once)
{
    struct fore_demand *demand = make(1, sizeof *demand);
    demand->partition_cap = partition_cap;
    demand->node_count = node_count;
    demand->once = once;
    demand->part = make(partition_cap, sizeof *demand->part);
    demand->lift = make(node_count, sizeof *demand->lift);
    demand->waiting = make(node_count, sizeof *demand->waiting);
    demand->node = make(node_count, sizeof *demand->node);
    for (uint32_t p = 0; p < partition_cap; p++)
        demand->part[p].known = -1;
    for (uint32_t n = 0; n < node_count; n++)
        demand->lift[n] = 1;
    return demand;
}

void fore_demand_destroy(struct fore_demand *demand)
{
    if (demand == NULL) return;
    free(demand->part);
    free(demand->lift);
    free(demand->waiting);
    free(demand->node);
    free(demand);
}

size_t fore_demand_bytes(const struct fore_demand *demand)
{
    return sizeof *demand + demand->partition_cap * sizeof *demand->part +
           demand->node_count *
               (sizeof *demand->lift + sizeof *demand->waiting + sizeof *demand->node);
}

static uint16_t owner(const struct fore_topology *topology, uint32_t p)
{
    const struct fore_partition *part = &topology->partition[p];
    return part->alive && part->replica_count > 0 ? part->replica[0] : FORE_NODE_NONE;
}

static void average(struct fore_demand *demand, const struct fore_sample *sample,
                    const struct fore_topology *topology)
{
    double span_s = (double)(sample->end - sample->begin) / 1e9;
    double slow = -expm1(-span_s / known_s), fast = -expm1(-span_s / now_s);
    for (uint32_t p = 0; p < sample->partition_count; p++) {
        uint16_t node = owner(topology, p);
        struct part *part = &demand->part[p];
        if (part->generation != topology->partition[p].generation || node == FORE_NODE_NONE)
            *part = (struct part){.known = -1, .generation = topology->partition[p].generation};
        if (node == FORE_NODE_NONE) continue;
        const struct fore_partition_sample *seen = &sample->partition[p];
        double busy_ns = (double)seen->busy_read_ns + (double)seen->busy_write_ns;
        double load = busy_ns / (span_s * 1e9);
        part->now += fast * (load - part->now);
        demand->node[node].load += part->now;
        demand->node[node].served += load;
        if (sample->node[node].utilization >= room) continue;
        part->known = part->known < 0 ? load : part->known + slow * (load - part->known);
    }
}

/* The many of a node, those that have not grown: what was known, and what they are served. */
static void sum_up(struct fore_demand *demand, const struct fore_sample *sample,
                   const struct fore_topology *topology)
{
    for (uint32_t p = 0; p < sample->partition_count; p++) {
        const struct part *part = &demand->part[p];
        uint16_t node = owner(topology, p);
        if (node == FORE_NODE_NONE || part->known < 0) continue;
        struct sums *sums = &demand->node[node];
        double most = little * sums->load;
        if (part->known > most || part->now > most) continue;
        sums->all_known += part->known;
        sums->all_now += part->now;
        if (part->now > grown * part->known + most / 10) continue;
        sums->known += part->known;
        sums->now += part->now;
    }
}

/* What was asked in a window of a full node, over what it served; 1: it cannot be told. While
 * something waits, all may be served far more than they ask for. */
static double asked_over_served(const struct sums *sums, double cores, bool waits)
{
    double least = enough * cores;
    if (sums->known >= least && sums->now > 0) return sums->known / sums->now;
    return waits && sums->all_known >= least && sums->all_now > 0 ? sums->all_known / sums->all_now
                                                                  : 1;
}

/* Of a full node. Arrived = served + what the queue has grown by; and no more is taken off than has
 * waited. */
static double lift_of(const struct fore_demand *demand, uint32_t n, double cores, double span_s)
{
    const struct sums *sums = &demand->node[n];
    double *waiting = &demand->waiting[n], served = sums->served * span_s;
    double ratio = asked_over_served(sums, cores, demand->once && *waiting > 0);
    if (!demand->once || served <= 0) return fmin(fmax(ratio, 1), lift_most);
    ratio = fmin(fmax(ratio, 1 / lift_most), lift_most);
    if (ratio < 1) ratio = 1 - fmin(1 - ratio, *waiting / served);
    *waiting = fmin(fmax(*waiting + (ratio - 1) * served, 0), waits_most_s * cores);
    return ratio;
}

void fore_demand_push(struct fore_demand *demand, const struct fore_sample *sample,
                      const struct fore_topology *topology)
{
    FORE_ASSERT(sample->partition_count <= demand->partition_cap);
    FORE_ASSERT(sample->node_count <= demand->node_count);
    memset(demand->node, 0, demand->node_count * sizeof *demand->node);
    average(demand, sample, topology);
    sum_up(demand, sample, topology);
    double span_s = (double)(sample->end - sample->begin) / 1e9;
    for (uint32_t n = 0; n < sample->node_count; n++) {
        bool is_full = sample->node[n].utilization >= full;
        if (!is_full) demand->waiting[n] = 0; /* or it would be */
        demand->lift[n] = is_full ? lift_of(demand, n, topology->node[n].cores, span_s) : 1;
    }
}

double fore_demand_lift(const struct fore_demand *demand, const struct fore_topology *topology,
                        uint32_t partition)
{
    uint16_t node = owner(topology, partition);
    return node == FORE_NODE_NONE ? 1 : demand->lift[node];
}
