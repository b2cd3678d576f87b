/* contract_life.c - samples, and the life of a ticket from begin to DONE or CANCELLED. */
#include "tests/support/contract_help.h"

static void the_topology_is_valid_and_stable(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_expect_valid(driver);
    uint64_t epoch = contract_view(driver)->epoch;
    uint32_t alive = contract_view(driver)->alive_count;
    for (int i = 0; i < 5; i++)
        contract_current->advance(driver, contract_current->step_ns);
    contract_expect_valid(driver);
    assert_int_equal(contract_view(driver)->epoch, epoch);
    assert_int_equal(contract_view(driver)->alive_count, alive);
    contract_close(driver);
}

static void time_passes_only_when_it_is_let(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    fore_ns before = fore_driver_now(driver);
    (void)contract_view(driver);
    assert_true(fore_driver_now(driver) == before);
    contract_current->advance(driver, contract_current->step_ns);
    assert_true(fore_driver_now(driver) == before + contract_current->step_ns);
    contract_close(driver);
}

static void samples_have_the_shape_of_the_topology(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    struct fore_sample sample;
    enum fore_err err = FORE_E_AGAIN;
    for (fore_ns waited = 0; waited <= contract_current->patience_ns && err == FORE_E_AGAIN;
         waited += contract_current->step_ns) {
        contract_current->advance(driver, contract_current->step_ns);
        err = fore_driver_sample(driver, &sample);
    }
    expect_ok(err);
    assert_true(sample.end <= fore_driver_now(driver));
    uint32_t partition_count = sample.partition_count, node_count = sample.node_count;
    uint64_t requests = 0;
    for (uint32_t i = 0; i < partition_count; i++)
        requests += sample.partition[i].reads + sample.partition[i].writes;
    assert_true(requests == sample.requests);
    for (uint32_t n = 0; n < node_count; n++)
        assert_true(sample.node[n].up);
    assert_int_equal(partition_count, contract_view(driver)->partition_count);
    assert_int_equal(node_count, contract_view(driver)->node_count);
    assert_int_equal(fore_driver_sample(driver, &sample), FORE_E_AGAIN);
    contract_close(driver);
}

/* ---- the life of a ticket ----------------------------------------------------------------- */

static void a_move_changes_the_owner_and_leaves_nothing_behind(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move move = contract_move(driver, partition);
    uint64_t epoch = contract_view(driver)->epoch, orphans = 0;

    fore_ticket ticket = contract_begin(driver, move);
    assert_int_equal(contract_owner(driver, partition), move.source);
    contract_wait_ready(driver, ticket);
    assert_int_equal(contract_owner(driver, partition), move.source);
    assert_int_equal(contract_view(driver)->epoch, epoch);
    contract_expect_same_digest(driver, partition, move.source, move.target);

    expect_ok(fore_driver_cutover(driver, ticket));
    assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_SWEEPING);
    assert_int_equal(contract_owner(driver, partition), move.target);
    assert_false(fore_topology_hosts(contract_view(driver), partition, move.source));
    assert_true(contract_view(driver)->epoch > epoch);

    expect_ok(fore_driver_sweep(driver, ticket, &orphans));
    assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_DONE);
    contract_expect_nothing_on(driver, partition, move.source);
    contract_expect_valid(driver);
    contract_close(driver);
}

static void a_sweep_may_be_repeated(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE);
    uint64_t orphans = 0;
    fore_ticket ticket =
        contract_begin(driver, contract_move(driver, contract_partition(driver, 1)));
    contract_wait_ready(driver, ticket);
    expect_ok(fore_driver_cutover(driver, ticket));
    expect_ok(fore_driver_sweep(driver, ticket, &orphans));
    orphans = 1;
    expect_ok(fore_driver_sweep(driver, ticket, &orphans));
    assert_int_equal(orphans, 0);
    assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_DONE);
    contract_close(driver);
}

