/*
 * bound.h - what nobody could have avoided: a lower bound on violation node-minutes for any
 * placement, however clever and however much it knew.
 *
 * A node breaks the SLO when it is offered more than its room: its cores times the utilisation at
 * which the latency formulas put p99 at the SLO. Each window is judged by itself. If its load can
 * be laid on the nodes with nobody above its room, nothing need be violated in it; if it cannot, at
 * least one node is, and never more than one need be, for that one can take all that is too much.
 * So the bound counts windows in which the load does not fit, and what makes it a bound is that
 * "fits" is relaxed:
 *
 *   - windows are independent: moves take no time, no slots and no work of their own;
 *   - node failures are forgotten, and standby nodes are all in use;
 *   - `node_min`: load is a fluid that divides over nodes at will (splits and replicas without
 * end), but for the writes on one key: those one node must take;
 *   - `whole_node_min`: the partitions of the start stay whole, no splits and no replicas. Packing
 *     them is NP-hard; the bound on bins L2 of Martello and Toth (1990), with every node as large
 * as the largest, says when they surely do not fit.
 *
 * It is a bound on expectations: loads are the workload's rates. A run draws its counts around
 * them, so a window at the edge of its room may come out on either side of it.
 */
#ifndef SIM_BOUND_H
#define SIM_BOUND_H

#include "sim/scenario.h"

struct sim_bound {
    double node_min;       /* unavoidable even with every split and replica */
    double whole_node_min; /* unavoidable by moving whole partitions; >= node_min */
    double windows;        /* judged */
};

/* Items that must each lie on one node, and `fluid` that divides; room[node] >= 0, of which
 * room_max is the largest. False: they surely do not fit. `item` is sorted, largest first. */
bool sim_bound_may_fit(double *item, uint32_t items, double fluid, const double *room,
                       uint32_t nodes);
/* Over the evaluated part of the scenario's run under `seed`. */
FORE_MUST_USE enum fore_err sim_bound_find(const struct sim_scenario *scenario, uint64_t seed,
                                           struct sim_bound *out, struct fore_diag *diag);

#endif
