/* test_demand.c - what is asked of a full node, from what it serves: two nodes, forty quiet
 * partitions and one hot one on the first. */
#include "core/observe/demand.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/near.h"

enum { NODES = 2, QUIET = 40, HOT = QUIET, PARTITIONS = QUIET + 1 };

struct case_of {
    struct fore_arena arena;
    struct fore_topology topology;
    struct fore_partition_sample partition[PARTITIONS];
    struct fore_node_sample node[NODES];
    struct fore_sample sample;
    struct fore_demand *demand;
};

static struct case_of c;

static int begin(void **state)
{
    (void)state;
    c = (struct case_of){0};
    fore_topology_init(&c.topology, &c.arena, NODES, 1, PARTITIONS);
    c.topology.table[0] = (struct fore_table){.name = "t", .last = UINT64_MAX};
    for (uint32_t n = 0; n < NODES; n++)
        c.topology.node[n] = (struct fore_node){.cores = 1, .bandwidth_bytes = 1e6, .up = true};
    uint64_t width = UINT64_MAX / PARTITIONS;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        struct fore_partition part = {.first = p * width + (p > 0),
                                      .last = p + 1 == PARTITIONS ? UINT64_MAX : (p + 1) * width,
                                      .replica_count = 1,
                                      .replica = {p == HOT ? 0 : (uint16_t)(p % NODES)}};
        assert_int_equal(fore_topology_add(&c.topology, &part, NULL), FORE_E_OK);
    }
    c.sample = (struct fore_sample){.partition = c.partition,
                                    .node = c.node,
                                    .partition_count = PARTITIONS,
                                    .node_count = NODES};
    c.demand = fore_demand_create(PARTITIONS, NODES, false);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fore_demand_destroy(c.demand);
    fore_arena_fini(&c.arena);
    return 0;
}

/* So many seconds in which each quiet partition asks for `quiet` cores and the hot one for `hot`;
 * a node serves one core's worth, of everybody's the same share. */
static void ask(int seconds, double quiet, double hot)
{
    for (int s = 0; s < seconds; s++) {
        double asked[NODES] = {0};
        for (uint32_t p = 0; p < PARTITIONS; p++)
            asked[c.topology.partition[p].replica[0]] += p == HOT ? hot : quiet;
        for (uint32_t n = 0; n < NODES; n++)
            c.node[n].utilization = fmin(asked[n], 1);
        for (uint32_t p = 0; p < PARTITIONS; p++) {
            double share = fmin(1 / asked[c.topology.partition[p].replica[0]], 1);
            c.partition[p].busy_read_ns = (uint64_t)(1e9 * share * (p == HOT ? hot : quiet));
        }
        c.sample.begin = c.sample.end;
        c.sample.end += FORE_SEC;
        fore_demand_push(c.demand, &c.sample, &c.topology);
    }
}

static double lift(uint32_t p)
{
    return fore_demand_lift(c.demand, &c.topology, p);
}

static void a_node_with_room_hides_nothing(void **state)
{
    (void)state;
    assert_true(lift(0) == 1);
    ask(60, 0.005, 0.5);
    assert_true(lift(0) == 1 && lift(1) == 1 && lift(HOT) == 1);
}

static void a_full_node_is_asked_for_more_than_it_serves(void **state)
{
    (void)state;
    ask(60, 0.005, 0.5);
    ask(20, 0.005, 1.5);
    expect_near(lift(HOT), 1.6, 0.02);
    expect_near(lift(0), 1.6, 0.02); /* of everybody on it */
    assert_true(lift(1) == 1);
    ask(1, 0.005, 0.5);
    assert_true(lift(HOT) == 1); /* the next window with room */
}

static void it_is_found_in_seconds(void **state)
{
    (void)state;
    ask(60, 0.005, 0.5);
    ask(4, 0.005, 1.5);
    assert_true(lift(HOT) > 1.2);
}

/* As ask(), but what is not served waits, and is served when there is room: by everybody's part of
 * what is asked then, as sim/served.h has it. Adds up what was asked and what is made of it, of
 * node 0, in core-seconds. */
struct sums {
    double asked, made, waiting;
};

static void ask_and_wait(int seconds, double quiet, double hot, struct sums *sums)
{
    for (int s = 0; s < seconds; s++) {
        double asked = hot + QUIET / 2 * quiet;
        double done = fmin(asked + sums->waiting, 1), share = done / asked;
        sums->waiting += asked - done;
        c.node[0].utilization = done;
        c.node[1].utilization = QUIET / 2 * quiet;
        for (uint32_t p = 0; p < PARTITIONS; p++) {
            double at = p == HOT || p % NODES == 0 ? share : 1;
            c.partition[p].busy_read_ns = (uint64_t)(1e9 * at * (p == HOT ? hot : quiet));
        }
        c.sample.begin = c.sample.end;
        c.sample.end += FORE_SEC;
        fore_demand_push(c.demand, &c.sample, &c.topology);
        sums->asked += asked;
        sums->made += done * lift(HOT);
    }
}

/* An overload of half a minute and what it leaves behind: how much of what waited is asked for once
 * too often. */
static double counted_again(double overload, double after)
{
    struct sums sums = {0};
    ask(60, 0.005, 0.5);
    ask_and_wait(30, 0.005, overload, &sums);
    double waited = sums.waiting;
    expect_near(sums.made / sums.asked, 1, 0.1); /* it takes some seconds to be found */
    while (sums.waiting > 0)
        ask_and_wait(1, 0.005, after, &sums);
    double again = (sums.made - sums.asked) / waited;
    ask_and_wait(20, 0.005, after, &sums);
    assert_true(lift(HOT) == 1);
    return again;
}

