#include "workloads/flow.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/requests.h"
#include "workloads/flow_noise.h"

/* Two buckets; bucket 1 is silent in odd steps. */
static enum fore_err two_rates(void *self, fore_ns t, double *reads, double *writes,
                               struct fore_diag *diag)
{
    bool odd = t / FORE_SEC % 2 == 1;
    reads[0] = 100;
    writes[0] = 50;
    reads[1] = odd ? 0 : 300;
    writes[1] = 0;
    return FORE_E_OK;
}
static void two_close(void *self)
{
}
static const struct wl_flow_ops two_ops = {two_rates, two_close};
static const struct wl_bucket two_buckets[] = {
    {0,    9         },
    {1000, UINT64_MAX}
};

static struct wl_flow two_flow(void)
{
    return (struct wl_flow){
        .ops = &two_ops,
        .bucket = two_buckets,
        .bucket_count = 2,
        .info = {.kind = "test", .label = "two", .step = FORE_SEC, .bytes_mean = 1000}
    };
}

static void samples_follow_the_rates(void **state)
{
    struct wl_flow flow = two_flow();
    struct wl_source source = wl_flow_sample(&flow, 200 * FORE_SEC, 5);
    struct wl_request batch[500];
    double reads[2] = {0, 0}, writes[2] = {0, 0}, bytes = 0, odd = 0;
    size_t n;
    fore_ns last = 0;
    for (;;) {
        assert_int_equal(wl_source_next(&source, batch, 500, &n, NULL), FORE_E_OK);
        if (n == 0) break;
        for (size_t i = 0; i < n; i++) {
            int b = batch[i].key >= 1000;
            assert_true(b || batch[i].key <= 9);
            assert_true(batch[i].t >= last);
            last = batch[i].t;
            (batch[i].op == FORE_QUERY_WRITE ? writes : reads)[b] += 1;
            odd += b && last / FORE_SEC % 2 == 1;
            bytes += batch[i].bytes;
        }
    }
    expect_near(reads[0], 20000, 5 * sqrt(20000));
    expect_near(writes[0], 10000, 500);
    expect_near(reads[1], 30000, 5 * sqrt(30000));
    expect_near(writes[1] + odd, 0, 0);
    expect_near(bytes / 60000, 1000, 25);
    wl_source_close(&source);
}

static void sampling_starts_over_the_same(void **state)
{
    struct wl_flow flow = two_flow();
    struct wl_source source = wl_flow_sample(&flow, 0, 5);
    struct wl_request a[2000], b[2000];
    size_t n;
    assert_int_equal(wl_source_next(&source, a, 2000, &n, NULL), FORE_E_OK);
    assert_int_equal(wl_source_rewind(&source, NULL), FORE_E_OK);
    assert_int_equal(wl_source_next(&source, b, 2000, &n, NULL), FORE_E_OK);
    assert_memory_equal(a, b, sizeof a);
    wl_source_close(&source);
}

static void a_profile_counts_every_request_once(void **state)
{
    static struct wl_request request[10000];
    struct fore_rng rng = fore_rng_stream(1, "test", 0);
    for (uint32_t i = 0; i < 10000; i++) {
        bool hot = fore_rng_below(&rng, 2) == 0;
        request[i] = (struct wl_request){.t = i * (FORE_SEC / 100),
                                         .key = hot ? 77 : fore_rng_u64(&rng),
                                         .bytes = 10,
                                         .op = i % 4 == 0 ? FORE_QUERY_WRITE : FORE_QUERY_READ};
    }
    request[9999].key = UINT64_MAX;
    struct test_requests in = {.request = request, .count = 10000};
    struct wl_source source = test_requests_source(&in);
    struct wl_flow flow;
    assert_int_equal(wl_flow_profile(&source, 10 * FORE_SEC, 64, 1 << 20, &flow, NULL), FORE_E_OK);
    assert_true(flow.bucket_count > 30 && flow.bucket_count <= 64);
    assert_true(flow.bucket[0].first == 0);
    assert_true(flow.bucket[flow.bucket_count - 1].last == UINT64_MAX);
    double read[64], write[64], reads = 0, writes = 0, hot = 0, most = 0;
    for (fore_ns t = 0; t < 120 * FORE_SEC; t += 10 * FORE_SEC) {
        assert_int_equal(wl_flow_rates(&flow, t, read, write, NULL), FORE_E_OK);
        for (uint32_t b = 0; b < flow.bucket_count; b++) {
            reads += 10 * read[b];
            writes += 10 * write[b];
            bool alone = flow.bucket[b].first == 77 && flow.bucket[b].last == 77;
            if (alone) hot += 10 * (read[b] + write[b]);
            if (!alone && read[b] > most) most = read[b];
        }
    }
    expect_near(reads, 7500, 1e-6);
    expect_near(writes, 2500, 1e-6);
    expect_near(hot, 5000, 300); /* the hot key has a bucket of its own */
    assert_true(most < 6);       /* and the others share the rest about equally */
    assert_int_equal(in.at, 0);  /* rewound */
    wl_flow_close(&flow);
    struct fore_diag diag = {.code = FORE_E_OK};
    assert_int_equal(wl_flow_profile(&source, FORE_SEC, 64, 1000, &flow, &diag), FORE_E_RANGE);
    assert_non_null(strstr(diag.text, "workload.step"));
    in.count = 0;
    assert_int_equal(wl_flow_profile(&source, FORE_SEC, 64, 1000, &flow, NULL), FORE_E_RANGE);
}

static void noise_has_mean_one_its_sigma_and_its_memory(void **state)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct wl_flow_noise_options o = {
        .own = 0.06, .memory = 15 * 60 * FORE_SEC, .step = 60 * FORE_SEC, .seed = 3, .groups = 20};
    struct wl_flow_noise *noise = wl_flow_noise_create(&arena, &o);
    double sum = 0, square = 0, lagged = 0, before[20] = {0};
    enum { STEPS = 5000 };
    for (uint64_t s = 0; s < STEPS; s++) {
        const float *x = wl_flow_noise_at(noise, s);
        for (int g = 0; g < 20; g++) {
            double d = (double)x[g] - 1;
            sum += d;
            square += d * d;
            lagged += d * before[g];
            before[g] = d;
        }
    }
    expect_near(sum / (20.0 * STEPS), 0, 0.003);
    expect_near(sqrt(square / (20.0 * STEPS)), 0.06, 0.003);
    expect_near(lagged / square, exp(-1.0 / 15), 0.01);
    o.own = 0;
    assert_null(wl_flow_noise_create(&arena, &o));
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_follow_the_rates),
        cmocka_unit_test(sampling_starts_over_the_same),
        cmocka_unit_test(a_profile_counts_every_request_once),
        cmocka_unit_test(noise_has_mean_one_its_sigma_and_its_memory),
    };
    return cmocka_run_group_tests_name("workloads/flow", tests, NULL, NULL);
}
