/*
 * fluid.h - fluid fidelity: rates instead of requests, so that weeks of load run in seconds.
 *
 * Per step: rates on buckets -> rates of partitions (spread.h) -> work offered to nodes, moves
 * included -> the queue's mean wait, carried over (queue.h) -> latency tails (latency.h) -> share
 * of requests above the SLO. Counts get the Poisson noise a request-level run would show, drawn per
 * bucket and so the same for every policy, and the slow ones the burstiness of a real queue.
 */
#ifndef SIM_FLUID_H
#define SIM_FLUID_H

#include "sim/window.h"
#include "workloads/flow.h"

struct sim_fluid_setup {
    struct sim_cluster *cluster; /* borrowed, as the others */
    struct sim_moves *moves;
    struct wl_flow *flow; /* its step divides the window or is a multiple of it */
    uint64_t seed;
};
struct sim_backend sim_fluid_create(const struct sim_fluid_setup *setup);

#endif
