/* Cuts of tables by column: the search against brute force, what a cut does, and when the planner
 * makes one, leaves it, and undoes it. */
#include "tests/support/near.h"
#include "tests/support/wide_world.h"

#include "core/base/rng.h"
#include "core/cluster/topology_columns.h"
#include "core/decide/column_cut.h"
#include "core/decide/vertical.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct fore_plan plan;

/* ---- the search ---- */

static double brute_cost(const struct fore_column_uses *uses, uint64_t apart)
{
    double width[2] = {uses->key_bytes, uses->key_bytes}, sum = 0;
    for (size_t c = 0; c < uses->columns; c++)
        width[apart >> c & 1] += uses->width[c];
    for (size_t i = 0; i < uses->patterns; i++) {
        bool there = (uses->pattern[i].columns & apart) != 0;
        bool here = (uses->pattern[i].columns & ~apart) != 0;
        sum += uses->pattern[i].queries * ((here ? width[0] : 0) + (there ? width[1] : 0) +
                                           (here && there ? uses->visit_bytes : 0));
    }
    return sum;
}

static void the_search_finds_what_trying_everything_finds(void **state)
{
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "cut", 0);
        double width[8];
        struct fore_column_pattern pattern[6];
        struct fore_column_uses uses = {.width = width,
                                        .columns = 2 + fore_rng_below(&rng, 7),
                                        .pattern = pattern,
                                        .patterns = 1 + fore_rng_below(&rng, 6),
                                        .key_bytes = 8,
                                        .visit_bytes = fore_rng_below(&rng, 300)};
        for (size_t c = 0; c < uses.columns; c++)
            width[c] = 1 + fore_rng_below(&rng, 500);
        for (size_t i = 0; i < uses.patterns; i++)
            pattern[i] = (struct fore_column_pattern){
                .columns = 1 + fore_rng_below(&rng, (1u << uses.columns) - 1),
                .queries = 1 + fore_rng_below(&rng, 100)};
        double best = HUGE_VAL;
        for (uint64_t apart = 0; apart < (UINT64_C(1) << uses.columns) - 1; apart++)
            best = fmin(best, brute_cost(&uses, apart));
        struct fore_column_cut cut = fore_column_cut_best(&uses, FORE_COLUMN_ATOMS);
        assert_true(cut.exact);
        expect_near(cut.after, best, 1e-9 * best);
        expect_near(brute_cost(&uses, cut.apart), best, 1e-9 * best);
        expect_near(cut.before, brute_cost(&uses, 0), 1e-9 * best);
        assert_true((cut.apart & 1) == 0);
        struct fore_column_cut coarse = fore_column_cut_best(&uses, 2);
        assert_true(coarse.atoms <= 2 && coarse.after >= best - 1e-9 * best);
    }
}

static void make_plan(void)
{
    fore_planner_plan(&world.input, &world.arena, &plan);
}

static void a_cut_is_judged_by_what_the_parts_do(void **state)
{
    const struct fore_table *table = &world.topology.table[0];
    see(3, NARROW, 80);
    see(3, WIDE, 10);
    see(3, ALL, 10);
    struct fore_vertical v = fore_vertical_best(world.observe->columns, 3, table, 0.6);
    double narrow = 68.0 / 2068, wide = 2008.0 / 2068;
    assert_true(v.known && v.columns == NARROW); /* the narrower group is the sibling */
    expect_near(v.apart, 0.9 * (0.4 + 0.6 * narrow), 1e-9);
    expect_near(v.base, 0.2 * (0.4 + 0.6 * wide), 1e-9);
    expect_near(v.bytes, 0.9 * narrow + 0.2 * wide, 1e-9);
    expect_near(v.spanning, 0.1, 1e-9);
    expect_near(v.data_share, narrow / (narrow + wide), 1e-9);
    struct fore_vertical same = fore_vertical_of(world.observe->columns, 3, table, 0.6, NARROW);
    expect_near(same.base, v.base, 0);
    struct fore_vertical bad = fore_vertical_of(world.observe->columns, 3, table, 0.6, 0x07);
    assert_true(bad.base + bad.apart > v.base + v.apart);
    assert_false(fore_vertical_best(world.observe->columns, 4, table, 0.6).known);
}

