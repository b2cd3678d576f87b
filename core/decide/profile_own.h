/*
 * profile_own.h - what the partitions of a node err by themselves, in a placement for a whole
 * period (profile_placement.h). Internal to it.
 *
 * Every group of kin (parts of what was one partition; all others are groups of one) strays from
 * its profile by itself; its parts stray together, so their deviations add up. With h_gn what the
 * parts of group g on node n stray by (a sigma, cores), and t_k the load of all in slot k relative
 * to its mean, a node's variance is
 *
 *     t_k^2 sum over g of h_gn^2
 *
 * and that is least where every node has a little of every group that strays far.
 */
#ifndef FORE_PROFILE_OWN_H
#define FORE_PROFILE_OWN_H

#include "core/cluster/topology.h"
#include "core/decide/profile_placement.h"

struct fore_profile_own {
    const struct fore_profile_placement *problem;
    double *held; /* [node * partitions]: h, by the smallest index of the group */
    double *sum;  /* [node]: sum of h^2 */
    double *tide; /* [slots]: t^2. NULL: problem->stray is, nothing errs by itself */
};

void fore_profile_own_begin(struct fore_profile_own *own,
                            const struct fore_profile_placement *problem,
                            struct fore_arena *scratch);
/* Partition p comes to node n (sign 1) or leaves it (-1). */
void fore_profile_own_shift(struct fore_profile_own *own, uint32_t p, uint32_t n, double sign);
/* A node's variance but for t_k^2, if p `comes` and another `leaves`; either may be
 * FORE_PARTITION_NONE. */
double fore_profile_own_with(const struct fore_profile_own *own, uint32_t n, uint32_t comes,
                             uint32_t leaves);

#endif
