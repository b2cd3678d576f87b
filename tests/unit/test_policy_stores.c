/* The peers that keep stores near the mean: crdb, pd-hot, slicer, clay, and the control. */
#include "tests/support/peer.h"

static void crdb_needs_ten_percent_and_fifty_milliseconds(void **state)
{
    world_set_nowcast(&world, 0, 0.18);
    world_set_nowcast(&world, 1, 0.13); /* .56 of a mean of .515: 8.7 % */
    propose("crdb");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 0, 0.24); /* .62 of .53: 17 %, and .09 cores */
    wait_for(90 * FORE_SEC);
    propose("crdb");
    assert_int_equal(plan.move_count, 0); /* the pair's load ends above 1.1 x mean */
    world_set_nowcast(&world, 1, 0.05);
    world_set_nowcast(&world, 0, 0.35); /* .65 of .5375: only range 1 fits below .591 */
    wait_for(90 * FORE_SEC);
    propose("crdb");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.partition, 1);
}

static void crdb_looks_once_a_minute_give_or_take_a_quarter(void **state)
{
    propose("crdb");
    world_set_nowcast(&world, 1, 0.05);
    world_set_nowcast(&world, 0, 0.35);
    wait_for(44 * FORE_SEC);
    propose("crdb");
    assert_int_equal(plan.move_count, 0);
    wait_for(32 * FORE_SEC);
    propose("crdb");
    assert_int_equal(plan.move_count, 1);
}

static void crdb_splits_above_half_a_core_where_the_halves_balance(void **state)
{
    world.policy.crdb.store_threshold = 10; /* splits alone */
    world_set_nowcast(&world, 0, 0.49);
    world_keys(&world, 0, 512, false);
    propose("crdb");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 0, 0.51);
    propose("crdb");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
    expect_near(plan.move[0].move.split_right_share, 0.5, 0.125); /* |L - R| / (L + R) < .25 */
}

static void crdb_wants_a_hundred_samples(void **state)
{
    world.policy.crdb.store_threshold = 10; /* splits alone */
    world_set_nowcast(&world, 0, 0.6);
    world_keys(&world, 0, 99, false);
    propose("crdb");
    assert_int_equal(plan.move_count, 0);
}

static void crdb_never_splits_one_key(void **state)
{
    world.policy.crdb.store_threshold = 10; /* splits alone */
    world_set_nowcast(&world, 0, 0.6);
    world_keys(&world, 0, 512, true);
    propose("crdb");
    assert_int_equal(plan.move_count, 0);
}

/* Four ranges of .125 on every node; the first of node 0 gets `more`. */
static void heat_node_0(double more)
{
    world_set_nowcast(&world, 0, 0.125 + more);
    world.policy.pd_hot.split_share = 1;
}

static void pd_waits_for_the_deviation(void **state)
{
    heat_node_0(0.11); /* deviation .048 of a mean of .5275: 9 % */
    propose("pd-hot");
    assert_int_equal(plan.move_count, 0);
    heat_node_0(0.4); /* .9 : .5, deviation .17 of .6 */
    wait_for(20 * FORE_SEC);
    propose("pd-hot");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.source, 0);
}

static void pd_leaves_the_target_below_the_source(void **state)
{
    heat_node_0(0.2); /* .7 - .125 = .575 : .5 + .125 */
    world.policy.pd_hot.stddev = 0;
    propose("pd-hot");
    assert_int_equal(plan.move_count, 0);
}

static void pd_wants_all_of_the_history_above(void **state)
{
    remember(300); /* five calm minutes */
    world.policy.pd_hot.min_rate = 0;
    heat_node_0(0.4);
    propose("pd-hot");
    assert_int_equal(plan.move_count, 0);
    remember(240); /* four hot ones */
    wait_for(20 * FORE_SEC);
    propose("pd-hot");
    assert_int_equal(plan.move_count, 0);
    remember(60);
    wait_for(20 * FORE_SEC);
    propose("pd-hot");
    assert_int_equal(plan.move_count, 1);
}

static void pd_splits_what_is_a_fifth_of_its_store(void **state)
{
    heat_node_0(0.4);
    world.policy.pd_hot.split_share = 0.2;
    world_keys(&world, 0, 512, false);
    propose("pd-hot");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
}

static void pd_stops_at_its_limit_of_operators(void **state)
{
    struct fore_load_pending pending[4];
    for (uint32_t i = 0; i < 4; i++)
        pending[i] = (struct fore_load_pending){.partition = 4 + i, .from = 1, .to = 2, .share = 1};
    heat_node_0(0.4);
    world.input.pending = pending;
    world.input.pending_count = 4;
    propose("pd-hot");
    assert_int_equal(plan.move_count, 0);
}

static void slicer_takes_most_relief_for_least_churn(void **state)
{
    world_set_nowcast(&world, 0, 0.2);
    world_set_nowcast(&world, 1, 0.2); /* node 0: .65 */
    world.topology.partition[1].bytes /= 4;
    world.policy.slicer.replicas = false;
    world_set_nowcast(&world, 8, 0.01); /* node 2: .385 */
    propose("slicer");
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.partition, 1); /* as hot as 0, a quarter of its keys */
    assert_int_equal(plan.move[0].move.target, 2);
}

static void slicer_moves_nine_percent_of_the_keys_a_round(void **state)
{
    free_slots();
    for (uint32_t p = 0; p < 4; p++)
        world_set_nowcast(&world, p, 0.25); /* a slice is 6.25 %: one fits the budget */
    world.policy.slicer.replicas = false;
    propose("slicer");
    assert_int_equal(plan.move_count, 1);
    world.policy.slicer.move_churn = 0.19;
    wait_for(60 * FORE_SEC);
    propose("slicer");
    assert_true(plan.move_count >= 2 && plan.move_count <= 3);
}

