/*
 * service.h - how long requests take to serve, drawn for a whole batch in arrival order and before
 * routing: under one seed every policy sees the same requests with the same work. With
 * sim.kib_service every KiB of a value adds to it.
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "core/base/rng.h"
#include "sim/cluster.h"
#include "workloads/source.h"

/* work[i]: nanoseconds of request[i] on a core of nominal speed. */
void sim_service_draw(const struct sim_cluster *cluster, const struct wl_request *request,
                      size_t count, struct fore_rng *rng, uint64_t *work);

#endif
