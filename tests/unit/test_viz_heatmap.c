/*
 * What is kept between frames: pooled lines, the heat's picture, forecast columns, texts, parts of
 * the page. All of them have one law: what was mended looks like what is drawn anew.
 */
#include "tests/support/near.h"
#include "viz/bench_source.h"
#include "viz/frame.h"
#include "viz/heatmap.h"
#include "viz/pool.h"
#include "viz/series.h"
#include "viz/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 700, COLUMNS = 96, WIDTH = 60, HEIGHT = 50 };
#define MINUTE (60 * FORE_SEC)

/* By the definition: the largest of the rows on a line, over the buckets of a pixel. */
static void naive(const struct viz_matrix *m, const struct viz_matrix_window *w, uint8_t *level)
{
    memset(level, 0, (size_t)w->width * w->height);
    double span = (double)(w->to - w->from);
    for (uint32_t x = 0; x < w->width; x++) {
        fore_ns at = w->from + (fore_ns)(span * x / w->width);
        fore_ns end = w->from + (fore_ns)(span * (x + 1) / w->width);
        uint64_t b = at / m->bucket_ns, last = end > at ? (end - 1) / m->bucket_ns : b;
        for (; b <= last; b++) {
            const uint8_t *column = viz_matrix_column(m, b);
            if (column != NULL) viz_matrix_paint(w, column, x, level);
        }
    }
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void a_kept_pool_equals_pooling_anew_whatever_changes(void **state)
{
    struct viz_matrix m;
    uint32_t order[ROWS];
    uint8_t want[WIDTH * HEIGHT], got[WIDTH * HEIGHT];
    uint64_t seed = 5;
    viz_matrix_init(&m, ROWS, COLUMNS, MINUTE);
    for (uint32_t p = 0; p < ROWS; p++)
        order[p] = p;
    for (uint32_t step = 0; step < 300; step++) {
        fore_ns at = (fore_ns)(step / 2) * MINUTE;
        (void)viz_matrix_open(&m, at);
        for (int i = 0; i < 20; i++)
            viz_matrix_put(&m, at, (uint32_t)(draw(&seed) % ROWS), (double)(draw(&seed) % 999) / 9);
        if (step % 50 == 20) viz_matrix_copy_row(&m, 3, 400);
        if (step % 50 == 30) viz_matrix_pool_row(&m, 9, 200);
        if (step % 70 == 40) { /* a split somewhere: the order is no longer one run */
            uint32_t other = order[ROWS - 1];
            memmove(&order[100], &order[99], (ROWS - 100) * sizeof order[0]);
            order[99] = other;
        }
        m.hold = step % 3;
        struct viz_matrix_window w = {.from = at > 40 * MINUTE ? at - 40 * MINUTE : 0,
                                      .to = at + 10 * MINUTE,
                                      .order = order + step % 5,
                                      .order_count = ROWS - 10 * (step % 7) - 5,
                                      .width = 1 + step % WIDTH,
                                      .height = HEIGHT - step % 3};
        viz_matrix_image(&m, &w, got);
        naive(&m, &w, want);
        assert_memory_equal(got, want, (size_t)w.width * w.height);
    }
    viz_matrix_fini(&m);
}

static void fewer_rows_than_lines_fill_them_all(void **state)
{
    const uint32_t order[] = {2, 0, 1};
    const uint8_t row[] = {10, 20, 30};
    uint8_t line[8] = {0};
    struct viz_lines *lines = viz_lines_create(order, 3, 8);
    viz_lines_pool(lines, row, line, 1);
    const uint8_t want[] = {30, 30, 10, 10, 10, 20, 20, 20};
    assert_memory_equal(line, want, sizeof want);
    viz_lines_destroy(lines);
}

static void a_level_is_the_same_by_table_and_by_logarithm(void **state)
{
    for (float load = 1e-7f; load < 1e7f; load *= 1.00037f)
        assert_int_equal(viz_matrix_quantise_float(load), viz_matrix_quantise((double)load));
    for (int level = 1; level < 255; level++) { /* on both sides of every border */
        float middle = (float)viz_matrix_value((uint8_t)level);
        for (float x = middle; x < middle * 1.09f; x = nextafterf(x * 1.0001f, INFINITY))
            assert_int_equal(viz_matrix_quantise_float(x), viz_matrix_quantise((double)x));
    }
    assert_int_equal(viz_matrix_quantise_float(NAN), 0);
    assert_int_equal(viz_matrix_quantise_float(-1), 0);
    assert_int_equal(viz_matrix_quantise_float(INFINITY), 255);
}

static void fold_into(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                      size_t len)
{
    viz_model_fold(self, at, kind, body, len);
}

struct played {
    struct viz_model model;
    struct viz_bench_source source;
};

static struct played *play(uint32_t windows)
{
    struct played *p = calloc(1, sizeof *p);
    if (p == NULL) abort();
    viz_model_init(&p->model, &(struct fore_journal_header){.text = ""}, "bench");
    viz_model_reset(&p->model, MINUTE, COLUMNS);
    viz_bench_source_init(&p->source, ROWS,
                          (struct fore_sink){.put = fold_into, .self = &p->model});
    for (uint32_t i = 0; i < windows; i++)
        viz_bench_source_window(&p->source);
    viz_model_sort(&p->model);
    return p;
}

static void end(struct played *p)
{
    viz_bench_source_fini(&p->source);
    viz_model_fini(&p->model);
    free(p);
}

static struct viz_scene scene_of(const struct played *p)
{
    return (struct viz_scene){
        .model = &p->model,
        .view = {.now = p->source.at, .to = 120 * MINUTE},
        .note = "",
        .status = ""
    };
}

static void expect_equal_pages(cairo_surface_t *a, cairo_surface_t *b)
{
    int height = cairo_image_surface_get_height(a), width = cairo_image_surface_get_width(a);
    for (int y = 0; y < height; y++) {
        const unsigned char *x =
            cairo_image_surface_get_data(a) + y * cairo_image_surface_get_stride(a);
        const unsigned char *z =
            cairo_image_surface_get_data(b) + y * cairo_image_surface_get_stride(b);
        for (int i = 0; i < width; i++) /* the fourth byte is nobody's */
            assert_memory_equal(x + 4 * i, z + 4 * i, 3);
    }
}

/* The heart of it: columns and what follows them, against a page drawn at once, at every window. */
static void a_page_in_parts_becomes_the_page_drawn_at_once(void **state)
{
    struct played *p = play(30);
    const struct viz_theme *theme = viz_colour_theme("light");
    cairo_surface_t *parts = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 960, 540);
    struct viz_frame frame;
    viz_frame_init(&frame, parts, 1);
    struct viz_scene scene = scene_of(p);
    viz_frame_whole(&frame, theme, &scene);
    for (int i = 0; i < 40; i++) {
        viz_bench_source_window(&p->source);
        viz_model_sort(&p->model);
        scene = scene_of(p);
        viz_frame_column(&frame, theme, &scene);
        assert_in_range(frame.changed_count, 1, VIZ_FRAME_RECTS);
        assert_true(frame.changed[0].w < 100);
        while (viz_frame_follow(&frame, &scene))
            assert_in_range(frame.changed_count, 1, VIZ_FRAME_RECTS);
        cairo_surface_t *whole = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 960, 540);
        struct viz_frame anew;
        viz_frame_init(&anew, whole, 1);
        struct viz_scene again = scene_of(p);
        viz_frame_whole(&anew, theme, &again);
        expect_equal_pages(parts, whole);
        cairo_surface_destroy(whole);
    }
    cairo_surface_destroy(parts);
    end(p);
}

