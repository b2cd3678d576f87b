/* Where there may be no more partitions: what the planner proposes, says, and gives back. */
#include "tests/support/near.h"
#include "tests/support/world.h"

#include "core/decide/whatif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct fore_plan plan;
static struct fore_whatif whatif;

static int begin(void **state)
{
    world_init(&world);
    world.decide.replicas = false;
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set(&world, p, 0, 0.12);
    world_set(&world, 0, 0, 0.75); /* two that no node has room for as they are */
    world_set(&world, 4, 0, 0.75);
    world_keys(&world, 0, 512, false);
    world_keys(&world, 4, 512, false);
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static uint32_t planned(enum fore_move_kind kind)
{
    uint32_t count = 0;
    fore_planner_plan(&world.input, &world.arena, &plan);
    for (uint32_t i = 0; i < plan.move_count; i++)
        count += plan.move[i].move.kind == kind;
    return count;
}

static void no_more_splits_are_planned_than_there_is_room_for(void **state)
{
    assert_int_equal(planned(FORE_MOVE_SPLIT), 2);
    world.decide.partitions_max = WORLD_PARTITIONS + 1;
    assert_int_equal(planned(FORE_MOVE_SPLIT), 1);
    world.input.partitions_coming = 1; /* under way: it will take the room */
    assert_int_equal(planned(FORE_MOVE_SPLIT), 0);
    world.decide.partitions_max = 0;
    world.input.partitions_coming = WORLD_CAP - WORLD_PARTITIONS - 1;
    assert_int_equal(planned(FORE_MOVE_SPLIT), 1);
}

static void a_cap_below_what_there_is_refuses_splits_and_nothing_else(void **state)
{
    world.decide.partitions_max = 1;
    assert_int_equal(fore_planner_split_room(&world.input), 0);
    assert_int_equal(planned(FORE_MOVE_SPLIT), 0);
    assert_true(plan.move_count > 0);
}

static void the_refusal_is_a_reason_of_its_own(void **state)
{
    bool said = false;
    world.decide.partitions_max = WORLD_PARTITIONS;
    (void)planned(FORE_MOVE_SPLIT);
    fore_whatif_explain(&world.input, &plan, 100, &world.arena, &whatif);
    for (uint32_t i = 0; i < whatif.alternative_count; i++) {
        const struct fore_whatif_alternative *a = &whatif.alternative[i];
        if (a->kind != FORE_MOVE_SPLIT || a->partition != 0) continue;
        assert_int_equal(a->why, FORE_WHATIF_PARTITION_CAP);
        assert_string_equal(a->text, "partition cap reached: 16 of 16, 0 of them under way");
        said = true;
    }
    assert_true(said);
    assert_string_equal(fore_whatif_why_text(FORE_WHATIF_PARTITION_CAP), "partition-cap");
}

/* In trouble and lately split: both kept them from being merged. Lately merged still does. */
static void cold_neighbours_make_room_when_it_is_needed(void **state)
{
    bool merged[WORLD_CAP] = {false};
    for (uint32_t p = 8; p < 12; p++) {
        world_set(&world, p, 0, p == 9 || p == 10 ? 0.001 : 0.004);
        world.rest[p] = true;
    }
    world.input.partition_merged = merged;
    world.input.baseline_partitions = 8;
    assert_int_equal(planned(FORE_MOVE_MERGE), 0);
    world.decide.partitions_max = WORLD_PARTITIONS;
    assert_int_equal(planned(FORE_MOVE_MERGE), 1); /* the coldest pair; then there is room again */
    const struct fore_plan_move *last = &plan.move[plan.move_count - 1];
    assert_int_equal(last->move.kind, FORE_MOVE_MERGE);
    assert_int_equal(last->move.partition, 9);
    assert_int_equal(last->move.other, 10);
    merged[9] = true;
    assert_int_equal(planned(FORE_MOVE_MERGE), 1);
    assert_int_equal(plan.move[plan.move_count - 1].move.partition, 10);
    world.input.baseline_partitions = WORLD_PARTITIONS;
    assert_int_equal(planned(FORE_MOVE_MERGE), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(no_more_splits_are_planned_than_there_is_room_for),
        T(a_cap_below_what_there_is_refuses_splits_and_nothing_else),
        T(the_refusal_is_a_reason_of_its_own),
        T(cold_neighbours_make_room_when_it_is_needed),
    };
    return cmocka_run_group_tests_name("core/decide/partition cap", tests, NULL, NULL);
}
