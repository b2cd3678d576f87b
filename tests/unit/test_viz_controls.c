/* Keys and time, without a window. */
#include "tests/support/near.h"
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

/* As a window does after a draw. */
static void look_at(struct viz_controls *c)
{
    fore_ns span = c->span > 0 ? c->span : 400 * FORE_SEC;
    fore_ns ahead = c->ahead == UINT64_MAX ? 100 * FORE_SEC : c->ahead;
    c->view = (struct viz_view){
        .from = c->now > span ? c->now - span : 0, .now = c->now, .to = c->now + ahead};
}

static double share_of(const struct viz_controls *c, fore_ns at)
{
    return (double)(at - c->view.from) / (double)(c->view.to - c->view.from);
}

static void play_starts_over_at_the_end_and_stops_there(void **state)
{
    struct viz_controls c = at_end(false);
    viz_controls_do(&c, VIZ_DO_PLAY);
    assert_true(c.playing);
    assert_int_equal(c.now, 0);
    viz_controls_tick(&c, 0.5, c.last);
    assert_int_equal(c.now, 25 * FORE_SEC);
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
        look_at(&c);
        viz_controls_do(&c, VIZ_DO_WIDER);
    }
    expect_near(c.speed, 100000, 1e-9);
    assert_true(c.now >= c.first && c.now <= c.last);
    for (int i = 0; i < 100; i++) {
        viz_controls_do(&c, VIZ_DO_SLOWER);
        look_at(&c);
        viz_controls_do(&c, VIZ_DO_NARROWER);
    }
    expect_near(c.speed, 0.1, 1e-9);
    assert_true(c.now >= c.first && c.now <= c.last);
    assert_true(c.span >= FORE_SEC);
}

static void speeds_are_round_numbers(void **state)
{
    struct viz_controls c = at_end(false);
    const double up[] = {100, 200, 500, 1000, 2000};
    for (size_t i = 0; i < FORE_COUNTOF(up); i++) {
        viz_controls_do(&c, VIZ_DO_FASTER);
        expect_near(c.speed, up[i], 1e-6);
    }
    for (size_t i = FORE_COUNTOF(up) - 1; i-- > 0;) {
        viz_controls_do(&c, VIZ_DO_SLOWER);
        expect_near(c.speed, up[i], 1e-6);
    }
}

/* What is under the cursor stays under it. */
static void zooming_keeps_what_is_under_the_cursor(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct viz_controls c = at_end(false);
        viz_controls_show(&c, 100 * FORE_SEC, 900 * FORE_SEC);
        look_at(&c);
        fore_ns at = 300 * FORE_SEC;
        double before = share_of(&c, at);
        viz_controls_zoom(&c, at, i == 0 ? 0.5 : 1.1);
        look_at(&c);
        expect_near(share_of(&c, at), before, 1e-6);
        expect_near((double)(c.view.to - c.view.from), (i == 0 ? 400.0 : 880.0) * 1e9, 1e3);
    }
}

static void a_stretch_wholly_in_the_past_is_shown_as_it_was_then(void **state)
{
    struct viz_controls c = at_end(false);
    viz_controls_show(&c, 200 * FORE_SEC, 300 * FORE_SEC);
    assert_int_equal(c.now, 300 * FORE_SEC);
    assert_int_equal(c.span, 100 * FORE_SEC);
    assert_int_equal(c.ahead, 0);
    viz_controls_do(&c, VIZ_DO_FIT);
    assert_int_equal(c.span, 0);
    assert_int_equal(c.ahead, UINT64_MAX);
}

static void bookmarks_are_set_cleared_and_gone_round(void **state)
{
    struct viz_controls c = at_end(false);
    const fore_ns at[] = {700 * FORE_SEC, 100 * FORE_SEC, 400 * FORE_SEC};
    for (size_t i = 0; i < 3; i++) {
        viz_controls_seek(&c, at[i]);
        viz_controls_do(&c, VIZ_DO_BOOKMARK);
    }
    assert_int_equal(c.bookmark_count, 3);
    const fore_ns round[] = {700 * FORE_SEC, 100 * FORE_SEC, 400 * FORE_SEC, 700 * FORE_SEC};
    for (size_t i = 0; i < 4; i++) {
        viz_controls_do(&c, VIZ_DO_NEXT_BOOKMARK);
        assert_int_equal(c.now, round[i]);
    }
    viz_controls_do(&c, VIZ_DO_BOOKMARK);
    assert_int_equal(c.bookmark_count, 2);
    assert_int_equal(c.bookmark[1], 400 * FORE_SEC);
    for (fore_ns i = 0; i < 40; i++) {
        viz_controls_seek(&c, i * FORE_SEC);
        viz_controls_do(&c, VIZ_DO_BOOKMARK);
    }
    assert_int_equal(c.bookmark_count, VIZ_BOOKMARKS);
}