static void a_new_window_mends_a_few_columns_only(void **state)
{
    struct played *p = play(40);
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 960, 540);
    struct viz_frame frame;
    viz_frame_init(&frame, page, 1);
    struct viz_scene scene = scene_of(p);
    viz_frame_whole(&frame, viz_colour_theme("dark"), &scene);
    uint64_t before = viz_heatmap_work(p->model.map);
    viz_bench_source_window(&p->source);
    scene = scene_of(p);
    viz_frame_column(&frame, viz_colour_theme("dark"), &scene);
    assert_in_range(viz_heatmap_work(p->model.map) - before, 1, 16);
    cairo_surface_destroy(page);
    end(p);
}

/* Where forecasts were made at different moments, each partition is asked for its own. */
static void forecasts_of_different_moments_are_drawn_each_by_its_own(void **state)
{
    struct played *p = play(32);
    uint8_t line[HEIGHT];
    struct viz_matrix_window w = {.to = 120 * MINUTE,
                                  .order = p->model.order,
                                  .order_count = p->model.order_count,
                                  .width = 120,
                                  .height = HEIGHT};
    struct viz_later_picture picture = {.window = &w, .x0 = 40, .quantile = 2};
    for (int pass = 0; pass < 2; pass++) {
        struct viz_later_columns columns = viz_later_columns(&p->model, &picture);
        assert_true(columns.known);
        assert_int_equal(columns.one != NULL, pass == 0);
        for (uint32_t x = 40; x < 120; x += 7) {
            uint8_t most[HEIGHT] = {0};
            fore_ns at = (fore_ns)(x + 0.5) * MINUTE;
            for (uint32_t i = 0; i < w.order_count; i++) {
                double q = viz_model_forecast(&p->model, w.order[i], at, 2);
                uint8_t level = viz_matrix_quantise(q), *cell = NULL;
                cell = &most[viz_matrix_line(i, w.order_count, HEIGHT)];
                if (level > *cell) *cell = level;
            }
            viz_later_column(&columns, x, line);
            assert_memory_equal(line, most, sizeof line);
        }
        p->model.forecast[5].at -= MINUTE;
        p->model.forecast_version++;
    }
    end(p);
}

