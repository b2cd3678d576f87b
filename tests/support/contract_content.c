/* contract_content.c - what a driver says of the rows on a node: sums that add up, and reads. */
#include "tests/support/contract_help.h"

/* What `node` holds of a partition less what was written to it. */
static uint64_t rest_of(struct fore_driver driver, uint32_t partition, uint16_t node)
{
    struct fore_content content = {0};
    expect_ok(fore_driver_content(driver, partition, node, &content));
    return content.sum - content.written;
}

static void sums_less_writes_stand_still_through_moves_and_splits(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    struct fore_content content;
    contract_need(driver, FORE_CAP_CONTENT | FORE_CAP_MOVE | FORE_CAP_SPLIT);
    uint32_t partition = contract_partition(driver, 0);
    struct fore_move move = contract_move(driver, partition);
    uint64_t agreed = rest_of(driver, partition, move.source);
    assert_int_equal(fore_driver_content(driver, partition, move.target, &content), FORE_E_RANGE);

    fore_ticket ticket = contract_begin(driver, move);
    contract_wait_ready(driver, ticket);
    assert_true(rest_of(driver, partition, move.source) == agreed);
    assert_true(rest_of(driver, partition, move.target) == agreed);
    contract_carry_out(driver, ticket);
    assert_true(rest_of(driver, partition, move.target) == agreed);
    assert_int_equal(fore_driver_content(driver, partition, move.source, &content), FORE_E_RANGE);

    ticket = contract_begin(driver, contract_split(driver, partition));
    contract_carry_out(driver, ticket);
    uint32_t right = contract_poll(driver, ticket).partition_new;
    assert_true(rest_of(driver, partition, move.target) + rest_of(driver, right, move.target) ==
                agreed);
    contract_close(driver);
}

/* ---- reads --------------------------------------------------------------------------------- */

static uint64_t read_on(struct fore_driver driver, uint64_t position, uint32_t partition,
                        uint16_t node)
{
    uint64_t answer = 0;
    enum fore_err err = fore_driver_probe(driver, position, partition, node, &answer);
    assert_true(err == FORE_E_OK || err == FORE_E_RANGE);
    return err == FORE_E_OK ? answer : 0;
}

enum { KEYS = 64 };

/* Positions that clients have used and that lie in one partition with data. */
static uint32_t known_keys(struct fore_driver driver, uint64_t key[KEYS], uint32_t *partition)
{
    uint32_t count = 0;
    *partition = FORE_PARTITION_NONE;
    for (fore_ns waited = 0; waited <= contract_current->patience_ns && count < 2;
         waited += contract_current->step_ns) {
        struct fore_sample sample;
        contract_current->advance(driver, contract_current->step_ns);
        if (fore_driver_sample(driver, &sample) != FORE_E_OK) continue;
        for (uint32_t i = 0; i < sample.key_count && count < KEYS; i++) {
            uint32_t at = fore_topology_find(contract_view(driver), sample.key[i].position);
            if (*partition == FORE_PARTITION_NONE) *partition = at;
            if (at == *partition) key[count++] = sample.key[i].position;
        }
    }
    assert_true(count > 0);
    return count;
}

static void both_ends_of_a_move_answer_a_read_alike_and_then_one_does(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE | FORE_CAP_KEYS | FORE_CAP_PROBE);
    uint64_t key[KEYS];
    uint32_t partition, there = 0, count = known_keys(driver, key, &partition);
    struct fore_move move = contract_move(driver, partition);
    for (uint32_t i = 0; i < count; i++)
        assert_true(read_on(driver, key[i], partition, move.target) == 0);
    fore_ticket ticket = contract_begin(driver, move);
    contract_wait_ready(driver, ticket);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t answer = read_on(driver, key[i], partition, move.source);
        assert_true(read_on(driver, key[i], partition, move.target) == answer);
        there += answer != 0;
    }
    assert_true(there > 0);
    contract_carry_out(driver, ticket);
    for (uint32_t i = 0; i < count; i++)
        assert_true(read_on(driver, key[i], partition, move.source) == 0);
    contract_close(driver);
}

static void a_read_of_what_is_not_there_is_out_of_range(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_PROBE);
    const struct fore_topology *t = contract_view(driver);
    uint64_t answer;
    uint32_t cap = t->partition_cap, partition = contract_partition(driver, 0);
    uint16_t nodes = (uint16_t)t->node_count;
    assert_int_equal(fore_driver_probe(driver, 0, cap, 0, &answer), FORE_E_RANGE);
    assert_int_equal(fore_driver_probe(driver, 0, partition, nodes, &answer), FORE_E_RANGE);
    contract_close(driver);
}

int contract_content_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_less_writes_stand_still_through_moves_and_splits),
        cmocka_unit_test(both_ends_of_a_move_answer_a_read_alike_and_then_one_does),
        cmocka_unit_test(a_read_of_what_is_not_there_is_out_of_range),
    };
    return cmocka_run_group_tests_name("contract: what lies on a node", tests, NULL, NULL);
}
