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

#endif
