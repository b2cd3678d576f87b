/*
 * future.h - the true coming load, for the oracle: the flow itself, looked at ahead of time, laid
 * on the partitions as they are now. Expected rates and their noise, not the drawn requests.
 */
#ifndef SIM_FUTURE_H
#define SIM_FUTURE_H

#include "core/engine.h"
#include "sim/cluster.h"
#include "sim/spread.h"
#include "workloads/flow.h"

struct sim_future { /* in the caller's memory; sim_future_init .. _fini */
    const struct sim_cluster *cluster;
    struct wl_flow *flow;
    fore_ns span; /* beyond it there is no load: the last step before stands for it */
    struct sim_spread spread;
    double *reads, *writes; /* [bucket_count]: one flow step */
    double *work;           /* [slots][bucket_count]: mean work of one future step, cached */
    uint64_t *slot_of;      /* [slots]: which step a slot holds, + 1; 0: none */
    double *by_partition;   /* [partition_cap] */
    uint32_t slots;
    fore_ns step; /* the cache is for steps of this length */
};

void sim_future_init(struct sim_future *future, const struct sim_cluster *cluster,
                     struct wl_flow *flow, fore_ns span);
void sim_future_fini(struct sim_future *future);
struct fore_future sim_future_door(struct sim_future *future);

#endif
