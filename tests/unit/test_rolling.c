#include "core/forecast/rolling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { N = 1200, DAY = 24, HORIZON = 12, SERIES = 6 };
static struct fore_arena scratch;
static float load[SERIES][N];

static int teardown(void **state)
{
    fore_arena_fini(&scratch);
    return 0;
}

static struct fore_rolling_options options(const char *const *names, size_t count)
{
    struct fore_rolling_options out = {.member_count = count,
                                       .ensemble = fore_ensemble_defaults,
                                       .horizon = HORIZON,
                                       .origin_step = 5,
                                       .warm = 40,
                                       .scored = 20,
                                       .refit_origins = 10,
                                       .seed = 7};
    out.params = (struct fore_model_params){
        .spar_periods = 6, .spar_recent = 8, .ridge = 1e-4, .floor_share = 0.8};
    for (size_t m = 0; m < count; m++)
        out.member[m] = fore_model_find(names[m]);
    return out;
}

static struct fore_rolling *ran(const struct fore_rolling_options *wanted,
                                const struct fore_series_view *series, size_t count)
{
    struct fore_rolling *rolling = fore_rolling_create(wanted, series, count);
    for (size_t i = fore_rolling_task_count(rolling); i-- > 0;) /* the order is free */
        fore_rolling_task(rolling, i, &scratch);
    fore_rolling_combine(rolling, &scratch);
    return rolling;
}

static void make_load(struct fore_series_view *view)
{
    for (int s = 0; s < SERIES; s++) {
        struct fore_rng rng = fore_rng_stream(4, "rolling", (uint64_t)s);
        double wander = 0;
        for (int i = 0; i < N; i++) {
            wander = 0.9 * wander + fore_dist_normal(&rng);
            load[s][i] = (float)(60 + 20 * sin((i + 4 * s) * 6.283185307 / DAY) + 3 * wander);
        }
        view[s] = (struct fore_series_view){.y = load[s], .n = N, .step_s = 3600, .period = {DAY}};
    }
}

/*
 * 10 12 10 12 | 10 14, naive, two origins one step apart, one step ahead:
 *   after 10 12 10 12: forecast 12, truth 10;   after ... 10: forecast 10, truth 14
 *   sMAPE  200*2/22 = 18.1818 and 200*4/24 = 33.3333: mean 25.7576
 *   scale  mean |difference| of the four points before the first origin = 2; MASE (2/2 + 4/2) / 2
 */
static void scores_are_those_worked_out_by_hand(void **state)
{
    const float y[] = {10, 12, 10, 12, 10, 14};
    const char *const names[] = {"naive"};
    struct fore_series_view series = {.y = y, .n = 6};
    struct fore_rolling_options wanted = options(names, 1);
    wanted.horizon = wanted.origin_step = 1;
    wanted.warm = 0;
    wanted.scored = 2;
    struct fore_rolling *rolling = ran(&wanted, &series, 1);
    for (size_t voice = 0; voice < 2; voice++) { /* alone, the member is the ensemble */
        struct fore_backtest_score score = fore_rolling_score(rolling, 0, voice);
        assert_int_equal(score.origins, 2);
        expect_near(score.smape, 25.757576, 1e-5);
        expect_near(score.mase, 1.5, 1e-9);
        /* No path is finished: sd .1 * 12 / sqrt(6) = .4899 and .4082; normal quantiles.
         * Interval 95 %: misses of 2 and 4 less 1.96 sd, 40 times; widths 3.92 sd; scale 2. */
        double sd_a = 1.2 / sqrt(6), sd_b = 1.0 / sqrt(6), z = fore_dist_normal_quantile(0.975);
        double wide_b = sd_b * exp(0.1 * (1.0 - 0.1)); /* the first interval did not hold */
        double msis =
            (2 * z * sd_a + 40 * (2 - z * sd_a) + 2 * z * wide_b + 40 * (4 - z * wide_b)) / 4;
        expect_near(score.msis, msis, 1e-4);
        expect_near(score.coverage90, 0.0, 0.0);
        double q90 = fore_dist_normal_quantile(0.9);
        double peak = (0.1 * (12 + q90 * sd_a - 10) + 0.9 * (14 - 10 - q90 * sd_b)) / 2;
        expect_near(score.peak_pinball90, peak, 1e-5);
        double crps = 0;
        for (int i = 0; i < 13; i++) {
            double level = fore_quantile_levels[i], q = fore_dist_normal_quantile(level);
            crps += (1 - level) * (12 + q * sd_a - 10) + level * (14 - 10 - q * wide_b);
        }
        expect_near(score.crps, crps / 13, 1e-5);
    }
    fore_rolling_destroy(rolling);
}

static void a_perfect_member_scores_zero_and_gets_all_the_weight(void **state)
{
    float y[200];
    for (int i = 0; i < 200; i++)
        y[i] = (float)(i % 8 + 1);
    const char *const names[] = {"naive", "seasonal-naive"};
    struct fore_series_view series = {.y = y, .n = 200, .period = {8}};
    struct fore_rolling_options wanted = options(names, 2);
    wanted.forecast = true;
    struct fore_rolling *rolling = ran(&wanted, &series, 1);
    struct fore_backtest_score score = fore_rolling_score(rolling, 0, 1);
    expect_near(score.smape, 0.0, 0.0);
    expect_near(score.crps, 0.0, 0.0);
    expect_near(score.coverage90, 1.0, 0.0);
    expect_near(fore_rolling_score(rolling, 0, 2).mase, 0.0, 1e-3);
    struct fore_rolling_forecast forecast = fore_rolling_forecast(rolling, 0);
    assert_true(forecast.weight[1] > 0.99);
    expect_near((double)forecast.mean[3], 4.0, 1e-2); /* 200 is a multiple of 8 */
    fore_rolling_destroy(rolling);
}

