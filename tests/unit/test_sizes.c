/* What is remembered of partitions' sizes: soon, in bounded memory, and only what is a size. */
#include "core/base/bytes.h"
#include "core/observe/sizes.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 4, STEP_S = 60 };
static struct fore_sizes *sizes;
static struct fore_sizes_point point[FORE_SIZES_POINTS + 1];

static int begin(void **state)
{
    sizes = fore_sizes_create(CAP, STEP_S * FORE_SEC);
    return 0;
}

static int end(void **state)
{
    fore_sizes_destroy(sizes);
    return 0;
}

static bool note(uint32_t p, uint64_t s, double bytes)
{
    return fore_sizes_note(sizes, p, s * FORE_SEC, bytes);
}

static void a_size_that_stays_costs_no_track(void **state)
{
    size_t before = fore_sizes_bytes(sizes);
    for (uint64_t s = 1; s <= 5000; s++)
        assert_true(note(1, s, 1e6));
    assert_int_equal(fore_sizes_bytes(sizes), before);
    assert_int_equal(fore_sizes_read(sizes, 1, point), 2);
    assert_int_equal(point[0].at, FORE_SEC);
    assert_int_equal(point[1].at, 5000 * FORE_SEC);
    assert_int_equal(fore_sizes_read(sizes, 2, point), 0);
}

static void growth_is_seen_at_once_and_then_over_a_horizon(void **state)
{
    for (uint64_t s = 1; s <= 6; s++)
        (void)note(0, s, 1000.0 * (double)s);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 6);
    size_t held = fore_sizes_bytes(sizes);
    for (uint64_t s = 7; s <= 9000; s++) {
        (void)note(0, s, 1000.0 * (double)s);
        size_t count = fore_sizes_read(sizes, 0, point);
        assert_in_range(count, 6, FORE_SIZES_POINTS + 1);
        for (size_t i = 1; i < count; i++) {
            assert_true(point[i].at > point[i - 1].at);
            expect_near(point[i].bytes, (double)point[i].at / 1e9 * 1000, 1e-6);
        }
        assert_int_equal(point[count - 1].at, s * FORE_SEC);
    }
    assert_int_equal(fore_sizes_bytes(sizes), held);
    uint64_t reach = point[fore_sizes_read(sizes, 0, point) - 1].at - point[0].at;
    assert_in_range(reach / FORE_SEC, 15 * STEP_S, 17 * STEP_S);
}

static void what_it_was_before_it_changed_is_known(void **state)
{
    for (uint64_t s = 1; s <= 300; s++)
        (void)note(0, s, 5e6);
    (void)note(0, 301, 6e6);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 3);
    assert_int_equal(point[0].at, FORE_SEC);
    assert_int_equal(point[1].at, 300 * FORE_SEC);
    expect_near(point[2].bytes, 6e6, 0);
}

static void what_is_no_size_is_passed_over(void **state)
{
    (void)note(0, 10, 1e6);
    assert_false(note(0, 11, (double)NAN));
    assert_false(note(0, 11, (double)INFINITY));
    assert_false(note(0, 11, -1));
    assert_false(note(0, 11, 1e300));
    assert_false(note(0, 10, 2e6));
    assert_false(note(0, 9, 2e6));
    assert_int_equal(fore_sizes_read(sizes, 0, point), 1);
    assert_true(note(0, 11, 2e6));
}

static void one_that_was_emptied_begins_anew_and_one_that_shrinks_a_little_does_not(void **state)
{
    for (uint64_t s = 1; s <= 10; s++)
        (void)note(0, s, 1e6 + 1e4 * (double)s);
    (void)note(0, 11, 1e6);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 11);
    (void)note(0, 12, 7e5);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 1);
    expect_near(point[0].bytes, 7e5, 0);
}

static void growth_that_has_stopped_is_no_growth(void **state)
{
    for (uint64_t s = 1; s <= 100; s++)
        (void)note(0, s, 1e6 + 1e4 * (double)s);
    for (uint64_t s = 101; s <= 112; s++) /* it could still be a pause */
        (void)note(0, s, 2e6);
    assert_true(fore_sizes_read(sizes, 0, point) > 2);
    for (uint64_t s = 113; s <= 114; s++)
        (void)note(0, s, 2e6);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 2);
    assert_int_equal(point[0].at, 100 * FORE_SEC);
    (void)note(0, 115, 2e6 + 1);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 3);
}

/* A batch every hundred seconds is growth, too. */
static void seldom_growth_is_not_taken_for_none(void **state)
{
    for (uint64_t s = 1; s <= 5000; s++)
        (void)note(0, s, 1e6 + 1e4 * (double)(s / 100));
    size_t count = fore_sizes_read(sizes, 0, point);
    assert_true(count > 10);
    double rate = (point[count - 1].bytes - point[0].bytes) /
                  ((double)(point[count - 1].at - point[0].at) / 1e9);
    expect_near(rate, 100, 15);
}

