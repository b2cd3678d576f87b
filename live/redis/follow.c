/*
 * follow.c - see follow.h. Partitions under a ticket keep the owner the ticket began with; all
 * others have the owner their slots have, and are split where that changes.
 */
#include "live/redis/follow.h"

#include "live/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { PARTITIONS = 256, SIZES_EVERY_MS = 60000, FIRST_SIZES_MS = 3000, LOOK_EVERY_MS = 500 };

void live_driver_slots(const struct fore_partition *partition, uint32_t *first, uint32_t *last)
{
    *first = (uint32_t)(partition->first >> FORE_SLOT_SHIFT);
    *last = (uint32_t)(partition->last >> FORE_SLOT_SHIFT);
}

static void describe_node(struct live_driver *driver, uint32_t shard)
{
    struct fore_node *node = &driver->topology.node[shard];
    const struct live_instance *primary = live_cluster_primary(&driver->cluster, (uint16_t)shard);
    node->cores = 1; /* one thread executes commands */
    node->zone = (uint16_t)shard;
    node->up = primary != NULL;
    if (node->name[0] == '\0') (void)snprintf(node->name, sizeof node->name, "shard-%u", shard);
}

/* By what moves have been seen to take. */
static void describe_speed(struct live_driver *driver)
{
    double told = driver->options.bandwidth_bytes;
    double rate = live_speed_rate(&driver->speed, told > 0 ? told : 40e6, live_clock_ms());
    for (uint32_t s = 0; s < driver->topology.node_count; s++)
        driver->topology.node[s].bandwidth_bytes = rate;
}

/* Equal widths, and a cut wherever the owner changes. */
static uint32_t next_cut(const struct live_driver *driver, uint32_t first, uint32_t count)
{
    uint32_t slot = first + 1;
    int owner = live_cluster_shard_of(&driver->cluster, (uint16_t)first);
    while (slot < FORE_SLOT_COUNT &&
           slot * count / FORE_SLOT_COUNT == first * count / FORE_SLOT_COUNT &&
           live_cluster_shard_of(&driver->cluster, (uint16_t)slot) == owner)
        slot++;
    return slot;
}

static struct fore_partition partition_of(const struct live_driver *driver, uint32_t first,
                                          uint32_t end)
{
    uint64_t last = end == FORE_SLOT_COUNT ? UINT64_MAX : end * LIVE_SLOT_WIDTH - 1;
    return (struct fore_partition){
        .first = first * LIVE_SLOT_WIDTH,
        .last = last,
        .replica_count = 1,
        .replica = {(uint16_t)live_cluster_shard_of(&driver->cluster, (uint16_t)first)}};
}

/* ---- following ---------------------------------------------------------------------------- */

static bool moving(const struct live_driver *driver, uint32_t first, uint32_t last)
{
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++) {
        const struct live_move *move = &driver->mover.move[i];
        if (move->phase != LIVE_MOVE_FREE && move->phase != LIVE_MOVE_FINISHED &&
            move->first <= last && first <= move->last)
            return true;
    }
    return false;
}

/* The partition as far as its first slot's owner goes; what is behind becomes one of its own. */
static void follow_partition(struct live_driver *driver, uint32_t at)
{
    struct fore_topology *t = &driver->topology;
    uint32_t first, last, slot;
    live_driver_slots(&t->partition[at], &first, &last);
    if (moving(driver, first, last)) return;
    int owner = live_cluster_shard_of(&driver->cluster, (uint16_t)first);
    if (owner < 0 || owner >= (int)t->node_count) return;
    for (slot = first + 1; slot <= last; slot++)
        if (live_cluster_shard_of(&driver->cluster, (uint16_t)slot) != owner) break;
    if (slot <= last) {
        double share = (double)(last - slot + 1) / (double)(last - first + 1);
        if (fore_topology_split(t, at, slot * LIVE_SLOT_WIDTH, share, NULL) != FORE_E_OK) return;
    }
    uint16_t before = t->partition[at].replica[0];
    if (before == owner) return;
    if (fore_topology_move(t, at, before, (uint16_t)owner) != FORE_E_OK) return;
}

static void look(struct live_driver *driver)
{
    uint64_t now = live_clock_ms();
    if (now < driver->mover.refreshed_ms + LOOK_EVERY_MS) return;
    live_mover_pass_on(&driver->mover);
    if (live_cluster_refresh(&driver->cluster, NULL) == FORE_E_OK) driver->mover.refreshed_ms = now;
}

/* A split may take an index that was passed already: again, until nothing changes. */
static void follow_all(struct live_driver *driver)
{
    uint64_t epoch;
    do {
        epoch = driver->topology.epoch;
        for (uint32_t i = 0; i < driver->topology.partition_count; i++)
            if (driver->topology.partition[i].alive) follow_partition(driver, i);
    } while (driver->topology.epoch != epoch);
}

void live_follow(struct live_driver *driver)
{
    look(driver);
    if (live_clock_ms() >= driver->size_due_ms) live_follow_sizes(driver);
    describe_speed(driver);
    if (driver->followed == driver->cluster.changes) return;
    driver->followed = driver->cluster.changes;
    for (uint32_t s = 0; s < driver->topology.node_count; s++)
        describe_node(driver, s);
    follow_all(driver);
    if (live_follow_lineage(driver) != FORE_E_OK) driver->followed = 0; /* again, next time */
}

