/* The shared time scale, and the grid of the page. */
#include "tests/support/near.h"
#include "viz/axis.h"
#include "viz/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MINUTE (60 * FORE_SEC)
#define HOUR   (60 * MINUTE)

static void a_scale_goes_there_and_back(void **state)
{
    struct viz_scale scale = {.from = HOUR, .to = 3 * HOUR, .x0 = 100, .x1 = 300};
    expect_near(viz_axis_x(&scale, 2 * HOUR), 200, 1e-9);
    expect_near(viz_axis_x(&scale, 0), 0, 1e-9);
    assert_int_equal(viz_axis_at(&scale, 200), 2 * HOUR);
    assert_int_equal(viz_axis_at(&scale, -5), HOUR);
    assert_int_equal(viz_axis_at(&scale, 999), 3 * HOUR);
}

static void labels_stand_at_human_steps_and_apart(void **state)
{
    assert_int_equal(viz_axis_step(8 * HOUR, 800, 80), HOUR);
    assert_int_equal(viz_axis_step(HOUR, 800, 80), 10 * MINUTE);
    for (fore_ns span = FORE_SEC; span < UINT64_C(400) * 24 * HOUR; span = span * 3 / 2) {
        fore_ns step = viz_axis_step(span, 1000, 80);
        assert_true((double)step * 1000 / (double)span >= 80 - 1e-9);
    }
}

static void steps_start_at_the_calendars_hours(void **state)
{
    const uint64_t half_past_seven = 1551686400 + 27000;
    assert_int_equal(viz_axis_first(0, HOUR, half_past_seven), 30 * MINUTE);
    assert_int_equal(viz_axis_first(30 * MINUTE, HOUR, half_past_seven), 30 * MINUTE);
    assert_int_equal(viz_axis_first(HOUR + 1, HOUR, 0), 2 * HOUR);
}

static void the_forecast_is_seen_but_never_takes_half(void **state)
{
    struct viz_view long_run = viz_axis_view(0, 100 * HOUR, 2 * HOUR, 0);
    assert_int_equal(long_run.now - long_run.from, 8 * HOUR);
    assert_int_equal(long_run.to - long_run.now, 2 * HOUR);
    for (fore_ns now = 0; now < 6 * HOUR; now += 7 * MINUTE) {
        struct viz_view view = viz_axis_view(0, now, 2 * HOUR, 0);
        assert_true(view.from < view.now && view.now <= view.to);
        assert_true((view.to - view.now) * 5 <= (view.to - view.from) * 2);
    }
    struct viz_view all = viz_axis_view(0, 100 * HOUR, 2 * HOUR, UINT64_MAX);
    assert_int_equal(all.from, 0);
    struct viz_view plain = viz_axis_view(HOUR, 3 * HOUR, 0, 0);
    assert_int_equal(plain.from, HOUR);
    assert_int_equal(plain.to, 3 * HOUR);
}

static bool overlap(struct viz_rect a, struct viz_rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static void panels_never_overlap_nor_leave_the_page(void **state)
{
    static const double size[][2] = {
        {960,  540 },
        {1280, 720 },
        {1920, 1080},
        {3840, 2160},
        {1000, 1600},
        {2560, 700 }
    };
    for (size_t s = 0; s < FORE_COUNTOF(size); s++) {
        struct viz_layout l = viz_layout_make(size[s][0], size[s][1]);
        for (int i = 0; i < VIZ_PLACES; i++) {
            struct viz_rect a = l.place[i];
            assert_true(a.x >= 0 && a.y >= 0 && a.w > 0 && a.h > 0);
            assert_true(a.x + a.w <= l.width && a.y + a.h <= l.height);
            for (int j = 0; j < i; j++)
                assert_false(overlap(a, l.place[j]));
        }
        assert_true(l.plot_x0 > l.place[VIZ_PLACE_HEAT].x);
        assert_true(l.plot_x1 < l.place[VIZ_PLACE_HEAT].x + l.place[VIZ_PLACE_HEAT].w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scale_goes_there_and_back),
        cmocka_unit_test(labels_stand_at_human_steps_and_apart),
        cmocka_unit_test(steps_start_at_the_calendars_hours),
        cmocka_unit_test(the_forecast_is_seen_but_never_takes_half),
        cmocka_unit_test(panels_never_overlap_nor_leave_the_page),
    };
    return cmocka_run_group_tests_name("viz/axis", tests, NULL, NULL);
}
