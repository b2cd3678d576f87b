#include "core/forecast/spar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/forecast/model.h"
#include "tests/support/near.h"

enum { N = 960, DAY = 24, HORIZON = 48 };
static const struct fore_model_params params = {
    .spar_periods = 6, .spar_recent = 24, .ridge = 1e-4, .floor_share = 0.8};
static const char *const names[] = {"spar", "spar-log", "mean-spar"};
static struct fore_arena arena, scratch;

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    fore_arena_fini(&scratch);
    return 0;
}

static void forecast(const char *name, const struct fore_series_view *series, float *mean)
{
    const struct fore_model *model = fore_model_find(name);
    void *fitted = NULL;
    assert_int_equal(model->fit(&params, series, HORIZON, &arena, &scratch, &fitted), FORE_E_OK);
    model->predict(&params, fitted, series, HORIZON, mean);
}

static double season(int t)
{
    return 50 + 30 * sin(t * 6.283185307179586 / DAY) + 10 * (t % DAY == 9);
}

static void a_noiseless_season_is_met_exactly(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = (float)season(i);
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    for (size_t m = 0; m < FORE_COUNTOF(names); m++) {
        forecast(names[m], &series, mean);
        for (int h = 0; h < HORIZON; h++)
            expect_near((double)mean[h], season(N + h), 0.01);
    }
}

/* Today's weekday differs from yesterday's: only the lag of a week can know. */
static void a_week_is_used_where_it_is_known(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = (float)(season(i) * (i / DAY % 7 < 5 ? 1.0 : 0.4));
    struct fore_series_view series = {
        .y = y, .n = N, .period = {DAY, 7 * DAY}
    };
    for (size_t m = 0; m < FORE_COUNTOF(names); m++) {
        forecast(names[m], &series, mean);
        for (int h = 0; h < HORIZON; h++)
            expect_near((double)mean[h], season(N + h) * ((N + h) / DAY % 7 < 5 ? 1.0 : 0.4), 0.3);
    }
}

/* A shift of level shows in the recent deviations, which seasonal naive cannot see. */
static void the_present_level_corrects_the_season(void **state)
{
    float y[N], mean[HORIZON];
    struct fore_rng rng = fore_rng_stream(1, "spar", 0);
    double wander = 0;
    for (int i = 0; i < N; i++) {
        wander = 0.97 * wander + 3 * fore_dist_normal(&rng);
        y[i] = (float)fmax(season(i) + 40 + (i < N - 1 ? wander : 20.0), 1.0);
    }
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    forecast("spar", &series, mean);
    double above = (double)mean[0] - (season(N) + 40);
    assert_true(above > 5 && above < 22);
}

static void missing_points_do_not_spread(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = (i % 37 == 0 || (i > 500 && i < 530)) ? NAN : (float)season(i);
    y[N - 1] = y[N - 2] = y[N - DAY] = NAN;
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    for (size_t m = 0; m < FORE_COUNTOF(names); m++) {
        forecast(names[m], &series, mean);
        for (int h = 0; h < HORIZON; h++)
            expect_near((double)mean[h], season(N + h), 0.5);
    }
}

static void logarithms_kept_by_the_caller_change_nothing(void **state)
{
    float y[N], log_y[N], one[HORIZON], two[HORIZON];
    struct fore_rng rng = fore_rng_stream(2, "spar", 0);
    for (int i = 0; i < N; i++) {
        y[i] = i % 50 == 7 ? 0.0f : (float)(season(i) * exp(0.1 * fore_dist_normal(&rng)));
        log_y[i] = logf(y[i]);
    }
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    forecast("spar-log", &series, one);
    series.log_y = log_y;
    forecast("spar-log", &series, two);
    assert_memory_equal(one, two, sizeof(one));
}

/* A cliff to nothing and an explosion: no negative load, none beyond twice what was seen. */
static void forecasts_stay_where_load_can_be(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = i < N - 3 ? (float)season(i) : 0.0f;
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    for (int shape = 0; shape < 2; shape++) {
        for (size_t m = 0; m < FORE_COUNTOF(names); m++) {
            forecast(names[m], &series, mean);
            for (int h = 0; h < HORIZON; h++)
                assert_true(mean[h] >= 0.0f && mean[h] <= 2.0f * 90.0f);
        }
        for (int i = 0; i < N; i++)
            y[i] = (float)(80.0 * exp((i - N) / 40.0));
    }
}

static void too_short_a_series_is_refused(void **state)
{
    float y[N] = {0};
    size_t need = fore_spar_points_min(&params, DAY, HORIZON);
    struct fore_series_view series = {.y = y, .n = need - 1, .period = {DAY}};
    void *fitted = NULL;
    const struct fore_model *model = fore_model_find("spar");
    assert_int_equal(model->fit(&params, &series, HORIZON, &arena, &scratch, &fitted),
                     FORE_E_RANGE);
    series.n = need;
    assert_int_equal(model->fit(&params, &series, HORIZON, &arena, &scratch, &fitted), FORE_E_OK);
    series.period[0] = 0;
    assert_int_equal(model->fit(&params, &series, HORIZON, &arena, &scratch, &fitted),
                     FORE_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_noiseless_season_is_met_exactly),
        cmocka_unit_test(a_week_is_used_where_it_is_known),
        cmocka_unit_test(the_present_level_corrects_the_season),
        cmocka_unit_test(missing_points_do_not_spread),
        cmocka_unit_test(logarithms_kept_by_the_caller_change_nothing),
        cmocka_unit_test(forecasts_stay_where_load_can_be),
        cmocka_unit_test(too_short_a_series_is_refused),
    };
    return cmocka_run_group_tests_name("core/forecast/spar", tests, NULL, teardown);
}
