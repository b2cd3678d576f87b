/*
 * served.h - what a real server tells of its load: the work it has done, not what was asked of it.
 *
 * A window of the simulator counts requests as they arrive. Real servers count commands as they are
 * executed: a full one shows what it serves, however much waits, and shows more than is asked while
 * it works a backlog off. With sim.served the engine is told the same, so that what it makes
 * of it (observe.demand) can be tried here. Each node's work of a window becomes what arrived, plus
 * what its backlog fell by, at most the window; its partitions in proportion.
 */
#ifndef SIM_SERVED_H
#define SIM_SERVED_H

#include "core/base/arena.h"
#include "core/cluster/sample.h"
#include "core/cluster/topology.h"

struct sim_served {
    struct fore_sample sample; /* as told */
    struct fore_partition_sample *partition;
    struct fore_node_sample *node;
    uint64_t *backlog_ns; /* by node, at the end of the window before */
    double *share;        /* by node: of what was asked */
};

void sim_served_init(struct sim_served *served, const struct fore_topology *topology,
                     struct fore_arena *perm);
/* What is told of `asked`; lives until the next call. */
const struct fore_sample *sim_served_window(struct sim_served *served,
                                            const struct fore_sample *asked,
                                            const struct fore_topology *topology);

#endif
