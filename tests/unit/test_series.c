#include "workloads/series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "workloads/series_text.h"

/* Parses lines separated by '\n' as one file of the set. */
static enum fore_err parse(struct wl_series_set *set, const char *text, const char *name,
                           struct fore_diag *diag)
{
    static const struct wl_series_options options = {.layout = "auto", .step = 60 * FORE_SEC};
    char copy[4096], *line = copy;
    struct fore_arena scratch;
    fore_arena_init(&scratch);
    assert_true(strlen(text) < sizeof copy);
    memcpy(copy, text, strlen(text) + 1);
    struct wl_series_parser *p = wl_series_parse_begin(set, &options, name, &scratch);
    enum fore_err err = FORE_E_OK;
    for (uint64_t n = 1; err == FORE_E_OK && line != NULL; n++) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end = '\0';
        err = wl_series_parse_line(p, line, n, diag);
        line = end != NULL ? end + 1 : NULL;
    }
    if (err == FORE_E_OK) err = wl_series_parse_end(p, diag);
    fore_arena_fini(&scratch);
    return err;
}

static void wide_files_give_a_series_a_column(void **state)
{
    struct wl_series_set set;
    wl_series_init(&set);
    assert_int_equal(parse(&set,
                           "time,a,b\n2017-01-01 00:00:00,1,2\n2017-01-01 01:00:00,3,4\n"
                           "2017-01-01 03:00:00,5,\n",
                           "w.csv", NULL),
                     FORE_E_OK);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.steps, 4);
    assert_true(set.step == 3600 * FORE_SEC);
    assert_string_equal(set.series[1].name, "b");
    expect_near(wl_series_at(&set, 1, WL_SERIES_READS, 1), 4, 0);
    expect_near(wl_series_at(&set, 0, WL_SERIES_READS, 2), 3, 0); /* missing: held */
    expect_near(wl_series_at(&set, 1, WL_SERIES_READS, 3), 0, 0); /* empty */
    wl_series_fini(&set);
}

static void long_files_find_columns_by_name(void **state)
{
    struct wl_series_set set;
    wl_series_init(&set);
    assert_int_equal(parse(&set,
                           "vol,win,reads,writes,read_bytes,write_bytes,working_set_bytes\n"
                           "w1,0,10,5,100,50,1000\nw2,0,1,1,1,1,8\nw1,2,20,6,9,9,3000\n",
                           "l.csv", NULL),
                     FORE_E_OK);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.steps, 3);
    assert_true(set.split && set.step == 60 * FORE_SEC);
    expect_near(wl_series_at(&set, 0, WL_SERIES_WRITES, 2), 6, 0);
    expect_near(wl_series_at(&set, 0, WL_SERIES_READS, 1), 0, 0);
    expect_near(set.bytes, 170, 0);
    expect_near(set.series[0].size_sum / set.series[0].size_rows, 2000, 0);
    wl_series_fini(&set);
}

static void transposed_and_counted_files_are_told_by_their_first_line(void **state)
{
    struct wl_series_set set;
    wl_series_init(&set);
    assert_int_equal(
        parse(&set, "HashFunction,HashOwner,minute_1,minute_2\nf,o,1,2\ng,o,3,4\n", "t", NULL),
        FORE_E_OK);
    assert_int_equal(set.count, 2);
    expect_near(wl_series_at(&set, 1, WL_SERIES_READS, 1), 4, 0);
    wl_series_fini(&set);
    wl_series_init(&set);
    assert_int_equal(parse(&set, "3\n1\n4", "c", NULL), FORE_E_OK);
    assert_int_equal(parse(&set, "9\n2", "c2", NULL), FORE_E_OK); /* joined behind */
    assert_int_equal(set.steps, 5);
    expect_near(wl_series_at(&set, 0, WL_SERIES_READS, 3), 9, 0);
    wl_series_fini(&set);
}

static void files_join_in_time_only_with_the_same_columns(void **state)
{
    struct wl_series_set set;
    struct fore_diag diag = {.code = FORE_E_OK};
    wl_series_init(&set);
    set.first_file = "jan.csv";
    assert_int_equal(parse(&set, "time,a,b\n0,1,2\n60,3,4\n", "jan.csv", NULL), FORE_E_OK);
    assert_int_equal(parse(&set, "time,a,b\n120,5,6\n", "feb.csv", NULL), FORE_E_OK);
    expect_near(wl_series_at(&set, 1, WL_SERIES_READS, 2), 6, 0);
    assert_int_equal(parse(&set, "time,a,c\n180,5,6\n", "mar.csv", &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "jan.csv"));
    assert_non_null(strstr(diag.text, "mar.csv"));
    diag.code = FORE_E_OK;
    assert_int_equal(parse(&set, "time,a,b\n60,5,6\n", "old.csv", &diag), FORE_E_FORMAT);
    wl_series_fini(&set);
}

