/*
 * elastic_count.h - how many nodes our own planner wants where nodes come and go: the number whose
 * expected violation and price are least together, on the same scenarios as everything else.
 *
 * For a count n the cluster is taken to be evenly filled. V(n) = sum over steps of n * step *
 * P(a node's load > limit), with the node's mean mu/n and variance (C/n)^2 + O/n (common and own
 * errors, as in load.h); the price is node_price * hours * n. The planner proper then sees to it
 * that nodes are filled evenly.
 */
#ifndef FORE_ELASTIC_COUNT_H
#define FORE_ELASTIC_COUNT_H

#include "core/decide/planner.h"

/* The best count from 1 to nodes_max over the coming `span_s` seconds of the input's scenarios. */
uint32_t fore_elastic_count_best(const struct fore_planner_input *input, double span_s,
                                 struct fore_arena *scratch);

#endif
