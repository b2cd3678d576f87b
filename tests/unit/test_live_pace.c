/* test_live_pace.c - how many keys the next batch of a move takes, and when it may go. */
#include "live/redis/pace.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A server that needs a fixed time for each key, and noise on top. */
static double stall_after(double us_per_key, int batches)
{
    struct live_pace pace;
    struct live_pace_options options = {.stall_ms = 2};
    live_pace_init(&pace, &options);
    assert_int_equal(live_pace_keys(&pace), 64);
    double sum = 0;
    for (int i = 0; i < batches; i++) {
        uint32_t keys = live_pace_keys(&pace);
        double ms = 0.1 + keys * us_per_key / 1000 * (0.7 + 0.6 * (i % 5) / 4.0);
        live_pace_learn(&pace, keys, keys * 100ull, ms);
        if (i >= batches / 2) sum += ms;
    }
    return sum / (batches - batches / 2);
}

static void batches_steer_to_the_stall_that_is_aimed_for(void **state)
{
    (void)state;
    assert_true(fabs(stall_after(20, 100) - 2) < 0.5);
    assert_true(fabs(stall_after(5, 100) - 2) < 0.5);
    assert_true(fabs(stall_after(500, 100) - 2) < 0.7);
    assert_true(stall_after(0.1, 100) < 0.4); /* as large as batches may be, and still quick */
    assert_true(fabs(stall_after(90000, 100) - 360) <
                60); /* four at a time is the least there is */
}

/* Batches of at most `slot_keys`. */
static void move(struct live_pace *pace, uint32_t slot_keys, int batches, double fixed_ms,
                 double key_ms)
{
    for (int batch = 0; batch < batches; batch++) {
        uint32_t keys = live_pace_keys(pace);
        if (keys > slot_keys) keys = slot_keys;
        live_pace_learn(pace, keys, keys * 100ull, fixed_ms + keys * key_ms);
    }
}

static void batches_do_not_shrink_below_what_a_journey_costs_by_itself(void **state)
{
    (void)state;
    static const struct {
        double fixed_ms, key_ms;
        uint32_t least, most;
    } server[] = {
        {0.15, 0.006, 16, 16 }, /* quick: shorter batches would be no shorter stalls */
        {0.5,  0.25,  4,  4  }, /* slow keys: sixteen would be a stall of their own */
        {1,    0.01,  24, 50 }, /* a long way: half of it again for what it carries */
        {1,    0.25,  4,  4  },
        {30,   0.01,  64, 128},
    };
    for (size_t i = 0; i < FORE_COUNTOF(server); i++) {
        struct live_pace pace;
        live_pace_init(&pace, &(struct live_pace_options){.stall_ms = 0.1});
        move(&pace, 1000, 100, server[i].fixed_ms, server[i].key_ms);
        for (int batch = 0; batch < 2000; batch++) {
            move(&pace, 1000, 1, server[i].fixed_ms, server[i].key_ms);
            assert_in_range(live_pace_keys(&pace), server[i].least, server[i].most);
        }
    }
}

/* Slots hold no more than 61 keys, so that batches are all of one size while the way is long. */
static void a_way_that_was_long_is_forgotten(void **state)
{
    (void)state;
    struct live_pace pace;
    live_pace_init(&pace, &(struct live_pace_options){.stall_ms = 0.1});
    move(&pace, 61, 500, 5, 0.005);
    assert_in_range(live_pace_keys(&pace), 40, 128);
    move(&pace, 61, 1000, 0.1, 0.006);
    assert_int_equal(live_pace_keys(&pace), 16);
}

