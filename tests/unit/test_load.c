#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fore_load build_with(double spread, double excess_weight,
                                   const struct fore_load_pending *pending, size_t count)
{
    struct fore_load load = {.topology = &world.topology,
                             .term = {{&world.forecast, 1}},
                             .term_count = 1,
                             .limit = 0.85,
                             .spread = spread,
                             .excess_weight = excess_weight,
                             .move_utilization = 0.07};
    fore_load_build(&load, &world.arena, pending, count);
    return load;
}

static struct fore_load build(const struct fore_load_pending *pending, size_t count)
{
    return build_with(0, 2, pending, count);
}

static void a_node_carries_the_sum_of_its_partitions(void **state)
{
    struct fore_load load = build(NULL, 0);
    for (size_t i = 0; i < WORLD_NODES * WORLD_STEPS; i++) {
        expect_near(load.mean[i], 0.5, 1e-6);
        expect_near(load.own_var[i], 4 * 0.005 * 0.005, 1e-8);
    }
}

static void calm_nodes_cost_nothing(void **state)
{
    struct fore_load load = build(NULL, 0);
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        expect_near(load.cost[n], 0, 1e-9);
}

static void a_node_certain_to_fail_costs_every_second_and_its_depth(void **state)
{
    world_set(&world, 0, 0, 0.725); /* node 0: 1.1 cores against 0.85 */
    struct fore_load load = build(NULL, 0);
    double horizon_s = WORLD_STEPS * 300;
    expect_near(load.cost[0], horizon_s * (1 + 2 * 0.25), 1e-3);
}

/* What the cluster's cost rises by when a tenth of partition 4 goes from node 1 to node 0. */
static double rise_of_moving_to_node_0(double excess_weight)
{
    struct fore_load load = build_with(0.15, excess_weight, NULL, 0);
    struct fore_load_change leaves = {.node = 1, .partition = 4, .share = -0.1};
    struct fore_load_change comes = {.node = 0, .partition = 4, .share = 0.1};
    return fore_load_cost_with(&load, 1, &leaves, 1) - load.cost[1] +
           fore_load_cost_with(&load, 0, &comes, 1) - load.cost[0];
}

static void a_node_lost_anyway_is_no_place_to_put_load(void **state)
{
    world_set(&world, 0, 0, 0.725); /* node 0: 110 % of its cores */
    for (uint32_t p = 4; p < 8; p++)
        world_set(&world, p, 0, 0.19); /* node 1: 76 %, in danger */
    assert_true(rise_of_moving_to_node_0(0) < 0);
    assert_true(rise_of_moving_to_node_0(world.decide.excess_weight) > 0);
}

static void a_node_at_the_limit_is_a_coin_toss(void **state)
{
    world_set(&world, 0, 0, 0.475);
    struct fore_load load = build(NULL, 0);
    struct fore_load_risk risk = fore_load_node_risk(&load, 0);
    expect_near(risk.probability, 0.5, 1e-4);
    expect_near(risk.utilization_mean, 0.85, 1e-6);
}

static void common_errors_add_up_and_own_errors_average_out(void **state)
{
    world_set(&world, 0, 0, 0.425);
    struct fore_load own = build(NULL, 0);
    for (size_t i = 0; i < WORLD_CAP * WORLD_STEPS; i++) {
        world.own[i] = 0;
        world.common[i] = 0.005f;
    }
    struct fore_load common = build(NULL, 0);
    double p_own = fore_load_node_risk(&own, 0).probability;
    double p_common = fore_load_node_risk(&common, 0).probability;
    /* 0.05 below the limit: sd 0.01 against 0.02 */
    expect_near(p_own, 2.8665157e-7, 1e-6);
    expect_near(p_common, 0.0062097, 1e-5);
}

static uint32_t kin[WORLD_CAP];

/* 0 and 1 (node 0), 4 (node 1) are parts of one. */
static void relate(void)
{
    for (uint32_t p = 0; p < WORLD_CAP; p++)
        kin[p] = p;
    kin[0] = 1;
    kin[1] = 4;
    kin[4] = 0;
    world.forecast.kin = kin;
}

static void parts_of_one_partition_err_together(void **state)
{
    relate();
    struct fore_load load = build(NULL, 0);
    double one = 0.005 * 0.005, pair = 2 * 0.6 * one;
    expect_near(load.own_var[0], 4 * one + pair, 1e-9);
    expect_near(load.own_var[WORLD_STEPS], 4 * one, 1e-9);
    struct fore_load_change gone = {.node = 0, .partition = 1, .share = -1};
    struct fore_load_change come = {.node = 1, .partition = 1, .share = 1};
    double asked = fore_load_cost_with(&load, 1, &come, 1);
    fore_load_apply(&load, &gone, 1);
    expect_near(load.own_var[0], 3 * one, 1e-9);
    fore_load_apply(&load, &come, 1);
    expect_near(load.own_var[WORLD_STEPS], 5 * one + pair, 1e-9);
    expect_near(load.cost[1], asked, 1e-9);
    /* The next one finds it there, though the topology does not know yet. */
    struct fore_load_change next = {.node = 1, .partition = 0, .share = 1};
    fore_load_apply(&load, &next, 1);
    expect_near(load.own_var[WORLD_STEPS], 6 * one + 3 * pair, 1e-9);
}

static void a_stranger_is_the_better_guest(void **state)
{
    relate();
    for (uint32_t n = 1; n < 3; n++)
        for (uint32_t p = 4 * n; p < 4 * n + 4; p++)
            world_set(&world, p, 0, 0.17);
    for (size_t i = 0; i < WORLD_CAP * WORLD_STEPS; i++)
        world.own[i] = 0.02f;
    struct fore_load load = build(NULL, 0);
    struct fore_load_change near_kin = {.node = 1, .partition = 0, .share = 1};
    struct fore_load_change elsewhere = {.node = 2, .partition = 0, .share = 1};
    expect_near(load.cost[1], load.cost[2], 1e-9);
    assert_true(fore_load_cost_with(&load, 1, &near_kin, 1) >
                1.05 * fore_load_cost_with(&load, 2, &elsewhere, 1));
}

