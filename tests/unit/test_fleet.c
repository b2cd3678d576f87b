#include "core/forecast/fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/forecast/lineup.h"
#include "core/forecast/residual.h"
#include "tests/support/fleet_case.h"
#include "tests/support/near.h"

static struct fore_forecast_options options_for(const char *model)
{
    static const char *const periods[] = {"8h"};
    return (struct fore_forecast_options){
        .model = model,
        .horizon = STEPS * step,
        .refit_every = DAY * step,
        .refresh_every = step,
        .periods = {periods, 1},
        .origins = 200,
        .origin_every = step,
        .spar_periods = 6,
        .spar_recent = 8,
        .ridge = 1e-4,
        .floor_share = 0.8,
    };
}

static void start(const char *model, uint32_t partition_count)
{
    struct fore_forecast_options options = options_for(model);
    struct fore_diag diag = {0};
    fleet = fore_fleet_create(&options, &observe, &diag);
    assert_non_null(fleet);
    topology.partition_count = partition_count;
    for (uint32_t i = 0; i < partition_count; i++)
        parts[i].alive = true;
}

/* A season of its own phase for each partition, with 3 % of noise. */
static float diurnal(uint32_t p, uint64_t t, struct fore_rng *rng)
{
    double phase = (double)t / DAY + p * 0.13;
    double noise = 1 + 0.03 * fore_dist_normal(rng);
    return (float)((2 + p % 5) * (1 + 0.8 * sin(6.283185307179586 * phase)) * noise);
}

static void run_diurnal(uint32_t partition_count, uint64_t points)
{
    struct fore_rng rng = fore_rng_stream(9, "fleet", 0);
    float load[CAP];
    for (uint64_t k = 0; k < points; k++) {
        for (uint32_t p = 0; p < partition_count; p++)
            load[p] = diurnal(p, now / step, &rng);
        push(load);
    }
}

static void the_forecast_beats_the_nowcast_two_hours_ahead(void **state)
{
    start("mean-spar", 20);
    run_diurnal(20, 10 * DAY);
    assert_true(fore_fleet_skill(fleet, 2 * 3600 * FORE_SEC) < 0.2);
    assert_true(fore_fleet_skill(fleet, step) < 0.7);
    const struct fore_scenario *scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    assert_true(scenario->ready);
    assert_string_equal(scenario->model, "mean-spar");
    assert_int_equal(scenario->steps, STEPS);
    assert_true(scenario->origin == now);
    for (uint32_t p = 0; p < 20; p++) {
        for (size_t h = 0; h < STEPS; h++) {
            double phase = (double)(now / step + h) / DAY + p * 0.13;
            double truth = (2 + p % 5) * (1 + 0.8 * sin(6.283185307179586 * phase));
            expect_near((double)scenario->mean[p * STEPS + h], truth, 0.15 * (2 + p % 5));
        }
    }
}

static void a_short_history_falls_back_to_the_nowcast(void **state)
{
    start("spar", 3);
    run_diurnal(3, 20);
    const struct fore_scenario *scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    const struct fore_scenario *nowcast = fore_fleet_scenario(fleet, FORE_SCENARIO_NOWCAST);
    assert_false(scenario->ready);
    assert_memory_equal(scenario->mean, nowcast->mean, 3 * STEPS * sizeof(float));
    assert_memory_equal(scenario->own, nowcast->own, 3 * STEPS * sizeof(float));
    for (size_t i = 0; i < 3 * STEPS; i++)
        expect_near((double)scenario->mean[i], seen[i / STEPS].load, 1e-5);
    struct fore_fleet_counts counts = fore_fleet_counts(fleet);
    assert_int_equal(counts.fallbacks, 60);
    assert_int_equal(counts.fits, 0);
    assert_true(isnan(fore_fleet_skill(fleet, step)));
    const double level = 0.5;
    float grid[STEPS];
    assert_false(fore_fleet_quantiles(fleet, 0, &level, 1, &scratch, grid));
}

