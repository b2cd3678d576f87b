/* Splits by column: pairs come and go, what breaks a pair is named, and journals carry them. */
#include "core/cluster/topology_columns.h"

#include "core/base/buf.h"
#include "core/cluster/driver.h"
#include "core/cluster/snapshot.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct fore_arena arena;
static struct fore_topology t;

/* Four partitions of a hundred positions on three nodes; columns of 4, 8, 16 and 1000 bytes. */
static int set_up(void **state)
{
    fore_arena_init(&arena);
    fore_topology_init(&t, &arena, 3, 1, 8);
    t.table[0] = (struct fore_table){
        .name = "rows", .last = 399, .columns = 4, .column_bytes = {4, 8, 16, 1000}
    };
    for (uint32_t n = 0; n < 3; n++)
        t.node[n] = (struct fore_node){.cores = 1, .up = true};
    for (uint32_t p = 0; p < 4; p++) {
        struct fore_partition part = {.first = p * 100,
                                      .last = p * 100 + 99,
                                      .bytes = 1000,
                                      .replica_count = 1,
                                      .replica = {(uint16_t)(p % 3)}};
        assert_int_equal(fore_topology_add(&t, &part, NULL), FORE_E_OK);
    }
    return fore_topology_check(&t, NULL) != FORE_E_OK;
}