static void bad_files_are_named_with_their_line(void **state)
{
    static const char *const bad[] = {"time,a\n0,1\n60,-2\n",
                                      "time,a\n0,1\n60,x\n",
                                      "time,a\n0,1\n0,2\n",
                                      "time,a\n0,1\n60,1\n30,1\n",
                                      "time,a\n0,1,2\n",
                                      "time,a\n0,1\n60,1\n100,1\n",
                                      "vol,win,reads\nx,0,1\n",
                                      "vol,reads\nx,1\n",
                                      "time,a\nyesterday,1\n",
                                      "1\n2,3\n",
                                      "time\n1\n",
                                      "time,a\n",
                                      "",
                                      "time,a\n0,1\n",
                                      "vol,win,requests\nw,99999999999,1\n",
                                      "time,a\n0,1\n60,nan\n",
                                      "time,a\n0,1\n60,1e999\n"};
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct wl_series_set set;
        struct fore_diag diag = {.code = FORE_E_OK};
        wl_series_init(&set);
        enum fore_err err = parse(&set, bad[i], "bad.csv", &diag);
        if (err == FORE_E_OK) fail_msg("accepted: %s", bad[i]);
        assert_true(strncmp(diag.text, "bad.csv:", 8) == 0);
        wl_series_fini(&set);
    }
}

static void times_are_seconds_or_calendar(void **state)
{
    double t;
    assert_true(wl_series_text_time("2017-03-01", &t));
    expect_near(t, 1488326400.0, 0);
    assert_true(wl_series_text_time("1998-06-19T23:59:00", &t));
    expect_near(t, 898300740.0, 0);
    assert_true(wl_series_text_time("12.5", &t));
    assert_false(wl_series_text_time("2017-13-01", &t));
    assert_false(wl_series_text_time("2017-01-01 25:00", &t));
    assert_false(wl_series_text_time("", &t));
}

/* ---- the flow -------------------------------------------------------------------------- */

static const char *written(const char *text)
{
    static char path[] = "/tmp/test_series_XXXXXX";
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
    return path;
}

static struct wl_options flow_options(const char **path)
{
    return (struct wl_options){
        .kind = WL_KIND_SERIES,
        .series = {.item = path, .count = 1},
        .series_layout = "auto",
        .series_value = "auto",
        .compress = 1,
        .subranges = 2,
        .step = 60 * FORE_SEC,
        .write_share = 0.25,
        .speedup = 1,
        .thin = 1
    };
}

static const char *const hours =
    "time,a,b\n0,3600,7200\n3600,7200,0\n7200,36000,3600\n10800,0,3600\n";

static double sum(const double *x, uint32_t from, uint32_t to)
{
    double all = 0;
    for (uint32_t i = from; i < to; i++)
        all += x[i];
    return all;
}

static void a_spline_keeps_every_count_and_never_goes_below_zero(void **state)
{
    static const double counts[4][2] = {
        {3600,  7200},
        {7200,  0   },
        {36000, 3600},
        {0,     3600}
    };
    const char *path = written(hours);
    struct wl_options o = flow_options(&path);
    struct wl_flow flow;
    double read[32], write[32];
    o.interpolate = 1;
    assert_int_equal(wl_series_flow(&o, 1, &flow, NULL), FORE_E_OK);
    assert_int_equal(flow.bucket_count, 32);
    assert_int_equal(flow.cut_count, 4);
    assert_true(flow.info.span == 4 * 3600 * FORE_SEC);
    for (fore_ns hour = 0; hour < 4; hour++) {
        double a = 0, b = 0;
        for (fore_ns m = 0; m < 60; m++) {
            assert_int_equal(
                wl_flow_rates(&flow, (hour * 60 + m) * 60 * FORE_SEC, read, write, NULL),
                FORE_E_OK);
            for (int i = 0; i < 32; i++)
                assert_true(read[i] >= 0 && write[i] >= 0);
            a += 60 * (sum(read, 0, 16) + sum(write, 0, 16));
            b += 60 * (sum(read, 16, 32) + sum(write, 16, 32));
        }
        expect_near(a, counts[hour][0], 0.01);
        expect_near(b, counts[hour][1], 0.01);
    }
    expect_near(sum(write, 0, 32), sum(read, 0, 32) / 3, 1e-9);
    wl_flow_close(&flow);
    (void)unlink(path);
}

