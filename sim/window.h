/*
 * window.h - one closed window as both fidelities report it, and what a fidelity has to offer.
 */
#ifndef SIM_WINDOW_H
#define SIM_WINDOW_H

#include "core/cluster/sample.h"
#include "sim/cluster.h"
#include "sim/moves.h"

struct sim_window { /* the arrays behind `sample`, filled afresh every window */
    struct fore_sample sample;
    struct fore_partition_sample *partition; /* [partition_cap] */
    struct fore_node_sample *node;           /* [node_count] */
    struct fore_key_sample *key;             /* [key_cap] */
    uint32_t key_cap;
    double even_nodes; /* that would be above the SLO if all carried the same, no copies, expected;
                        * < 0: not known (request mode, or nodes unlike each other) */
};
void sim_window_init(struct sim_window *window, const struct sim_cluster *cluster,
                     struct fore_arena *perm);
/* A window that begins and ends then. Every partition and node is the backend's to fill. */
void sim_window_open(struct sim_window *window, const struct sim_cluster *cluster, fore_ns begin,
                     fore_ns end);
/* Sizes, node states, utilisations, and the writes that moves must know of. */
void sim_window_close(struct sim_window *window, struct sim_cluster *cluster,
                      struct sim_moves *moves);

/* A fidelity: request.c or fluid.c. */
struct sim_backend_ops {
    const char *name;
    /* Simulates one window into `out`, opened by the caller. *ended: the workload has no more. */
    enum fore_err (*run)(void *self, struct sim_window *out, bool *ended, struct fore_diag *diag);
    /* Forget the latencies so far: results count from here. */
    void (*evaluate)(void *self);
    /* Latency over the evaluated part, nanoseconds. */
    uint64_t (*quantile)(void *self, double q);
    void (*close)(void *self);
};
struct sim_backend {
    const struct sim_backend_ops *ops;
    void *self;
};

#endif
