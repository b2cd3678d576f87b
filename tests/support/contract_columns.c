/*
 * contract_columns.c - vertical splits: a sibling appears with the columns it was asked for, whole
 * again after the merge, wherever the sibling lies; and whatever call fails on the way.
 */
#include "core/cluster/topology_columns.h"
#include "tests/support/contract_help.h"

/* A partition without followers: they are dropped. */
static uint32_t lone_partition(struct fore_driver driver)
{
    uint32_t p = contract_partition(driver, 0);
    while (contract_view(driver)->partition[p].replica_count > 1) {
        struct fore_move drop = {.kind = FORE_MOVE_DROP_REPLICA,
                                 .partition = p,
                                 .source = contract_view(driver)->partition[p].replica[1]};
        contract_carry_out(driver, contract_begin(driver, drop));
    }
    return p;
}

/* The first two columns, to a sibling on `target`. */
static struct fore_move split_of(struct fore_driver driver, uint32_t partition, uint16_t target)
{
    return (struct fore_move){.kind = FORE_MOVE_VERTICAL_SPLIT,
                              .partition = partition,
                              .other = FORE_PARTITION_NONE,
                              .source = contract_owner(driver, partition),
                              .target = target,
                              .split_right_share = 0.25,
                              .columns = 3,
                              .load_base = 0.5F,
                              .load_apart = 0.25F};
}

static struct fore_move merge_of(struct fore_driver driver, uint32_t base, uint32_t sibling)
{
    return (struct fore_move){.kind = FORE_MOVE_VERTICAL_MERGE,
                              .partition = base,
                              .other = sibling,
                              .source = contract_owner(driver, sibling),
                              .target = contract_owner(driver, base),
                              .load_base = 0.5F,
                              .load_apart = 0.25F};
}

static void expect_equal_columns(struct fore_driver driver, fore_ticket ticket)
{
    uint64_t rows = 1, copy = 2;
    expect_ok(fore_driver_compare(driver, ticket, &rows, &copy));
    assert_true(rows == copy);
}

static uint32_t split_and_look(struct fore_driver driver, uint32_t p, uint16_t target)
{
    struct fore_partition whole = contract_view(driver)->partition[p];
    uint32_t alive = contract_view(driver)->alive_count;
    uint64_t epoch = contract_view(driver)->epoch, digest;
    fore_ticket ticket = contract_begin(driver, split_of(driver, p, target));
    assert_int_equal(fore_driver_compare(driver, ticket, &digest, &digest), FORE_E_CONFLICT);
    contract_wait_ready(driver, ticket);
    expect_equal_columns(driver, ticket);
    assert_int_equal(contract_view(driver)->alive_count, alive);
    expect_ok(fore_driver_cutover(driver, ticket));
    struct fore_move_status status = contract_poll(driver, ticket);
    assert_int_equal(status.phase, FORE_PHASE_SWEEPING);
    uint64_t orphans = 0;
    expect_ok(fore_driver_sweep(driver, ticket, &orphans));
    assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_DONE);

    const struct fore_topology *t = contract_view(driver);
    uint32_t sibling = status.partition_new;
    assert_true(sibling != FORE_PARTITION_NONE && t->partition[sibling].alive);
    assert_int_equal(fore_topology_columns_sibling(t, p), sibling);
    assert_int_equal(fore_topology_columns_sibling(t, sibling), p);
    assert_true(t->partition[sibling].first == whole.first);
    assert_true(t->partition[sibling].last == whole.last && t->partition[p].last == whole.last);
    assert_true(t->partition[sibling].apart == 3 && t->partition[p].apart == 3);
    assert_int_equal(t->partition[sibling].replica[0], target);
    assert_int_equal(t->partition[p].replica[0], whole.replica[0]);
    assert_int_equal(fore_topology_find(t, whole.first), p);
    assert_int_equal(t->alive_count, alive + 1);
    assert_true(t->epoch > epoch);
    contract_expect_valid(driver);
    return sibling;
}

static void a_vertical_split_makes_a_sibling_and_a_merge_undoes_it(void **state)
{
    (void)state;
    for (int away = 0; away < 2; away++) {
        struct fore_driver driver = contract_open();
        contract_need(driver, FORE_CAP_VERTICAL);
        uint32_t p = lone_partition(driver), alive = contract_view(driver)->alive_count;
        uint16_t target = away ? contract_stranger(driver, p) : contract_owner(driver, p);
        uint32_t sibling = split_and_look(driver, p, target);
        fore_ticket ticket = contract_begin(driver, merge_of(driver, p, sibling));
        contract_wait_ready(driver, ticket);
        expect_equal_columns(driver, ticket);
        contract_carry_out(driver, ticket);
        assert_true(contract_view(driver)->partition[p].apart == 0);
        assert_int_equal(contract_view(driver)->alive_count, alive);
        assert_int_equal(fore_topology_columns_sibling(contract_view(driver), p),
                         FORE_PARTITION_NONE);
        contract_expect_valid(driver);
        contract_close(driver);
    }
}

