#include "core/forecast/trees.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/base/rng.h"
#include "tests/support/near.h"

enum { SERIES = 12, N = 500, DAY = 24, HORIZON = 12 };
static struct fore_arena arena;
static float load[SERIES][N];

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

/* Every third day is half a day: only a look at several days back can tell which comes next. */
static struct fore_panel panel_of(struct fore_series_view *view, size_t n)
{
    for (int s = 0; s < SERIES; s++) {
        struct fore_rng rng = fore_rng_stream(9, "trees-load", (uint64_t)s);
        for (int i = 0; i < N; i++) {
            double half = (i / DAY + s) % 3 == 0 ? 0.5 : 1.0;
            double wave = exp(0.6 * sin((i + 2 * s) * 6.283185307 / DAY));
            load[s][i] = (float)((50 + 30 * s) * half * wave * exp(0.03 * fore_dist_normal(&rng)));
        }
        view[s] = (struct fore_series_view){.y = load[s], .n = n, .step_s = 3600, .period = {DAY}};
    }
    return (struct fore_panel){.series = view, .count = SERIES};
}

static struct fore_net *trained(const struct fore_panel *panel, const struct fore_net *warm)
{
    const struct fore_global *trees = fore_model_find("trees")->global;
    struct fore_net_shape shape = {.horizon = HORIZON, .period = {DAY}};
    struct fore_trainer *trainer = trees->begin(&shape, warm, panel, 5);
    assert_non_null(trainer);
    int slices = 1;
    while (!trees->step(trainer, 5))
        slices++;
    assert_true(slices > 2);
    return trees->finish(trainer);
}

static double error_of(const struct fore_net *net, const struct fore_panel *panel)
{
    static float mean[SERIES * HORIZON];
    fore_model_find("trees")->global->predict(net, panel, &arena, mean, NULL);
    double sum = 0;
    for (size_t s = 0; s < SERIES; s++) {
        const struct fore_series_view *view = &panel->series[s];
        for (size_t h = 0; h < HORIZON; h++)
            sum += fabs((double)mean[s * HORIZON + h] / (double)view->y[view->n + h] - 1);
    }
    return sum / (SERIES * HORIZON);
}

static void they_learn_what_no_single_lag_tells(void **state)
{
    struct fore_series_view view[SERIES];
    struct fore_panel panel = panel_of(view, N - HORIZON);
    struct fore_net *net = trained(&panel, NULL);
    double seasonal = 0;
    for (size_t s = 0; s < SERIES; s++)
        for (size_t h = N - HORIZON; h < N; h++)
            seasonal += fabs((double)load[s][h - DAY] / (double)load[s][h] - 1);
    seasonal /= SERIES * HORIZON;
    assert_true(error_of(net, &panel) < 0.35 * seasonal);
    fore_model_find("trees")->global->destroy(net);
}

static void a_warm_start_adds_trees_and_does_no_harm(void **state)
{
    struct fore_series_view view[SERIES];
    struct fore_panel panel = panel_of(view, N - 3 * HORIZON);
    struct fore_net *net = trained(&panel, NULL);
    for (int s = 0; s < SERIES; s++)
        view[s].n = N - HORIZON;
    struct fore_net *more = trained(&panel, net);
    assert_true(more->trees > net->trees && more->trees <= FORE_TREES_MAX);
    assert_true(error_of(more, &panel) < 1.1 * error_of(net, &panel));
    fore_model_find("trees")->global->destroy(net);
    fore_model_find("trees")->global->destroy(more);
}

static void a_bin_is_the_number_of_edges_below(void **state)
{
    float edge[FORE_TREES_BINS - 1];
    for (int b = 0; b < FORE_TREES_BINS - 1; b++)
        edge[b] = (float)b;
    assert_int_equal(fore_trees_bin(edge, -5.0f), 0);
    assert_int_equal(fore_trees_bin(edge, 0.0f), 0);
    assert_int_equal(fore_trees_bin(edge, 0.5f), 1);
    assert_int_equal(fore_trees_bin(edge, 31.5f), 32);
    assert_int_equal(fore_trees_bin(edge, 62.5f), FORE_TREES_BINS - 1);
    assert_int_equal(fore_trees_bin(edge, 1e9f), FORE_TREES_BINS - 1);
}

