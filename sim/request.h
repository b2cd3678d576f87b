/*
 * request.h - request-level fidelity: every request is routed, queued, served and recorded.
 *
 * A request is a few additions (station.h), not events. What must happen between arrivals, a write
 * reaching followers a link delay later or a move's next piece of work, waits in an ordered
 * calendar that is drained up to each arrival, so every station sees its jobs in time order.
 * Service times are drawn in arrival order before routing: under one seed every policy sees the
 * same requests with the same work.
 */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include "sim/window.h"
#include "workloads/source.h"

struct sim_request_setup {
    struct sim_cluster *cluster; /* borrowed, as the others */
    struct sim_moves *moves;
    struct wl_source *source;
    uint64_t seed;
    bool service_hints; /* wl_request.tag is a service time in ms where it is not 0 */
};
struct sim_backend sim_request_create(const struct sim_request_setup *setup);

#endif
