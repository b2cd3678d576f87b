/* What will hold more than it may is cut in time, where its keys are, and nothing is merged that
 * would. */
#include "core/decide/size_split.h"
#include "tests/support/near.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { HOT = 5 };
static const double GIB = 1 << 30;
static struct world world;
static struct fore_size_outlook size[WORLD_CAP];
static struct fore_plan plan;

static int begin(void **state)
{
    world_init(&world);
    world.decide.size_max = UINT64_C(2) << 30;
    for (uint32_t p = 0; p < WORLD_CAP; p++)
        size[p] = (struct fore_size_outlook){.now_bytes = GIB,
                                             .mean_bytes = GIB,
                                             .grown_bytes = GIB,
                                             .max_bytes = 2 * GIB,
                                             .when_s = 3600};
    world.input.size = size;
    world.input.calm = true;
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static void will_pass(uint32_t p, double probability, double when_s)
{
    size[p].probability = probability;
    size[p].when_s = when_s;
    size[p].rate = 0.2 * GIB / 600;
    size[p].now_bytes = 1.7 * GIB;
}

static void plan_it(void)
{
    fore_planner_plan(&world.input, &world.arena, &plan);
}

static uint32_t splits(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan.move_count; i++)
        count += plan.move[i].move.kind == FORE_MOVE_SPLIT;
    return count;
}

/* Positions of writes that only ever grow, up to `share` of the partition's range. */
static uint64_t inserts_up_to(uint32_t p, double share)
{
    const struct fore_partition *part = &world.topology.partition[p];
    struct fore_frontier *frontier = world.observe->frontier;
    uint64_t step = (part->last - part->first) / 1000000, at = part->first;
    at += (uint64_t)(share * (double)(part->last - part->first)) - 500 * step;
    for (uint64_t w = 1; w <= 50; w++) {
        for (int i = 0; i < 10; i++)
            fore_frontier_note(frontier, p, at += step);
        fore_frontier_close(frontier, w * 10 * FORE_SEC);
    }
    return at;
}

static void a_calm_cluster_is_left_alone(void **state)
{
    plan_it();
    assert_int_equal(plan.move_count, 0);
    will_pass(HOT, 0.79, 600); /* size_risk is 0.8 */
    plan_it();
    assert_int_equal(plan.move_count, 0);
}

static void one_that_will_pass_its_ceiling_is_cut_in_the_middle(void **state)
{
    const struct fore_partition *part = &world.topology.partition[HOT];
    will_pass(HOT, 0.9, 600);
    plan_it();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
    assert_int_equal(plan.move[0].move.partition, HOT);
    assert_true(plan.move[0].for_size);
    assert_int_equal(plan.move[0].move.split_at, part->first + (part->last - part->first) / 2 + 1);
    expect_near(plan.move[0].move.split_right_share, 0.5, 1e-9);
    expect_near(plan.move[0].bytes, 0, 0);
    assert_non_null(strstr(plan.reason, "split p5 in the middle of its keys, for its size"));
    assert_non_null(strstr(plan.reason, "P 0.90"));
    assert_null(fore_plan_fault(&plan));
}

static void without_a_ceiling_nothing_is(void **state)
{
    will_pass(HOT, 1, 0);
    world.input.size = NULL;
    plan_it();
    assert_int_equal(plan.move_count, 0);
}

/* The middle is that of keys: what is asked for most does not draw it. */
static void the_cut_is_by_keys_and_not_by_load(void **state)
{
    const struct fore_partition *part = &world.topology.partition[HOT];
    uint64_t width = part->last - part->first;
    world_keys(&world, HOT, 60, false);
    for (int i = 0; i < 2000; i++) /* nearly all of the load lies at a tenth */
        fore_keyrange_add(world.observe->key_ranges, FORE_SEC, HOT, part->first + width / 10, 1);
    will_pass(HOT, 0.9, 600);
    plan_it();
    assert_int_equal(splits(), 1);
    double at = (double)(plan.move[0].move.split_at - part->first) / (double)width;
    expect_near(at, 0.5, 0.05);
    assert_true(plan.move[0].move.split_right_share < 0.1); /* of the load */
    assert_true(plan.move[0].move.split_right_share >= 0.01);
}

static void keys_above_the_last_one_seen_are_not_there(void **state)
{
    const struct fore_partition *part = &world.topology.partition[HOT];
    uint64_t width = part->last - part->first;
    for (uint64_t i = 0; i < 300; i++)
        fore_keyrange_add(world.observe->key_ranges, FORE_SEC, HOT,
                          part->first + width / 4 / 300 * i, 1);
    will_pass(HOT, 0.9, 600);
    plan_it();
    double at = (double)(plan.move[0].move.split_at - part->first) / (double)width;
    expect_near(at, 0.125, 0.01);
}

