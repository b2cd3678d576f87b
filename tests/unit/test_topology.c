#include "core/cluster/topology.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Four partitions of 100 positions each from 1000 on, over three nodes, one replica each. */
struct world {
    struct fore_arena arena;
    struct fore_topology topology;
};

static struct fore_partition part(uint64_t first, uint64_t last, uint16_t node)
{
    return (struct fore_partition){
        .first = first, .last = last, .bytes = 1000, .replica_count = 1, .replica = {node}};
}

static int set_up(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    fore_arena_init(&world.arena);
    struct fore_topology *t = &world.topology;
    fore_topology_init(t, &world.arena, 3, 1, 8);
    for (uint32_t n = 0; n < 3; n++)
        t->node[n] = (struct fore_node){.name = "n", .cores = 2, .up = true};
    t->table[0] = (struct fore_table){.name = "orders", .first = 1000, .last = 1399};
    for (uint32_t i = 0; i < 4; i++) {
        struct fore_partition p = part(1000 + 100 * i, 1099 + 100 * i, (uint16_t)(i % 3));
        if (fore_topology_add(t, &p, NULL) != FORE_E_OK) return 1;
    }
    if (fore_topology_check(t, NULL) != FORE_E_OK) return 1;
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    fore_arena_fini(&world->arena);
    return 0;
}

static struct fore_topology *topology_of(void **state)
{
    struct world *world = *state;
    return &world->topology;
}

static void expect_check_fails_with(struct fore_topology *t, const char *words)
{
    struct fore_diag diag = {0};
    assert_int_equal(fore_topology_check(t, &diag), FORE_E_FORMAT);
    if (strstr(diag.text, words) == NULL) fail_msg("\"%s\" does not say \"%s\"", diag.text, words);
    assert_int_equal(fore_topology_find(t, 1000), FORE_PARTITION_NONE);
}

static void a_position_is_found_where_it_lies(void **state)
{
    struct fore_topology *t = topology_of(state);
    assert_int_equal(fore_topology_find(t, 1000), 0);
    assert_int_equal(fore_topology_find(t, 1099), 0);
    assert_int_equal(fore_topology_find(t, 1100), 1);
    assert_int_equal(fore_topology_find(t, 1399), 3);
    assert_int_equal(fore_topology_find_group(t, 1250, 0), 2);
}

static void outside_every_table_nothing_is_found(void **state)
{
    struct fore_topology *t = topology_of(state);
    assert_int_equal(fore_topology_find(t, 0), FORE_PARTITION_NONE);
    assert_int_equal(fore_topology_find(t, 999), FORE_PARTITION_NONE);
    assert_int_equal(fore_topology_find(t, 1400), FORE_PARTITION_NONE);
    assert_int_equal(fore_topology_find(t, UINT64_MAX), FORE_PARTITION_NONE);
    assert_int_equal(fore_topology_find_group(t, 1200, 1), FORE_PARTITION_NONE);
}

static void the_whole_range_of_positions_can_be_one_table(void **state)
{
    struct world *world = *state;
    struct fore_topology t;
    fore_topology_init(&t, &world->arena, 1, 1, 4);
    t.table[0] = (struct fore_table){.name = "t", .last = UINT64_MAX};
    struct fore_partition p = part(0, UINT64_MAX, 0);
    assert_int_equal(fore_topology_add(&t, &p, NULL), FORE_E_OK);
    assert_int_equal(fore_topology_check(&t, NULL), FORE_E_OK);
    uint32_t right = 0;
    assert_int_equal(fore_topology_split(&t, 0, UINT64_MAX, 0.5, &right), FORE_E_OK);
    assert_int_equal(fore_topology_find(&t, UINT64_MAX), right);
    assert_int_equal(fore_topology_find(&t, UINT64_MAX - 1), 0);
    assert_int_equal(fore_topology_right_of(&t, right), FORE_PARTITION_NONE);
}