static void count_once(void)
{
    fore_demand_destroy(c.demand);
    c.demand = fore_demand_create(PARTITIONS, NODES, true);
}

static void what_waited_is_asked_for_again_when_it_is_served(void **state)
{
    (void)state;
    assert_true(counted_again(1.3, 0.5) > 0.8);
}

static void what_waited_is_asked_for_once(void **state)
{
    (void)state;
    count_once();
    expect_near(counted_again(1.3, 0.5), 0, 0.2);
}

/* Then all are served three times what they ask for, the quiet ones too. */
static void also_when_little_is_asked_for_afterwards(void **state)
{
    (void)state;
    count_once();
    expect_near(counted_again(1.6, 0.2), 0, 0.3);
}

/* The quiet ones have grown by half: without a backlog that is no reason to doubt what is served.
 */
static void what_is_served_is_asked_for_where_nothing_waits(void **state)
{
    (void)state;
    count_once();
    ask(60, 0.005, 0.5);
    for (uint32_t p = 0; p < PARTITIONS; p++)
        c.partition[p].busy_read_ns = c.partition[p].busy_read_ns * 5 / 3;
    c.node[0].utilization = 1;
    for (int i = 0; i < 20; i++) {
        c.sample.begin = c.sample.end;
        c.sample.end += FORE_SEC;
        fore_demand_push(c.demand, &c.sample, &c.topology);
        assert_true(lift(HOT) == 1);
    }
}

/* An hour of overload is not an hour of waiting: clients have gone away. */
static void no_more_waits_than_a_minute_of_the_node(void **state)
{
    (void)state;
    struct sums sums = {0};
    count_once();
    ask(60, 0.005, 0.5);
    ask(3600, 0.005, 1.3); /* more than waits is lost */
    double taken = 0;
    sums.waiting = 1e6;
    for (int s = 0; s < 600; s++) {
        ask_and_wait(1, 0.005, 0.5, &sums);
        taken += 1 - fmin(lift(HOT), 1);
    }
    assert_true(taken > 50 && taken < 61);
}

static void a_backlog_worked_off_is_no_demand(void **state)
{
    (void)state;
    ask(60, 0.005, 0.5);
    for (uint32_t p = 0; p < PARTITIONS; p++) /* all a little more than they ask for */
        c.partition[p].busy_read_ns = c.partition[p].busy_read_ns * 5 / 3;
    c.node[0].utilization = 1;
    for (int i = 0; i < 20; i++) {
        c.sample.begin = c.sample.end;
        c.sample.end += FORE_SEC;
        fore_demand_push(c.demand, &c.sample, &c.topology);
    }
    assert_true(lift(HOT) == 1); /* never below what is served */
}

static void a_quiet_one_that_grows_is_not_asked(void **state)
{
    (void)state;
    ask(60, 0.005, 0.5);
    c.topology.partition[HOT].replica[0] = 1; /* the hot one has gone; two others get hot */
    for (int s = 0; s < 20; s++) {
        double asked = 0.7 + 0.7 + 18 * 0.005;
        for (uint32_t p = 0; p < QUIET; p += 2)
            c.partition[p].busy_read_ns = (uint64_t)(1e9 * (p < 4 ? 0.7 : 0.005) / asked);
        c.node[0].utilization = 1;
        c.sample.begin = c.sample.end;
        c.sample.end += FORE_SEC;
        fore_demand_push(c.demand, &c.sample, &c.topology);
    }
    expect_near(lift(0), 1.49, 0.05);
}

static void without_quiet_ones_nothing_is_claimed(void **state)
{
    (void)state;
    ask(60, 0.0005, 0.5); /* 1 % of the node */
    ask(20, 0.0005, 1.5);
    assert_true(lift(HOT) == 1);
}

static void another_life_of_an_index_begins_unknown(void **state)
{
    (void)state;
    ask(60, 0.005, 0.5);
    for (uint32_t p = 0; p < QUIET; p++)
        c.topology.partition[p].generation++;
    ask(20, 0.005, 1.5);
    assert_true(lift(HOT) == 1);
    assert_true(fore_demand_bytes(c.demand) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_node_with_room_hides_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_full_node_is_asked_for_more_than_it_serves, begin, end),
        cmocka_unit_test_setup_teardown(it_is_found_in_seconds, begin, end),
        cmocka_unit_test_setup_teardown(what_waited_is_asked_for_again_when_it_is_served, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_waited_is_asked_for_once, begin, end),
        cmocka_unit_test_setup_teardown(also_when_little_is_asked_for_afterwards, begin, end),
        cmocka_unit_test_setup_teardown(what_is_served_is_asked_for_where_nothing_waits, begin,
                                        end),
        cmocka_unit_test_setup_teardown(no_more_waits_than_a_minute_of_the_node, begin, end),
        cmocka_unit_test_setup_teardown(a_backlog_worked_off_is_no_demand, begin, end),
        cmocka_unit_test_setup_teardown(a_quiet_one_that_grows_is_not_asked, begin, end),
        cmocka_unit_test_setup_teardown(without_quiet_ones_nothing_is_claimed, begin, end),
        cmocka_unit_test_setup_teardown(another_life_of_an_index_begins_unknown, begin, end),
    };
    return cmocka_run_group_tests_name("core/observe/demand", tests, NULL, NULL);
}
