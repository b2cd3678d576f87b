/* Nothing is brought to a node that could not hold it; and one that will be too full sheds some. */
#include "core/decide/candidate.h"
#include "core/decide/whatif.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t GIB = UINT64_C(1) << 30;

static void limit(uint16_t node, double gib)
{
    world.topology.node[node].data_bytes_max = (uint64_t)(gib * (double)GIB);
}

static void trouble_on_node_0(void)
{
    for (uint32_t p = 0; p < 3; p++)
        world_set_forecast(&world, p, 6, 0.3);
}

static void no_move_goes_where_there_is_no_room(void **state)
{
    trouble_on_node_0();
    limit(1, 4.5); /* holds 4, and 90 % of it are 4.05 */
    limit(2, 4.5);
    make_plan();
    assert_true(plan.move_count >= 1);
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(plan.move[i].move.target, 3);
    limit(3, 4.5);
    make_plan();
    assert_int_equal(plan.move_count, 0);
    world.decide.node_fill_max = 1; /* half a GiB is left, and no partition fits in it */
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void what_is_chosen_takes_its_room(void **state)
{
    for (uint32_t p = 0; p < 8; p++) /* on nodes 0 and 1 */
        world_set_forecast(&world, p, 6, 0.25);
    world.slots[0] = world.slots[1] = world.slots[2] = world.slots[3] = 8;
    world.input.cluster_slots = 16;
    limit(2, 6 / 0.9); /* room for 2 */
    limit(3, 5 / 0.9); /* and for 1 */
    world.decide.splits = world.decide.replicas = world.decide.swaps = false;
    make_plan();
    uint32_t to[WORLD_NODES] = {0};
    for (uint32_t i = 0; i < plan.move_count; i++)
        to[plan.move[i].move.target]++;
    assert_true(to[2] >= 1 && to[2] <= 2);
    assert_true(to[3] <= 1);
}

static void moves_under_way_have_taken_theirs(void **state)
{
    trouble_on_node_0();
    limit(1, 4.1 / 0.9); /* full, not too full */
    limit(2, 4.1 / 0.9);
    limit(3, 5.1 / 0.9);
    make_plan();
    assert_true(plan.move_count >= 1); /* there is room for one */
    assert_int_equal(plan.move[0].move.target, 3);
    struct fore_load_pending coming = {
        .partition = 4, .from = 1, .to = 3, .share = 1, .due_s = 600};
    world.input.pending = &coming;
    world.input.pending_count = 1;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        if (plan.move[i].move.kind == FORE_MOVE_MOVE)
            assert_int_not_equal(plan.move[i].move.target, 3);
}

static void a_part_goes_where_the_whole_would_not_fit(void **state)
{
    ask_for_a_split();
    for (uint16_t n = 1; n < WORLD_NODES; n++)
        limit(n, 4.6 / 0.9);
    make_plan();
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
    for (uint16_t n = 1; n < WORLD_NODES; n++)
        limit(n, 4.4 / 0.9);
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_not_equal(plan.move[i].move.kind, FORE_MOVE_SPLIT);
}

static void a_node_that_is_too_full_sheds_the_least_that_helps(void **state)
{
    world.input.calm = true;
    world.slots[0] = 4;
    world.topology.partition[2].bytes = 2 * GIB; /* 5 on node 0 */
    limit(0, 4.8 / 0.9);                         /* 0.2 too many */
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_MOVE);
    assert_int_equal(plan.move[0].move.source, 0);
    assert_int_not_equal(plan.move[0].move.partition, 2);
    assert_non_null(strstr(plan.reason, "decide.node_fill_max"));
    limit(0, 3.5 / 0.9); /* 1.5: the large one, or two */
    make_plan();
    double gone = 0;
    for (uint32_t i = 0; i < plan.move_count; i++)
        gone += (double)world.topology.partition[plan.move[i].move.partition].bytes;
    assert_true(gone >= 1.5 * (double)GIB && gone <= 2.0 * (double)GIB);
}

static void it_sheds_before_it_is_full(void **state)
{
    static struct fore_size_outlook size[WORLD_CAP];
    for (uint32_t p = 0; p < WORLD_CAP; p++)
        size[p] = (struct fore_size_outlook){.known = true, .mean_bytes = (double)GIB};
    world.input.calm = true;
    world.input.size = size;
    limit(0, 4.8 / 0.9);
    make_plan();
    assert_int_equal(plan.move_count, 0);
    size[1].mean_bytes = 2.0 * (double)GIB; /* within the horizon */
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.source, 0);
}

static void why_not_names_the_room(void **state)
{
    trouble_on_node_0();
    for (uint16_t n = 1; n < WORLD_NODES; n++)
        limit(n, 4);
    world.slots[0] = 1;
    struct fore_whatif *out = FORE_NEW(&world.arena, struct fore_whatif, 1);
    make_plan();
    fore_whatif_explain(&world.input, &plan, 10, &world.arena, out);
    bool named = false;
    for (uint32_t i = 0; i < out->alternative_count; i++)
        named |= strstr(out->alternative[i].text, "room for its data") != NULL;
    assert_true(named);
}

/* Whatever is planned, no node is planned fuller than it may be by what comes. */
static void no_plan_overfills_a_node(void **state)
{
    uint32_t moved = 0;
    for (uint64_t trial = 0; trial < 300; trial++) {
        struct fore_rng rng = fore_rng_stream(trial, "room", 0);
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
            world_set_forecast(&world, p, fore_rng_below(&rng, 8), 0.1 + 0.3 * fore_rng_unit(&rng));
            world.topology.partition[p].bytes = GIB / 4 + fore_rng_below(&rng, (uint32_t)GIB);
            world_keys(&world, p, 64, false);
        }
        for (uint16_t n = 0; n < WORLD_NODES; n++) {
            limit(n, 3 + 2 * fore_rng_unit(&rng));
            world.slots[n] = 3;
        }
        world.input.cluster_slots = 8;
        world.decide.effort = trial % 2 ? 2000 : 0;
        make_plan();
        double held[WORLD_NODES] = {0}, came[WORLD_NODES] = {0};
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            held[p / 4] += (double)world.topology.partition[p].bytes;
        for (uint32_t i = 0; i < plan.move_count; i++) {
            const struct fore_move *m = &plan.move[i].move;
            if (m->kind != FORE_MOVE_MOVE && m->kind != FORE_MOVE_ADD_REPLICA) continue;
            if (plan.move[i].after != 0) continue; /* of a part, or back: less than what goes */
            came[m->target] += (double)world.topology.partition[m->partition].bytes;
            moved++;
        }
        for (uint16_t n = 0; n < WORLD_NODES; n++)
            if (came[n] > 0)
                assert_true(held[n] + came[n] <=
                            0.9 * (double)world.topology.node[n].data_bytes_max + 1);
    }
    assert_true(moved > 100);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(no_move_goes_where_there_is_no_room),
        T(what_is_chosen_takes_its_room),
        T(moves_under_way_have_taken_theirs),
        T(a_part_goes_where_the_whole_would_not_fit),
        T(a_node_that_is_too_full_sheds_the_least_that_helps),
        T(it_sheds_before_it_is_full),
        T(why_not_names_the_room),
        T(no_plan_overfills_a_node),
    };
    return cmocka_run_group_tests_name("core/decide/room", tests, NULL, NULL);
}
