/*
 * way.h - what a request's latency has beside its node's queue (request mode): the way there and
 * back. Clients wake, networks queue, processors leave their idle states; none of it is work of the
 * node.
 *
 * Without sim options it is twice cluster.link_delay for everybody. With cluster.link_sigma it is
 * log-normal with that median, drawn for a whole batch in arrival order, so that every policy sees
 * the same ways under one seed; with cluster.link_kib every KiB of a value adds to it. With
 * cluster.link_stretch (stretch.h) ways to a node get longer or shorter with what it had to do in
 * the last window. `foreshard calibrate` measures all three.
 */
#ifndef SIM_WAY_H
#define SIM_WAY_H

#include "core/base/rng.h"
#include "sim/cluster.h"
#include "workloads/source.h"

/* way_ns[i]: there and back, of request[i]. */
void sim_way_draw(const struct sim_cluster *cluster, const struct wl_request *request, size_t count,
                  struct fore_rng *rng, fore_ns *way_ns);
/* By how much ways to a node are longer, or shorter, that was at work for `busy_ns` of a window. */
double sim_way_stretch(const struct sim_cluster *cluster, uint32_t node, uint64_t busy_ns,
                       fore_ns window_ns);
/* The share `tail` of all ways is longer than this, values of mean size. */
double sim_way_quantile_ns(const struct sim_cluster *cluster, double tail);

#endif
