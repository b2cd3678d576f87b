/* static-weekly and the profile of the past that it is made from. */
#include "core/decide/profile.h"
#include "tests/support/peer.h"

#include <math.h>

static fore_ns window(void)
{
    return world.observe_options.window;
}

/* Partitions of the first half are busy in even windows, the others in odd ones. */
static void remember_days(uint32_t windows)
{
    for (uint32_t i = 0; i < windows; i++) {
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            world.observe->partition[p].load = (p < WORLD_PARTITIONS / 2) == (i % 2 == 0) ? 0.4 : 0;
        remember(1);
    }
}

static void the_profile_is_the_mean_at_equal_times(void **state)
{
    struct fore_profile profile;
    fore_profile_read(world.observe, &world.topology, 2 * window(), window(), &world.arena,
                      &profile);
    assert_int_equal(profile.points, 0);
    remember_days(9);
    fore_profile_read(world.observe, &world.topology, 2 * window(), window(), &world.arena,
                      &profile);
    assert_int_equal(profile.slots, 2);
    assert_int_equal(profile.points, 9);
    expect_near(profile.weight[0], 5.0 / 9, 1e-9);
    expect_near(profile.weight[1], 4.0 / 9, 1e-9);
    expect_near((double)profile.load[0], 0.4, 1e-6);
    expect_near((double)profile.load[1], 0, 0);
    expect_near((double)profile.load[2 * 15 + 1], 0.4, 1e-6);
    fore_profile_read(world.observe, &world.topology, 20 * window(), window(), &world.arena,
                      &profile); /* slots nobody has seen */
    expect_near(profile.weight[0], 1.0 / 9, 1e-9);
    expect_near(profile.weight[15], 0, 0);
    expect_near((double)profile.load[15], 0.4 * 5 / 9, 1e-6);
}

static double busiest(void)
{
    double most = 0;
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        for (uint32_t half = 0; half < 2; half++) {
            double sum = 0;
            for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
                if ((p >= WORLD_PARTITIONS / 2) == half &&
                    fore_topology_hosts(&world.topology, p, (uint16_t)n))
                    sum += 0.4;
            most = fmax(most, sum);
        }
    return most;
}

static void it_spreads_what_is_busy_together_and_then_rests(void **state)
{
    free_slots();
    world.policy.static_weekly.period = 2 * window();
    world.policy.static_weekly.step = window();
    propose("static-weekly");
    assert_int_equal(plan.move_count, 0); /* nothing is known yet */
    remember_days(8);
    assert_true(busiest() > 1.5); /* the first eight are on two nodes */
    for (int i = 0; i < 5; i++) {
        propose("static-weekly");
        carry_out();
        wait_for(FORE_SEC);
    }
    expect_near(busiest(), 0.8, 1e-6);
    propose("static-weekly");
    assert_int_equal(plan.move_count, 0);
    remember_days(1); /* whatever comes */
    wait_for(86400 * FORE_SEC);
    propose("static-weekly");
    assert_int_equal(plan.move_count, 0);
}

static void what_was_moved_back_is_tried_again_but_not_for_ever(void **state)
{
    free_slots();
    world.policy.static_weekly.period = 2 * window();
    world.policy.static_weekly.step = window();
    remember_days(8);
    uint32_t rounds = 0;
    for (int i = 0; i < 20; i++) { /* no move ever succeeds */
        propose("static-weekly");
        rounds += plan.move_count > 0;
    }
    assert_true(rounds >= 2 && rounds <= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(the_profile_is_the_mean_at_equal_times),
        PEER_TEST(it_spreads_what_is_busy_together_and_then_rests),
        PEER_TEST(what_was_moved_back_is_tried_again_but_not_for_ever),
    };
    return cmocka_run_group_tests_name("policy/static_weekly", tests, NULL, NULL);
}
