/*
 * split_cost.h - what a partition costs its node by being there, found in what nodes do.
 *
 * A node's work is what its partitions' requests take, its moves, a base of its own, and a little
 * for every replica it holds. Where samples measure the first two, the rest against the number of
 * replicas is a line: its slope is the overhead, its height the base. The slope is least squares
 * over nodes and windows, older ones forgotten (half after 2,000 node-windows), and what was told
 * counts as observations of its own: nodes that hold alike many say nothing about the slope, and
 * then it stays as told. Told nothing, nothing is charged: splits are free.
 */
#ifndef FORE_SPLIT_COST_H
#define FORE_SPLIT_COST_H

#include "core/cluster/driver.h"

struct fore_split_cost_watch { /* {0}: nothing seen yet. Decayed sums over node-windows. */
    double count;
    double held, rest;           /* replicas; work that is nobody's, as a share of the node */
    double held_held, held_rest; /* their products */
};

/* A window's evidence. Samples that only estimate load (load_is_estimate) have none. */
void fore_split_cost_learn(struct fore_split_cost_watch *watch, const struct fore_sample *sample,
                           const struct fore_topology *topology, struct fore_arena *scratch);
/* What was told, with its overhead corrected by what was found. */
struct fore_split_cost fore_split_cost_known(const struct fore_split_cost_watch *watch,
                                             struct fore_split_cost told);
/* Would both parts be large enough? `right_share` of the bytes goes to the right one. */
static inline bool fore_split_cost_allows(const struct fore_split_cost *cost, double bytes,
                                          double right_share)
{
    double smaller = right_share < 0.5 ? right_share : 1 - right_share;
    return smaller * bytes >= (double)cost->part_bytes_min;
}

#endif