static void nothing_is_done_when_nothing_is_due(void **state)
{
    start("naive", 2);
    run_diurnal(2, 3);
    assert_false(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    assert_false(fore_fleet_refresh(fleet, &observe, &topology, now + step - 1, &scratch));
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now + step, &scratch));
}

static void periods_are_found_when_none_are_given(void **state)
{
    struct fore_forecast_options options = options_for("spar");
    options.periods = (struct fore_strings){0};
    fleet = fore_fleet_create(&options, &observe, NULL);
    topology.partition_count = 4;
    for (uint32_t i = 0; i < 4; i++)
        parts[i].alive = true;
    run_diurnal(4, 8 * DAY);
    assert_true(fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST)->ready);
    assert_true(fore_fleet_skill(fleet, 2 * 3600 * FORE_SEC) < 0.3);
}

/*
 * Load l_p (1 + c + e_p), c and e_p white: persistence is wrong by their differences, so a set S
 * has the variance 2 (sum l)^2 var(c) + 2 (sum l^2) var(e).
 */
static void spreads_add_up_over_any_set(void **state)
{
    enum { COUNT = 40 };
    const double shared = 0.02, own = 0.10;
    struct fore_rng rng = fore_rng_stream(3, "fleet", 1);
    float load[CAP], level[CAP];
    for (int p = 0; p < COUNT; p++)
        level[p] = (float)(1 + p % 4);
    start("naive", COUNT);
    for (int k = 0; k < 400; k++) {
        double common = shared * fore_dist_normal(&rng);
        for (int p = 0; p < COUNT; p++)
            load[p] = level[p] * (float)(1 + common + own * fore_dist_normal(&rng));
        push(load);
    }
    memcpy(load, level, sizeof(load));
    push(load); /* every present level is the usual one */
    const struct fore_scenario *scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    for (int size = 1; size <= COUNT; size = size * 2 + 1) {
        for (int trial = 0; trial < 5; trial++) {
            double sum = 0, squares = 0, common = 0, rest = 0;
            uint32_t from = fore_rng_below(&rng, COUNT);
            for (int i = 0; i < size; i++) {
                size_t p = (from + (size_t)i * 7) % COUNT, at = p * STEPS + 5;
                sum += (double)level[p];
                squares += (double)level[p] * (double)level[p];
                common += (double)scenario->common[at];
                rest += (double)scenario->own[at] * (double)scenario->own[at];
            }
            double truth = sqrt(2 * (sum * sum * shared * shared + squares * own * own));
            double told = sqrt(common * common + rest);
            expect_near(told / truth, 1.0, size == 1 ? 0.25 : 0.15);
        }
    }
}

static void intervals_cover_what_comes(void **state)
{
    start("mean-spar", 20);
    run_diurnal(20, 9 * DAY);
    struct fore_rng rng = fore_rng_stream(10, "fleet", 0);
    float grid[STEPS * 13];
    int inside = 0, all = 0;
    for (int k = 0; k < DAY; k++) {
        run_diurnal(20, 1);
        for (uint32_t p = 0; p < 20; p++) {
            assert_true(fore_fleet_quantiles(fleet, p, fore_quantile_levels, 13, &scratch, grid));
            for (size_t h = 0; h < STEPS; h++) {
                double truth = (double)diurnal(p, now / step + h, &rng);
                const float *q = grid + h * 13;
                for (int i = 1; i < 13; i++)
                    assert_true(q[i] >= q[i - 1] && q[i - 1] >= 0.0f);
                inside += truth >= (double)q[1] && truth <= (double)q[11];
                all++;
            }
        }
    }
    assert_in_range(inside * 1000 / all, 850, 950);
}

