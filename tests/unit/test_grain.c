/* What usually brings too much of a node is cut, the coarsest first, and is not merged again. */
#include "core/decide/grain.h"
#include "tests/support/near.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { HOT = 5, WARM = 9 };
static struct world world;
static double usual[WORLD_CAP];
static struct fore_plan plan;

static int begin(void **state)
{
    world_init(&world);
    for (uint32_t p = 0; p < WORLD_CAP; p++)
        usual[p] = 0.05;
    usual[HOT] = 0.4;
    usual[WARM] = 0.2;
    world.input.usual = usual;
    world.input.grain = 0.1;
    world_keys(&world, HOT, 200, false);
    world_keys(&world, WARM, 200, false);
    plan = (struct fore_plan){0};
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static void the_coarsest_are_cut_first_in_the_middle_of_their_load(void **state)
{
    const struct fore_partition *part = &world.topology.partition[HOT];
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 2);
    assert_int_equal(plan.move_count, 2);
    assert_int_equal(plan.move[0].move.partition, HOT);
    assert_int_equal(plan.move[1].move.partition, WARM);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
    assert_true(plan.move[0].for_grain);
    expect_near(plan.move[0].move.split_right_share, 0.5, 0.05);
    expect_near((double)(plan.move[0].move.split_at - part->first) /
                    (double)(part->last - part->first),
                0.5, 0.05);
    assert_non_null(strstr(plan.reason, "cut p5 and 1 more for the grain"));
    assert_null(fore_plan_fault(&plan));
    plan = (struct fore_plan){0};
    assert_int_equal(fore_grain_cut(&world.input, 1, &plan), 2); /* one now, the other later */
    assert_int_equal(plan.move_count, 1);
}

static void what_cannot_be_cut_is_not_waited_for(void **state)
{
    world_fini(&world);
    world_init(&world);
    world.input.usual = usual;
    world.input.grain = 0.1;
    world_keys(&world, HOT, 200, true); /* one key is all of it, ... */
    world_keys(&world, WARM, 10, true); /* ... or seems to be */
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 0);
    assert_int_equal(plan.move_count, 0);
}

static void of_what_was_busy_long_ago_the_middle_is_guessed(void **state)
{
    world_fini(&world);
    world_init(&world);
    world.input.usual = usual;
    world.input.grain = 0.1;
    const struct fore_partition *hot = &world.topology.partition[HOT];
    const struct fore_partition *warm = &world.topology.partition[WARM];
    uint64_t first = hot->first + 1000; /* ten requests are known, and of WARM none */
    for (uint64_t i = 0; i < 10; i++)
        fore_keyrange_add(world.observe->key_ranges, FORE_SEC, HOT, first + 100 * i, 1);
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 2);
    assert_int_equal(plan.move_count, 2);
    assert_int_equal(plan.move[0].move.partition, HOT);
    assert_int_equal(plan.move[0].move.split_at, first + 500);
    expect_near(plan.move[0].move.split_right_share, 0.5, 1e-12);
    assert_int_equal(plan.move[1].move.partition, WARM);
    expect_near((double)(plan.move[1].move.split_at - warm->first) /
                    (double)(warm->last - warm->first),
                0.5, 1e-9);
    assert_null(fore_plan_fault(&plan));
}

static void what_only_rests_is(void **state)
{
    world.busy[HOT] = true;
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 2);
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.partition, WARM);
}

static void nothing_is_cut_where_it_may_not_be(void **state)
{
    world.decide.partitions_max = WORLD_PARTITIONS;
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 0);
    world.decide.partitions_max = WORLD_PARTITIONS + 1;
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 2);
    assert_int_equal(plan.move_count, 1);
    plan = (struct fore_plan){0};
    world.decide.splits = false;
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 0);
    world.decide.splits = true;
    world.input.grain = 0;
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 0);
    world.input.grain = 0.1;
    world.topology.partition[HOT].replica_count = 2; /* its readers are spread by its copies */
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 1);
}

static void cold_neighbours_are_merged_unless_they_usually_are_not_cold(void **state)
{
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        world_set(&world, p, 0, 1e-4);
        usual[p] = 0.04;
    }
    world.input.calm = true;
    world.input.baseline_partitions = 1;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_MERGE);
    assert_false(fore_grain_keeps(&world.input, 0, 1));
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        usual[p] = 0.06;
    assert_true(fore_grain_keeps(&world.input, 0, 1));
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_int_equal(plan.move_count, 0);
}

static void strangers_are_not_merged_where_only_kin_may(void **state)
{
    uint32_t circle[WORLD_CAP];
    for (uint32_t p = 0; p < WORLD_CAP; p++)
        circle[p] = p;
    circle[2] = 3; /* parts of one: 2, 3 and 7 */
    circle[3] = 7;
    circle[7] = 2;
    world.forecast.kin = circle;
    for (uint32_t p = 0; p < WORLD_CAP; p++)
        usual[p] = 0;
    assert_false(fore_grain_keeps(&world.input, 0, 1));
    world.input.kin_only = true;
    assert_true(fore_grain_keeps(&world.input, 0, 1));
    assert_true(fore_grain_keeps(&world.input, 3, 4));
    assert_false(fore_grain_keeps(&world.input, 2, 3));
    assert_false(fore_grain_keeps(&world.input, 2, 7));
    world.input.usual = NULL; /* without grain it is nobody's concern */
    assert_false(fore_grain_keeps(&world.input, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_coarsest_are_cut_first_in_the_middle_of_their_load,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_cut_is_not_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(of_what_was_busy_long_ago_the_middle_is_guessed, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_only_rests_is, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_cut_where_it_may_not_be, begin, end),
        cmocka_unit_test_setup_teardown(cold_neighbours_are_merged_unless_they_usually_are_not_cold,
                                        begin, end),
        cmocka_unit_test_setup_teardown(strangers_are_not_merged_where_only_kin_may, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
