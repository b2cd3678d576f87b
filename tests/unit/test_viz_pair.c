/*
 * What one looks for in a journal, over the sample: two runs side by side, another metric, the
 * forecast against what came, the words under the cursor, the next event.
 */
#include "tests/support/journal_sample.h"
#include "tests/support/near.h"
#include "tests/support/scratch.h"
#include "viz/milestone.h"
#include "viz/pair.h"
#include "viz/shot.h"
#include "viz/tip.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE (60 * FORE_SEC)
#define HOUR   (60 * MINUTE)

static void open_sample(struct scratch *scratch, const char *name, bool forecast, uint64_t seed,
                        struct viz_player *player)
{
    struct sample_options options = sample_defaults();
    struct fore_diag diag = {0};
    options.duration = 4 * HOUR;
    options.forecast = forecast;
    options.seed = seed;
    const char *path = scratch_path(scratch, name);
    assert_int_equal(sample_write(&options, path, &diag), FORE_E_OK);
    assert_int_equal(viz_player_open(player, path, 2 * HOUR, 600, &diag), FORE_E_OK);
}

static void both_sides_show_the_same_time(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a, b;
    open_sample(&scratch, "a.fsj", false, 7, &a);
    open_sample(&scratch, "b.fsj", true, 7, &b);
    struct viz_pair pair = {
        .side = {&a, &b}
    };
    for (fore_ns now = HOUR; now <= viz_pair_last(&pair); now += 40 * MINUTE) {
        viz_pair_go(&pair, now);
        assert_int_equal(a.view.now, now);
        assert_int_equal(b.view.now, now);
        assert_int_equal(a.view.from, b.view.from);
        assert_int_equal(a.view.to, b.view.to);
        expect_near(viz_pair_violation(&a.model, now), (double)a.model.snapshot.cluster.violation_s,
                    1e-3);
    }
    assert_null(viz_pair_judge(&a.model, &b.model).doubt);
    viz_player_close(&a);
    viz_player_close(&b);
    scratch_end(&scratch);
}

static void the_difference_is_of_violation_seconds_and_its_doubts_are_said(void **state)
{
    struct viz_model a = {.seed = 1}, b = {.seed = 1};
    a.snapshot.cluster.violation_s = 90;
    b.snapshot.cluster.violation_s = 30;
    expect_near(viz_pair_judge(&a, &b).saved_s, 60, 1e-9);
    expect_near(viz_pair_judge(&b, &a).saved_s, -60, 1e-9);
    assert_null(viz_pair_judge(&a, &b).doubt);
    b.snapshot.cluster.slo_ns = 5;
    assert_non_null(viz_pair_judge(&a, &b).doubt);
    b.snapshot.cluster.slo_ns = 0;
    b.seed = 2;
    assert_non_null(strstr(viz_pair_judge(&a, &b).doubt, "seed"));
}

static void violation_over_time_only_grows(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    viz_player_go(&a, 4 * HOUR);
    double before = -1;
    for (fore_ns at = a.view.from + MINUTE; at <= a.view.now; at += MINUTE) {
        double now = viz_pair_violation(&a.model, at);
        assert_true(isnan(now) || now >= before - 1e-3);
        if (!isnan(now)) before = now;
    }
    viz_player_close(&a);
    scratch_end(&scratch);
}

static void another_metric_is_another_heat(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    for (int m = 0; m < VIZ_METRICS; m++) {
        a.look.metric = (enum viz_metric)m;
        viz_player_go(&a, 3 * HOUR);
        const struct viz_matrix *heat = &a.model.heat;
        const uint8_t *column = viz_matrix_column(heat, (a.model.load_at - 1) / heat->bucket_ns);
        const struct fore_event_partition_load *load = a.model.snapshot.partition_load;
        if (m == VIZ_METRIC_RRS || m == VIZ_METRIC_LATENCY) continue;
        assert_non_null(column);
        for (uint32_t i = 0; i < a.model.order_count; i++) {
            uint32_t p = a.model.order[i];
            double said = viz_metric_value((enum viz_metric)m, viz_matrix_value(column[p]));
            double is = viz_metric_of((enum viz_metric)m, &load[p]);
            if (is > 0) assert_true(said >= is * 0.9); /* the largest of its bucket */
        }
    }
    viz_player_close(&a);
    scratch_end(&scratch);
}

static void the_forecast_is_held_against_what_came(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    a.look.error = true;
    viz_player_go(&a, 3 * HOUR);
    const struct viz_model *m = &a.model;
    assert_int_equal(m->expect_lead, m->horizon_ns / 4);
    const uint8_t *said = viz_matrix_column(&m->expect, (3 * HOUR - MINUTE) / m->heat.bucket_ns);
    const uint8_t *came = viz_matrix_column(&m->heat, (3 * HOUR - MINUTE) / m->heat.bucket_ns);
    assert_non_null(said);
    assert_non_null(came);
    uint32_t known = 0, near = 0;
    for (uint32_t i = 0; i < m->order_count; i++) {
        uint32_t p = m->order[i];
        known += said[p] > 0;
        near += said[p] > 0 && abs(said[p] - came[p]) < 17; /* within a factor of four */
    }
    assert_true(known > m->order_count / 2);
    assert_true(near > known / 2);
    viz_player_close(&a);
    scratch_end(&scratch);
}

