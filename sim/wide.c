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

static double work_of(const struct fore_table *table, double byte_cost, uint64_t columns)
{
    double whole = fore_topology_columns_bytes(table, fore_topology_columns_all(table));
    double bytes = fore_topology_columns_bytes(table, columns);
    return bytes < whole ? 1 - byte_cost + byte_cost * bytes / whole : 1;
}

static struct sim_wide_visit visit(const struct sim_wide *wide, uint32_t partition,
                                   const struct fore_table *table, uint64_t columns)
{
    return (struct sim_wide_visit){.partition = partition,
                                   .bytes = (uint32_t)fore_topology_columns_bytes(table, columns),
                                   .work = work_of(table, wide->byte_cost, columns)};
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

static void add_mix(const struct wl_wide_mix *mix, uint64_t all, uint64_t apart, double share,
                    double *here, double *there)
{
    double before = 0;
    for (uint32_t i = 0; i < (mix != NULL ? mix->count : 1); i++) {
        uint64_t set = mix != NULL ? mix->set[i] : all;
        double weight = mix != NULL ? mix->until[i] - before : 1;
        *here += (set & all & ~apart) != 0 ? share * weight : 0;
        *there += (set & apart) != 0 ? share * weight : 0;
        before += weight;
    }
}

struct sim_wide_work sim_wide_expect(const struct wl_wide *wide, const struct fore_table *table,
                                     double byte_cost, uint64_t apart, fore_ns t, double read_share)
{
    uint64_t all = fore_topology_columns_all(table);
    double here = 0, there = 0;
    add_mix(wl_wide_mix_at(wide, t, false), all, apart, read_share, &here, &there);
    add_mix(wl_wide_mix_at(wide, t, true), all, apart, 1 - read_share, &here, &there);
    return (struct sim_wide_work){.base = here * work_of(table, byte_cost, all & ~apart),
                                  .apart = there * work_of(table, byte_cost, apart)};
}
