/*
 * topology_columns.c - see topology_columns.h. These changes are rare, so the lookup index is built
 * anew by the check instead of being patched.
 */
#include "core/cluster/topology_columns.h"

uint64_t fore_topology_columns_all(const struct fore_table *table)
{
    return table->columns == 0 ? 0 : UINT64_MAX >> (FORE_COLUMNS_MAX - table->columns);
}

double fore_topology_columns_bytes(const struct fore_table *table, uint64_t columns)
{
    double sum = FORE_ROW_KEY_BYTES;
    for (uint32_t c = 0; c < table->columns; c++)
        if (columns >> c & 1) sum += table->column_bytes[c];
    return sum;
}

uint32_t fore_topology_columns_sibling(const struct fore_topology *topology, uint32_t partition)
{
    const struct fore_partition *p = &topology->partition[partition];
    if (partition >= topology->partition_count || !p->alive || p->apart == 0)
        return FORE_PARTITION_NONE;
    uint16_t other = p->column_group == FORE_GROUP_APART ? 0 : FORE_GROUP_APART;
    return fore_topology_find_group(topology, p->first, other);
}

/* The index is built anew; what a change left behind is a topology again, or we are wrong. */
static void settle(struct fore_topology *topology)
{
    enum fore_err err = fore_topology_check(topology, NULL);
    FORE_ASSERT(err == FORE_E_OK);
}

enum fore_err fore_topology_columns_split(struct fore_topology *topology, uint32_t partition,
                                          uint64_t columns, double share, uint16_t node,
                                          uint32_t *sibling)
{
    if (partition >= topology->partition_count || node >= topology->node_count) return FORE_E_RANGE;
    struct fore_partition *base = &topology->partition[partition];
    if (!base->alive) return FORE_E_CONFLICT;
    uint64_t all = fore_topology_columns_all(&topology->table[base->table]);
    if (columns == 0 || (columns & ~all) != 0 || columns == all) return FORE_E_RANGE;
    if (!(share >= 0.0 && share <= 1.0)) return FORE_E_RANGE;
    if (topology->alive_count == topology->partition_cap) return FORE_E_RANGE;
    if (base->apart != 0 || base->column_group != 0 || base->replica_count != 1 ||
        topology->node[node].standby)
        return FORE_E_REFUSED;

    struct fore_partition part = *base;
    double bytes = (double)base->bytes * share;
    part.bytes = bytes < (double)base->bytes ? (uint64_t)bytes : base->bytes;
    part.column_group = FORE_GROUP_APART;
    part.replica[0] = node;
    part.apart = columns;
    uint32_t born = FORE_PARTITION_NONE;
    FORE_TRY(fore_topology_add(topology, &part, &born));
    base->bytes -= part.bytes;
    base->apart = columns;
    settle(topology);
    if (sibling != NULL) *sibling = born;
    return FORE_E_OK;
}

enum fore_err fore_topology_columns_merge(struct fore_topology *topology, uint32_t base,
                                          uint32_t sibling)
{
    if (base >= topology->partition_count || sibling >= topology->partition_count)
        return FORE_E_RANGE;
    struct fore_partition *b = &topology->partition[base], *s = &topology->partition[sibling];
    if (!b->alive || !s->alive || b->column_group != 0) return FORE_E_CONFLICT;
    if (fore_topology_columns_sibling(topology, base) != sibling) return FORE_E_CONFLICT;
    if (b->replica_count != 1 || s->replica_count != 1) return FORE_E_REFUSED;
    b->bytes += s->bytes;
    b->apart = 0;
    *s = (struct fore_partition){.alive = false};
    topology->alive_count--;
    while (topology->partition_count > 0 &&
           !topology->partition[topology->partition_count - 1].alive)
        topology->partition_count--;
    topology->epoch++;
    settle(topology);
    return FORE_E_OK;
}
