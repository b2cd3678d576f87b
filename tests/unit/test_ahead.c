#include "core/decide/ahead.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint64_t head, speed; /* keys a second: a partition in 6,000 s */

static int begin_later(void **state)
{
    (void)begin(state);
    world.input.now = 1000 * FORE_SEC;
    return 0;
}

/* Rows are made one after another in partition p, and only the newest are asked for. */
static void insert_into(uint32_t p)
{
    const struct fore_partition *part = &world.topology.partition[p];
    speed = (part->last - part->first) / 6000;
    for (uint64_t s = 10; s <= 1000; s += 10) {
        head = part->first + s * speed;
        for (uint64_t i = 0; i < 4; i++) {
            fore_frontier_note(world.observe->frontier, p, head - i);
            fore_keyrange_add(world.observe->key_ranges, s * FORE_SEC, p, head - i, 1);
        }
        fore_frontier_close(world.observe->frontier, s * FORE_SEC);
    }
}

static void look_for(double follow_s)
{
    world.input.arrivals = fore_ahead_list(world.observe, &world.topology, follow_s, &world.arena);
}
static void look(void)
{
    look_for(1800);
}

/* Partition 0 alone nearly fills a node, and node 3 has room for it. */
static void heat(void)
{
    world_set_forecast(&world, 0, 0, 0.7);
    for (uint32_t p = 12; p < 16; p++)
        world_set_forecast(&world, p, 0, 0.01);
}

static void a_head_is_found_with_where_it_comes_next(void **state)
{
    insert_into(5);
    look();
    assert_int_equal(world.input.arrivals.count, 1);
    const struct fore_arrival *a = fore_ahead_of(&world.input.arrivals, 5);
    assert_non_null(a);
    assert_null(fore_ahead_of(&world.input.arrivals, 6));
    assert_int_equal(a->next, 6);
    assert_true(a->head == head);
    expect_near(a->at_s, 5000, 100);
    assert_true(a->share > 0.9);
}

static void what_is_read_all_over_is_none(void **state)
{
    insert_into(5);
    fore_keyrange_forget(world.observe->key_ranges, 5);
    world_keys(&world, 5, 500, false); /* its writes are in order, its load is not with them */
    look_for(60);
    assert_int_equal(world.input.arrivals.count, 0);
}

static void it_is_cut_ahead_of_the_head_and_not_at_the_median(void **state)
{
    insert_into(0);
    heat();
    make_plan(); /* without knowing */
    assert_true(plan.move_count >= 1);
    assert_true(plan.move[0].move.kind != FORE_MOVE_SPLIT || plan.move[0].move.split_at <= head);
    look();
    make_plan();
    bool ahead = false;
    for (uint32_t i = 0; i < plan.move_count; i++) {
        const struct fore_move *move = &plan.move[i].move;
        if (move->kind != FORE_MOVE_SPLIT || move->partition != 0) continue;
        ahead = true;
        assert_true(move->split_at > head + 100 * speed); /* time to place what lies beyond */
        assert_true(move->split_at < head + 1000 * speed);
    }
    assert_true(ahead);
}

/* The second half of it: what lies ahead is empty and its forecast is nothing, yet it is moved. */
static void the_empty_range_is_placed_before_the_head_arrives(void **state)
{
    uint32_t right = FORE_PARTITION_NONE;
    insert_into(0);
    heat();
    uint64_t at = head + 300 * speed;
    assert_int_equal(fore_topology_split(&world.topology, 0, at, 0.01, &right), FORE_E_OK);
    fore_observe_split(world.observe, 0, right, at, 0.01);
    world_set_forecast(&world, right, 0, 0);
    world.forecast.partition_count = world.topology.partition_count;
    look();
    assert_int_equal(world.input.arrivals.count, 1);
    assert_int_equal(world.input.arrivals.item[0].next, right);
    expect_near(world.input.arrivals.item[0].at_s, 300, 10);
    make_plan();
    bool moved = false;
    for (uint32_t i = 0; i < plan.move_count; i++)
        moved |= plan.move[i].move.kind == FORE_MOVE_MOVE && plan.move[i].move.partition == right;
    assert_true(moved);
    assert_true(plan.violation_after_s < 0.5 * plan.violation_before_s);
}

