#include "core/decide/timetable.h"
#include "tests/support/near.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400 };
static const double monday = 345600; /* 1970-01-05 00:00, where a run's clock begins by default */

static struct fore_arena arena;
static struct fore_timetable table;
static struct fore_diag diag;

static int begin(void **state)
{
    fore_arena_init(&arena);
    memset(&diag, 0, sizeof diag);
    return 0;
}

static int end(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static enum fore_err compile(const char *quiet, const char *finish_before)
{
    struct fore_timetable_options options = {quiet, finish_before};
    diag = (struct fore_diag){.code = FORE_E_OK};
    return fore_timetable_compile(&options, &arena, &table, &diag);
}

static double left(int day, double hour)
{
    return fore_timetable_left_s(&table, monday + day * DAY + hour * HOUR);
}

static void nothing_said_is_no_limit(void **state)
{
    assert_int_equal(compile(NULL, ""), FORE_E_OK);
    assert_true(left(0, 12) > 1e300);
    assert_true(fore_timetable_longest_s(&table) > 1e300);
}

static void a_daily_quiet_time_comes_every_day(void **state)
{
    assert_int_equal(compile("18:00-22:00", NULL), FORE_E_OK);
    for (int day = 0; day < 9; day++) {
        expect_near(left(day, 12), 6 * HOUR, 1e-6);
        expect_near(left(day, 18), 0, 1e-6);
        expect_near(left(day, 21.999), 0, 1e-6);
        expect_near(left(day, 22), 20 * HOUR, 1e-6);
        expect_near(left(day, 23), 19 * HOUR, 1e-6);
    }
    expect_near(fore_timetable_longest_s(&table), 20 * HOUR, 1e-6);
}

static void past_midnight_belongs_to_the_day_it_begins_on(void **state)
{
    assert_int_equal(compile("sun 22:00-06:00", NULL), FORE_E_OK);
    expect_near(left(6, 21), HOUR, 1e-6);
    expect_near(left(6, 23), 0, 1e-6);
    expect_near(left(7, 0), 0, 1e-6);
    expect_near(left(7, 5.5), 0, 1e-6);
    expect_near(left(7, 6), (6.0 * 24 + 16) * HOUR, 1e-6);
    expect_near(left(5, 23), 23 * HOUR, 1e-6);
    assert_int_equal(compile("22:00-00:00", NULL), FORE_E_OK);
    expect_near(left(3, 23), 0, 1e-6);
    expect_near(left(4, 0), 22 * HOUR, 1e-6);
    assert_int_equal(compile("00:00-24:00; ", NULL), FORE_E_REFUSED);
}

static void days_are_ranges_and_lists(void **state)
{
    assert_int_equal(compile("mon-fri 08:00-18:00; sat,sun 10:00-12:00", NULL), FORE_E_OK);
    expect_near(left(4, 9), 0, 1e-6);
    expect_near(left(4, 18), 16 * HOUR, 1e-6); /* Friday evening to Saturday morning */
    expect_near(left(5, 9), HOUR, 1e-6);
    expect_near(left(6, 12), 20 * HOUR, 1e-6);
    assert_int_equal(compile("sat-mon 00:00-24:00", NULL), FORE_E_OK);
    expect_near(left(0, 12), 0, 1e-6);
    expect_near(left(1, 0), 4 * DAY, 1e-6);
    expect_near(left(6, 12), 0, 1e-6);
}

static void once_is_once(void **state)
{
    assert_int_equal(compile("2026-11-27 18:00 - 2026-11-29", "2026-11-24T06:30"), FORE_E_OK);
    double friday = 1795737600; /* 2026-11-27 00:00 */
    expect_near(fore_timetable_left_s(&table, friday), 18 * HOUR, 1e-6);
    expect_near(fore_timetable_left_s(&table, friday + DAY), 0, 1e-6);
    assert_true(fore_timetable_left_s(&table, friday + 2 * DAY) > 1e300);
    expect_near(fore_timetable_left_s(&table, friday - 3 * DAY), 6.5 * HOUR, 1e-6);
    assert_true(fore_timetable_longest_s(&table) > 1e300);
}

static void a_deadline_is_passed_and_then_gone(void **state)
{
    assert_int_equal(compile(NULL, "07:00; fri 18:00"), FORE_E_OK);
    expect_near(left(1, 6), HOUR, 1e-6);
    expect_near(left(1, 7), DAY, 1e-6);
    expect_near(left(4, 7), 11 * HOUR, 1e-6);
    expect_near(left(4, 18), 13 * HOUR, 1e-6);
    expect_near(fore_timetable_longest_s(&table), DAY, 1e-6);
    double at = monday + 7 * HOUR;
    assert_false(fore_timetable_between(&table, at - 10, at - 1));
    assert_true(fore_timetable_between(&table, at - 10, at + 1));
    assert_false(fore_timetable_between(&table, at, at + 10));
}

static void what_is_not_a_time_is_refused(void **state)
{
    static const char *const wrong[] = {"18:00",
                                        "18-22",
                                        "25:00-26:00",
                                        "18:60-19:00",
                                        "monday 18:00-22:00",
                                        "mon 18:00-22:00 x",
                                        "mon,18:00-22:00",
                                        "2026-02-30 - 2026-03-01",
                                        "2026-11-29 - 2026-11-27",
                                        "18:00-22:00-23:00",
                                        "18:00-22:00, 23:00-24:00",
                                        "1926-11-29 - 2026-11-27"};
    for (size_t i = 0; i < FORE_COUNTOF(wrong); i++) {
        if (compile(wrong[i], NULL) == FORE_E_OK) fprintf(stderr, "taken: %s\n", wrong[i]);
        assert_int_equal(compile(wrong[i], NULL), FORE_E_FORMAT);
        assert_non_null(strstr(diag.text, "planner.quiet"));
    }
    assert_int_equal(compile(NULL, "07:00-08:00"), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "planner.finish_before"));
    assert_int_equal(compile("00:00-12:00; 12:00-24:00", NULL), FORE_E_REFUSED);
    assert_non_null(strstr(diag.text, "no time in the week"));
    assert_int_equal(compile("00:00-12:00; 12:01-24:00", NULL), FORE_E_OK);
    expect_near(fore_timetable_longest_s(&table), 60, 1e-6);
}

static void what_would_not_be_over_is_not_planned(void **state)
{
    struct world world;
    struct fore_plan plan;
    world_init(&world);
    for (uint32_t p = 0; p < 3; p++)
        world_set_forecast(&world, p, 6, 0.3);
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_true(plan.move_count > 0);
    world.input.quiet_in_s = 899; /* a copy takes 900 s */
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_int_equal(plan.move_count, 0);
    world.topology.partition[1].bytes /= 2;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_true(plan.move_count > 0);
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(plan.move[i].move.partition, 1);
    world_fini(&world);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(nothing_said_is_no_limit),
        T(a_daily_quiet_time_comes_every_day),
        T(past_midnight_belongs_to_the_day_it_begins_on),
        T(days_are_ranges_and_lists),
        T(once_is_once),
        T(a_deadline_is_passed_and_then_gone),
        T(what_is_not_a_time_is_refused),
        T(what_would_not_be_over_is_not_planned),
    };
    return cmocka_run_group_tests_name("core/decide/timetable", tests, NULL, NULL);
}
