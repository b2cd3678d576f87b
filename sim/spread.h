/*
 * spread.h - from rates on buckets of keys to loads of partitions.
 *
 * Under range placement a bucket's load is even over its keys, so a partition gets of each bucket
 * the share of keys that it holds. Under hashed placement (slot, ring) the keys of a bucket fall
 * everywhere: a bucket of few keys is followed key by key, a large one is spread over all
 * partitions by their share of the positions. Either way the result is a sparse matrix, rebuilt
 * when the topology's epoch changes, and a sum per partition is one pass over it.
 */
#ifndef SIM_SPREAD_H
#define SIM_SPREAD_H

#include "core/cluster/placement.h"
#include "workloads/flow.h"

struct sim_spread { /* {0}, then sim_spread_update */
    struct sim_spread_cell {
        uint32_t partition;
        uint32_t bucket;
        double share; /* of the bucket's load */
    } * cell;         /* by partition in position order: a partition's cells are side by side */
    size_t cell_count, cell_cap;
    bool *spread_out; /* [bucket_count]: spread by `width` instead of cell by cell */
    double *width;    /* [partition_count]: share of all positions; NULL under range placement */
    uint32_t partition_count, partition_cap;
    uint32_t bucket_count;
    uint64_t epoch;
    bool ready;
};

/* Cheap when the epoch has not changed. */
void sim_spread_update(struct sim_spread *spread, const struct fore_topology *topology,
                       enum fore_placement placement, const struct wl_flow *flow);
/* For `lanes` interleaved values a bucket: by_partition[p * lanes + i] = sum over buckets. */
void sim_spread_sum(const struct sim_spread *spread, const double *by_bucket, uint32_t lanes,
                    double *by_partition);
void sim_spread_fini(struct sim_spread *spread);

#endif
