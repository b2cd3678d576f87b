/*
 * account.h - what a run is judged by: a window counts as violated, for the cluster or for a node,
 * when more than 1 % of its requests took longer than the SLO, that is when its p99 exceeds it.
 * Where partitions, or nodes, have a ceiling on what they hold, one that is above it when a window
 * ends was so all through the window.
 */
#ifndef SIM_ACCOUNT_H
#define SIM_ACCOUNT_H

#include "core/act/migrate.h"
#include "core/cluster/topology.h"
#include "sim/run.h"

struct sim_account { /* {0}: nothing yet */
    double windows, seconds;
    double violation_s, violation_node_s;
    uint64_t requests, slow;
    double nodes, imbalance, utilization; /* sums over windows */
    struct fore_migrate_counts before;    /* what had been done when the evaluation began */
    double bytes_before;
    double bytes_read;
    double bytes_max, bytes_peak; /* of a partition: the ceiling, 0: none; the most one has held */
    double over_s;                /* partition-seconds above the ceiling */
    double node_max, node_peak;   /* the same of a node */
    double full_s;                /* node-seconds above it */
    double even_node_s;           /* sum of sim_window.even_nodes, in time; < 0: not known */
    bool elastic;
    uint32_t booting; /* nodes asked for and paid for, in the window to come */
};

/* `even_nodes`: sim_window's. */
void sim_account_window(struct sim_account *account, const struct fore_sample *sample,
                        const struct fore_topology *topology, double even_nodes);
/* Fills the members of `out` that this file knows of. */
void sim_account_report(const struct sim_account *account, const struct fore_migrate_counts *counts,
                        double bytes_moved, struct sim_result *out);

#endif
