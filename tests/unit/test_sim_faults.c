#include "sim/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void nodes_are_named_in_several_ways(void **state)
{
    (void)state;
    static const char *const texts[] = {"node3 down 2h 10min", "node-03 down 120min 600s",
                                        " 3  down  7200s  10min "};
    for (size_t i = 0; i < FORE_COUNTOF(texts); i++) {
        struct sim_fault fault;
        struct fore_diag diag = {0};
        assert_int_equal(sim_faults_parse(texts[i], 4, &fault, &diag), FORE_E_OK);
        assert_int_equal(fault.node, 3);
        assert_int_equal(fault.down, 7200 * FORE_SEC);
        assert_int_equal(fault.up, 7800 * FORE_SEC);
    }
}

static void nonsense_is_told_by_its_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "node3",
        "node3 down",
        "node3 down 2h",
        "node4 down 2h 1h",
        "nodeX down 2h 1h",
        "node3 gone 2h 1h",
        "node3 down 2 1h",
        "node3 down 2h 0s",
        "node3 down 2h 1h now",
        "node3 down 2h 1hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh",
        "node99999999999999999999 down 2h 1h"};
    for (size_t i = 0; i < FORE_COUNTOF(texts); i++) {
        struct sim_fault fault;
        struct fore_diag diag = {0};
        assert_int_equal(sim_faults_parse(texts[i], 4, &fault, &diag), FORE_E_FORMAT);
        assert_non_null(strstr(diag.text, "sim.faults"));
    }
}

static void a_node_is_down_from_to(void **state)
{
    (void)state;
    struct fore_node node[2] = {{.up = true}, {.up = true}};
    struct fore_partition partition = {
        .alive = true, .replica_count = 2, .replica = {1, 0}
    };
    struct fore_topology topology = {
        .node = node, .partition = &partition, .node_count = 2, .partition_count = 1};
    struct sim_fault fault = {.node = 1, .down = 10, .up = 20};
    struct fore_sink nowhere = {0};
    assert_false(sim_faults_apply(&fault, 1, 9, &topology, nowhere));
    assert_true(sim_faults_apply(&fault, 1, 10, &topology, nowhere));
    assert_false(node[1].up);
    assert_int_equal(partition.replica[0], 0); /* the follower was promoted */
    assert_int_equal(partition.replica[1], 1);
    assert_false(sim_faults_apply(&fault, 1, 15, &topology, nowhere));
    uint64_t epoch = topology.epoch;
    assert_true(sim_faults_apply(&fault, 1, 20, &topology, nowhere));
    assert_true(node[1].up);
    assert_true(topology.epoch > epoch);
    assert_int_equal(partition.replica[0], 0); /* and stays the owner */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_named_in_several_ways),
        cmocka_unit_test(nonsense_is_told_by_its_text),
        cmocka_unit_test(a_node_is_down_from_to),
    };
    return cmocka_run_group_tests_name("sim/faults", tests, NULL, NULL);
}
