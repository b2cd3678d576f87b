/*
 * fleet_case.h - a fleet (core/forecast/fleet.h) over twelve "days" of eight hours in steps of ten
 * minutes, for tests that play series to it: a day is short so that two hours are a lot.
 */
#ifndef TEST_FLEET_CASE_H
#define TEST_FLEET_CASE_H

#include "core/forecast/fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 64, DAY = 48, STEPS = 12, POINTS = 12 * DAY };
static const fore_ns step = 600 * FORE_SEC;
static struct fore_partition parts[CAP];
static struct fore_topology topology = {.partition = parts, .partition_cap = CAP};
static struct fore_observe_partition seen[CAP];
static struct fore_observe observe = {.partition = seen, .partition_cap = CAP};
static struct fore_arena scratch;
static struct fore_fleet *fleet; /* of the test's making */
static fore_ns now;

/* So many partitions are there. */
static inline void grow(uint32_t count)
{
    topology.partition_count = count;
    for (uint32_t i = 0; i < count; i++)
        parts[i].alive = true;
}

static inline int begin(void **state)
{
    (void)state;
    const struct fore_history_shape shape = {
        .step = {step, step,   3600 * FORE_SEC},
          .length = {4,    POINTS, 4              }
    };
    observe.options.window = step;
    observe.history = fore_history_create(&shape, CAP);
    memset(parts, 0, sizeof parts);
    memset(seen, 0, sizeof seen);
    grow(0);
    now = 0;
    fleet = NULL;
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    fore_fleet_destroy(fleet);
    fore_history_destroy(observe.history);
    fore_arena_fini(&scratch);
    return 0;
}

/* One step of every partition's load, without asking the fleet. */
static inline void append(const float *load)
{
    const float *const value[] = {load, load, load, load};
    now += step;
    fore_history_append(observe.history, now, value, topology.partition_count);
    for (uint32_t i = 0; i < topology.partition_count; i++)
        seen[i].load = (double)load[i];
}

/* One step, and what the fleet makes of it. */
static inline void push(const float *load)
{
    append(load);
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    fore_arena_fini(&scratch);
}

#endif
