#include "core/risk/coverage.h"
#include "tests/support/near.h"
#include "tests/support/world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Windows of a minute, steps of five; the world's forecast says the same for ever: 0.125 cores with
 * a deviation of 0.005 for each of 16 partitions on 4 nodes. */
enum { WINDOW_S = 60, STEP_S = 300 };

static struct world world;
static struct fore_coverage coverage;
static fore_ns now;

static int begin(void **state)
{
    world_init(&world);
    fore_observe_destroy(world.observe);
    world.observe_options.window = WINDOW_S * FORE_SEC;
    world.observe_options.mid_step = STEP_S * FORE_SEC;
    world.observe = fore_observe_create(&world.observe_options, &world.topology, 1);
    fore_coverage_init(&coverage, &world.arena, WORLD_CAP);
    now = 0;
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

/* One step in which partition p brings load[p], or 0.125. */
static void step(double hot, uint32_t hot_count)
{
    static float load[WORLD_CAP], zero[WORLD_CAP];
    const float *const value[FORE_HIST_METRICS] = {load, zero, zero, zero};
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        load[p] = p < hot_count ? (float)hot : 0.125f;
    for (int i = 0; i < STEP_S / WINDOW_S; i++) {
        now += WINDOW_S * FORE_SEC;
        fore_history_append(world.observe->history, now, value, WORLD_PARTITIONS);
    }
    world.forecast.origin = now;
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set_nowcast(&world, p, (double)load[p]);
    fore_coverage_look(&coverage, &world.forecast, &world.nowcast, world.observe, &world.topology,
                       2 * STEP_S * FORE_SEC, 0.85, &world.arena);
}

static void a_forecast_that_holds_is_relied_on(void **state)
{
    for (int i = 0; i < 10; i++)
        step(0.125, 0);
    assert_true(coverage.judged >= 6);
    expect_near(coverage.outside, 0, 1e-9);
    assert_false(coverage.lost);
}

static void intervals_missed_by_most_of_the_load_are_lost_and_come_back(void **state)
{
    for (int i = 0; i < 6; i++)
        step(0.125, 0);
    for (int i = 0; i < 4; i++)
        step(0.145, 16); /* four deviations, and no node near its limit */
    assert_true(coverage.outside > 0.5);
    assert_false(fore_coverage_burst(&coverage));
    assert_true(coverage.lost);
    for (int i = 0; i < 3; i++)
        step(0.125, 0);
    assert_true(coverage.lost || coverage.outside < 0.3);
    for (int i = 0; i < 4; i++)
        step(0.125, 0);
    assert_false(coverage.lost);
}

static void what_was_foreseen_better_than_by_persistence_is_not_lost(void **state)
{
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set_forecast(&world, p, 0, 0.2); /* a rise was foreseen, and is even larger */
    for (int i = 0; i < 3; i++)
        step(0.1, 16);
    step(0.24, 16);
    assert_true(coverage.judged >= 2 && coverage.outside > 0.5);
    step(0.24, 16);
    assert_false(coverage.lost);
    for (int i = 0; i < 6; i++)
        step(0.24, 16); /* now persistence is the better one */
    assert_true(coverage.lost);
}

static void a_little_of_the_load_is_no_loss(void **state)
{
    for (int i = 0; i < 10; i++)
        step(0.145, 4);
    assert_true(coverage.outside > 0.2 && coverage.outside < 0.4);
    assert_false(coverage.lost);
}

static void a_node_near_its_limit_beyond_what_was_said_is_a_burst(void **state)
{
    for (int i = 0; i < 6; i++)
        step(0.125, 0);
    step(0.5, 1); /* node 0: 0.875 of a core; 1 of 16 partitions */
    assert_true(fore_coverage_burst(&coverage));
    assert_int_equal(coverage.burst_node, 0);
    assert_true(coverage.lost);
    for (int i = 0; i < 4; i++)
        step(0.125, 0);
    assert_false(fore_coverage_burst(&coverage));
    assert_false(coverage.lost);
}

static void what_became_another_partition_is_left_out(void **state)
{
    for (int i = 0; i < 4; i++)
        step(0.125, 0);
    world.topology.partition[0].generation++;
    step(0.5, 1);
    assert_false(fore_coverage_burst(&coverage));
    expect_near(coverage.outside, 0, 1e-9);
}

static void what_is_not_ready_says_nothing(void **state)
{
    world.forecast.ready = false;
    for (int i = 0; i < 6; i++)
        step(0.5, 16);
    assert_int_equal(coverage.judged, 0);
    assert_false(coverage.lost);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_forecast_that_holds_is_relied_on),
        T(intervals_missed_by_most_of_the_load_are_lost_and_come_back),
        T(what_was_foreseen_better_than_by_persistence_is_not_lost),
        T(a_little_of_the_load_is_no_loss),
        T(a_node_near_its_limit_beyond_what_was_said_is_a_burst),
        T(what_became_another_partition_is_left_out),
        T(what_is_not_ready_says_nothing),
    };
    return cmocka_run_group_tests_name("core/decide/coverage", tests, NULL, NULL);
}
