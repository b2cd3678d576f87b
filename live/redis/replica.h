/*
 * replica.h - replicas of a shard, added and dropped. Redis replicates whole shards, so this is not
 * the engine's ADD_REPLICA of a partition; it is what an operator, or a policy of shards, asks for.
 *
 * Adding takes an instance that holds nothing: an empty primary without slots. It copies all of the
 * shard (the primary forks; 11 s for 120 MB were measured), so one at a time. Reads may go to it
 * (READONLY) once live_replica_ready() says so. Dropping makes it an empty primary again, known to
 * the cluster, with a lineage of its own.
 */
#ifndef LIVE_REPLICA_H
#define LIVE_REPLICA_H

#include "live/redis/cluster.h"

/* CONFLICT: the instance holds slots or keys, is a replica, or another copy is under way; RANGE: no
 * such instance or shard; REFUSED: the cluster is not healthy. Returns at once; then poll. */
FORE_MUST_USE enum fore_err live_replica_add(struct live_cluster *cluster, const char *id,
                                             uint16_t shard, struct fore_diag *diag);
/* OK: it has caught up; AGAIN: not yet. After a refresh. */
FORE_MUST_USE enum fore_err live_replica_ready(struct live_cluster *cluster, const char *id);
/* REFUSED: it is the last one in sync of its shard and `keep_one`; CONFLICT: it is no replica. */
FORE_MUST_USE enum fore_err live_replica_drop(struct live_cluster *cluster, const char *id,
                                              bool keep_one, struct fore_diag *diag);

#endif
