#include "workloads/trace_stats.h"

#include "core/base/rng.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void push(struct wl_trace_stats *stats, fore_ns t, uint64_t key, uint8_t op)
{
    const struct wl_request request = {.t = t, .key = key, .op = op, .bytes = 10};
    wl_trace_stats_push(stats, &request, 1);
}

static void small_traces_are_counted_exactly(void **state)
{
    struct wl_trace_stats *stats = wl_trace_stats_create(1 << 20);
    for (uint64_t i = 0; i < 500; i++) /* 0..199 twice or thrice, key 5 a hundred times more */
        push(stats, i * FORE_SEC, i % 200, FORE_QUERY_READ);
    for (uint64_t i = 0; i < 100; i++)
        push(stats, 500 * FORE_SEC, 5, FORE_QUERY_WRITE);
    struct wl_trace_summary summary = wl_trace_stats_summary(stats);
    assert_int_equal(summary.requests, 600);
    assert_int_equal(summary.keys, 200);
    assert_false(summary.keys_estimated);
    assert_int_equal(summary.by_type[FORE_QUERY_READ], 500);
    assert_int_equal(summary.by_type[FORE_QUERY_WRITE], 100);
    assert_int_equal(summary.bytes, 6000);
    expect_near(summary.span_s, 500.0, 0.0);
    assert_int_equal(summary.top_key, 5);
    expect_near(summary.top_key_share, 103.0 / 600.0, 1e-12);
    expect_near(summary.top1pct_share, (103.0 + 3.0) / 600.0, 1e-12); /* two keys of 200 */
    expect_near(summary.minute_peak, 120.0, 0.0); /* seconds 480 to 539: 20 and 100 */
    expect_near(summary.minute_mean, 600.0 / 9.0, 1e-12);
    wl_trace_stats_destroy(stats);
}

static void nothing_is_a_summary_too(void **state)
{
    struct wl_trace_stats *stats = wl_trace_stats_create(0);
    struct wl_trace_summary summary = wl_trace_stats_summary(stats);
    assert_int_equal(summary.requests, 0);
    assert_int_equal(summary.keys, 0);
    expect_near(summary.top1pct_share, 0.0, 0.0);
    expect_near(summary.minute_mean, 0.0, 0.0);
    wl_trace_stats_destroy(stats);
}

static void batches_and_single_requests_agree(void **state)
{
    enum { N = 5000 };
    static struct wl_request request[N];
    struct fore_rng rng = fore_rng_stream(3, "stats", 0);
    for (size_t i = 0; i < N; i++)
        request[i] = (struct wl_request){.t = i * FORE_MS, .key = fore_rng_below(&rng, 900)};
    struct wl_trace_stats *a = wl_trace_stats_create(1 << 16);
    struct wl_trace_stats *b = wl_trace_stats_create(1 << 16);
    wl_trace_stats_push(a, request, N);
    for (size_t i = 0; i < N; i++)
        wl_trace_stats_push(b, &request[i], 1);
    struct wl_trace_summary x = wl_trace_stats_summary(a), y = wl_trace_stats_summary(b);
    assert_int_equal(x.keys, y.keys);
    expect_near(x.top1pct_share, y.top1pct_share, 0.0);
    assert_true(x.top_key == y.top_key);
    wl_trace_stats_destroy(a);
    wl_trace_stats_destroy(b);
}

/* 64 KiB hold 3,072 keys; 200,000 keys leave a sample of 1,500 to 3,000, which knows the number
 * of keys to 1/sqrt(1500) = 2.6 %; three of those is the bound. */
static void beyond_its_memory_it_estimates_and_says_so(void **state)
{
    enum { KEYS = 200000, HOT = 40 };
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct wl_trace_stats *stats = wl_trace_stats_create(64 << 10);
        struct fore_rng rng = fore_rng_stream(seed, "stats", 0);
        uint64_t salt = (uint64_t)fore_rng_u32(&rng) << 32;
        for (uint64_t i = 0; i < KEYS; i++) {
            push(stats, i, salt + i, FORE_QUERY_READ);
            if (i % 100 == 0) /* one key in a hundred is hot */
                for (int n = 1; n < HOT; n++)
                    push(stats, i, salt + i, FORE_QUERY_READ);
        }
        struct wl_trace_summary summary = wl_trace_stats_summary(stats);
        assert_true(summary.keys_estimated);
        expect_near((double)summary.keys, (double)KEYS, 0.08 * KEYS);
        double share = (double)HOT / (HOT + 99.0); /* of requests, on the hot hundredth */
        expect_near(summary.top1pct_share, share, 0.1);
        assert_int_equal(summary.requests, KEYS / 100 * (HOT + 99));
        wl_trace_stats_destroy(stats);
    }
}

static void the_hottest_key_survives_sampling(void **state)
{
    struct wl_trace_stats *stats = wl_trace_stats_create(64 << 10);
    for (uint64_t i = 0; i < 3000; i++)
        push(stats, 0, UINT64_C(77), FORE_QUERY_READ);
    for (uint64_t i = 0; i < 100000; i++)
        push(stats, 0, i + 1000, FORE_QUERY_READ);
    struct wl_trace_summary summary = wl_trace_stats_summary(stats);
    assert_int_equal(summary.top_key, 77);
    expect_near(summary.top_key_share, 3000.0 / 103000.0, 1e-12);
    wl_trace_stats_destroy(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_traces_are_counted_exactly),
        cmocka_unit_test(nothing_is_a_summary_too),
        cmocka_unit_test(batches_and_single_requests_agree),
        cmocka_unit_test(beyond_its_memory_it_estimates_and_says_so),
        cmocka_unit_test(the_hottest_key_survives_sampling),
    };
    return cmocka_run_group_tests_name("workloads/trace_stats", tests, NULL, NULL);
}
