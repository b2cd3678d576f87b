/*
 * What one looks for in a journal, over the sample: two runs side by side, another metric, the
 * forecast against what came, the words under the cursor, the next event.
 */
#include "tests/support/journal_sample.h"
#include "tests/support/near.h"
#include "tests/support/scratch.h"
#include "viz/bench_journal.h"
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

/* Two journals of one seed, written once: a without forecasts, b with; each test opens both. */
static struct scratch scratch;
struct runs {
    struct viz_player a, b;
    struct viz_pair pair;
    struct viz_hits hits;
};

static int write_journals(void **state)
{
    struct sample_options options = sample_defaults();
    struct fore_diag diag = {0};
    scratch = scratch_begin();
    options.duration = 4 * HOUR;
    for (int i = 0; i < 2; i++) {
        options.forecast = i == 1;
        if (sample_write(&options, scratch_path(&scratch, i == 0 ? "a.fsj" : "b.fsj"), &diag) !=
            FORE_E_OK)
            return -1;
    }
    return 0;
}

static int remove_journals(void **state)
{
    scratch_end(&scratch);
    return 0;
}

static int open_both(void **state)
{
    struct runs *r = calloc(1, sizeof *r);
    struct fore_diag diag = {0};
    *state = r;
    if (r == NULL) return -1;
    r->pair = (struct viz_pair){
        .side = {&r->a, &r->b}
    };
    bool opened =
        viz_player_open(&r->a, scratch_path(&scratch, "a.fsj"), 2 * HOUR, 600, &diag) ==
            FORE_E_OK &&
        viz_player_open(&r->b, scratch_path(&scratch, "b.fsj"), 2 * HOUR, 600, &diag) == FORE_E_OK;
    return opened ? 0 : -1;
}

static int close_both(void **state)
{
    struct runs *r = *state;
    viz_player_close(&r->a);
    viz_player_close(&r->b);
    free(r);
    return 0;
}

static void both_sides_show_the_same_time(void **state)
{
    struct runs *r = *state;
    for (fore_ns now = HOUR; now <= viz_pair_last(&r->pair); now += 40 * MINUTE) {
        viz_pair_go(&r->pair, now);
        assert_int_equal(r->a.view.now, now);
        assert_int_equal(r->b.view.now, now);
        assert_int_equal(r->a.view.from, r->b.view.from);
        assert_int_equal(r->a.view.to, r->b.view.to);
        expect_near(viz_pair_violation(&r->a.model, now),
                    (double)r->a.model.snapshot.cluster.violation_s, 1e-3);
    }
    assert_null(viz_pair_judge(&r->a.model, &r->b.model).doubt);
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
    struct runs *r = *state;
    viz_player_go(&r->b, 4 * HOUR);
    double before = -1;
    for (fore_ns at = r->b.view.from + MINUTE; at <= r->b.view.now; at += MINUTE) {
        double now = viz_pair_violation(&r->b.model, at);
        assert_true(isnan(now) || now >= before - 1e-3);
        if (!isnan(now)) before = now;
    }
}

static void another_metric_is_another_heat(void **state)
{
    struct runs *r = *state;
    for (int m = 0; m < VIZ_METRICS; m++) {
        r->b.look.metric = (enum viz_metric)m;
        viz_player_go(&r->b, 3 * HOUR);
        const struct viz_matrix *heat = &r->b.model.heat;
        const uint8_t *column = viz_matrix_column(heat, (r->b.model.load_at - 1) / heat->bucket_ns);
        const struct fore_event_partition_load *load = r->b.model.snapshot.partition_load;
        if (m == VIZ_METRIC_RRS || m == VIZ_METRIC_LATENCY) continue;
        assert_non_null(column);
        for (uint32_t i = 0; i < r->b.model.order_count; i++) {
            uint32_t p = r->b.model.order[i];
            double said = viz_metric_value((enum viz_metric)m, viz_matrix_value(column[p]));
            double is = viz_metric_of((enum viz_metric)m, &load[p]);
            if (is > 0) assert_true(said >= is * 0.9); /* the largest of its bucket */
        }
    }
}

