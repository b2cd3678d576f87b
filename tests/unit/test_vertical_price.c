/* What a split by column is said to gain, against a tally of every query by hand; and, where none
 * is made, the reason that is given. */
#include "tests/support/near.h"
#include "tests/support/wide_world.h"

#include "core/cluster/topology_columns.h"
#include "core/decide/vertical.h"
#include "core/decide/whatif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct fore_plan plan;
static struct fore_whatif whatif;

static void make_plan(void)
{
    fore_planner_plan(&world.input, &world.arena, &plan);
}

/* Only splits by column may help: node 0 is in trouble, its partition 0 is the heaviest. */
static void heat(void)
{
    world.decide.moves = world.decide.splits = world.decide.replicas = false;
    world_set(&world, 0, 0, 0.7);
}

/* ---- the gain ---- */

struct tally { /* of queries asked one by one, as a store with two parts would read for them */
    double whole, parts, work, both, queries;
};

static void ask(struct tally *tally, uint64_t columns, uint32_t times, double byte_cost)
{
    const double row = 8 + 6 * 10 + 2 * 1000, part[2] = {8 + 2 * 1000, 8 + 6 * 10};
    bool needs[2] = {(columns & WIDE) != 0, (columns & NARROW) != 0};
    see(0, columns, times);
    for (uint32_t i = 0; i < times; i++) {
        tally->queries += 1;
        tally->whole += row;
        for (int k = 0; k < 2; k++) {
            if (!needs[k]) continue;
            tally->parts += part[k];
            tally->work += 1 - byte_cost + byte_cost * part[k] / row;
        }
        tally->both += needs[0] && needs[1];
    }
}

static void bytes_saved_and_the_price_of_spanning_add_up_query_by_query(void **state)
{
    for (uint32_t both = 0; both <= 30; both += 5) {
        struct tally tally = {0};
        (void)end(NULL);
        (void)begin(NULL);
        ask(&tally, NARROW, 80, 0.6);
        ask(&tally, WIDE, 20, 0.6);
        ask(&tally, ALL, both, 0.6);
        struct fore_vertical v =
            fore_vertical_of(world.observe->columns, 0, &world.topology.table[0], 0.6, NARROW);
        expect_near(v.bytes, tally.parts / tally.whole, 1e-9);
        expect_near(v.base + v.apart, tally.work / tally.queries, 1e-9);
        expect_near(v.spanning, tally.both / tally.queries, 1e-9);
    }
}

/* What the plan promises is the violation it takes away, less the price of what it copies. */
static void the_gain_is_violation_saved_less_the_price_of_the_bytes_that_travel(void **state)
{
    double last = 1e300;
    for (uint32_t both = 0; both <= 20; both += 10) {
        struct tally tally = {0};
        (void)end(NULL);
        (void)begin(NULL);
        heat();
        ask(&tally, NARROW, 80, 0.6);
        ask(&tally, WIDE, 20, 0.6);
        ask(&tally, ALL, both, 0.6);
        make_plan();
        assert_int_equal(plan.move_count, 1);
        const struct fore_plan_move *m = &plan.move[0];
        assert_int_equal(m->move.kind, FORE_MOVE_VERTICAL_SPLIT);
        assert_int_equal(m->move.partition, 0);
        double share = 68.0 / (68 + 2008), price = 20 * share;
        expect_near(m->bytes, share * (1 << 30), 1);
        expect_near(m->gain_s, plan.violation_before_s - plan.violation_after_s - price, 1e-6);
        expect_near((double)(m->move.load_base + m->move.load_apart), tally.work / tally.queries,
                    1e-6);
        assert_true(m->gain_s < last); /* queries that span both eat it up */
        last = m->gain_s;
    }
    see(0, ALL, 400);
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

/* ---- the reasons ---- */

static const struct fore_whatif_alternative *said(void)
{
    make_plan();
    fore_whatif_explain(&world.input, &plan, 100, &world.arena, &whatif);
    for (uint32_t i = 0; i < whatif.alternative_count; i++)
        if (whatif.alternative[i].kind == FORE_MOVE_VERTICAL_SPLIT &&
            whatif.alternative[i].partition == 0)
            return &whatif.alternative[i];
    return NULL;
}

static void expect_reason(enum fore_whatif_why why, const char *words)
{
    const struct fore_whatif_alternative *a = said();
    if (a == NULL) {
        fail_msg("\"%s\" is not said", words);
        return;
    }
    if (a->why != why || strstr(a->text, words) == NULL)
        fail_msg("%s: %s", fore_whatif_why_text(a->why), a->text);
}

static void every_refusal_has_its_reason(void **state)
{
    heat();
    expect_reason(FORE_WHATIF_IMPOSSIBLE, "too few of its queries");
    see(0, ALL, 100);
    expect_reason(FORE_WHATIF_IMPOSSIBLE, "no cut reads less than whole rows");
    see(0, NARROW, 85); /* 5 % of the work: less than vertical_gain_min */
    expect_reason(FORE_WHATIF_TOO_DEAR, "of its queries span both parts");
    see(0, NARROW, 5000);
    assert_null(said()); /* it is what is planned */
    world.decide.partitions_max = WORLD_PARTITIONS;
    expect_reason(FORE_WHATIF_PARTITION_CAP, "partition cap reached");
    world.decide.partitions_max = 0;
    bool rest[WORLD_CAP] = {true};
    world.input.partition_columns_rest = rest;
    expect_reason(FORE_WHATIF_IMPOSSIBLE, "rests after a change");
    rest[0] = false;
    world.decide.move_price = 1000000 * FORE_SEC;
    world.decide.vertical_span = FORE_SEC; /* nor is it made to save work alone */
    expect_reason(FORE_WHATIF_TOO_DEAR, "at a price of");
    world.decide.move_price = 20 * FORE_SEC;
    world.baseline_replicas[0] = 2;
    assert_int_equal(fore_topology_add_replica(&world.topology, 0, 3), FORE_E_OK);
    expect_reason(FORE_WHATIF_IMPOSSIBLE, "it has copies");
}

static void one_of_a_pair_is_not_split_again(void **state)
{
    uint32_t sibling;
    heat();
    assert_int_equal(fore_topology_columns_split(&world.topology, 0, NARROW, 0.05, 0, &sibling),
                     FORE_E_OK);
    see(0, WIDE, 100);
    expect_reason(FORE_WHATIF_IMPOSSIBLE, "its columns lie apart already");
}

static void a_cluster_that_cannot_is_not_asked(void **state)
{
    heat();
    see(0, NARROW, 100);
    world.input.caps &= ~(uint32_t)FORE_CAP_VERTICAL;
    assert_null(said());
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(bytes_saved_and_the_price_of_spanning_add_up_query_by_query),
        T(the_gain_is_violation_saved_less_the_price_of_the_bytes_that_travel),
        T(every_refusal_has_its_reason),
        T(one_of_a_pair_is_not_split_again),
        T(a_cluster_that_cannot_is_not_asked),
    };
    return cmocka_run_group_tests_name("core/decide/vertical: price and refusals", tests, NULL,
                                       NULL);
}
