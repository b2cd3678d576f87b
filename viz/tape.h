/*
 * tape.h - what the cluster and each node went through, in equal time buckets: a ring beside the
 * heat matrix. A bucket keeps the worst latency and the highest utilisation that fell into it.
 */
#ifndef VIZ_TAPE_H
#define VIZ_TAPE_H

#include "core/base/base.h"

struct viz_tape_cell {
    bool seen;
    float p50_ms, p99_ms, slo_ms;
    float requests_per_sec;
    float violation_s; /* violation seconds that fell into this bucket */
};

struct viz_tape {
    struct viz_tape_cell *cell; /* [bucket_cap] */
    float *utilization;         /* [bucket_cap][node_cap], -1: not seen */
    uint32_t bucket_cap, node_cap;
    fore_ns bucket_ns;
    uint64_t first, next;
};

void viz_tape_init(struct viz_tape *tape, uint32_t buckets, fore_ns bucket_ns);
void viz_tape_fini(struct viz_tape *tape);
/* The cell of `at`, opened if need be, pooled into by the caller; NULL when already forgotten. */
struct viz_tape_cell *viz_tape_open(struct viz_tape *tape, fore_ns at);
/* Utilisation of a node into the bucket opened for `at`. */
void viz_tape_node(struct viz_tape *tape, fore_ns at, uint32_t node_count, uint32_t node,
                   float utilization);
/* NULL outside of what is held, or nothing seen. */
const struct viz_tape_cell *viz_tape_get(const struct viz_tape *tape, uint64_t bucket);
/* Negative when not known. */
float viz_tape_utilization(const struct viz_tape *tape, uint64_t bucket, uint32_t node);

#endif
