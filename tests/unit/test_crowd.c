/* The load of a crowd nobody can foresee, and the homes that predictive chooses for it. */
#include "core/decide/crowd.h"
#include "tests/support/peer.h"

#include <string.h>

static fore_ns window(void)
{
    return world.observe_options.window;
}

/* Node 0's four partitions ask for three times what others ask for; `times` all that. */
static void remember_popular(uint32_t windows, double times)
{
    double now[WORLD_PARTITIONS];
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        now[p] = world.observe->partition[p].load;
    for (uint32_t i = 0; i < windows; i++) {
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            world.observe->partition[p].load = times * (p < 4 ? 0.03 : 0.01);
        remember(1);
    }
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world.observe->partition[p].load = now[p];
}

static void quiet_weeks(void)
{
    free_slots();
    world.policy.slow.period = 2 * window();
    world.policy.slow.step = window();
    world.policy.slow.budget = 1;
    world.policy.slow.crowd_memory = 4 * window();
    world.policy.slow.crowd_grain = 0;
    world.input.bytes_unit = world.input.bytes_mean;
    remember_popular(20, 1);
}

static uint32_t ask(void)
{
    propose("predictive");
    carry_out();
    wait_for(86400 * FORE_SEC);
    return plan.move_count;
}

/* The node that would carry most of a crowd, in units of what an even one would. */
static double most_of_a_crowd(void)
{
    double most = 0;
    for (uint32_t n = 0; n < WORLD_NODES; n++) {
        double sum = 0;
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            if (fore_topology_hosts(&world.topology, p, (uint16_t)n)) sum += p < 4 ? 0.03 : 0.01;
        if (sum > most) most = sum;
    }
    return most / 0.06;
}

static void a_crowd_is_what_was_asked_for_lately_until_the_cluster_is_full(void **state)
{
    struct fore_profile crowd;
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world.observe->partition[p].load = p == 9 ? 5 : 0; /* long ago */
    remember(6);
    remember_popular(4, 0.5);
    remember_popular(4, 1.5);
    fore_crowd_profile(world.observe, &world.topology, 8 * window(), 0.85, 0.01, &world.arena,
                       &crowd);
    assert_int_equal(crowd.points, 8);
    double weight = 0, before = 0;
    for (uint32_t k = 0; k < crowd.slots; k++) {
        double all = 0;
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            all += (double)crowd.load[(size_t)p * crowd.slots + k];
        expect_near((double)crowd.load[(size_t)2 * crowd.slots + k], all / 8, 1e-6);
        expect_near((double)crowd.load[(size_t)9 * crowd.slots + k], all / 24, 1e-6);
        assert_true(all > before && all < 0.85 * WORLD_NODES);
        assert_true(all > 0.6 * 0.85 * WORLD_NODES);
        before = all;
        weight += crowd.weight[k];
    }
    expect_near(weight, 0.01, 1e-12);
}

static void of_nothing_no_crowd_is_made(void **state)
{
    struct fore_profile crowd;
    fore_crowd_profile(world.observe, &world.topology, window(), 0.85, 0.01, &world.arena, &crowd);
    assert_int_equal(crowd.points, 0);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world.observe->partition[p].load = 0;
    remember(8);
    fore_crowd_profile(world.observe, &world.topology, window(), 0.85, 0.01, &world.arena, &crowd);
    assert_int_equal(crowd.points, 0);
}

static void the_past_has_seen_what_is_above_the_usual(void **state)
{
    struct fore_profile profile;
    remember_popular(17, 1);
    remember_popular(3, 5);
    fore_profile_read(world.observe, &world.topology, 2 * window(), window(), &world.arena,
                      &profile);
    /* Usually 1.5 times in the one slot, 1.8 in the other: 5 is 3.3 and 2.8 times that. */
    const struct fore_observe *seen = world.observe;
    expect_near(fore_profile_above(seen, &world.topology, &profile, 2, &world.arena), 0.15, 1e-9);
    expect_near(fore_profile_above(seen, &world.topology, &profile, 4, &world.arena), 0, 1e-9);
}

static void who_has_never_seen_a_crowd_prepares_for_none(void **state)
{
    quiet_weeks();
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(), 0);
}

static void after_the_first_crowd_homes_are_chosen_for_the_next(void **state)
{
    quiet_weeks();
    remember_popular(1, 4); /* no node was near its limit in it */
    remember_popular(6, 1);
    expect_near(most_of_a_crowd(), 2, 1e-9);
    world.policy.slow.crowd = 0;
    assert_int_equal(ask(), 0);
    world.policy.slow.crowd = 2;
    assert_true(ask() > 0);
    assert_non_null(strstr(plan.reason, "for the next crowd"));
    for (int i = 0; i < 5; i++)
        (void)ask();
    assert_true(most_of_a_crowd() < 1.2);
    assert_int_equal(ask(), 0);
}

/* In a crowd partition 0 would bring .4 of a node, all others of its kind, too. */
static void what_would_be_too_coarse_in_a_crowd_is_cut_before(void **state)
{
    quiet_weeks();
    remember_popular(1, 4);
    remember_popular(6, 1);
    world.policy.slow.crowd_grain = 0.3;
    world_keys(&world, 0, 200, false);
    propose("predictive");
    assert_true(plan.move_count > 0);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
    assert_true(plan.move[0].for_grain && plan.move[0].move.partition < 4);
    world.policy.slow.crowd = 0;
    of = NULL;
    propose("predictive");
    assert_int_equal(plan.move_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(a_crowd_is_what_was_asked_for_lately_until_the_cluster_is_full),
        PEER_TEST(of_nothing_no_crowd_is_made),
        PEER_TEST(the_past_has_seen_what_is_above_the_usual),
        PEER_TEST(who_has_never_seen_a_crowd_prepares_for_none),
        PEER_TEST(after_the_first_crowd_homes_are_chosen_for_the_next),
        PEER_TEST(what_would_be_too_coarse_in_a_crowd_is_cut_before),
    };
    return cmocka_run_group_tests_name("decide/crowd", tests, NULL, NULL);
}
