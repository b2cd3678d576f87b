/*
 * topology.c - builds and changes a topology; topology_check.c judges one.
 *
 * A change is all or nothing: every argument is judged before the first field is written, then
 * partition array, lookup index and epoch move together.
 */
#include "core/cluster/topology.h"

#include <string.h>

void fore_topology_init(struct fore_topology *topology, struct fore_arena *arena,
                        uint32_t node_count, uint32_t table_count, uint32_t partition_cap)
{
    FORE_ASSERT(node_count <= FORE_NODE_NONE);
    *topology = (struct fore_topology){
        .node = FORE_NEW(arena, struct fore_node, node_count),
        .table = FORE_NEW(arena, struct fore_table, table_count),
        .partition = FORE_NEW(arena, struct fore_partition, partition_cap),
        .node_count = node_count,
        .table_count = table_count,
        .partition_cap = partition_cap,
        .index = fore_topology_index_create(arena, partition_cap),
    };
}

static uint32_t lowest_free(const struct fore_topology *topology)
{
    if (topology->alive_count == topology->partition_count) return topology->partition_count;
    uint32_t i = 0;
    while (topology->partition[i].alive)
        i++;
    return i;
}

/* Begins a life: the caller has made sure there is room, and moves the epoch on first. */
static uint32_t bring_to_life(struct fore_topology *topology, struct fore_partition partition)
{
    uint32_t at = lowest_free(topology);
    FORE_ASSERT(at < topology->partition_cap);
    partition.alive = true;
    partition.generation = (uint32_t)topology->epoch;
    topology->partition[at] = partition;
    topology->alive_count++;
    if (at == topology->partition_count) topology->partition_count++;
    return at;
}

enum fore_err fore_topology_add(struct fore_topology *topology,
                                const struct fore_partition *partition, uint32_t *index)
{
    if (topology->alive_count == topology->partition_cap) return FORE_E_RANGE;
    topology->epoch++;
    uint32_t at = bring_to_life(topology, *partition);
    fore_topology_index_clear(topology->index);
    if (index != NULL) *index = at;
    return FORE_E_OK;
}

static bool same_shape(const struct fore_topology *a, const struct fore_topology *b)
{
    return a->node_count == b->node_count && a->table_count == b->table_count &&
           a->partition_cap == b->partition_cap;
}

void fore_topology_copy(struct fore_topology *out, const struct fore_topology *from,
                        struct fore_arena *arena)
{
    if (out->partition == NULL)
        fore_topology_init(out, arena, from->node_count, from->table_count, from->partition_cap);
    FORE_ASSERT(out->partition != NULL && same_shape(out, from));
    memcpy(out->node, from->node, from->node_count * sizeof from->node[0]);
    memcpy(out->table, from->table, from->table_count * sizeof from->table[0]);
    memcpy(out->partition, from->partition, from->partition_count * sizeof from->partition[0]);
    fore_topology_index_copy(out->index, from->index);
    out->epoch = from->epoch;
    out->partition_count = from->partition_count;
    out->alive_count = from->alive_count;
}

/* ---- the check ---------------------------------------------------------------------------- */

uint32_t fore_topology_find_group(const struct fore_topology *topology, uint64_t position,
                                  uint16_t column_group)
{
    const struct fore_topology_index *index = topology->index;
    uint32_t at = fore_topology_index_search(index, position, column_group);
    return at < index->entry_count ? index->entry[at].partition : FORE_PARTITION_NONE;
}

static bool lives(const struct fore_topology *topology, uint32_t partition)
{
    return partition < topology->partition_count && topology->partition[partition].alive;
}

/* Rank of `node` among the partition's replicas; FORE_REPLICAS_MAX if it holds none. */
static uint32_t replica_rank(const struct fore_partition *partition, uint16_t node)
{
    for (uint32_t i = 0; i < partition->replica_count; i++)
        if (partition->replica[i] == node) return i;
    return FORE_REPLICAS_MAX;
}

bool fore_topology_hosts(const struct fore_topology *topology, uint32_t partition, uint16_t node)
{
    return lives(topology, partition) &&
           replica_rank(&topology->partition[partition], node) < FORE_REPLICAS_MAX;
}

uint32_t fore_topology_right_of(const struct fore_topology *topology, uint32_t partition)
{
    if (!lives(topology, partition)) return FORE_PARTITION_NONE;
    const struct fore_partition *left = &topology->partition[partition];
    if (left->last == UINT64_MAX) return FORE_PARTITION_NONE;
    uint32_t right = fore_topology_find_group(topology, left->last + 1, left->column_group);
    bool neighbour =
        right != FORE_PARTITION_NONE && topology->partition[right].table == left->table;
    return neighbour ? right : FORE_PARTITION_NONE;
}

/* ---- changes ------------------------------------------------------------------------------ */

static enum fore_err expect_alive(const struct fore_topology *topology, uint32_t partition)
{
    if (partition >= topology->partition_count) return FORE_E_RANGE;
    return topology->partition[partition].alive ? FORE_E_OK : FORE_E_CONFLICT;
}

/* The index entry of a living partition; a missing one means the check was not made. */
static uint32_t entry_of(const struct fore_topology *topology, uint32_t partition)
{
    const struct fore_partition *p = &topology->partition[partition];
    uint32_t at = fore_topology_index_search(topology->index, p->first, p->column_group);
    FORE_ASSERT(at < topology->index->entry_count);
    FORE_ASSERT(topology->index->entry[at].partition == partition);
    return at;
}

