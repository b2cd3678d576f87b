/*
 * prop_workload.c - both views of the synthetic workload agree, whatever is switched on.
 *
 * For each seed a workload with a random choice of patterns is played as requests and added up as
 * rates; per bucket and stretch of time the count must be a Poisson draw of the sum. Stretches are
 * chosen so that 40 or more are expected in each. The seed is in the message of a failure.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "workloads/generator.h"

enum { SEEDS = 24, STEPS = 240, STRETCH = 30, BUCKETS_MAX = 400 };

static struct wl_options random_options(uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "prop.workload", 0);
    struct wl_options o = {.rate = 4000,
                           .span = STEPS * FORE_SEC,
                           .keys = 5000 + fore_rng_below(&rng, 5000),
                           .zipf_s = 0.5 + fore_rng_unit(&rng),
                           .read_share = 0.7,
                           .hotspot_keys = 0.2,
                           .hotspot_load = 0.8,
                           .diurnal_period = 60 * FORE_SEC,
                           .flash_peak = 1,
                           .drift_range = 0.1,
                           .drift_period = 100 * FORE_SEC,
                           .swing_period = 50 * FORE_SEC,
                           .noise_memory = 20 * FORE_SEC,
                           .buckets = 40,
                           .step = FORE_SEC};
    uint32_t on = fore_rng_u32(&rng);
    o.popularity = fore_rng_below(&rng, 5);
    o.scatter = on & 1;
    o.mix = on & 2 ? fore_rng_below(&rng, 7) : (uint32_t)WL_MIX_CUSTOM;
    if (on & 4) o.diurnal = 0.6;
    if (on & 8) o.weekly = 0.4;
    if (on & 16) o.growth = 0.2;
    if (on & 32) {
        o.flash_peak = 6;
        o.flash_range = 0.05;
        o.flash_every = 80 * FORE_SEC;
        o.flash_rise = 10 * FORE_SEC;
        o.flash_hold = 20 * FORE_SEC;
    }
    if (on & 64) o.drift_load = 0.3;
    if (on & 128) o.swing_load = 0.3;
    if (on & 256) o.hot_key_share = 0.1;
    o.hot_key_at = 100 * FORE_SEC;
    if (on & 512) {
        o.report_load = 0.3;
        o.report_range = 0.25;
        o.report_at = 20 * FORE_SEC;
        o.report_for = 15 * FORE_SEC;
    }
    if (on & 1024) o.noise_own = 0.2;
    if (on & 2048) o.noise_common = 0.1;
    return o;
}

static double expected[STEPS / STRETCH][BUCKETS_MAX][2];
static double counted[STEPS / STRETCH][BUCKETS_MAX][2];

static void add_up(struct wl_flow *flow)
{
    static double read[BUCKETS_MAX], write[BUCKETS_MAX];
    assert_true(flow->bucket_count <= BUCKETS_MAX);
    for (uint64_t s = 0; s < STEPS; s++) {
        assert_int_equal(wl_flow_rates(flow, s * FORE_SEC, read, write, NULL), FORE_E_OK);
        for (uint32_t b = 0; b < flow->bucket_count; b++) {
            expected[s / STRETCH][b][0] += read[b];
            expected[s / STRETCH][b][1] += write[b];
        }
    }
}

static void play(struct wl_source *source, const struct wl_flow *flow)
{
    struct wl_request batch[1000];
    size_t n;
    for (;;) {
        assert_int_equal(wl_source_next(source, batch, 1000, &n, NULL), FORE_E_OK);
        if (n == 0) return;
        for (size_t i = 0; i < n; i++) {
            uint32_t b = 0;
            while (flow->bucket[b].last < batch[i].key)
                b++;
            bool write = batch[i].op == FORE_QUERY_WRITE;
            counted[batch[i].t / (STRETCH * FORE_SEC)][b][write] += 1;
        }
    }
}

static void requests_are_poisson_draws_of_the_rates(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct wl_options o = random_options(seed);
        struct wl_flow flow;
        struct wl_source source;
        memset(expected, 0, sizeof expected);
        memset(counted, 0, sizeof counted);
        assert_int_equal(wl_generator_flow(&o, seed, &flow, NULL), FORE_E_OK);
        assert_int_equal(wl_generator_source(&o, seed, &source, NULL), FORE_E_OK);
        add_up(&flow);
        play(&source, &flow);
        for (uint32_t s = 0; s < STEPS / STRETCH; s++)
            for (uint32_t b = 0; b < flow.bucket_count; b++)
                for (int w = 0; w < 2; w++) {
                    double mean = expected[s][b][w], off = fabs(counted[s][b][w] - mean);
                    if (off <= 6 * sqrt(mean) + 12) continue;
                    fail_msg("seed %llu: stretch %u bucket %u %s: %g requests, %g expected",
                             (unsigned long long)seed, s, b, w ? "writes" : "reads",
                             counted[s][b][w], mean);
                }
        wl_source_close(&source);
        wl_flow_close(&flow);
    }
}

static void looking_ahead_and_back_changes_nothing(void **state)
{
    static double a[2][BUCKETS_MAX], b[2][BUCKETS_MAX];
    struct wl_options o = random_options(7);
    struct wl_flow flow, other;
    o.noise_own = 0.3;
    assert_int_equal(wl_generator_flow(&o, 7, &flow, NULL), FORE_E_OK);
    assert_int_equal(wl_generator_flow(&o, 7, &other, NULL), FORE_E_OK);
    struct fore_rng rng = fore_rng_stream(7, "prop.lookahead", 0);
    for (fore_ns s = 0; s < 40000; s += 97) { /* `other` jumps about, also past the ring */
        fore_ns jump = fore_rng_below(&rng, 40000);
        assert_int_equal(wl_flow_rates(&flow, s * FORE_SEC, a[0], a[1], NULL), FORE_E_OK);
        if (s % 40 == 0)
            assert_int_equal(wl_flow_rates(&other, jump * FORE_SEC, b[0], b[1], NULL), FORE_E_OK);
        assert_int_equal(wl_flow_rates(&other, s * FORE_SEC, b[0], b[1], NULL), FORE_E_OK);
        assert_memory_equal(a[0], b[0], flow.bucket_count * sizeof(double));
        assert_memory_equal(a[1], b[1], flow.bucket_count * sizeof(double));
    }
    wl_flow_close(&flow);
    wl_flow_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_poisson_draws_of_the_rates),
        cmocka_unit_test(looking_ahead_and_back_changes_nothing),
    };
    return cmocka_run_group_tests_name("prop/workload", tests, NULL, NULL);
}
