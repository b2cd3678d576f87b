#include "workloads/generator.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"

static struct wl_options plain_options(void)
{
    return (struct wl_options){.rate = 1000,
                               .span = 100 * FORE_SEC,
                               .bytes_mean = 100,
                               .keys = 1000,
                               .popularity = WL_KEYS_ZIPF,
                               .zipf_s = 0.99,
                               .scatter = true,
                               .read_share = 0.9,
                               .diurnal_period = 86400 * FORE_SEC,
                               .flash_peak = 1,
                               .drift_period = 3600 * FORE_SEC,
                               .swing_period = 60 * FORE_SEC,
                               .buckets = 50,
                               .noise_memory = 60 * FORE_SEC,
                               .step = FORE_SEC,
                               .speedup = 1,
                               .thin = 1,
                               .multiply = 1};
}

struct tally {
    uint64_t requests, by_op[FORE_QUERY_TYPES], last_key;
    double by_key[1000];
    fore_ns last;
};

static struct tally tally_of(const struct wl_options *options, uint64_t seed)
{
    struct tally all = {.requests = 0};
    struct wl_source source;
    struct wl_request batch[777];
    size_t n;
    assert_int_equal(wl_generator_source(options, seed, &source, NULL), FORE_E_OK);
    for (;;) {
        assert_int_equal(wl_source_next(&source, batch, 777, &n, NULL), FORE_E_OK);
        if (n == 0) break;
        for (size_t i = 0; i < n; i++) {
            assert_true(batch[i].t >= all.last && batch[i].key < options->keys);
            all.last = batch[i].t;
            all.last_key = batch[i].key;
            all.by_op[batch[i].op]++;
            all.by_key[batch[i].key] += 1;
        }
        all.requests += n;
    }
    wl_source_close(&source);
    return all;
}

static void the_rate_and_the_mix_are_kept(void **state)
{
    struct wl_options o = plain_options();
    struct tally all = tally_of(&o, 1);
    expect_near((double)all.requests, 1e5, 5 * sqrt(1e5));
    expect_near((double)all.by_op[FORE_QUERY_WRITE] / (double)all.requests, 0.1, 0.006);
    assert_true(all.last < o.span);
}

static void equal_seeds_repeat_and_rewind_repeats(void **state)
{
    struct wl_options o = plain_options();
    o.noise_own = 0.2;
    o.flash_peak = 5;
    o.flash_range = 0.1;
    o.flash_every = 20 * FORE_SEC;
    o.flash_rise = FORE_SEC;
    struct wl_source source, again;
    struct wl_request a[5000], b[5000];
    size_t n, m;
    assert_int_equal(wl_generator_source(&o, 4, &source, NULL), FORE_E_OK);
    assert_int_equal(wl_generator_source(&o, 4, &again, NULL), FORE_E_OK);
    assert_int_equal(wl_source_next(&source, a, 5000, &n, NULL), FORE_E_OK);
    for (size_t i = 0; i < 5000; i++) { /* one at a time is the same as all at once */
        assert_int_equal(wl_source_next(&again, &b[i], 1, &m, NULL), FORE_E_OK);
        assert_int_equal(m, 1);
    }
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(wl_source_rewind(&source, NULL), FORE_E_OK);
    assert_int_equal(wl_source_next(&source, b, 5000, &n, NULL), FORE_E_OK);
    assert_memory_equal(a, b, sizeof a);
    wl_source_close(&source);
    wl_source_close(&again);
}

static void scatter_moves_the_popular_keys_and_keeps_the_law(void **state)
{
    struct wl_options o = plain_options();
    struct tally spread = tally_of(&o, 2);
    o.scatter = false;
    struct tally side = tally_of(&o, 2);
    double top_spread = 0, top_side = 0, weight[1000];
    double first_ten = 0;
    for (int k = 0; k < 1000; k++) {
        if (spread.by_key[k] > top_spread) top_spread = spread.by_key[k];
        if (side.by_key[k] > top_side) top_side = side.by_key[k];
        weight[k] = pow(k + 1, -0.99);
        first_ten += k < 10 ? side.by_key[k] : 0;
    }
    double sum = 0, ten = 0;
    for (int k = 0; k < 1000; k++)
        sum += weight[k];
    for (int k = 0; k < 10; k++)
        ten += weight[k] / sum;
    assert_true(top_side == side.by_key[0]);
    expect_near(top_spread / (double)spread.requests, weight[0] / sum, 0.005);
    expect_near(first_ten / (double)side.requests, ten, 0.01);
}