static void a_new_replica_holds_what_the_owner_holds(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_REPLICA);
    uint32_t partition = contract_partition(driver, 0);
    uint16_t owner = contract_owner(driver, partition),
             target = contract_stranger(driver, partition);
    uint64_t epoch = contract_view(driver)->epoch;
    uint16_t replicas = contract_view(driver)->partition[partition].replica_count;
    struct fore_move move = {
        .kind = FORE_MOVE_ADD_REPLICA, .partition = partition, .source = owner, .target = target};

    fore_ticket ticket = contract_begin(driver, move);
    contract_wait_ready(driver, ticket);
    assert_false(fore_topology_hosts(contract_view(driver), partition, target));
    contract_expect_same_digest(driver, partition, owner, target);
    contract_carry_out(driver, ticket);
    assert_true(fore_topology_hosts(contract_view(driver), partition, target));
    assert_int_equal(contract_owner(driver, partition), owner);
    assert_int_equal(contract_view(driver)->partition[partition].replica_count, replicas + 1);
    assert_true(contract_view(driver)->epoch > epoch);
    contract_expect_same_digest(driver, partition, owner, target);

    struct fore_move drop = {
        .kind = FORE_MOVE_DROP_REPLICA, .partition = partition, .source = target};
    fore_ticket second = contract_begin(driver, drop);
    assert_int_equal(contract_poll(driver, second).phase, FORE_PHASE_READY);
    assert_true(fore_topology_hosts(contract_view(driver), partition, target));
    contract_carry_out(driver, second);
    assert_false(fore_topology_hosts(contract_view(driver), partition, target));
    contract_expect_nothing_on(driver, partition, target);
    contract_expect_valid(driver);
    contract_close(driver);
}

static void dropping_the_owner_promotes_a_replica(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_REPLICA);
    uint32_t partition = contract_partition(driver, 2);
    uint16_t owner = contract_owner(driver, partition);
    struct fore_move add = {.kind = FORE_MOVE_ADD_REPLICA,
                            .partition = partition,
                            .source = owner,
                            .target = contract_stranger(driver, partition)};
    fore_ticket ticket = contract_begin(driver, add);
    contract_wait_ready(driver, ticket);
    contract_carry_out(driver, ticket);
    uint16_t heir = contract_view(driver)->partition[partition].replica[1];
    struct fore_move drop = {
        .kind = FORE_MOVE_DROP_REPLICA, .partition = partition, .source = owner};
    contract_carry_out(driver, contract_begin(driver, drop));
    assert_int_equal(contract_owner(driver, partition), heir);
    contract_expect_nothing_on(driver, partition, owner);
    contract_expect_valid(driver);
    contract_close(driver);
}

static void the_last_replica_cannot_be_dropped(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_REPLICA);
    uint32_t partition = contract_partition(driver, 0);
    while (contract_view(driver)->partition[partition].replica_count > 1) {
        struct fore_move drop = {.kind = FORE_MOVE_DROP_REPLICA,
                                 .partition = partition,
                                 .source = contract_view(driver)->partition[partition].replica[1]};
        contract_carry_out(driver, contract_begin(driver, drop));
    }
    fore_ticket ticket = 0;
    struct fore_move drop = {.kind = FORE_MOVE_DROP_REPLICA,
                             .partition = partition,
                             .source = contract_owner(driver, partition)};
    assert_int_not_equal(fore_driver_begin(driver, &drop, &ticket), FORE_E_OK);
    contract_expect_valid(driver);
    contract_close(driver);
}

