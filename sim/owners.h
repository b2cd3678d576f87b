/*
 * owners.h - who holds which partition before the first request.
 *
 * BALANCED knows the mean loads of the past, each wrong by a log-normal factor: longest processing
 * time first. Followers go to the least loaded nodes, in other zones where there are any.
 */
#ifndef SIM_OWNERS_H
#define SIM_OWNERS_H

#include "core/cluster/topology.h"
#include "sim/scenario.h"
#include "sim/survey.h"

struct sim_owners_request {
    const struct sim_scenario *scenario;
    const struct wl_flow *flow;
    const struct sim_survey *survey;
    double read_cost; /* work of a read, scans included */
    uint64_t seed;
};
/* Every living partition gets scenario->cluster.replicas replicas. */
void sim_owners_assign(const struct sim_owners_request *request, struct fore_topology *topology);

#endif