static void what_pays_depends_on_what_bytes_cost(void **state)
{
    const struct fore_table *table = &world.topology.table[0];
    see(0, NARROW, 50);
    see(0, ALL, 50);
    assert_true(fore_vertical_best(world.observe->columns, 0, table, 0).columns == 0);
    assert_true(fore_vertical_best(world.observe->columns, 0, table, 0.3).columns == 0);
    assert_true(fore_vertical_best(world.observe->columns, 0, table, 1).columns == NARROW);
    see(1, ALL, 100);
    assert_true(fore_vertical_best(world.observe->columns, 1, table, 1).columns == 0);
    see(2, 0, 100); /* not known which: as if all */
    assert_true(fore_vertical_best(world.observe->columns, 2, table, 1).columns == 0);
}

static void set_reads(uint32_t partition, double per_sec, double work)
{
    world.observe->partition[partition].requests_per_sec = per_sec;
    world.observe->partition[partition].load = per_sec * work;
}

static void the_cost_of_bytes_is_found_in_parts_of_rows(void **state)
{
    struct fore_vertical_cost cost = {0};
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        set_reads(p, 100, 0.001);
    fore_vertical_cost_learn(&cost, world.observe, &world.topology);
    expect_near(fore_vertical_cost_share(&cost, 0.6), 0.6, 1e-9); /* whole rows show nothing */
    uint32_t sibling;
    for (uint32_t p = 0; p < 8; p++) {
        assert_int_equal(fore_topology_columns_split(&world.topology, p, NARROW, 0.03, 0, &sibling),
                         FORE_E_OK);
        set_reads(sibling, 80, 0.001 * (0.8 + 0.2 * 68 / 2068));
        set_reads(p, 30, 0.001 * (0.8 + 0.2 * 2008 / 2068));
    }
    fore_vertical_cost_learn(&cost, world.observe, &world.topology);
    expect_near(cost.share, 0.2, 1e-6);
    double after_one = fore_vertical_cost_share(&cost, 0.6);
    assert_true(after_one > 0.2 && after_one < 0.25);
    for (int i = 0; i < 50; i++)
        fore_vertical_cost_learn(&cost, world.observe, &world.topology);
    assert_true(fore_vertical_cost_share(&cost, 0.6) < after_one);
    world.observe->partition[0].requests_per_sec = 0; /* nothing to divide by anywhere */
    struct fore_vertical_cost none = {0};
    for (uint32_t p = 0; p < world.topology.partition_count; p++)
        set_reads(p, 0, 0);
    fore_vertical_cost_learn(&none, world.observe, &world.topology);
    expect_near(fore_vertical_cost_share(&none, 0.6), 0.6, 1e-9);
}

/* ---- the planner ---- */

static void what_saves_reading_is_split_without_trouble(void **state)
{
    see(5, NARROW, 100);
    world.input.calm = true;
    make_plan();
    assert_int_equal(plan.move_count, 1);
    const struct fore_move *move = &plan.move[0].move;
    assert_int_equal(move->kind, FORE_MOVE_VERTICAL_SPLIT);
    assert_int_equal(move->partition, 5);
    assert_true(move->columns == NARROW && move->source == 1 && move->target == 1);
    assert_true(move->split_right_share > 0.02 && move->split_right_share < 0.05);
    assert_non_null(strstr(plan.reason, "columns {0-5}"));
    assert_non_null(strstr(plan.reason, "% less read"));
    assert_true(plan.move[0].bytes < 0.05 * (1 << 30));
}

