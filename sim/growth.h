/*
 * growth.h - partitions that grow with what is inserted (cluster.insert_bytes; off at 0, and then
 * sizes stay as they were drawn).
 *
 * A write above all positions that were ever written in its partition is an insert, and adds so
 * many bytes; any other one changes a row that is there. The rows of a partition are taken to lie
 * evenly between its first position and its highest written one, so that a split divides bytes by
 * where rows are and not by where load is: what is cut off ahead of an insert head is empty. A
 * partition that nobody has written to keeps the even spread of what it was given at the start.
 * Rates know no rows: request mode only.
 */
#ifndef SIM_GROWTH_H
#define SIM_GROWTH_H

#include "core/cluster/topology.h"

struct sim_growth {
    double insert_bytes; /* 0: off, and nothing else is there */
    uint64_t *top;       /* [partition_cap]: highest position written; 0: none yet */
    uint32_t *inserted;  /* [partition_cap]: since the last window's end */
};

void sim_growth_init(struct sim_growth *growth, double insert_bytes, uint32_t partition_cap,
                     struct fore_arena *arena);
static inline void sim_growth_write(const struct sim_growth *growth, uint32_t partition,
                                    uint64_t position)
{
    if (position <= growth->top[partition]) return;
    growth->top[partition] = position;
    growth->inserted[partition]++;
}
/* A window ends: sizes follow what was inserted. */
void sim_growth_close(const struct sim_growth *growth, struct fore_topology *topology);
/* The share of the bytes that lies at `at` and above; `otherwise` where growth is off. */
double sim_growth_share(const struct sim_growth *growth, const struct fore_topology *topology,
                        uint32_t partition, uint64_t at, double otherwise);
void sim_growth_split(const struct sim_growth *growth, uint32_t left, uint32_t right, uint64_t at);
void sim_growth_merge(const struct sim_growth *growth, uint32_t left, uint32_t right);

#endif
