/*
 * wide.h - what a request to a row with columns costs, and where it has to go.
 *
 * A store of rows reads a whole row of every part it visits, whatever columns were asked for. With
 * b = sim.byte_cost, a visit to a part that holds the share s of a row's bytes takes the request's
 * work times 1 - b + b s: a whole row costs what it did without columns, and a request that spans
 * both parts of a pair pays the fixed part twice. Its latency is that of the later of the two.
 */
#ifndef SIM_WIDE_H
#define SIM_WIDE_H

#include "core/cluster/topology_columns.h"
#include "workloads/wide.h"

struct sim_wide_visit {
    uint32_t partition;
    uint32_t bytes;
    double work; /* over that of a whole row */
};

struct sim_wide {
    const struct fore_topology *topology; /* borrowed */
    double byte_cost;
    struct sim_wide_part {
        uint64_t apart;                    /* 0: not split */
        struct sim_wide_visit base, other; /* whole rows: only base */
    } * part;                              /* [partition_cap], of group 0 */
    uint64_t epoch;
    bool ready;
};

void sim_wide_init(struct sim_wide *wide, const struct fore_topology *topology, double byte_cost,
                   struct fore_arena *perm);
void sim_wide_update(struct sim_wide *wide); /* cheap when the epoch has not changed */
/* Where a request for `columns` (0: all) of a partition of group 0 goes: 1 or 2 visits. */
static inline uint32_t sim_wide_visits(const struct sim_wide *wide, uint32_t partition,
                                       uint64_t columns, struct sim_wide_visit out[2])
{
    const struct sim_wide_part *part = &wide->part[partition];
    uint32_t count = 0;
    if (part->apart == 0 || columns == 0 || (columns & ~part->apart) != 0)
        out[count++] = part->base;
    if (part->apart != 0 && (columns == 0 || (columns & part->apart) != 0))
        out[count++] = part->other;
    return count;
}

/* Work of the two parts over that of whole rows, expected of requests at `t`, of whose work reads
 * are `read_share`. Columns that a trace names by itself are not known ahead: as if all. */
struct sim_wide_work {
    double base, apart;
};
struct sim_wide_work sim_wide_expect(const struct wl_wide *wide, const struct fore_table *table,
                                     double byte_cost, uint64_t apart, fore_ns t,
                                     double read_share);

#endif
