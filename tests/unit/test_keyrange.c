#include "core/observe/keyrange.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"

enum { SIZE = 128, KEYS = 1000000 };
static struct fore_keyrange *sketch;
static struct fore_rng rng;

static int setup(void **state)
{
    rng = fore_rng_stream(1, "test", 0);
    sketch = fore_keyrange_create(8, SIZE, 600 * FORE_SEC, fore_rng_stream(1, "sketch", 0));
    return 0;
}

static int teardown(void **state)
{
    fore_keyrange_destroy(sketch);
    return 0;
}

static void add_uniform(uint32_t partition, uint64_t first, uint32_t width, int times)
{
    for (int i = 0; i < times; i++)
        fore_keyrange_add(sketch, (fore_ns)i * FORE_MS, partition,
                          first + fore_rng_below(&rng, width), 1);
}

static bool cut_at(uint32_t partition, double share, struct fore_keyrange_cut *cut)
{
    return fore_keyrange_cut(sketch, partition, 0, 10 * KEYS, share, cut);
}

static void even_load_is_cut_near_the_middle(void **state)
{
    add_uniform(0, 0, KEYS, 20000);
    struct fore_keyrange_cut cut;
    assert_true(cut_at(0, 0.5, &cut));
    assert_in_range(cut.samples, SIZE, SIZE * 3 / 2);
    expect_near(cut.right_share, 0.5, 0.01);
    expect_near((double)cut.at / KEYS, 0.5, cut.error);
    expect_near(cut.error, sqrt(log(40) / (2 * cut.samples)), 1e-3); /* equal weights */
    assert_true(cut.top_share < 0.05);
    expect_near(fore_keyrange_monotone(sketch, 0, 0, 10 * KEYS), 0, 0.3);
    assert_true(cut_at(0, 0.2, &cut));
    expect_near((double)cut.at / KEYS, 0.8, cut.error);
}

static void too_few_samples_make_no_cut(void **state)
{
    struct fore_keyrange_cut cut;
    assert_false(cut_at(0, 0.5, &cut));
    add_uniform(0, 0, KEYS, 31);
    assert_false(cut_at(0, 0.5, &cut));
    assert_int_equal(cut.samples, 31);
    add_uniform(0, 0, KEYS, 1);
    assert_true(cut_at(0, 0.5, &cut));
}

static void one_hot_key_is_reported(void **state)
{
    for (int i = 0; i < 20000; i++) {
        bool hot = fore_rng_below(&rng, 10) < 6;
        fore_keyrange_add(sketch, FORE_SEC, 1, hot ? 777777 : fore_rng_below(&rng, KEYS), 1);
    }
    struct fore_keyrange_cut cut;
    assert_true(cut_at(1, 0.5, &cut));
    assert_true(cut.top_share > 0.5);
    expect_near(cut.top_share, 0.6, cut.error);
}

static void one_key_alone_cannot_be_cut(void **state)
{
    for (int i = 0; i < 500; i++)
        fore_keyrange_add(sketch, FORE_SEC, 1, 42, 1);
    struct fore_keyrange_cut cut;
    assert_false(cut_at(1, 0.5, &cut));
    expect_near(cut.top_share, 1, 1e-12);
}

/* One request that stands for as many as all others counts as that many. */
static void heavy_samples_count_in_full(void **state)
{
    add_uniform(2, 0, KEYS, 5000);
    fore_keyrange_add(sketch, 5 * FORE_SEC, 2, KEYS + 5, 5000);
    struct fore_keyrange_cut cut;
    assert_true(cut_at(2, 0.5, &cut));
    expect_near(cut.top_share, 0.5, 0.1);
    assert_true(cut.error > 0.5); /* half the load hangs on one sample: nothing is sure */
}

