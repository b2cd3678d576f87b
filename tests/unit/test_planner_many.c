/* test_planner_many.c - a node that holds more partitions than one search looks at, and loads that
 * are large for minutes only: what counts is found all the same. */
#include "core/decide/planner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { NODES = 3, PARTITIONS = 400, CAP = 440, STEPS = 12 };

struct many {
    struct fore_arena arena;
    struct fore_topology topology;
    struct fore_observe *observe;
    struct fore_observe_options observe_options;
    struct fore_decide_options decide;
    float mean[CAP * STEPS], own[CAP * STEPS], common[CAP * STEPS];
    struct fore_scenario scenario;
    uint8_t slots[NODES];
    bool busy[CAP], rest[CAP];
    uint16_t replicas[CAP];
    struct fore_planner_input input;
    struct fore_plan plan;
};

static struct many m;

/* All on node 0, each with 0.002 cores of its one; steps of 5 minutes; 16 MiB move in 15 s. */
static int begin(void **state)
{
    (void)state;
    m = (struct many){0};
    fore_topology_init(&m.topology, &m.arena, NODES, 1, CAP);
    m.topology.table[0] = (struct fore_table){.name = "t", .last = UINT64_MAX, .column_groups = 1};
    for (uint32_t n = 0; n < NODES; n++) {
        m.topology.node[n] =
            (struct fore_node){.cores = 1, .bandwidth_bytes = (1 << 24) / 15.0, .up = true};
        (void)snprintf(m.topology.node[n].name, sizeof m.topology.node[n].name, "node-%02u", n);
        m.slots[n] = 1;
    }
    uint64_t width = UINT64_MAX / PARTITIONS;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        struct fore_partition part = {.first = p * width + (p > 0),
                                      .last = p + 1 == PARTITIONS ? UINT64_MAX : (p + 1) * width,
                                      .bytes = 1 << 24,
                                      .replica_count = 1,
                                      .alive = true};
        assert_int_equal(fore_topology_add(&m.topology, &part, NULL), FORE_E_OK);
        m.replicas[p] = 1;
        for (size_t h = 0; h < STEPS; h++) {
            m.mean[p * STEPS + h] = 0.002f;
            m.own[p * STEPS + h] = 0.0001f;
        }
    }
    assert_int_equal(fore_topology_check(&m.topology, NULL), FORE_E_OK);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &m.observe_options},
                         &m.arena);
    fore_option_defaults((struct fore_option_binding){&fore_decide_section, &m.decide}, &m.arena);
    m.observe = fore_observe_create(&m.observe_options, &m.topology, 1);
    m.scenario = (struct fore_scenario){.model = "hand-made",
                                        .step = 300 * FORE_SEC,
                                        .steps = STEPS,
                                        .partition_count = PARTITIONS,
                                        .mean = m.mean,
                                        .common = m.common,
                                        .own = m.own,
                                        .ready = true};
    m.input = (struct fore_planner_input){.options = &m.decide,
                                          .topology = &m.topology,
                                          .observe = m.observe,
                                          .term = {{.scenario = &m.scenario, .weight = 1}},
                                          .term_count = 1,
                                          .node_slots = m.slots,
                                          .cluster_slots = NODES,
                                          .partition_busy = m.busy,
                                          .partition_split_rest = m.rest,
                                          .baseline_partitions = PARTITIONS,
                                          .baseline_replicas = m.replicas,
                                          .move_utilization = 0.01,
                                          .bytes_mean = 1 << 24,
                                          .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT};
    return 0;
}

static int end(void **state)
{
    (void)state;
    fore_observe_destroy(m.observe);
    fore_arena_fini(&m.arena);
    return 0;
}

/* 0.798 and 0.3 of the last one: too much for node 0, and 399 small ones stand before it. */
static void the_hot_one_is_found_behind_very_many_others(void **state)
{
    (void)state;
    for (uint32_t hot = 0; hot < PARTITIONS; hot += PARTITIONS - 1) {
        for (size_t h = 2; h < STEPS; h++) {
            m.mean[0 * STEPS + h] = m.mean[(PARTITIONS - 1) * STEPS + h] = 0.002f;
            m.mean[hot * STEPS + h] = 0.3f;
        }
        fore_planner_plan(&m.input, &m.arena, &m.plan);
        assert_true(m.plan.move_count >= 1);
        assert_int_equal(m.plan.move[0].move.kind, FORE_MOVE_MOVE);
        assert_int_equal(m.plan.move[0].move.partition, hot);
        assert_true(m.plan.violation_after_s < 0.1 * m.plan.violation_before_s);
    }
}

/* More than any node has room for, in one step of twelve: 5 % of a node on average. */
static void a_short_peak_is_reason_enough_to_split(void **state)
{
    (void)state;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        m.topology.partition[p].replica[0] = (uint16_t)(p % NODES);
        for (size_t h = 0; h < STEPS; h++)
            m.mean[p * STEPS + h] = 0.0038f; /* 0.51 each */
    }
    m.mean[9 * STEPS + 6] = 0.6f;
    const struct fore_partition *part = &m.topology.partition[9];
    for (uint32_t i = 0; i < 256; i++)
        fore_keyrange_add(m.observe->key_ranges, 0, 9,
                          part->first + i * ((part->last - part->first) / 256), 1);
    fore_planner_plan(&m.input, &m.arena, &m.plan);
    assert_true(m.plan.move_count >= 1);
    assert_int_equal(m.plan.move[0].move.kind, FORE_MOVE_SPLIT);
    assert_int_equal(m.plan.move[0].move.partition, 9);
    m.decide.split_load_min = 0.7; /* more than its peak */
    fore_planner_plan(&m.input, &m.arena, &m.plan);
    for (uint32_t i = 0; i < m.plan.move_count; i++)
        assert_int_not_equal(m.plan.move[i].move.kind, FORE_MOVE_SPLIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_hot_one_is_found_behind_very_many_others),
        TEST(a_short_peak_is_reason_enough_to_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
