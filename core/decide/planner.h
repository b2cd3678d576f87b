/*
 * planner.h - the receding-horizon planner behind nowcast, predictive and oracle.
 *
 * Every candidate (move, pair swap, split-then-move, replica, drop, merge) is priced by how much it
 * lowers the expected violation node-seconds of the nodes it touches, from now over its copy (with
 * the copy's own load on both ends) to the horizon, under all scenarios by weight, less its price.
 * The best one is taken, applied to the picture, and the search repeats until nothing pays. The
 * scenarios decide what is known of the future; everything else is the same for all three policies.
 */
#ifndef FORE_PLANNER_H
#define FORE_PLANNER_H

#include "core/cluster/links.h"
#include "core/decide/ahead.h"
#include "core/decide/constraint.h"
#include "core/decide/options.h"
#include "core/decide/plan.h"
#include "core/decide/split_cost.h"
#include "core/decide/threshold.h"
#include "core/decide/vertical.h"
#include "core/forecast/size.h"
#include "core/risk/load.h"

struct fore_planner_input {
    fore_ns now;
    const struct fore_decide_options *options;
    const struct fore_topology *topology;
    const struct fore_observe *observe;
    struct fore_load_term term[FORE_LOAD_SCENARIOS];
    uint32_t term_count;
    const struct fore_scenario
        *beyond; /* the usual load after the horizon (beyond.h); NULL: none */
    const struct fore_load_pending *pending; /* moves under way */
    size_t pending_count;
    struct fore_arrivals arrivals; /* of inserts in the order of the key; none: empty */
    /* By partition, where decide.size_max sets a ceiling; NULL: none. */
    const struct fore_size_outlook *size;
    const uint8_t *node_slots;          /* free move slots by node */
    uint32_t cluster_slots;             /* free move slots in all */
    const struct fore_links *links;     /* with the copies under way; NULL: not limited */
    const bool *partition_busy;         /* moving, or resting (cool-down) */
    const uint8_t *partition_held;      /* enum fore_hold; NULL: none is */
    const bool *partition_grown;        /* has lately got a replica; may get more. NULL: none */
    const bool *partition_split_rest;   /* lately split or merged: not merged or split back */
    const bool *partition_merged;       /* of these, lately merged. NULL: any may be */
    const bool *partition_columns_rest; /* lately split or merged by column. NULL: none */
    const struct fore_vertical_cost *vertical_cost; /* found so far. NULL: nothing */
    uint32_t partitions_coming;                     /* of splits under way: they take room, too */
    uint32_t baseline_partitions;                   /* merges stop there */
    const uint16_t *baseline_replicas;              /* by partition: replicas it should keep */
    const struct fore_constraints *placement;       /* NULL: anything may be anywhere */
    const bool *node_changing;         /* by node: being taken into use or out of it; NULL: none */
    double move_utilization;           /* share of a node a move takes */
    struct fore_split_cost split_cost; /* all zero: partitions are free to have */
    double bytes_mean;                 /* of partitions */
    double bytes_unit; /* what decide.move_price is for: the mean before any split; 0: bytes_mean */
    uint32_t caps;     /* of the driver */
    double quiet_in_s; /* seconds until nothing may run any more; 0: no such time is set */
    bool calm;         /* no RRS reaches its threshold: only tidy up */
    const uint16_t *home; /* by partition: where it is meant to live, so that a move from there is
                             charged with the way back; FORE_NODE_NONE: nowhere. NULL: none is */
    const double
        *usual;   /* by partition: cores at its busiest usual time (grain.h); NULL: not known */
    double grain; /* cores above which a partition is too coarse; 0: none is */
};

/* What was split lately and is still too hot may be split further; what was merged may not. */
static inline bool fore_planner_split_rests(const struct fore_planner_input *input,
                                            uint32_t partition)
{
    const bool *rests =
        input->partition_merged != NULL ? input->partition_merged : input->partition_split_rest;
    return rests[partition];
}

/* The partition cap: decide.partitions_max, or what the cluster has room for where that is less. */
static inline uint32_t fore_planner_partition_cap(const struct fore_planner_input *input)
{
    uint64_t most = input->options->partitions_max;
    uint32_t cap = input->topology->partition_cap;
    return most > 0 && most < cap ? (uint32_t)most : cap;
}
/* How many more splits fit under it, those under way counted. */
static inline uint32_t fore_planner_split_room(const struct fore_planner_input *input)
{
    uint64_t held = (uint64_t)input->topology->alive_count + input->partitions_coming;
    uint32_t cap = fore_planner_partition_cap(input);
    return held < cap ? (uint32_t)(cap - held) : 0;
}

/* Fills out->move, violation_before/after and reason; move_count 0 when nothing pays. */
void fore_planner_plan(const struct fore_planner_input *input, struct fore_arena *scratch,
                       struct fore_plan *out);

#endif
