/* follow.h - how the driver's topology is made from the cluster, and follows what befalls it. */
#ifndef LIVE_FOLLOW_H
#define LIVE_FOLLOW_H

#include "live/redis/driver.h"

#define LIVE_SLOT_WIDTH (UINT64_C(1) << FORE_SLOT_SHIFT) /* positions in a slot */

/* Nodes and partitions as they are now. CONFLICT: slots without an owner. */
FORE_MUST_USE enum fore_err live_follow_begin(struct live_driver *driver, struct fore_diag *diag);
/* Owners and failures that have changed since; keeps the lineage on disk up to date. */
void live_follow(struct live_driver *driver);
/* Writes down which instance belongs to which shard, where that is news. IO, REFUSED. */
FORE_MUST_USE enum fore_err live_follow_lineage(struct live_driver *driver);
/* Counts keys and weighs some, so that partitions have sizes. */
void live_follow_sizes(struct live_driver *driver);

#endif
