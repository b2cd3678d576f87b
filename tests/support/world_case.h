/*
 * world_case.h - one small world (world.h) for a file of tests, new in each of them, and the plan
 * that the planner makes for it. A file that wants more of the beginning calls begin() in its own.
 */
#ifndef TEST_WORLD_CASE_H
#define TEST_WORLD_CASE_H

#include "tests/support/world.h"

static struct world world;
static struct fore_plan plan;

static inline int begin(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

static inline void make_plan(void)
{
    fore_planner_plan(&world.input, &world.arena, &plan);
}

static inline void crowd_every_node(double cores)
{
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set(&world, p, 0, cores);
}

/* Node 0 needs 1.15 of its core; half of partition 0 elsewhere helps. */
static inline void ask_for_a_split(void)
{
    crowd_every_node(0.15);
    world_set(&world, 0, 0, 0.7);
    world_keys(&world, 0, 512, false);
    world.decide.replicas = false;
}

#endif
