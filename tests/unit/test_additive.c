#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/forecast/additive.h"
#include "tests/support/near.h"

enum { N = 960, DAY = 24, HORIZON = 48 };
static const struct fore_model_params params = {
    .spar_periods = 6, .spar_recent = 24, .ridge = 1e-4, .floor_share = 0.8};
static struct fore_arena arena, scratch;

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    fore_arena_fini(&scratch);
    return 0;
}

static void *fitted(const struct fore_series_view *series)
{
    const struct fore_model *model = fore_model_find("additive");
    void *state = NULL;
    assert_int_equal(model->fit(&params, series, HORIZON, &arena, &scratch, &state), FORE_E_OK);
    return state;
}

static void forecast(const struct fore_series_view *series, float *mean)
{
    fore_model_find("additive")->predict(&params, fitted(series), series, HORIZON, mean);
}

static double season(int t)
{
    return 50 + 30 * sin(t * 6.283185307179586 / DAY) + 10 * (t % DAY == 9);
}

static void a_noiseless_season_is_met(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = (float)season(i);
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    forecast(&series, mean);
    for (int h = 0; h < HORIZON; h++)
        expect_near((double)mean[h], season(N + h), 0.5);
}

static void a_weekend_has_a_shape_of_its_own(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = (float)(i / DAY % 7 < 5 ? season(i) : 30);
    struct fore_series_view series = {
        .y = y, .n = 26 * DAY, .period = {DAY, 7 * DAY}
    };
    forecast(&series, mean); /* a Saturday and a Sunday */
    double error = 0;
    for (int h = 0; h < HORIZON; h++)
        error += fabs((double)mean[h] - (double)y[26 * DAY + h]) / HORIZON;
    assert_true(error < 4);
}

/* Periods that do not divide each other share a table of their common multiple. */
static void seasons_need_not_be_nested(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N + HORIZON; i++) {
        double value =
            60 + 10 * sin(i * 6.283185307179586 / 20) + 20 * cos(i * 6.283185307179586 / 33);
        if (i < N)
            y[i] = (float)value;
        else
            mean[i - N] = (float)value;
    }
    float said[HORIZON];
    struct fore_series_view series = {
        .y = y, .n = N, .period = {20, 33}
    };
    forecast(&series, said);
    for (int h = 0; h < HORIZON; h++)
        expect_near((double)said[h], (double)mean[h], 3.0);
}

static void a_trend_is_followed_and_fades(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = (float)(season(i) + 0.1 * i);
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    forecast(&series, mean);
    double first = (double)mean[0] - season(N), last = (double)mean[HORIZON - 1] - season(N + 47);
    expect_near(first, 0.1 * N, 2.0);
    assert_true(last > 0.1 * N - 2 && last < 0.1 * (N + HORIZON));
}

/* What the last points were more than expected goes on, and fades. */
static void the_present_level_shows(void **state)
{
    float y[N], mean[HORIZON];
    struct fore_rng rng = fore_rng_stream(1, "additive", 0);
    double wander = 0;
    for (int i = 0; i < N; i++) {
        wander = 0.9 * wander + 3 * fore_dist_normal(&rng);
        y[i] = (float)(season(i) + 100 + (i < N - 2 ? wander : 25.0));
    }
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    forecast(&series, mean);
    double first = (double)mean[0] - season(N) - 100,
           last = (double)mean[47] - season(N + 47) - 100;
    assert_true(first > 10 && first < 28);
    assert_true(fabs(last) < 0.5 * first);
}

static void missing_points_do_not_spread(void **state)
{
    float y[N], mean[HORIZON];
    for (int i = 0; i < N; i++)
        y[i] = (i % 37 == 0 || (i > 500 && i < 530)) ? NAN : (float)season(i);
    y[N - 1] = y[N - 2] = y[N - DAY] = NAN;
    struct fore_series_view series = {.y = y, .n = N, .period = {DAY}};
    forecast(&series, mean);
    for (int h = 0; h < HORIZON; h++)
        expect_near((double)mean[h], season(N + h), 1.5);
}