static void a_long_silence_leaves_two_points(void **state)
{
    for (uint64_t s = 1; s <= 100; s++)
        (void)note(0, s, 1e6 + 1e4 * (double)s);
    (void)note(0, 90000, 9e6);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 2);
}

static void another_life_of_an_index_begins_anew(void **state)
{
    struct fore_partition part[CAP] = {
        {.alive = true, .generation = 1}
    };
    struct fore_topology topology = {.partition = part, .partition_count = 1};
    struct fore_partition_sample held[1] = {{.size_bytes = 100}};
    struct fore_sample sample = {.partition = held, .partition_count = 1};
    for (uint64_t s = 1; s <= 4; s++) {
        sample.end = s * FORE_SEC;
        held[0].size_bytes = 100 * s;
        fore_sizes_push(sizes, &sample, &topology);
    }
    assert_int_equal(fore_sizes_read(sizes, 0, point), 4);
    part[0].generation = 2;
    sample.end = 5 * FORE_SEC;
    fore_sizes_push(sizes, &sample, &topology);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 1);
    part[0].alive = false;
    sample.end = 6 * FORE_SEC;
    fore_sizes_push(sizes, &sample, &topology);
    assert_int_equal(fore_sizes_read(sizes, 0, point), 0);
}

static struct fore_buf learned(void)
{
    struct fore_buf kept = {0};
    for (uint64_t s = 1; s <= 500; s++) {
        (void)note(0, s, 1e6 + 1e3 * (double)s);
        (void)note(2, s, 7);
    }
    fore_sizes_save(sizes, &kept);
    return kept;
}

static void the_past_survives(void **state)
{
    struct fore_buf kept = learned();
    struct fore_sizes_point again[FORE_SIZES_POINTS + 1];
    size_t count = fore_sizes_read(sizes, 0, point);
    (void)end(state);
    (void)begin(state);
    assert_int_equal(fore_sizes_load(sizes, kept.data, kept.len, NULL), FORE_E_OK);
    assert_int_equal(fore_sizes_read(sizes, 0, again), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(again[i].at, point[i].at);
        expect_near(again[i].bytes, point[i].bytes, 0);
    }
    assert_int_equal(fore_sizes_read(sizes, 2, again), 2);
    fore_buf_fini(&kept);
}

static void a_state_that_does_not_fit_is_refused(void **state)
{
    struct fore_buf kept = learned();
    struct fore_diag diag = {0};
    struct fore_sizes *other = fore_sizes_create(CAP + 1, FORE_SEC);
    assert_int_equal(fore_sizes_load(other, kept.data, kept.len, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "another number"));
    fore_sizes_destroy(other);
    (void)end(state);
    (void)begin(state);
    for (size_t len = 0; len < kept.len; len++)
        assert_int_equal(fore_sizes_load(sizes, kept.data, len, NULL), FORE_E_FORMAT);
    fore_buf_fini(&kept);
}

/* Changed inside its frame, and sealed again: refused, or a past like any other. */
static void hostile_states_are_refused_or_harmless(void **state)
{
    struct fore_buf kept = learned(), bad = {0};
    struct fore_bytes_cursor c;
    assert_int_equal(fore_frame_read("sizes", kept.data, kept.len, &c, NULL), FORE_E_OK);
    size_t len = (size_t)(c.end - c.at), refused = 0;
    unsigned char *payload = malloc(len);
    assert_non_null(payload);
    for (size_t at = 0; at < len; at++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(payload, c.at, len);
            payload[at] ^= (unsigned char)(1 << bit);
            struct fore_buf inside = {.data = (char *)payload, .len = len, .cap = len};
            fore_buf_reset(&bad);
            fore_frame_write("sizes", &inside, &bad);
            struct fore_sizes *fresh = fore_sizes_create(CAP, STEP_S * FORE_SEC);
            if (fore_sizes_load(fresh, bad.data, bad.len, NULL) == FORE_E_FORMAT) refused++;
            for (uint32_t p = 0; p < CAP; p++) {
                (void)fore_sizes_note(fresh, p, 1000 * FORE_SEC, 1e9);
                assert_in_range(fore_sizes_read(fresh, p, point), 1, FORE_SIZES_POINTS + 1);
            }
            fore_sizes_destroy(fresh);
        }
    assert_true(refused > len);
    free(payload);
    fore_buf_fini(&kept);
    fore_buf_fini(&bad);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_size_that_stays_costs_no_track),
        T(growth_is_seen_at_once_and_then_over_a_horizon),
        T(what_it_was_before_it_changed_is_known),
        T(what_is_no_size_is_passed_over),
        T(one_that_was_emptied_begins_anew_and_one_that_shrinks_a_little_does_not),
        T(growth_that_has_stopped_is_no_growth),
        T(seldom_growth_is_not_taken_for_none),
        T(a_long_silence_leaves_two_points),
        T(another_life_of_an_index_begins_anew),
        T(the_past_survives),
        T(a_state_that_does_not_fit_is_refused),
        T(hostile_states_are_refused_or_harmless),
    };
    return cmocka_run_group_tests_name("core/observe/sizes", tests, NULL, NULL);
}