static void compressing_keeps_shares_and_rate_sets_the_mean(void **state)
{
    const char *path = written(hours);
    struct wl_options o = flow_options(&path);
    struct wl_flow flow;
    double read[32], write[32], mean = 0, total[4];
    o.compress = 0.3;
    o.rate = 500;
    assert_int_equal(wl_series_flow(&o, 1, &flow, NULL), FORE_E_OK);
    for (fore_ns h = 0; h < 4; h++) {
        assert_int_equal(wl_flow_rates(&flow, h * 3600 * FORE_SEC, read, write, NULL), FORE_E_OK);
        total[h] = sum(read, 0, 32) + sum(write, 0, 32);
        mean += total[h] / 4;
        if (h == 0) expect_near(sum(read, 0, 16) / sum(read, 0, 32), 1.0 / 3, 1e-6);
    }
    expect_near(mean, 500, 1e-3);
    expect_near(total[2] / total[0], pow(39600.0 / 10800, 0.3), 1e-6);
    wl_flow_close(&flow);
    (void)unlink(path);
}

static void subranges_are_uneven_within_bounds_and_named_by_the_seed(void **state)
{
    const char *path = written(hours);
    struct wl_options o = flow_options(&path);
    struct wl_flow flow;
    double read[32], write[32], share[2] = {0, 0};
    for (uint64_t seed = 1; seed <= 2; seed++) {
        assert_int_equal(wl_series_flow(&o, seed, &flow, NULL), FORE_E_OK);
        assert_int_equal(wl_flow_rates(&flow, 0, read, write, NULL), FORE_E_OK);
        share[seed - 1] = sum(read, 0, 8) / sum(read, 0, 16);
        assert_true(share[seed - 1] >= 0.35 && share[seed - 1] <= 0.65);
        assert_true(flow.cut[1] == UINT64_C(1) << 39 && flow.cut[2] == UINT64_C(1) << 40);
        wl_flow_close(&flow);
    }
    assert_true(fabs(share[0] - share[1]) > 1e-6);
    (void)unlink(path);
}

static void the_taxi_zones_load(void **state)
{
    const char *path = "../shared/data/series/nyc_taxi_zone_hourly_01_03.csv.zst";
    if (access(path, R_OK) != 0) {
        (void)fprintf(stderr, "skipped: %s is not here\n", path);
        skip();
    }
    struct wl_options o = flow_options(&path);
    struct wl_flow flow;
    static double read[73 * 16], write[73 * 16];
    o.compress = 0.3;
    o.rate = 2000;
    o.interpolate = 1;
    o.noise_own = 0.06;
    o.noise_common = 0.015;
    o.noise_memory = 900 * FORE_SEC;
    assert_int_equal(wl_series_flow(&o, 1, &flow, NULL), FORE_E_OK);
    assert_int_equal(flow.cut_count, 146);
    assert_true(flow.info.span == 90 * 86400 * FORE_SEC);
    assert_int_equal(wl_flow_rates(&flow, 86400 * FORE_SEC, read, write, NULL), FORE_E_OK);
    double all = sum(read, 0, 73 * 16) + sum(write, 0, 73 * 16);
    assert_true(all > 1000 && all < 4000);
    wl_flow_close(&flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_files_give_a_series_a_column),
        cmocka_unit_test(long_files_find_columns_by_name),
        cmocka_unit_test(transposed_and_counted_files_are_told_by_their_first_line),
        cmocka_unit_test(files_join_in_time_only_with_the_same_columns),
        cmocka_unit_test(bad_files_are_named_with_their_line),
        cmocka_unit_test(times_are_seconds_or_calendar),
        cmocka_unit_test(a_spline_keeps_every_count_and_never_goes_below_zero),
        cmocka_unit_test(compressing_keeps_shares_and_rate_sets_the_mean),
        cmocka_unit_test(subranges_are_uneven_within_bounds_and_named_by_the_seed),
        cmocka_unit_test(the_taxi_zones_load),
    };
    return cmocka_run_group_tests_name("workloads/series", tests, NULL, NULL);
}