/* What all of a pair's rows add up to, less what was written. */
static uint64_t rest_of_pair(struct fore_driver driver, uint32_t a, uint32_t b)
{
    struct fore_content x = {0}, y = {0};
    expect_ok(fore_driver_content(driver, a, contract_owner(driver, a), &x));
    if (b == FORE_PARTITION_NONE) return x.sum - x.written;
    expect_ok(fore_driver_content(driver, b, contract_owner(driver, b), &y));
    assert_true(x.rows == y.rows);
    return x.sum - x.written + y.sum - y.written;
}

static void sums_stand_still_when_columns_part_and_meet(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_VERTICAL | FORE_CAP_CONTENT);
    uint32_t p = lone_partition(driver);
    uint64_t agreed = rest_of_pair(driver, p, FORE_PARTITION_NONE);
    uint32_t sibling = split_and_look(driver, p, contract_stranger(driver, p));
    assert_true(rest_of_pair(driver, p, sibling) == agreed);
    contract_current->advance(driver, contract_current->step_ns); /* clients write */
    assert_true(rest_of_pair(driver, p, sibling) == agreed);
    fore_ticket ticket = contract_begin(driver, merge_of(driver, p, sibling));
    contract_wait_ready(driver, ticket);
    contract_carry_out(driver, ticket);
    assert_true(rest_of_pair(driver, p, FORE_PARTITION_NONE) == agreed);
    contract_close(driver);
}

static void a_part_moves_like_any_partition(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_VERTICAL | FORE_CAP_MOVE);
    uint32_t p = lone_partition(driver);
    uint32_t sibling = split_and_look(driver, p, contract_owner(driver, p));
    for (int i = 0; i < 2; i++) {
        uint32_t part = i == 0 ? sibling : p;
        struct fore_move move = contract_move(driver, part);
        fore_ticket ticket = contract_begin(driver, move);
        contract_wait_ready(driver, ticket);
        contract_expect_same_digest(driver, part, move.source, move.target);
        contract_carry_out(driver, ticket);
        assert_int_equal(contract_owner(driver, part), move.target);
        contract_expect_valid(driver);
    }
    contract_close(driver);
}

static void a_cancelled_vertical_split_leaves_rows_whole(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_VERTICAL | FORE_CAP_CANCEL);
    uint32_t p = lone_partition(driver), alive = contract_view(driver)->alive_count;
    uint16_t target = contract_stranger(driver, p);
    uint64_t epoch = contract_view(driver)->epoch;
    fore_ticket ticket = contract_begin(driver, split_of(driver, p, target));
    contract_wait_ready(driver, ticket);
    expect_ok(fore_driver_cancel(driver, ticket));
    assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_CANCELLED);
    assert_int_not_equal(fore_driver_cutover(driver, ticket), FORE_E_OK);
    assert_int_equal(contract_view(driver)->epoch, epoch);
    assert_int_equal(contract_view(driver)->alive_count, alive);
    contract_expect_nothing_on(driver, p, target);
    (void)split_and_look(driver, p, target); /* and it is free again */
    contract_close(driver);
}

static void expect_no(struct fore_driver driver, struct fore_move move)
{
    fore_ticket ticket = 0;
    uint64_t epoch = contract_view(driver)->epoch;
    assert_int_not_equal(fore_driver_begin(driver, &move, &ticket), FORE_E_OK);
    assert_true(contract_view(driver)->epoch == epoch);
}