static void gaps_leave_the_forecast_whole(void **state)
{
    start("mean-spar", 4);
    run_diurnal(4, 6 * DAY);
    now += 5 * step; /* nobody looked */
    run_diurnal(4, 3 * DAY);
    now += 30 * step;
    run_diurnal(4, 1);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        const struct fore_scenario *scenario =
            fore_fleet_scenario(fleet, (enum fore_scenario_kind)kind);
        for (size_t i = 0; i < 4 * STEPS; i++)
            assert_true(scenario->mean[i] >= 0.0f && isfinite(scenario->common[i]) &&
                        scenario->own[i] > 0.0f);
    }
    const struct fore_scenario *scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    for (uint32_t p = 0; p < 4; p++) {
        double phase = (double)(now / step + 5) / DAY + p * 0.13;
        double truth = (2 + p) * (1 + 0.8 * sin(6.283185307179586 * phase));
        expect_near((double)scenario->mean[p * STEPS + 5], truth, 0.15 * (2 + p));
    }
    now += 2 * POINTS * step; /* longer than anything is kept */
    run_diurnal(4, 3);
    assert_true(fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST)->mean[0] >= 0.0f);
}

static void a_split_shares_and_a_merge_adds(void **state)
{
    start("mean-spar", 4);
    run_diurnal(4, 9 * DAY);
    const struct fore_scenario *scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    float mean[STEPS], common[STEPS], own[STEPS];
    memcpy(mean, scenario->mean + STEPS, sizeof(mean));
    memcpy(common, scenario->common + STEPS, sizeof(common));
    memcpy(own, scenario->own + STEPS, sizeof(own));

    fore_history_split(observe.history, 1, 4, 0.25);
    fore_fleet_split(fleet, 1, 4, 0.25);
    parts[4].alive = true;
    topology.partition_count = 5;
    seen[4].load = 0.25 * seen[1].load;
    seen[1].load *= 0.75;
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    assert_true(fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST)->ready);
    for (size_t h = 0; h < STEPS; h++) {
        double left = (double)scenario->mean[STEPS + h];
        double right = (double)scenario->mean[4 * STEPS + h];
        expect_near((left + right) / (double)mean[h], 1.0, 0.02);
        expect_near(right / (double)mean[h], 0.25, 0.01);
        /* of the variance 3/4 go with the square of the share, 1/4 with the share */
        expect_near((double)scenario->own[4 * STEPS + h], 0.330719 * (double)own[h],
                    0.02 * (double)own[h]);
    }
    assert_int_equal(scenario->kin[1], 4);
    assert_int_equal(scenario->kin[4], 1);
    assert_int_equal(scenario->kin[2], 2);

    fore_history_merge(observe.history, 1, 4);
    fore_fleet_merge(fleet, 1, 4);
    parts[4].alive = false;
    seen[1].load += seen[4].load;
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    for (size_t h = 0; h < STEPS; h++) {
        expect_near((double)scenario->mean[STEPS + h] / (double)mean[h], 1.0, 0.02);
        expect_near((double)scenario->mean[4 * STEPS + h], 0.0, 0.0);
    }
    assert_int_equal(scenario->kin[1], 1);
    assert_int_equal(scenario->kin[4], 4);
}

static void wrong_options_are_refused_with_a_sentence(void **state)
{
    struct fore_diag diag = {0};
    struct fore_forecast_options options = options_for("spar-lgo");
    assert_null(fore_fleet_create(&options, &observe, &diag));
    assert_non_null(strstr(diag.text, "spar-log"));
    static const char *const odd[] = {"7min"}, *const junk[] = {"daily"};
    options = options_for("spar");
    options.periods.item = odd;
    diag = (struct fore_diag){0};
    assert_null(fore_fleet_create(&options, &observe, &diag));
    assert_non_null(strstr(diag.text, "multiple of observe.mid_step"));
    options.periods.item = junk;
    diag = (struct fore_diag){0};
    assert_null(fore_fleet_create(&options, &observe, &diag));
    assert_non_null(strstr(diag.text, "not a duration"));
    options = options_for("spar");
    options.horizon = 10 * POINTS * step;
    diag = (struct fore_diag){0};
    assert_null(fore_fleet_create(&options, &observe, &diag));
    assert_non_null(strstr(diag.text, "forecast.horizon"));
}

