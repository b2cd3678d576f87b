/* test_fleet_kin.c - parts of what was one partition know each other, until they are one again. */
#include "core/forecast/fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 8, START = 3, STEPS = 4, POINTS = 64 };
static const fore_ns step = 600 * FORE_SEC;
static struct fore_partition parts[CAP];
static struct fore_topology topology = {.partition = parts, .partition_cap = CAP};
static struct fore_observe_partition seen[CAP];
static struct fore_observe observe = {.partition = seen, .partition_cap = CAP};
static struct fore_arena scratch;
static struct fore_fleet *fleet;
static const struct fore_scenario *scenario;

static int begin(void **state)
{
    (void)state;
    const struct fore_history_shape shape = {
        .step = {step, step,   3600 * FORE_SEC},
          .length = {4,    POINTS, 4              }
    };
    observe.options.window = step;
    observe.history = fore_history_create(&shape, CAP);
    topology.partition_count = START;
    for (uint32_t p = 0; p < CAP; p++)
        parts[p] = (struct fore_partition){.alive = p < START};
    struct fore_forecast_options options = {.model = "naive",
                                            .horizon = STEPS * step,
                                            .refit_every = 100 * step,
                                            .refresh_every = step,
                                            .origins = 8,
                                            .origin_every = step};
    fleet = fore_fleet_create(&options, &observe, NULL);
    assert_non_null(fleet);
    const float load[CAP] = {1, 1, 1};
    const float *const value[] = {load, load, load, load};
    for (fore_ns now = step; now <= 4 * step; now += step) {
        fore_history_append(observe.history, now, value, START);
        (void)fore_fleet_refresh(fleet, &observe, &topology, now, &scratch);
    }
    scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fore_fleet_destroy(fleet);
    fore_history_destroy(observe.history);
    fore_arena_fini(&scratch);
    return 0;
}

static uint32_t circle(uint32_t from)
{
    uint32_t count = 1;
    for (uint32_t at = scenario->kin[from]; at != from; at = scenario->kin[at])
        assert_true(++count <= CAP);
    return count;
}

static void everyone_begins_alone(void **state)
{
    (void)state;
    for (uint32_t p = 0; p < START; p++)
        assert_int_equal(circle(p), 1);
}

static void parts_of_parts_are_kin(void **state)
{
    (void)state;
    fore_fleet_split(fleet, 1, 4, 0.5);
    fore_fleet_split(fleet, 4, 5, 0.5);
    fore_fleet_split(fleet, 2, 6, 0.5);
    assert_int_equal(circle(1), 3);
    assert_int_equal(circle(5), 3);
    assert_int_equal(circle(6), 2);
    assert_int_equal(circle(0), 1);
}

static void kin_stay_kin_when_one_of_them_goes(void **state)
{
    (void)state;
    fore_fleet_split(fleet, 1, 4, 0.5);
    fore_fleet_split(fleet, 4, 5, 0.5);
    fore_fleet_merge(fleet, 1, 4);
    assert_int_equal(circle(1), 2);
    assert_int_equal(circle(5), 2);
    assert_int_equal(circle(4), 1);
    fore_fleet_merge(fleet, 1, 5);
    assert_int_equal(circle(1), 1);
}

static void an_index_used_again_has_new_kin(void **state)
{
    (void)state;
    fore_fleet_split(fleet, 1, 4, 0.5);
    fore_fleet_merge(fleet, 1, 4);
    fore_fleet_split(fleet, 2, 4, 0.5);
    assert_int_equal(circle(1), 1);
    assert_int_equal(circle(2), 2);
    assert_int_equal(scenario->kin[4], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everyone_begins_alone, begin, end),
        cmocka_unit_test_setup_teardown(parts_of_parts_are_kin, begin, end),
        cmocka_unit_test_setup_teardown(kin_stay_kin_when_one_of_them_goes, begin, end),
        cmocka_unit_test_setup_teardown(an_index_used_again_has_new_kin, begin, end),
    };
    return cmocka_run_group_tests_name("core/forecast/fleet, kin", tests, NULL, NULL);
}
