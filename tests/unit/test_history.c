#include "core/observe/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"

enum { CAP = 40 };
static struct fore_history *history;

static int setup(void **state)
{
    const struct fore_history_shape shape = {
        .step = {FORE_SEC, 60 * FORE_SEC, 600 * FORE_SEC},
          .length = {120,      30,            10            }
    };
    history = fore_history_create(&shape, CAP);
    return 0;
}

static int teardown(void **state)
{
    fore_history_destroy(history);
    return 0;
}

/* One window: partition p of `count` has load base + p, and ten, five, a thousand times that. */
static void append(uint64_t second, float base, uint32_t count)
{
    float rows[FORE_HIST_METRICS][CAP];
    for (uint32_t p = 0; p < count; p++) {
        rows[FORE_HIST_LOAD][p] = base + (float)p;
        rows[FORE_HIST_REQUESTS][p] = 10 * (base + (float)p);
        rows[FORE_HIST_WRITES][p] = 5 * (base + (float)p);
        rows[FORE_HIST_BYTES][p] = 1000 * (base + (float)p);
    }
    const float *const value[] = {rows[0], rows[1], rows[2], rows[3]};
    fore_history_append(history, second * FORE_SEC, value, count);
}

static double newest(int level, uint32_t partition)
{
    float x = 0;
    fore_history_read(history, level, FORE_HIST_LOAD, partition, 1, &x);
    return (double)x;
}

static void an_empty_history_has_no_points(void **state)
{
    float x[3];
    for (int level = 0; level < FORE_HISTORY_LEVELS; level++) {
        assert_int_equal(fore_history_count(history, level), 0);
        assert_int_equal(fore_history_end(history, level), 0);
        fore_history_read(history, level, FORE_HIST_LOAD, 0, 3, x);
        assert_true(isnan(x[0]) && isnan(x[1]) && isnan(x[2]));
    }
}

static void points_come_back_oldest_first(void **state)
{
    for (uint64_t s = 1; s <= 5; s++)
        append(s, (float)s * 100, 20);
    float x[7];
    fore_history_read(history, 0, FORE_HIST_REQUESTS, 17, 7, x);
    assert_true(isnan(x[0]) && isnan(x[1]));
    for (int i = 0; i < 5; i++)
        expect_near((double)x[i + 2], 10.0 * (100 * (i + 1) + 17), 0);
    assert_int_equal(fore_history_count(history, 0), 5);
    assert_int_equal(fore_history_end(history, 0), 5 * FORE_SEC);
    assert_int_equal(fore_history_count(history, 1), 0);
    fore_history_read(history, 0, FORE_HIST_LOAD, 30, 7, x); /* never lived */
    assert_true(isnan(x[6]));
}

static void rings_keep_the_newest(void **state)
{
    for (uint64_t s = 1; s <= 1000; s++)
        append(s, (float)s, 3);
    assert_int_equal(fore_history_count(history, 0), 120);
    assert_int_equal(fore_history_count(history, 1), 16);
    assert_int_equal(fore_history_count(history, 2), 1);
    float x[120];
    fore_history_read(history, 0, FORE_HIST_LOAD, 2, 120, x);
    for (int i = 0; i < 120; i++)
        expect_near((double)x[i], 881 + i + 2, 0);
    assert_int_equal(fore_history_end(history, 1), 960 * FORE_SEC);
    expect_near(newest(1, 0), (901 + 960) / 2.0, 1e-3);
    expect_near(newest(2, 0), (1 + 600) / 2.0, 1e-3);
}

static void gaps_are_left_out_of_the_means(void **state)
{
    append(58, 1, 2);
    append(59, 3, 2);
    append(185, 7, 2); /* over a whole minute and into another */
    assert_int_equal(fore_history_count(history, 0), 120);
    float x[120];
    fore_history_read(history, 0, FORE_HIST_LOAD, 0, 120, x);
    for (int i = 0; i < 119; i++)
        assert_true(isnan(x[i]));
    expect_near((double)x[119], 7, 0);
    assert_int_equal(fore_history_count(history, 1), 3);
    fore_history_read(history, 1, FORE_HIST_LOAD, 0, 3, x);
    expect_near((double)x[0], 2, 0);
    assert_true(isnan(x[1]) && isnan(x[2]));
    append(240, 9, 2);
    expect_near(newest(1, 0), 8, 0);
}