static void the_partition_in_focus_is_watched(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    viz_player_go(&a, 2 * HOUR);
    assert_int_equal(a.model.watch.partition, VIZ_NONE);
    a.look.tab = VIZ_TAB_FORECAST;
    viz_player_go(&a, 2 * HOUR);
    assert_int_equal(a.model.watch.partition, viz_model_focus(&a.model));
    assert_true(a.model.watch.load_total > 100 && a.model.watch.past_total > 2);
    a.look.partition = a.model.order[3];
    viz_player_go(&a, 2 * HOUR + MINUTE);
    assert_int_equal(a.model.watch.partition, a.model.order[3]);
    viz_player_close(&a);
    scratch_end(&scratch);
}

static void events_are_stepped_through_there_and_back(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    fore_ns found[64], at = 0, back;
    size_t n = 0;
    while (n < 64 && viz_milestone_find(a.feed, VIZ_MILESTONE_EVENT, at, false, &found[n])) {
        assert_true(found[n] > at);
        at = found[n++];
    }
    assert_true(n > 10);
    for (size_t i = n - 1; i-- > 0;) {
        assert_true(viz_milestone_find(a.feed, VIZ_MILESTONE_EVENT, found[i + 1], true, &back));
        assert_int_equal(back, found[i]);
    }
    assert_false(viz_milestone_find(a.feed, VIZ_MILESTONE_EVENT, found[0], true, &back));
    assert_false(viz_milestone_find(a.feed, VIZ_MILESTONE_ALERT, 100 * HOUR, false, &back));
    assert_true(viz_milestone_find(a.feed, VIZ_MILESTONE_ALERT, 0, false, &at));
    viz_player_close(&a);
    scratch_end(&scratch);
}

/* Everything that was drawn and can be pointed at says something, at its middle. */
static void what_is_drawn_can_be_asked(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    struct viz_layout layout = viz_layout_make(1920, 1080);
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1920, 1080);
    struct viz_hits *hits = calloc(1, sizeof *hits);
    assert_non_null(hits);
    uint32_t seen[VIZ_HIT_MOMENT + 1] = {0};
    for (int tab = 0; tab < VIZ_TABS; tab++) {
        a.look.tab = (enum viz_tab)tab;
        viz_player_go(&a, 4 * HOUR);
        hits->count = 0;
        struct viz_scene scene = {.model = &a.model,
                                  .view = a.view,
                                  .note = "",
                                  .status = "",
                                  .look = &a.look,
                                  .hits = hits};
        viz_panel_page(page, &layout, viz_colour_theme("dark"), &scene);
        for (size_t i = 0; i < hits->count; i++) {
            const struct viz_hit *h = &hits->item[i];
            struct viz_tip tip;
            char text[VIZ_TIP_LINES * VIZ_TIP_LINE];
            bool told = viz_tip_make(&scene, h, h->r.x + h->r.w / 2, h->r.y + h->r.h / 2, &tip);
            assert_int_equal(told, h->kind != VIZ_HIT_TAB);
            if (!told) continue;
            viz_tip_text(&tip, text, sizeof text);
            assert_true(strlen(text) > 3);
            seen[h->kind]++;
        }
    }
    assert_true(seen[VIZ_HIT_HEAT] && seen[VIZ_HIT_PLOT] && seen[VIZ_HIT_PARTITION]);
    assert_true(seen[VIZ_HIT_NODE] && seen[VIZ_HIT_MOVE] && seen[VIZ_HIT_PLAN]);
    cairo_surface_destroy(page);
    free(hits);
    viz_player_close(&a);
    scratch_end(&scratch);
}

static void every_row_of_the_heat_is_hit_at_its_place(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    viz_player_go(&a, 2 * HOUR);
    struct viz_rect plot = {100, 50, 800, 300};
    a.look.row_from = 0.25;
    a.look.row_to = 0.75;
    struct viz_scene scene = {.model = &a.model, .view = a.view, .look = &a.look};
    uint32_t count, first = viz_panel_rows(&scene, &count);
    assert_true(count >= a.model.order_count / 2 && count <= a.model.order_count / 2 + 2);
    for (uint32_t i = 0; i < count; i++) {
        double y =
            plot.y + (viz_matrix_line(i, count, 300) + viz_matrix_line(i + 1, count, 300)) / 2;
        assert_int_equal(viz_panel_row_at(&scene, plot, y + 0.5, 2 * HOUR),
                         a.model.order[first + i]);
    }
    assert_int_equal(viz_panel_row_at(&scene, plot, plot.y - 1, 2 * HOUR), VIZ_NONE);
    assert_int_equal(viz_panel_row_at(&scene, plot, plot.y + 300, 2 * HOUR), VIZ_NONE);
    viz_player_close(&a);
    scratch_end(&scratch);
}