static void ycsb_mixes_are_what_the_paper_says(void **state)
{
    static const double read[] = {0.5, 0.95, 1, 0.95, 0, 2.0 / 3};
    static const double scan[] = {0, 0, 0, 0, 0.95, 0};
    for (uint32_t mix = WL_MIX_YCSB_A; mix <= WL_MIX_YCSB_F; mix++) {
        struct wl_options o = plain_options();
        o.mix = mix;
        struct tally all = tally_of(&o, 3);
        double n = (double)all.requests, i = mix - WL_MIX_YCSB_A;
        expect_near(n, 1e5, 6 * sqrt(1.5e5));
        expect_near((double)all.by_op[FORE_QUERY_READ] / n, read[(int)i], 0.01);
        expect_near((double)all.by_op[FORE_QUERY_SCAN] / n, scan[(int)i], 0.01);
    }
}

static void a_read_modify_write_writes_the_key_it_read(void **state)
{
    struct wl_options o = plain_options();
    o.mix = WL_MIX_YCSB_F;
    struct wl_source source;
    struct wl_request batch[999];
    size_t n;
    assert_int_equal(wl_generator_source(&o, 3, &source, NULL), FORE_E_OK);
    assert_int_equal(wl_source_next(&source, batch, 999, &n, NULL), FORE_E_OK);
    for (size_t i = 1; i < n; i++) {
        if (batch[i].op != FORE_QUERY_WRITE) continue;
        assert_int_equal(batch[i - 1].op, FORE_QUERY_READ);
        assert_int_equal(batch[i - 1].key, batch[i].key);
    }
    wl_source_close(&source);
}

static void sequential_keys_go_up(void **state)
{
    struct wl_options o = plain_options();
    o.popularity = WL_KEYS_SEQUENTIAL;
    o.rate = 9;
    struct wl_source source;
    struct wl_request batch[500];
    size_t n;
    assert_int_equal(wl_generator_source(&o, 3, &source, NULL), FORE_E_OK);
    assert_int_equal(wl_source_next(&source, batch, 500, &n, NULL), FORE_E_OK);
    for (size_t i = 1; i < n; i++)
        assert_true(batch[i].key >= batch[i - 1].key);
    assert_true(batch[n - 1].key > 400);
    wl_source_close(&source);
}

/* Ten rows a second over 1,000 keys: at most the newest 50 are read, and all of them alike. */
static void of_a_recent_span_older_rows_are_never_read(void **state)
{
    struct wl_options o = plain_options();
    struct wl_source source;
    struct wl_request batch[500];
    uint64_t reads = 0, young = 0;
    size_t n;
    o.popularity = WL_KEYS_LATEST;
    o.latest_keys = 50;
    o.span = 40 * FORE_SEC;
    o.read_share = 0.99;
    assert_int_equal(wl_generator_source(&o, 3, &source, NULL), FORE_E_OK);
    for (;;) {
        assert_int_equal(wl_source_next(&source, batch, 500, &n, NULL), FORE_E_OK);
        if (n == 0) break;
        for (size_t i = 0; i < n; i++) {
            if (batch[i].op == FORE_QUERY_WRITE) continue;
            uint64_t head = 500 + 10 * batch[i].t / FORE_SEC; /* from the middle on */
            uint64_t age = head + 1 - batch[i].key;
            if (age > 52) fail_msg("a row %d rows old is read", (int)age);
            reads++;
            young += age <= 26;
        }
    }
    assert_true(reads > 30000);
    expect_near((double)young / (double)reads, 0.5, 0.05);
    wl_source_close(&source);
}

static void what_cannot_be_is_refused_with_a_sentence(void **state)
{
    struct wl_source source;
    struct wl_options o = plain_options();
    struct fore_diag diag = {.code = FORE_E_OK};
    o.rate = 0;
    assert_int_equal(wl_generator_source(&o, 1, &source, &diag), FORE_E_RANGE);
    assert_non_null(strstr(diag.text, "workload.rate is 0"));
    o = plain_options();
    o.keys = UINT64_C(1) << 40;
    assert_int_equal(wl_generator_source(&o, 1, &source, NULL), FORE_E_RANGE);
    o.popularity = WL_KEYS_UNIFORM; /* needs no table */
    assert_int_equal(wl_generator_source(&o, 1, &source, NULL), FORE_E_OK);
    wl_source_close(&source);
    o = plain_options();
    o.swing_load = 0.7;
    o.drift_load = 0.5;
    assert_int_equal(wl_generator_source(&o, 1, &source, NULL), FORE_E_RANGE);
}

