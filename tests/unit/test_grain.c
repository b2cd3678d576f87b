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
    world_keys(&world, HOT, 200, true); /* one key is all of it, and nothing is known of WARM */
    assert_int_equal(fore_grain_cut(&world.input, 8, &plan), 0);
    assert_int_equal(plan.move_count, 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_coarsest_are_cut_first_in_the_middle_of_their_load,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_cut_is_not_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(what_only_rests_is, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_cut_where_it_may_not_be, begin, end),
        cmocka_unit_test_setup_teardown(cold_neighbours_are_merged_unless_they_usually_are_not_cold,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