static void a_gap_of_a_century_costs_nothing(void **state)
{
    for (uint64_t s = 1; s <= 70; s++)
        append(s, 4, 2);
    append(UINT64_C(100) * 365 * 86400, 6, 2);
    expect_near(newest(0, 0), 6, 0);
    assert_int_equal(fore_history_count(history, 2), 10);
    float x[10];
    fore_history_read(history, 2, FORE_HIST_LOAD, 0, 10, x);
    for (int i = 0; i < 9; i++)
        assert_true(isnan(x[i]));
}

static void windows_longer_than_the_step_still_make_means(void **state)
{
    for (uint64_t s = 30; s <= 1200; s += 30)
        append(s, (float)s, 1);
    assert_int_equal(fore_history_count(history, 1), 20);
    expect_near(newest(1, 0), 1185, 0);
    expect_near(newest(2, 0), 915, 0);
}

static void a_jittering_clock_loses_no_slot(void **state)
{
    const float one[] = {1}, *const value[] = {one, one, one, one};
    for (uint64_t s = 1; s <= 60; s++)
        fore_history_append(history, s * FORE_SEC + (s % 3) * 100 * FORE_MS - 100 * FORE_MS, value,
                            1);
    assert_int_equal(fore_history_count(history, 0), 60);
    float x[60];
    fore_history_read(history, 0, FORE_HIST_LOAD, 0, 60, x);
    for (int i = 0; i < 60; i++)
        expect_near((double)x[i], 1, 0);
}

static void a_split_conserves_every_point(void **state)
{
    for (uint64_t s = 1; s <= 700; s++)
        append(s, 8, 16);
    fore_history_split(history, 3, 35, 0.25); /* 35 lives in a block of its own */
    float left[120], right[120];
    for (int level = 0; level < FORE_HISTORY_LEVELS; level++) {
        size_t n = fore_history_count(history, level);
        fore_history_read(history, level, FORE_HIST_BYTES, 3, n, left);
        fore_history_read(history, level, FORE_HIST_BYTES, 35, n, right);
        for (size_t i = 0; i < n; i++) {
            expect_near((double)(left[i] + right[i]), 11000, 0.01);
            expect_near((double)right[i], 2750, 0.01);
        }
        fore_history_read(history, level, FORE_HIST_BYTES, 34, n, right); /* its neighbour */
        assert_true(isnan(right[0]) && isnan(right[n - 1]));
    }
    append(701, 8, 36);
    expect_near(newest(0, 34), 42, 0);
}

static void a_merge_adds_and_forgets(void **state)
{
    for (uint64_t s = 1; s <= 700; s++)
        append(s, 8, 20);
    fore_history_merge(history, 3, 19);
    for (int level = 0; level < FORE_HISTORY_LEVELS; level++) {
        expect_near(newest(level, 3), 11 + 27, 1e-3);
        assert_true(isnan(newest(level, 19)));
    }
    fore_history_merge(history, 39, 3); /* the left one has no past */
    expect_near(newest(1, 39), 38, 1e-3);
    assert_true(isnan(newest(1, 3)));
}

static void a_new_life_has_no_past(void **state)
{
    for (uint64_t s = 1; s <= 700; s++)
        append(s, 8, 20);
    fore_history_forget(history, 5);
    for (int level = 0; level < FORE_HISTORY_LEVELS; level++) {
        assert_true(isnan(newest(level, 5)));
        expect_near(newest(level, 6), 14, 1e-3);
    }
}

static void cold_partitions_cost_a_pointer(void **state)
{
    size_t before = fore_history_bytes(history);
    static const float zero[CAP];
    const float *const value[] = {zero, zero, zero, zero};
    for (uint64_t s = 1; s <= 100; s++)
        fore_history_append(history, s * FORE_SEC, value, CAP);
    assert_int_equal(fore_history_bytes(history), before);
    append(101, 1, 2);
    size_t block = 4 * 16 * (120 + 30 + 10) * sizeof(float);
    assert_int_equal(fore_history_bytes(history), before + block);
    for (uint64_t s = 102; s <= 5000; s++)
        append(s, 1, 2);
    assert_int_equal(fore_history_bytes(history), before + block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_history_has_no_points, setup, teardown),
        cmocka_unit_test_setup_teardown(points_come_back_oldest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(rings_keep_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(gaps_are_left_out_of_the_means, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_of_a_century_costs_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_longer_than_the_step_still_make_means, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_jittering_clock_loses_no_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(a_split_conserves_every_point, setup, teardown),
        cmocka_unit_test_setup_teardown(a_merge_adds_and_forgets, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_life_has_no_past, setup, teardown),
        cmocka_unit_test_setup_teardown(cold_partitions_cost_a_pointer, setup, teardown),
    };
    return cmocka_run_group_tests_name("core/observe/history", tests, NULL, NULL);
}