static double luminance_at(cairo_surface_t *page, double x, double y, enum viz_sight sight)
{
    const unsigned char *bytes = cairo_image_surface_get_data(page);
    uint32_t pixel;
    memcpy(&pixel, bytes + (size_t)y * (size_t)cairo_image_surface_get_stride(page) + 4 * (size_t)x,
           4);
    struct viz_rgb c = {(pixel >> 16 & 255) / 255.0, (pixel >> 8 & 255) / 255.0,
                        (pixel & 255) / 255.0};
    return viz_colour_luminance(viz_colour_seen(sight, c));
}

/* On the page as drawn: of two cells a decade apart the hotter one is the brighter, to every eye,
 * in every palette and theme. */
static void hot_and_cold_stay_apart_on_the_page(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    viz_player_go(&a, 4 * HOUR);
    struct viz_layout layout = viz_layout_make(1920, 1080);
    struct viz_rect plot = {0};
    for (int p = 0; p < 2 * VIZ_PALETTES; p++) {
        struct viz_hits *hits = calloc(1, sizeof *hits);
        cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1920, 1080);
        a.look.palette = (enum viz_palette)(p / 2);
        struct viz_scene scene = {.model = &a.model,
                                  .view = a.view,
                                  .note = "",
                                  .status = "",
                                  .look = &a.look,
                                  .hits = hits};
        viz_panel_page(page, &layout, viz_colour_theme(p % 2 == 0 ? "light" : "dark"), &scene);
        for (size_t i = 0; i < hits->count; i++)
            if (hits->item[i].kind == VIZ_HIT_HEAT) plot = hits->item[i].r;
        const uint8_t *column =
            viz_matrix_column(&a.model.heat, (3 * HOUR + 40 * MINUTE) / a.model.heat.bucket_ns);
        double x = viz_axis_x(&scene.scale, 3 * HOUR + 40 * MINUTE);
        uint32_t count = a.model.order_count, hot = 0, cold = 0;
        for (uint32_t i = 1; i < count; i++) {
            if (column[a.model.order[i]] > column[a.model.order[hot]]) hot = i;
            if (column[a.model.order[i]] < column[a.model.order[cold]]) cold = i;
        }
        assert_true(column[a.model.order[hot]] > column[a.model.order[cold]] + 20);
        const uint32_t row[2] = {hot, cold};
        for (int sight = 0; sight < VIZ_SIGHTS; sight++) {
            double seen[2];
            for (int i = 0; i < 2; i++) {
                uint32_t y = (viz_matrix_line(row[i], count, (uint32_t)plot.h) +
                              viz_matrix_line(row[i] + 1, count, (uint32_t)plot.h)) /
                             2;
                seen[i] = luminance_at(page, x, plot.y + y, (enum viz_sight)sight);
            }
            assert_true((seen[0] + 0.05) / (seen[1] + 0.05) > 2);
        }
        cairo_surface_destroy(page);
        free(hits);
    }
    viz_player_close(&a);
    scratch_end(&scratch);
}

/* Twelve moves between the same two lanes, at every size of text: each pill finds its place. */
static void crowded_arcs_are_drawn_at_every_size(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player a;
    open_sample(&scratch, "a.fsj", true, 7, &a);
    viz_player_go(&a, 3 * HOUR);
    struct fore_snapshot *snap = &a.model.snapshot;
    snap->move_count = 12;
    for (uint32_t i = 0; i < snap->move_count; i++)
        snap->move[i] = (struct fore_snapshot_move){
            .move = {.ticket = i + 1,
                     .partition = i,
                     .source = 1,
                     .target = 2,
                     .state = 1,
                     .bytes_total = 100,
                     .bytes_done = 8 * i,
                     .bytes_per_sec_max = i % 2}
        };
    (void)alarm(120); /* what does not end is a failure */
    for (int size = 0; size <= 50; size++) {
        a.look.text = 0.75 + size * 0.025;
        cairo_surface_t *page = viz_shot_draw(&a, viz_colour_theme("light"), 960, 540);
        cairo_surface_destroy(page);
    }
    (void)alarm(0);
    viz_player_close(&a);
    scratch_end(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_show_the_same_time),
        cmocka_unit_test(the_difference_is_of_violation_seconds_and_its_doubts_are_said),
        cmocka_unit_test(violation_over_time_only_grows),
        cmocka_unit_test(another_metric_is_another_heat),
        cmocka_unit_test(the_forecast_is_held_against_what_came),
        cmocka_unit_test(the_partition_in_focus_is_watched),
        cmocka_unit_test(events_are_stepped_through_there_and_back),
        cmocka_unit_test(what_is_drawn_can_be_asked),
        cmocka_unit_test(hot_and_cold_stay_apart_on_the_page),
        cmocka_unit_test(crowded_arcs_are_drawn_at_every_size),
        cmocka_unit_test(every_row_of_the_heat_is_hit_at_its_place),
    };
    return cmocka_run_group_tests_name("viz/pair", tests, NULL, NULL);
}
