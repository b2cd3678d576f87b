/*
 * A window that follows: the page drawn in parts, window after window, is bit by bit the page that
 * another player draws at once; and what can be clicked is what was drawn last.
 */
#include "tests/support/journal_sample.h"
#include "tests/support/scratch.h"
#include "viz/frame.h"
#include "viz/player.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE (60 * FORE_SEC)
#define HOUR   (60 * MINUTE)
enum { WIDTH = 1280, HEIGHT = 720 };

struct seen {
    struct viz_player player;
    cairo_surface_t *page;
    struct viz_frame frame;
    struct viz_hits hits;
};

static struct seen *see(const char *path, fore_ns span, const struct viz_look *look)
{
    struct seen *s = calloc(1, sizeof *s);
    struct fore_diag diag = {0};
    assert_non_null(s);
    assert_int_equal(viz_player_open(&s->player, path, span, 600, &diag), FORE_E_OK);
    s->player.look = *look;
    s->page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    viz_frame_init(&s->frame, s->page, 1);
    return s;
}

static void unsee(struct seen *s)
{
    cairo_surface_destroy(s->page);
    viz_player_close(&s->player);
    free(s);
}

static struct viz_scene scene_of(struct seen *s, struct viz_view view)
{
    return (struct viz_scene){.model = &s->player.model,
                              .view = view,
                              .note = "",
                              .status = "following",
                              .look = &s->player.look,
                              .hits = &s->hits};
}

static uint32_t differing(cairo_surface_t *a, cairo_surface_t *b, char *where, size_t size)
{
    uint32_t count = 0;
    int left = WIDTH, right = 0, top = HEIGHT, bottom = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            size_t at = (size_t)y * (size_t)cairo_image_surface_get_stride(a) + 4 * (size_t)x;
            if (memcmp(cairo_image_surface_get_data(a) + at, cairo_image_surface_get_data(b) + at,
                       3) == 0)
                continue;
            count++;
            if (x < left) left = x;
            if (x > right) right = x;
            if (y < top) top = y;
            if (y > bottom) bottom = y;
        }
    (void)snprintf(where, size, "%u pixels differ in x %d..%d y %d..%d", count, left, right, top,
                   bottom);
    return count;
}

static bool same_hit(const struct viz_hit *a, const struct viz_hit *b)
{
    return a->kind == b->kind && a->id == b->id && a->r.x == b->r.x && a->r.y == b->r.y &&
           a->r.w == b->r.w && a->r.h == b->r.h;
}

/* The order of panels may differ; every spot answers alike. */
static void expect_same_hits(const struct viz_hits *a, const struct viz_hits *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct viz_rect *r = &a->item[i].r;
        struct viz_hit x = viz_hits_at(a, r->x + r->w / 2, r->y + r->h / 2);
        struct viz_hit y = viz_hits_at(b, r->x + r->w / 2, r->y + r->h / 2);
        assert_true(same_hit(&x, &y));
    }
}

struct ride {
    const char *path;
    fore_ns span, from, to, step;
    struct viz_look look;
};

/* Returns how many frames were columns, not pages. */
static uint32_t ride(const struct ride *r)
{
    const struct viz_theme *theme = viz_colour_theme("light");
    struct seen *parts = see(r->path, r->span, &r->look), *whole = see(r->path, r->span, &r->look);
    struct viz_view view = {0};
    uint32_t columns = 0;
    for (fore_ns now = r->from; now <= r->to; now += r->step) {
        char where[96];
        viz_player_go(&parts->player, now);
        viz_player_go(&whole->player, now);
        view = viz_axis_stand(view, parts->player.view, viz_player_first(&parts->player));
        assert_true(view.from >= parts->player.view.from || view.from == 0);
        assert_true(view.to >= parts->player.view.to && view.now == now);
        struct viz_scene a = scene_of(parts, view), b = scene_of(whole, view);
        viz_frame_column(&parts->frame, theme, &a);
        columns += parts->frame.changed[0].w < WIDTH / 4.0;
        while (viz_frame_follow(&parts->frame, &a))
            assert_in_range(parts->frame.changed_count, 1, VIZ_FRAME_RECTS);
        whole->hits.count = 0;
        viz_frame_whole(&whole->frame, theme, &b);
        if (differing(parts->page, whole->page, where, sizeof where) > 0)
            fail_msg("at %llu s: %s", (unsigned long long)(now / FORE_SEC), where);
        expect_same_hits(&parts->hits, &whole->hits);
    }
    unsee(parts);
    unsee(whole);
    return columns;
}

