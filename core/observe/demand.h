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
 */
#ifndef FORE_DEMAND_H
#define FORE_DEMAND_H

#include "core/cluster/sample.h"
#include "core/cluster/topology.h"

struct fore_demand;

struct fore_demand *fore_demand_create(uint32_t partition_cap, uint32_t node_count);
void fore_demand_destroy(struct fore_demand *demand);
size_t fore_demand_bytes(const struct fore_demand *demand);
/* Takes a window in. */
void fore_demand_push(struct fore_demand *demand, const struct fore_sample *sample,
                      const struct fore_topology *topology);
/* Asked over served at the partition's owner, >= 1, in the window taken in last. */
double fore_demand_lift(const struct fore_demand *demand, const struct fore_topology *topology,
                        uint32_t partition);

#endif