static void five_points_are_enough_and_four_are_not(void **state)
{
    float y[] = {10, 12, NAN, 11, 13, 12}, mean[HORIZON];
    struct fore_series_view series = {.y = y, .n = 6};
    forecast(&series, mean);
    for (int h = 0; h < HORIZON; h++)
        assert_true(mean[h] > 8 && mean[h] < 20);
    void *none = NULL;
    series.n = 5;
    assert_int_equal(
        fore_model_find("additive")->fit(&params, &series, HORIZON, &arena, &scratch, &none),
        FORE_E_RANGE);
}

static void forecasts_stay_where_load_can_be(void **state)
{
    static float y[N];
    float mean[HORIZON];
    static const size_t lengths[] = {5, 7, 20, 49, 100, N};
    for (int shape = 0; shape < 5; shape++) {
        struct fore_rng rng = fore_rng_stream(3, "additive", (uint64_t)shape);
        for (int i = 0; i < N; i++) {
            double x = fore_dist_normal(&rng);
            double value[] = {0, 7, i < N - 3 ? season(i) : 0, 1e8 * exp((i - N) / 40.0),
                              fabs(x) > 2 ? 1e6 * fabs(x) : 0};
            y[i] = (float)value[shape];
        }
        for (size_t k = 0; k < FORE_COUNTOF(lengths); k++) {
            struct fore_series_view series = {
                .y = y + N - lengths[k], .n = lengths[k], .period = {DAY, 7 * DAY}
            };
            float most = 0;
            for (size_t i = 0; i < series.n; i++)
                most = fmaxf(most, series.y[i]);
            forecast(&series, mean);
            for (int h = 0; h < HORIZON; h++)
                assert_true(mean[h] >= 0 && mean[h] <= 2 * most);
        }
    }
}

/* The state serves later origins: of the grown series, or of one that has lost its beginning. */
static void time_goes_on_after_the_fit(void **state)
{
    static float y[N + 50];
    float grown[HORIZON], moved[HORIZON];
    for (int i = 0; i < N + 50; i++)
        y[i] = (float)season(i);
    struct fore_series_view series = {
        .y = y, .n = N, .step_s = 3600, .start_s = 7200, .period = {DAY}};
    void *fit = fitted(&series);
    series.n = N + 31;
    fore_model_find("additive")->predict(&params, fit, &series, HORIZON, grown);
    series.y = y + 19;
    series.n -= 19;
    series.start_s += 19 * 3600;
    fore_model_find("additive")->predict(&params, fit, &series, HORIZON, moved);
    for (int h = 0; h < HORIZON; h++) {
        expect_near((double)grown[h], season(N + 31 + h), 0.6);
        expect_near((double)moved[h], (double)grown[h], 1e-3);
    }
}

static void regressors_are_learned_and_applied(void **state)
{
    float y[N], value[N + HORIZON] = {0}, mean[HORIZON];
    struct fore_rng rng = fore_rng_stream(4, "additive", 0);
    for (int i = 0; i < N + HORIZON; i++)
        value[i] = (i >= 700 && i < 712) || (i >= 801 && i < 810) || i >= N + 20;
    for (int i = 0; i < N; i++)
        y[i] = (float)(season(i) * exp(0.05 * fore_dist_normal(&rng)) * (value[i] > 0 ? 2 : 1));
    struct fore_regressor regressor = {.value = value, .prior = log(3), .prior_sd = 0.5};
    struct fore_series_view series = {
        .y = y, .n = N, .period = {DAY}, .regressor = &regressor, .regressor_count = 1};
    forecast(&series, mean);
    for (int h = 0; h < HORIZON; h++)
        expect_near((double)mean[h] / season(N + h), h >= 20 ? 2.0 : 1.0, 0.2);
}

static void a_regressor_without_a_past_is_taken_at_its_word(void **state)
{
    float y[N], value[N + HORIZON] = {0};
    for (int i = 0; i < N; i++)
        y[i] = (float)season(i);
    struct fore_regressor regressor = {.value = value, .prior = log(3), .prior_sd = 0.5};
    struct fore_series_view series = {
        .y = y, .n = N, .period = {DAY}, .regressor = &regressor, .regressor_count = 1};
    struct fore_additive additive = {.scale = FORE_ADDITIVE_LOGARITHM};
    double effect = 0;
    assert_int_equal(fore_additive_fit(&params, &series, &scratch, &additive, &effect), FORE_E_OK);
    expect_near(effect, log(3), 1e-9);
}