static void the_forecast_is_held_against_what_came(void **state)
{
    struct runs *r = *state;
    r->b.look.error = true;
    viz_player_go(&r->b, 3 * HOUR);
    const struct viz_model *m = &r->b.model;
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
}

static void the_partition_in_focus_is_watched(void **state)
{
    struct runs *r = *state;
    viz_player_go(&r->b, 2 * HOUR);
    assert_int_equal(r->b.model.watch.partition, VIZ_NONE);
    r->b.look.tab = VIZ_TAB_FORECAST;
    viz_player_go(&r->b, 2 * HOUR);
    assert_int_equal(r->b.model.watch.partition, viz_model_focus(&r->b.model));
    assert_true(r->b.model.watch.load_total > 100 && r->b.model.watch.past_total > 2);
    r->b.look.partition = r->b.model.order[3];
    viz_player_go(&r->b, 2 * HOUR + MINUTE);
    assert_int_equal(r->b.model.watch.partition, r->b.model.order[3]);
}

static void events_are_stepped_through_there_and_back(void **state)
{
    struct runs *r = *state;
    fore_ns found[64], at = 0, back;
    size_t n = 0;
    while (n < 64 && viz_milestone_find(r->b.feed, VIZ_MILESTONE_EVENT, at, false, &found[n])) {
        assert_true(found[n] > at);
        at = found[n++];
    }
    assert_true(n > 10);
    for (size_t i = n - 1; i-- > 0;) {
        assert_true(viz_milestone_find(r->b.feed, VIZ_MILESTONE_EVENT, found[i + 1], true, &back));
        assert_int_equal(back, found[i]);
    }
    assert_false(viz_milestone_find(r->b.feed, VIZ_MILESTONE_EVENT, found[0], true, &back));
    assert_false(viz_milestone_find(r->b.feed, VIZ_MILESTONE_ALERT, 100 * HOUR, false, &back));
    assert_true(viz_milestone_find(r->b.feed, VIZ_MILESTONE_ALERT, 0, false, &at));
}

