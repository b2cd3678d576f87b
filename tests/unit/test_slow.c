/* The slow loop of predictive: homes for a period, the way there, and how much of what the fast
 * loop fears is believed. */
#include "core/decide/hindsight.h"
#include "core/decide/homing.h"
#include "core/decide/profile.h"
#include "tests/support/peer.h"

#include <math.h>
#include <string.h>

static fore_ns window(void)
{
    return world.observe_options.window;
}

static void short_days(void)
{
    free_slots();
    world.policy.slow.period = 2 * window();
    world.policy.slow.step = window();
    world.policy.slow.budget = 1;
    world.input.bytes_unit = world.input.bytes_mean;
}

/* Partitions of the first half ask for `load` in even windows, the others in odd ones; what the
 * coming hours are said to bring is another matter. */
static void remember_days(uint32_t windows, double load)
{
    double now[WORLD_PARTITIONS];
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        now[p] = world.observe->partition[p].load;
    for (uint32_t i = 0; i < windows; i++) {
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            world.observe->partition[p].load =
                (p < WORLD_PARTITIONS / 2) == (i % 2 == 0) ? load : 0;
        remember(1);
    }
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world.observe->partition[p].load = now[p];
}

/* Most partitions of one half that a node holds. */
static uint32_t together(void)
{
    uint32_t most = 0;
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        for (uint32_t half = 0; half < 2; half++) {
            uint32_t count = 0;
            for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
                count += (p >= WORLD_PARTITIONS / 2) == half &&
                         fore_topology_hosts(&world.topology, p, (uint16_t)n);
            if (count > most) most = count;
        }
    return most;
}

static uint32_t ask(void)
{
    propose("predictive");
    carry_out();
    wait_for(FORE_SEC);
    return plan.move_count;
}

static void what_is_busy_together_is_spread_before_any_hour_asks_for_it(void **state)
{
    short_days();
    assert_int_equal(ask(), 0); /* nothing is known yet */
    remember_days(8, 0.4);
    assert_int_equal(together(), 4);
    assert_true(ask() > 0);
    assert_non_null(strstr(plan.reason, "for the coming week"));
    for (int i = 0; i < 5; i++)
        (void)ask();
    assert_int_equal(together(), 2);
    assert_int_equal(ask(), 0);
    wait_for(3 * 86400 * FORE_SEC);
    assert_int_equal(ask(), 0); /* thought over again: it is good as it is */
}

static void it_moves_nothing_that_is_not_worth_it(void **state)
{
    short_days();
    remember_days(8, 0.1); /* 40 % of a node */
    assert_int_equal(ask(), 0);
    world.policy.slow.budget = 0.05; /* of 16 partitions: none */
    remember_days(8, 0.4);
    wait_for(3 * 86400 * FORE_SEC);
    assert_int_equal(ask(), 0);
}

static void it_can_be_turned_off_and_is_where_nodes_come_and_go(void **state)
{
    short_days();
    remember_days(8, 0.4);
    world.policy.slow.on = false;
    assert_int_equal(ask(), 0);
    world.policy.slow.on = true;
    of = NULL;
    propose("nowcast");
    assert_int_equal(plan.move_count, 0);
    world.input.caps |= FORE_CAP_NODES;
    propose("predictive");
    for (uint32_t i = 0; i < plan.move_count; i++) /* the number of nodes is its only concern */
        assert_null(strstr(plan.reason, "coming week"));
}

