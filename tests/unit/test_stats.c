#include "experiments/stats.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

static void mean_and_interval_are_the_textbooks(void **state)
{
    /* Student's sleep data (1908), second drug: mean 2.33, sd 2.0022, t(9) = 2.2622. */
    const double hours[] = {1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct lab_stats stats = lab_stats_of(hours, 10);
    assert_int_equal(stats.n, 10);
    expect_near(stats.mean, 2.33, 1e-12);
    expect_near(stats.low, .8976775, 1e-4);
    expect_near(stats.high, 3.7623225, 1e-4);
}

static void one_value_has_a_mean_and_no_interval(void **state)
{
    const double x[] = {7};
    struct lab_stats stats = lab_stats_of(x, 1);
    expect_near(stats.mean, 7, 0);
    assert_true(isnan(stats.low) && isnan(stats.high));
    struct lab_stats_paired paired = lab_stats_paired_of(x, x, 1, 1);
    assert_true(isnan(paired.boot_low) && isnan(paired.boot_high));
}

static void t_falls_towards_the_normal_quantile(void **state)
{
    for (size_t df = 1; df < 2000; df++)
        assert_true(lab_stats_t95(df) > lab_stats_t95(df + 1));
    expect_near(lab_stats_t95(1), 12.7062, 1e-4);
    expect_near(lab_stats_t95(40), 2.021075, 1e-5);
    expect_near(lab_stats_t95(120), 1.979930, 1e-5);
    expect_near(lab_stats_t95(1000000), 1.959964, 1e-5);
}

static void pairing_cancels_the_traffics_own_spread(void **state)
{
    /* Student's sleep data again, paired: mean difference -1.58, t interval -2.4599 .. -0.7001. */
    const double a[] = {.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2};
    const double b[] = {1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct lab_stats_paired paired = lab_stats_paired_of(a, b, 10, 1);
    expect_near(paired.diff.mean, -1.58, 1e-12);
    expect_near(paired.diff.low, -2.4598858, 1e-4);
    expect_near(paired.diff.high, -.7001142, 1e-4);
    assert_true(paired.boot_low > -2.5 && paired.boot_low < -2.0);
    assert_true(paired.boot_high < -.7 && paired.boot_high > -1.2);
}

static void the_bootstrap_is_named_by_its_seed(void **state)
{
    const double a[] = {1, 5, 2, 8, 3};
    const double b[] = {0, 1, 1, 2, 2};
    struct lab_stats_paired first = lab_stats_paired_of(a, b, 5, 1);
    struct lab_stats_paired again = lab_stats_paired_of(a, b, 5, 1);
    expect_near(first.boot_low, again.boot_low, 0);
    expect_near(first.boot_high, again.boot_high, 0);
}

static void the_interval_holds_the_truth_95_times_in_100(void **state)
{
    struct fore_rng rng = fore_rng_stream(1, "test.stats", 0);
    int held = 0, trials = 20000;
    for (int i = 0; i < trials; i++) {
        double x[5];
        for (int k = 0; k < 5; k++)
            x[k] = 3 + 2 * fore_dist_normal(&rng);
        struct lab_stats stats = lab_stats_of(x, 5);
        held += stats.low <= 3 && 3 <= stats.high;
    }
    expect_near((double)held / trials, .95, .006); /* 4 standard errors */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_interval_are_the_textbooks),
        cmocka_unit_test(one_value_has_a_mean_and_no_interval),
        cmocka_unit_test(t_falls_towards_the_normal_quantile),
        cmocka_unit_test(pairing_cancels_the_traffics_own_spread),
        cmocka_unit_test(the_bootstrap_is_named_by_its_seed),
        cmocka_unit_test(the_interval_holds_the_truth_95_times_in_100),
    };
    return cmocka_run_group_tests_name("experiments/stats", tests, NULL, NULL);
}