enum fore_err fore_topology_split(struct fore_topology *topology, uint32_t partition, uint64_t at,
                                  double right_share, uint32_t *right)
{
    FORE_TRY(expect_alive(topology, partition));
    struct fore_partition *left = &topology->partition[partition];
    if (at <= left->first || at > left->last) return FORE_E_RANGE;
    if (!(right_share >= 0.0 && right_share <= 1.0)) return FORE_E_RANGE;
    if (topology->alive_count == topology->partition_cap) return FORE_E_RANGE;
    if (left->apart != 0) return FORE_E_REFUSED;

    struct fore_partition part = *left;
    double bytes = (double)left->bytes * right_share; /* the largest may not fit back */
    part.bytes = bytes < (double)left->bytes ? (uint64_t)bytes : left->bytes;
    part.first = at;
    topology->epoch++;
    uint32_t born = bring_to_life(topology, part);
    fore_topology_index_split(topology->index, entry_of(topology, partition), at, born);
    left->bytes -= part.bytes;
    left->last = at - 1;
    if (right != NULL) *right = born;
    return FORE_E_OK;
}

static bool same_replica_set(const struct fore_partition *a, const struct fore_partition *b)
{
    if (a->replica_count != b->replica_count) return false;
    for (uint32_t i = 0; i < a->replica_count; i++)
        if (replica_rank(b, a->replica[i]) == FORE_REPLICAS_MAX) return false;
    return true;
}

enum fore_err fore_topology_merge(struct fore_topology *topology, uint32_t left, uint32_t right)
{
    FORE_TRY(expect_alive(topology, left));
    FORE_TRY(expect_alive(topology, right));
    if (fore_topology_right_of(topology, left) != right) return FORE_E_CONFLICT;
    struct fore_partition *l = &topology->partition[left], *r = &topology->partition[right];
    if (!same_replica_set(l, r)) return FORE_E_CONFLICT;
    if (l->apart != 0 || r->apart != 0) return FORE_E_REFUSED;

    fore_topology_index_merge(topology->index, entry_of(topology, left));
    l->last = r->last;
    l->bytes += r->bytes;
    *r = (struct fore_partition){.alive = false};
    topology->alive_count--;
    while (topology->partition_count > 0 &&
           !topology->partition[topology->partition_count - 1].alive)
        topology->partition_count--;
    topology->epoch++;
    return FORE_E_OK;
}

enum fore_err fore_topology_move(struct fore_topology *topology, uint32_t partition,
                                 uint16_t source, uint16_t target)
{
    FORE_TRY(expect_alive(topology, partition));
    if (source >= topology->node_count || target >= topology->node_count) return FORE_E_RANGE;
    struct fore_partition *p = &topology->partition[partition];
    uint32_t rank = replica_rank(p, source);
    if (rank == FORE_REPLICAS_MAX) return FORE_E_CONFLICT;
    if (replica_rank(p, target) < FORE_REPLICAS_MAX) return FORE_E_CONFLICT;
    if (topology->node[target].standby) return FORE_E_REFUSED;
    p->replica[rank] = target;
    topology->epoch++;
    return FORE_E_OK;
}

enum fore_err fore_topology_add_replica(struct fore_topology *topology, uint32_t partition,
                                        uint16_t node)
{
    FORE_TRY(expect_alive(topology, partition));
    if (node >= topology->node_count) return FORE_E_RANGE;
    struct fore_partition *p = &topology->partition[partition];
    if (replica_rank(p, node) < FORE_REPLICAS_MAX) return FORE_E_CONFLICT;
    if (topology->node[node].standby) return FORE_E_REFUSED;
    if (p->replica_count == FORE_REPLICAS_MAX) return FORE_E_RANGE;
    p->replica[p->replica_count++] = node;
    topology->epoch++;
    return FORE_E_OK;
}

enum fore_err fore_topology_drop_replica(struct fore_topology *topology, uint32_t partition,
                                         uint16_t node)
{
    FORE_TRY(expect_alive(topology, partition));
    if (node >= topology->node_count) return FORE_E_RANGE;
    struct fore_partition *p = &topology->partition[partition];
    uint32_t rank = replica_rank(p, node);
    if (rank == FORE_REPLICAS_MAX) return FORE_E_CONFLICT;
    if (p->replica_count == 1) return FORE_E_REFUSED;
    p->replica_count--;
    for (uint32_t i = rank; i < p->replica_count; i++)
        p->replica[i] = p->replica[i + 1];
    p->replica[p->replica_count] = 0;
    topology->epoch++;
    return FORE_E_OK;
}

uint32_t fore_topology_in_use(const struct fore_topology *topology)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < topology->node_count; n++)
        count += !topology->node[n].standby;
    return count;
}

enum fore_err fore_topology_set_standby(struct fore_topology *topology, uint16_t node, bool standby)
{
    if (node >= topology->node_count) return FORE_E_RANGE;
    if (topology->node[node].standby == standby) return FORE_E_CONFLICT;
    if (standby && fore_topology_in_use(topology) < 2) return FORE_E_REFUSED;
    for (uint32_t p = 0; standby && p < topology->partition_count; p++)
        if (topology->partition[p].alive && fore_topology_hosts(topology, p, node))
            return FORE_E_REFUSED;
    topology->node[node].standby = standby;
    topology->epoch++;
    return FORE_E_OK;
}
