#include "tests/support/peer.h"

static void nothing_happens_below_the_high_mark(void **state)
{
    world_set_nowcast(&world, 1, 0.5); /* node 0: .875 */
    propose("estore-greedy");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 0, 0.35);
    world_set_nowcast(&world, 1, 0.35); /* .95 */
    wait_for(3 * FORE_SEC);
    propose("estore-greedy");
    assert_int_equal(plan.move_count, 1);
}

static void it_looks_every_three_seconds(void **state)
{
    propose("estore-greedy");
    world_set_nowcast(&world, 0, 0.35);
    world_set_nowcast(&world, 1, 0.35);
    wait_for(2 * FORE_SEC);
    propose("estore-greedy");
    assert_int_equal(plan.move_count, 0);
    wait_for(FORE_SEC);
    propose("estore-greedy");
    assert_int_equal(plan.move_count, 1);
}

static void greedy_moves_the_hot_tier_to_the_least_loaded(void **state)
{
    world_set_nowcast(&world, 0, 0.3);
    world_set_nowcast(&world, 1, 0.4);  /* node 0: .95 */
    world_set_nowcast(&world, 8, 0.05); /* node 2 */
    world.policy.estore.split = false;
    propose("estore-greedy");
    assert_int_equal(plan.move_count, 1); /* one of sixteen: the hot tier's least size */
    assert_int_equal(plan.move[0].move.partition, 1);
    assert_int_equal(plan.move[0].move.target, 2);
}

static void greedy_leaves_cold_ranges_and_extended_takes_them(void **state)
{
    free_slots();
    world.policy.estore.split = false;
    world_set_nowcast(&world, 0, 0.55);
    for (uint32_t p = 1; p < 4; p++)
        world_set_nowcast(&world, p, 0.2); /* node 0: 1.15, the hottest fits elsewhere */
    propose("estore-greedy");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.partition, 0);
    world.input.now += 3 * FORE_SEC;
    propose("estore-greedy-extended");
    assert_true(plan.move_count >= 2);
}

static void first_fit_fills_nodes_up_to_the_target_in_order(void **state)
{
    free_slots();
    world.policy.estore.split = false;
    world_set_nowcast(&world, 12, 0.625); /* node 3: 1.0; target 0.625 */
    propose("estore-first-fit");
    assert_true(plan.move_count >= 4);
    carry_out();
    assert_true(fore_topology_hosts(&world.topology, 12, 0)); /* the heaviest goes first */
    for (uint32_t p = 0; p < 5; p++)
        assert_true(fore_topology_hosts(&world.topology, p, 1)); /* five of .125 fill node 1 */
}

static void a_range_hotter_than_the_target_is_cut(void **state)
{
    world_set_nowcast(&world, 0, 0.95);
    world_keys(&world, 0, 512, false);
    propose("estore-greedy");
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
}

static void a_plan_is_carried_out_before_the_next(void **state)
{
    world.policy.estore.split = false;
    world_set_nowcast(&world, 0, 0.3);
    for (uint32_t p = 1; p < 4; p++)
        world_set_nowcast(&world, p, 0.3);
    propose("estore-greedy-extended"); /* one slot a node: the rest waits */
    assert_true(plan.move_count >= 1);
    carry_out();
    propose("estore-greedy-extended"); /* at once: no look is needed */
    assert_true(plan.move_count >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(nothing_happens_below_the_high_mark),
        PEER_TEST(it_looks_every_three_seconds),
        PEER_TEST(greedy_moves_the_hot_tier_to_the_least_loaded),
        PEER_TEST(greedy_leaves_cold_ranges_and_extended_takes_them),
        PEER_TEST(first_fit_fills_nodes_up_to_the_target_in_order),
        PEER_TEST(a_range_hotter_than_the_target_is_cut),
        PEER_TEST(a_plan_is_carried_out_before_the_next),
    };
    return cmocka_run_group_tests_name("core/policy/estore", tests, NULL, NULL);
}
