#include "core/forecast/model.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"

static const struct fore_model_params params = {
    .spar_periods = 6, .spar_recent = 24, .ridge = 1e-4, .floor_share = 0.8};

static void every_model_is_found_by_its_name(void **state)
{
    for (size_t i = 0; fore_models[i]; i++) {
        assert_ptr_equal(fore_model_find(fore_models[i]->name), fore_models[i]);
        assert_non_null(fore_models[i]->about);
    }
    assert_null(fore_model_find("prophet"));
    assert_null(fore_model_find(""));
}

static void persistence_repeats_the_last_known_value(void **state)
{
    const float y[] = {1, 2, 7, NAN, NAN};
    struct fore_series_view series = {.y = y, .n = 5};
    float mean[3];
    fore_model_find("naive")->predict(&params, NULL, &series, 3, mean);
    for (int h = 0; h < 3; h++)
        expect_near((double)mean[h], 7.0, 0.0);
    series.y = y + 3;
    series.n = 2;
    fore_model_find("naive")->predict(&params, NULL, &series, 3, mean);
    expect_near((double)mean[2], 0.0, 0.0);
}

static void seasonal_naive_takes_the_longest_period_seen_twice(void **state)
{
    float y[24];
    for (int i = 0; i < 24; i++)
        y[i] = (float)i;
    struct fore_series_view series = {
        .y = y, .n = 24, .period = {3, 12, 13}
    };
    float mean[15];
    fore_model_find("seasonal-naive")->predict(&params, NULL, &series, 15, mean);
    for (int h = 0; h < 15; h++)
        expect_near((double)mean[h], 12 + h % 12, 0.0);
    series.n = 23; /* 12 fits once only */
    fore_model_find("seasonal-naive")->predict(&params, NULL, &series, 4, mean);
    expect_near((double)mean[0], 20.0, 0.0);
    expect_near((double)mean[3], 20.0, 0.0);
}

static void seasonal_naive_looks_past_a_missing_point(void **state)
{
    float y[] = {1, 2, 3, 4, NAN, 6};
    struct fore_series_view series = {.y = y, .n = 6, .period = {3}};
    float mean[3];
    fore_model_find("seasonal-naive")->predict(&params, NULL, &series, 3, mean);
    expect_near((double)mean[0], 4.0, 0.0);
    expect_near((double)mean[1], 2.0, 0.0);
    expect_near((double)mean[2], 6.0, 0.0);
}

/* Any series, however ragged: forecasts are numbers and not negative. */
static void no_model_forecasts_nan_or_less_than_zero(void **state)
{
    struct fore_arena arena = {0}, scratch = {0};
    float y[400], mean[20];
    for (int kind = 0; kind < 4; kind++) {
        for (int i = 0; i < 400; i++) {
            y[i] = kind == 0 ? 0.0f : (float)(10 + i % 24);
            if (kind == 2 && i % 3 != 0) y[i] = NAN;
            if (kind == 3) y[i] = i < 200 ? 1e-20f : 1e6f * (float)(i % 7 == 0);
        }
        struct fore_series_view series = {
            .y = y, .n = 400, .period = {24, 168}
        };
        for (size_t m = 0; fore_models[m]; m++) {
            void *fitted = NULL;
            if (fore_models[m]->global) continue; /* test_trees, test_lstm */
            if (fore_models[m]->fit)
                assert_int_equal(
                    fore_models[m]->fit(&params, &series, 20, &arena, &scratch, &fitted),
                    FORE_E_OK);
            fore_models[m]->predict(&params, fitted, &series, 20, mean);
            for (int h = 0; h < 20; h++)
                assert_true(mean[h] >= 0.0f && isfinite(mean[h]));
        }
    }
    fore_arena_fini(&arena);
    fore_arena_fini(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_is_found_by_its_name),
        cmocka_unit_test(persistence_repeats_the_last_known_value),
        cmocka_unit_test(seasonal_naive_takes_the_longest_period_seen_twice),
        cmocka_unit_test(seasonal_naive_looks_past_a_missing_point),
        cmocka_unit_test(no_model_forecasts_nan_or_less_than_zero),
    };
    return cmocka_run_group_tests_name("core/forecast/model", tests, NULL, NULL);
}
