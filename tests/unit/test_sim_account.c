#include "sim/account.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"

static void a_window_is_violated_above_one_percent(void **state)
{
    (void)state;
    struct fore_node node[2] = {
        {.cores = 2, .up = true},
        {.cores = 2, .up = true}
    };
    struct fore_partition partition[2] = {
        {.alive = true, .replica_count = 1, .replica = {0}},
        {.alive = true, .replica_count = 1, .replica = {1}},
    };
    struct fore_topology topology = {
        .node = node, .partition = partition, .node_count = 2, .partition_count = 2};
    struct fore_node_sample seen[2] = {
        {.requests = 1000, .slow = 11, .busy_ns = 60 * FORE_SEC, .utilization = 0.5,  .up = true},
        {.requests = 1000, .slow = 10, .busy_ns = 30 * FORE_SEC, .utilization = 0.25, .up = true},
    };
    struct fore_sample sample = {
        .end = 60 * FORE_SEC, .node = seen, .node_count = 2, .requests = 2000, .slow = 21};
    struct sim_account account = {0};
    sim_account_window(&account, &sample, &topology, 0.5);
    sample.slow = 20;
    sim_account_window(&account, &sample, &topology, 0.5);
    account.before.done[FORE_MOVE_SPLIT] = 3;
    account.bytes_before = 100;
    struct fore_migrate_counts counts = {.done = {[FORE_MOVE_SPLIT] = 5}, .failed = 1};
    struct sim_result result = {0};
    sim_account_report(&account, &counts, 250, &result);
    expect_near(result.slo_violation_s, 60, 0);
    expect_near(result.slo_violation_node_min, 2, 0);
    expect_near(result.slo_violation_request_share, 41.0 / 4000, 1e-12);
    expect_near(result.even_node_min, 1, 1e-12);
    expect_near(result.imbalance_mean, 0.5 / 0.375, 1e-12);
    expect_near(result.utilization_mean, 0.375, 1e-12);
    expect_near(result.nodes_mean, 2, 0);
    expect_near(result.bytes_moved, 150, 0);
    assert_int_equal(result.moves[FORE_MOVE_SPLIT], 2);
    assert_int_equal(result.moves_failed, 1);
    assert_int_equal(result.requests, 4000);
}

static void an_empty_account_divides_by_nothing(void **state)
{
    (void)state;
    struct sim_account account = {0};
    struct fore_migrate_counts counts = {0};
    struct sim_result result = {0};
    sim_account_report(&account, &counts, 0, &result);
    expect_near(result.imbalance_mean, 0, 0);
    expect_near(result.slo_violation_request_share, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_violated_above_one_percent),
        cmocka_unit_test(an_empty_account_divides_by_nothing),
    };
    return cmocka_run_group_tests_name("sim/account", tests, NULL, NULL);
}
