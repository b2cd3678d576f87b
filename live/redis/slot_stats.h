/*
 * slot_stats.h - CLUSTER SLOT-STATS, where a server has it (Valkey 8.0, Redis 8.2): CPU time and
 * network bytes by slot, counted by the server itself, if `cluster-slot-stats-enabled` is yes.
 */
#ifndef LIVE_SLOT_STATS_H
#define LIVE_SLOT_STATS_H

#include "core/cluster/placement.h"
#include "live/redis/link.h"

/* Has it, and counts CPU time. */
bool live_slot_stats_there(struct live_link *link);
/* cpu-usec of every slot that the node owns goes into `cpu_us`; others are left alone. FORMAT when
 * the reply is not what the documents say. */
FORE_MUST_USE enum fore_err live_slot_stats_read(struct live_link *link,
                                                 uint64_t cpu_us[FORE_SLOT_COUNT]);

#endif
