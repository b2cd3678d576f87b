#include "core/base/hist.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/base/series.h"
#include "tests/support/near.h"

static struct fore_hist hist, other;

static int clear_both(void **state)
{
    fore_hist_clear(&hist);
    fore_hist_clear(&other);
    return 0;
}

static void buckets_partition_the_range(void **state)
{
    for (uint32_t b = 0; b < FORE_HIST_BUCKETS; b++) {
        uint64_t low = fore_hist_low(b), next = fore_hist_low(b + 1);
        assert_true(next > low);
        assert_int_equal(fore_hist_index(low), b);
        assert_int_equal(fore_hist_index(next - 1), b);
        if (low >= 64) assert_true((double)(next - low) <= (double)low / 64);
    }
    assert_int_equal(fore_hist_low(FORE_HIST_BUCKETS), UINT64_C(1) << FORE_HIST_MAX_BITS);
    assert_int_equal(fore_hist_index(UINT64_MAX), FORE_HIST_BUCKETS - 1);
}

static void an_empty_histogram_says_zero(void **state)
{
    assert_int_equal(fore_hist_quantile(&hist, 0.99), 0);
    expect_near(fore_hist_mean(&hist), 0, 0);
}

/* Property: any quantile is within 1/64 of the exact order statistic. */
static void quantiles_are_within_their_bound(void **state)
{
    enum { N = 20000 };
    static double exact[N];
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "hist", 0);
        double scale = pow(10, 2 + (double)(seed % 8));
        fore_hist_clear(&hist);
        for (int i = 0; i < N; i++) {
            uint64_t ns = (uint64_t)(scale * fore_dist_exp(&rng));
            exact[i] = (double)ns;
            fore_hist_add(&hist, ns);
        }
        fore_series_sort(exact, N);
        for (double q = 0.001; q < 1; q += 0.0137) {
            double got = (double)fore_hist_quantile(&hist, q);
            double want = exact[(int)ceil(q * N) - 1];
            expect_near(got, want, want / 64 + 1);
        }
        assert_int_equal(fore_hist_quantile(&hist, 1), (uint64_t)exact[N - 1]);
        expect_near(fore_hist_mean(&hist), fore_series_mean(exact, N), 1e-6 * scale);
    }
}

static void quantiles_rise_with_q(void **state)
{
    struct fore_rng rng = fore_rng_stream(3, "hist", 1);
    for (int i = 0; i < 500; i++)
        fore_hist_add(&hist, fore_rng_u64(&rng) >> (20 + fore_rng_below(&rng, 40)));
    uint64_t previous = 0;
    for (int i = 0; i <= 1000; i++) {
        uint64_t value = fore_hist_quantile(&hist, i / 1000.0);
        assert_true(value >= previous);
        previous = value;
    }
}

static void values_inside_a_bucket_are_interpolated(void **state)
{
    uint64_t low = UINT64_C(1) << 20, width = low / 64;
    for (uint64_t i = 0; i < width; i += 4)
        fore_hist_add(&hist, low + i);
    for (double q = 0.05; q < 1; q += 0.05)
        expect_near((double)fore_hist_quantile(&hist, q), (double)low + q * (double)width, 8);
}

static void merging_equals_adding_to_one(void **state)
{
    static struct fore_hist both;
    fore_hist_clear(&both);
    struct fore_rng rng = fore_rng_stream(4, "hist", 2);
    for (int i = 0; i < 3000; i++) {
        uint64_t ns = fore_rng_u64(&rng) >> (24 + fore_rng_below(&rng, 30));
        fore_hist_add(i % 3 ? &hist : &other, ns);
        fore_hist_add(&both, ns);
    }
    fore_hist_merge(&hist, &other);
    assert_memory_equal(&hist, &both, sizeof hist);
    static const struct fore_hist empty;
    fore_hist_merge(&hist, &empty);
    assert_memory_equal(&hist, &both, sizeof hist);
    fore_hist_clear(&other);
    fore_hist_merge(&other, &both);
    assert_memory_equal(&other, &both, sizeof hist);
}

static void adding_many_equals_adding_often(void **state)
{
    for (int i = 0; i < 77; i++)
        fore_hist_add(&hist, 123456);
    fore_hist_add_many(&other, 123456, 77);
    fore_hist_add_many(&other, 999, 0);
    assert_memory_equal(&hist, &other, sizeof hist);
}

static void clearing_leaves_nothing_behind(void **state)
{
    static const struct fore_hist empty;
    struct fore_rng rng = fore_rng_stream(5, "hist", 3);
    for (int i = 0; i < 1000; i++)
        fore_hist_add(&hist, fore_rng_u64(&rng) >> fore_rng_below(&rng, 64));
    fore_hist_clear(&hist);
    assert_memory_equal(&hist, &empty, sizeof hist);
}

static void full_buckets_stop_instead_of_wrapping(void **state)
{
    fore_hist_add_many(&hist, 5, UINT32_MAX);
    fore_hist_add_many(&hist, 5, 10);
    fore_hist_merge(&other, &hist);
    fore_hist_merge(&other, &hist);
    assert_int_equal(other.bucket[5], UINT32_MAX);
    assert_int_equal(other.count, 2 * (UINT64_C(10) + UINT32_MAX));
    assert_int_equal(fore_hist_quantile(&other, 0.9), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(buckets_partition_the_range, clear_both),
        cmocka_unit_test_setup(an_empty_histogram_says_zero, clear_both),
        cmocka_unit_test_setup(quantiles_are_within_their_bound, clear_both),
        cmocka_unit_test_setup(quantiles_rise_with_q, clear_both),
        cmocka_unit_test_setup(values_inside_a_bucket_are_interpolated, clear_both),
        cmocka_unit_test_setup(merging_equals_adding_to_one, clear_both),
        cmocka_unit_test_setup(adding_many_equals_adding_often, clear_both),
        cmocka_unit_test_setup(clearing_leaves_nothing_behind, clear_both),
        cmocka_unit_test_setup(full_buckets_stop_instead_of_wrapping, clear_both),
    };
    return cmocka_run_group_tests_name("core/base/hist", tests, NULL, NULL);
}