/* The shortcuts of the normal equations against sums over the design matrix itself. */
static void moments_are_those_of_the_columns(void **state)
{
    enum { POINTS = 400, MOST = 2 + FORE_ADDITIVE_BENDS_MAX + 2 * FORE_ADDITIVE_WAVES_MAX };
    static double plain[(2 + FORE_ADDITIVE_BENDS_MAX + 1) * POINTS], weight[POINTS];
    static double column[MOST][POINTS], gram[MOST * MOST], right[MOST];
    static float y[POINTS];
    struct fore_rng rng = fore_rng_stream(5, "additive", 0);
    struct fore_series_view series = {
        .y = y, .n = POINTS, .period = {8, 12, 84}
    };
    struct fore_additive additive = {.scale = FORE_ADDITIVE_CUBE_ROOT};
    fore_additive_basis(&series, &additive);
    assert_int_equal(additive.bins, 168);
    size_t trends = 2 + additive.bends, size = trends + 2 * additive.waves;
    for (size_t t = 0; t < POINTS; t++) {
        weight[t] = t % 9 == 4 ? 0 : 0.5 + (double)t / POINTS;
        plain[trends * POINTS + t] = fore_dist_normal(&rng);
        for (size_t i = 0; i < trends; i++)
            column[i][t] = plain[i * POINTS + t] =
                fore_additive_trend_column(&additive, i, (double)t);
        for (size_t k = 0; k < additive.waves; k++) {
            double angle =
                6.283185307179586 * additive.wave[k].times * (double)t / additive.wave[k].period;
            column[trends + 2 * k][t] = cos(angle);
            column[trends + 2 * k + 1][t] = sin(angle);
        }
    }
    struct fore_additive_system system = {.additive = &additive,
                                          .plain = plain,
                                          .weight = weight,
                                          .trends = trends,
                                          .size = size,
                                          .gram = gram,
                                          .right = right};
    fore_additive_moments(&system, &scratch);
    for (size_t i = 0; i < size; i++) {
        double sum = 0;
        for (size_t t = 0; t < POINTS; t++)
            sum += weight[t] * column[i][t] * plain[trends * POINTS + t];
        expect_near(right[i], sum, 1e-8);
        for (size_t j = 0; j <= i; j++) {
            sum = 0;
            for (size_t t = 0; t < POINTS; t++)
                sum += weight[t] * column[i][t] * column[j][t];
            expect_near(gram[i * size + j], sum, 1e-7);
        }
    }
}

static void long_series_use_their_newest_part(void **state)
{
    enum { LONG = 100000 };
    float *y = FORE_NEW(&arena, float, LONG), mean[HORIZON];
    for (int i = 0; i < LONG; i++)
        y[i] = (float)(i < LONG - 8000 ? 1e6 : season(i));
    struct fore_series_view series = {.y = y, .n = LONG, .period = {DAY}};
    forecast(&series, mean);
    for (int h = 0; h < HORIZON; h++)
        expect_near((double)mean[h], season(LONG + h), 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_noiseless_season_is_met),
        cmocka_unit_test(a_weekend_has_a_shape_of_its_own),
        cmocka_unit_test(seasons_need_not_be_nested),
        cmocka_unit_test(a_trend_is_followed_and_fades),
        cmocka_unit_test(the_present_level_shows),
        cmocka_unit_test(missing_points_do_not_spread),
        cmocka_unit_test(five_points_are_enough_and_four_are_not),
        cmocka_unit_test(forecasts_stay_where_load_can_be),
        cmocka_unit_test(time_goes_on_after_the_fit),
        cmocka_unit_test(regressors_are_learned_and_applied),
        cmocka_unit_test(a_regressor_without_a_past_is_taken_at_its_word),
        cmocka_unit_test(moments_are_those_of_the_columns),
        cmocka_unit_test(long_series_use_their_newest_part),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