static void cuts_lie_inside_the_partition(void **state)
{
    for (int i = 0; i < 500; i++)
        fore_keyrange_add(sketch, FORE_SEC, 3, 10 + fore_rng_below(&rng, 2), 1);
    struct fore_keyrange_cut cut;
    assert_true(fore_keyrange_cut(sketch, 3, 10, 11, 0.5, &cut));
    assert_int_equal(cut.at, 11);
    assert_false(fore_keyrange_cut(sketch, 3, 12, 20, 0.5, &cut));
    for (int i = 0; i < 500; i++)
        fore_keyrange_add(sketch, FORE_SEC, 4, i % 2 ? UINT64_MAX : 0, 1);
    assert_true(fore_keyrange_cut(sketch, 4, 0, UINT64_MAX, 0.5, &cut));
    assert_true(cut.at == UINT64_C(1) << 63);
}

static double monotone(uint32_t partition)
{
    return fore_keyrange_monotone(sketch, partition, 0, 10 * KEYS);
}

static void an_insert_pattern_is_monotone(void **state)
{
    for (uint64_t i = 0; i < 5000; i++)
        fore_keyrange_add(sketch, i * FORE_MS, 5, i, 1);
    assert_true(monotone(5) > 0.99);
    for (uint64_t i = 0; i < 5000; i++)
        fore_keyrange_add(sketch, i * FORE_MS, 6, 5000 - i, 1);
    assert_true(monotone(6) < -0.99);
    for (uint64_t i = 0; i < 5000; i++)
        fore_keyrange_add(sketch, FORE_SEC, 7, i, 1); /* all at one time: no order */
    expect_near(monotone(7), 0, 0);
    expect_near(fore_keyrange_monotone(sketch, 5, 0, 3), 0, 0); /* too few to say */
}

/* A kept answer is the one that would be found anew, and is gone with what it was found in. */
static void an_answer_is_kept_until_the_samples_change(void **state)
{
    struct fore_keyrange_cut first, again, other;
    add_uniform(0, 0, KEYS, 2000);
    assert_true(cut_at(0, 0.5, &first));
    assert_true(cut_at(0, 0.5, &again));
    assert_memory_equal(&first, &again, sizeof first);
    assert_true(cut_at(0, 0.2, &other)); /* another question, and back */
    assert_true(other.at > first.at);
    assert_true(cut_at(0, 0.5, &again));
    assert_true(again.at == first.at);
    assert_true(fore_keyrange_cut(sketch, 0, 0, first.at - 1, 0.5, &other)); /* another range */
    assert_true(other.at < first.at);
    for (int i = 0; i < 2000; i++) /* what comes later lies elsewhere */
        fore_keyrange_add(sketch, 3600 * FORE_SEC, 0, 2 * KEYS + (uint64_t)i, 1);
    assert_true(cut_at(0, 0.5, &again));
    assert_true(again.at > KEYS);
    fore_keyrange_split(sketch, 0, 1, again.at);
    assert_true(cut_at(0, 0.5, &other));
    assert_true(other.at < again.at);
    fore_keyrange_merge(sketch, 0, 1);
    assert_true(cut_at(0, 0.5, &other));
    assert_true(other.at > KEYS);
    fore_keyrange_forget(sketch, 0);
    assert_false(cut_at(0, 0.5, &other));
}

/* Any number of samples, also such as fill no run of the sort, in any order: the cut is where
 * counting says. */
static void samples_are_put_in_order_whatever_their_number(void **state)
{
    for (uint32_t count = 32; count < 190; count += 7) {
        fore_keyrange_forget(sketch, 2);
        for (uint32_t i = 0; i < count; i++)
            fore_keyrange_add(sketch, FORE_SEC, 2, 1000 + (uint64_t)i * 37 % count * 2, 1);
        struct fore_keyrange_cut cut;
        if (count % 37 == 0) continue; /* then not all differ */
        assert_true(cut_at(2, 0.5, &cut));
        expect_near((double)(cut.at - 1000) / (2.0 * count), 0.5, 1.0 / count + 0.01);
        expect_near(cut.top_share, 1.0 / count, 1e-9);
    }
}

static void samples_follow_the_present(void **state)
{
    for (uint64_t i = 0; i < 20000; i++)
        fore_keyrange_add(sketch, i * FORE_MS, 0, fore_rng_below(&rng, KEYS), 1);
    for (uint64_t i = 0; i < 20000; i++) /* ten half-lives later, elsewhere */
        fore_keyrange_add(sketch, 6000 * FORE_SEC + i * FORE_MS, 0,
                          2 * KEYS + fore_rng_below(&rng, KEYS), 1);
    struct fore_keyrange_cut cut;
    assert_true(cut_at(0, 0.5, &cut));
    assert_true(cut.at > 2 * KEYS);
}