enum fore_err live_follow_lineage(struct live_driver *driver)
{
    const struct live_cluster *cluster = &driver->cluster;
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        const struct live_instance *instance = &cluster->instance[i];
        if (instance->shard < 0 || driver->lineage[i] == instance->shard) continue;
        FORE_TRY(live_journal_remember(driver->journal, instance->id, (uint16_t)instance->shard));
        driver->lineage[i] = instance->shard;
    }
    return FORE_E_OK;
}

/* Of maxmemory what is not its partitions' data already is lost to them: buffers, fragments, what
 * sizes were estimated too low by. As rarely as sizes: every change of the topology is kept. */
static void describe_room(struct live_driver *driver)
{
    struct fore_topology *t = &driver->topology;
    for (uint32_t s = 0; s < t->node_count; s++) {
        const struct live_heat_node *heat = &driver->heat.node[s];
        uint64_t data = 0;
        t->node[s].data_bytes_max = 0;
        if (!heat->known || heat->memory_max == 0) continue;
        for (uint32_t i = 0; i < t->partition_count; i++)
            if (t->partition[i].alive && t->partition[i].replica[0] == s)
                data += t->partition[i].bytes;
        uint64_t other = heat->memory_bytes > data ? heat->memory_bytes - data : 0;
        t->node[s].data_bytes_max = heat->memory_max > other ? heat->memory_max - other : 1;
    }
}

void live_follow_sizes(struct live_driver *driver)
{
    struct fore_topology *t = &driver->topology;
    driver->size_due_ms = live_clock_ms() + SIZES_EVERY_MS;
    if (live_heat_sizes(&driver->heat) != FORE_E_OK) return;
    for (uint32_t i = 0; i < t->partition_count; i++) {
        uint32_t first, last;
        if (!t->partition[i].alive) continue;
        live_driver_slots(&t->partition[i], &first, &last);
        t->partition[i].bytes = live_heat_bytes(&driver->heat, first, last);
    }
    if (!driver->heat.node[0].known) driver->size_due_ms = live_clock_ms() + FIRST_SIZES_MS;
    describe_room(driver);
}

/* ---- the beginning ------------------------------------------------------------------------- */

/* Before the first partition: nodes, and room for `cap` of them. */
static void begin_topology(struct live_driver *driver, uint32_t cap)
{
    fore_topology_init(&driver->topology, &driver->arena, driver->cluster.shard_count, 1, cap);
    driver->topology.table[0] = (struct fore_table){.name = "keyspace", .last = UINT64_MAX};
    for (uint32_t s = 0; s < driver->cluster.shard_count; s++)
        describe_node(driver, s);
    describe_speed(driver);
}

static enum fore_err no_shard(uint32_t slot, struct fore_diag *diag)
{
    return fore_err_set(diag, FORE_E_CONFLICT, "cluster: slot %u belongs to no shard", slot);
}

static enum fore_err cut_anew(struct live_driver *driver, uint32_t count, struct fore_diag *diag)
{
    uint32_t cap = driver->options.partition_cap, cuts = 0;
    for (uint32_t first = 0; first < FORE_SLOT_COUNT; first = next_cut(driver, first, count))
        cuts++;
    if (cap < cuts) cap = cuts * 2 + 64;
    begin_topology(driver, cap);
    for (uint32_t first = 0; first < FORE_SLOT_COUNT;) {
        uint32_t end = next_cut(driver, first, count);
        struct fore_partition p = partition_of(driver, first, end);
        if (live_cluster_shard_of(&driver->cluster, (uint16_t)first) < 0)
            return no_shard(first, diag);
        FORE_TRY(fore_topology_add(&driver->topology, &p, NULL));
        first = end;
    }
    return FORE_E_OK;
}

/* Indexes stay what they were: histories and forecasts are kept by them. */
static enum fore_err cut_as_kept(struct live_driver *driver, struct fore_diag *diag)
{
    struct fore_topology *t = &driver->topology;
    begin_topology(driver, driver->options.partition_cap);
    for (uint32_t i = 0; i < driver->options.cut_count; i++) {
        const struct live_cut *cut = &driver->options.cut[i];
        FORE_ASSERT(cut->index < t->partition_cap);
        if (live_cluster_shard_of(&driver->cluster, cut->first) < 0)
            return no_shard(cut->first, diag);
        t->partition[cut->index] = partition_of(driver, cut->first, cut->last + 1u);
        t->partition[cut->index].alive = true;
        t->partition_count = cut->index + 1;
        t->alive_count++;
    }
    return FORE_E_OK;
}

enum fore_err live_follow_begin(struct live_driver *driver, struct fore_diag *diag)
{
    const struct live_cluster *cluster = &driver->cluster;
    uint32_t count = driver->options.partitions != 0 ? driver->options.partitions : PARTITIONS;
    bool kept = driver->options.cut_count > 0;
    if (count > FORE_SLOT_COUNT)
        return fore_err_set(diag, FORE_E_RANGE, "cluster: more partitions than slots");
    if (cluster->unowned > 0)
        return fore_err_set(diag, FORE_E_CONFLICT,
                            "cluster: %u slots have no owner; give them one first",
                            cluster->unowned);
    FORE_TRY(kept ? cut_as_kept(driver, diag) : cut_anew(driver, count, diag));
    driver->followed = cluster->changes;
    FORE_TRY(fore_topology_check(&driver->topology, diag));
    if (kept) follow_all(driver);
    return FORE_E_OK;
}