/* One partition of the busy half asks for .8 of a node: cut before homes are chosen, not after. */
static void what_is_too_coarse_is_cut_before_homes_are_chosen(void **state)
{
    short_days();
    world.policy.slow.grain = 0.3;
    world_keys(&world, 0, 200, false);
    remember_days(8, 0.2);
    for (int i = 0; i < 4; i++) { /* partition 0 alone, in the same windows */
        world.observe->partition[0].load = i % 2 == 0 ? 0.8 : 0;
        remember(1);
    }
    propose("predictive");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
    assert_int_equal(plan.move[0].move.partition, 0);
    assert_true(plan.move[0].for_grain);
    uint32_t rounds = 0;
    while (plan.move_count > 0 && plan.move[0].for_grain && rounds++ < 10) {
        world.busy[0] = true; /* it could be cut again, but rests */
        wait_for(FORE_SEC);
        propose("predictive");
    }
    assert_int_equal(rounds, 1); /* waited for, not cut twice */
    assert_null(strstr(plan.reason, "coming week"));
    world.policy.slow.grain = 0.9; /* nothing is too coarse any more: then homes are chosen */
    world.busy[0] = false;
    bool sent = false;
    for (int i = 0; i < 3 && !sent; i++) {
        wait_for(FORE_SEC);
        propose("predictive");
        sent = plan.move_count > 0 && strstr(plan.reason, "coming week") != NULL;
    }
    assert_true(sent);
}

static void what_failed_three_times_stays(void **state)
{
    short_days();
    remember_days(8, 0.4);
    uint32_t rounds = 0;
    for (int i = 0; i < 10; i++) { /* no move ever succeeds */
        propose("predictive");
        rounds += plan.move_count > 0;
        wait_for(FORE_SEC);
    }
    assert_int_equal(rounds, 3);
}

static void the_least_harmful_move_goes_home_first(void **state)
{
    uint16_t home[WORLD_CAP];
    memset(home, 0xff, sizeof home);
    for (uint32_t p = 0; p < 4; p++)
        world_set(&world, p, 0, 0.15); /* node 0: 60 % */
    for (uint32_t p = 8; p < 12; p++)
        world_set(&world, p, 0, 0.2); /* node 2: 80 %: near its limit */
    home[0] = 2;
    home[1] = 3;
    world.input.term_count = 1;
    struct fore_homing homing = {.home = home, .harm_most_s = 5, .moves_most = 8};
    plan = (struct fore_plan){0};
    assert_int_equal(fore_homing_plan(&world.input, &homing, &world.arena, &plan), 2);
    assert_int_equal(plan.move_count, 1); /* one slot a node; and node 2 cannot bear it */
    assert_int_equal(plan.move[0].move.partition, 1);
    world.busy[1] = true;
    plan = (struct fore_plan){0};
    assert_int_equal(fore_homing_plan(&world.input, &homing, &world.arena, &plan), 2);
    assert_int_equal(plan.move_count, 0);
    homing.harm_most_s = 1e9;
    assert_int_equal(fore_homing_plan(&world.input, &homing, &world.arena, &plan), 2);
    assert_int_equal(plan.move_count, 1);
}

static void leaving_home_is_charged_with_the_way_back(void **state)
{
    uint16_t home[WORLD_CAP];
    memset(home, 0xff, sizeof home);
    world.input.term_count = 1;
    world.decide.swaps = world.decide.splits = false;
    for (uint32_t p = 0; p < 4; p++)
        world_set(&world, p, 0, 0.24); /* node 0: 96 % */
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_true(plan.move_count > 0);
    double gain_s = plan.move[0].gain_s;
    home[plan.move[0].move.partition] = 0;
    uint32_t other = plan.move[0].move.partition;
    for (uint32_t p = 0; p < 4; p++)
        home[p] = 0;
    world.input.home = home;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_int_equal(plan.move[0].move.partition, other);
    expect_near(plan.move[0].gain_s, gain_s - (double)world.decide.move_price / 1e9, 1e-6);
}

