/* Keys and time, without a window. */
#include "viz/controls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct viz_controls at_end(bool growing)
{
    struct viz_controls c;
    viz_controls_init(&c, 0, 1000 * FORE_SEC, growing);
    c.dirty = false;
    return c;
}

static void play_starts_over_at_the_end_and_stops_there(void **state)
{
    struct viz_controls c = at_end(false);
    viz_controls_do(&c, VIZ_DO_PLAY);
    assert_true(c.playing);
    assert_int_equal(c.now, 0);
    viz_controls_tick(&c, 0.5, c.last);
    assert_int_equal(c.now, 32 * FORE_SEC);
    for (int i = 0; i < 100; i++)
        viz_controls_tick(&c, 0.5, c.last);
    assert_int_equal(c.now, c.last);
    assert_false(c.playing);
}

static void nothing_is_dirty_while_nothing_happens(void **state)
{
    struct viz_controls c = at_end(false);
    viz_controls_tick(&c, 5, c.last);
    assert_false(c.dirty);
    assert_int_equal(viz_controls_sleep_ms(&c), -1);
    c = at_end(true);
    viz_controls_tick(&c, 5, c.last);
    assert_false(c.dirty);
    assert_true(viz_controls_sleep_ms(&c) >= 100);
}

static void following_keeps_to_the_end_until_one_looks_back(void **state)
{
    struct viz_controls c = at_end(true);
    c.following = true;
    viz_controls_tick(&c, 0.1, 1200 * FORE_SEC);
    assert_int_equal(c.now, 1200 * FORE_SEC);
    assert_true(c.dirty);
    viz_controls_do(&c, VIZ_DO_BACK);
    viz_controls_tick(&c, 0.1, 1300 * FORE_SEC);
    assert_int_equal(c.now, 1199 * FORE_SEC);
    viz_controls_do(&c, VIZ_DO_END);
    assert_int_equal(c.now, 1300 * FORE_SEC);
    assert_true(c.following);
}

static void no_key_leads_outside_of_the_journal(void **state)
{
    struct viz_controls c = at_end(false);
    c.step = 300 * FORE_SEC;
    viz_controls_do(&c, VIZ_DO_FAR_FORWARD);
    assert_int_equal(c.now, c.last);
    viz_controls_do(&c, VIZ_DO_FAR_BACK);
    assert_int_equal(c.now, 0);
    viz_controls_seek(&c, UINT64_MAX);
    assert_int_equal(c.now, c.last);
    for (int i = 0; i < 100; i++) {
        viz_controls_do(&c, VIZ_DO_FASTER);
        viz_controls_do(&c, VIZ_DO_WIDER);
    }
    assert_true(c.speed <= 131072 && c.zoom <= 8);
    for (int i = 0; i < 100; i++) {
        viz_controls_do(&c, VIZ_DO_SLOWER);
        viz_controls_do(&c, VIZ_DO_NARROWER);
    }
    assert_true(c.speed > 0 && c.zoom >= -8);
}

static void the_status_says_what_time_does(void **state)
{
    char text[80];
    struct viz_controls c = at_end(true);
    c.following = true;
    viz_controls_status(&c, text, sizeof text);
    assert_non_null(strstr(text, "following"));
    viz_controls_do(&c, VIZ_DO_PLAY); /* leaves following: pause */
    viz_controls_status(&c, text, sizeof text);
    assert_non_null(strstr(text, "paused"));
    viz_controls_do(&c, VIZ_DO_PLAY);
    viz_controls_status(&c, text, sizeof text);
    assert_non_null(strstr(text, "playing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(play_starts_over_at_the_end_and_stops_there),
        cmocka_unit_test(nothing_is_dirty_while_nothing_happens),
        cmocka_unit_test(following_keeps_to_the_end_until_one_looks_back),
        cmocka_unit_test(no_key_leads_outside_of_the_journal),
        cmocka_unit_test(the_status_says_what_time_does),
    };
    return cmocka_run_group_tests_name("viz/controls", tests, NULL, NULL);
}
