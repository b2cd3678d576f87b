#include "core/decide/threshold.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct fore_thresholds thresholds;

static void compile(const char *text)
{
    struct fore_decide_options read = {0};
    assert_int_equal(fore_option_set((struct fore_option_binding){&fore_decide_section, &read},
                                     &world.arena, "thresholds", text, "test", NULL),
                     FORE_E_OK);
    assert_int_equal(
        fore_threshold_compile(&read.thresholds, &world.topology, &world.arena, &thresholds, NULL),
        FORE_E_OK);
}

static double of(uint32_t partition, bool wanted_named)
{
    bool named;
    double at = fore_threshold_of(&thresholds, &world.topology, partition, 0.1, &named);
    assert_int_equal(named, wanted_named);
    return at;
}

static void what_says_more_wins(void **state)
{
    compile("t:3=0.9, 0%..25%=0.5, *=0.2");
    expect_near(of(3, true), 0.9, 1e-12);
    expect_near(of(2, true), 0.5, 1e-12);
    expect_near(of(4, false), 0.2, 1e-12);
    compile("t=0.3, p4=0, *=0.2");
    expect_near(of(4, true), 0, 1e-12);
    expect_near(of(5, true), 0.3, 1e-12);
    compile("");
    expect_near(of(5, false), 0.1, 1e-12);
}

static void zero_is_always_and_one_is_never(void **state)
{
    assert_true(fore_threshold_reached(0, 0));
    assert_false(fore_threshold_reached(1, 1));
    assert_true(fore_threshold_reached(0.5, 0.5));
    assert_false(fore_threshold_reached(0.5, 0.49));
}

static void a_held_partition_is_not_touched_for_load(void **state)
{
    uint8_t held[WORLD_CAP] = {0};
    for (uint32_t p = 0; p < 3; p++)
        world_set_forecast(&world, p, 6, 0.3);
    held[0] = held[1] = FORE_HOLD_BELOW;
    held[2] = FORE_HOLD_NEVER;
    world.input.partition_held = held;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_true(plan.move[i].move.partition > 2);
    held[1] = FORE_HOLD_NONE;
    make_plan();
    assert_true(plan.move_count > 0);
    assert_int_equal(plan.move[0].move.partition, 1);
}

static void never_is_neither_merged_nor_thinned_out(void **state)
{
    uint8_t held[WORLD_CAP] = {0};
    assert_int_equal(fore_topology_add_replica(&world.topology, 0, 2), FORE_E_OK);
    world.input.calm = true;
    world.input.partition_held = held;
    held[0] = FORE_HOLD_NEVER;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    held[0] = FORE_HOLD_BELOW;
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_DROP_REPLICA);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_says_more_wins),
        T(zero_is_always_and_one_is_never),
        T(a_held_partition_is_not_touched_for_load),
        T(never_is_neither_merged_nor_thinned_out),
    };
    return cmocka_run_group_tests_name("core/decide/threshold", tests, NULL, NULL);
}
