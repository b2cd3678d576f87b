/* test_sim_served.c - what a real server tells: at most what it can do, and a backlog as work. */
#include "sim/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/near.h"

struct case_of {
    struct fore_arena arena;
    struct fore_topology topology;
    struct fore_partition_sample partition[2];
    struct fore_node_sample node[1];
    struct fore_sample sample;
    struct sim_served served;
};

static struct case_of c;

/* Two partitions on one node of two cores. */
static int begin(void **state)
{
    (void)state;
    c = (struct case_of){0};
    fore_topology_init(&c.topology, &c.arena, 1, 1, 2);
    c.topology.table[0] = (struct fore_table){.name = "t", .last = UINT64_MAX};
    c.topology.node[0] = (struct fore_node){.cores = 2, .up = true};
    for (uint64_t p = 0; p < 2; p++) {
        struct fore_partition part = {.first = p << 63,
                                      .last = p == 0 ? (UINT64_C(1) << 63) - 1 : UINT64_MAX,
                                      .replica_count = 1};
        assert_int_equal(fore_topology_add(&c.topology, &part, NULL), FORE_E_OK);
    }
    c.sample = (struct fore_sample){.partition = c.partition,
                                    .node = c.node,
                                    .partition_count = 2,
                                    .node_count = 1,
                                    .end = FORE_SEC};
    sim_served_init(&c.served, &c.topology, &c.arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fore_arena_fini(&c.arena);
    return 0;
}

/* A second in which the two ask for so many cores, and then so much waits, a core. */
static const struct fore_sample *window(double first, double second, double backlog_s)
{
    c.partition[0] = (struct fore_partition_sample){.reads = (uint64_t)(1000 * first),
                                                    .busy_read_ns = (uint64_t)(1e9 * first)};
    c.partition[1] = (struct fore_partition_sample){.writes = (uint64_t)(1000 * second),
                                                    .busy_write_ns = (uint64_t)(1e9 * second)};
    c.node[0] = (struct fore_node_sample){.requests = (uint64_t)(1000 * (first + second)),
                                          .busy_ns = (uint64_t)(1e9 * (first + second)),
                                          .backlog_ns = (uint64_t)(1e9 * backlog_s),
                                          .utilization = (first + second) / 2};
    return sim_served_window(&c.served, &c.sample, &c.topology);
}

static void a_node_with_room_serves_what_is_asked(void **state)
{
    (void)state;
    const struct fore_sample *told = window(1, 0.5, 0);
    expect_near(told->node[0].utilization, 0.75, 1e-9);
    assert_int_equal(told->partition[0].reads, 1000);
    assert_int_equal(told->partition[1].writes, 500);
    assert_int_equal(told->partition[1].busy_write_ns, 500000000);
}

static void a_full_one_serves_all_the_same_share(void **state)
{
    (void)state;
    const struct fore_sample *told = window(3, 1, 1); /* 4 of 2 cores: 1 s a core is left */
    expect_near(told->node[0].utilization, 1, 1e-9);
    assert_int_equal(told->partition[0].reads, 1500);
    assert_int_equal(told->partition[1].busy_write_ns, 500000000);
    assert_int_equal(told->node[0].backlog_ns, 0); /* it waits where no server sees it */
    assert_int_equal(c.partition[0].reads, 3000);  /* others are told the truth */
}

static void a_backlog_is_work_when_it_is_done(void **state)
{
    (void)state;
    (void)window(3, 1, 1);
    const struct fore_sample *told = window(0.5, 0.5, 0.5);
    expect_near(told->node[0].utilization, 1, 1e-9);
    assert_int_equal(told->partition[0].reads, 1000);
    told = window(0, 0, 0); /* nobody asks any more: whose it was is not known */
    expect_near(told->node[0].utilization, 0.5, 1e-9);
    assert_int_equal(told->partition[0].reads, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_node_with_room_serves_what_is_asked, begin, end),
        cmocka_unit_test_setup_teardown(a_full_one_serves_all_the_same_share, begin, end),
        cmocka_unit_test_setup_teardown(a_backlog_is_work_when_it_is_done, begin, end),
    };
    return cmocka_run_group_tests_name("sim/served", tests, NULL, NULL);
}