static void features_look_at_nothing_after_the_origin(void **state)
{
    struct fore_series_view view[SERIES];
    (void)panel_of(view, N);
    struct fore_net_shape shape = {
        .horizon = HORIZON, .period = {DAY, 7 * DAY}
    };
    struct fore_logged before = fore_logged_of(&view[0], &shape, &arena);
    for (int i = 400; i < N; i++)
        load[0][i] *= 1.1f; /* within the range, so the floor stays */
    struct fore_logged after = fore_logged_of(&view[0], &shape, &arena);
    after.unit = before.unit; /* of the whole series, in training too */
    for (size_t lead = 0; lead < 2 * DAY; lead++) {
        float a[FORE_TREES_FEATURES], b[FORE_TREES_FEATURES];
        struct fore_trees_recent old = fore_trees_recent_of(&before, 400);
        struct fore_trees_recent new = fore_trees_recent_of(&after, 400);
        float x = fore_trees_features(&before, &old, lead, a);
        float y = fore_trees_features(&after, &new, lead, b);
        expect_near((double)x, (double)y, 1e-6);
        for (int f = 0; f + 1 < FORE_TREES_FEATURES; f++)
            expect_near((double)a[f], (double)b[f], 1e-3);
    }
}

static void a_saved_net_says_the_same_and_a_damaged_one_nothing(void **state)
{
    struct fore_series_view view[SERIES];
    struct fore_panel panel = panel_of(view, N - HORIZON);
    struct fore_net *net = trained(&panel, NULL), *again = NULL;
    const struct fore_global *trees = fore_model_find("trees")->global;
    struct fore_buf bytes = {0};
    struct fore_diag diag = {0};
    fore_net_save(trees, net, &bytes);
    assert_int_equal(fore_net_load(trees, bytes.data, bytes.len, &again, &diag), FORE_E_OK);
    expect_near(error_of(net, &panel), error_of(again, &panel), 0.0);
    trees->destroy(again);
    for (size_t at = 0; at < bytes.len; at += bytes.len / 40) {
        bytes.data[at] ^= 0x10;
        assert_int_equal(fore_net_load(trees, bytes.data, bytes.len, &again, &diag), FORE_E_FORMAT);
        assert_null(again);
        bytes.data[at] ^= 0x10;
    }
    const struct fore_global *lstm = fore_model_find("lstm")->global;
    assert_int_equal(fore_net_load(lstm, bytes.data, bytes.len, &again, &diag), FORE_E_FORMAT);
    fore_buf_fini(&bytes);
    trees->destroy(net);
}

/* A day's surprise comes back the next day in half of the series and is made up for in the others:
 * the past of one series hardly tells which, its trait does. */
static struct fore_panel panel_with_surprises(struct fore_series_view *view, size_t n)
{
    static float trait[SERIES][FORE_TRAITS];
    for (int s = 0; s < SERIES; s++) {
        struct fore_rng rng = fore_rng_stream(11, "trees-trait", (uint64_t)s);
        double now = 0, before = 0, sign = s % 2 == 0 ? 1 : -1;
        for (int i = 0; i < N; i++) {
            if (i % DAY == 0) {
                before = now;
                now = 0.3 * fore_dist_normal(&rng);
            }
            double wave = 0.6 * sin(i * 6.283185307 / DAY);
            load[s][i] = (float)(100 * exp(wave + now + sign * before));
        }
        trait[s][1] = s % 2 == 0 ? 0.0f : 1.0f;
        view[s] = (struct fore_series_view){
            .y = load[s], .n = n, .step_s = 3600, .period = {DAY}, .trait = trait[s]};
    }
    return (struct fore_panel){.series = view, .count = SERIES};
}

static void what_sort_of_series_it_is_counts(void **state)
{
    const struct fore_global *trees = fore_model_find("trees")->global;
    struct fore_series_view view[SERIES];
    double with = 0, without = 0;
    for (int day = 1; day <= 3; day++) {
        struct fore_panel panel = panel_with_surprises(view, (size_t)(N / DAY - day) * DAY);
        struct fore_net *net = trained(&panel, NULL);
        with += error_of(net, &panel);
        trees->destroy(net);
        for (size_t s = 0; s < SERIES; s++)
            view[s].trait = NULL;
        net = trained(&panel, NULL);
        without += error_of(net, &panel);
        trees->destroy(net);
    }
    assert_true(with < 0.95 * without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_learn_what_no_single_lag_tells),
        cmocka_unit_test(what_sort_of_series_it_is_counts),
        cmocka_unit_test(a_warm_start_adds_trees_and_does_no_harm),
        cmocka_unit_test(a_bin_is_the_number_of_edges_below),
        cmocka_unit_test(features_look_at_nothing_after_the_origin),
        cmocka_unit_test(a_saved_net_says_the_same_and_a_damaged_one_nothing),
    };
    return cmocka_run_group_tests_name("core/forecast/trees", tests, NULL, teardown);
}