static void half_of_a_partition_takes_more_than_half_of_its_variance(void **state)
{
    struct fore_load load = build(NULL, 0);
    double one = 0.005 * 0.005, half = 0.75 * 0.25 + 0.25 * 0.5;
    struct fore_load_change gone = {.node = 0, .partition = 0, .share = -0.5};
    struct fore_load_change come = {.node = 1, .partition = 0, .share = 0.5};
    fore_load_apply(&load, &gone, 1);
    fore_load_apply(&load, &come, 1);
    expect_near(load.own_var[0], (3 + half) * one, 1e-9);
    expect_near(load.own_var[WORLD_STEPS], (4 + half) * one, 1e-9);
}

static void asking_and_applying_agree(void **state)
{
    world_set(&world, 0, 4, 0.5);
    struct fore_load load = build(NULL, 0);
    struct fore_load_change gone = {
        .node = 0, .partition = 0, .share = -1, .from_s = 1000, .busy_until_s = 1000};
    double asked = fore_load_cost_with(&load, 0, &gone, 1);
    fore_load_apply(&load, &gone, 1);
    expect_near(load.cost[0], asked, 1e-9);
    struct fore_load_change back = gone;
    back.share = 1;
    back.busy_until_s = 0;
    fore_load_apply(&load, &back, 1);
    struct fore_load fresh = build(NULL, 0);
    /* what is left is the copy's own work before 1000 s */
    assert_true(load.cost[0] >= fresh.cost[0]);
    expect_near(load.mean[WORLD_STEPS - 1], fresh.mean[WORLD_STEPS - 1], 1e-9);
}

static void a_change_inside_a_step_counts_in_proportion(void **state)
{
    struct fore_load load = build(NULL, 0);
    struct fore_load_change gone = {.node = 0, .partition = 0, .share = -1, .from_s = 450};
    fore_load_apply(&load, &gone, 1);
    expect_near(load.mean[0], 0.5, 1e-6);
    expect_near(load.mean[1], 0.5 - 0.0625, 1e-6);
    expect_near(load.mean[2], 0.375, 1e-6);
}

static void a_pending_move_counts_on_both_ends(void **state)
{
    struct fore_load_pending move = {.partition = 0, .from = 0, .to = 3, .share = 1, .due_s = 600};
    struct fore_load load = build(&move, 1);
    expect_near(load.mean[0], 0.57, 1e-6); /* with the copy's work */
    expect_near(load.mean[2], 0.375, 1e-6);
    expect_near(load.mean[3 * WORLD_STEPS + 1], 0.57, 1e-6);
    expect_near(load.mean[3 * WORLD_STEPS + 2], 0.625, 1e-6);
}

static void a_pending_replica_sheds_reads_from_every_host(void **state)
{
    struct fore_load_pending add = {
        .partition = 0, .from = FORE_NODE_NONE, .to = 1, .share = 1, .due_s = 300};
    struct fore_load load = build(&add, 1);
    expect_near(load.mean[1], 0.5 - 0.0625, 1e-6);
    expect_near(load.mean[WORLD_STEPS + 1], 0.5 + 0.0625, 1e-6);
}

static void writes_reach_every_replica_and_reads_one(void **state)
{
    double read_share[WORLD_CAP];
    for (size_t i = 0; i < WORLD_CAP; i++)
        read_share[i] = 0.6;
    struct fore_load load = build(NULL, 0);
    load.read_share = read_share;
    expect_near(fore_load_replica_share(&load, 0, 1), 1, 1e-12);
    expect_near(fore_load_replica_share(&load, 0, 3), 0.6 / 3 + 0.4, 1e-12);
}

static void a_node_that_is_down_has_no_room(void **state)
{
    world.topology.node[1].up = false;
    struct fore_load load = build(NULL, 0);
    assert_true(load.cost[1] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_node_carries_the_sum_of_its_partitions, begin, end),
        cmocka_unit_test_setup_teardown(calm_nodes_cost_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_node_certain_to_fail_costs_every_second_and_its_depth,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_node_lost_anyway_is_no_place_to_put_load, begin, end),
        cmocka_unit_test_setup_teardown(a_node_at_the_limit_is_a_coin_toss, begin, end),
        cmocka_unit_test_setup_teardown(common_errors_add_up_and_own_errors_average_out, begin,
                                        end),
        cmocka_unit_test_setup_teardown(parts_of_one_partition_err_together, begin, end),
        cmocka_unit_test_setup_teardown(a_stranger_is_the_better_guest, begin, end),
        cmocka_unit_test_setup_teardown(half_of_a_partition_takes_more_than_half_of_its_variance,
                                        begin, end),
        cmocka_unit_test_setup_teardown(asking_and_applying_agree, begin, end),
        cmocka_unit_test_setup_teardown(a_change_inside_a_step_counts_in_proportion, begin, end),
        cmocka_unit_test_setup_teardown(a_pending_move_counts_on_both_ends, begin, end),
        cmocka_unit_test_setup_teardown(a_pending_replica_sheds_reads_from_every_host, begin, end),
        cmocka_unit_test_setup_teardown(writes_reach_every_replica_and_reads_one, begin, end),
        cmocka_unit_test_setup_teardown(a_node_that_is_down_has_no_room, begin, end),
    };
    return cmocka_run_group_tests_name("core/decide/load", tests, NULL, NULL);
}
