/* contract_refusals.c - what a driver must not do, and that it then changes nothing. */
#include "tests/support/contract_help.h"

static void expect_refused(struct fore_driver driver, struct fore_move move)
{
    uint64_t epoch = contract_view(driver)->epoch;
    fore_ticket ticket = 0;
    enum fore_err err = fore_driver_begin(driver, &move, &ticket);
    if (err != FORE_E_CONFLICT && err != FORE_E_RANGE && err != FORE_E_REFUSED)
        fail_msg("%s of partition %u: wanted CONFLICT, RANGE or REFUSED, got \"%s\"",
                 fore_move_kind_text(move.kind), move.partition, fore_err_text(err));
    assert_int_equal(contract_view(driver)->epoch, epoch);
}

static void impossible_moves_are_refused(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE);
    struct fore_move good = contract_move(driver, contract_partition(driver, 0)), bad;
    uint32_t beyond = contract_view(driver)->partition_cap;
    uint16_t nodes = (uint16_t)contract_view(driver)->node_count;

    bad = good;
    bad.target = bad.source;
    expect_refused(driver, bad);
    bad = good;
    bad.source = good.target;
    bad.target = good.source;
    expect_refused(driver, bad);
    bad = good;
    bad.partition = beyond;
    expect_refused(driver, bad);
    bad = good;
    bad.partition = FORE_PARTITION_NONE;
    expect_refused(driver, bad);
    bad = good;
    bad.target = nodes;
    expect_refused(driver, bad);
    bad = good;
    bad.source = FORE_NODE_NONE;
    expect_refused(driver, bad);

    fore_ticket ticket = contract_begin(driver, good);
    expect_refused(driver, good); /* it is moving already */
    contract_wait_ready(driver, ticket);
    contract_carry_out(driver, ticket);
    expect_refused(driver, good); /* the source no longer has it */
    contract_expect_valid(driver);
    contract_close(driver);
}

static void impossible_splits_and_merges_are_refused(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_SPLIT);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move good = contract_split(driver, partition), bad;
    struct fore_partition whole = contract_view(driver)->partition[partition];
    bad = good;
    bad.split_at = whole.first;
    expect_refused(driver, bad);
    if (whole.last < UINT64_MAX) {
        bad = good;
        bad.split_at = whole.last + 1;
        expect_refused(driver, bad);
    }
    bad = good;
    bad.partition = contract_view(driver)->partition_cap;
    expect_refused(driver, bad);

    fore_ticket ticket = contract_begin(driver, good);
    contract_carry_out(driver, ticket);
    uint32_t right = contract_poll(driver, ticket).partition_new;
    struct fore_move merge = {.kind = FORE_MOVE_MERGE, .partition = right, .other = partition};
    expect_refused(driver, merge); /* the wrong way round */
    merge.partition = merge.other = partition;
    expect_refused(driver, merge);
    merge.other = right;
    contract_carry_out(driver, contract_begin(driver, merge));
    expect_refused(driver, merge); /* the right one is dead */
    bad = good;
    bad.partition = right;
    expect_refused(driver, bad);
    contract_expect_valid(driver);
    contract_close(driver);
}

static void impossible_replicas_are_refused(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_REPLICA);
    uint32_t partition = contract_partition(driver, 0);
    uint16_t owner = contract_owner(driver, partition),
             stranger = contract_stranger(driver, partition);
    struct fore_move add = {
        .kind = FORE_MOVE_ADD_REPLICA, .partition = partition, .source = owner, .target = owner};
    struct fore_move drop = {
        .kind = FORE_MOVE_DROP_REPLICA, .partition = partition, .source = stranger};
    expect_refused(driver, add);
    expect_refused(driver, drop);
    add.target = (uint16_t)contract_view(driver)->node_count;
    expect_refused(driver, add);
    contract_close(driver);
}

static void impossible_node_changes_are_refused(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_NODES);
    uint16_t holds = contract_owner(driver, contract_partition(driver, 0));
    struct fore_move add = {.kind = FORE_MOVE_ADD_NODE,
                            .partition = FORE_PARTITION_NONE,
                            .source = FORE_NODE_NONE,
                            .target = holds};
    struct fore_move remove = {.kind = FORE_MOVE_REMOVE_NODE,
                               .partition = FORE_PARTITION_NONE,
                               .source = holds,
                               .target = FORE_NODE_NONE};
    expect_refused(driver, add);    /* in use already */
    expect_refused(driver, remove); /* holds partitions */
    add.target = remove.source = (uint16_t)contract_view(driver)->node_count;
    expect_refused(driver, add);
    expect_refused(driver, remove);
    contract_close(driver);
}

static void an_unknown_ticket_is_an_error(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    static const fore_ticket unknown[] = {0, 999999, UINT64_MAX};
    for (size_t i = 0; i < FORE_COUNTOF(unknown); i++) {
        struct fore_move_status status;
        uint64_t orphans = 0;
        assert_int_not_equal(fore_driver_poll(driver, unknown[i], &status), FORE_E_OK);
        assert_int_not_equal(fore_driver_throttle(driver, unknown[i], 1), FORE_E_OK);
        assert_int_not_equal(fore_driver_cancel(driver, unknown[i]), FORE_E_OK);
        assert_int_not_equal(fore_driver_cutover(driver, unknown[i]), FORE_E_OK);
        assert_int_not_equal(fore_driver_sweep(driver, unknown[i], &orphans), FORE_E_OK);
    }
    contract_close(driver);
}

static void a_digest_of_what_is_not_there_is_out_of_range(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_DIGEST);
    uint32_t partition = contract_partition(driver, 0);
    contract_expect_nothing_on(driver, partition, contract_stranger(driver, partition));
    contract_expect_nothing_on(driver, partition, (uint16_t)contract_view(driver)->node_count);
    contract_expect_nothing_on(driver, contract_view(driver)->partition_cap, 0);
    contract_expect_nothing_on(driver, FORE_PARTITION_NONE, FORE_NODE_NONE);
    contract_close(driver);
}

static void without_the_capability_the_answer_is_unsupported(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move move = contract_move(driver, partition);
    struct fore_driver_ops none = *driver.ops;
    none.caps = 0;
    struct fore_driver bare = {.ops = &none, .self = driver.self};
    fore_ticket ticket = 0;
    uint64_t digest = 0;
    uint32_t count = 0;
    for (int kind = 0; kind < FORE_MOVE_KINDS; kind++) {
        move.kind = (enum fore_move_kind)kind;
        assert_int_equal(fore_driver_begin(bare, &move, &ticket), FORE_E_UNSUPPORTED);
    }
    assert_int_equal(fore_driver_throttle(bare, 1, 1), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_cancel(bare, 1), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_digest(bare, partition, move.source, &digest), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_tickets(bare, NULL, 0, &count), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_probe(bare, 0, partition, move.source, &digest),
                     FORE_E_UNSUPPORTED);
    contract_close(driver);
}

int contract_refusals_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_moves_are_refused),
        cmocka_unit_test(impossible_splits_and_merges_are_refused),
        cmocka_unit_test(impossible_replicas_are_refused),
        cmocka_unit_test(impossible_node_changes_are_refused),
        cmocka_unit_test(an_unknown_ticket_is_an_error),
        cmocka_unit_test(a_digest_of_what_is_not_there_is_out_of_range),
        cmocka_unit_test(without_the_capability_the_answer_is_unsupported),
    };
    return cmocka_run_group_tests_name("contract: refusals", tests, NULL, NULL);
}
