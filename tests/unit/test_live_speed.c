/* test_live_speed.c - what moves teach of how fast moves go. */
#include "live/redis/speed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/near.h"

static const double guess = 40e6;
static uint64_t now_ms;

/* One move alone. */
static void one(struct live_speed *speed, double bytes, double seconds)
{
    live_speed_begin(speed, now_ms);
    now_ms += (uint64_t)(1e3 * seconds);
    live_speed_end(speed, bytes, now_ms);
}

static void nothing_seen_is_somebody_elses_guess(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    expect_near(live_speed_rate(&speed, guess, now_ms), guess, 1e-9);
    one(&speed, 0, 3);
    one(&speed, 5, 0);
    live_speed_end(&speed, 5e6, now_ms + 1000); /* of what never began */
    expect_near(live_speed_rate(&speed, guess, now_ms), guess, 1e-9);
}

static void one_move_is_believed(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    one(&speed, 4e6, 20);
    expect_near(live_speed_rate(&speed, guess, now_ms), 2e5, 1e-6);
}

static void small_moves_do_not_drown_large_ones(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    one(&speed, 4e6, 20);
    for (int i = 0; i < 100; i++)
        one(&speed, 8e3, 12);
    expect_near(live_speed_rate(&speed, guess, now_ms), 2e5, 0.1 * 2e5);
}

static void a_new_pace_is_learned_in_a_few_moves(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    for (int i = 0; i < 20; i++)
        one(&speed, 4e6, 20);
    for (int i = 0; i < 8; i++)
        one(&speed, 4e6, 4);
    expect_near(live_speed_rate(&speed, guess, now_ms), 1e6, 0.2 * 1e6);
}

static void four_at_once_are_no_slower(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    for (int i = 0; i < 4; i++)
        live_speed_begin(&speed, now_ms);
    now_ms += 40000;
    for (int i = 0; i < 3; i++)
        live_speed_end(&speed, 4e6, now_ms);
    live_speed_end(&speed, 0, now_ms); /* one has failed */
    expect_near(live_speed_rate(&speed, guess, now_ms), 3e5, 1e-6);
}

/* Or nothing would ever be moved again, and nothing learned. */
static void what_was_slow_is_tried_again_some_day(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    one(&speed, 4e6, 400);
    expect_near(live_speed_rate(&speed, guess, now_ms + 60000), 1e4, 0.2 * 1e4);
    assert_true(live_speed_rate(&speed, guess, now_ms + 1800000) > 6e5);
    expect_near(live_speed_rate(&speed, guess, now_ms + 36000000), guess, 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_seen_is_somebody_elses_guess),
        cmocka_unit_test(one_move_is_believed),
        cmocka_unit_test(small_moves_do_not_drown_large_ones),
        cmocka_unit_test(a_new_pace_is_learned_in_a_few_moves),
        cmocka_unit_test(four_at_once_are_no_slower),
        cmocka_unit_test(what_was_slow_is_tried_again_some_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
