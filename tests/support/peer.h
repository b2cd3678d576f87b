/* peer.h - one policy asked about a small world, for the tests of the peers. */
#ifndef TEST_PEER_H
#define TEST_PEER_H

#include "tests/support/near.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;
static struct fore_plan plan;
static void *memory; /* the policy's, kept from call to call within a test */
static const char *of;

static int begin(void **state)
{
    (void)state;
    world_init(&world);
    world.input.term_count = 0;
    world.input.now = FORE_SEC;
    of = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

/* Asks; a second call with the same name is the same policy, some time later. */
static inline void propose(const char *name)
{
    const struct fore_policy *policy = fore_policy_find(name);
    assert_non_null(policy);
    if (of != name) memory = policy->begin(&world.topology, 1, &world.arena);
    of = name;
    world.view.policy = policy;
    policy->propose(&world.view, memory, &world.arena, &plan);
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_true(plan.move[i].move.partition < world.topology.partition_count);
}

static inline void wait_for(fore_ns time)
{
    world.input.now += time;
}

/* Every slot is free: a whole placement may be carried out at once. */
static inline void free_slots(void)
{
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        world.slots[n] = 16;
    world.input.cluster_slots = 64;
}

/* The plan is carried out, as the driver would. */
static inline void carry_out(void)
{
    for (uint32_t i = 0; i < plan.move_count; i++) {
        const struct fore_move *m = &plan.move[i].move;
        uint32_t right;
        if (m->kind == FORE_MOVE_MOVE)
            assert_int_equal(
                fore_topology_move(&world.topology, m->partition, m->source, m->target), FORE_E_OK);
        if (m->kind == FORE_MOVE_ADD_REPLICA)
            assert_int_equal(fore_topology_add_replica(&world.topology, m->partition, m->target),
                             FORE_E_OK);
        if (m->kind == FORE_MOVE_DROP_REPLICA)
            assert_int_equal(fore_topology_drop_replica(&world.topology, m->partition, m->source),
                             FORE_E_OK);
        if (m->kind == FORE_MOVE_SPLIT)
            assert_int_equal(fore_topology_split(&world.topology, m->partition, m->split_at,
                                                 m->split_right_share, &right),
                             FORE_E_OK);
    }
}

/* `count` windows of history: every partition with the load and the rates it has now. */
static inline void remember(uint32_t count)
{
    static float load[WORLD_CAP], requests[WORLD_CAP], writes[WORLD_CAP], bytes[WORLD_CAP];
    const float *const value[FORE_HIST_METRICS] = {load, requests, writes, bytes};
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        const struct fore_observe_partition *seen = &world.observe->partition[p];
        load[p] = (float)seen->load;
        requests[p] = (float)seen->requests_per_sec;
        writes[p] = (float)seen->writes_per_sec;
    }
    fore_ns step = world.observe_options.window;
    fore_ns at = fore_history_end(world.observe->history, 0);
    for (uint32_t i = 0; i < count; i++)
        fore_history_append(world.observe->history, at += step, value, WORLD_PARTITIONS);
    world.observe->windows += count;
}

#define PEER_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
