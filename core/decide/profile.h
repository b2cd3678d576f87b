/*
 * profile.h - what every partition usually carries at each time of a period: the mean of its
 * history in each slot, say in each of the 168 hours of a week.
 *
 * Slots are counted from the beginning of time (t = 0 of the run). Where a partition was not there
 * in a slot that others know, its mean over all others stands; slots nobody knows have weight 0.
 */
#ifndef FORE_PROFILE_H
#define FORE_PROFILE_H

#include "core/cluster/topology.h"
#include "core/observe/observe.h"

struct fore_profile {
    uint32_t slots;
    fore_ns step;   /* of a slot */
    float *load;    /* [partition_cap * slots], cores; 0 for indexes that do not live */
    double *weight; /* [slots]: share of the history that fell into it, sum 1 */
    size_t points;  /* of history used; 0: there is none, and load and weight are all 0 */
};

/* How far back the history reaches from which a profile of such slots would be made. */
fore_ns fore_profile_covers(const struct fore_observe *observe, fore_ns step);
/* From the level of history that reaches back furthest among those as fine as `step`. `period` is
 * rounded up to whole steps. Memory from `arena`. */
void fore_profile_read(const struct fore_observe *observe, const struct fore_topology *topology,
                       fore_ns period, fore_ns step, struct fore_arena *arena,
                       struct fore_profile *out);

/* How far the loads of nodes strayed from that in the past, had partitions always been where they
 * are now: root of the mean square over nodes and time, as a share of the profile's. NaN: no past.
 */
double fore_profile_spread(const struct fore_observe *observe, const struct fore_topology *topology,
                           const struct fore_profile *profile, struct fore_arena *scratch);

/* The same for every partition by itself: root of its mean square, cores, [partition_cap]; 0 where
 * there is no past. Memory from `arena`. */
double *fore_profile_strays(const struct fore_observe *observe,
                            const struct fore_topology *topology,
                            const struct fore_profile *profile, struct fore_arena *arena);
/* Share of the past, 0..1, in which all partitions together asked for more than `times` what the
 * profile has for that time. */
double fore_profile_above(const struct fore_observe *observe, const struct fore_topology *topology,
                          const struct fore_profile *profile, double times,
                          struct fore_arena *scratch);

/* The busiest point of every partition's history, cores, [partition_cap], on the level that a
 * profile of such slots would be made from. Memory from `arena`. */
double *fore_profile_busiest(const struct fore_observe *observe,
                             const struct fore_topology *topology, fore_ns step,
                             struct fore_arena *arena);

#endif