/* Everything that was drawn and can be pointed at says something, at its middle. */
static void what_is_drawn_can_be_asked(void **state)
{
    struct runs *r = *state;
    struct viz_layout layout = viz_layout_make(1920, 1080);
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1920, 1080);
    struct viz_hits *hits = calloc(1, sizeof *hits);
    assert_non_null(hits);
    uint32_t seen[VIZ_HIT_MOMENT + 1] = {0};
    for (int tab = 0; tab < VIZ_TABS; tab++) {
        r->b.look.tab = (enum viz_tab)tab;
        viz_player_go(&r->b, 4 * HOUR);
        hits->count = 0;
        struct viz_scene scene = {.model = &r->b.model,
                                  .view = r->b.view,
                                  .note = "",
                                  .status = "",
                                  .look = &r->b.look,
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
}

static void every_row_of_the_heat_is_hit_at_its_place(void **state)
{
    struct runs *r = *state;
    viz_player_go(&r->b, 2 * HOUR);
    struct viz_rect plot = {100, 50, 800, 300};
    r->b.look.row_from = 0.25;
    r->b.look.row_to = 0.75;
    struct viz_scene scene = {.model = &r->b.model, .view = r->b.view, .look = &r->b.look};
    uint32_t count, first = viz_panel_rows(&scene, &count);
    assert_true(count >= r->b.model.order_count / 2 && count <= r->b.model.order_count / 2 + 2);
    for (uint32_t i = 0; i < count; i++) {
        double y =
            plot.y + (viz_matrix_line(i, count, 300) + viz_matrix_line(i + 1, count, 300)) / 2;
        assert_int_equal(viz_panel_row_at(&scene, plot, y + 0.5, 2 * HOUR),
                         r->b.model.order[first + i]);
    }
    assert_int_equal(viz_panel_row_at(&scene, plot, plot.y - 1, 2 * HOUR), VIZ_NONE);
    assert_int_equal(viz_panel_row_at(&scene, plot, plot.y + 300, 2 * HOUR), VIZ_NONE);
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
    struct runs *r = *state;
    viz_player_go(&r->b, 4 * HOUR);
    struct viz_layout layout = viz_layout_make(1920, 1080);
    struct viz_rect plot = {0};
    for (int p = 0; p < 2 * VIZ_PALETTES; p++) {
        struct viz_hits *hits = calloc(1, sizeof *hits);
        cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1920, 1080);
        r->b.look.palette = (enum viz_palette)(p / 2);
        struct viz_scene scene = {.model = &r->b.model,
                                  .view = r->b.view,
                                  .note = "",
                                  .status = "",
                                  .look = &r->b.look,
                                  .hits = hits};
        viz_panel_page(page, &layout, viz_colour_theme(p % 2 == 0 ? "light" : "dark"), &scene);
        for (size_t i = 0; i < hits->count; i++)
            if (hits->item[i].kind == VIZ_HIT_HEAT) plot = hits->item[i].r;
        const uint8_t *column = viz_matrix_column(&r->b.model.heat, (3 * HOUR + 40 * MINUTE) /
                                                                        r->b.model.heat.bucket_ns);
        double x = viz_axis_x(&scene.scale, 3 * HOUR + 40 * MINUTE);
        uint32_t count = r->b.model.order_count, hot = 0, cold = 0;
        for (uint32_t i = 1; i < count; i++) {
            if (column[r->b.model.order[i]] > column[r->b.model.order[hot]]) hot = i;
            if (column[r->b.model.order[i]] < column[r->b.model.order[cold]]) cold = i;
        }
        assert_true(column[r->b.model.order[hot]] > column[r->b.model.order[cold]] + 20);
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
}

/* Twelve moves between the same two lanes, at every size of text: each pill finds its place. */
static void crowded_arcs_are_drawn_at_every_size(void **state)
{
    struct runs *r = *state;
    viz_player_go(&r->b, 3 * HOUR);
    struct fore_snapshot *snap = &r->b.model.snapshot;
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
        r->b.look.text = 0.75 + size * 0.025;
        cairo_surface_t *page = viz_shot_draw(&r->b, viz_colour_theme("light"), 960, 540);
        cairo_surface_destroy(page);
    }
    (void)alarm(0);
}

/* What lies on the right half is asked of the second journal: its heat, plots, nodes. */
static void each_half_answers_for_its_own_journal(void **state)
{
    struct runs *r = *state;
    struct viz_pair_layout layout = viz_pair_place(1920, 1080, 1);
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1920, 1080);
    viz_pair_go(&r->pair, 3 * HOUR);
    viz_pair_draw(page, &layout, viz_colour_theme("light"), &r->pair, "", &r->hits);
    uint32_t seen[2][VIZ_HIT_MOMENT + 1] = {{0}};
    for (size_t i = 0; i < r->hits.count; i++) {
        const struct viz_hit *h = &r->hits.item[i];
        assert_true(h->owner < 2);
        assert_int_equal(h->r.x > 960 - 20, h->owner);
        seen[h->owner][h->kind]++;
    }
    for (int side = 0; side < 2; side++)
        assert_true(seen[side][VIZ_HIT_HEAT] == 1 && seen[side][VIZ_HIT_PLOT] &&
                    seen[side][VIZ_HIT_NODE]);
    struct viz_scale left = viz_pair_scale(&layout, 0, r->a.view);
    struct viz_scale right = viz_pair_scale(&layout, 1, r->b.view);
    for (size_t i = 0; i < r->hits.count; i++) {
        const struct viz_hit *h = &r->hits.item[i];
        if (h->kind != VIZ_HIT_HEAT) continue;
        const struct viz_scale *scale = h->owner == 0 ? &left : &right;
        assert_int_equal(viz_axis_at(scale, h->r.x), r->a.view.from);
        assert_int_equal(viz_axis_at(scale, h->r.x + h->r.w), r->a.view.to);
    }
    cairo_surface_destroy(page);
}

