#include "workloads/combine.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/requests.h"

enum { MANY = 20000 };

static size_t read_all(struct wl_source *source, struct wl_request *out, size_t cap)
{
    size_t total = 0, n;
    do {
        assert_int_equal(
            wl_source_next(source, out + total, cap - total < 37 ? cap - total : 37, &n, NULL),
            FORE_E_OK);
        total += n;
    } while (n > 0 && total < cap);
    for (size_t i = 1; i < total; i++)
        assert_true(out[i].t >= out[i - 1].t);
    return total;
}

static struct wl_request input[1000], output[MANY];

static struct test_requests thousand(fore_ns apart)
{
    for (uint32_t i = 0; i < 1000; i++)
        input[i] = (struct wl_request){.t = i * apart, .key = i};
    return (struct test_requests){.request = input, .count = 1000};
}

static void merge_keeps_order_and_names_the_source(void **state)
{
    struct wl_request a[] = {{.t = 1}, {.t = 5}, {.t = 9}}, b[] = {{.t = 0}, {.t = 5}};
    struct test_requests left = {.request = a, .count = 3}, right = {.request = b, .count = 2};
    struct wl_source both[] = {test_requests_source(&left), test_requests_source(&right)};
    struct wl_source all = wl_combine_merge(both, 2);
    static const uint32_t tags[] = {1, 0, 0, 1, 0};
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(read_all(&all, output, MANY), 5);
        for (int i = 0; i < 5; i++)
            assert_int_equal(output[i].tag, tags[i]);
        assert_int_equal(wl_source_rewind(&all, NULL), FORE_E_OK);
    }
    wl_source_close(&all);
    assert_true(left.closed && right.closed);
}

static void multiplied_records_are_spread_up_to_the_next_one(void **state)
{
    struct test_requests in = thousand(FORE_SEC);
    struct wl_source ten = wl_combine_scale(test_requests_source(&in), 10, 1);
    assert_int_equal(read_all(&ten, output, MANY), 10000);
    double offset = 0;
    for (size_t i = 0; i < 9990; i++) {
        fore_ns own = output[i].key * FORE_SEC;
        assert_true(output[i].t >= own && output[i].t <= own + FORE_SEC);
        offset += (double)(output[i].t - own) / (double)FORE_SEC;
    }
    expect_near(offset / 9990, 0.45, 0.02); /* nine of ten even over the gap, one at its start */
    wl_source_close(&ten);
    assert_true(in.closed);
}

static void records_of_one_second_are_spread_together(void **state)
{
    struct test_requests in = thousand(0);
    input[999].t = 10 * FORE_SEC;
    struct wl_source two = wl_combine_scale(test_requests_source(&in), 2, 1);
    assert_int_equal(read_all(&two, output, MANY), 2000);
    uint32_t late = 0;
    for (size_t i = 0; i < 1998; i++)
        late += output[i].t > 5 * FORE_SEC;
    expect_near((double)late, 500, 80);
    wl_source_close(&two);
}

static void scaling_by_a_fraction_is_by_chance(void **state)
{
    struct test_requests in = thousand(FORE_SEC);
    struct wl_source some = wl_combine_scale(test_requests_source(&in), 1.5, 1);
    expect_near((double)read_all(&some, output, MANY), 1500, 80);
    wl_source_close(&some);
    in = thousand(FORE_SEC);
    some = wl_combine_scale(test_requests_source(&in), 0.25, 1);
    expect_near((double)read_all(&some, output, MANY), 250, 70);
    wl_source_close(&some);
}

static void thinning_keeps_its_share_and_repeats_after_rewind(void **state)
{
    struct test_requests in = thousand(FORE_SEC);
    struct wl_source thin = wl_combine_thin(test_requests_source(&in), 0.3, 1);
    size_t first = read_all(&thin, output, MANY);
    uint64_t key = output[100].key;
    expect_near((double)first, 300, 75);
    assert_int_equal(wl_source_rewind(&thin, NULL), FORE_E_OK);
    assert_int_equal(read_all(&thin, output, MANY), first);
    assert_int_equal(output[100].key, key);
    wl_source_close(&thin);
}

static void speed_shift_and_slice_change_times_only(void **state)
{
    struct test_requests in = thousand(FORE_SEC);
    struct wl_source s = wl_combine_speed(test_requests_source(&in), 10);
    s = wl_combine_slice(s, 20 * FORE_SEC, 30 * FORE_SEC);
    s = wl_combine_shift(s, 7 * FORE_SEC);
    assert_int_equal(read_all(&s, output, MANY), 300);
    assert_int_equal(output[0].key, 200);
    assert_true(output[0].t == 7 * FORE_SEC && output[299].t == 7 * FORE_SEC + 299 * FORE_SEC / 10);
    assert_int_equal(wl_source_rewind(&s, NULL), FORE_E_OK);
    assert_int_equal(read_all(&s, output, MANY), 300);
    wl_source_close(&s);
    assert_true(in.closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merge_keeps_order_and_names_the_source),
        cmocka_unit_test(multiplied_records_are_spread_up_to_the_next_one),
        cmocka_unit_test(records_of_one_second_are_spread_together),
        cmocka_unit_test(scaling_by_a_fraction_is_by_chance),
        cmocka_unit_test(thinning_keeps_its_share_and_repeats_after_rewind),
        cmocka_unit_test(speed_shift_and_slice_change_times_only),
    };
    return cmocka_run_group_tests_name("workloads/combine", tests, NULL, NULL);
}
