#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void nothing_moves_on_a_calm_cluster(void **state)
{
    make_plan();
    assert_int_equal(plan.move_count, 0);
    expect_near(plan.violation_before_s, 0, 1e-9);
}

static void a_node_about_to_overload_is_relieved(void **state)
{
    world_set_forecast(&world, 0, 6, 0.3);
    world_set_forecast(&world, 1, 6, 0.3);
    world_set_forecast(&world, 2, 6, 0.3);
    make_plan();
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_MOVE);
    assert_int_equal(plan.move[0].move.source, 0);
    assert_int_not_equal(plan.move[0].move.target, 0);
    assert_true(plan.violation_after_s < 0.2 * plan.violation_before_s);
    assert_non_null(strstr(plan.reason, "node-00"));
}

static void a_move_that_comes_too_late_is_not_made(void **state)
{
    for (size_t h = 0; h < 2; h++) /* trouble is over after 600 s; a copy takes 900 s */
        world.forecast_mean[0 * WORLD_STEPS + h] = 0.6f;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    assert_true(plan.violation_before_s > 100);
}

/* A gibibyte takes 900 s; nodes copy 1.19 MB a second. */
static void what_is_written_to_it_meanwhile_makes_a_move_longer(void **state)
{
    struct fore_observe_partition *seen = &world.observe->partition[0];
    world_set_forecast(&world, 0, 8, 0.25);
    world_set_forecast(&world, 1, 8, 0.45);
    world.busy[1] = world.busy[2] = world.busy[3] = true; /* the others of its node */
    world.decide.splits = world.decide.replicas = false;
    make_plan();
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.partition, 0);
    expect_near(plan.move[0].duration_s, 900, 1);
    seen->requests_per_sec = 100;
    seen->writes_per_sec = 50;
    seen->bytes_per_sec = 0.8 * 1073741824.0 / 900; /* half of it written: caught up in 600 s */
    make_plan();
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.partition, 0);
    expect_near(plan.move[0].duration_s, 1500, 1);
    seen->bytes_per_sec *= 2.6; /* that never ends */
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void a_move_must_pay_its_price(void **state)
{
    world_set_forecast(&world, 0, 11, 0.42); /* a slight risk in the last step only */
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void busy_partitions_and_full_nodes_are_left_alone(void **state)
{
    for (uint32_t p = 0; p < 4; p++)
        world_set_forecast(&world, p, 6, 0.25);
    world.busy[0] = world.busy[1] = true;
    world.slots[1] = world.slots[2] = 0;
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_true(plan.move[0].move.partition >= 2);
    assert_int_equal(plan.move[0].move.target, 3);
    world.slots[0] = 0;
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void the_nowcast_is_a_scenario_of_its_own(void **state)
{
    world_set_nowcast(&world, 0, 0.6); /* the forecast says it will be gone */
    world.input.term[0].weight = 0.85;
    world.input.term[1] = (struct fore_load_term){&world.nowcast, 0.15};
    world.input.term_count = 2;
    make_plan();
    assert_true(plan.move_count >= 1);
    world.input.term_count = 1;
    world.input.term[0].weight = 1;
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void crowd_the_forecast(double cores)
{
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set_forecast(&world, p, 0, cores);
}

static void a_tight_cluster_swaps_a_large_one_for_a_small_one(void **state)
{
    static const double node0[] = {0.32, 0.28, 0.15, 0.15}, node1[] = {0.25, 0.25, 0.15, 0.10};
    crowd_the_forecast(0.2);
    for (uint32_t i = 0; i < 4; i++) { /* 0.90 and 0.75: nothing fits, 0.32 for 0.25 does */
        world_set_forecast(&world, i, 0, node0[i]);
        world_set_forecast(&world, 4 + i, 0, node1[i]);
    }
    world.decide.splits = world.decide.replicas = false;
    world.decide.excess_weight = 2; /* the copies take the nodes deeper for a while */
    make_plan();
    assert_true(plan.move_count >= 1);
    assert_non_null(strstr(plan.reason, "swapped"));
    assert_true(plan.violation_after_s < plan.violation_before_s);
    world.decide.swaps = false;
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void a_partition_too_large_for_any_node_is_split(void **state)
{
    crowd_the_forecast(0.15);
    world_set(&world, 0, 0, 0.7); /* node 0: 1.15; moving it whole only moves the trouble */
    world_keys(&world, 0, 512, false);
    world.decide.replicas = false;
    make_plan();
    assert_true(plan.move_count >= 1);
    bool split = false;
    for (uint32_t i = 0; i < plan.move_count; i++)
        split |= plan.move[i].move.kind == FORE_MOVE_SPLIT;
    assert_true(split);
}

static void a_single_hot_key_is_replicated_and_never_split(void **state)
{
    crowd_the_forecast(0.1);
    world_set(&world, 0, 0, 0.8);
    world_keys(&world, 0, 512, true);
    make_plan();
    bool replicated = false;
    for (uint32_t i = 0; i < plan.move_count; i++) {
        assert_int_not_equal(plan.move[i].move.kind, FORE_MOVE_SPLIT);
        replicated |=
            plan.move[i].move.kind == FORE_MOVE_ADD_REPLICA && plan.move[i].move.partition == 0;
    }
    assert_true(replicated);
}

static void copies_come_in_the_number_it_takes(void **state)
{
    world_set(&world, 0, 0, 1.4); /* one copy more would leave two nodes in trouble for one */
    world.topology.partition[0].bytes /= 20;
    world_keys(&world, 0, 512, true);
    world.observe->partition[0].write_share = 0;
    make_plan();
    bool replicated = false;
    for (uint32_t i = 0; i < plan.move_count; i++)
        replicated |=
            plan.move[i].move.kind == FORE_MOVE_ADD_REPLICA && plan.move[i].move.partition == 0;
    assert_true(replicated);
    bool grown[WORLD_PARTITIONS] = {true};
    world.input.partition_grown = grown; /* what has just got one may get another, not move */
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_true(plan.move[i].move.partition != 0 ||
                    plan.move[i].move.kind == FORE_MOVE_ADD_REPLICA);
    world.input.partition_grown = NULL;
}

static void what_has_just_got_a_copy_keeps_it(void **state)
{
    assert_int_equal(fore_topology_add_replica(&world.topology, 0, 2), FORE_E_OK);
    bool grown[WORLD_PARTITIONS] = {true};
    world.input.calm = true;
    world.input.partition_grown = grown;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    grown[0] = false;
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_DROP_REPLICA);
    world.input.partition_grown = NULL;
}

static void a_write_heavy_partition_is_not_replicated(void **state)
{
    crowd_the_forecast(0.15);
    world_set(&world, 0, 0, 0.8);
    world_keys(&world, 0, 512, true);
    world.observe->partition[0].write_share = 0.9;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_not_equal(plan.move[i].move.kind, FORE_MOVE_ADD_REPLICA);
}

static void a_replica_no_longer_needed_is_dropped(void **state)
{
    assert_int_equal(fore_topology_add_replica(&world.topology, 0, 2), FORE_E_OK);
    world.input.calm = true;
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_DROP_REPLICA);
    assert_int_equal(plan.move[0].move.source, 2);
    crowd_the_forecast(0.19); /* no room: hysteresis keeps it */
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void cold_neighbours_are_merged_down_to_the_baseline(void **state)
{
    for (uint32_t p = 0; p < 4; p++)
        world_set(&world, p, 0, 0.005);
    world.input.calm = true;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.input.baseline_partitions = WORLD_PARTITIONS - 1;
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_MERGE);
    world.rest[plan.move[0].move.partition] = world.rest[plan.move[0].move.other] = true;
    uint32_t rested = plan.move[0].move.partition;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_not_equal(plan.move[i].move.partition, rested);
}

static void capabilities_are_respected(void **state)
{
    for (uint32_t p = 0; p < 4; p++)
        world_set_forecast(&world, p, 6, 0.25);
    world.input.caps = 0;
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void equal_inputs_give_equal_plans(void **state)
{
    for (uint32_t p = 0; p < 4; p++)
        world_set_forecast(&world, p, 6, 0.25);
    make_plan();
    struct fore_plan first = plan;
    make_plan();
    assert_int_equal(first.move_count, plan.move_count);
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(first.move[i].move.partition, plan.move[i].move.partition);
    assert_string_equal(first.reason, plan.reason);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(nothing_moves_on_a_calm_cluster),
        T(a_node_about_to_overload_is_relieved),
        T(a_move_that_comes_too_late_is_not_made),
        T(what_is_written_to_it_meanwhile_makes_a_move_longer),
        T(a_move_must_pay_its_price),
        T(busy_partitions_and_full_nodes_are_left_alone),
        T(the_nowcast_is_a_scenario_of_its_own),
        T(a_tight_cluster_swaps_a_large_one_for_a_small_one),
        T(a_partition_too_large_for_any_node_is_split),
        T(a_single_hot_key_is_replicated_and_never_split),
        T(copies_come_in_the_number_it_takes),
        T(what_has_just_got_a_copy_keeps_it),
        T(a_write_heavy_partition_is_not_replicated),
        T(a_replica_no_longer_needed_is_dropped),
        T(cold_neighbours_are_merged_down_to_the_baseline),
        T(capabilities_are_respected),
        T(equal_inputs_give_equal_plans),
    };
    return cmocka_run_group_tests_name("core/decide/planner", tests, NULL, NULL);
}
