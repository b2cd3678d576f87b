/* wide_world.h - a planner's world (world.h) whose rows have eight columns, six narrow and two
 * wide. */
#ifndef TESTS_WIDE_WORLD_H
#define TESTS_WIDE_WORLD_H

#include "tests/support/world.h"

static struct world world;
static fore_ns now;

enum { NARROW = 0x3f, WIDE = 0xc0, ALL = 0xff };

static inline void see(uint32_t partition, uint64_t columns, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        fore_columns_add(world.observe->columns, now, partition, columns, 10);
}

static inline int begin(void **state)
{
    world_init(&world);
    struct fore_table *table = &world.topology.table[0];
    table->columns = 8;
    for (uint32_t c = 0; c < 8; c++)
        table->column_bytes[c] = c < 6 ? 10 : 1000; /* 2,068 with the key; the narrow ones 68 */
    fore_observe_destroy(world.observe);
    world.observe_options.column_half_life = 0;
    world.observe = fore_observe_create(&world.observe_options, &world.topology, 1);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world.observe->partition[p].load = 0.125;
    world.input.observe = world.observe;
    world.input.caps |= FORE_CAP_VERTICAL;
    world.input.partition_columns_rest = NULL;
    world.input.calm = false;
    world.decide.byte_cost = 0.6;
    now = FORE_SEC;
    return 0;
}

static inline int end(void **state)
{
    world_fini(&world);
    return 0;
}

#endif