static void no_split_is_made_that_must_not_be(void **state)
{
    world.input.calm = true;
    see(5, NARROW, 100);
    world.decide.vertical = false;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.decide.vertical = true;
    world.input.caps &= ~(uint32_t)FORE_CAP_VERTICAL;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.input.caps |= FORE_CAP_VERTICAL;
    world.busy[5] = true;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.busy[5] = false;
    bool rest[WORLD_CAP] = {[5] = true};
    world.input.partition_columns_rest = rest;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    rest[5] = false;
    world.slots[1] = 0;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.slots[1] = 1;
    world.decide.vertical_span = 10 * FORE_SEC; /* the copy takes longer to pay */
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.decide.vertical_span = 1800 * FORE_SEC;
    world.decide.vertical_gain_min = 0.9;
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.decide.vertical_gain_min = 0.15;
    world.baseline_replicas[5] = 2; /* or it would be dropped */
    assert_int_equal(fore_topology_add_replica(&world.topology, 5, 3), FORE_E_OK);
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void several_nodes_split_in_one_plan_and_each_takes_its_best(void **state)
{
    world.input.calm = true;
    see(1, NARROW, 100);
    see(2, NARROW, 60);
    see(2, ALL, 40); /* saves less */
    see(9, NARROW, 100);
    make_plan();
    assert_int_equal(plan.move_count, 2);
    assert_true(plan.move[0].move.partition == 1 || plan.move[0].move.partition == 9);
    assert_true(plan.move[1].move.partition == 1 || plan.move[1].move.partition == 9);
}

static void a_node_in_trouble_is_relieved_by_reading_less(void **state)
{
    for (uint32_t p = 0; p < 4; p++) {
        world_set_forecast(&world, p, 3, 0.3);
        see(p, NARROW, 100);
    }
    world.decide.moves = world.decide.splits = world.decide.replicas = false;
    make_plan();
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_VERTICAL_SPLIT);
    assert_true(plan.move[0].gain_s > 0);
    assert_true(plan.violation_after_s < plan.violation_before_s);
}

static uint32_t pair_up(uint32_t partition, uint64_t columns)
{
    uint32_t sibling;
    assert_int_equal(fore_topology_columns_split(&world.topology, partition, columns, 0.05,
                                                 world.topology.partition[partition].replica[0],
                                                 &sibling),
                     FORE_E_OK);
    world.baseline_replicas[sibling] = 1;
    world.forecast.partition_count = world.topology.partition_count;
    world_set_forecast(&world, sibling, 0, 0.05);
    return sibling;
}

static void a_split_that_queries_span_is_undone(void **state)
{
    uint32_t sibling = pair_up(6, NARROW);
    world.input.calm = true;
    see(6, ALL, 90);
    see(6, NARROW, 10);
    make_plan();
    assert_int_equal(plan.move_count, 1);
    const struct fore_move *move = &plan.move[0].move;
    assert_int_equal(move->kind, FORE_MOVE_VERTICAL_MERGE);
    assert_int_equal(move->partition, 6);
    assert_int_equal(move->other, sibling);
    assert_true(move->load_base + move->load_apart > 1);
    assert_non_null(strstr(plan.reason, "90 % of queries span both"));
    world.busy[sibling] = true;
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void a_better_cut_must_be_much_better(void **state)
{
    world.input.calm = true;
    (void)pair_up(6, 0x1f); /* one narrow column is missing from it */
    see(6, 0x1f, 95);
    see(6, NARROW, 5);
    make_plan();
    assert_int_equal(plan.move_count, 0); /* a little better is not enough */
    see(6, NARROW, 400);
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_VERTICAL_MERGE);
}

static void pairs_are_not_split_or_merged_by_key(void **state)
{
    (void)pair_up(0, NARROW);
    (void)pair_up(1, NARROW);
    world.input.baseline_partitions = 1;
    world.decide.merge_load_max = 1;
    for (uint32_t p = 0; p < world.topology.partition_count; p++)
        world_set_forecast(&world, p, 0, 0.001);
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_true(world.topology.partition[plan.move[i].move.partition].apart == 0);
    world_set_forecast(&world, 0, 0, 1.5);
    world_keys(&world, 0, 64, false);
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_not_equal(plan.move[i].move.kind, FORE_MOVE_SPLIT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_what_trying_everything_finds),
        TEST(a_cut_is_judged_by_what_the_parts_do),
        TEST(what_pays_depends_on_what_bytes_cost),
        TEST(the_cost_of_bytes_is_found_in_parts_of_rows),
        TEST(what_saves_reading_is_split_without_trouble),
        TEST(no_split_is_made_that_must_not_be),
        TEST(several_nodes_split_in_one_plan_and_each_takes_its_best),
        TEST(a_node_in_trouble_is_relieved_by_reading_less),
        TEST(a_split_that_queries_span_is_undone),
        TEST(a_better_cut_must_be_much_better),
        TEST(pairs_are_not_split_or_merged_by_key),
    };
    return cmocka_run_group_tests_name("decide: vertical", tests, NULL, NULL);
}