/* Stalls that vary by a factor of three, and one in fifty that takes 40 ms. */
static void noise_is_not_taken_for_a_long_way(void **state)
{
    (void)state;
    struct live_pace pace;
    uint32_t noise = 1, most = 0;
    live_pace_init(&pace, &(struct live_pace_options){.stall_ms = 0.1});
    for (int batch = 0; batch < 20000; batch++) {
        uint32_t keys = live_pace_keys(&pace), slot = batch % 4 == 0 ? 1 : 0;
        noise = noise * 1664525u + 1013904223u;
        double ms = (0.1 + keys * 0.006) * (0.5 + (noise >> 16) / 65536.0);
        live_pace_learn(&pace, keys - slot, keys * 100ull, batch % 50 == 49 ? 40 : ms);
        if (batch > 100 && keys > most) most = keys;
    }
    assert_in_range(most, 16, 48);
}

static void ease_lowers_the_aim_and_makes_pauses(void **state)
{
    (void)state;
    struct live_pace pace;
    struct live_pace_options options = {.stall_ms = 2};
    live_pace_init(&pace, &options);
    assert_true(live_pace_pause(&pace, 5 * FORE_MS) == 0);
    live_pace_ease(&pace, 0.5);
    assert_true(live_pace_pause(&pace, 5 * FORE_MS) == 0);
    live_pace_ease(&pace, 0.1);
    assert_true(llabs((int64_t)live_pace_pause(&pace, 5 * FORE_MS) - 10 * (int64_t)FORE_MS) < 10);
    assert_true(live_pace_pause(&pace, 60 * FORE_SEC) == 500 * FORE_MS);
    live_pace_ease(&pace, 0.5);
    for (int i = 0; i < 100; i++) {
        uint32_t keys = live_pace_keys(&pace);
        live_pace_learn(&pace, keys, keys * 100ull, keys * 0.02);
    }
    assert_true(fabs(live_pace_keys(&pace) * 0.02 - 1) < 0.2); /* half of the stall */
}

static void a_rate_leaves_room_as_time_passes(void **state)
{
    (void)state;
    struct live_pace pace;
    struct live_pace_options options = {.bytes_max = 5000};
    live_pace_init(&pace, &options);
    assert_int_equal(live_pace_room(&pace, 7), 5000); /* not limited */
    live_pace_limit(&pace, 1000, 1000);
    assert_int_equal(live_pace_room(&pace, 1000), 0);
    assert_int_equal(live_pace_room(&pace, 1050), 50);
    live_pace_spend(&pace, 80);
    assert_int_equal(live_pace_room(&pace, 1070), 0);
    assert_int_equal(live_pace_room(&pace, 1090), 10);
    assert_int_equal(live_pace_room(&pace, 99999), 100); /* no more than a tenth of a second */
    live_pace_limit(&pace, 0, 100000);
    assert_int_equal(live_pace_room(&pace, 100000), 5000);
}

static void a_piece_goes_when_all_of_it_is_saved_up(void **state)
{
    (void)state;
    struct live_pace pace;
    live_pace_init(&pace, &(struct live_pace_options){.bytes_max = 5000});
    assert_int_equal(live_pace_room_for(&pace, 900, 7), 5000); /* not limited */
    live_pace_limit(&pace, 1000, 1000);
    assert_int_equal(live_pace_room_for(&pace, 900, 1890), 0);
    assert_int_equal(live_pace_room_for(&pace, 900, 1901), 900);
    live_pace_spend(&pace, 900);
    assert_int_equal(live_pace_room_for(&pace, 900, 2500), 0);
    assert_int_equal(live_pace_room_for(&pace, 900, 99999), 900); /* no more than it takes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_steer_to_the_stall_that_is_aimed_for),
        cmocka_unit_test(batches_do_not_shrink_below_what_a_journey_costs_by_itself),
        cmocka_unit_test(a_way_that_was_long_is_forgotten),
        cmocka_unit_test(noise_is_not_taken_for_a_long_way),
        cmocka_unit_test(ease_lowers_the_aim_and_makes_pauses),
        cmocka_unit_test(a_rate_leaves_room_as_time_passes),
        cmocka_unit_test(a_piece_goes_when_all_of_it_is_saved_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
