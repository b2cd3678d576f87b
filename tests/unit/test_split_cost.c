/* test_split_cost.c - what partitions cost: found, told, priced; and changes that only pay
 * together.
 */
#include "core/decide/split_cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/decide/whatif.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

static uint32_t planned(enum fore_move_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan.move_count; i++)
        count += plan.move[i].move.kind == kind;
    return count;
}

/* ---- what is found --------------------------------------------------------------------------- */

/* A window of a second: every partition asks for 50 ms, a node has a base and an overhead each. */
static void learn(struct fore_split_cost_watch *watch, double base, double overhead, int windows)
{
    struct fore_partition_sample partition[WORLD_PARTITIONS];
    struct fore_node_sample node[WORLD_NODES];
    memset(partition, 0, sizeof partition);
    memset(node, 0, sizeof node);
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        node[n] = (struct fore_node_sample){.up = true, .busy_ns = (uint64_t)(base * 1e9)};
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        partition[p].busy_read_ns = 40 * FORE_MS;
        partition[p].busy_write_ns = 10 * FORE_MS;
        node[world.topology.partition[p].replica[0]].busy_ns +=
            50 * FORE_MS + (uint64_t)(overhead * 1e9);
    }
    struct fore_sample sample = {.begin = 0,
                                 .end = FORE_SEC,
                                 .partition = partition,
                                 .node = node,
                                 .partition_count = WORLD_PARTITIONS,
                                 .node_count = WORLD_NODES};
    for (int i = 0; i < windows; i++)
        fore_split_cost_learn(watch, &sample, &world.topology, &world.arena);
}

static void hold_unlike_many(void)
{
    for (uint32_t p = 0; p < 3; p++) /* 1, 5, 5 and 5 of them */
        assert_int_equal(fore_topology_move(&world.topology, p, 0, (uint16_t)(p + 1)), FORE_E_OK);
}

static void the_overhead_is_found_beside_a_base_load(void **state)
{
    struct fore_split_cost_watch watch = {0};
    struct fore_split_cost told = {.overhead_share = 0.001, .pause_s = 1, .part_bytes_min = 7};
    hold_unlike_many();
    learn(&watch, 0.2, 0.004, 2000);
    struct fore_split_cost known = fore_split_cost_known(&watch, told);
    expect_near(known.overhead_share, 0.004, 0.0003); /* the base of 20 % is not taken for it */
    assert_true(known.pause_s == 1 && known.part_bytes_min == 7);
    learn(&watch, 0.2, 0.002, 4000); /* and followed when it changes */
    expect_near(fore_split_cost_known(&watch, told).overhead_share, 0.002, 0.0003);
}

static void what_was_told_stands_while_nothing_speaks_against_it(void **state)
{
    struct fore_split_cost_watch watch = {0};
    struct fore_split_cost told = {.overhead_share = 0.001}, free = {0};
    assert_true(fore_split_cost_known(&watch, told).overhead_share == 0.001);
    learn(&watch, 0.2, 0.004, 2000); /* every node holds four: no slope to be seen */
    expect_near(fore_split_cost_known(&watch, told).overhead_share, 0.001, 1e-9);
    hold_unlike_many();
    learn(&watch, 0.2, 0.004, 1);
    expect_near(fore_split_cost_known(&watch, told).overhead_share, 0.001, 0.0002);
    learn(&watch, 0.2, 0.004, 2000);
    assert_true(fore_split_cost_known(&watch, free).overhead_share == 0); /* told it is free */
}

static void estimated_loads_are_no_evidence(void **state)
{
    struct fore_split_cost_watch watch = {0};
    struct fore_sample sample = {.end = FORE_SEC, .load_is_estimate = true};
    fore_split_cost_learn(&watch, &sample, &world.topology, &world.arena);
    assert_true(watch.count == 0);
}

/* ---- what it does to a picture --------------------------------------------------------------- */

