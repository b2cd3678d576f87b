/*
 * demand.h - what is asked of a node that serves all it can, from what it serves.
 *
 * A full node hides its load: served work stops at capacity, so the more is asked, the more is
 * hidden, and what is learned of a peak is too little (a censored observation; Tobin, 1958). But a
 * queue treats all alike: of what is asked, everybody gets the same share. So the quiet many tell
 * it. Partitions that carry little each have, together, a load that was known before the node
 * filled; what they are served now, over what they asked for then, is the share that the node
 * serves, and 1 over it the lift from served to asked. Those that have grown themselves are left
 * out. It is at least 1 (if the many ask more, too, it is still a lower bound, as served work is),
 * and 1 where the node is not full, or has too few quiet partitions to tell.
 *
 * A node that works a backlog off serves more than it is asked for, and what waited counts twice:
 * when it was asked for and when it is served. `once` keeps account of it. What arrives is what is
 * served and what the queue grows by (conservation of flow); the queue grows by what is lifted, and
 * where the quiet many are served more than they ask for, so much less is asked, until all that had
 * waited is taken off. A node with room has no queue. The account is of the estimate itself, for
 * servers do not tell what waits in their clients' connections; clients that wait for each answer
 * leave no queue behind, and what is written down for them is dropped when the node has room, or
 * after a minute's worth. Where the queue is one line, first in, first out, what is served first of
 * the backlog still looks as it did when it arrived: that part cannot be told from its serving.
 */
#ifndef FORE_DEMAND_H
#define FORE_DEMAND_H

#include "core/cluster/sample.h"
#include "core/cluster/topology.h"

struct fore_demand;

struct fore_demand *fore_demand_create(uint32_t partition_cap, uint32_t node_count, bool once);
void fore_demand_destroy(struct fore_demand *demand);
size_t fore_demand_bytes(const struct fore_demand *demand);
/* Takes a window in. */
void fore_demand_push(struct fore_demand *demand, const struct fore_sample *sample,
                      const struct fore_topology *topology);
/* Asked over served at the partition's owner in the window taken in last; >= 1 unless `once`. */
double fore_demand_lift(const struct fore_demand *demand, const struct fore_topology *topology,
                        uint32_t partition);

#endif