static void a_split_names_its_new_partition_and_a_merge_undoes_it(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_SPLIT);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_partition whole = contract_view(driver)->partition[partition];
    uint64_t epoch = contract_view(driver)->epoch;
    uint32_t alive = contract_view(driver)->alive_count;
    struct fore_move split = contract_split(driver, partition);

    fore_ticket ticket = contract_begin(driver, split);
    struct fore_move_status status = contract_poll(driver, ticket);
    assert_int_equal(status.phase, FORE_PHASE_READY);
    assert_true(status.partition_new == FORE_PARTITION_NONE);
    assert_int_equal(contract_view(driver)->alive_count, alive);
    contract_carry_out(driver, ticket);
    uint32_t right = contract_poll(driver, ticket).partition_new;
    assert_true(right < contract_view(driver)->partition_count && right != partition);
    assert_true(contract_view(driver)->partition[right].alive);
    assert_true(contract_view(driver)->partition[right].first == split.split_at);
    assert_true(contract_view(driver)->partition[right].last == whole.last);
    assert_true(contract_view(driver)->partition[partition].last == split.split_at - 1);
    assert_int_equal(contract_view(driver)->alive_count, alive + 1);
    assert_true(contract_view(driver)->epoch > epoch);
    epoch = contract_view(driver)->epoch;
    contract_expect_valid(driver);

    struct fore_move merge = {.kind = FORE_MOVE_MERGE, .partition = partition, .other = right};
    contract_carry_out(driver, contract_begin(driver, merge));
    assert_true(contract_view(driver)->partition[partition].first == whole.first);
    assert_true(contract_view(driver)->partition[partition].last == whole.last);
    assert_int_equal(contract_view(driver)->alive_count, alive);
    assert_true(contract_view(driver)->epoch > epoch);
    contract_expect_valid(driver);
    contract_close(driver);
}

static void a_cancelled_move_leaves_the_source_the_owner(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE | FORE_CAP_CANCEL);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move move = contract_move(driver, partition);
    uint64_t epoch = contract_view(driver)->epoch;
    for (int late = 0; late < 2; late++) { /* while it copies, and when it is READY */
        fore_ticket ticket = contract_begin(driver, move);
        contract_current->advance(driver, contract_current->step_ns);
        if (late) contract_wait_ready(driver, ticket);
        expect_ok(fore_driver_cancel(driver, ticket));
        contract_current->advance(driver, contract_current->step_ns);
        assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_CANCELLED);
        assert_int_equal(contract_owner(driver, partition), move.source);
        contract_expect_nothing_on(driver, partition, move.target);
        assert_int_not_equal(fore_driver_cutover(driver, ticket), FORE_E_OK);
    }
    assert_int_equal(contract_view(driver)->epoch, epoch);
    fore_ticket again = contract_begin(driver, move); /* and the partition is free again */
    contract_wait_ready(driver, again);
    contract_expect_same_digest(driver, partition, move.source, move.target);
    contract_close(driver);
}

static void past_the_cutover_there_is_nothing_to_cancel(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE | FORE_CAP_CANCEL);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move move = contract_move(driver, partition);
    fore_ticket ticket = contract_begin(driver, move);
    contract_wait_ready(driver, ticket);
    expect_ok(fore_driver_cutover(driver, ticket));
    assert_int_not_equal(fore_driver_cancel(driver, ticket), FORE_E_OK);
    assert_int_equal(contract_owner(driver, partition), move.target);
    contract_close(driver);
}

static void an_early_cutover_is_an_error_and_changes_nothing(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move move = contract_move(driver, partition);
    uint64_t epoch = contract_view(driver)->epoch, orphans = 0;
    fore_ticket ticket = contract_begin(driver, move);
    assert_int_not_equal(fore_driver_cutover(driver, ticket), FORE_E_OK);
    assert_int_not_equal(fore_driver_sweep(driver, ticket, &orphans), FORE_E_OK);
    assert_int_equal(contract_owner(driver, partition), move.source);
    assert_int_equal(contract_view(driver)->epoch, epoch);
    contract_wait_ready(driver, ticket); /* and the move goes on */
    contract_carry_out(driver, ticket);
    contract_close(driver);
}