static void impossible_vertical_splits_are_refused(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_VERTICAL);
    uint32_t p = lone_partition(driver);
    const struct fore_table *table =
        &contract_view(driver)->table[contract_view(driver)->partition[p].table];
    uint64_t all = fore_topology_columns_all(table);
    struct fore_move good = split_of(driver, p, contract_stranger(driver, p)), bad = good;
    bad.columns = 0;
    expect_no(driver, bad);
    bad.columns = all;
    expect_no(driver, bad);
    bad.columns = ~all;
    expect_no(driver, bad);
    bad = good;
    bad.source = bad.target;
    expect_no(driver, bad); /* not the owner */
    bad = good;
    bad.target = (uint16_t)contract_view(driver)->node_count;
    expect_no(driver, bad);
    bad = good;
    bad.partition = contract_view(driver)->partition_cap;
    expect_no(driver, bad);
    expect_no(driver, merge_of(driver, p, p)); /* no pair */

    uint32_t sibling = split_and_look(driver, p, good.target);
    expect_no(driver, good); /* twice */
    bad = good;
    bad.partition = sibling;
    bad.source = good.target;
    expect_no(driver, bad);
    if (fore_driver_can(driver, FORE_CAP_SPLIT)) expect_no(driver, contract_split(driver, p));
    expect_no(driver, merge_of(driver, sibling, p)); /* the wrong way round */
    bad = merge_of(driver, p, sibling);
    bad.source = bad.target;
    expect_no(driver, bad); /* the sibling is not there */
    contract_close(driver);
}

/* One step of a caller to whom any answer may be lost; true when the split is done. */
static bool step(struct fore_driver driver, const struct fore_move *move, fore_ticket *ticket)
{
    uint64_t rows = 1, copy = 2, orphans = 0;
    struct fore_move_status status;
    if (*ticket == 0) {
        if (fore_driver_begin(driver, move, ticket) != FORE_E_OK) *ticket = 0;
        return false;
    }
    if (fore_driver_poll(driver, *ticket, &status) != FORE_E_OK) return false;
    if (status.phase == FORE_PHASE_READY &&
        fore_driver_compare(driver, *ticket, &rows, &copy) == FORE_E_OK) {
        assert_true(rows == copy);
        enum fore_err err = fore_driver_cutover(driver, *ticket);
        (void)err; /* polled again */
    }
    if (status.phase == FORE_PHASE_SWEEPING) {
        enum fore_err err = fore_driver_sweep(driver, *ticket, &orphans);
        (void)err;
    }
    return status.phase == FORE_PHASE_DONE;
}

static void any_call_of_a_vertical_split_may_fail_once(void **state)
{
    (void)state;
    uint64_t fail_at = 1;
    for (bool met = true; met; fail_at++) {
        struct fore_driver inner = contract_open();
        contract_need(inner, FORE_CAP_VERTICAL);
        uint32_t p = lone_partition(inner);
        struct fore_driver_fault fault = {
            .inner = inner, .fail_at = fail_at, .failure = FORE_E_UNREACHABLE};
        struct fore_driver driver = fore_driver_faulty(&fault);
        struct fore_move move = split_of(inner, p, contract_stranger(inner, p));
        fore_ticket ticket = 0;
        for (fore_ns waited = 0; !step(driver, &move, &ticket);
             waited += contract_current->step_ns) {
            if (waited > 3 * contract_current->patience_ns)
                fail_msg("call %d failed and it hangs", (int)fail_at);
            contract_current->advance(inner, contract_current->step_ns);
            contract_expect_valid(inner);
        }
        assert_true(contract_view(inner)->partition[p].apart == move.columns);
        met = fault.calls >= fail_at;
        contract_close(inner);
    }
    assert_true(fail_at > 5); /* begin, poll, compare, cutover, sweep were all failed once */
}

static void without_columns_the_answer_is_unsupported(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    uint64_t rows, copy;
    fore_ticket ticket;
    struct fore_driver_ops none = *driver.ops;
    none.caps &= ~(uint32_t)FORE_CAP_VERTICAL;
    struct fore_driver bare = {.ops = &none, .self = driver.self};
    struct fore_move move = split_of(driver, contract_partition(driver, 0), 0);
    assert_int_equal(fore_driver_begin(bare, &move, &ticket), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_compare(bare, 1, &rows, &copy), FORE_E_UNSUPPORTED);
    contract_close(driver);
}

int contract_columns_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vertical_split_makes_a_sibling_and_a_merge_undoes_it),
        cmocka_unit_test(sums_stand_still_when_columns_part_and_meet),
        cmocka_unit_test(a_part_moves_like_any_partition),
        cmocka_unit_test(a_cancelled_vertical_split_leaves_rows_whole),
        cmocka_unit_test(impossible_vertical_splits_are_refused),
        cmocka_unit_test(any_call_of_a_vertical_split_may_fail_once),
        cmocka_unit_test(without_columns_the_answer_is_unsupported),
    };
    return cmocka_run_group_tests_name("contract: splits by column", tests, NULL, NULL);
}
