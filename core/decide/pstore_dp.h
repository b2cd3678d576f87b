/*
 * pstore_dp.h - P-Store's planner (Taft et al., SIGMOD'18, section 4): how many nodes, and when.
 *
 * Time is cut into steps, load is one number a step, nodes are alike and evenly filled. Among all
 * sequences of reconfigurations under which capacity never falls below the load, also while data
 * moves, it takes the one that ends with the fewest nodes and, of those, costs the fewest
 * node-steps. The arithmetic is checked against values made with the authors' formulas.
 */
#ifndef FORE_PSTORE_DP_H
#define FORE_PSTORE_DP_H

#include "core/base/arena.h"

struct fore_pstore_dp {
    const double *load; /* [steps + 1]: now and the steps to come */
    size_t steps;
    double node_load;    /* Q: what one node may carry */
    double copy_steps;   /* D: steps in which one thread copies everything */
    double node_threads; /* P: threads of a node */
    uint32_t nodes;      /* now */
    uint32_t nodes_max;
};

struct fore_pstore_plan {
    bool feasible;
    uint32_t nodes;   /* after the first change; infeasible: all that the load would need */
    size_t starts_at; /* step of that change; `steps` when there is none */
};
struct fore_pstore_plan fore_pstore_dp_plan(const struct fore_pstore_dp *dp,
                                            struct fore_arena *scratch);

/* Steps from `before` to `after` nodes; 0 when equal. */
size_t fore_pstore_dp_steps(double copy_steps, double node_threads, uint32_t before,
                            uint32_t after);
/* Machines allocated on average during the change: they come as late as they can be used. */
double fore_pstore_dp_machines(uint32_t before, uint32_t after);
/* What the cluster can carry when step `i` of `steps` of the change is done: its fullest node
 * limits it. */
double fore_pstore_dp_capacity(double node_load, uint32_t before, uint32_t after, size_t i,
                               size_t steps);

#endif
