/* split_cost.c - a line through what nodes do that no request asked for; see split_cost.h. */
#include "core/decide/split_cost.h"

#include <math.h>

static const double memory = 1 - 1.0 / 2885; /* half is forgotten in 2,000 node-windows */
static const double told_weight = 500;       /* in squared replicas: ten node-windows 7 apart */
static const double overhead_max = 0.05;     /* of a node: more is something else */

struct held { /* of a node */
    uint32_t replicas;
    double asked_ns; /* that their requests took: reads are shared, writes go to all */
};

static void sum_up(const struct fore_sample *sample, const struct fore_topology *topology,
                   struct held *node)
{
    for (uint32_t p = 0; p < sample->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        const struct fore_partition_sample *seen = &sample->partition[p];
        double each =
            (double)seen->busy_read_ns / fmax(1, part->replica_count) + (double)seen->busy_write_ns;
        for (uint16_t r = 0; part->alive && r < part->replica_count; r++) {
            node[part->replica[r]].asked_ns += each;
            node[part->replica[r]].replicas++;
        }
    }
}

static void add(struct fore_split_cost_watch *watch, double held, double rest)
{
    watch->count = memory * watch->count + 1;
    watch->held = memory * watch->held + held;
    watch->rest = memory * watch->rest + rest;
    watch->held_held = memory * watch->held_held + held * held;
    watch->held_rest = memory * watch->held_rest + held * rest;
}

void fore_split_cost_learn(struct fore_split_cost_watch *watch, const struct fore_sample *sample,
                           const struct fore_topology *topology, struct fore_arena *scratch)
{
    if (sample->load_is_estimate || sample->node_count > topology->node_count ||
        sample->partition_count > topology->partition_count)
        return;
    double window_ns = (double)(sample->end - sample->begin);
    struct held *held = FORE_NEW(scratch, struct held, topology->node_count);
    sum_up(sample, topology, held);
    for (uint16_t n = 0; n < sample->node_count; n++) {
        const struct fore_node_sample *node = &sample->node[n];
        if (!node->up || !(topology->node[n].cores > 0)) continue;
        double rest = (double)node->busy_ns - (double)node->busy_move_ns - held[n].asked_ns;
        add(watch, held[n].replicas, rest / (window_ns * topology->node[n].cores));
    }
}

struct fore_split_cost fore_split_cost_known(const struct fore_split_cost_watch *watch,
                                             struct fore_split_cost told)
{
    if (!(told.overhead_share > 0) || !(watch->count > 0)) return told;
    double held = watch->held / watch->count;
    double spread = fmax(0, watch->held_held - held * watch->held);
    double together = watch->held_rest - held * watch->rest;
    double slope = (together + told_weight * told.overhead_share) / (spread + told_weight);
    told.overhead_share = fmin(overhead_max, fmax(0, slope));
    return told;
}