static int tear_down(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static void columns_have_widths(void **state)
{
    assert_true(fore_topology_columns_all(&t.table[0]) == 15);
    expect_near(fore_topology_columns_bytes(&t.table[0], 15), 1028 + FORE_ROW_KEY_BYTES, 0);
    expect_near(fore_topology_columns_bytes(&t.table[0], 5), 20 + FORE_ROW_KEY_BYTES, 0);
    t.table[0].columns = 64;
    assert_true(fore_topology_columns_all(&t.table[0]) == UINT64_MAX);
    t.table[0].columns = 0;
    assert_true(fore_topology_columns_all(&t.table[0]) == 0);
}

static void a_pair_comes_and_goes(void **state)
{
    uint32_t sibling = 99;
    uint64_t epoch = t.epoch;
    assert_int_equal(fore_topology_columns_split(&t, 1, 7, 0.25, 2, &sibling), FORE_E_OK);
    assert_int_equal(sibling, 4);
    assert_true(t.epoch == epoch + 1 && t.partition[4].generation == t.epoch);
    assert_int_equal(t.partition[4].column_group, FORE_GROUP_APART);
    assert_true(t.partition[4].bytes == 250 && t.partition[1].bytes == 750);
    assert_int_equal(t.partition[4].replica[0], 2);
    assert_int_equal(fore_topology_columns_sibling(&t, 1), 4);
    assert_int_equal(fore_topology_columns_sibling(&t, 4), 1);
    assert_int_equal(fore_topology_columns_sibling(&t, 0), FORE_PARTITION_NONE);
    assert_int_equal(fore_topology_columns_sibling(&t, 77), FORE_PARTITION_NONE);
    for (uint64_t at = 0; at < 400; at += 50)
        assert_int_equal(fore_topology_find(&t, at), at / 100);
    assert_int_equal(fore_topology_right_of(&t, 1), 2);
    assert_int_equal(fore_topology_columns_merge(&t, 1, 4), FORE_E_OK);
    assert_true(t.partition[1].apart == 0 && t.partition[1].bytes == 1000);
    assert_int_equal(t.partition_count, 4);
    assert_true(t.epoch == epoch + 2);
    assert_int_equal(fore_topology_check(&t, NULL), FORE_E_OK);
}

static void what_cannot_be_is_refused_and_changes_nothing(void **state)
{
    uint64_t epoch = t.epoch;
    assert_int_equal(fore_topology_columns_split(&t, 1, 0, 0.5, 0, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_columns_split(&t, 1, 15, 0.5, 0, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_columns_split(&t, 1, 16, 0.5, 0, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_columns_split(&t, 1, 3, 1.5, 0, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_columns_split(&t, 1, 3, 0.5, 3, NULL), FORE_E_RANGE);
    assert_int_equal(fore_topology_columns_split(&t, 9, 3, 0.5, 0, NULL), FORE_E_RANGE);
    t.node[2].standby = true;
    assert_int_equal(fore_topology_columns_split(&t, 1, 3, 0.5, 2, NULL), FORE_E_REFUSED);
    t.node[2].standby = false;
    assert_true(t.epoch == epoch);

    assert_int_equal(fore_topology_add_replica(&t, 0, 1), FORE_E_OK);
    assert_int_equal(fore_topology_columns_split(&t, 0, 3, 0.5, 0, NULL), FORE_E_REFUSED);
    uint32_t a, b;
    assert_int_equal(fore_topology_columns_split(&t, 1, 3, 0.5, 0, &a), FORE_E_OK);
    assert_int_equal(fore_topology_columns_split(&t, 2, 3, 0.5, 0, &b), FORE_E_OK);
    epoch = t.epoch;
    assert_int_equal(fore_topology_columns_split(&t, 1, 4, 0.5, 0, NULL), FORE_E_REFUSED);
    assert_int_equal(fore_topology_columns_split(&t, a, 1, 0.5, 0, NULL), FORE_E_REFUSED);
    assert_int_equal(fore_topology_split(&t, 1, 150, 0.5, NULL), FORE_E_REFUSED);
    assert_int_equal(fore_topology_split(&t, a, 150, 0.5, NULL), FORE_E_REFUSED);
    assert_int_equal(fore_topology_merge(&t, a, b),
                     FORE_E_REFUSED); /* both on node 0, neighbours */
    assert_int_equal(fore_topology_columns_merge(&t, 1, b), FORE_E_CONFLICT);
    assert_int_equal(fore_topology_columns_merge(&t, a, 1), FORE_E_CONFLICT);
    assert_int_equal(fore_topology_columns_merge(&t, 1, 50), FORE_E_RANGE);
    assert_true(t.epoch == epoch);
    assert_int_equal(fore_topology_add_replica(&t, a, 2), FORE_E_OK);
    assert_int_equal(fore_topology_columns_merge(&t, 1, a), FORE_E_REFUSED);
    uint32_t c, d;
    assert_int_equal(fore_topology_columns_split(&t, 3, 8, 0.5, 0, &c), FORE_E_OK);
    assert_int_equal(fore_topology_split(&t, 0, 50, 0.5, &d), FORE_E_OK); /* the last place */
    assert_int_equal(fore_topology_columns_merge(&t, 2, b), FORE_E_OK);
    assert_int_equal(fore_topology_check(&t, NULL), FORE_E_OK);
}

static void expect_fault(void)
{
    struct fore_diag diag = {0};
    assert_int_equal(fore_topology_check(&t, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "split by column"));
}

static void a_broken_pair_is_found(void **state)
{
    uint32_t sibling;
    assert_int_equal(fore_topology_columns_split(&t, 1, 7, 0.25, 2, &sibling), FORE_E_OK);
    struct fore_partition good = t.partition[sibling];
    t.partition[sibling].last = 150;
    expect_fault();
    t.partition[sibling] = good;
    t.partition[sibling].apart = 3;
    expect_fault();
    t.partition[sibling] = good;
    t.partition[1].apart = 0;
    expect_fault();
    t.partition[1].apart = t.partition[sibling].apart = 15;
    expect_fault(); /* all of them */
    t.partition[1].apart = 7;
    t.partition[sibling] = good;
    t.partition[2].apart = 7;
    expect_fault(); /* a base alone */
    t.partition[2].apart = 0;
    assert_int_equal(fore_topology_check(&t, NULL), FORE_E_OK);
}

static void journals_carry_pairs_and_their_changes(void **state)
{
    uint32_t sibling, other;
    struct fore_buf keyframe = {0};
    struct fore_snapshot snapshot;
    assert_int_equal(fore_topology_columns_split(&t, 1, 7, 0.25, 2, &sibling), FORE_E_OK);
    fore_event_keyframe_build(&t, &keyframe);
    fore_snapshot_init(&snapshot);
    assert_true(fore_snapshot_fold(&snapshot, 1, FORE_EV_KEYFRAME, keyframe.data, keyframe.len));
    assert_int_equal(fore_topology_columns_sibling(&snapshot.topology, 1), sibling);
    assert_true(snapshot.topology.partition[sibling].apart == 7);
    assert_int_equal(snapshot.topology.table[0].column_groups, 1);

    assert_int_equal(fore_topology_columns_split(&t, 3, 8, 0.5, 0, &other), FORE_E_OK);
    struct fore_event_topology change = {.kind = FORE_MOVE_VERTICAL_SPLIT,
                                         .epoch = t.epoch,
                                         .partition = 3,
                                         .other = other,
                                         .source = 0,
                                         .target = 0,
                                         .split_at = 8,
                                         .right_share = 0.5F};
    assert_true(fore_snapshot_fold(&snapshot, 2, FORE_EV_TOPOLOGY, &change, sizeof change));
    assert_int_equal(fore_topology_columns_sibling(&snapshot.topology, 3), other);
    assert_int_equal(fore_topology_columns_merge(&t, 1, sibling), FORE_E_OK);
    change = (struct fore_event_topology){.kind = FORE_MOVE_VERTICAL_MERGE,
                                          .epoch = t.epoch,
                                          .partition = 1,
                                          .other = sibling,
                                          .source = 2,
                                          .target = 1};
    assert_true(fore_snapshot_fold(&snapshot, 3, FORE_EV_TOPOLOGY, &change, sizeof change));
    assert_true(snapshot.topology.partition[1].apart == 0);
    assert_true(snapshot.topology.epoch == t.epoch);
    change.epoch++;
    assert_false(fore_snapshot_fold(&snapshot, 4, FORE_EV_TOPOLOGY, &change, sizeof change));

    fore_event_keyframe_build(&t,
                              &keyframe); /* one pair; cut off, or naming nonsense, it is none */
    assert_false(
        fore_snapshot_fold(&snapshot, 5, FORE_EV_KEYFRAME, keyframe.data, keyframe.len - 16));
    ((unsigned char *)keyframe.data)[keyframe.len - 8] = 77;
    assert_false(fore_snapshot_fold(&snapshot, 5, FORE_EV_KEYFRAME, keyframe.data, keyframe.len));
    fore_snapshot_fini(&snapshot);
    fore_buf_fini(&keyframe);
}

/* Where no partition is split by column, a keyframe is what it was before there was such a thing.
 */
static void a_keyframe_without_pairs_is_as_it_was(void **state)
{
    struct fore_buf keyframe = {0};
    fore_event_keyframe_build(&t, &keyframe);
    struct fore_event_keyframe head;
    memcpy(&head, keyframe.data, sizeof head);
    assert_int_equal(head.apart_count, 0);
    assert_int_equal(keyframe.len, sizeof head + 3 * sizeof(struct fore_event_node) +
                                       sizeof(struct fore_event_table) +
                                       4 * sizeof(struct fore_event_partition));
    fore_buf_fini(&keyframe);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_have_widths),
        TEST(a_pair_comes_and_goes),
        TEST(what_cannot_be_is_refused_and_changes_nothing),
        TEST(a_broken_pair_is_found),
        TEST(journals_carry_pairs_and_their_changes),
        TEST(a_keyframe_without_pairs_is_as_it_was),
    };
    return cmocka_run_group_tests_name("topology: columns", tests, NULL, NULL);
}
