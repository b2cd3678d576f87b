#include "core/observe/hotkeys.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"

static void few_keys_are_counted_exactly(void **state)
{
    struct fore_hotkeys *hot = fore_hotkeys_create(8, 0);
    for (uint64_t i = 0; i < 8; i++)
        for (uint64_t times = 0; times <= i; times++)
            fore_hotkeys_add(hot, times, i * 1000, 2);
    struct fore_hotkey top[20];
    assert_int_equal(fore_hotkeys_top(hot, top, 20), 8);
    for (uint64_t i = 0; i < 8; i++) {
        assert_int_equal(top[i].position, (7 - i) * 1000);
        expect_near(top[i].count, 2.0 * (double)(8 - i), 0);
        expect_near(top[i].error, 0, 0);
    }
    expect_near(fore_hotkeys_total(hot), 72, 0);
    assert_int_equal(fore_hotkeys_top(hot, top, 3), 3);
    assert_int_equal(top[2].position, 5000);
    assert_int_equal(fore_hotkeys_top(hot, top, 0), 0);
    fore_hotkeys_destroy(hot);
}

static void a_newcomer_replaces_the_least(void **state)
{
    struct fore_hotkeys *hot = fore_hotkeys_create(2, 0);
    fore_hotkeys_add(hot, 0, 1, 10);
    fore_hotkeys_add(hot, 0, 2, 3);
    fore_hotkeys_add(hot, 0, 3, 1);
    struct fore_hotkey top[2];
    assert_int_equal(fore_hotkeys_top(hot, top, 2), 2);
    assert_int_equal(top[1].position, 3);
    expect_near(top[1].count, 4, 0);
    expect_near(top[1].error, 3, 0);
    fore_hotkeys_destroy(hot);
}

static void equal_counts_are_ordered_by_position(void **state)
{
    struct fore_hotkeys *hot = fore_hotkeys_create(16, 0);
    for (uint64_t i = 16; i-- > 0;)
        fore_hotkeys_add(hot, 0, i * 7 % 16, 1);
    struct fore_hotkey top[16];
    assert_int_equal(fore_hotkeys_top(hot, top, 16), 16);
    for (uint64_t i = 0; i < 16; i++)
        assert_int_equal(top[i].position, i);
    fore_hotkeys_destroy(hot);
}

static void weights_halve_every_half_life(void **state)
{
    struct fore_hotkeys *hot = fore_hotkeys_create(4, 10 * FORE_SEC);
    fore_hotkeys_add(hot, 0, 1, 64);
    fore_hotkeys_add(hot, 30 * FORE_SEC, 2, 1);
    struct fore_hotkey top[4];
    assert_int_equal(fore_hotkeys_top(hot, top, 4), 2);
    expect_near(top[0].count, 8, 1e-9);
    expect_near(fore_hotkeys_total(hot), 9, 1e-9);
    fore_hotkeys_add(hot, 370 * FORE_SEC, 2, 5); /* past a landmark */
    assert_int_equal(fore_hotkeys_top(hot, top, 4), 2);
    assert_int_equal(top[0].position, 2);
    expect_near(top[0].count, 5 + exp2(-34), 1e-12);
    expect_near(top[1].count, 64 * exp2(-37), 1e-15);
    fore_hotkeys_add(hot, UINT64_C(1) << 62, 3, 1); /* a century later all that is nothing */
    expect_near(fore_hotkeys_total(hot), 1, 1e-12);
    fore_hotkeys_destroy(hot);
}

static void memory_is_fixed_at_birth(void **state)
{
    struct fore_hotkeys *hot = fore_hotkeys_create(64, FORE_SEC);
    size_t bytes = fore_hotkeys_bytes(hot);
    for (uint64_t i = 0; i < 100000; i++)
        fore_hotkeys_add(hot, i * FORE_MS, i * i, 1);
    assert_int_equal(fore_hotkeys_bytes(hot), bytes);
    assert_true(bytes < 64 * 64);
    fore_hotkeys_destroy(hot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_keys_are_counted_exactly),
        cmocka_unit_test(a_newcomer_replaces_the_least),
        cmocka_unit_test(equal_counts_are_ordered_by_position),
        cmocka_unit_test(weights_halve_every_half_life),
        cmocka_unit_test(memory_is_fixed_at_birth),
    };
    return cmocka_run_group_tests_name("core/observe/hotkeys", tests, NULL, NULL);
}