static void column_groups_are_cut_on_their_own(void **state)
{
    struct world *world = *state;
    struct fore_topology t;
    fore_topology_init(&t, &world->arena, 2, 2, 16);
    t.table[0] = (struct fore_table){.name = "a", .first = 0, .last = 99, .column_groups = 2};
    t.table[1] = (struct fore_table){.name = "b", .first = 500, .last = 599};
    struct fore_partition p[] = {part(0, 99, 0), part(0, 49, 0), part(50, 99, 1),
                                 part(500, 599, 1)};
    p[1].column_group = p[2].column_group = 1;
    p[3].table = 1;
    for (size_t i = 0; i < FORE_COUNTOF(p); i++)
        assert_int_equal(fore_topology_add(&t, &p[i], NULL), FORE_E_OK);
    struct fore_diag diag = {0};
    if (fore_topology_check(&t, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    assert_int_equal(fore_topology_find(&t, 75), 0);
    assert_int_equal(fore_topology_find_group(&t, 75, 1), 2);
    assert_int_equal(fore_topology_find(&t, 550), 3);
    assert_int_equal(fore_topology_find(&t, 300), FORE_PARTITION_NONE);
    assert_int_equal(fore_topology_right_of(&t, 1), 2);
    assert_int_equal(fore_topology_right_of(&t, 0), FORE_PARTITION_NONE);
    uint32_t right = 0;
    assert_int_equal(fore_topology_split(&t, 2, 60, 0.5, &right), FORE_E_OK);
    assert_int_equal(fore_topology_find_group(&t, 75, 1), right);
    assert_int_equal(fore_topology_find(&t, 75), 0);
    assert_int_equal(fore_topology_check(&t, NULL), FORE_E_OK);
}

static void gaps_overlaps_and_strays_are_named(void **state)
{
    struct fore_topology *t = topology_of(state);
    struct fore_partition good = t->partition[1];
    t->partition[1].last = 1105;
    expect_check_fails_with(t, "gap");
    t->partition[1].last = 1205;
    expect_check_fails_with(t, "partitions 1 and 2 overlap at position 1200");
    t->partition[1] = good;
    t->partition[1].first = 2000;
    expect_check_fails_with(t, "behind its last");
    t->partition[1] = good;
    t->partition[1].table = 7;
    expect_check_fails_with(t, "table 7");
    t->partition[1] = good;
    t->partition[1].column_group = 1;
    expect_check_fails_with(t, "column group 1");
    t->partition[1] = good;
    assert_int_equal(fore_topology_check(t, NULL), FORE_E_OK);
}

static void a_table_that_is_not_covered_to_its_ends_is_refused(void **state)
{
    struct fore_topology *t = topology_of(state);
    t->table[0].last = 1500;
    expect_check_fails_with(t, "0 of 1");
    t->table[0].last = 1398;
    expect_check_fails_with(t, "\"orders\"");
    t->table[0].last = 1399;
    t->table[0].first = 999;
    expect_check_fails_with(t, "gap");
    t->table[0].first = 1400;
    expect_check_fails_with(t, "first position lies behind its last");
}

static void replicas_must_be_distinct_existing_nodes(void **state)
{
    struct fore_topology *t = topology_of(state);
    t->partition[2].replica[0] = 3;
    expect_check_fails_with(t, "node 3, but there are 3 nodes");
    t->partition[2].replica[0] = 1;
    t->partition[2].replica_count = 2;
    t->partition[2].replica[1] = 1;
    expect_check_fails_with(t, "two replicas on node 1");
    t->partition[2].replica_count = 0;
    expect_check_fails_with(t, "0 replicas");
    t->partition[2].replica_count = 9;
    expect_check_fails_with(t, "9 replicas");
}

static void a_split_takes_the_lowest_free_index_and_a_merge_frees_it(void **state)
{
    struct fore_topology *t = topology_of(state);
    uint32_t right = 99;
    uint64_t epoch = t->epoch;
    assert_int_equal(fore_topology_split(t, 1, 1150, 0.25, &right), FORE_E_OK);
    assert_int_equal(right, 4);
    assert_int_equal(t->partition[1].bytes, 750);
    assert_int_equal(t->partition[4].bytes, 250);
    assert_int_equal(fore_topology_find(t, 1150), 4);
    assert_int_equal(fore_topology_right_of(t, 1), 4);
    assert_int_equal(fore_topology_right_of(t, 4), 2);
    uint32_t life = t->partition[4].generation;
    assert_int_equal(fore_topology_merge(t, 1, 4), FORE_E_OK);
    assert_int_equal(t->partition_count, 4);
    assert_int_equal(t->partition[1].bytes, 1000);
    assert_int_equal(fore_topology_split(t, 0, 1001, 0, &right), FORE_E_OK);
    assert_int_equal(right, 4);
    assert_int_not_equal(t->partition[4].generation, life);
    assert_int_equal(t->epoch, epoch + 3);
    assert_int_equal(fore_topology_check(t, NULL), FORE_E_OK);
}

static void splits_stop_at_the_room_there_is(void **state)
{
    struct fore_topology *t = topology_of(state);
    for (uint64_t at = 1001; at < 1005; at++)
        assert_int_equal(fore_topology_split(t, 0, 1100 - (at - 1000), 0, NULL), FORE_E_OK);
    uint64_t epoch = t->epoch;
    assert_int_equal(fore_topology_split(t, 0, 1001, 0, NULL), FORE_E_RANGE);
    struct fore_partition p = part(0, 1, 0);
    assert_int_equal(fore_topology_add(t, &p, NULL), FORE_E_RANGE);
    assert_int_equal(t->epoch, epoch);
}

static void impossible_changes_change_nothing(void **state)
{
    struct fore_topology *t = topology_of(state);
    uint64_t epoch = t->epoch;
    assert_int_equal(fore_topology_split(t, 9, 1050, 0.5, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_split(t, 0, 1000, 0.5, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_split(t, 0, 1100, 0.5, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_split(t, 0, 1050, -0.1, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_split(t, 0, 1050, (double)NAN, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_merge(t, 0, 1), FORE_E_CONFLICT); /* other nodes */
    assert_int_equal(fore_topology_merge(t, 0, 0), FORE_E_CONFLICT);
    assert_int_equal(fore_topology_merge(t, 0, 3), FORE_E_CONFLICT); /* same node, no neighbour */
    assert_int_equal(fore_topology_merge(t, 0, 4), FORE_E_RANGE);
    assert_int_equal(fore_topology_move(t, 0, 1, 2), FORE_E_CONFLICT);
    assert_int_equal(fore_topology_move(t, 0, 0, 0), FORE_E_CONFLICT);
    assert_int_equal(fore_topology_move(t, 0, 0, 3), FORE_E_RANGE);
    assert_int_equal(fore_topology_move(t, 0, FORE_NODE_NONE, 1), FORE_E_RANGE);
    assert_int_equal(fore_topology_add_replica(t, 0, 0), FORE_E_CONFLICT);
    assert_int_equal(fore_topology_add_replica(t, 0, 3), FORE_E_RANGE);
    assert_int_equal(fore_topology_drop_replica(t, 0, 0), FORE_E_REFUSED);
    assert_int_equal(fore_topology_drop_replica(t, 0, 1), FORE_E_CONFLICT);
    assert_int_equal(t->epoch, epoch);
    assert_int_equal(fore_topology_check(t, NULL), FORE_E_OK);
}

static void a_move_keeps_the_rank_and_a_drop_promotes_the_next(void **state)
{
    struct fore_topology *t = topology_of(state);
    assert_int_equal(fore_topology_add_replica(t, 0, 1), FORE_E_OK);
    assert_true(fore_topology_hosts(t, 0, 1));
    assert_int_equal(fore_topology_move(t, 0, 0, 2), FORE_E_OK);
    assert_int_equal(t->partition[0].replica[0], 2);
    assert_int_equal(t->partition[0].replica[1], 1);
    assert_false(fore_topology_hosts(t, 0, 0));
    assert_int_equal(fore_topology_drop_replica(t, 0, 2), FORE_E_OK);
    assert_int_equal(t->partition[0].replica_count, 1);
    assert_int_equal(t->partition[0].replica[0], 1);
    assert_false(fore_topology_hosts(t, 99, 0));
}

static void a_merge_wants_the_same_replica_set_in_any_order(void **state)
{
    struct fore_topology *t = topology_of(state);
    assert_int_equal(fore_topology_add_replica(t, 0, 1), FORE_E_OK);
    assert_int_equal(fore_topology_merge(t, 0, 1), FORE_E_CONFLICT);
    assert_int_equal(fore_topology_add_replica(t, 1, 0), FORE_E_OK);
    assert_int_equal(fore_topology_merge(t, 0, 1), FORE_E_OK);
    assert_int_equal(t->partition[0].replica[0], 0);
    assert_int_equal(t->partition_count, 4); /* index 1 is a hole now */
    assert_int_equal(t->alive_count, 3);
    uint32_t right = 0;
    assert_int_equal(fore_topology_split(t, 3, 1350, 0.5, &right), FORE_E_OK);
    assert_int_equal(right, 1);
    assert_int_equal(fore_topology_check(t, NULL), FORE_E_OK);
}

static void a_copy_is_deep_and_can_be_refreshed(void **state)
{
    struct world *world = *state;
    struct fore_topology *t = &world->topology, copy = {0};
    fore_topology_copy(&copy, t, &world->arena);
    assert_int_equal(fore_topology_split(&copy, 0, 1050, 0.5, NULL), FORE_E_OK);
    assert_int_equal(fore_topology_find(t, 1075), 0);
    assert_int_equal(fore_topology_find(&copy, 1075), 4);
    size_t used = world->arena.used_bytes;
    fore_topology_copy(&copy, t, &world->arena);
    assert_int_equal(world->arena.used_bytes, used);
    assert_int_equal(fore_topology_find(&copy, 1075), 0);
    assert_int_equal(copy.epoch, t->epoch);
    assert_int_equal(fore_topology_check(&copy, NULL), FORE_E_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_position_is_found_where_it_lies),
        TEST(outside_every_table_nothing_is_found),
        TEST(the_whole_range_of_positions_can_be_one_table),
        TEST(column_groups_are_cut_on_their_own),
        TEST(gaps_overlaps_and_strays_are_named),
        TEST(a_table_that_is_not_covered_to_its_ends_is_refused),
        TEST(replicas_must_be_distinct_existing_nodes),
        TEST(a_split_takes_the_lowest_free_index_and_a_merge_frees_it),
        TEST(splits_stop_at_the_room_there_is),
        TEST(impossible_changes_change_nothing),
        TEST(a_move_keeps_the_rank_and_a_drop_promotes_the_next),
        TEST(a_merge_wants_the_same_replica_set_in_any_order),
        TEST(a_copy_is_deep_and_can_be_refreshed),
#undef TEST
    };
    return cmocka_run_group_tests_name("core/cluster/topology", tests, NULL, NULL);
}
