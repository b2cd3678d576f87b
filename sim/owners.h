/*
 * owners.h - who holds which partition before the first request.
 *
 * BALANCED knows the mean loads of the past, each wrong by a log-normal factor: longest processing
 * time first. PROFILE knows how those days went, hour by hour of the week, and packs for that
 * (core/decide/profile_placement.h); without any such day it is BALANCED. Followers go to the least
 * loaded nodes, in other zones where there are any. Rules of placement hold from the start.
 */
#ifndef SIM_OWNERS_H
#define SIM_OWNERS_H

#include "core/cluster/topology.h"
#include "sim/scenario.h"
#include "sim/survey.h"

struct sim_owners_request {
    const struct sim_scenario *scenario;
    struct wl_flow *flow;
    const struct sim_survey *survey;
    double read_cost;  /* work of a read, scans included */
    double service_ns; /* of a unit of work */
    uint64_t seed;
};
/* Every living partition gets scenario->cluster.replicas replicas. */
void sim_owners_assign(const struct sim_owners_request *request, struct fore_topology *topology);
/* Afterwards no replica breaks a rule of placement that can be kept; none is moved that does not.
 * Without rules, or with some that do not fit this cluster, nothing is done. */
struct sim_owners_rules {
    const struct fore_placement_options *options;
    struct fore_topology *topology;
    const double *load;     /* by partition, of one replica */
    const double *capacity; /* by node; > 0 where it is in use */
    double *held;           /* by node; kept up */
};
void sim_owners_keep_rules(const struct sim_owners_rules *with);
/* The owners of PROFILE, for nodes of `capacity` cores; false: the workload has nothing there. */
bool sim_owners_profile(const struct sim_owners_request *request,
                        const struct fore_topology *topology, const double *capacity,
                        uint16_t *owner);

#endif
