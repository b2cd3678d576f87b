/* How many nodes our own planner asks for where they come and go: what is far ahead is counted on
 * the forecast alone, and a shortage that nodes will end is not fought with moves. */
#include "tests/support/near.h"
#include "tests/support/world.h"

#include "core/policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct fore_plan plan;
static const struct fore_policy *policy;
static void *memory;

static int begin(void **state)
{
    world_init(&world);
    world.input.caps |= FORE_CAP_NODES;
    world.decide.skill_weight = false;
    world.decide.node_price = 10 * FORE_SEC;
    for (uint32_t n = 0; n < WORLD_NODES; n++) /* a node is filled in six minutes, not in an hour */
        world.topology.node[n].bandwidth_bytes *= 10;
    policy = fore_policy_find("predictive");
    assert_non_null(policy);
    memory = policy->begin(&world.topology, 1, &world.arena);
    world.view.policy = policy;
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

/* Plans `times` times; true: some plan began to take a node out of use, or to empty one. */
static bool gives_up_a_node(int times)
{
    for (int i = 0; i < times; i++) {
        policy->propose(&world.view, memory, &world.arena, &plan);
        for (uint32_t k = 0; k < plan.move_count; k++) {
            enum fore_move_kind kind = plan.move[k].move.kind;
            if (kind == FORE_MOVE_REMOVE_NODE || kind == FORE_MOVE_MOVE) return true;
        }
    }
    return false;
}

static void load_all(double cores, size_t from)
{
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set_forecast(&world, p, from, cores);
}

/* Nobody knows where the present will stray to in an hour: its spread must not hold nodes. */
static void how_far_the_present_may_stray_holds_no_nodes(void **state)
{
    static float wide[WORLD_CAP * WORLD_STEPS];
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        world_set_nowcast(&world, p, 0.1);
        for (size_t h = 0; h < WORLD_STEPS; h++) /* its common error: a core at the end */
            wide[p * WORLD_STEPS + h] = h < 6 ? 0.002f : 0.15f;
    }
    world.nowcast.common = wide;
    load_all(0.1, 0); /* 1.6 cores of 4: three nodes are enough */
    assert_true(gives_up_a_node(8));
}

/* While the present may still stray before a node could be filled, it is kept: that is what the
 * present is asked for. */
static void what_could_come_before_a_node_is_filled_holds_it(void **state)
{
    static float wide[WORLD_CAP * WORLD_STEPS];
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        world_set_nowcast(&world, p, 0.1);
        for (size_t h = 0; h < WORLD_STEPS; h++)
            wide[p * WORLD_STEPS + h] = 0.15f;
    }
    world.nowcast.common = wide;
    load_all(0.1, 0);
    assert_false(gives_up_a_node(8));
}

/* Three of four nodes in use, all partitions on them. */
static void put_node_3_aside(void)
{
    for (uint32_t p = 12; p < WORLD_PARTITIONS; p++)
        assert_int_equal(fore_topology_move(&world.topology, p, 3, (uint16_t)(p % 3)), FORE_E_OK);
    assert_int_equal(fore_topology_set_standby(&world.topology, 3, true), FORE_E_OK);
    world.slots[3] = 0;
}

static uint32_t nodes_added(void)
{
    uint32_t count = 0;
    policy->propose(&world.view, memory, &world.arena, &plan);
    for (uint32_t k = 0; k < plan.move_count; k++)
        count += plan.move[k].move.kind == FORE_MOVE_ADD_NODE;
    return count;
}

static void a_shortage_that_a_node_will_end_is_not_fought_with_moves(void **state)
{
    put_node_3_aside();
    world.decide.nowcast_weight = 0;
    load_all(0.1, 0);
    world_set_forecast(&world, 0, 8, 0.3); /* node 0 first: a move would relieve it, for a while */
    (void)nodes_added();
    assert_true(plan.move_count > 0);
    load_all(0.17, 8); /* forty minutes ahead: more than three nodes can carry */
    world_set_forecast(&world, 0, 8, 0.3);
    assert_int_equal(nodes_added(), 0);
    assert_int_equal(plan.move_count, 0);
    assert_non_null(strstr(plan.reason, "3 nodes until the next one is worth its price"));
    load_all(0.17, 0); /* now: the node itself */
    assert_int_equal(nodes_added(), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(how_far_the_present_may_stray_holds_no_nodes),
        T(what_could_come_before_a_node_is_filled_holds_it),
        T(a_shortage_that_a_node_will_end_is_not_fought_with_moves),
    };
    return cmocka_run_group_tests_name("core/policy/planned", tests, NULL, NULL);
}
