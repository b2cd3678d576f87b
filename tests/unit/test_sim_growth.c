/* Partitions that grow: what counts as an insert, where rows are when a partition is cut or joined,
 * and what is refused. */
#include "sim/growth.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CAP = 4 };

static struct fore_arena arena;
static struct fore_topology topology;
static struct sim_growth growth;

static int begin(void **state)
{
    fore_arena_init(&arena);
    fore_topology_init(&topology, &arena, 1, 1, CAP);
    topology.node[0] = (struct fore_node){.name = "n", .cores = 1, .up = true};
    topology.table[0] = (struct fore_table){.name = "t", .last = 1999, .column_groups = 1};
    for (uint64_t i = 0; i < 2; i++) {
        struct fore_partition p = {
            .first = 1000 * i, .last = 1000 * i + 999, .bytes = 5000, .replica_count = 1};
        assert_int_equal(fore_topology_add(&topology, &p, NULL), FORE_E_OK);
    }
    sim_growth_init(&growth, 100, CAP, &arena);
    return 0;
}

static int end(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static void only_what_goes_above_all_before_adds_a_row(void **state)
{
    sim_growth_write(&growth, 0, 500);
    sim_growth_write(&growth, 0, 501);
    sim_growth_write(&growth, 0, 501); /* an update */
    sim_growth_write(&growth, 0, 7);
    assert_int_equal(topology.partition[0].bytes, 5000); /* until the window ends */
    sim_growth_close(&growth, &topology);
    assert_int_equal(topology.partition[0].bytes, 5200);
    sim_growth_close(&growth, &topology);
    assert_int_equal(topology.partition[0].bytes, 5200);
    assert_int_equal(topology.partition[1].bytes, 5000);
}

static void rows_lie_below_the_highest_written_one(void **state)
{
    expect_near(sim_growth_share(&growth, &topology, 0, 250, 0.5), 0.75, 0.01); /* nobody wrote */
    sim_growth_write(&growth, 0, 400);
    expect_near(sim_growth_share(&growth, &topology, 0, 300, 0.5), 0.25, 0.01);
    expect_near(sim_growth_share(&growth, &topology, 0, 401, 0.5), 0, 0);
    expect_near(sim_growth_share(&growth, &topology, 0, 0, 0.5), 1, 0);
}

static void parts_and_wholes_know_their_highest_row(void **state)
{
    sim_growth_write(&growth, 0, 400);
    sim_growth_split(&growth, 0, 2, 300);
    assert_int_equal(growth.top[0], 299);
    assert_int_equal(growth.top[2], 400);
    sim_growth_merge(&growth, 0, 2);
    assert_int_equal(growth.top[0], 400);
    sim_growth_split(&growth, 0, 2, 700); /* ahead of all: empty */
    assert_int_equal(growth.top[0], 400);
    sim_growth_write(&growth, 2, 700);
    sim_growth_close(&growth, &topology);
    assert_int_equal(growth.top[2], 700);
}

static void switched_off_nothing_grows_and_load_divides_bytes(void **state)
{
    struct sim_growth off;
    sim_growth_init(&off, 0, CAP, &arena);
    assert_null(off.top);
    expect_near(sim_growth_share(&off, &topology, 0, 1, 0.25), 0.25, 0);
    sim_growth_split(&off, 0, 1, 500);
    sim_growth_merge(&off, 0, 1);
    sim_growth_close(&off, &topology);
    assert_int_equal(topology.partition[0].bytes, 5000);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(only_what_goes_above_all_before_adds_a_row),
        T(rows_lie_below_the_highest_written_one),
        T(parts_and_wholes_know_their_highest_row),
        T(switched_off_nothing_grows_and_load_divides_bytes),
    };
    return cmocka_run_group_tests_name("sim/growth", tests, NULL, NULL);
}