static void a_text_is_laid_out_once_and_any_bytes_will_do(void **state)
{
    struct viz_text_key key = {.text = "node-03 forecast", .px = 12};
    const struct viz_text_line *line = viz_text_line(&key);
    double whole = line->width;
    assert_ptr_equal(line->layout, viz_text_line(&key)->layout);
    key.width = whole / 2;
    assert_true(viz_text_line(&key)->layout != line->layout);
    key = (struct viz_text_key){.text = "\xff\xfe broken \xc3", .px = 12, .bold = true};
    assert_true(viz_text_line(&key)->width > 0);
    char many[32];
    for (int i = 0; i < 2 * VIZ_TEXTS; i++) { /* more than are kept */
        (void)snprintf(many, sizeof many, "%d", i);
        assert_true(viz_text_line(&(struct viz_text_key){.text = many, .px = 9})->width > 0);
    }
    viz_text_forget();
}

static void a_dense_curve_covers_every_point_it_was_given(void **state)
{
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 100, 100);
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, page, viz_colour_theme("light"), 1);
    viz_canvas_fill(&canvas, (struct viz_rect){0, 0, 100, 100}, (struct viz_rgb){1, 1, 1});
    struct viz_series *series = viz_series_begin(4);
    for (int i = 0; i < 400; i++)
        viz_series_add(series, i / 4.0, 10 + (i * 37) % 80);
    viz_series_end(series, &canvas, 1, (struct viz_rgb){0, 0, 0});
    viz_canvas_fini(&canvas);
    cairo_surface_flush(page);
    const unsigned char *bytes = cairo_image_surface_get_data(page);
    for (int i = 0; i < 400; i++) {
        int x = i / 4, y = 10 + (i * 37) % 80;
        assert_int_equal(bytes[y * cairo_image_surface_get_stride(page) + 4 * x], 0);
    }
    cairo_surface_destroy(page);
    series = viz_series_begin(0); /* nothing to draw is fine */
    page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 8, 8);
    viz_canvas_init(&canvas, page, viz_colour_theme("light"), 1);
    viz_series_end(series, &canvas, 1, (struct viz_rgb){0, 0, 0});
    viz_canvas_fini(&canvas);
    cairo_surface_destroy(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_pool_equals_pooling_anew_whatever_changes),
        cmocka_unit_test(fewer_rows_than_lines_fill_them_all),
        cmocka_unit_test(a_level_is_the_same_by_table_and_by_logarithm),
        cmocka_unit_test(a_page_in_parts_becomes_the_page_drawn_at_once),
        cmocka_unit_test(a_new_window_mends_a_few_columns_only),
        cmocka_unit_test(forecasts_of_different_moments_are_drawn_each_by_its_own),
        cmocka_unit_test(a_text_is_laid_out_once_and_any_bytes_will_do),
        cmocka_unit_test(a_dense_curve_covers_every_point_it_was_given),
    };
    return cmocka_run_group_tests_name("viz/heatmap", tests, NULL, NULL);
}
