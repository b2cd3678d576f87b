/*
 * load.h - the coming load of every node as a normal distribution per step, and what a change of
 * placement would do to it, without recomputing the rest.
 *
 * A node's load at step h is the sum of what its replicas bring: of a partition with R replicas
 * each brings the share (1-w)/R + w of its load (reads are spread, writes go to all). Means add;
 * own variances add; common standard deviations add (forecast/fleet.h). A node is in violation at
 * h with P(load > limit * cores). Moves under way count on both ends until they are due, and their
 * own work is load, as is what every replica takes by being there.
 */
#ifndef FORE_LOAD_H
#define FORE_LOAD_H

#include "core/base/arena.h"
#include "core/cluster/topology.h"
#include "core/forecast/fleet.h"

enum { FORE_LOAD_SCENARIOS = 2, FORE_LOAD_SHIFTS = 256 };

struct fore_load_shift { /* what a change has brought to a node: for kin (forecast/fleet.h) only */
    uint32_t partition;
    uint16_t node;
    double share;
};

struct fore_load_term { /* one weighted scenario */
    const struct fore_scenario *scenario;
    double weight;
};

struct fore_load_pending { /* a move under way, or planned in this very plan */
    uint32_t partition;
    uint16_t from, to; /* FORE_NODE_NONE: a replica is only added, or only dropped, or, by itself,
                        * load only comes or only goes */
    double share;      /* of the partition's load that changes place (a part of a split) */
    double lost;       /* of it, what is not asked of `to`: columns split off are less to read */
    double due_s;      /* seconds from the scenario's origin */
    bool by_itself;    /* the load moves, no data: there is no work in it */
};

struct fore_load {
    const struct fore_topology *topology;
    struct fore_load_term term[FORE_LOAD_SCENARIOS];
    uint32_t term_count;
    size_t steps;
    double step_s;
    double limit;         /* share of a node's cores */
    double spread;        /* sd of the limit itself, share of cores: queues are random */
    double excess_weight; /* price of overload depth: node-seconds per (excess / capacity) second */
    double move_utilization;  /* share of a node's cores a move takes while it runs */
    double replica_overhead;  /* share of them that every replica takes by being there */
    const double *read_share; /* by partition: 1 - write share */
    /* [term][node][step]: mean, own variance, common sd; cost[term][node] */
    double *mean, *own_var, *common;
    const uint32_t *kin; /* of the first term's scenario */
    struct fore_load_shift *shift;
    uint32_t shift_count;
    double *cost; /* [node]: weighted expected violation seconds over the horizon, and beyond */
    /* What comes after the horizon (beyond.h), counted at a discount; NULL: nothing is. Its own
     * cost[] is not kept. */
    struct fore_load *beyond;
    double beyond_weight;
    double beyond_from_s; /* of its first step, from this one's origin */
};

/* Cores; a node that is down has no room. */
double fore_load_capacity(const struct fore_load *load, uint16_t node);
/* What `partition` brings to each of its replicas, as a share of its load. */
double fore_load_replica_share(const struct fore_load *load, uint32_t partition,
                               uint32_t replica_count);
/* The two parts of fore_load_build() for who has a placement of his own: rows of zeros (no cost),
 * and one replica that brings `share` of a partition's load. */
void fore_load_begin(struct fore_load *load, struct fore_arena *arena);
void fore_load_add(struct fore_load *load, uint32_t partition, uint16_t node, double share);
/* Beside it: `other`, kin of the partition, was added to the node before. */
void fore_load_add_kin(struct fore_load *load, uint32_t partition, uint16_t node, double share,
                       const struct fore_load_shift *other);
/* Sums everything up. Memory from `arena`. `pending` may be NULL. */
void fore_load_build(struct fore_load *load, struct fore_arena *arena,
                     const struct fore_load_pending *pending, size_t pending_count);
/* One change at one node: from step time `from_s` on, `share` (of partition's load, may be
 * negative) is added; before `busy_until_s` the node does a move's work. */
struct fore_load_change {
    uint16_t node;
    uint32_t partition;
    double share;
    double from_s;
    double busy_until_s;
    double replicas; /* how many more the node holds from then on: their overhead; < 0: fewer */
};
/* The node's cost if up to 2 changes were made to it. */
double fore_load_cost_with(const struct fore_load *load, uint16_t node,
                           const struct fore_load_change *change, size_t change_count);
/* Makes them, for good. */
void fore_load_apply(struct fore_load *load, const struct fore_load_change *change,
                     size_t change_count);
/* Weighted P(load > limit) at the worst step; the step and the mean utilisation there. */
struct fore_load_risk {
    double probability;
    size_t step;
    double utilization_mean, utilization_sd;
};
struct fore_load_risk fore_load_node_risk(const struct fore_load *load, uint16_t node);
/* Only steps from..to-1. */
struct fore_load_risk fore_load_node_risk_between(const struct fore_load *load, uint16_t node,
                                                  size_t from, size_t to);
/* The same for one partition alone on `node`: no move can fix what exceeds a node by itself. */
struct fore_load_risk fore_load_partition_risk(const struct fore_load *load, uint32_t partition,
                                               uint16_t node);

#endif
