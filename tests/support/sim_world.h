/*
 * sim_world.h - a simulated cluster without an engine, for tests that drive it by hand: options as
 * --set would give them, then windows one at a time.
 */
#ifndef TEST_SIM_WORLD_H
#define TEST_SIM_WORLD_H

#include <stdio.h>

#include "sim/driver.h"
#include "sim/faults.h"
#include "sim/fluid.h"
#include "sim/request.h"
#include "sim/run.h"
#include "workloads/config.h"

struct sim_world {
    struct fore_arena arena;
    struct sim_scenario scenario;
    struct wl_flow flow;
    struct wl_source source;
    struct sim_cluster cluster;
    struct sim_moves moves;
    struct sim_window window;
    struct sim_backend backend;
    struct sim_driver driver;
    bool ended;
};

static inline void sim_world_must(enum fore_err err, const struct fore_diag *diag)
{
    if (err == FORE_E_OK) return;
    (void)fprintf(stderr, "sim_world: %s\n", diag->text);
    FORE_ASSERT(err == FORE_E_OK);
}

/* Defaults, then `sets`, a NULL-ended list of "section.name=value". */
static inline void sim_world_scenario(struct sim_scenario *scenario, struct fore_arena *arena,
                                      const char *const *sets)
{
    struct fore_diag diag = {0};
    struct fore_option_binding binding[SIM_SECTION_MAX];
    *scenario = (struct sim_scenario){.path = "test", .name = "test"};
    size_t count = sim_scenario_bindings(scenario, binding), given = 0;
    while (sets[given] != NULL)
        given++;
    struct fore_strings list = {.item = sets, .count = given};
    sim_world_must(wl_config_load(NULL, &list, binding, count, arena, &diag), &diag);
    scenario->sim.window = scenario->engine.observe.window;
    if (scenario->experiment.act_from == 0)
        scenario->experiment.act_from = scenario->experiment.evaluate_from;
}

/* A whole run of such a scenario, with its engine. */
static inline struct sim_result sim_world_run(const char *policy, uint64_t seed,
                                              const char *const *sets,
                                              struct fore_journal_out journal)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    struct sim_result result;
    sim_world_scenario(&scenario, &arena, sets);
    struct sim_run_request request = {
        .scenario = &scenario, .policy = policy, .seed = seed, .journal = journal};
    sim_world_must(sim_run(&request, &result, &diag), &diag);
    fore_arena_fini(&arena);
    return result;
}

static inline void sim_world_open(struct sim_world *world, uint64_t seed, const char *const *sets)
{
    struct fore_diag diag = {0};
    *world = (struct sim_world){0};
    sim_world_scenario(&world->scenario, &world->arena, sets);
    const struct wl_options *workload = &world->scenario.workload;
    sim_world_must(wl_open_flow(workload, seed, &world->arena, &world->flow, &diag), &diag);
    sim_world_must(sim_cluster_build(&world->scenario, &world->flow, workload->span, seed,
                                     &world->arena, &world->cluster, &diag),
                   &diag);
    sim_moves_init(&world->moves, &world->cluster, seed, &world->arena);
    sim_window_init(&world->window, &world->cluster, &world->arena);
    if (world->scenario.sim.fidelity == SIM_FLUID) {
        struct sim_fluid_setup setup = {
            .cluster = &world->cluster, .moves = &world->moves, .flow = &world->flow, .seed = seed};
        world->backend = sim_fluid_create(&setup);
    } else {
        sim_world_must(wl_open_source(workload, seed, &world->arena, &world->source, &diag), &diag);
        struct sim_request_setup setup = {.cluster = &world->cluster,
                                          .moves = &world->moves,
                                          .source = &world->source,
                                          .seed = seed};
        world->backend = sim_request_create(&setup);
    }
    world->driver = (struct sim_driver){.cluster = &world->cluster, .moves = &world->moves};
}

/* One window, as sim_run does it; its sample is then at the driver's door. */
static inline const struct fore_sample *sim_world_step(struct sim_world *world)
{
    struct fore_diag diag = {0};
    fore_ns begin = world->driver.now, end = begin + world->cluster.window_ns;
    sim_moves_advance(&world->moves, begin, end);
    sim_window_open(&world->window, &world->cluster, begin, end);
    struct sim_backend backend = world->backend;
    sim_world_must(backend.ops->run(backend.self, &world->window, &world->ended, &diag), &diag);
    sim_window_close(&world->window, &world->cluster, &world->moves);
    world->driver.sample = &world->window.sample;
    world->driver.now = end;
    return &world->window.sample;
}

static inline void sim_world_close(struct sim_world *world)
{
    world->backend.ops->close(world->backend.self);
    sim_moves_fini(&world->moves);
    wl_source_close(&world->source);
    wl_flow_close(&world->flow);
    struct fore_arena arena = world->arena;
    fore_arena_fini(&arena);
}

#endif