static void the_defaults_make_a_fleet(void **state)
{
    struct fore_arena arena = {0};
    struct fore_forecast_options options;
    fore_option_defaults(
        (struct fore_option_binding){.section = &fore_forecast_section, .target = &options},
        &arena);
    assert_string_equal(options.model, "ensemble");
    fleet = fore_fleet_create(&options, &observe, NULL);
    assert_non_null(fleet);
    fore_arena_fini(&arena);
}

/* ---- hints ----------------------------------------------------------------------------------- */

/* p0 feels all of the range's hint, p1 a quarter of it. */
static void feel(const char *hints)
{
    struct fore_table table = {.name = "orders", .first = 0, .last = 999};
    struct fore_forecast_options options = options_for("naive");
    uint64_t from = 40, steps = 4;
    options.hints = hints;
    options.clock_start = 345600;
    topology.table = &table;
    topology.table_count = 1;
    for (uint32_t p = 0; p < 4; p++)
        parts[p] = (struct fore_partition){
            .alive = true, .first = p * 160, .last = p == 3 ? 999 : p * 160 + 159};
    topology.partition_count = 4;
    fleet = fore_fleet_create(&options, &observe, NULL);
    assert_non_null(fleet);
    const float load[4] = {1.0f, 1.0f, 1.0f, 1.0f};
    for (int i = 0; i < 38; i++)
        push(load);
    const float *mean = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST)->mean;
    const double expected[4] = {3.0, 1.5, 2.0, 1.0};
    for (uint32_t p = 0; p < 4; p++)
        for (uint64_t h = 0; h < STEPS; h++) {
            bool during = 38 + h >= from && 38 + h < from + steps;
            expect_near((double)mean[p * STEPS + h], during ? expected[p] : 1.0, 1e-3);
        }
    topology.table = NULL;
    topology.table_count = 0;
}

static void a_hint_is_felt_where_and_when_it_was_announced(void **state)
{
    feel("0%..20% event 40..44 x3; orders/p2 event 40..44 +100%");
    struct fore_diag diag = {0};
    assert_int_equal(fore_fleet_set_hints(fleet, "orders event 3..1 x2", &diag), FORE_E_FORMAT);
    assert_true(diag.text[0] != '\0');
}

static void a_hint_may_name_positions(void **state)
{
    feel("0..199 event 40..44 x3; 320..479 event 40..44 x2; 5..1 event 40..44 x9");
}

/* Five steps of load 2, and what is said of the steps 5, 6, 7: hardly enough for SPAR. */
static const struct fore_scenario *young(const char *hints)
{
    static struct fore_table table = {.name = "orders", .first = 0, .last = 999};
    struct fore_forecast_options options = options_for("spar-log");
    const float load[1] = {2.0f};
    options.hints = hints;
    options.clock_start = 345600;
    topology.table = &table;
    topology.table_count = 1;
    parts[0] = (struct fore_partition){.alive = true, .first = 0, .last = 999};
    topology.partition_count = 1;
    fleet = fore_fleet_create(&options, &observe, NULL);
    assert_non_null(fleet);
    for (int i = 0; i < 5; i++)
        push(load);
    topology.table_count = 0;
    return fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
}

static void nothing_is_said_before_a_model_has_learned(void **state)
{
    assert_false(young(NULL)->ready);
}

static void a_hint_is_heard_before_a_model_has_learned(void **state)
{
    const struct fore_scenario *forecast = young("* event 7..9 x3");
    assert_true(forecast->ready);
    expect_near((double)forecast->mean[1], 2.0, 1e-3);
    expect_near((double)forecast->mean[2], 6.0, 1e-3);
}

/* ---- restarts -------------------------------------------------------------------------------- */

static void start_ensemble(void)
{
    static const char *const members[] = {"naive", "seasonal-naive", "spar-log", "trees"};
    struct fore_forecast_options options = options_for("ensemble");
    options.members = (struct fore_strings){members, FORE_COUNTOF(members)};
    options.train_work = 200;
    options.train_every = 4 * DAY * step;
    options.train_series = 8;
    fleet = fore_fleet_create(&options, &observe, NULL);
    assert_non_null(fleet);
}

