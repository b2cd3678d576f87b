/*
 * topology.h - what a cluster is: nodes, tables, and partitions that cut the key space into ranges.
 *
 * Every key has a *position*, a uint64_t: the key itself under range placement, its hash under
 * ring and slot placement (placement.h). A partition owns the positions first..last, both
 * included, of one table and one column group. The invariant, checked by fore_topology_check():
 * for each (table, column group) in use the living partitions cover the table's positions without
 * gap or overlap, so exactly one partition, and through replica[0] exactly one node, owns a key.
 *
 * A table that tells its columns may be split by column too, a partition at a time: the pair of a
 * *base* in group 0 and its *sibling* in group FORE_GROUP_APART covers one range; the sibling holds
 * the columns in `apart`, the base the others, and both hold every key. So a column of a key still
 * has exactly one owner (topology_columns.h).
 *
 * A partition's index is its name while it lives. Split keeps the index for the left part and takes
 * the lowest free index for the right; merge frees the right one's. `generation` tells two lives
 * of an index apart: it is the epoch in which the life began. Arrays elsewhere are indexed by
 * partition index, 0..partition_count-1, dead ones included.
 */
#ifndef FORE_TOPOLOGY_H
#define FORE_TOPOLOGY_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/cluster/topology_index.h"

enum { FORE_REPLICAS_MAX = 8, FORE_NAME_MAX = 24, FORE_COLUMNS_MAX = 64 };
#define FORE_PARTITION_NONE UINT32_MAX
#define FORE_NODE_NONE      UINT16_MAX
#define FORE_GROUP_APART \
    UINT16_C(0x8000) /* columns split off, where they are: covers nothing whole */

struct fore_node {
    char name[FORE_NAME_MAX];
    double cores;            /* service capacity: core-seconds of nominal work per second */
    double bandwidth_bytes;  /* bytes per second it can send or receive for moves */
    uint64_t data_bytes_max; /* of memory or disk, for data; 0: not limited */
    uint16_t zone;
    uint16_t rack; /* of its zone */
    bool up;
    bool standby; /* exists but is not in use: holds nothing, is no target, costs nothing */
};

/* May hold partitions now. */
static inline bool fore_node_serves(const struct fore_node *node)
{
    return node->up && !node->standby;
}

struct fore_table {
    char name[FORE_NAME_MAX];
    uint64_t first, last;   /* positions */
    uint16_t column_groups; /* groups 0..column_groups-1 each cover the table; 0 means 1 */
    uint16_t columns;       /* of group 0; 0: not told, and no vertical splits */
    uint32_t column_bytes[FORE_COLUMNS_MAX]; /* mean width of a value */
};

struct fore_partition {
    uint64_t first, last; /* positions, both included */
    uint64_t bytes;
    uint32_t generation;
    uint16_t table;
    uint16_t column_group;
    uint16_t replica_count;              /* >= 1 while alive */
    uint16_t replica[FORE_REPLICAS_MAX]; /* node indexes; [0] owns, the others follow */
    bool alive;
    uint64_t apart; /* bit set of columns: of a base, what its sibling holds; of a sibling, what it
                       holds; 0: not split by column */
};

struct fore_topology {
    uint64_t epoch; /* +1 with every change; plans are bound to it */
    struct fore_node *node;
    struct fore_table *table;
    struct fore_partition *partition;
    uint32_t node_count;
    uint32_t table_count;
    uint32_t partition_count; /* highest index in use + 1 */
    uint32_t partition_cap;   /* fixed at init: splits stop there */
    uint32_t alive_count;
    struct fore_topology_index *index; /* position -> partition, kept by every change */
};

/* No partitions yet, and zeroed nodes and tables for the caller to fill; memory from `arena`. */
void fore_topology_init(struct fore_topology *topology, struct fore_arena *arena,
                        uint32_t node_count, uint32_t table_count, uint32_t partition_cap);
/* Adds a living partition at the lowest free index; FORE_E_RANGE when full. Lookups and the
 * changes below need a check after the last one. */
FORE_MUST_USE enum fore_err fore_topology_add(struct fore_topology *topology,
                                              const struct fore_partition *partition,
                                              uint32_t *index);
/* Proves the invariant above and that replicas are distinct, existing nodes; says what is wrong.
 * Builds the lookup index. */
FORE_MUST_USE enum fore_err fore_topology_check(struct fore_topology *topology,
                                                struct fore_diag *diag);
/* Deep copy into `out`, which must be a fresh struct or an earlier copy of the same shape. */
void fore_topology_copy(struct fore_topology *out, const struct fore_topology *from,
                        struct fore_arena *arena);
/* The living partition that owns a position of column group 0; FORE_PARTITION_NONE outside. */
static inline uint32_t fore_topology_find(const struct fore_topology *topology, uint64_t position)
{
    return fore_topology_index_find(topology->index, position);
}
uint32_t fore_topology_find_group(const struct fore_topology *topology, uint64_t position,
                                  uint16_t column_group);
bool fore_topology_hosts(const struct fore_topology *topology, uint32_t partition, uint16_t node);
/* The living right neighbour of the same table and group, or FORE_PARTITION_NONE. */
uint32_t fore_topology_right_of(const struct fore_topology *topology, uint32_t partition);

/* The changes. Each checks its arguments (CONFLICT or RANGE on the world's mistake), keeps the
 * invariant, and moves the epoch on. */
/* Left keeps first..at-1, the new right part gets at..last and `right_share` of the bytes. One of
 * a pair is REFUSED, here and in merge. */
FORE_MUST_USE enum fore_err fore_topology_split(struct fore_topology *topology, uint32_t partition,
                                                uint64_t at, double right_share, uint32_t *right);
/* Right must be the right neighbour with the same replica set. */
FORE_MUST_USE enum fore_err fore_topology_merge(struct fore_topology *topology, uint32_t left,
                                                uint32_t right);
/* The replica on `source` now lives on `target`, in the same rank. */
FORE_MUST_USE enum fore_err fore_topology_move(struct fore_topology *topology, uint32_t partition,
                                               uint16_t source, uint16_t target);
FORE_MUST_USE enum fore_err fore_topology_add_replica(struct fore_topology *topology,
                                                      uint32_t partition, uint16_t node);
/* The last one stays (REFUSED); dropping [0] promotes [1]. */
FORE_MUST_USE enum fore_err fore_topology_drop_replica(struct fore_topology *topology,
                                                       uint32_t partition, uint16_t node);
/* Takes a node into use, or out of it. CONFLICT: it is so already; REFUSED: it still holds
 * something, or it is the last one in use. */
FORE_MUST_USE enum fore_err fore_topology_set_standby(struct fore_topology *topology, uint16_t node,
                                                      bool standby);
uint32_t fore_topology_in_use(const struct fore_topology *topology);

#endif
