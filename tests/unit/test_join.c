/* Cold neighbours on two nodes: which one travels, when it is worth the copy, when it is forbidden.
 */
#include "core/decide/whatif.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* p3 on node 0 and p4 on node 1 are cold and small (9 and 18 s to copy); a partition takes 0.3 % of
 * its node: 10.8 core-seconds an hour, where a copy takes 0.07 of two nodes. */
static int begin_cold(void **state)
{
    (void)begin(state);
    world_set(&world, 3, 0, 0.002);
    world_set(&world, 4, 0, 0.002);
    world.topology.partition[3].bytes = (1 << 30) / 100;
    world.topology.partition[4].bytes = (1 << 30) / 50;
    world.input.calm = true;
    world.input.baseline_partitions = WORLD_PARTITIONS - 1;
    world.input.split_cost.overhead_share = 0.003;
    world.input.split_cost.pause_s = 1;
    return 0;
}

static bool joins(uint32_t moved, uint16_t from, uint16_t to)
{
    make_plan();
    if (plan.move_count != 2) return false;
    const struct fore_plan_move *move = &plan.move[0], *merge = &plan.move[1];
    assert_int_equal(move->move.kind, FORE_MOVE_MOVE);
    assert_int_equal(merge->move.kind, FORE_MOVE_MERGE);
    assert_int_equal(merge->after, 1);
    assert_int_equal(merge->move.partition, 3);
    assert_int_equal(merge->move.other, 4);
    return move->move.partition == moved && move->move.source == from && move->move.target == to;
}

static bool rests(void)
{
    make_plan();
    return plan.move_count == 0;
}

static void the_one_with_fewer_bytes_travels(void **state)
{
    assert_true(joins(3, 0, 1));
    expect_near(plan.move[0].bytes, (1 << 30) / 100, 1);
    assert_non_null(strstr(plan.reason, "then merge it with its neighbour"));
    world.topology.partition[3].bytes = (1 << 30) / 25;
    assert_true(joins(4, 1, 0));
}

static void it_is_done_only_where_a_partition_costs_more_than_the_copy(void **state)
{
    world.input.split_cost.overhead_share = 0.0003; /* 1.08 core-seconds against 1.26 */
    assert_true(rests());
    world.input.split_cost.overhead_share = 0.0004;
    assert_true(joins(3, 0, 1));
    world.input.split_cost.overhead_share = 0; /* free to have, not free to move */
    assert_true(rests());
    world.input.split_cost.overhead_share = 0.003;
    world.input.split_cost.pause_s = 3000; /* 0.004 cores wait so long */
    assert_true(rests());
}

static void what_was_split_or_moved_lately_or_may_not_be_touched_stays(void **state)
{
    world.rest[3] = true;
    assert_true(rests());
    world.rest[3] = false;
    world.busy[4] = true;
    assert_true(rests());
    world.busy[4] = false;
    uint8_t held[WORLD_CAP] = {0};
    held[4] = FORE_HOLD_NEVER;
    world.input.partition_held = held;
    assert_true(rests());
    world.input.partition_held = NULL;
    world.decide.joins = false;
    assert_true(rests());
    world.decide.joins = true;
    world.input.baseline_partitions = WORLD_PARTITIONS;
    assert_true(rests());
    world.input.baseline_partitions--;
    world.decide.moves = false;
    assert_true(rests());
}

static void a_way_that_is_shut_is_gone_from_the_other_side(void **state)
{
    world.slots[1] = 0;
    assert_true(rests()); /* both ways need both nodes */
    world.slots[1] = 1;
    uint16_t home[WORLD_CAP];
    for (uint32_t p = 0; p < WORLD_CAP; p++)
        home[p] = FORE_NODE_NONE;
    world.input.home = home;
    home[3] = 0; /* the merged one lives where the left one is meant to */
    assert_true(joins(4, 1, 0));
    home[3] = 2;
    assert_true(rests());
    home[3] = FORE_NODE_NONE;
    for (uint32_t p = 5; p < 8;
         p++) /* 0.75 of its room and more: what may grow is not joined there */
        world_set(&world, p, 0, 0.22);
    assert_true(joins(4, 1, 0));
}

static void in_trouble_the_neighbour_is_where_it_costs_least(void **state)
{
    world.input.calm = false;
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        if (p != 3 && p != 4) world_set(&world, p, 0, p / 4 == 1 ? 0.233 : p < 4 ? 0.05 : 0.175);
    world_set(&world, 0, 0, 0.65); /* with 4 x 0.03 for its partitions 0.87, the others 0.82 */
    world.decide.splits = world.decide.replicas = world.decide.swaps = false;
    world.input.split_cost.overhead_share = 0.03;
    world.input.split_cost.pause_s = 0;
    world.busy[0] = world.busy[1] = world.busy[2] = true; /* only p3 may leave */
    make_plan();
    double with = plan.violation_after_s;
    assert_true(plan.move_count >= 2);
    assert_int_equal(plan.move[0].move.partition, 3);
    assert_int_equal(plan.move[1].move.kind, FORE_MOVE_MERGE);
    assert_true(plan.move[0].gain_s > 0);
    struct fore_whatif *whatif = FORE_NEW(&world.arena, struct fore_whatif, 1);
    fore_whatif_explain(&world.input, &plan, 100, &world.arena, whatif);
    expect_near(whatif->violation_after_s, with, 1e-3 * plan.violation_before_s);
    world.decide.joins = false;
    make_plan();
    if (!(plan.violation_after_s > with + 1)) /* a move alone leaves its target one more to keep */
        fail_msg("%.1f without, %.1f with", plan.violation_after_s, with);
}

static void near_the_cap_room_is_made_though_it_does_not_pay(void **state)
{
    world.input.split_cost.overhead_share = 0;
    world.decide.partitions_max = WORLD_PARTITIONS;
    assert_true(joins(3, 0, 1));
    world.decide.partitions_max = 2 * WORLD_PARTITIONS;
    assert_true(rests());
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin_cold, end)
    const struct CMUnitTest tests[] = {
        T(the_one_with_fewer_bytes_travels),
        T(it_is_done_only_where_a_partition_costs_more_than_the_copy),
        T(what_was_split_or_moved_lately_or_may_not_be_touched_stays),
        T(a_way_that_is_shut_is_gone_from_the_other_side),
        T(in_trouble_the_neighbour_is_where_it_costs_least),
        T(near_the_cap_room_is_made_though_it_does_not_pay),
    };
    return cmocka_run_group_tests_name("core/decide: neighbours joined", tests, NULL, NULL);
}