static size_t lessons(void)
{
    struct fore_lineup_lesson lesson[8];
    return fore_fleet_lessons(fleet, lesson, FORE_COUNTOF(lesson));
}

/* Learns for ten days, then starts again from what was saved and the history. */
static struct fore_fleet *learn_and_restart(struct fore_buf *state)
{
    topology.partition_count = 6;
    for (uint32_t i = 0; i < 6; i++)
        parts[i].alive = true;
    start_ensemble();
    run_diurnal(6, 10 * DAY);
    assert_true(lessons() > 0);
    fore_fleet_save(fleet, state);
    struct fore_fleet *before = fleet;
    start_ensemble();
    return before;
}

static void what_was_learned_survives_a_restart(void **state)
{
    struct fore_buf bytes = {0}, said[2] = {{0}, {0}};
    struct fore_diag diag = {0};
    struct fore_fleet *before = learn_and_restart(&bytes);
    assert_int_equal(fore_fleet_load(fleet, bytes.data, bytes.len, &diag), FORE_E_OK);
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    const struct fore_scenario *old = fore_fleet_scenario(before, FORE_SCENARIO_FORECAST);
    const struct fore_scenario *new = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    assert_true(new->ready);
    for (uint32_t i = 0; i < 6 * STEPS; i++) { /* refitted, so almost the same */
        expect_near((double)new->mean[i], (double)old->mean[i], 0.1 * (double)old->mean[i]);
        expect_near((double)new->own[i], (double)old->own[i], 0.1 * (double)old->own[i]);
    }
    for (int i = 0; i < 2; i++)
        fore_fleet_reason(i == 0 ? before : fleet, 3, &said[i]);
    assert_string_equal(said[0].data, said[1].data);
    assert_non_null(strstr(said[0].data, "trees")); /* its net is back */
    run_diurnal(6, DAY);
    assert_int_equal(lessons(), 0); /* the next training is when it would have been */
    fore_buf_fini(&bytes);
    fore_buf_fini(&said[0]);
    fore_buf_fini(&said[1]);
    fore_fleet_destroy(before);
}

static void damaged_or_foreign_state_is_refused(void **state)
{
    struct fore_buf bytes = {0};
    struct fore_diag diag = {0};
    fore_fleet_destroy(learn_and_restart(&bytes));
    assert_int_equal(fore_fleet_load(fleet, bytes.data, bytes.len - 1, &diag), FORE_E_FORMAT);
    bytes.data[bytes.len / 2] ^= 4;
    diag = (struct fore_diag){0};
    assert_int_equal(fore_fleet_load(fleet, bytes.data, bytes.len, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "corrupt"));
    diag = (struct fore_diag){0};
    bytes.data[bytes.len / 2] ^= 4;
    fore_fleet_destroy(fleet);
    start("spar", 6);
    assert_int_equal(fore_fleet_load(fleet, bytes.data, bytes.len, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "other members"));
    fore_buf_fini(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_forecast_beats_the_nowcast_two_hours_ahead),
        TEST(a_short_history_falls_back_to_the_nowcast),
        TEST(nothing_is_done_when_nothing_is_due),
        TEST(periods_are_found_when_none_are_given),
        TEST(spreads_add_up_over_any_set),
        TEST(intervals_cover_what_comes),
        TEST(gaps_leave_the_forecast_whole),
        TEST(a_split_shares_and_a_merge_adds),
        TEST(wrong_options_are_refused_with_a_sentence),
        TEST(the_defaults_make_a_fleet),
        TEST(a_hint_is_felt_where_and_when_it_was_announced),
        TEST(a_hint_may_name_positions),
        TEST(nothing_is_said_before_a_model_has_learned),
        TEST(a_hint_is_heard_before_a_model_has_learned),
        TEST(what_was_learned_survives_a_restart),
        TEST(damaged_or_foreign_state_is_refused),
    };
    return cmocka_run_group_tests_name("core/forecast/fleet", tests, NULL, NULL);
}
