#include "core/forecast/backtest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

static const struct fore_model_params params = {
    .spar_periods = 6, .spar_recent = 8, .ridge = 1e-4, .floor_share = 0.8};
static struct fore_arena scratch;

static int teardown(void **state)
{
    fore_arena_fini(&scratch);
    return 0;
}

/*
 * 10 12 10 12 | 10 14, persistence, two origins one step apart, one step ahead:
 *   after 10 12 10 12: forecast 12, truth 10;   after ... 10: forecast 10, truth 14
 *   sMAPE  200*2/22 = 18.1818 and 200*4/24 = 33.3333: mean 25.7576
 *   scale  mean |difference| of the four points before the first origin = 2; MASE (2/2 + 4/2) / 2
 */
static void scores_are_those_worked_out_by_hand(void **state)
{
    const float y[] = {10, 12, 10, 12, 10, 14};
    struct fore_series_view series = {.y = y, .n = 6};
    struct fore_backtest_plan plan = {.model = fore_model_find("naive"),
                                      .params = &params,
                                      .horizon = 1,
                                      .origins = 2,
                                      .origin_step = 1};
    struct fore_backtest_score score;
    assert_int_equal(fore_backtest_run(&plan, &series, &scratch, &score), FORE_E_OK);
    assert_int_equal(score.origins, 2);
    expect_near(score.smape, 25.757576, 1e-5);
    expect_near(score.mase, 1.5, 1e-9);
    /* No path is finished: sd .1 * 12 / sqrt(6) = .4899 and .4082; normal quantiles.
     * Interval 95 %: misses of 2 and 4 less 1.96 sd, 40 times; widths 3.92 sd; over the scale 2. */
    double sd_a = 1.2 / sqrt(6), sd_b = 1.0 / sqrt(6), z = fore_dist_normal_quantile(0.975);
    double msis = (2 * z * sd_a + 40 * (2 - z * sd_a) + 2 * z * sd_b + 40 * (4 - z * sd_b)) / 4;
    expect_near(score.msis, msis, 1e-4);
    expect_near(score.coverage90, 0.0, 0.0);
    double q90 = fore_dist_normal_quantile(0.9);
    double peak = (0.1 * (12 + q90 * sd_a - 10) + 0.9 * (14 - 10 - q90 * sd_b)) / 2;
    expect_near(score.peak_pinball90, peak, 1e-5);
    double crps = 0;
    for (int i = 0; i < 13; i++) {
        double level = fore_quantile_levels[i], q = fore_dist_normal_quantile(level);
        crps += (1 - level) * (12 + q * sd_a - 10) + level * (14 - 10 - q * sd_b);
    }
    expect_near(score.crps, crps / 13, 1e-5);
}

static void a_perfect_model_scores_zero(void **state)
{
    float y[96];
    for (int i = 0; i < 96; i++)
        y[i] = (float)(i % 8 + 1);
    struct fore_series_view series = {.y = y, .n = 96, .period = {8}};
    struct fore_backtest_plan plan = {.model = fore_model_find("seasonal-naive"),
                                      .params = &params,
                                      .horizon = 8,
                                      .origins = 3,
                                      .origin_step = 2,
                                      .calibration = 12};
    struct fore_backtest_score score;
    assert_int_equal(fore_backtest_run(&plan, &series, &scratch, &score), FORE_E_OK);
    expect_near(score.smape, 0.0, 0.0);
    expect_near(score.mase, 0.0, 0.0);
    expect_near(score.crps, 0.0, 0.0);
    expect_near(score.coverage90, 1.0, 0.0);
}

static void intervals_cover_an_autoregressive_load(void **state)
{
    enum { N = 3000 };
    static float y[N];
    struct fore_rng rng = fore_rng_stream(4, "backtest", 0);
    double wander = 0;
    for (int i = 0; i < N; i++) {
        wander = 0.9 * wander + fore_dist_normal(&rng);
        y[i] = (float)(60 + 20 * sin(i * 6.283185307 / 24) + 3 * wander);
    }
    struct fore_series_view series = {.y = y, .n = N, .period = {24}};
    const char *const names[] = {"naive", "spar", "spar-log", "mean-spar"};
    double best = 0;
    for (size_t m = 0; m < FORE_COUNTOF(names); m++) {
        struct fore_backtest_plan plan = {.model = fore_model_find(names[m]),
                                          .params = &params,
                                          .horizon = 12,
                                          .origins = 60,
                                          .origin_step = 17,
                                          .calibration = 60,
                                          .refit_every = 20};
        struct fore_backtest_score score;
        assert_int_equal(fore_backtest_run(&plan, &series, &scratch, &score), FORE_E_OK);
        assert_int_equal(score.origins, 60);
        assert_true(score.coverage90 > 0.85 && score.coverage90 < 0.95);
        if (m == 0)
            best = score.crps;
        else
            assert_true(score.crps < 0.7 * best);
    }
}

static void too_short_a_series_is_refused(void **state)
{
    const float y[] = {1, 2, 3};
    struct fore_series_view series = {.y = y, .n = 3, .period = {2}};
    struct fore_backtest_plan plan = {
        .model = fore_model_find("seasonal-naive"),
        .params = &params,
        .horizon = 1,
        .origins = 1,
        .origin_step = 1,
    };
    struct fore_backtest_score score;
    assert_int_equal(fore_backtest_run(&plan, &series, &scratch, &score), FORE_E_RANGE);
    series.period[0] = 0;
    assert_int_equal(fore_backtest_run(&plan, &series, &scratch, &score), FORE_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_worked_out_by_hand),
        cmocka_unit_test(a_perfect_model_scores_zero),
        cmocka_unit_test(intervals_cover_an_autoregressive_load),
        cmocka_unit_test(too_short_a_series_is_refused),
    };
    return cmocka_run_group_tests_name("core/forecast/backtest", tests, NULL, teardown);
}