static void intervals_cover_and_the_ensemble_is_no_worse_than_its_members(void **state)
{
    const char *const names[] = {"naive", "seasonal-naive", "spar", "spar-log"};
    struct fore_series_view series[SERIES];
    make_load(series);
    struct fore_rolling_options wanted = options(names, 4);
    wanted.scored = 60;
    struct fore_rolling *rolling = ran(&wanted, series, SERIES);
    double crps[5] = {0}, inside = 0, best = 1e9;
    for (size_t s = 0; s < SERIES; s++) {
        for (size_t v = 0; v < 5; v++)
            crps[v] += fore_rolling_score(rolling, s, v).crps / SERIES;
        inside += fore_rolling_score(rolling, s, 4).coverage90 / SERIES;
        assert_int_equal(fore_rolling_score(rolling, s, 4).origins, 60);
    }
    for (size_t v = 0; v < 4; v++)
        best = fmin(best, crps[v]);
    assert_true(inside > 0.86 && inside < 0.94);
    assert_true(crps[4] < 1.02 * best);
    assert_true(crps[4] < 0.7 * crps[0]);
    fore_rolling_destroy(rolling);
}

/* What comes after an origin may be anything: what was said at it stays the same. */
static void the_future_is_not_looked_at(void **state)
{
    const char *const names[] = {"naive", "spar", "spar-log"};
    struct fore_series_view series[SERIES];
    make_load(series);
    struct fore_rolling_options wanted = options(names, 3);
    wanted.scored = 1;
    struct fore_rolling *before = ran(&wanted, series, SERIES);
    for (int s = 0; s < SERIES; s++)
        for (int i = N - HORIZON; i < N; i++)
            load[s][i] = 1e6f;
    struct fore_rolling *after = ran(&wanted, series, SERIES);
    for (size_t s = 0; s < SERIES; s++) {
        const float *mean[2], *grid[2];
        size_t known;
        assert_true(fore_rolling_scored(before, s, 0, &known, &mean[0], &grid[0]));
        assert_true(fore_rolling_scored(after, s, 0, &known, &mean[1], &grid[1]));
        assert_int_equal(known, N - HORIZON);
        assert_memory_equal(mean[0], mean[1], HORIZON * sizeof(float));
        assert_memory_equal(grid[0], grid[1], HORIZON * FORE_LEVELS * sizeof(float));
    }
    fore_rolling_destroy(before);
    fore_rolling_destroy(after);
}

static void too_short_a_series_gets_a_fallback_that_is_named(void **state)
{
    const float y[] = {1, 2, 1, 2, 1};
    const char *const names[] = {"spar"};
    struct fore_series_view series = {.y = y, .n = 5, .period = {2}};
    struct fore_rolling_options wanted = options(names, 1);
    wanted.scored = 0;
    wanted.forecast = true;
    struct fore_rolling *rolling = ran(&wanted, &series, 1);
    struct fore_rolling_forecast forecast = fore_rolling_forecast(rolling, 0);
    assert_non_null(strstr(forecast.reason, "fallback"));
    assert_non_null(strstr(forecast.reason, "spar"));
    expect_near((double)forecast.mean[0], 2.0, 0.0);
    expect_near((double)forecast.mean[1], 1.0, 0.0);
    fore_rolling_destroy(rolling);
}

static void missing_points_never_come_out_as_nan(void **state)
{
    const char *const names[] = {"naive", "seasonal-naive", "spar", "spar-log"};
    struct fore_series_view series[SERIES];
    make_load(series);
    for (int s = 0; s < SERIES; s++)
        for (int i = 0; i < N; i++)
            if (i % 7 == s || i > N - 30) load[s][i] = s % 2 ? NAN : 0.0f;
    struct fore_rolling_options wanted = options(names, 4);
    wanted.forecast = true;
    struct fore_rolling *rolling = ran(&wanted, series, SERIES);
    for (size_t s = 0; s < SERIES; s++) {
        struct fore_rolling_forecast forecast = fore_rolling_forecast(rolling, s);
        for (size_t i = 0; i < HORIZON * FORE_LEVELS; i++) {
            assert_true(forecast.grid[i] >= 0.0f && forecast.grid[i] < 1e6f);
            if (i % FORE_LEVELS > 0) assert_true(forecast.grid[i] >= forecast.grid[i - 1]);
        }
    }
    fore_rolling_destroy(rolling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_worked_out_by_hand),
        cmocka_unit_test(a_perfect_member_scores_zero_and_gets_all_the_weight),
        cmocka_unit_test(intervals_cover_and_the_ensemble_is_no_worse_than_its_members),
        cmocka_unit_test(the_future_is_not_looked_at),
        cmocka_unit_test(too_short_a_series_gets_a_fallback_that_is_named),
        cmocka_unit_test(missing_points_never_come_out_as_nan),
    };
    return cmocka_run_group_tests_name("core/forecast/rolling", tests, NULL, teardown);
}
