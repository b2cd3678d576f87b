/* wide.c - the table of wide.h, made anew when the topology has changed. */
#include "sim/wide.h"

void sim_wide_init(struct sim_wide *wide, const struct fore_topology *topology, double byte_cost,
                   struct fore_arena *perm)
{
    *wide = (struct sim_wide){
        .topology = topology,
        .byte_cost = byte_cost,
        .part = FORE_NEW(perm, struct sim_wide_part, topology->partition_cap),
    };
}

static struct sim_wide_visit visit(const struct sim_wide *wide, uint32_t partition,
                                   const struct fore_table *table, uint64_t columns)
{
    double whole = fore_topology_columns_bytes(table, fore_topology_columns_all(table));
    double bytes = fore_topology_columns_bytes(table, columns);
    return (struct sim_wide_visit){
        .partition = partition,
        .bytes = (uint32_t)bytes,
        .work = bytes < whole ? 1 - wide->byte_cost + wide->byte_cost * bytes / whole : 1};
}

void sim_wide_update(struct sim_wide *wide)
{
    const struct fore_topology *topology = wide->topology;
    if (wide->ready && wide->epoch == topology->epoch) return;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *partition = &topology->partition[p];
        if (!partition->alive || partition->column_group != 0) continue;
        const struct fore_table *table = &topology->table[partition->table];
        struct sim_wide_part *part = &wide->part[p];
        uint64_t stays = fore_topology_columns_all(table) & ~partition->apart;
        part->apart = partition->apart;
        part->base = visit(wide, p, table, stays);
        uint32_t sibling = fore_topology_columns_sibling(topology, p);
        part->other = visit(wide, sibling, table, partition->apart);
    }
    wide->epoch = topology->epoch;
    wide->ready = true;
}
