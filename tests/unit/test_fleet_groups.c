#include "core/forecast/fleet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/forecast/lineup.h"
#include "tests/support/fleet_case.h"
#include "tests/support/near.h"

static void start(const char *model, enum fore_forecast_groups groups)
{
    static const char *const periods[] = {"8h"}, *const members[] = {"naive", "spar-log", "trees"};
    struct fore_forecast_options options = {
        .model = model,
        .members = {members, 3},
        .horizon = STEPS * step,
        .refit_every = DAY * step,
        .refresh_every = step,
        .periods = {periods, 1},
        .origins = 100,
        .origin_every = step,
        .spar_periods = 6,
        .spar_recent = 8,
        .ridge = 1e-4,
        .floor_share = 0.8,
        .train_work = 200,
        .train_every = 4 * DAY * step,
        .train_series = 8,
        .groups = groups,
    };
    fleet = fore_fleet_create(&options, &observe, NULL);
    assert_non_null(fleet);
}

/* Even partitions are busy at noon, odd ones at midnight. */
static float level(uint32_t p, uint64_t t)
{
    double phase = 6.283185307179586 * ((double)t / DAY + 0.5 * (p % 2));
    return (float)((1 + p) * (1 + 0.8 * sin(phase)));
}

static void run(uint64_t points, uint32_t silent)
{
    float load[CAP];
    for (uint64_t k = 0; k < points; k++) {
        for (uint32_t p = 0; p < topology.partition_count; p++)
            load[p] = p == silent ? 0 : level(p, now / step);
        push(load);
    }
}

static const float *forecast(uint32_t p)
{
    return fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST)->mean + (size_t)p * STEPS;
}

static bool reason_says(uint32_t p, const char *words)
{
    struct fore_buf text = {0};
    fore_fleet_reason(fleet, p, &text);
    bool found = strstr(text.data, words) != NULL;
    fore_buf_fini(&text);
    return found;
}

/* A load that was always half as high is forecast half as high, at once and from then on. */
static void a_scaled_past_gives_a_scaled_forecast(void **state)
{
    float mean[STEPS], other[STEPS];
    start("spar", FORE_GROUPS_TABLE);
    grow(4);
    run(8 * DAY, CAP);
    memcpy(mean, forecast(1), sizeof mean);
    memcpy(other, forecast(2), sizeof other);
    fore_history_scale(observe.history, 1, 0.5);
    fore_fleet_scale(fleet, 1, 0.5);
    for (size_t h = 0; h < STEPS; h++)
        expect_near((double)forecast(1)[h], 0.5 * (double)mean[h], 1e-5);
    seen[1].load *= 0.5;
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    for (size_t h = 0; h < STEPS; h++) {
        if (0.5 * (double)mean[h] > 0.35) /* above forecast.floor_share of the present */
            expect_near((double)forecast(1)[h], 0.5 * (double)mean[h], 0.01);
        expect_near((double)forecast(2)[h], (double)other[h], 0.03 * (double)other[h]);
    }
}

/* Partition 4 is three hours old; the others have days behind them and know what comes. */
static void the_young_get_their_share_of_the_tables_forecast(void **state)
{
    for (uint32_t p = 0; p < CAP; p++)
        parts[p].table = (uint16_t)(p % 2);
    start("spar", FORE_GROUPS_TABLE);
    grow(4);
    for (uint32_t p = 0; p < CAP; p++)
        parts[p].table = (uint16_t)(p % 2);
    run(10 * DAY, CAP);
    grow(5);
    run(18, CAP);
    const float *said = forecast(4);
    for (size_t h = 0; h < STEPS; h++) {
        float truth = level(4, now / step + h);
        assert_true(fabsf(said[h] - truth) < 0.1f * truth + 0.1f);
    }
    assert_true(reason_says(4, "too young"));
    assert_false(reason_says(0, "too young"));
    /* The borrower keeps its part of the group: 5 of 4 that lend. */
    for (size_t h = 0; h < STEPS; h++)
        expect_near((double)said[h] / (double)(forecast(0)[h] + forecast(2)[h]), 5.0 / 4.0, 0.02);
}

static void with_nobody_to_borrow_from_it_is_the_nowcast(void **state)
{
    start("spar", FORE_GROUPS_NONE);
    grow(2);
    run(10, CAP);
    expect_near((double)forecast(0)[STEPS - 1], seen[0].load, 1e-5);
}

static void what_is_hardly_asked_for_borrows_too(void **state)
{
    start("spar", FORE_GROUPS_NONE);
    grow(3);
    run(10 * DAY, 2);
    assert_true(reason_says(2, "no model") || forecast(2)[0] < 1e-6f);
    for (size_t h = 0; h < STEPS; h++)
        assert_true(forecast(2)[h] >= 0 && forecast(2)[h] < 1e-6f);
}

static void every_shape_has_nets_of_its_own(void **state)
{
    struct fore_lineup_lesson lesson[16];
    start("ensemble", FORE_GROUPS_SHAPE);
    grow(8);
    run(8 * DAY, CAP);
    size_t count = fore_fleet_lessons(fleet, lesson, FORE_COUNTOF(lesson)), of[2] = {0};
    for (size_t i = 0; i < count; i++) {
        assert_true(lesson[i].group < 2);
        assert_int_equal(lesson[i].series, 4);
        of[lesson[i].group]++;
    }
    assert_true(of[0] > 0 && of[1] > 0);
}

static void groups_nets_survive_a_restart(void **state)
{
    start("ensemble", FORE_GROUPS_SHAPE);
    grow(8);
    run(8 * DAY, CAP);
    struct fore_buf bytes = {0};
    struct fore_diag diag = {0};
    fore_fleet_save(fleet, &bytes);
    struct fore_fleet *before = fleet;
    start("ensemble", FORE_GROUPS_SHAPE);
    assert_int_equal(fore_fleet_load(fleet, bytes.data, bytes.len, &diag), FORE_E_OK);
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    const float *old = fore_fleet_scenario(before, FORE_SCENARIO_FORECAST)->mean;
    for (size_t i = 0; i < 8 * STEPS; i++)
        expect_near((double)forecast(0)[i], (double)old[i], 1e-3 * (double)old[i] + 1e-6);
    fore_fleet_destroy(before);
    fore_buf_fini(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_scaled_past_gives_a_scaled_forecast),
        TEST(the_young_get_their_share_of_the_tables_forecast),
        TEST(with_nobody_to_borrow_from_it_is_the_nowcast),
        TEST(what_is_hardly_asked_for_borrows_too),
        TEST(every_shape_has_nets_of_its_own),
        TEST(groups_nets_survive_a_restart),
    };
    return cmocka_run_group_tests_name("core/forecast: groups", tests, NULL, NULL);
}