/* Where the head is about to come the load comes too, though no forecast says so. */
static void a_node_that_a_head_comes_to_is_in_trouble(void **state)
{
    struct fore_load_pending pending[2 * FORE_AHEAD_STEPS];
    insert_into(3); /* of node 0; partition 4 is of node 1 */
    world_set_forecast(&world, 3, 0, 0.5);
    world.forecast_mean[4 * WORLD_STEPS] = 0.3f;
    world_set_forecast(&world, 4, 0, 0.3);
    look();
    assert_int_equal(fore_ahead_pending(&world.input.arrivals, &world.topology, 0, 3600, pending),
                     0); /* not so soon */
    assert_int_equal(fore_ahead_pending(&world.input.arrivals, &world.topology, 0, 6000, pending),
                     FORE_AHEAD_STEPS);
    assert_true(pending[0].by_itself && pending[0].from == 0 && pending[0].to == 1);
    double share = 0; /* not at once: what is read of older rows stays where they are */
    for (uint32_t k = 0; k < FORE_AHEAD_STEPS; k++) {
        share += pending[k].share;
        assert_true(k == 0 || pending[k].due_s > pending[k - 1].due_s);
    }
    expect_near(share, fore_ahead_of(&world.input.arrivals, 3)->share, 1e-9);
    assert_true(pending[0].share < share);
    pending[0].due_s = 900;
    pending[0].share = share;
    make_plan();
    double before_s = plan.violation_before_s;
    world.input.pending = pending;
    world.input.pending_count = 1;
    make_plan();
    assert_true(plan.violation_before_s > before_s + 500);
    assert_int_equal(plan.move[0].move.source, 1);
}

/* ---- partitions with copies -------------------------------------------------------------------
 */

static void copy_to(uint32_t p, uint16_t node)
{
    struct fore_partition *part = &world.topology.partition[p];
    part->replica[part->replica_count++] = node;
}

/* 0 is on nodes 0 and 1, nearly all reads, and its half nearly fills each; node 3 has room. */
static void heat_copies(void)
{
    copy_to(0, 1);
    world.observe->partition[0].write_share = 0.1;
    world_set_forecast(&world, 0, 0, 1.1);
    for (uint32_t p = 8; p < 12; p++)
        world_set_forecast(&world, p, 0, 0.2);
    for (uint32_t p = 12; p < 16; p++)
        world_set_forecast(&world, p, 0, 0.01);
}

static void a_partition_with_copies_is_cut_ahead_of_its_head_too(void **state)
{
    insert_into(0);
    heat_copies();
    look();
    assert_int_equal(world.input.arrivals.count, 1);
    make_plan();
    uint32_t cuts = 0;
    for (uint32_t i = 0; i < plan.move_count; i++) {
        const struct fore_move *move = &plan.move[i].move;
        if (move->kind != FORE_MOVE_SPLIT || move->partition != 0) continue;
        cuts++;
        assert_true(move->split_at > head + 100 * speed && move->split_at < head + 1000 * speed);
        assert_int_equal(move->target, 3);
        /* What is spared is what one copy brings: 0.55 of the load, and not all of it. */
        assert_true(plan.violation_before_s - plan.violation_after_s > 100);
    }
    assert_int_equal(cuts, 1);
}

static void every_copy_of_the_empty_range_can_be_placed(void **state)
{
    uint32_t right = FORE_PARTITION_NONE;
    insert_into(0);
    heat_copies();
    uint64_t at = head + 900 * speed;
    assert_int_equal(fore_topology_split(&world.topology, 0, at, 0.01, &right), FORE_E_OK);
    fore_observe_split(world.observe, 0, right, at, 0.01);
    world_set_forecast(&world, right, 0, 0);
    world.topology.partition[right].bytes = 1 << 20;
    world.forecast.partition_count = world.topology.partition_count;
    assert_int_equal(world.topology.partition[right].replica_count, 2);
    world.busy[0] = true; /* what it holds itself stays */
    for (uint32_t p = 8; p < 12; p++)
        world_set_forecast(&world, p, 0, 0.01); /* room on node 2, too */
    bool left[2] = {false, false}; /* nodes 0 and 1, one in each plan: a partition moves once */
    for (int round = 0; round < 2; round++) {
        look();
        make_plan();
        for (uint32_t i = 0; i < plan.move_count; i++) {
            const struct fore_move *move = &plan.move[i].move;
            if (move->kind != FORE_MOVE_MOVE || move->partition != right) continue;
            assert_true(move->source < 2 && move->target >= 2);
            left[move->source] = true;
            assert_int_equal(fore_topology_move(&world.topology, right, move->source, move->target),
                             FORE_E_OK);
        }
    }
    assert_true(left[0] && left[1]);
}

