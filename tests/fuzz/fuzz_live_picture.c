/*
 * fuzz_live_picture.c - any bytes as what all instances of a cluster answer: the picture made of
 * it, what is asked of single instances by it, and the heat of slots counted on it. Whatever they
 * say, indexes stay inside and what adds up adds up.
 */
#include "live/redis/heat.h"
#include "live/redis/renew.h"
#include "live/redis/replica.h"
#include "tests/fuzz/far_end.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTITIONS = 4, ROUNDS = 3 };

static struct live_cluster cluster;
static struct fore_topology topology;
static struct fore_arena arena;

static void cut_evenly(void)
{
    fore_topology_init(&topology, &arena, LIVE_SHARDS_MAX, 1, PARTITIONS);
    for (uint64_t i = 0; i < PARTITIONS; i++) {
        uint64_t width = FORE_SLOT_COUNT / PARTITIONS;
        topology.partition[i].first = i * width << FORE_SLOT_SHIFT;
        topology.partition[i].last = (((i + 1) * width) << FORE_SLOT_SHIFT) - 1;
        topology.partition[i].alive = true;
    }
    topology.partition_count = topology.alive_count = PARTITIONS;
}

static void look(void)
{
    FORE_ASSERT(cluster.instance_count <= LIVE_NODES_MAX && cluster.shard_count <= LIVE_SHARDS_MAX);
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        FORE_ASSERT(cluster.owner[slot] < (int)cluster.instance_count);
        FORE_ASSERT(live_cluster_shard_of(&cluster, (uint16_t)slot) < (int)cluster.shard_count);
    }
    (void)live_cluster_healthy(&cluster);
}

static void act(void)
{
    struct live_renewal renewal = {.begun = false};
    const struct live_renew_range range = {.first = 5, .last = 9, .from = 0, .to = 1};
    enum fore_err err = FORE_E_AGAIN;
    for (int i = 0; i < 4 && err == FORE_E_AGAIN && cluster.shard_count > 1; i++)
        err = live_renew(&cluster, &range, &renewal, NULL);
    if (cluster.instance_count == 0) return;
    const char *id = cluster.instance[cluster.instance_count - 1].id;
    err = live_replica_add(&cluster, id, 0, NULL);
    err = live_replica_ready(&cluster, id);
    err = live_replica_drop(&cluster, id, true, NULL);
    if (cluster.shard_count > 0) live_cluster_now_owns(&cluster, 5, 0);
}

static void warm(void)
{
    static struct live_heat heat;
    static const struct live_heat_options options = {.duty = 0.05, .seed = 1};
    struct fore_arena_mark mark = fore_arena_mark(&arena);
    struct fore_sample sample;
    live_heat_init(&heat, &cluster, &options, &arena, PARTITIONS);
    for (fore_ns round = 1; round <= ROUNDS; round++) {
        live_heat_tick(&heat);
        (void)live_heat_window(&heat, &topology, round * FORE_SEC, (round + 1) * FORE_SEC, 0,
                               &sample);
        FORE_ASSERT(sample.partition_count == PARTITIONS);
        for (uint32_t n = 0; n < sample.node_count; n++)
            FORE_ASSERT(isfinite(sample.node[n].utilization) && sample.node[n].utilization >= 0);
    }
    enum fore_err err = live_heat_sizes(&heat);
    (void)err;
    (void)live_heat_sure(&heat, 0, FORE_SLOT_COUNT - 1);
    live_heat_fini(&heat);
    fore_arena_reset(&arena, mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct live_address seed = {.host = "far.end", .port = 7000};
    static const struct live_access access_free = {.timeout_ms = 100};
    if (topology.partition == NULL) cut_evenly();
    far_end_says(data, size);
    uint8_t way = far_end_byte();
    if (live_cluster_open(&cluster, &access_free, &seed, 1, NULL) == FORE_E_OK &&
        live_cluster_refresh(&cluster, NULL) == FORE_E_OK) {
        look();
        if (way & 1) warm();
        if (way & 2) act();
        if (live_cluster_refresh(&cluster, NULL) == FORE_E_OK) look();
    }
    live_cluster_close(&cluster);
    return 0;
}
