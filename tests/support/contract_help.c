/* contract_help.c - see contract_help.h. */
#include "tests/support/contract_help.h"

const struct contract_subject *contract_current;

struct fore_driver contract_open(void)
{
    return contract_current->create(1);
}

void contract_close(struct fore_driver driver)
{
    if (contract_current->destroy != NULL)
        contract_current->destroy(driver);
    else
        fore_driver_close(driver);
}

const struct fore_topology *contract_view(struct fore_driver driver)
{
    const struct fore_topology *topology = NULL;
    expect_ok(fore_driver_topology(driver, &topology));
    return topology;
}

uint32_t contract_partition(struct fore_driver driver, uint32_t n)
{
    const struct fore_topology *t = contract_view(driver);
    for (uint32_t i = 0; i < t->partition_count; i++)
        if (t->partition[i].alive && t->partition[i].bytes > 0 && n-- == 0) return i;
    fail_msg("the cluster has too few partitions with data");
    return FORE_PARTITION_NONE;
}

uint16_t contract_owner(struct fore_driver driver, uint32_t partition)
{
    const struct fore_partition *p = &contract_view(driver)->partition[partition];
    assert_true(p->alive);
    return p->replica[0];
}

uint16_t contract_stranger(struct fore_driver driver, uint32_t partition)
{
    const struct fore_topology *t = contract_view(driver);
    for (uint32_t n = 0; n < t->node_count; n++)
        if (t->node[n].up && !fore_topology_hosts(t, partition, (uint16_t)n)) return (uint16_t)n;
    fail_msg("the cluster hosts a partition everywhere");
    return FORE_NODE_NONE;
}

struct fore_move contract_move(struct fore_driver driver, uint32_t partition)
{
    return (struct fore_move){.kind = FORE_MOVE_MOVE,
                              .partition = partition,
                              .source = contract_owner(driver, partition),
                              .target = contract_stranger(driver, partition)};
}

struct fore_move contract_split(struct fore_driver driver, uint32_t partition)
{
    const struct fore_partition *p = &contract_view(driver)->partition[partition];
    return (struct fore_move){.kind = FORE_MOVE_SPLIT,
                              .partition = partition,
                              .split_at = p->first + (p->last - p->first) / 2 + 1,
                              .split_right_share = 0.5};
}

struct fore_move_status contract_poll(struct fore_driver driver, fore_ticket ticket)
{
    struct fore_move_status status;
    expect_ok(fore_driver_poll(driver, ticket, &status));
    return status;
}

fore_ticket contract_begin(struct fore_driver driver, struct fore_move move)
{
    fore_ticket ticket = 0;
    expect_ok(fore_driver_begin(driver, &move, &ticket));
    return ticket;
}

void contract_wait_ready(struct fore_driver driver, fore_ticket ticket)
{
    for (fore_ns waited = 0; waited <= contract_current->patience_ns;
         waited += contract_current->step_ns) {
        struct fore_move_status status = contract_poll(driver, ticket);
        if (status.phase == FORE_PHASE_READY) return;
        assert_true(status.phase < FORE_PHASE_READY);
        contract_current->advance(driver, contract_current->step_ns);
    }
    fail_msg("the move is not READY within the subject's patience");
}

void contract_carry_out(struct fore_driver driver, fore_ticket ticket)
{
    uint64_t orphans = 0;
    expect_ok(fore_driver_cutover(driver, ticket));
    if (contract_poll(driver, ticket).phase == FORE_PHASE_SWEEPING)
        expect_ok(fore_driver_sweep(driver, ticket, &orphans));
    assert_int_equal(contract_poll(driver, ticket).phase, FORE_PHASE_DONE);
}

void contract_expect_valid(struct fore_driver driver)
{
    struct fore_arena arena;
    struct fore_topology copy = {0};
    struct fore_diag diag = {0};
    fore_arena_init(&arena);
    fore_topology_copy(&copy, contract_view(driver), &arena);
    if (fore_topology_check(&copy, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    fore_arena_fini(&arena);
}

void contract_expect_same_digest(struct fore_driver driver, uint32_t partition, uint16_t a,
                                 uint16_t b)
{
    uint64_t digest_a = 1, digest_b = 2;
    if (!fore_driver_can(driver, FORE_CAP_DIGEST)) return;
    expect_ok(fore_driver_digest(driver, partition, a, &digest_a));
    expect_ok(fore_driver_digest(driver, partition, b, &digest_b));
    assert_true(digest_a == digest_b);
}

void contract_expect_nothing_on(struct fore_driver driver, uint32_t partition, uint16_t node)
{
    uint64_t digest = 0;
    if (!fore_driver_can(driver, FORE_CAP_DIGEST)) return;
    assert_int_equal(fore_driver_digest(driver, partition, node, &digest), FORE_E_RANGE);
}

void contract_need(struct fore_driver driver, uint32_t caps)
{
    if (fore_driver_can(driver, caps)) return;
    contract_close(driver);
    skip();
}