static void a_search_takes_text_and_gives_it_back_whole(void **state)
{
    struct viz_controls c = at_end(false);
    viz_controls_do(&c, VIZ_DO_SEARCH);
    viz_controls_type(&c, "\b");
    viz_controls_type(&c, "p4");
    viz_controls_type(&c, "\303\266"); /* one letter of two bytes */
    viz_controls_type(&c, "\b");
    assert_string_equal(c.search, "p4");
    viz_controls_type(&c, "\n");
    assert_true(c.wish.find);
    assert_false(c.searching);
    viz_controls_do(&c, VIZ_DO_SEARCH);
    for (int i = 0; i < 200; i++)
        viz_controls_type(&c, "x");
    assert_true(strlen(c.search) < VIZ_SEARCH_MAX);
    viz_controls_do(&c, VIZ_DO_CLEAR);
    assert_false(c.searching);
}

static void every_look_can_be_changed_by_key_and_comes_round(void **state)
{
    static const struct {
        const char *key;
        int round;
    } keys[] = {
        {"m", VIZ_METRICS },
        {"c", VIZ_PALETTES},
        {"f", 3           },
        {"e", 2           },
        {"r", 2           }
    };
    for (size_t i = 0; i < FORE_COUNTOF(keys); i++) {
        struct viz_controls c = at_end(false);
        char usual[160], now[160];
        viz_look_print(&c.look, usual, sizeof usual);
        for (int turn = 1; turn <= keys[i].round; turn++) {
            viz_controls_do(&c, viz_controls_named(keys[i].key));
            viz_look_print(&c.look, now, sizeof now);
            assert_int_equal(strcmp(usual, now) == 0, turn == keys[i].round);
        }
    }
    assert_int_equal(viz_controls_named("no such key"), VIZ_DO_NOTHING);
}

static void what_a_daemon_is_told_is_left_as_a_wish(void **state)
{
    static const struct {
        const char *key;
        enum viz_command command;
    } rows[] = {
        {"o", VIZ_DO_CONTROL      },
        {"P", VIZ_DO_PLAN         },
        {"u", VIZ_DO_PAUSE        },
        {"x", VIZ_DO_CANCEL       },
        {"T", VIZ_DO_THRESHOLD_ALL},
        {"D", VIZ_DO_THRESHOLD    }
    };
    struct viz_controls c;
    for (size_t i = 0; i < FORE_COUNTOF(rows); i++) {
        viz_controls_init(&c, 0, 100 * FORE_SEC, true);
        viz_controls_do(&c, viz_controls_named(rows[i].key));
        assert_int_equal(c.wish.control, rows[i].command);
        assert_true(c.following); /* nothing else happens */
    }
}

/* Every key that does something is in the help, and the other way round. */
static void help_names_every_key(void **state)
{
    static const char *const typed[] = {",", ".", "a", "A", "b", "'", "[", "]", "{", "}",
                                        "0", "m", "M", "f", "e", "c", "1", "2", "3", "4",
                                        "/", "p", "y", "Y", ">", "<", "r", "t", "s", "?",
                                        "q", "+", "o", "P", "u", "x", "T", "D"};
    for (size_t i = 0; i < FORE_COUNTOF(typed); i++) {
        bool named = false;
        assert_int_not_equal(viz_controls_named(typed[i]), VIZ_DO_NOTHING);
        for (const struct viz_key *k = viz_keys; k->name != NULL; k++)
            named = named || strstr(k->name, typed[i]) != NULL ||
                    (k->what != NULL && strstr(k->what, typed[i]) != NULL);
        assert_true(named);
    }
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
        cmocka_unit_test(speeds_are_round_numbers),
        cmocka_unit_test(zooming_keeps_what_is_under_the_cursor),
        cmocka_unit_test(a_stretch_wholly_in_the_past_is_shown_as_it_was_then),
        cmocka_unit_test(bookmarks_are_set_cleared_and_gone_round),
        cmocka_unit_test(a_search_takes_text_and_gives_it_back_whole),
        cmocka_unit_test(every_look_can_be_changed_by_key_and_comes_round),
        cmocka_unit_test(what_a_daemon_is_told_is_left_as_a_wish),
        cmocka_unit_test(help_names_every_key),
        cmocka_unit_test(the_status_says_what_time_does),
    };
    return cmocka_run_group_tests_name("viz/controls", tests, NULL, NULL);
}
