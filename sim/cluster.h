/*
 * cluster.h - the simulated cluster as it is before the first request: nodes, partitions, first
 * owners, service times, bandwidth, SLO. Built from a scenario and a look at its workload; the
 * same for every policy under one seed.
 *
 * Work is measured in nominal nanoseconds: what a request takes on a core of nominal speed. A node
 * of capacity `node.cores` has `cores` servers, each needing slowness = cores / node.cores
 * nanoseconds for one of work.
 */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "core/cluster/driver.h"
#include "core/cluster/placement.h"
#include "core/cluster/sample.h"
#include "sim/growth.h"
#include "sim/latency.h"
#include "sim/scenario.h"
#include "sim/stretch.h"
#include "sim/survey.h"
#include "workloads/wide.h"

struct sim_cluster {
    struct fore_topology topology;
    enum fore_placement placement;
    uint32_t cores;   /* servers of a node */
    double *slowness; /* [node_count] */

    enum sim_latency_kind service; /* same order as enum sim_service */
    double service_sigma;
    fore_ns stall_every, stall_mean; /* stall.h */
    double wake_ns, wake_delay_ns;   /* station.h */
    fore_ns wake_rest_ns;
    double kib_service_ns;         /* service.h */
    double service_mean_ns;        /* of a read */
    double service_cv2;            /* squared coefficient of variation, of one kind of request */
    double cost[FORE_QUERY_TYPES]; /* work over that of a read */
    double read_cost;              /* mean over reads and the scans among them: for rates */

    fore_ns slo_ns;
    fore_ns window_ns;
    fore_ns link_ns;
    double link_sigma, link_kib_ns; /* way.h */
    struct sim_stretch link_stretch;
    double bandwidth;  /* bytes per second of a node */
    double move_cpu;   /* share of a node's capacity at full bandwidth */
    double bytes_mean; /* of a request */
    double peak_cores; /* what the heaviest five minutes need */
    double capacity_cores;
    uint64_t key_samples;              /* per window */
    fore_ns node_boot_ns;              /* from asking for a standby node to its being in use */
    fore_ns move_start_ns;             /* nothing of a move travels before */
    struct fore_split_cost split_cost; /* of every replica, and of a split or merge */
    struct sim_growth growth;          /* of partitions that are inserted into */
    bool content;                      /* what nodes hold can be summed up */
    bool elastic;                      /* there are nodes that are not in use at the start */
    bool columns;        /* requests name columns, the table tells their widths: request mode */
    double byte_cost;    /* with columns: share of a request's work that goes with bytes read */
    struct wl_wide wide; /* the columns, and what requests touch of them */
};

/* Memory from `perm`. `span` is the length of the run. */
FORE_MUST_USE enum fore_err sim_cluster_build(const struct sim_scenario *scenario,
                                              struct wl_flow *flow, fore_ns span, uint64_t seed,
                                              struct fore_arena *perm, struct sim_cluster *out,
                                              struct fore_diag *diag);
/* The formulas for a node that takes jobs of `service_ns` work on average. */
struct sim_latency sim_cluster_latency(const struct sim_cluster *cluster, uint16_t node,
                                       double service_ns, double cv2);
/* The first replica on a node that is up; FORE_NODE_NONE when all are down. */
uint16_t sim_cluster_owner(const struct fore_topology *topology, uint32_t partition);

#endif
