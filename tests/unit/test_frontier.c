#include "core/base/rng.h"
#include "core/observe/frontier.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CAP = 4 };
static struct fore_frontier *frontier;
static struct fore_rng rng;
static fore_ns now;

static int begin(void **state)
{
    frontier = fore_frontier_create(CAP, 600 * FORE_SEC);
    rng = fore_rng_stream(1, "frontier", 0);
    now = 0;
    return 0;
}

static int end(void **state)
{
    fore_frontier_destroy(frontier);
    return 0;
}

/* Ten of a thousand inserts a window of ten seconds are seen, in no order; 100 keys a second. */
static uint64_t insert(uint32_t p, uint64_t from, uint32_t windows)
{
    for (uint32_t w = 0; w < windows; w++, from += 1000) {
        for (int i = 0; i < 10; i++)
            fore_frontier_note(frontier, p, from + fore_rng_below(&rng, 1000));
        now += 10 * FORE_SEC;
        fore_frontier_close(frontier, now);
    }
    return from;
}

static void write_anywhere(uint32_t p, uint32_t keys, uint32_t windows)
{
    for (uint32_t w = 0; w < windows; w++) {
        for (int i = 0; i < 10; i++)
            fore_frontier_note(frontier, p, fore_rng_below(&rng, keys));
        now += 10 * FORE_SEC;
        fore_frontier_close(frontier, now);
    }
}

static void inserts_in_order_are_seen_and_their_speed_too(void **state)
{
    struct fore_insertion in;
    uint64_t at = insert(0, 5000, 2);
    assert_false(fore_frontier_of(frontier, 0, &in)); /* too early to say */
    at = insert(0, at, 30);
    assert_true(fore_frontier_of(frontier, 0, &in));
    expect_near(in.keys_per_sec, 100, 5);
    assert_true(in.head < at && in.head > at - 1000);
    assert_true(in.share > 0.95);
}

static void writes_all_over_are_none(void **state)
{
    struct fore_insertion in;
    for (int i = 0; i < 200; i++) {
        write_anywhere(1, 1000000, 1);
        assert_false(fore_frontier_of(frontier, 1, &in));
    }
}

/* A table that is updated as much as it grows is not one of inserts. */
static void half_inserts_are_none(void **state)
{
    struct fore_insertion in;
    for (uint64_t w = 0; w < 50; w++) {
        for (int i = 0; i < 5; i++)
            fore_frontier_note(frontier, 0, fore_rng_below(&rng, 1000));
        insert(0, 2000 + 1000 * w, 1);
    }
    assert_false(fore_frontier_of(frontier, 0, &in));
    assert_true(in.share > 0.5);
}

static void it_stops_being_one(void **state)
{
    struct fore_insertion in;
    (void)insert(0, 0, 60);
    assert_true(fore_frontier_of(frontier, 0, &in));
    write_anywhere(0, 60000, 60);
    assert_false(fore_frontier_of(frontier, 0, &in));
}

static void what_lies_ahead_expects_the_head(void **state)
{
    struct fore_insertion in;
    uint64_t at = insert(0, 0, 30);
    fore_frontier_split(frontier, 0, 1, at + 5000);
    assert_true(fore_frontier_of(frontier, 0, &in));
    assert_true(in.head < at);
    assert_true(fore_frontier_of(frontier, 1, &in));
    assert_int_equal(in.head, at + 4999);
    (void)insert(1, at + 5000, 3);
    assert_true(fore_frontier_of(frontier, 1, &in));
    expect_near(in.keys_per_sec, 100, 20);
}

static void a_split_behind_the_head_leaves_the_left_without(void **state)
{
    struct fore_insertion in;
    uint64_t at = insert(0, 0, 30);
    fore_frontier_split(frontier, 0, 1, at / 2);
    assert_false(fore_frontier_of(frontier, 0, &in));
    assert_true(fore_frontier_of(frontier, 1, &in));
    fore_frontier_merge(frontier, 0, 1);
    assert_true(fore_frontier_of(frontier, 0, &in));
    assert_false(fore_frontier_of(frontier, 1, &in));
}

/* The next partition's windows go on; nothing is written here any more. */
static void a_head_that_has_gone_on_is_not_here_any_more(void **state)
{
    struct fore_insertion in;
    uint64_t at = insert(0, 0, 30);
    assert_true(fore_frontier_of(frontier, 0, &in));
    at = insert(1, at, 5);
    assert_true(fore_frontier_of(frontier, 0, &in)); /* it may only rest */
    (void)insert(1, at, 20);
    assert_false(fore_frontier_of(frontier, 0, &in));
    assert_true(fore_frontier_of(frontier, 1, &in));
}

static void a_slow_head_is_given_its_time(void **state)
{
    struct fore_insertion in;
    for (uint64_t i = 0; i < 60; i++) { /* two rows a minute */
        fore_frontier_note(frontier, 0, 1000 + i);
        for (int w = 0; w < 3; w++)
            insert(1, 3000 * i + 1000 * (uint64_t)w, 1);
        assert_true(i < 45 || fore_frontier_of(frontier, 0, &in));
    }
}

static void one_row_far_ahead_hides_the_head_for_a_moment_only(void **state)
{
    struct fore_insertion in;
    uint64_t at = insert(0, 0, 30);
    fore_frontier_note(frontier, 0, 1000000000);
    at = insert(0, at, 5);
    at = insert(0, at, 20);
    assert_true(fore_frontier_of(frontier, 0, &in));
    assert_true(in.head < at && in.head > at - 1000);
    expect_near(in.keys_per_sec, 100, 10);
}

static void the_wait_for_the_head_is_none_of_its_way(void **state)
{
    struct fore_insertion in;
    uint64_t at = insert(0, 0, 30);
    fore_frontier_split(frontier, 0, 1, at + 60000);
    (void)insert(0, at, 60); /* ten minutes until it is there */
    (void)insert(1, at + 60000, 8);
    assert_true(fore_frontier_of(frontier, 1, &in));
    expect_near(in.keys_per_sec, 100, 10);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(inserts_in_order_are_seen_and_their_speed_too),
        T(writes_all_over_are_none),
        T(half_inserts_are_none),
        T(it_stops_being_one),
        T(what_lies_ahead_expects_the_head),
        T(a_split_behind_the_head_leaves_the_left_without),
        T(a_head_that_has_gone_on_is_not_here_any_more),
        T(a_slow_head_is_given_its_time),
        T(one_row_far_ahead_hides_the_head_for_a_moment_only),
        T(the_wait_for_the_head_is_none_of_its_way),
    };
    return cmocka_run_group_tests_name("observe/frontier", tests, NULL, NULL);
}