static void slicer_splits_at_twice_the_mean_slice(void **state)
{
    world_keys(&world, 0, 512, false);
    world.policy.slicer.move_churn = 0;
    world_set_nowcast(&world, 0, 0.26); /* mean .1334: 1.95 */
    propose("slicer");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 0, 0.3); /* mean .1359: 2.2 */
    wait_for(60 * FORE_SEC);
    propose("slicer");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
}

static void slicer_merges_cold_neighbours_above_fifty_a_node(void **state)
{
    world_set_nowcast(&world, 0, 0.02);
    world_set_nowcast(&world, 1, 0.02);
    world.policy.slicer.move_churn = 0;
    propose("slicer");
    assert_int_equal(plan.move_count, 0); /* four a node */
    world.policy.slicer.slices_min = 3;
    wait_for(60 * FORE_SEC);
    propose("slicer");
    assert_int_equal(plan.move_count, 0); /* a slice is 6 % of the keys, the budget 1 % */
    world.topology.partition[1].bytes = 1 << 20;
    wait_for(60 * FORE_SEC);
    propose("slicer");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_MERGE);
}

static void slicer_leaves_an_idle_cluster_alone(void **state)
{
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set_nowcast(&world, p, p < 4 ? 0.06 : 0.01); /* .24 */
    propose("slicer");
    assert_int_equal(plan.move_count, 0);
}

static void clay_acts_above_the_mean_by_its_imbalance(void **state)
{
    world.policy.clay.imbalance = 0.15;
    world_set_nowcast(&world, 0, 0.2); /* .575 of .519: 11 % */
    propose("clay");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 1, 0.05);
    world_set_nowcast(&world, 0, 0.34); /* .64 of .535: 20 %; capacity .615 */
    wait_for(20 * FORE_SEC);
    propose("clay");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.partition, 1); /* the hottest fit nowhere */
}

/* Ranges 2 and 3 are scanned together: they leave together. Apart, each of their nodes would
 * carry the scans 1.1 times over. */
static void clay_moves_what_is_scanned_together(void **state)
{
    free_slots();
    for (uint32_t p = 0; p < 4; p++)
        world_set_nowcast(&world, p, p < 2 ? 0.3 : 0.09); /* node 0: .78; mean .57; cap .656 */
    for (uint32_t p = 8; p < 12; p++)
        world_set_nowcast(&world, p, 0.07); /* node 2 has room */
    world.observe->partition[2].by_type[FORE_QUERY_SCAN] = 1;
    world.observe->partition[3].by_type[FORE_QUERY_SCAN] = 1;
    world.policy.clay.imbalance = 0.2;
    propose("clay");
    assert_true(plan.move_count >= 1);
    bool two = false, three = false;
    for (uint32_t i = 0; i < plan.move_count; i++) {
        two |= plan.move[i].move.partition == 2;
        three |= plan.move[i].move.partition == 3;
    }
    assert_int_equal(two, three);
}

static void clay_has_the_papers_constants(void **state)
{
    expect_near(world.policy.clay.cost_local, 1.1, 0);
    expect_near(world.policy.clay.cost_remote, 50, 0);
    assert_int_equal(world.policy.clay.look_ahead, 5);
}

static void chance_acts_above_its_mark_and_never_overfills(void **state)
{
    heat_node_0(0.28);
    propose("random");
    assert_int_equal(plan.move_count, 0); /* .78 */
    heat_node_0(0.32);
    wait_for(FORE_SEC);
    propose("random");
    assert_int_equal(plan.move_count, 1); /* .82 */
    assert_int_equal(plan.move[0].move.source, 0);
    for (uint32_t p = 4; p < WORLD_PARTITIONS; p++)
        world_set_nowcast(&world, p, 0.19); /* nowhere stays below .8 */
    wait_for(FORE_SEC);
    propose("random");
    assert_int_equal(plan.move_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(crdb_needs_ten_percent_and_fifty_milliseconds),
        PEER_TEST(crdb_looks_once_a_minute_give_or_take_a_quarter),
        PEER_TEST(crdb_splits_above_half_a_core_where_the_halves_balance),
        PEER_TEST(crdb_wants_a_hundred_samples),
        PEER_TEST(crdb_never_splits_one_key),
        PEER_TEST(pd_waits_for_the_deviation),
        PEER_TEST(pd_leaves_the_target_below_the_source),
        PEER_TEST(pd_wants_all_of_the_history_above),
        PEER_TEST(pd_splits_what_is_a_fifth_of_its_store),
        PEER_TEST(pd_stops_at_its_limit_of_operators),
        PEER_TEST(slicer_takes_most_relief_for_least_churn),
        PEER_TEST(slicer_moves_nine_percent_of_the_keys_a_round),
        PEER_TEST(slicer_splits_at_twice_the_mean_slice),
        PEER_TEST(slicer_merges_cold_neighbours_above_fifty_a_node),
        PEER_TEST(slicer_leaves_an_idle_cluster_alone),
        PEER_TEST(clay_acts_above_the_mean_by_its_imbalance),
        PEER_TEST(clay_moves_what_is_scanned_together),
        PEER_TEST(clay_has_the_papers_constants),
        PEER_TEST(chance_acts_above_its_mark_and_never_overfills),
    };
    return cmocka_run_group_tests_name("core/policy: near the mean", tests, NULL, NULL);
}
