/*
 * split_watch.h - was a split cut in the right place? The load of its halves over the hour after
 * it.
 *
 * A split is noticed by a partition that is new and begins where another ends. Both halves are
 * followed for an hour, however they move; one that is split again or merged before has said
 * nothing. The share is the right half's of the two, by service time; a cut is balanced when that
 * lies in 0.4..0.6.
 */
#ifndef SIM_SPLIT_WATCH_H
#define SIM_SPLIT_WATCH_H

#include "core/base/arena.h"
#include "core/cluster/sample.h"
#include "core/cluster/topology.h"

struct sim_split_watch {
    struct sim_split *open; /* [cap] under observation */
    uint32_t count, cap;
    bool *known;              /* by partition: alive when last looked at */
    uint32_t partition_count; /* that `known` covers */
    uint64_t judged, balanced;
};

void sim_split_watch_init(struct sim_split_watch *watch, const struct fore_topology *topology,
                          struct fore_arena *perm);
/* After a window; splits are counted only while `counting`, and only those begun while it was. */
void sim_split_watch_window(struct sim_split_watch *watch, const struct fore_sample *sample,
                            const struct fore_topology *topology, bool counting);

#endif
