/*
 * world.h - a small cluster and hand-made scenarios, for tests of decide/ and policy/: every load
 * is written down, nothing is learned.
 */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include "core/decide/planner.h"
#include "core/policy/policy.h"

enum { WORLD_NODES = 4, WORLD_PARTITIONS = 16, WORLD_STEPS = 12, WORLD_CAP = 32 };

struct world {
    struct fore_arena arena;
    struct fore_topology topology; /* partition p on node p / 4, 1 GiB each */
    struct fore_observe *observe;
    struct fore_observe_options observe_options;
    struct fore_decide_options decide;
    struct fore_policy_options policy;
    float forecast_mean[WORLD_CAP * WORLD_STEPS], nowcast_mean[WORLD_CAP * WORLD_STEPS];
    float own[WORLD_CAP * WORLD_STEPS], common[WORLD_CAP * WORLD_STEPS];
    struct fore_scenario forecast, nowcast; /* 5-minute steps from 0 */
    uint8_t slots[WORLD_NODES];
    bool busy[WORLD_CAP], rest[WORLD_CAP];
    uint16_t baseline_replicas[WORLD_CAP];
    fore_ns moved_at[WORLD_CAP];
    struct fore_planner_input input; /* terms: forecast, weight 1 */
    struct fore_policy_view view;
};

/* Every partition brings 0.125 cores (half a node's core in all) with sd 0.005; a move of 1 GiB
 * takes 900 s. */
void world_init(struct world *world);
void world_fini(struct world *world);
/* Both scenarios' mean from step `from` on. */
void world_set(struct world *world, uint32_t partition, size_t from, double cores);
void world_set_forecast(struct world *world, uint32_t partition, size_t from, double cores);
void world_set_nowcast(struct world *world, uint32_t partition, double cores);
/* Fills a partition's key-range sketch with `count` evenly spread positions (or one position). */
void world_keys(struct world *world, uint32_t partition, uint32_t count, bool single);
/* Node 0 has too much where the forecast is believed, nodes 2 and 3 have no room, and something
 * smaller has to come back from node 1 for what goes there; nothing is split or copied. */
void world_want_swap(struct world *world);

#endif
