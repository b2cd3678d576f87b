/* test_planner_wait.c - moves that had better begin later: they wait, others do not, and where the
 * option is off nothing waits. */
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct fore_plan plan;

/* Node 0 is too full from step 8 on, all others are nearly full before step 5: what comes there
 * within the 3 steps of a copy is too much for them. */
static int begin(void **state)
{
    (void)state;
    world_init(&world);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        world_set(&world, p, 0, 0.18);
        if (p >= 4) world_set_forecast(&world, p, 5, 0.1);
    }
    world_set_forecast(&world, 0, 8, 0.5);
    world.decide.splits = world.decide.replicas = world.decide.swaps = false;
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

static void make_plan(bool wait)
{
    world.decide.wait = wait;
    fore_planner_plan(&world.input, &world.arena, &plan);
}

static void without_the_option_it_moves_at_once(void **state)
{
    (void)state;
    make_plan(false);
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.source, 0);
}

static void a_move_that_had_better_begin_later_waits(void **state)
{
    (void)state;
    make_plan(true);
    assert_int_equal(plan.move_count, 0);
    assert_non_null(strstr(plan.reason, "wait"));
    assert_true(plan.violation_after_s < 0.6 * plan.violation_before_s);
}

static void it_moves_when_its_time_has_come(void **state)
{
    (void)state;
    for (uint32_t p = 4; p < WORLD_PARTITIONS; p++)
        world_set_forecast(&world, p, 2, 0.1);
    make_plan(true);
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.source, 0);
}

static void what_hurts_now_does_not_wait(void **state)
{
    (void)state;
    world_set(&world, 0, 0, 0.5);
    for (uint32_t p = 4; p < WORLD_PARTITIONS; p++)
        world_set(&world, p, 0, 0.1);
    make_plan(true);
    assert_true(plan.move_count >= 1);
}

/* The present load says that it will always be better to wait. */
static void the_nowcast_does_not_make_it_wait(void **state)
{
    (void)state;
    for (uint32_t p = 4; p < WORLD_PARTITIONS; p++)
        world_set_forecast(&world, p, 0, 0.1);
    world.input.term[0].weight = 0.85;
    world.input.term[1] = (struct fore_load_term){&world.nowcast, 0.15};
    world.input.term_count = 2;
    make_plan(true);
    assert_true(plan.move_count >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_the_option_it_moves_at_once, begin, end),
        cmocka_unit_test_setup_teardown(a_move_that_had_better_begin_later_waits, begin, end),
        cmocka_unit_test_setup_teardown(it_moves_when_its_time_has_come, begin, end),
        cmocka_unit_test_setup_teardown(what_hurts_now_does_not_wait, begin, end),
        cmocka_unit_test_setup_teardown(the_nowcast_does_not_make_it_wait, begin, end),
    };
    return cmocka_run_group_tests_name("core/decide/wait", tests, NULL, NULL);
}
