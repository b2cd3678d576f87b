/* test_live_speed.c - what moves teach of how fast moves go. */
#include "live/redis/speed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/near.h"

static void nothing_seen_is_somebody_elses_guess(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    expect_near(live_speed_rate(&speed, 40e6), 40e6, 1e-9);
    live_speed_seen(&speed, 0, 3);
    live_speed_seen(&speed, 5, 0);
    live_speed_seen(&speed, -1, -1);
    expect_near(live_speed_rate(&speed, 40e6), 40e6, 1e-9);
}

static void one_move_is_believed(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    live_speed_seen(&speed, 4e6, 20);
    expect_near(live_speed_rate(&speed, 40e6), 2e5, 1e-6);
}

static void small_moves_do_not_drown_large_ones(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    live_speed_seen(&speed, 4e6, 20);
    for (int i = 0; i < 100; i++)
        live_speed_seen(&speed, 8e3, 12);
    expect_near(live_speed_rate(&speed, 0), 2e5, 0.1 * 2e5);
}

static void a_new_pace_is_learned_in_a_few_moves(void **state)
{
    (void)state;
    struct live_speed speed = {0};
    for (int i = 0; i < 20; i++)
        live_speed_seen(&speed, 4e6, 20);
    for (int i = 0; i < 8; i++)
        live_speed_seen(&speed, 4e6, 4);
    expect_near(live_speed_rate(&speed, 0), 1e6, 0.2 * 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_seen_is_somebody_elses_guess),
        cmocka_unit_test(one_move_is_believed),
        cmocka_unit_test(small_moves_do_not_drown_large_ones),
        cmocka_unit_test(a_new_pace_is_learned_in_a_few_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