static void replicas_weigh_on_their_node(void **state)
{
    struct fore_load load = {.topology = &world.topology,
                             .term = {{.scenario = &world.forecast, .weight = 1}},
                             .term_count = 1,
                             .limit = 0.85,
                             .spread = 0.03,
                             .replica_overhead = 0.02};
    fore_load_build(&load, &world.arena, NULL, 0);
    expect_near(load.mean[0], 0.5 + 4 * 0.02, 1e-6);
    struct fore_load_change change = {.node = 0, .partition = 1, .from_s = 450, .replicas = 2};
    double asked = fore_load_cost_with(&load, 0, &change, 1);
    fore_load_apply(&load, &change, 1);
    expect_near(load.mean[1], 0.58 + 0.02, 1e-6); /* half of the second step */
    expect_near(load.mean[2], 0.58 + 0.04, 1e-6);
    expect_near(load.cost[0], asked, 1e-12);
    struct fore_load_pending moves = {.partition = 5, .from = 1, .to = 2, .share = 1, .due_s = 0};
    struct fore_load other = load;
    fore_load_build(&other, &world.arena, &moves, 1);
    expect_near(other.mean[1 * WORLD_STEPS], 3 * 0.145, 1e-6);
    expect_near(other.mean[2 * WORLD_STEPS], 5 * 0.145, 1e-6);
}

/* ---- what it does to plans ------------------------------------------------------------------- */

static void a_split_that_leaves_too_little_is_not_planned(void **state)
{
    ask_for_a_split();
    make_plan();
    assert_int_equal(planned(FORE_MOVE_SPLIT), 1);
    world.input.split_cost.part_bytes_min = (1u << 30) / 2 - (1u << 27);
    make_plan();
    assert_int_equal(planned(FORE_MOVE_SPLIT), 1);
    world.input.split_cost.part_bytes_min = (1u << 30) / 2 + (1u << 27);
    make_plan();
    assert_int_equal(planned(FORE_MOVE_SPLIT), 0);
}

static void a_split_must_pay_for_its_moment(void **state)
{
    ask_for_a_split();
    make_plan();
    assert_int_equal(planned(FORE_MOVE_SPLIT), 1);
    double gain = 0;
    for (uint32_t i = 0; i < plan.move_count; i++)
        if (plan.move[i].move.kind == FORE_MOVE_SPLIT) gain = plan.move[i].gain_s;
    world.input.split_cost.pause_s = 30;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        if (plan.move[i].move.kind == FORE_MOVE_SPLIT)
            expect_near(plan.move[i].gain_s, gain - 30, 1e-6);
    world.input.split_cost.pause_s = gain + 1;
    make_plan();
    assert_int_equal(planned(FORE_MOVE_SPLIT), 0);
}

static void a_heavy_overhead_makes_splits_not_worth_it(void **state)
{
    ask_for_a_split();
    world.input.split_cost.overhead_share = 0.001;
    make_plan();
    assert_int_equal(planned(FORE_MOVE_SPLIT), 1);
    world.input.split_cost.overhead_share = 0.05; /* the target has no room left for one more */
    make_plan();
    assert_int_equal(planned(FORE_MOVE_SPLIT), 0);
}

static void a_merge_must_be_worth_its_moment(void **state)
{
    for (uint32_t p = 0; p < 4; p++)
        world_set(&world, p, 0, 0.005);
    world.input.calm = true;
    world.input.baseline_partitions = WORLD_PARTITIONS - 1;
    make_plan();
    assert_int_equal(planned(FORE_MOVE_MERGE), 1); /* partitions are free: they clutter */
    world.input.split_cost.pause_s = 10;           /* 0.01 cores for 10 s wait */
    make_plan();
    assert_int_equal(planned(FORE_MOVE_MERGE), 0); /* for nothing */
    world.input.split_cost.overhead_share = 1e-5;
    make_plan();
    assert_int_equal(planned(FORE_MOVE_MERGE), 0); /* 0.036 core-seconds saved in an hour */
    world.input.split_cost.overhead_share = 1e-4;
    make_plan();
    assert_int_equal(planned(FORE_MOVE_MERGE), 1); /* 0.36 */
}