static void what_was_said_and_never_came_is_believed_less(void **state)
{
    struct fore_hindsight hindsight = {0};
    expect_near(fore_hindsight_share(&hindsight), 1, 0);
    for (int i = 0; i < 12; i++) { /* half a node-second a second, and nothing comes: 60 % */
        for (uint32_t n = 0; n < WORLD_NODES; n++)
            world.observe->node[n].utilization = 0.6;
        fore_hindsight_add(&hindsight, &world.input, 1800, 3600);
        wait_for(300 * FORE_SEC);
    }
    expect_near(fore_hindsight_share(&hindsight), 600 / (600 + 11 * 150.0), 0.01);
    for (int i = 0; i < 120; i++) { /* now a node is far above */
        world.observe->node[0].utilization = 1.0;
        fore_hindsight_add(&hindsight, &world.input, 3600, 3600);
        wait_for(300 * FORE_SEC);
    }
    assert_true(fore_hindsight_share(&hindsight) > 0.9);
    for (int i = 0; i < 5000; i++) {
        world.observe->node[0].utilization = 0.1;
        fore_hindsight_add(&hindsight, &world.input, 3600, 3600);
        wait_for(300 * FORE_SEC);
    }
    expect_near(fore_hindsight_share(&hindsight), 0.05, 1e-9);
}

static void the_spread_is_what_nodes_strayed_by(void **state)
{
    struct fore_profile profile;
    remember_days(8, 0.4);
    fore_profile_read(world.observe, &world.topology, 2 * window(), window(), &world.arena,
                      &profile);
    expect_near(fore_profile_spread(world.observe, &world.topology, &profile, &world.arena), 0,
                1e-6);
    assert_int_equal(fore_profile_covers(world.observe, window()), 8 * window());
    for (int i = 0; i < 16;
         i++) { /* all together, 10 % up and down, at equal times of the period */
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            world.observe->partition[p].load = i / 2 % 2 == 0 ? 0.44 : 0.36;
        remember(1);
    }
    fore_profile_read(world.observe, &world.topology, 2 * window(), window(), &world.arena,
                      &profile);
    assert_true(fore_profile_spread(world.observe, &world.topology, &profile, &world.arena) > 0.08);
}

static void strays_are_every_partitions_own(void **state)
{
    struct fore_profile profile;
    remember_days(8, 0.4);
    for (int i = 0; i < 16; i++) { /* one alone, at equal times of the period */
        world.observe->partition[3].load = i / 2 % 2 == 0 ? 0.6 : 0.2;
        remember(1);
    }
    fore_profile_read(world.observe, &world.topology, 2 * window(), window(), &world.arena,
                      &profile);
    double *sd = fore_profile_strays(world.observe, &world.topology, &profile, &world.arena);
    double *most = fore_profile_busiest(world.observe, &world.topology, window(), &world.arena);
    expect_near(most[3], 0.6, 1e-6);
    expect_near(most[4], 0.4, 1e-6);
    /* 8 windows of .4 and 0 by turns, 16 of .6, .6, .2, .2: .4 on average at even times, .8/3 at
     * odd ones; off by 0, .2 and by .8/3, 1/3, .2/3, four, eight, four, four and four times. */
    expect_near(sd[3],
                sqrt((8 * 0.04 + 4 * (pow(0.8 / 3, 2) + pow(1.0 / 3, 2) + pow(0.2 / 3, 2))) / 24),
                1e-4);
    assert_true(sd[4] < sd[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(what_is_busy_together_is_spread_before_any_hour_asks_for_it),
        PEER_TEST(it_moves_nothing_that_is_not_worth_it),
        PEER_TEST(it_can_be_turned_off_and_is_where_nodes_come_and_go),
        PEER_TEST(what_is_too_coarse_is_cut_before_homes_are_chosen),
        PEER_TEST(what_failed_three_times_stays),
        PEER_TEST(the_least_harmful_move_goes_home_first),
        PEER_TEST(leaving_home_is_charged_with_the_way_back),
        PEER_TEST(what_was_said_and_never_came_is_believed_less),
        PEER_TEST(the_spread_is_what_nodes_strayed_by),
        PEER_TEST(strays_are_every_partitions_own),
    };
    return cmocka_run_group_tests_name("policy/slow", tests, NULL, NULL);
}
