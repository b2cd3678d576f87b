/*
 * topology_check.c - is it a topology?
 *
 * The check walks the sorted lookup index once: in each column group the entries must form whole
 * tables, one behind the other, so cover and disjointness of partitions and of tables are one and
 * the same walk.
 */
#include "core/cluster/topology.h"

#include "core/cluster/topology_columns.h"

static uint32_t table_groups(const struct fore_table *table)
{
    return table->column_groups == 0 ? 1 : table->column_groups;
}

static enum fore_err check_replicas(const struct fore_topology *topology, uint32_t at,
                                    struct fore_diag *diag)
{
    const struct fore_partition *p = &topology->partition[at];
    if (p->replica_count < 1 || p->replica_count > FORE_REPLICAS_MAX)
        return fore_err_set(diag, FORE_E_FORMAT, "partition %u: has %u replicas; it needs 1 to %d",
                            at, (unsigned)p->replica_count, FORE_REPLICAS_MAX);
    for (uint32_t i = 0; i < p->replica_count; i++) {
        if (p->replica[i] >= topology->node_count)
            return fore_err_set(diag, FORE_E_FORMAT,
                                "partition %u: replica %u is on node %u, but there are %u nodes",
                                at, i, (unsigned)p->replica[i], topology->node_count);
        for (uint32_t j = 0; j < i; j++)
            if (p->replica[i] == p->replica[j])
                return fore_err_set(diag, FORE_E_FORMAT,
                                    "partition %u: two replicas on node %u; spread them", at,
                                    (unsigned)p->replica[i]);
    }
    return FORE_E_OK;
}

static enum fore_err check_partition(const struct fore_topology *topology, uint32_t at,
                                     struct fore_diag *diag)
{
    const struct fore_partition *p = &topology->partition[at];
    if (p->table >= topology->table_count)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "partition %u: belongs to table %u, but there are %u tables", at,
                            (unsigned)p->table, topology->table_count);
    uint32_t groups = table_groups(&topology->table[p->table]);
    if (p->column_group >= groups && p->column_group != FORE_GROUP_APART)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "partition %u: column group %u, but its table has %u", at,
                            (unsigned)p->column_group, groups);
    if (p->first > p->last)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "partition %u: first position %llu lies behind its last %llu", at,
                            (unsigned long long)p->first, (unsigned long long)p->last);
    return check_replicas(topology, at, diag);
}

static enum fore_err fill_index(struct fore_topology *topology, struct fore_diag *diag)
{
    uint32_t alive = 0;
    fore_topology_index_clear(topology->index);
    for (uint32_t i = 0; i < topology->partition_count; i++) {
        const struct fore_partition *p = &topology->partition[i];
        if (!p->alive) continue;
        alive++;
        FORE_TRY(check_partition(topology, i, diag));
        struct fore_topology_entry entry = {
            .first = p->first, .last = p->last, .partition = i, .column_group = p->column_group};
        fore_topology_index_push(topology->index, entry);
    }
    FORE_ASSERT(alive == topology->alive_count);
    fore_topology_index_sort(topology->index);
    return FORE_E_OK;
}

/* Entry `at` must begin a table or follow its left neighbour; `open` says which is due. */
static enum fore_err check_joint(const struct fore_topology *topology, uint32_t at, bool open,
                                 struct fore_diag *diag)
{
    const struct fore_topology_entry *entry = &topology->index->entry[at];
    const struct fore_partition *p = &topology->partition[entry->partition];
    const struct fore_table *table = &topology->table[p->table];
    if (at > 0 && entry[-1].column_group == entry->column_group && entry->first <= entry[-1].last)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "table \"%.*s\" column group %u: partitions %u and %u overlap at "
                            "position %llu",
                            FORE_NAME_MAX, table->name, (unsigned)entry->column_group,
                            entry[-1].partition, entry->partition,
                            (unsigned long long)entry->first);
    bool follows = open && topology->partition[entry[-1].partition].table == p->table;
    uint64_t due = follows ? entry[-1].last + 1 : table->first;
    if (entry->first != due || entry->last > table->last || (open && !follows))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "table \"%.*s\" column group %u: partition %u covers %llu..%llu, which "
                            "leaves a gap or the table (%llu..%llu)",
                            FORE_NAME_MAX, table->name, (unsigned)entry->column_group,
                            entry->partition, (unsigned long long)entry->first,
                            (unsigned long long)entry->last, (unsigned long long)table->first,
                            (unsigned long long)table->last);
    return FORE_E_OK;
}