/* Load by node that comes in the end with the head, as shares of the old partition's. */
static void add_up(const struct fore_load_pending *pending, size_t count, double read,
                   uint32_t copies, double out[WORLD_NODES])
{
    double brings = read / copies + 1 - read;
    memset(out, 0, WORLD_NODES * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        if (pending[i].from != FORE_NODE_NONE) out[pending[i].from] -= brings * pending[i].share;
        if (pending[i].to != FORE_NODE_NONE)
            out[pending[i].to] += brings * (pending[i].share - pending[i].lost);
    }
}

static void each_copys_node_gets_what_a_copy_brings(void **state)
{
    struct fore_load_pending pending[FORE_AHEAD_MOVES];
    double node[WORLD_NODES];
    insert_into(3); /* on node 0; 4 is on node 1 */
    copy_to(3, 1);
    copy_to(3, 2);
    world.observe->partition[3].write_share = 0.4;
    look();
    double goes = fore_ahead_of(&world.input.arrivals, 3)->share;
    size_t count = fore_ahead_pending(&world.input.arrivals, &world.topology, 0, 6000, pending);
    add_up(pending, count, 0.6, 3, node); /* three copies of 0.6 each; then one with all of it */
    expect_near(node[0], -0.6 * goes, 1e-9);
    expect_near(node[1], (1 - 0.6) * goes, 1e-9);
    expect_near(node[2], -0.6 * goes, 1e-9);
    expect_near(node[3], 0, 1e-9);
    copy_to(4, 3); /* two against three */
    count = fore_ahead_pending(&world.input.arrivals, &world.topology, 0, 6000, pending);
    assert_true(count <= FORE_AHEAD_MOVES);
    add_up(pending, count, 0.6, 3, node);
    expect_near(node[0], -0.6 * goes, 1e-9);
    expect_near(node[1], (0.7 - 0.6) * goes, 1e-9);
    expect_near(node[2], -0.6 * goes, 1e-9);
    expect_near(node[3], 0.7 * goes, 1e-9);
}

/* The load model makes of it what was meant: the cost rises where load comes and nobody gives. */
static void load_that_only_comes_is_counted(void **state)
{
    struct fore_load_pending come = {.partition = 3,
                                     .from = FORE_NODE_NONE,
                                     .to = 1,
                                     .share = 1,
                                     .lost = -1, /* twice what the copy there brings */
                                     .due_s = 0,
                                     .by_itself = true};
    world_set_forecast(&world, 3, 0, 0.4);
    make_plan();
    double before_s = plan.violation_before_s;
    world.input.pending = &come;
    world.input.pending_count = 1;
    make_plan();
    assert_true(plan.violation_before_s > before_s + 500);
    come.to = FORE_NODE_NONE;
    come.from = 0;
    make_plan();
    assert_true(plan.violation_before_s <= before_s + 1e-9);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin_later, end)
    const struct CMUnitTest tests[] = {
        T(a_head_is_found_with_where_it_comes_next),
        T(what_is_read_all_over_is_none),
        T(it_is_cut_ahead_of_the_head_and_not_at_the_median),
        T(the_empty_range_is_placed_before_the_head_arrives),
        T(a_node_that_a_head_comes_to_is_in_trouble),
        T(a_partition_with_copies_is_cut_ahead_of_its_head_too),
        T(every_copy_of_the_empty_range_can_be_placed),
        T(each_copys_node_gets_what_a_copy_brings),
        T(load_that_only_comes_is_counted),
    };
    return cmocka_run_group_tests_name("decide/ahead", tests, NULL, NULL);
}