static void a_throttle_slows_a_move_down_and_lets_it_go(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE | FORE_CAP_THROTTLE);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move move = contract_move(driver, partition);
    double bytes = (double)contract_view(driver)->partition[partition].bytes;
    move.bytes_per_sec_max = bytes / (40.0 * (double)contract_current->step_ns * 1e-9);
    fore_ticket ticket = contract_begin(driver, move);
    for (int i = 0; i < 24; i++) /* a move may prepare itself before its first byte */
        contract_current->advance(driver, contract_current->step_ns);
    uint64_t fast = contract_poll(driver, ticket).bytes_done;
    assert_true(fast > 0 && (double)fast < 0.7 * bytes);
    expect_ok(fore_driver_throttle(driver, ticket, move.bytes_per_sec_max / 8));
    contract_current->advance(driver, contract_current->step_ns);
    uint64_t before = contract_poll(driver, ticket).bytes_done;
    for (int i = 0; i < 12; i++)
        contract_current->advance(driver, contract_current->step_ns);
    uint64_t slow = contract_poll(driver, ticket).bytes_done - before;
    assert_true(slow < fast / 2);
    expect_ok(fore_driver_throttle(driver, ticket, 0));
    contract_wait_ready(driver, ticket);
    contract_expect_same_digest(driver, partition, move.source, move.target);
    contract_close(driver);
}

static void two_moves_at_once_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE);
    uint32_t a = contract_partition(driver, 0), b = contract_partition(driver, 3);
    struct fore_move move_a = contract_move(driver, a), move_b = contract_move(driver, b);
    fore_ticket ticket_a = contract_begin(driver, move_a),
                ticket_b = contract_begin(driver, move_b);
    assert_true(ticket_a != ticket_b);
    contract_wait_ready(driver, ticket_a);
    contract_wait_ready(driver, ticket_b);
    contract_carry_out(driver, ticket_b);
    contract_expect_same_digest(driver, a, move_a.source, move_a.target);
    contract_carry_out(driver, ticket_a);
    assert_int_equal(contract_owner(driver, a), move_a.target);
    assert_int_equal(contract_owner(driver, b), move_b.target);
    contract_expect_valid(driver);
    contract_close(driver);
}

/* Is the ticket among those under way, with the move it was begun with? */
static bool listed(struct fore_driver driver, fore_ticket ticket, const struct fore_move *move)
{
    struct fore_driver_ticket row[8];
    uint32_t count = 0, found = 0;
    expect_ok(fore_driver_tickets(driver, row, FORE_COUNTOF(row), &count));
    for (uint32_t i = 0; i < count && i < FORE_COUNTOF(row); i++) {
        if (row[i].ticket != ticket) continue;
        found++;
        assert_int_equal(row[i].move.kind, move->kind);
        assert_int_equal(row[i].move.partition, move->partition);
        assert_int_equal(row[i].move.source, move->source);
        assert_int_equal(row[i].move.target, move->target);
    }
    assert_true(found <= 1);
    return found == 1;
}

static void what_is_under_way_is_listed(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE | FORE_CAP_CANCEL | FORE_CAP_TICKETS);
    struct fore_move a = contract_move(driver, contract_partition(driver, 0));
    struct fore_move b = contract_move(driver, contract_partition(driver, 3));
    uint32_t count = 1;
    expect_ok(fore_driver_tickets(driver, NULL, 0, &count));
    assert_int_equal(count, 0);
    fore_ticket ticket_a = contract_begin(driver, a), ticket_b = contract_begin(driver, b);
    assert_true(listed(driver, ticket_a, &a) && listed(driver, ticket_b, &b));
    expect_ok(fore_driver_tickets(driver, NULL, 0, &count));
    assert_int_equal(count, 2);
    expect_ok(fore_driver_cancel(driver, ticket_b));
    assert_false(listed(driver, ticket_b, &b));
    contract_wait_ready(driver, ticket_a);
    assert_true(listed(driver, ticket_a, &a));
    expect_ok(fore_driver_cutover(driver, ticket_a));
    bool sweeps = contract_poll(driver, ticket_a).phase == FORE_PHASE_SWEEPING;
    assert_int_equal(listed(driver, ticket_a, &a), sweeps);
    uint64_t orphans;
    if (sweeps) expect_ok(fore_driver_sweep(driver, ticket_a, &orphans));
    assert_false(listed(driver, ticket_a, &a));
    contract_close(driver);
}

