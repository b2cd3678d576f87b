#include "workloads/workload.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/near.h"

struct fixture {
    struct fore_arena arena;
    struct wl_options options;
    struct fore_diag diag;
    char key_path[32], rate_path[32];
};

static void write_file(char *path, const char *text)
{
    memcpy(path, "/tmp/test_workload_XXXXXX", 26);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    fore_arena_init(&f->arena);
    fore_option_defaults((struct fore_option_binding){&wl_section, &f->options}, &f->arena);
    write_file(f->key_path,
               "t,key,op,size,client\n0,5,R,10,1\n1,6,W,30,1\n2,5,R,10,2\n3,9,R,10,2\n");
    write_file(f->rate_path, "time,requests\n0,600\n60,1200\n120,0\n180,600\n");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->key_path);
    (void)unlink(f->rate_path);
    fore_arena_fini(&f->arena);
    free(f);
    return 0;
}

static void set(struct fixture *f, const char *name, const char *value)
{
    struct fore_option_binding binding = {&wl_section, &f->options};
    enum fore_err err = fore_option_set(binding, &f->arena, name, value, "test", &f->diag);
    if (err != FORE_E_OK) fail_msg("%s = %s: %s", name, value, f->diag.text);
}

static size_t read_all(struct wl_source *source, struct wl_request *out, size_t cap)
{
    size_t total = 0, n;
    do {
        assert_int_equal(wl_source_next(source, out + total, cap - total, &n, NULL), FORE_E_OK);
        total += n;
    } while (n > 0 && total < cap);
    return total;
}

static void every_row_explains_itself_and_no_name_comes_twice(void **state)
{
    for (size_t i = 0; i < wl_section.row_count; i++) {
        const char *help = wl_section.row[i].help;
        assert_true(strlen(help) > 10 && help[strlen(help) - 1] == '.');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(wl_section.row[i].name, wl_section.row[j].name);
    }
}

static void a_rate_of_zero_is_a_sentence(void **state)
{
    struct fixture *f = *state;
    struct wl_source source;
    struct wl_flow flow;
    assert_int_equal(wl_open_source(&f->options, 1, &f->arena, &source, &f->diag), FORE_E_RANGE);
    assert_non_null(strstr(f->diag.text, "workload.rate is 0"));
    assert_int_equal(wl_open_flow(&f->options, 1, &f->arena, &flow, NULL), FORE_E_RANGE);
}

static void missing_files_are_named(void **state)
{
    struct fixture *f = *state;
    struct wl_source source;
    set(f, "kind", "trace");
    assert_int_equal(wl_open_source(&f->options, 1, &f->arena, &source, &f->diag), FORE_E_RANGE);
    assert_non_null(strstr(f->diag.text, "workload.trace"));
    f->diag = (struct fore_diag){.code = FORE_E_OK};
    set(f, "kind", "series");
    assert_int_equal(wl_open_source(&f->options, 1, &f->arena, &source, &f->diag), FORE_E_RANGE);
    assert_non_null(strstr(f->diag.text, "workload.series"));
    f->diag = (struct fore_diag){.code = FORE_E_OK};
    set(f, "series", "no/such/file.csv");
    assert_int_not_equal(wl_open_source(&f->options, 1, &f->arena, &source, &f->diag), FORE_E_OK);
    assert_non_null(strstr(f->diag.text, "no/such/file.csv"));
}

static void a_trace_is_sped_up_and_multiplied(void **state)
{
    struct fixture *f = *state;
    struct wl_source source;
    static struct wl_request out[100];
    set(f, "kind", "trace");
    set(f, "trace", f->key_path);
    set(f, "speedup", "2");
    set(f, "multiply", "5");
    assert_int_equal(wl_open_source(&f->options, 1, &f->arena, &source, &f->diag), FORE_E_OK);
    assert_int_equal(read_all(&source, out, 100), 20);
    assert_int_equal(out[5].key, 6);
    assert_true(out[5].t == FORE_SEC / 2);
    assert_non_null(strstr(source.info.label, "each record 5 requests"));
    wl_source_close(&source);
    struct wl_flow flow;
    double read[64], write[64], all = 0;
    set(f, "buckets", "64");
    set(f, "step", "1s");
    assert_int_equal(wl_open_flow(&f->options, 1, &f->arena, &flow, &f->diag), FORE_E_OK);
    for (fore_ns t = 0; t < 3 * FORE_SEC; t += FORE_SEC) {
        assert_int_equal(wl_flow_rates(&flow, t, read, write, NULL), FORE_E_OK);
        for (uint32_t b = 0; b < flow.bucket_count; b++)
            all += read[b] + write[b];
    }
    expect_near(all, 20, 1e-6);
    wl_flow_close(&flow);
}

