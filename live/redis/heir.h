/*
 * heir.h - a replica that takes its dead primary's place is told at once what was being given away.
 *
 * Redis 7 keeps MIGRATING and IMPORTING in the node that was told, and replicates neither. The heir
 * of a source therefore answers for every key of a slot in work, and nil for those that have
 * travelled, from the instant of its promotion until somebody tells it MIGRATING; then it sends
 * clients on with ASK, and the target, which is still taking in (it does not matter from whom),
 * serves them. (The heir of a target does no such harm: the source sends clients to the dead one,
 * which is an error to them and never nil.) A replica takes no SETSLOT before, so it cannot be told
 * in advance: what is left is to look often. While a source with slots in work is not heard of, its
 * replicas are asked for their role every millisecond, and the one that is the primary is told of
 * all slots in work in one pipeline; everything else may wait for the next picture of the cluster.
 * Nor is the silent one waited for, suspected or not: a stopped node takes connections, and each
 * look at the cluster would hang on it just when its heir is elected (measured: nil for 530 ms in
 * the median, and 79 where the node was killed; and now and then for 440 while whoever had not been
 * suspected yet still had its second; see live_heir.c).
 */
#ifndef LIVE_HEIR_H
#define LIVE_HEIR_H

#include "live/redis/group.h"

struct live_heir { /* zeroed: nothing is amiss */
    uint64_t looked_ms;
    uint64_t since_ms; /* the source has not been heard of since; 0: it has */
};

/* The replica that has become the primary of a shard whose primary, by the last picture or by our
 * link to it, is not there; NULL: there is none. Asks not more often than every millisecond. */
struct live_instance *live_heir_find(struct live_heir *heir, struct live_cluster *cluster,
                                     uint16_t shard, uint32_t node_timeout_ms);
/* It gives away what is in work and not the target's yet, nor a mere copy there (mark.h); what it
 * does not own it refuses, and that is no error. UNREACHABLE: the target has no primary to name, or
 * the link broke. */
FORE_MUST_USE enum fore_err live_heir_tell(const struct live_group *group,
                                           struct live_instance *heir);
/* The same where a picture of the cluster has found the heir first: its primary is told of the
 * slots that are hidden (slot.h). How many. To be called before the group is settled, slot by slot.
 */
uint32_t live_heir_uncover(const struct live_group *group);

#endif
