/* The heat matrix: hot stays visible, memory stays bounded. */
#include "tests/support/near.h"
#include "viz/matrix.h"
#include "viz/tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_level_is_within_a_tenth_of_the_load(void **state)
{
    assert_int_equal(viz_matrix_quantise(0), 0);
    assert_int_equal(viz_matrix_quantise(-1), 0);
    assert_int_equal(viz_matrix_quantise(1e-9), 1);
    assert_int_equal(viz_matrix_quantise(1e9), 255);
    for (int i = 0; i < 800; i++) {
        double load = 2e-5 * pow(10, i / 100.0);
        expect_near(viz_matrix_value(viz_matrix_quantise(load)) / load, 1, 0.05);
    }
}

static void one_hot_second_survives_pooling_in_time_and_key_order(void **state)
{
    struct viz_matrix m;
    uint32_t order[1000];
    viz_matrix_init(&m, 1000, 100, 60 * FORE_SEC);
    for (uint32_t p = 0; p < 1000; p++)
        order[p] = 999 - p;
    for (fore_ns t = 0; t < 6000; t++) {
        assert_true(viz_matrix_open(&m, t * FORE_SEC));
        viz_matrix_put(&m, t * FORE_SEC, 500, t == 3333 ? 3.0 : 0.001);
    }
    struct viz_matrix_window window = {
        .to = 6000 * FORE_SEC, .order = order, .order_count = 1000, .width = 10, .height = 20};
    uint8_t level[200];
    viz_matrix_image(&m, &window, level);
    uint32_t line = viz_matrix_line(499, 1000, 20); /* key order is the other way round here */
    assert_int_equal(level[line * 10 + 5], viz_matrix_quantise(3.0));
    assert_int_equal(level[line * 10 + 4], viz_matrix_quantise(0.001));
    assert_int_equal(level[0], 0);
    viz_matrix_fini(&m);
}

static void the_ring_forgets_the_oldest_only(void **state)
{
    struct viz_matrix m;
    viz_matrix_init(&m, 4, 10, FORE_SEC);
    for (fore_ns t = 0; t < 25; t++) {
        assert_true(viz_matrix_open(&m, t * FORE_SEC));
        viz_matrix_put(&m, t * FORE_SEC, 1, 1.0);
    }
    assert_null(viz_matrix_column(&m, 14));
    assert_int_equal(viz_matrix_column(&m, 15)[1], viz_matrix_quantise(1));
    assert_int_equal(viz_matrix_column(&m, 24)[0], 0);
    assert_false(viz_matrix_open(&m, 3 * FORE_SEC));
    assert_true(viz_matrix_open(&m, 1000 * FORE_SEC)); /* a long gap */
    assert_null(viz_matrix_column(&m, 24));
    viz_matrix_fini(&m);
}

static void gaps_between_samples_are_bridged_no_further_than_said(void **state)
{
    struct viz_matrix m;
    viz_matrix_init(&m, 1, 100, FORE_SEC);
    m.hold = 3;
    viz_matrix_open(&m, 10 * FORE_SEC);
    viz_matrix_put(&m, 10 * FORE_SEC, 0, 1.0);
    viz_matrix_open(&m, 20 * FORE_SEC);
    assert_non_null(viz_matrix_column(&m, 8));
    assert_non_null(viz_matrix_column(&m, 13));
    assert_null(viz_matrix_column(&m, 14));
    assert_null(viz_matrix_column(&m, 6));
    viz_matrix_fini(&m);
}

static void a_split_row_shares_the_past_and_a_merged_one_keeps_the_larger(void **state)
{
    struct viz_matrix m;
    viz_matrix_init(&m, 3, 10, FORE_SEC);
    viz_matrix_open(&m, 0);
    viz_matrix_put(&m, 0, 0, 1.0);
    viz_matrix_put(&m, 0, 1, 5.0);
    viz_matrix_copy_row(&m, 0, 2);
    assert_int_equal(viz_matrix_column(&m, 0)[2], viz_matrix_quantise(1));
    viz_matrix_pool_row(&m, 1, 2);
    assert_int_equal(viz_matrix_column(&m, 0)[2], viz_matrix_quantise(5));
    viz_matrix_fini(&m);
}

static void more_rows_keep_what_was_there_within_the_memory_bound(void **state)
{
    struct viz_matrix m;
    viz_matrix_init(&m, 2, 1440, FORE_SEC);
    for (fore_ns t = 0; t < 1440; t++) {
        viz_matrix_open(&m, t * FORE_SEC);
        viz_matrix_put(&m, t * FORE_SEC, 1, 2.0);
    }
    viz_matrix_reserve(&m, 1000000);
    assert_true((uint64_t)m.row_cap * m.column_cap <= VIZ_MATRIX_BYTES);
    assert_int_equal(viz_matrix_column(&m, 1439)[1], viz_matrix_quantise(2));
    assert_int_equal(viz_matrix_column(&m, 1439)[999999], 0);
    viz_matrix_fini(&m);
}

static void the_tape_keeps_the_worst_of_a_bucket(void **state)
{
    struct viz_tape tape;
    viz_tape_init(&tape, 10, FORE_SEC);
    viz_tape_open(&tape, 0)->seen = true;
    viz_tape_node(&tape, 0, 2, 1, 0.5f);
    viz_tape_node(&tape, FORE_SEC / 2, 3, 1, 0.9f);
    viz_tape_node(&tape, FORE_SEC / 2, 3, 1, 0.2f);
    expect_near((double)viz_tape_utilization(&tape, 0, 1), 0.9, 1e-6);
    assert_true(viz_tape_utilization(&tape, 0, 2) < 0);
    assert_true(viz_tape_utilization(&tape, 0, 7) < 0);
    assert_non_null(viz_tape_get(&tape, 0));
    viz_tape_open(&tape, 50 * FORE_SEC);
    assert_null(viz_tape_get(&tape, 0));
    assert_null(viz_tape_get(&tape, 50)); /* opened, nothing seen */
    viz_tape_fini(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_is_within_a_tenth_of_the_load),
        cmocka_unit_test(one_hot_second_survives_pooling_in_time_and_key_order),
        cmocka_unit_test(the_ring_forgets_the_oldest_only),
        cmocka_unit_test(gaps_between_samples_are_bridged_no_further_than_said),
        cmocka_unit_test(a_split_row_shares_the_past_and_a_merged_one_keeps_the_larger),
        cmocka_unit_test(more_rows_keep_what_was_there_within_the_memory_bound),
        cmocka_unit_test(the_tape_keeps_the_worst_of_a_bucket),
    };
    return cmocka_run_group_tests_name("viz/matrix", tests, NULL, NULL);
}