static void a_composite_takes_keys_in_order_and_times_from_the_rate(void **state)
{
    struct fixture *f = *state;
    static const uint64_t keys[] = {5, 6, 5, 9};
    static struct wl_request out[5000];
    struct wl_source source;
    set(f, "kind", "trace");
    set(f, "trace", f->key_path);
    set(f, "rate_series", f->rate_path);
    assert_int_equal(wl_open_source(&f->options, 3, &f->arena, &source, &f->diag), FORE_E_OK);
    assert_true(source.info.composite && strstr(source.info.label, "composite of") != NULL);
    size_t n = read_all(&source, out, 5000);
    double per_minute[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(out[i].key, keys[i % 4]);
        per_minute[out[i].t / (60 * FORE_SEC)] += 1;
    }
    expect_near(per_minute[0], 600, 5 * sqrt(600));
    expect_near(per_minute[1], 1200, 5 * sqrt(1200));
    expect_near(per_minute[2], 0, 0);
    expect_near(per_minute[3], 600, 5 * sqrt(600));
    assert_int_equal(wl_source_rewind(&source, NULL), FORE_E_OK);
    assert_int_equal(read_all(&source, out, 5000), n);
    wl_source_close(&source);
}

static void the_flow_of_a_composite_has_the_same_totals(void **state)
{
    struct fixture *f = *state;
    struct wl_flow flow;
    double read[16], write[16], reads = 0, writes = 0;
    set(f, "kind", "trace");
    set(f, "trace", f->key_path);
    set(f, "rate_series", f->rate_path);
    set(f, "rate", "100/s");
    set(f, "skip", "30s");
    set(f, "speedup", "2");
    set(f, "buckets", "16");
    assert_int_equal(wl_open_flow(&f->options, 3, &f->arena, &flow, &f->diag), FORE_E_OK);
    assert_true(flow.info.composite);
    assert_true(flow.info.span == 90 * FORE_SEC);
    for (fore_ns t = 0; t < 90 * FORE_SEC; t += 10 * FORE_SEC) {
        assert_int_equal(wl_flow_rates(&flow, t, read, write, NULL), FORE_E_OK);
        for (uint32_t b = 0; b < flow.bucket_count; b++) {
            reads += 10 * read[b];
            writes += 10 * write[b];
        }
    }
    expect_near(reads + writes, 100 * 120 * 0.75, 1e-3); /* the first quarter is skipped */
    expect_near(writes / (reads + writes), 0.25, 0.01);
    wl_flow_close(&flow);
}

static void a_series_is_sampled_when_requests_are_wanted(void **state)
{
    struct fixture *f = *state;
    struct wl_source source;
    static struct wl_request out[5000];
    set(f, "kind", "series");
    set(f, "series", f->rate_path);
    set(f, "step", "60s");
    set(f, "thin", "50%");
    assert_int_equal(wl_open_source(&f->options, 3, &f->arena, &source, &f->diag), FORE_E_OK);
    expect_near((double)read_all(&source, out, 5000), 1200, 5 * sqrt(1200));
    wl_source_close(&source);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_row_explains_itself_and_no_name_comes_twice),
        TEST(a_rate_of_zero_is_a_sentence),
        TEST(missing_files_are_named),
        TEST(a_trace_is_sped_up_and_multiplied),
        TEST(a_composite_takes_keys_in_order_and_times_from_the_rate),
        TEST(the_flow_of_a_composite_has_the_same_totals),
        TEST(a_series_is_sampled_when_requests_are_wanted),
    };
    return cmocka_run_group_tests_name("workloads/workload", tests, NULL, NULL);
}