/* 1.7 of 2 GiB, 0.2 in ten minutes: at 90 % in five. */
static void inserts_in_order_are_cut_off_where_it_will_be_nearly_full(void **state)
{
    uint64_t head = inserts_up_to(HOT, 0.4);
    struct fore_insertion in;
    assert_true(fore_frontier_of(world.observe->frontier, HOT, &in));
    will_pass(HOT, 0.9, 900);
    plan_it();
    assert_int_equal(splits(), 1);
    expect_near((double)(plan.move[0].move.split_at - head) / (in.keys_per_sec * 300), 1, 0.01);
    expect_near(plan.move[0].move.split_right_share, 0.01, 1e-9);
    assert_non_null(strstr(plan.reason, "ahead of its inserts"));
}

static void what_is_nearly_full_already_is_halved_all_the_same(void **state)
{
    const struct fore_partition *part = &world.topology.partition[HOT];
    uint64_t head = inserts_up_to(HOT, 0.4);
    will_pass(HOT, 1, 60);
    size[HOT].now_bytes = 1.95 * GIB;
    plan_it();
    assert_int_equal(splits(), 1);
    uint64_t at = plan.move[0].move.split_at;
    expect_near((double)(at - part->first) / (double)(head - part->first), 0.5, 0.01);
}

static void the_most_urgent_goes_first_and_no_more_than_may_be(void **state)
{
    for (uint32_t p = 0; p < 12; p++)
        will_pass(p, 0.95, 3000 - 100 * p);
    plan_it();
    assert_int_equal(plan.move_count, world.decide.moves_per_plan);
    assert_int_equal(plan.move[0].move.partition, 11);
    assert_int_equal(plan.move[1].move.partition, 10);
    world.decide.partitions_max = WORLD_PARTITIONS + 3;
    plan_it();
    assert_int_equal(splits(), 3);
}

static void what_moves_or_is_held_is_not_cut(void **state)
{
    uint8_t held[WORLD_CAP] = {[HOT] = FORE_HOLD_BELOW};
    will_pass(HOT, 1, 0);
    world.busy[HOT] = true;
    plan_it();
    assert_int_equal(plan.move_count, 0);
    world.busy[HOT] = false;
    world.input.partition_held = held;
    plan_it();
    assert_int_equal(plan.move_count, 0);
    held[HOT] = FORE_HOLD_NONE;
    plan_it();
    assert_int_equal(splits(), 1);
}

static void refused(const char *with)
{
    const char *no = fore_size_split_refusal(&world.input, HOT);
    assert_non_null(no);
    assert_non_null(strstr(no, with));
    plan_it();
    assert_int_equal(splits(), 0);
}

static void what_cannot_be_cut_says_why(void **state)
{
    will_pass(HOT, 1, 0);
    assert_null(fore_size_split_refusal(&world.input, HOT));
    world.decide.splits = false;
    refused("decide.splits");
    world.decide.splits = true;
    world.input.caps = FORE_CAP_MOVE;
    refused("the cluster cannot");
    world.input.caps = FORE_CAP_MOVE | FORE_CAP_SPLIT;
    world.decide.partitions_max = WORLD_PARTITIONS;
    refused("no more partitions");
    world.decide.partitions_max = 0;
    world.input.split_cost.part_bytes_min = UINT64_C(1) << 30;
    refused("smaller than the cluster allows");
    world.input.split_cost.part_bytes_min = 0;
    world.topology.partition[HOT].apart = 1;
    refused("columns");
    world.topology.partition[HOT].apart = 0;
    world_keys(&world, HOT, 100, true);
    refused("one key");
    struct fore_partition *part = &world.topology.partition[HOT];
    part->last = part->first;
    refused("one key");
}

static void what_would_be_cut_again_is_not_merged(void **state)
{
    world.input.baseline_partitions = 4; /* the others came from splits */
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set(&world, p, 0, 0.0001);
    plan_it();
    assert_int_equal(plan.move_count, 0); /* a gigabyte each: more than half of two */
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        size[p].grown_bytes = 0.49 * GIB;
    plan_it();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_MERGE);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        size[p].grown_bytes = 0.51 * GIB; /* now, or when its growth has gone on */
    plan_it();
    assert_int_equal(plan.move_count, 0);
    world.input.size = NULL;
    plan_it();
    assert_int_equal(plan.move_count, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_calm_cluster_is_left_alone),
        T(one_that_will_pass_its_ceiling_is_cut_in_the_middle),
        T(without_a_ceiling_nothing_is),
        T(the_cut_is_by_keys_and_not_by_load),
        T(keys_above_the_last_one_seen_are_not_there),
        T(inserts_in_order_are_cut_off_where_it_will_be_nearly_full),
        T(what_is_nearly_full_already_is_halved_all_the_same),
        T(the_most_urgent_goes_first_and_no_more_than_may_be),
        T(what_moves_or_is_held_is_not_cut),
        T(what_cannot_be_cut_says_why),
        T(what_would_be_cut_again_is_not_merged),
    };
    return cmocka_run_group_tests_name("core/decide/size_split", tests, NULL, NULL);
}