static enum fore_err check_cover(const struct fore_topology *topology, struct fore_diag *diag)
{
    uint64_t due = 0, whole = 0;
    for (uint32_t t = 0; t < topology->table_count; t++)
        due += table_groups(&topology->table[t]);
    const struct fore_topology_index *index = topology->index;
    bool open = false; /* a table was begun and not finished */
    for (uint32_t i = 0; i < index->entry_count; i++) {
        const struct fore_topology_entry *entry = &index->entry[i];
        if (open && entry->column_group != entry[-1].column_group) break;
        if (entry->column_group == FORE_GROUP_APART) break; /* the last; each has its own base */
        FORE_TRY(check_joint(topology, i, open, diag));
        uint16_t table = topology->partition[entry->partition].table;
        open = entry->last != topology->table[table].last;
        whole += !open;
    }
    /* No table can be whole twice in a group: that would be an overlap. So counting is enough. */
    if (open || whole != due)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "topology: %llu of %llu tables and column groups are fully covered by "
                            "partitions; every position needs an owner",
                            (unsigned long long)whole, (unsigned long long)due);
    return FORE_E_OK;
}

/* Every sibling has a base of the same range, and the other way round. */
static enum fore_err check_columns(const struct fore_topology *topology, struct fore_diag *diag)
{
    for (uint32_t i = 0; i < topology->partition_count; i++) {
        const struct fore_partition *p = &topology->partition[i];
        if (!p->alive || (p->apart == 0 && p->column_group != FORE_GROUP_APART)) continue;
        uint32_t other = fore_topology_columns_sibling(topology, i);
        const struct fore_partition *q =
            other == FORE_PARTITION_NONE ? NULL : &topology->partition[other];
        if (q == NULL || q->first != p->first || q->last != p->last || q->table != p->table ||
            q->apart != p->apart)
            return fore_err_set(diag, FORE_E_FORMAT,
                                "partition %u: split by column, but no partition holds the other "
                                "columns of its range",
                                i);
        uint64_t all = fore_topology_columns_all(&topology->table[p->table]);
        if (all != 0 && ((p->apart & ~all) != 0 || p->apart == all))
            return fore_err_set(diag, FORE_E_FORMAT,
                                "partition %u: its split by column names columns that its table "
                                "does not have, or all of them",
                                i);
    }
    return FORE_E_OK;
}

enum fore_err fore_topology_check(struct fore_topology *topology, struct fore_diag *diag)
{
    enum fore_err err = FORE_E_OK;
    for (uint32_t t = 0; t < topology->table_count && err == FORE_E_OK; t++)
        if (topology->table[t].first > topology->table[t].last)
            err = fore_err_set(diag, FORE_E_FORMAT,
                               "table \"%.*s\": its first position lies behind its last",
                               FORE_NAME_MAX, topology->table[t].name);
    if (err == FORE_E_OK) err = fill_index(topology, diag);
    if (err == FORE_E_OK) err = check_cover(topology, diag);
    if (err == FORE_E_OK) err = check_columns(topology, diag);
    if (err != FORE_E_OK) {
        fore_topology_index_clear(topology->index);
        return err;
    }
    fore_topology_index_build(topology->index);
    return FORE_E_OK;
}

/* ---- questions ---------------------------------------------------------------------------- */