static const char *sample(struct scratch *scratch, fore_ns duration)
{
    struct sample_options options = sample_defaults();
    struct fore_diag diag = {0};
    options.duration = duration;
    const char *path = scratch_path(scratch, "sample.fsj");
    assert_int_equal(sample_write(&options, path, &diag), FORE_E_OK);
    return path;
}

/* Splits, moves, alerts and forecasts come on the way. */
static void a_page_that_follows_is_the_page_drawn_at_once(void **state)
{
    struct scratch scratch = scratch_begin();
    struct ride r = {.path = sample(&scratch, 8 * HOUR),
                     .from = 5 * HOUR,
                     .to = 8 * HOUR,
                     .step = 2 * MINUTE,
                     .look = viz_look_usual};
    assert_true(ride(&r) > 70); /* of 91 */
    scratch_end(&scratch);
}

/* Wide columns, and moments between two loads. */
static void a_close_view_that_follows_too(void **state)
{
    struct scratch scratch = scratch_begin();
    struct ride r = {.path = sample(&scratch, 8 * HOUR),
                     .span = 20 * MINUTE,
                     .from = 6 * HOUR + 40 * MINUTE,
                     .to = 7 * HOUR,
                     .step = 7 * FORE_SEC,
                     .look = viz_look_usual};
    assert_true(ride(&r) > 120);
    r.look.row_from = 0.2;
    r.look.row_to = 0.6;
    r.look.partition = 20;
    r.step = 23 * FORE_SEC;
    assert_true(ride(&r) > 25);
    scratch_end(&scratch);
}

static void from_the_very_start_and_in_every_metric_too(void **state)
{
    struct scratch scratch = scratch_begin();
    struct ride r = {.path = sample(&scratch, 4 * HOUR),
                     .from = 10 * MINUTE,
                     .to = 4 * HOUR,
                     .step = 3 * MINUTE,
                     .look = viz_look_usual};
    (void)ride(&r);
    r.from = 2 * HOUR + 30 * MINUTE;
    r.to = 2 * HOUR + 38 * MINUTE;
    r.step = 30 * FORE_SEC;
    r.span = 2 * HOUR;
    for (int m = 1; m < VIZ_METRICS; m++) {
        r.look.metric = (enum viz_metric)m;
        r.look.tab = (enum viz_tab)(m % VIZ_TABS);
        (void)ride(&r);
    }
    r.look = viz_look_usual;
    r.look.error = true;
    (void)ride(&r);
    scratch_end(&scratch);
}

static void a_view_stands_while_now_moves_within_it(void **state)
{
    struct viz_view kept = {0};
    uint32_t moved = 0;
    for (fore_ns now = 10 * HOUR; now < 30 * HOUR; now += MINUTE) {
        struct viz_view ideal = viz_axis_view(0, now, HOUR, 4 * HOUR), before = kept;
        kept = viz_axis_stand(kept, ideal, 0);
        assert_int_equal(kept.now, now);
        assert_true(kept.from >= ideal.from && kept.from <= ideal.from + 15 * MINUTE);
        assert_true(kept.to >= ideal.to && kept.to <= ideal.to + 15 * MINUTE);
        moved += kept.from != before.from;
        if (kept.from == before.from) assert_int_equal(kept.to, before.to);
    }
    assert_in_range(moved, 1200 / 16, 1200 / 14);
    struct viz_view wide = viz_axis_view(0, 30 * HOUR, HOUR, 8 * HOUR); /* zoomed out */
    assert_true(viz_axis_stand(kept, wide, 0).from <= wide.from + 30 * MINUTE);
    struct viz_view back = viz_axis_view(0, 20 * HOUR, HOUR, 4 * HOUR);
    assert_true(viz_axis_stand(kept, back, 0).from < 17 * HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_that_follows_is_the_page_drawn_at_once),
        cmocka_unit_test(a_close_view_that_follows_too),
        cmocka_unit_test(from_the_very_start_and_in_every_metric_too),
        cmocka_unit_test(a_view_stands_while_now_moves_within_it),
    };
    return cmocka_run_group_tests_name("viz/frame", tests, NULL, NULL);
}
