/*
 * topology_columns.h - vertical splits: a partition's columns in two places.
 *
 * An overlay on topology.h. Splitting makes a sibling for one partition only, so a table may be
 * split by column where its rows are wide and hot, differently from partition to partition, and
 * whole elsewhere. A split twice over, and a split of what has followers, are refused.
 */
#ifndef FORE_TOPOLOGY_COLUMNS_H
#define FORE_TOPOLOGY_COLUMNS_H

#include "core/cluster/topology.h"

enum { FORE_ROW_KEY_BYTES = 8 }; /* a row's key, which every part of it holds */

/* All columns of a table; 0: it tells none. */
uint64_t fore_topology_columns_all(const struct fore_table *table);
/* Mean bytes that these columns of a row take, its key included. */
double fore_topology_columns_bytes(const struct fore_table *table, uint64_t columns);
/* The other one of a pair, or FORE_PARTITION_NONE. */
uint32_t fore_topology_columns_sibling(const struct fore_topology *topology, uint32_t partition);
/*
 * `columns` go to a new sibling on `node`, with `share` of the bytes. RANGE: they are none, all, or
 * not the table's; no room. REFUSED: it is split by column already, is not of group 0, has
 * followers, or the node is on standby.
 */
FORE_MUST_USE enum fore_err fore_topology_columns_split(struct fore_topology *topology,
                                                        uint32_t partition, uint64_t columns,
                                                        double share, uint16_t node,
                                                        uint32_t *sibling);
/* The base takes its sibling's columns back. CONFLICT: they are no pair; REFUSED: followers. */
FORE_MUST_USE enum fore_err fore_topology_columns_merge(struct fore_topology *topology,
                                                        uint32_t base, uint32_t sibling);

#endif
