#include "workloads/flow_surge.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "tests/support/near.h"
#include "tests/support/scratch.h"
#include "workloads/series.h"

enum { GROUPS = 146 };
static const fore_ns minute = 60 * FORE_SEC, day = 86400 * FORE_SEC;

static struct wl_flow_surge_options as_in_the_study(uint64_t seed)
{
    return (struct wl_flow_surge_options){.every = 1152 * minute,
                                          .groups_min = 2,
                                          .groups_max = 6,
                                          .rate_min = 20,
                                          .rate_max = 60,
                                          .rise_min = 4 * minute,
                                          .rise_max = 14 * minute,
                                          .hold_min = 20 * minute,
                                          .hold_max = 90 * minute,
                                          .span = 4000 * day,
                                          .seed = seed,
                                          .groups = GROUPS};
}

static void surges_have_the_count_and_the_ranges_asked_for(void **state)
{
    struct fore_arena arena = {0};
    struct wl_flow_surge_options o = as_in_the_study(1);
    struct wl_flow_surges s;
    wl_flow_surge_draw(&arena, &o, &s);
    expect_near((double)s.count, 5000, 4 * sqrt(5000)); /* Poisson */
    double groups = 0, rate = 0, rise = 0, hold = 0;
    for (size_t i = 0; i < s.count; i++) {
        const struct wl_flow_surge *x = &s.surge[i];
        double whole = x->rate * x->group_count;
        assert_true(i == 0 || x->begin >= s.surge[i - 1].begin);
        assert_true(x->begin < o.span && x->group_count >= 2 && x->group_count <= 6);
        assert_true(whole >= 20 - 1e-9 && whole <= 60 + 1e-9);
        assert_true(x->rise >= o.rise_min && x->rise <= o.rise_max);
        assert_true(x->hold >= o.hold_min && x->hold <= o.hold_max);
        for (uint32_t g = 0; g < x->group_count; g++) {
            assert_true(x->group[g] < GROUPS);
            for (uint32_t k = 0; k < g; k++)
                assert_true(x->group[g] != x->group[k]);
        }
        groups += x->group_count;
        rate += whole;
        rise += (double)x->rise / (double)minute;
        hold += (double)x->hold / (double)minute;
    }
    double n = (double)s.count;
    expect_near(groups / n, 4, 0.1);
    expect_near(rate / n, 40, 0.7);
    expect_near(rise / n, 9, 0.2);
    expect_near(hold / n, 55, 1.2);
    fore_arena_fini(&arena);
}

static void equal_seeds_give_equal_surges(void **state)
{
    struct fore_arena arena = {0};
    struct wl_flow_surge_options o = as_in_the_study(7);
    struct wl_flow_surges a, b, c;
    wl_flow_surge_draw(&arena, &o, &a);
    o.span /= 2; /* a shorter run sees the same ones */
    wl_flow_surge_draw(&arena, &o, &b);
    o.seed = 8;
    wl_flow_surge_draw(&arena, &o, &c);
    assert_true(b.count > 100 && b.count < a.count && c.count > 100);
    for (size_t i = 0; i < b.count; i++) {
        assert_true(a.surge[i].begin == b.surge[i].begin && a.surge[i].hold == b.surge[i].hold);
        assert_int_equal(a.surge[i].group_count, b.surge[i].group_count);
        assert_memory_equal(a.surge[i].group, b.surge[i].group,
                            a.surge[i].group_count * sizeof *a.surge[i].group);
    }
    assert_true(a.surge[0].begin != c.surge[0].begin);
    fore_arena_fini(&arena);
}

static double added(const struct wl_flow_surges *s, fore_ns from, fore_ns step)
{
    double rate[GROUPS] = {0}, all = 0;
    wl_flow_surge_add(s, from, step, rate);
    for (int g = 0; g < GROUPS; g++)
        all += rate[g];
    return all;
}

static void steps_of_any_length_hold_all_of_a_surge(void **state)
{
    struct fore_arena arena = {0};
    struct wl_flow_surge_options o = as_in_the_study(3);
    struct wl_flow_surges s;
    o.span = 20 * day;
    wl_flow_surge_draw(&arena, &o, &s);
    double truth = 0;
    for (size_t i = 0; i < s.count; i++)
        truth += s.surge[i].rate * s.surge[i].group_count *
                 (double)(s.surge[i].rise + s.surge[i].hold) / (double)FORE_SEC;
    static const fore_ns steps[] = {60, 600, 86400};
    for (size_t k = 0; k < FORE_COUNTOF(steps); k++) {
        double requests = 0;
        for (fore_ns t = 0; t < 21 * day; t += steps[k] * FORE_SEC)
            requests += added(&s, t, steps[k] * FORE_SEC) * (double)steps[k];
        expect_near(requests, truth, 1e-6 * truth);
    }
    struct wl_flow_surges one = {.surge = s.surge, .count = 1, .longest = s.longest};
    fore_ns top = s.surge[0].begin + s.surge[0].rise;
    expect_near(added(&one, top, minute), s.surge[0].rate * s.surge[0].group_count, 1e-9);
    expect_near(added(&one, top - s.surge[0].rise - minute, minute), 0, 0);
    fore_arena_fini(&arena);
}

/* ---- in a series ----------------------------------------------------------------------------- */