static double flow_total(struct wl_flow *flow, fore_ns t)
{
    static double read[1000], write[1000];
    double sum = 0;
    assert_true(flow->bucket_count <= 1000);
    assert_int_equal(wl_flow_rates(flow, t, read, write, NULL), FORE_E_OK);
    for (uint32_t b = 0; b < flow->bucket_count; b++)
        sum += read[b] + write[b];
    return sum;
}

static void the_flow_knows_days_weeks_and_growth(void **state)
{
    struct wl_options o = plain_options();
    struct wl_flow flow;
    o.diurnal_period = 1000 * FORE_SEC;
    o.diurnal = 0.5;
    o.growth = 0.1;
    assert_int_equal(wl_generator_flow(&o, 1, &flow, NULL), FORE_E_OK);
    expect_near(flow_total(&flow, 0), 500, 1);
    expect_near(flow_total(&flow, 500 * FORE_SEC), 1500 * pow(1.1, 0.5), 1);
    expect_near(flow_total(&flow, 2000 * FORE_SEC), 500 * 1.21, 1);
    wl_flow_close(&flow);
    o.diurnal = o.growth = 0;
    o.weekly = 0.5;
    assert_int_equal(wl_generator_flow(&o, 1, &flow, NULL), FORE_E_OK);
    expect_near(flow_total(&flow, 5500 * FORE_SEC) / flow_total(&flow, 4500 * FORE_SEC), 0.5, 1e-9);
    wl_flow_close(&flow);
}

static void the_first_report_may_come_late(void **state)
{
    struct wl_options o = plain_options();
    struct wl_flow flow;
    o.report_at = 10 * FORE_SEC;
    o.report_for = 5 * FORE_SEC;
    o.report_load = 1;
    o.report_range = 0.1;
    o.diurnal_period = 100 * FORE_SEC;
    o.report_from = 100 * FORE_SEC;
    assert_int_equal(wl_generator_flow(&o, 1, &flow, NULL), FORE_E_OK);
    expect_near(flow_total(&flow, 12 * FORE_SEC), 1000, 1e-6);
    expect_near(flow_total(&flow, 112 * FORE_SEC), 2000, 1e-6);
    expect_near(flow_total(&flow, 115 * FORE_SEC), 1000, 1e-6);
    wl_flow_close(&flow);
}

static void buckets_cover_the_keys_and_hot_keys_stand_alone(void **state)
{
    struct wl_options o = plain_options();
    struct wl_flow flow;
    o.hot_key_share = 0.1;
    assert_int_equal(wl_generator_flow(&o, 1, &flow, NULL), FORE_E_OK);
    uint64_t next = 0;
    uint32_t single = 0;
    for (uint32_t b = 0; b < flow.bucket_count; b++) {
        assert_int_equal(flow.bucket[b].first, next);
        assert_true(flow.bucket[b].last >= next);
        single += flow.bucket[b].last == next;
        next = flow.bucket[b].last + 1;
    }
    assert_int_equal(next, o.keys);
    assert_true(single >= 5 && flow.bucket_count > 50 && flow.bucket_count < 150);
    wl_flow_close(&flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_and_the_mix_are_kept),
        cmocka_unit_test(equal_seeds_repeat_and_rewind_repeats),
        cmocka_unit_test(scatter_moves_the_popular_keys_and_keeps_the_law),
        cmocka_unit_test(ycsb_mixes_are_what_the_paper_says),
        cmocka_unit_test(a_read_modify_write_writes_the_key_it_read),
        cmocka_unit_test(sequential_keys_go_up),
        cmocka_unit_test(of_a_recent_span_older_rows_are_never_read),
        cmocka_unit_test(what_cannot_be_is_refused_with_a_sentence),
        cmocka_unit_test(the_flow_knows_days_weeks_and_growth),
        cmocka_unit_test(the_first_report_may_come_late),
        cmocka_unit_test(buckets_cover_the_keys_and_hot_keys_stand_alone),
    };
    return cmocka_run_group_tests_name("workloads/generator", tests, NULL, NULL);
}
