#include "tests/support/world.h"

#include <stdio.h>
#include <string.h>

static void build_topology(struct world *world)
{
    struct fore_topology *t = &world->topology;
    fore_topology_init(t, &world->arena, WORLD_NODES, 1, WORLD_CAP);
    t->node_count = WORLD_NODES;
    t->table_count = 1;
    t->table[0] =
        (struct fore_table){.name = "t", .first = 0, .last = UINT64_MAX, .column_groups = 1};
    for (uint32_t n = 0; n < WORLD_NODES; n++) {
        t->node[n] =
            (struct fore_node){.cores = 1, .bandwidth_bytes = (double)(1 << 30) / 900, .up = true};
        (void)snprintf(t->node[n].name, sizeof t->node[n].name, "node-%02u", n);
    }
    uint64_t width = UINT64_MAX / WORLD_PARTITIONS;
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        struct fore_partition part = {.first = p * width + (p > 0),
                                      .last =
                                          p + 1 == WORLD_PARTITIONS ? UINT64_MAX : (p + 1) * width,
                                      .bytes = 1 << 30,
                                      .replica_count = 1,
                                      .replica = {(uint16_t)(p / 4)},
                                      .alive = true};
        uint32_t index;
        FORE_ASSERT(fore_topology_add(t, &part, &index) == FORE_E_OK && index == p);
        world->baseline_replicas[p] = 1;
    }
    FORE_ASSERT(fore_topology_check(t, NULL) == FORE_E_OK);
}

static struct fore_scenario scenario(struct world *world, const char *model, const float *mean)
{
    return (struct fore_scenario){.model = model,
                                  .step = 300 * FORE_SEC,
                                  .steps = WORLD_STEPS,
                                  .partition_count = WORLD_PARTITIONS,
                                  .mean = mean,
                                  .common = world->common,
                                  .own = world->own,
                                  .ready = true};
}

void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    fore_arena_init(&world->arena);
    build_topology(world);
    fore_option_defaults(
        (struct fore_option_binding){&fore_observe_section, &world->observe_options},
        &world->arena);
    fore_option_defaults((struct fore_option_binding){&fore_decide_section, &world->decide},
                         &world->arena);
    struct fore_option_binding binding[FORE_POLICY_SECTIONS];
    for (size_t i = fore_policy_bindings(&world->policy, binding); i > 0; i--)
        fore_option_defaults(binding[i - 1], &world->arena);
    world->observe = fore_observe_create(&world->observe_options, &world->topology, 1);
    for (size_t i = 0; i < WORLD_CAP * WORLD_STEPS; i++)
        world->own[i] = 0.005f;
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set(world, p, 0, 0.125);
    world->forecast = scenario(world, "hand-made", world->forecast_mean);
    world->nowcast = scenario(world, "naive", world->nowcast_mean);
    memset(world->slots, 1, sizeof world->slots);
    world->input = (struct fore_planner_input){
        .options = &world->decide,
        .topology = &world->topology,
        .observe = world->observe,
        .term = {{.scenario = &world->forecast, .weight = 1}},
        .term_count = 1,
        .node_slots = world->slots,
        .cluster_slots = WORLD_NODES,
        .partition_busy = world->busy,
        .partition_split_rest = world->rest,
        .baseline_partitions = WORLD_PARTITIONS,
        .baseline_replicas = world->baseline_replicas,
        .move_utilization = 0.07,
        .bytes_mean = 1 << 30,
        .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA,
    };
    world->view = (struct fore_policy_view){.planner = &world->input,
                                            .options = &world->policy,
                                            .forecast = &world->forecast,
                                            .nowcast = &world->nowcast,
                                            .partition_moved_at = world->moved_at,
                                            .skill = 0.5};
}

void world_fini(struct world *world)
{
    fore_observe_destroy(world->observe);
    fore_arena_fini(&world->arena);
}

void world_set_forecast(struct world *world, uint32_t partition, size_t from, double cores)
{
    for (size_t h = from; h < WORLD_STEPS; h++)
        world->forecast_mean[partition * WORLD_STEPS + h] = (float)cores;
}

void world_set_nowcast(struct world *world, uint32_t partition, double cores)
{
    for (size_t h = 0; h < WORLD_STEPS; h++)
        world->nowcast_mean[partition * WORLD_STEPS + h] = (float)cores;
    struct fore_observe *observe = world->observe;
    observe->partition[partition].load = cores;
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        observe->node[n].utilization = 0;
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        observe->node[world->topology.partition[p].replica[0]].utilization +=
            observe->partition[p].load;
}

void world_set(struct world *world, uint32_t partition, size_t from, double cores)
{
    world_set_forecast(world, partition, from, cores);
    world_set_nowcast(world, partition, cores);
}

void world_keys(struct world *world, uint32_t partition, uint32_t count, bool single)
{
    const struct fore_partition *p = &world->topology.partition[partition];
    uint64_t width = (p->last - p->first) / count;
    for (uint32_t i = 0; i < count; i++)
        fore_keyrange_add(world->observe->key_ranges, FORE_SEC, partition,
                          single ? p->first + 7 : p->first + i * width, 1);
}

void world_want_swap(struct world *world)
{
    static const double node0[] = {0.32, 0.28, 0.15, 0.15}, node1[] = {0.25, 0.25, 0.15, 0.10};
    for (uint32_t p = 8; p < WORLD_PARTITIONS; p++)
        world_set_forecast(world, p, 0, 0.2);
    for (uint32_t i = 0; i < 4; i++) {
        world_set_forecast(world, i, 0, node0[i]);
        world_set_forecast(world, 4 + i, 0, node1[i]);
    }
    world->decide.excess_weight = 2; /* the copies take the nodes deeper for a while */
    world->decide.splits = world->decide.replicas = false;
}