static const char *flat_file(struct scratch *scratch)
{
    struct fore_buf text = {0};
    fore_buf_puts(&text, "time,a,b,c\n");
    for (int h = 0; h < 200; h++)
        fore_buf_printf(&text, "%d,3600,3600,%d\n", h * 3600, h == 150 ? 10800 : 3600);
    const char *path = scratch_put(scratch, "flat.csv", text.data, text.len);
    fore_buf_fini(&text);
    return path;
}

static struct wl_options series_options(const char **path)
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
        .thin = 1,
        .surge_parts_min = 2,
        .surge_parts_max = 2,
        .surge_load_min = 0.5,
        .surge_load_max = 0.5,
        .surge_rise_min = 5 * 60 * FORE_SEC,
        .surge_rise_max = 5 * 60 * FORE_SEC,
        .surge_hold_min = 30 * 60 * FORE_SEC,
        .surge_hold_max = 30 * 60 * FORE_SEC
    };
}

static void a_surge_is_a_share_of_the_highest_total_on_top(void **state)
{
    struct scratch scratch = scratch_begin();
    const char *path = flat_file(&scratch);
    struct wl_options o = series_options(&path);
    struct wl_flow calm, rough;
    assert_int_equal(wl_series_flow(&o, 5, &calm, NULL), FORE_E_OK);
    o.surge_every = 12 * 3600 * FORE_SEC;
    assert_int_equal(wl_series_flow(&o, 5, &rough, NULL), FORE_E_OK);
    double r0[48], w0[48], r1[48], w1[48], highest = 0;
    size_t quiet = 0, struck = 0;
    for (fore_ns t = 0; t < 200 * 3600 * FORE_SEC; t += minute) {
        assert_int_equal(wl_flow_rates(&calm, t, r0, w0, NULL), FORE_E_OK);
        assert_int_equal(wl_flow_rates(&rough, t, r1, w1, NULL), FORE_E_OK);
        double more = 0, writes = 0;
        for (int b = 0; b < 48; b++) {
            assert_true(r1[b] >= r0[b] && w1[b] >= w0[b]);
            more += r1[b] - r0[b] + w1[b] - w0[b];
            writes += w1[b] - w0[b];
        }
        if (more > 0) expect_near(writes, 0.25 * more, 1e-9);
        if (more > highest) highest = more;
        bool same = memcmp(r0, r1, sizeof r0) == 0 && memcmp(w0, w1, sizeof w0) == 0;
        quiet += same;
        struck += more > 2.4;
    }
    /* The peak is 5/s (one hour), of which half; two at once would be twice that. */
    assert_true(highest > 2.5 - 1e-9 && highest < 5.1);
    assert_true(quiet > 6000 && struck > 150);
    wl_flow_close(&calm);
    wl_flow_close(&rough);
    scratch_end(&scratch);
}

static void contradictory_surges_are_refused(void **state)
{
    static const struct {
        size_t low, high;
        const char *name;
    } pair[] = {
        {offsetof(struct wl_options, surge_rise_min),  offsetof(struct wl_options, surge_rise_max),
         "surge_rise_min" },
        {offsetof(struct wl_options, surge_hold_min),  offsetof(struct wl_options, surge_hold_max),
         "surge_hold_min" },
        {offsetof(struct wl_options, surge_parts_min), offsetof(struct wl_options, surge_parts_max),
         "surge_parts_min"},
    };
    struct scratch scratch = scratch_begin();
    const char *path = flat_file(&scratch);
    struct wl_flow flow;
    for (size_t i = 0; i < FORE_COUNTOF(pair) + 3; i++) {
        struct wl_options o = series_options(&path);
        struct fore_diag diag = {.code = FORE_E_OK};
        const char *expected = "surge_load_min";
        uint64_t one = 1;
        o.surge_every = 12 * 3600 * FORE_SEC;
        if (i < FORE_COUNTOF(pair)) {
            memcpy((char *)&o + pair[i].high, &one, sizeof one);
            expected = pair[i].name;
        } else if (i == FORE_COUNTOF(pair)) {
            o.surge_load_max = 0.1;
        } else if (i == FORE_COUNTOF(pair) + 1) {
            o.surge_parts_max = 7; /* of six */
            expected = "surge_parts_max";
        } else {
            o.surge_every = 1;
            expected = "surge_every";
        }
        assert_int_equal(wl_series_flow(&o, 1, &flow, &diag), FORE_E_RANGE);
        assert_non_null(strstr(diag.text, expected));
    }
    struct wl_options o = series_options(&path);
    struct fore_arena perm = {0};
    struct fore_diag diag = {.code = FORE_E_OK};
    o.kind = WL_KIND_SYNTHETIC;
    o.surge_every = FORE_SEC;
    o.multiply = 1;
    assert_int_equal(wl_open_flow(&o, 1, &perm, &flow, &diag), FORE_E_RANGE);
    assert_non_null(strstr(diag.text, "flash_every"));
    fore_arena_fini(&perm);
    scratch_end(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(surges_have_the_count_and_the_ranges_asked_for),
        cmocka_unit_test(equal_seeds_give_equal_surges),
        cmocka_unit_test(steps_of_any_length_hold_all_of_a_surge),
        cmocka_unit_test(a_surge_is_a_share_of_the_highest_total_on_top),
        cmocka_unit_test(contradictory_surges_are_refused),
    };
    return cmocka_run_group_tests_name("workloads/flow_surge", tests, NULL, NULL);
}
