/* test_fleet_periods.c - seasons that were told, and those that are found beside them. */
#include "core/forecast/fleet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fleet_case.h"
#include "tests/support/near.h"

enum { COUNT = 2, TOLD = DAY };
static float daily; /* a second timer, once in the period that was told: so many times as much */

static int begin_told(void **state)
{
    (void)begin(state);
    grow(COUNT);
    daily = 1;
    static const char *const periods[] = {"8h"};
    struct fore_forecast_options options = {
        .model = "short-seasonal-naive",
        .horizon = STEPS * step,
        .refit_every = TOLD * step,
        .refresh_every = step,
        .periods = {periods, 1},
        .origins = 50,
        .origin_every = step,
        .spar_periods = 6,
        .spar_recent = 8,
        .ridge = 1e-4,
        .floor_share = 0.8
    };
    fleet = fore_fleet_create(&options, &observe, NULL);
    return 0;
}

/* A timer fires every `every` steps, at a level that rises by half a percent a step. */
static float level(uint64_t at, uint64_t every)
{
    float fires = at % every == 0 ? 4.0f : 1.0f;
    return expf(0.005f * (float)at) * fires * (at % TOLD == 5 ? daily : 1.0f);
}

static void run_timer(uint64_t points, uint64_t every)
{
    for (uint64_t k = 0; k < points; k++) {
        float load[COUNT];
        for (uint32_t p = 0; p < COUNT; p++)
            load[p] = level(now / step, every);
        push(load);
    }
}

/* The model says what was one shortest period ago. */
static void expect_lag(uint64_t lag, uint64_t every)
{
    const struct fore_scenario *s = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    assert_true(s->ready);
    double then = (double)level(now / step - lag, every);
    expect_near((double)s->mean[0], then, 1e-3 * then);
}

static void a_fraction_of_the_period_that_was_told_joins_it(void **state)
{
    (void)state;
    run_timer(6 * TOLD, 12);
    expect_lag(12, 12);
}

static void what_is_no_fraction_of_it_does_not(void **state)
{
    (void)state;
    run_timer(6 * TOLD, 7);
    expect_lag(TOLD, 7);
}

static void nor_does_a_fraction_that_is_the_poorer_guide(void **state)
{
    (void)state;
    daily = 30;
    run_timer(6 * TOLD, 12);
    expect_lag(TOLD, 12);
}

/* Too little was seen to say that the told period is the poorer one. */
static void nothing_joins_before_the_told_period_was_seen_three_times(void **state)
{
    (void)state;
    run_timer(3 * TOLD - 12, 12);
    expect_lag(TOLD, 12);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin_told, end)
    const struct CMUnitTest tests[] = {
        T(a_fraction_of_the_period_that_was_told_joins_it),
        T(nor_does_a_fraction_that_is_the_poorer_guide),
        T(nothing_joins_before_the_told_period_was_seen_three_times),
        T(what_is_no_fraction_of_it_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