static uint16_t standby_node(struct fore_driver driver)
{
    const struct fore_topology *topology = contract_view(driver);
    for (uint32_t n = 0; n < topology->node_count; n++)
        if (topology->node[n].standby) return (uint16_t)n;
    return FORE_NODE_NONE;
}

/* Taken into use, filled, emptied, and out of use again. */
static void a_standby_node_comes_serves_and_goes(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_NODES | FORE_CAP_MOVE);
    uint16_t node = standby_node(driver);
    if (node == FORE_NODE_NONE) {
        contract_close(driver);
        skip();
    }
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move there = contract_move(driver, partition);
    there.target = node;
    fore_ticket ticket = 0;
    assert_int_not_equal(fore_driver_begin(driver, &there, &ticket), FORE_E_OK);
    struct fore_move change = {.kind = FORE_MOVE_ADD_NODE,
                               .partition = FORE_PARTITION_NONE,
                               .source = FORE_NODE_NONE,
                               .target = node};
    ticket = contract_begin(driver, change);
    contract_wait_ready(driver, ticket);
    assert_true(contract_view(driver)->node[node].standby);
    contract_carry_out(driver, ticket);
    assert_false(contract_view(driver)->node[node].standby);
    ticket = contract_begin(driver, there);
    contract_wait_ready(driver, ticket);
    contract_carry_out(driver, ticket);
    change = (struct fore_move){.kind = FORE_MOVE_REMOVE_NODE,
                                .partition = FORE_PARTITION_NONE,
                                .source = node,
                                .target = FORE_NODE_NONE};
    fore_ticket refused = 0;
    assert_int_not_equal(fore_driver_begin(driver, &change, &refused), FORE_E_OK);
    there.target = there.source;
    there.source = node;
    ticket = contract_begin(driver, there);
    contract_wait_ready(driver, ticket);
    contract_carry_out(driver, ticket);
    ticket = contract_begin(driver, change);
    assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_READY);
    contract_carry_out(driver, ticket);
    assert_true(contract_view(driver)->node[node].standby);
    contract_expect_valid(driver);
    contract_close(driver);
}

int contract_life_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standby_node_comes_serves_and_goes),
        cmocka_unit_test(the_topology_is_valid_and_stable),
        cmocka_unit_test(time_passes_only_when_it_is_let),
        cmocka_unit_test(samples_have_the_shape_of_the_topology),
        cmocka_unit_test(a_move_changes_the_owner_and_leaves_nothing_behind),
        cmocka_unit_test(a_sweep_may_be_repeated),
        cmocka_unit_test(a_new_replica_holds_what_the_owner_holds),
        cmocka_unit_test(dropping_the_owner_promotes_a_replica),
        cmocka_unit_test(the_last_replica_cannot_be_dropped),
        cmocka_unit_test(a_split_names_its_new_partition_and_a_merge_undoes_it),
        cmocka_unit_test(a_cancelled_move_leaves_the_source_the_owner),
        cmocka_unit_test(past_the_cutover_there_is_nothing_to_cancel),
        cmocka_unit_test(an_early_cutover_is_an_error_and_changes_nothing),
        cmocka_unit_test(a_throttle_slows_a_move_down_and_lets_it_go),
        cmocka_unit_test(two_moves_at_once_do_not_disturb_each_other),
        cmocka_unit_test(what_is_under_way_is_listed),
    };
    return cmocka_run_group_tests_name("contract: the life of a ticket", tests, NULL, NULL);
}