/* One sample in two minutes and a half-life of ten: the decay leaves about a dozen to go by. */
static void sparse_samples_are_helped_out_by_older_ones(void **state)
{
    uint32_t good = 0;
    for (uint32_t life = 0; life < 100; life++) {
        for (uint64_t i = 0; i < 200; i++) {
            double at = fore_rng_unit(&rng); /* denser to the right: half lies above 0.7071 */
            fore_keyrange_add(sketch, i * 120 * FORE_SEC, 0, (uint64_t)(sqrt(at) * KEYS), 1);
        }
        struct fore_keyrange_cut cut;
        assert_true(cut_at(0, 0.5, &cut));
        double left = (double)cut.at / KEYS * ((double)cut.at / KEYS);
        good += left >= 0.4 && left <= 0.6;
        fore_keyrange_forget(sketch, 0);
    }
    assert_true(good >= 92);
}

static void a_split_hands_samples_to_their_side(void **state)
{
    add_uniform(0, 0, KEYS, 20000);
    add_uniform(1, 0, KEYS, 100); /* stale: index 1 had another life */
    struct fore_keyrange_cut whole, left, right;
    assert_true(cut_at(0, 0.5, &whole));
    fore_keyrange_split(sketch, 0, 1, KEYS / 4);
    assert_true(fore_keyrange_cut(sketch, 1, KEYS / 4, KEYS - 1, 0.5, &right));
    (void)fore_keyrange_cut(sketch, 0, 0, KEYS / 4 - 1, 0.5, &left);
    assert_int_equal(left.samples + right.samples, whole.samples);
    expect_near((double)right.at / KEYS, 0.625, right.error);
    fore_keyrange_merge(sketch, 0, 1);
    assert_true(cut_at(0, 0.5, &left));
    assert_int_equal(left.samples, whole.samples);
    expect_near((double)left.at / KEYS, 0.5, left.error);
    assert_false(cut_at(1, 0.5, &right));
    assert_int_equal(right.samples, 0);
}

/* Nine of ten requests went to the left part, though both reservoirs were full. */
static void a_merge_weighs_the_parts_by_their_load(void **state)
{
    add_uniform(0, 0, KEYS, 18000);
    add_uniform(1, KEYS, KEYS, 2000);
    fore_keyrange_merge(sketch, 0, 1);
    struct fore_keyrange_cut cut;
    assert_true(cut_at(0, 0.5, &cut));
    assert_in_range(cut.samples, SIZE, SIZE * 3 / 2);
    expect_near((double)cut.at / KEYS, 0.5 * 20 / 18, 1.2 * cut.error);
}

static void memory_is_made_for_the_first_sample_only(void **state)
{
    size_t before = fore_keyrange_bytes(sketch);
    add_uniform(0, 0, KEYS, 1);
    size_t after = fore_keyrange_bytes(sketch);
    assert_int_equal(after - before, (SIZE * 3 / 2 + 1) * 32);
    add_uniform(0, 0, KEYS, 10000);
    assert_int_equal(fore_keyrange_bytes(sketch), after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(even_load_is_cut_near_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(too_few_samples_make_no_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(one_hot_key_is_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(one_key_alone_cannot_be_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(heavy_samples_count_in_full, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts_lie_inside_the_partition, setup, teardown),
        cmocka_unit_test_setup_teardown(an_insert_pattern_is_monotone, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_is_kept_until_the_samples_change, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(samples_are_put_in_order_whatever_their_number, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(samples_follow_the_present, setup, teardown),
        cmocka_unit_test_setup_teardown(sparse_samples_are_helped_out_by_older_ones, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_split_hands_samples_to_their_side, setup, teardown),
        cmocka_unit_test_setup_teardown(a_merge_weighs_the_parts_by_their_load, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_made_for_the_first_sample_only, setup, teardown),
    };
    return cmocka_run_group_tests_name("core/observe/keyrange", tests, NULL, NULL);
}
