/*
 * heat_module.h - slots' heat from our own Redis module (module/main.c): exact, counted by the
 * server itself. Differences are taken per node, because every node counts what it was asked: a
 * slot that has changed hands since the last time gets what both have counted.
 */
#ifndef LIVE_HEAT_MODULE_H
#define LIVE_HEAT_MODULE_H

#include "live/module/counters.h"
#include "live/redis/cluster.h"

struct live_heat_module { /* on the heap when it is used */
    struct live_counters last[LIVE_SHARDS_MAX];
    char id[LIVE_SHARDS_MAX][LIVE_ID_LEN + 1]; /* whose counters those are; "": none */
    int8_t owner[FORE_SLOT_COUNT];             /* shard, at the last reading */
    struct live_counters now;
    struct live_counter grown[FORE_SLOT_COUNT]; /* since the reading before */
};

/* The node has loaded it, and it speaks as we do. */
bool live_heat_module_there(struct live_link *link);
/* Asks every primary; `grown` is then what came since the last time. A node that is new, or was
 * started anew, begins at nothing. */
void live_heat_module_read(struct live_heat_module *module, struct live_cluster *cluster);

#endif
