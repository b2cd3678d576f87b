#include "sim/split_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 2, CAP = 8 };
static struct fore_arena arena;
static struct fore_topology topology;
static struct sim_split_watch watch;
static struct fore_partition_sample load[CAP];
static fore_ns now;

static int begin(void **state)
{
    arena = (struct fore_arena){0};
    fore_topology_init(&topology, &arena, NODES, 1, CAP);
    for (uint32_t n = 0; n < NODES; n++) {
        topology.node[n].up = true;
        topology.node[n].cores = 1;
    }
    topology.table[0] = (struct fore_table){.name = "rows", .first = 0, .last = UINT64_MAX};
    for (uint64_t p = 0; p < 2; p++) {
        struct fore_partition part = {.first = p << 63,
                                      .last = p == 0 ? (UINT64_C(1) << 63) - 1 : UINT64_MAX,
                                      .alive = true,
                                      .replica_count = 1};
        assert_int_equal(fore_topology_add(&topology, &part, NULL), FORE_E_OK);
    }
    assert_int_equal(fore_topology_check(&topology, NULL), FORE_E_OK);
    sim_split_watch_init(&watch, &topology, &arena);
    memset(load, 0, sizeof load);
    now = 0;
    return 0;
}

static int end(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static void windows(uint32_t minutes, bool counting)
{
    for (uint32_t i = 0; i < minutes; i++) {
        now += 60 * FORE_SEC;
        struct fore_sample sample = {
            .end = now, .partition = load, .partition_count = topology.partition_count};
        sim_split_watch_window(&watch, &sample, &topology, counting);
    }
}

static uint32_t split(uint32_t partition, uint64_t at)
{
    uint32_t right = FORE_PARTITION_NONE;
    assert_int_equal(fore_topology_split(&topology, partition, at, .5, &right), FORE_E_OK);
    assert_int_equal(fore_topology_check(&topology, NULL), FORE_E_OK);
    return right;
}

static void halves_are_weighed_over_an_hour(void **state)
{
    windows(5, true);
    uint32_t even = split(0, UINT64_C(1) << 62), lame = split(1, UINT64_C(3) << 62);
    load[0].busy_read_ns = 45;
    load[even].busy_read_ns = 25;
    load[even].busy_write_ns = 30;
    load[1].busy_read_ns = 90;
    load[lame].busy_read_ns = 10;
    windows(59, true);
    assert_int_equal(watch.judged, 0);
    windows(2, true);
    assert_int_equal(watch.judged, 2);
    assert_int_equal(watch.balanced, 1);
}

static void what_is_cut_again_has_said_nothing(void **state)
{
    uint32_t right = split(0, UINT64_C(1) << 62);
    windows(10, true);
    load[0].busy_read_ns = load[right].busy_read_ns = 50;
    (void)split(right, (UINT64_C(1) << 62) + 1000);
    windows(55, true);
    assert_int_equal(watch.judged, 0);
}

static void before_the_evaluation_nothing_is_counted(void **state)
{
    uint32_t right = split(0, UINT64_C(1) << 62);
    load[0].busy_read_ns = load[right].busy_read_ns = 50;
    windows(10, false);
    windows(100, true);
    assert_int_equal(watch.judged, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(halves_are_weighed_over_an_hour),
        T(what_is_cut_again_has_said_nothing),
        T(before_the_evaluation_nothing_is_counted),
    };
    return cmocka_run_group_tests_name("sim/split_watch", tests, NULL, NULL);
}
