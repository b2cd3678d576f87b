#include "core/base/series.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "tests/support/near.h"

static void sums_match_hand_computed_values(void **state)
{
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    expect_near(fore_series_mean(x, 8), 5, 1e-15);
    expect_near(fore_series_sd(x, 8), sqrt(32.0 / 7), 1e-15);
    expect_near(fore_series_mean(x, 0), 0, 0);
    expect_near(fore_series_sd(x, 1), 0, 0);
}

/* R: quantile(c(1, 2, 4, 8, 16), type = 7) */
static void quantiles_are_type_7(void **state)
{
    const double x[] = {1, 2, 4, 8, 16};
    expect_near(fore_series_quantile_sorted(x, 5, 0), 1, 0);
    expect_near(fore_series_quantile_sorted(x, 5, 0.25), 2, 0);
    expect_near(fore_series_quantile_sorted(x, 5, 0.6), 5.6, 1e-12);
    expect_near(fore_series_quantile_sorted(x, 5, 0.9), 12.8, 1e-12);
    expect_near(fore_series_quantile_sorted(x, 5, 1), 16, 0);
    expect_near(fore_series_quantile_sorted(x, 1, 0.7), 1, 0);
}

static void sorting_orders_every_length_and_keeps_every_value(void **state)
{
    static double x[600];
    for (size_t n = 0; n < 600; n += 7) {
        struct fore_rng rng = fore_rng_stream(n, "sort", 0);
        double sum = 0, sorted_sum = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = (double)fore_rng_below(&rng, 50);
            sum += x[i];
        }
        fore_series_sort(x, n);
        for (size_t i = 0; i < n; i++) {
            sorted_sum += x[i];
            if (i > 0) assert_true(x[i - 1] <= x[i]);
        }
        expect_near(sum, sorted_sum, 0);
    }
}

static void nan_sorts_last(void **state)
{
    double x[] = {3, (double)NAN, 1, (double)NAN, 2};
    fore_series_sort(x, 5);
    expect_near(x[0], 1, 0);
    expect_near(x[2], 3, 0);
    assert_true(isnan(x[3]) && isnan(x[4]));
}

static void the_median_is_the_middle(void **state)
{
    double odd[] = {5, 1, 4}, even[] = {8, 1, 4, 2};
    expect_near(fore_series_median(odd, 3), 4, 0);
    expect_near(fore_series_median(even, 4), 3, 0);
    expect_near(fore_series_median(odd, 0), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_match_hand_computed_values),
        cmocka_unit_test(quantiles_are_type_7),
        cmocka_unit_test(sorting_orders_every_length_and_keeps_every_value),
        cmocka_unit_test(nan_sorts_last),
        cmocka_unit_test(the_median_is_the_middle),
    };
    return cmocka_run_group_tests_name("core/base/series", tests, NULL, NULL);
}