static void cold_neighbours_are_merged_to_relieve_their_node(void **state)
{
    crowd_every_node(0.05);
    for (uint32_t p = 1; p < 4; p++)
        world_set(&world, p, 0, 0.005);
    world_set(&world, 0, 0, 0.75);
    world.decide.moves = world.decide.splits = world.decide.replicas = false;
    world.input.baseline_partitions = WORLD_PARTITIONS - 3;
    world.input.split_cost.overhead_share = 0.03; /* 0.765 + 4 x 0.03: above the limit */
    make_plan();
    assert_true(planned(FORE_MOVE_MERGE) >= 1);
    assert_true(plan.violation_after_s < 0.8 * plan.violation_before_s);
    assert_true(plan.move[0].gain_s > 0);
    world.input.baseline_partitions = WORLD_PARTITIONS; /* what was there at the start stays */
    make_plan();
    assert_int_equal(planned(FORE_MOVE_MERGE), 0);
}

/* ---- changes that only pay together ---------------------------------------------------------- */

/* 1.2 cores of reads on a node of one; the others have 0.2 to spare. */
static void ask_for_a_hybrid(void)
{
    crowd_every_node(0.15);
    world_set(&world, 0, 0, 1.2);
    for (uint32_t p = 1; p < 4; p++)
        world_set(&world, p, 0, 0.001);
    for (uint32_t p = 0; p < 1; p++)
        world.observe->partition[p].write_share = 0;
    world.topology.partition[0].bytes /= 20;
    world_keys(&world, 0, 512, false);
    world.decide.replicas_max = 3;
}

static void a_part_is_cut_off_and_read_from_several_nodes(void **state)
{
    ask_for_a_hybrid();
    world.decide.hybrids = false;
    make_plan();
    double without = plan.violation_after_s;
    world.decide.hybrids = true;
    make_plan();
    struct fore_plan_move hybrid = {0};
    for (uint32_t i = 0; i < plan.move_count; i++)
        if (plan.move[i].then_copies > 0) hybrid = plan.move[i];
    assert_int_equal(hybrid.move.kind, FORE_MOVE_SPLIT);
    assert_int_equal(hybrid.then_copies, 2);
    assert_true(hybrid.gain_s > 0);
    assert_true(plan.violation_after_s < 0.5 * without);
    assert_non_null(strstr(plan.reason, "copies of"));
}

/* The dry run says what was priced, for every kind of change, and in both forms. */
static void the_dry_run_agrees_with_the_plan(void **state)
{
    struct fore_whatif *whatif = FORE_NEW(&world.arena, struct fore_whatif, 1);
    ask_for_a_hybrid();
    world.decide.cooldown = 0;
    for (int i = 0; i < 2; i++) {
        world.input.split_cost.overhead_share = i == 0 ? 0 : 0.003;
        make_plan();
        fore_whatif_explain(&world.input, &plan, 100, &world.arena, whatif);
        expect_near(whatif->violation_after_s, plan.violation_after_s,
                    1e-3 * plan.violation_before_s);
    }
    struct fore_buf text = {0}, json = {0};
    struct fore_json writer = fore_json_begin(&json, false);
    fore_whatif_print(whatif, &text);
    fore_json_object(&writer, NULL);
    fore_whatif_json(whatif, &writer);
    fore_json_object_end(&writer);
    assert_non_null(strstr(text.data, "2 more to read its hotter part from: node-00 -> node-0"));
    assert_non_null(strstr(json.data, "\"then_copies\":2"));
    fore_buf_fini(&text);
    fore_buf_fini(&json);
}

static void what_is_written_or_may_not_be_copied_is_no_hybrid(void **state)
{
    ask_for_a_hybrid();
    world.observe->partition[0].write_share = 0.5;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(plan.move[i].then_copies, 0);
    world.observe->partition[0].write_share = 0;
    world.input.caps = FORE_CAP_MOVE | FORE_CAP_SPLIT;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(plan.move[i].then_copies, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_overhead_is_found_beside_a_base_load),
        TEST(what_was_told_stands_while_nothing_speaks_against_it),
        TEST(estimated_loads_are_no_evidence),
        TEST(replicas_weigh_on_their_node),
        TEST(a_split_that_leaves_too_little_is_not_planned),
        TEST(a_split_must_pay_for_its_moment),
        TEST(a_heavy_overhead_makes_splits_not_worth_it),
        TEST(a_merge_must_be_worth_its_moment),
        TEST(cold_neighbours_are_merged_to_relieve_their_node),
        TEST(a_part_is_cut_off_and_read_from_several_nodes),
        TEST(the_dry_run_agrees_with_the_plan),
        TEST(what_is_written_or_may_not_be_copied_is_no_hybrid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