/* Large journals are peeked at side by side as alone: in the end nothing is missing. */
static void what_is_peeked_at_side_by_side_becomes_what_reading_all_shows(void **state)
{
    struct runs *r = *state;
    struct fore_diag diag = {0};
    struct viz_player large[4];
    const struct viz_bench_file file = {.partitions = 1500, .bytes = 6 << 20};
    const char *path = scratch_path(&scratch, "large.fsj");
    assert_int_equal(viz_bench_write(path, &file, &diag), FORE_E_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(viz_player_open(&large[i], path, VIZ_SPAN_AUTO, 600, &diag), FORE_E_OK);
    struct viz_pair whole = {
        .side = {&large[0], &large[1]}
    };
    r->pair = (struct viz_pair){
        .side = {&large[2], &large[3]}
    };
    fore_ns last = viz_pair_last(&whole);
    struct viz_pair_layout layout = viz_pair_place(960, 540, 1);
    const fore_ns at[] = {last, last / 2, last / 7, last * 6 / 7};
    for (size_t i = 0; i < FORE_COUNTOF(at); i++) {
        viz_pair_go(&whole, at[i]);
        viz_pair_peek(&r->pair, at[i]);
        while (viz_pair_behind(&r->pair) != VIZ_BEHIND_NOT)
            if (viz_pair_catch_up(&r->pair, 1)) viz_pair_peek(&r->pair, at[i]);
        viz_pair_peek(&r->pair, at[i]);
        assert_int_equal(viz_pair_behind(&r->pair), VIZ_BEHIND_NOT);
        cairo_surface_t *page[2];
        for (int k = 0; k < 2; k++) {
            page[k] = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 960, 540);
            viz_pair_draw(page[k], &layout, viz_colour_theme("light"), k == 0 ? &whole : &r->pair,
                          "", NULL);
        }
        assert_memory_equal(cairo_image_surface_get_data(page[0]),
                            cairo_image_surface_get_data(page[1]), 960 * 540 * 4);
        cairo_surface_destroy(page[0]);
        cairo_surface_destroy(page[1]);
    }
    for (int i = 0; i < 4; i++)
        viz_player_close(&large[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_sides_show_the_same_time, open_both, close_both),
        cmocka_unit_test(the_difference_is_of_violation_seconds_and_its_doubts_are_said),
        cmocka_unit_test_setup_teardown(violation_over_time_only_grows, open_both, close_both),
        cmocka_unit_test_setup_teardown(another_metric_is_another_heat, open_both, close_both),
        cmocka_unit_test_setup_teardown(the_forecast_is_held_against_what_came, open_both,
                                        close_both),
        cmocka_unit_test_setup_teardown(the_partition_in_focus_is_watched, open_both, close_both),
        cmocka_unit_test_setup_teardown(events_are_stepped_through_there_and_back, open_both,
                                        close_both),
        cmocka_unit_test_setup_teardown(what_is_drawn_can_be_asked, open_both, close_both),
        cmocka_unit_test_setup_teardown(hot_and_cold_stay_apart_on_the_page, open_both, close_both),
        cmocka_unit_test_setup_teardown(each_half_answers_for_its_own_journal, open_both,
                                        close_both),
        cmocka_unit_test_setup_teardown(
            what_is_peeked_at_side_by_side_becomes_what_reading_all_shows, open_both, close_both),
        cmocka_unit_test_setup_teardown(crowded_arcs_are_drawn_at_every_size, open_both,
                                        close_both),
        cmocka_unit_test_setup_teardown(every_row_of_the_heat_is_hit_at_its_place, open_both,
                                        close_both),
    };
    return cmocka_run_group_tests_name("viz/pair", tests, write_journals, remove_journals);
}
