/* The peers that look at numbers and bytes only: redis-count, citus-disk, citus-count, mongo-size.
 */
#include "tests/support/peer.h"

static void move_by_hand(uint32_t partition, uint16_t from, uint16_t to)
{
    assert_int_equal(fore_topology_move(&world.topology, partition, from, to), FORE_E_OK);
}

static void set_bytes(uint32_t first, uint32_t last, double mib)
{
    for (uint32_t p = first; p <= last; p++)
        world.topology.partition[p].bytes = (uint64_t)(mib * (1 << 20));
}

static void redis_evens_the_counts_and_then_rests(void **state)
{
    free_slots();
    move_by_hand(4, 1, 0);
    move_by_hand(5, 1, 0); /* 6 2 4 4 */
    propose("redis-count");
    assert_int_equal(plan.move_count, 2);
    carry_out();
    wait_for(3600 * FORE_SEC);
    propose("redis-count"); /* nothing waits any more */
    wait_for(3600 * FORE_SEC);
    propose("redis-count");
    assert_int_equal(plan.move_count, 0);
}

static void redis_takes_in_key_order_from_the_fullest(void **state)
{
    move_by_hand(4, 1, 0);
    propose("redis-count");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.partition, 0);
    assert_int_equal(plan.move[0].move.source, 0);
    assert_int_equal(plan.move[0].move.target, 1);
}

static void redis_stays_within_its_threshold(void **state)
{
    move_by_hand(4, 1, 0); /* 5 3: off by 1 - 4/5 = 20 % and 1 - 4/3 = 33 % */
    world.policy.redis_count.threshold = 0.34;
    propose("redis-count");
    assert_int_equal(plan.move_count, 0);
    world.policy.redis_count.threshold = 0.33;
    wait_for(3600 * FORE_SEC);
    propose("redis-count");
    assert_int_equal(plan.move_count, 1);
}

static void redis_ignores_load(void **state)
{
    world_set_nowcast(&world, 1, 5);
    propose("redis-count");
    assert_int_equal(plan.move_count, 0);
}

static void redis_weighs_nodes_by_cores(void **state)
{
    free_slots();
    world.topology.node[0].cores = 5; /* 16 of 8 cores: 10 2 2 2 */
    propose("redis-count");
    assert_int_equal(plan.move_count, 6);
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(plan.move[i].move.target, 0);
}

/* 5 : 4 : 4 : 3 shards of one size: mean 4, so 25 % above and below. */
static void citus_acts_outside_a_tenth_of_the_mean(void **state)
{
    set_bytes(0, 15, 1000);
    move_by_hand(12, 3, 0);
    propose("citus-disk");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.source, 0);
    assert_int_equal(plan.move[0].move.target, 3);
    wait_for(3600 * FORE_SEC);
    world.policy.citus_disk.threshold = 0.26;
    of = NULL;
    propose("citus-disk");
    assert_int_equal(plan.move_count, 0);
}

/* Small shards cost 100 MB each all the same: 8 tiny ones outweigh none. */
static void citus_counts_a_base_cost_for_every_shard(void **state)
{
    free_slots();
    set_bytes(0, 15, 0);
    for (uint32_t p = 4; p < 8; p++)
        move_by_hand(p, 1, 0); /* 8 0 4 4 */
    propose("citus-disk");
    assert_int_equal(plan.move_count, 4);
    world.policy.citus_disk.base = 0;
    of = NULL;
    propose("citus-disk");
    assert_int_equal(plan.move_count, 0);
}

/* Node 0 holds one large shard more than the mean. It may overshoot only if the fuller of the two
 * betters by half of what it adds: 10 -> 8 + 2x must leave (10 - after) / added >= 0.5. */
static void citus_overshoots_only_for_half_of_what_it_adds(void **state)
{
    world.policy.citus_disk.base = 0;
    set_bytes(0, 15, 0);
    set_bytes(0, 0, 600); /* node 0: 1000, node 1: 500; 2 and 3 as full as node 0 */
    set_bytes(1, 1, 400);
    set_bytes(4, 4, 500);
    set_bytes(8, 8, 1000);
    set_bytes(12, 12, 1000);
    /* The 600: target 1100 > 1000. The 400: target 900 > 600 left, better by 100 of 400: 0.25. */
    propose("citus-disk");
    assert_int_equal(plan.move_count, 0);
    world.policy.citus_disk.improvement = 0.25;
    of = NULL;
    propose("citus-disk");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.partition, 1);
}

static void citus_count_has_no_tolerance(void **state)
{
    move_by_hand(12, 3, 0);
    set_bytes(0, 0, 1);
    propose("citus-count");
    assert_int_equal(plan.move_count, 1);
    carry_out();
    propose("citus-count");
    wait_for(3600 * FORE_SEC);
    propose("citus-count");
    assert_int_equal(plan.move_count, 0);
}

/* 3 x 128 MiB is the limit, and it is not enough to reach it. */
static void mongo_moves_above_three_chunks_of_difference(void **state)
{
    set_bytes(0, 15, 128);
    for (uint32_t p = 4; p < 6; p++)
        move_by_hand(p, 1, 0); /* 6 2 4 4: four chunks apart */
    set_bytes(1, 1, 0);        /* 5: three */
    propose("mongo-size");
    assert_int_equal(plan.move_count, 0);
    set_bytes(1, 1, 1);
    wait_for(10 * FORE_SEC);
    propose("mongo-size");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.source, 0);
    assert_int_equal(plan.move[0].move.target, 1);
    assert_int_equal(plan.move[0].move.partition, 0);
}

static void mongo_gives_every_shard_one_move_a_round(void **state)
{
    free_slots();
    set_bytes(0, 15, 128);
    for (uint32_t p = 4; p < 8; p++)
        move_by_hand(p, 1, 0); /* 8 0 4 4 */
    propose("mongo-size");
    assert_int_equal(plan.move_count, 1);
}

static void mongo_comes_back_sooner_after_a_move(void **state)
{
    set_bytes(0, 15, 128);
    propose("mongo-size"); /* nothing: idle */
    for (uint32_t p = 4; p < 8; p++)
        move_by_hand(p, 1, 0);
    wait_for(9 * FORE_SEC);
    propose("mongo-size");
    assert_int_equal(plan.move_count, 0);
    wait_for(FORE_SEC);
    propose("mongo-size");
    assert_int_equal(plan.move_count, 1);
    carry_out();
    wait_for(FORE_SEC); /* busy */
    propose("mongo-size");
    assert_int_equal(plan.move_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(redis_evens_the_counts_and_then_rests),
        PEER_TEST(redis_takes_in_key_order_from_the_fullest),
        PEER_TEST(redis_stays_within_its_threshold),
        PEER_TEST(redis_ignores_load),
        PEER_TEST(redis_weighs_nodes_by_cores),
        PEER_TEST(citus_acts_outside_a_tenth_of_the_mean),
        PEER_TEST(citus_counts_a_base_cost_for_every_shard),
        PEER_TEST(citus_overshoots_only_for_half_of_what_it_adds),
        PEER_TEST(citus_count_has_no_tolerance),
        PEER_TEST(mongo_moves_above_three_chunks_of_difference),
        PEER_TEST(mongo_gives_every_shard_one_move_a_round),
        PEER_TEST(mongo_comes_back_sooner_after_a_move),
    };
    return cmocka_run_group_tests_name("core/policy: by count and size", tests, NULL, NULL);
}
