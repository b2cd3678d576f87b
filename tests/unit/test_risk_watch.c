#include "core/risk/risk_watch.h"
#include "tests/support/near.h"
#include "tests/support/world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The world's horizon is an hour: half an hour's lead, half an hour's span. */
static const fore_ns minute = 60 * FORE_SEC;
static struct world world;
static struct fore_risk_watch watch;
static struct fore_load load;
static struct fore_partition_sample part[WORLD_CAP];
static struct fore_node_sample node[WORLD_NODES];
static double moving[WORLD_NODES]; /* share of the node that moves take */
static fore_ns now;

static int begin(void **state)
{
    world_init(&world);
    fore_risk_watch_init(&watch, &world.arena, WORLD_NODES, 60 * minute, 0.85);
    memset(part, 0, sizeof part);
    memset(moving, 0, sizeof moving);
    now = minute;
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static void brings(uint32_t p, double cores)
{
    part[p].busy_read_ns = (uint64_t)(cores * (double)minute);
}

/* A window in which every node does what its partitions and moves bring. */
static struct fore_sample window(void)
{
    memset(node, 0, sizeof node);
    for (uint32_t p = 0; p < world.topology.partition_count; p++)
        if (world.topology.partition[p].alive)
            node[world.topology.partition[p].replica[0]].utilization +=
                (double)part[p].busy_read_ns / (double)minute;
    for (uint32_t n = 0; n < WORLD_NODES; n++) {
        node[n].utilization = node[n].utilization / world.topology.node[n].cores + moving[n];
        node[n].busy_move_ns =
            (uint64_t)(moving[n] * world.topology.node[n].cores * (double)minute);
        node[n].up = true;
    }
    return (struct fore_sample){.begin = now - minute,
                                .end = now,
                                .partition = part,
                                .partition_count = world.topology.partition_count,
                                .node = node,
                                .node_count = WORLD_NODES};
}

static void pass(uint32_t minutes)
{
    for (uint32_t i = 0; i < minutes; i++) {
        now += minute;
        struct fore_sample sample = window();
        fore_risk_watch_window(&watch, &sample, &world.topology);
    }
}

static void ask(void)
{
    load = (struct fore_load){.topology = &world.topology,
                              .term = {{&world.forecast, 1}},
                              .term_count = 1,
                              .limit = 0.85};
    fore_load_build(&load, &world.arena, NULL, 0);
    struct fore_sample sample = window();
    assert_true(fore_risk_watch_due(&watch, now));
    fore_risk_watch_ask(&watch, &load, &sample, now);
}

static void move(uint32_t p, uint16_t to, fore_ns began)
{
    struct fore_risk_departure d = {.began = began,
                                    .partition = p,
                                    .from = world.topology.partition[p].replica[0],
                                    .to = to,
                                    .share = 1};
    world.topology.partition[p].replica[0] = to;
    fore_risk_watch_moved(&watch, &d);
}

static void an_answer_is_counted_when_its_time_is_over(void **state)
{
    ask();
    brings(0, 0.95 * world.topology.node[0].cores);
    pass(59);
    expect_near(fore_risk_watch_quality(&watch).count, 0, 0);
    pass(1);
    struct fore_risk_quality q = fore_risk_watch_quality(&watch);
    expect_near(q.count, WORLD_NODES, 0);
    expect_near(q.base_rate, 1.0 / WORLD_NODES, 1e-9);
}

static void what_happens_before_the_lead_is_not_asked_for(void **state)
{
    ask();
    brings(0, 0.95 * world.topology.node[0].cores);
    pass(30);
    brings(0, 0);
    pass(30);
    expect_near(fore_risk_watch_quality(&watch).base_rate, 0, 0);
}

/* What is learned in between does not change what was said. */
static void it_is_held_to_what_it_said_then(void **state)
{
    ask();
    double said = watch.ask[0].ours[0];
    for (int i = 0; i < 1000; i++) {
        fore_calibration_learn(&watch.ours, watch.ask[0].looked[0], true);
        fore_calibration_settle(&watch.ours);
    }
    assert_true(fore_calibration_apply(&watch.ours, watch.ask[0].looked[0]) > said + 0.1);
    for (uint32_t n = 1; n < WORLD_NODES; n++)
        watch.ask[0].ours[n] = 0;
    pass(60);
    expect_near(watch.brier, said * said, 1e-12);
}

static void a_move_that_helped_does_not_make_the_warning_untrue(void **state)
{
    brings(0, 0.5 * world.topology.node[0].cores);
    brings(1, 0.5 * world.topology.node[0].cores);
    ask();
    move(1, 3, now); /* decided upon what was asked */
    moving[3] = 0.9; /* the work of moves is not load either */
    pass(60);
    struct fore_risk_quality q = fore_risk_watch_quality(&watch);
    expect_near(q.count, WORLD_NODES, 0);
    expect_near(q.base_rate, 1.0 / WORLD_NODES, 1e-9); /* node 0 would have passed; 3 not */
}

static void a_move_under_way_when_asked_stays(void **state)
{
    brings(0, 0.5 * world.topology.node[0].cores);
    brings(1, 0.5 * world.topology.node[0].cores);
    ask();
    move(1, 3, now - 1);
    pass(60);
    expect_near(fore_risk_watch_quality(&watch).base_rate, 0, 0);
}

static void what_went_on_and_back_and_was_split_is_undone_too(void **state)
{
    uint32_t half = FORE_PARTITION_NONE;
    brings(1, 0.9 * world.topology.node[0].cores);
    ask();
    move(1, 3, now);
    pass(20);
    struct fore_partition *whole = &world.topology.partition[1];
    assert_int_equal(fore_topology_split(&world.topology, 1,
                                         whole->first + (whole->last - whole->first) / 2, 0.5,
                                         &half),
                     FORE_E_OK);
    fore_risk_watch_split(&watch, 1, half);
    brings(1, 0.45 * world.topology.node[0].cores);
    brings(half, 0.45 * world.topology.node[0].cores);
    move(half, 2, now);
    pass(40);
    struct fore_risk_quality q = fore_risk_watch_quality(&watch);
    expect_near(q.count, WORLD_NODES, 0);
    expect_near(q.base_rate, 1.0 / WORLD_NODES, 1e-9);
}

static void where_it_cannot_be_told_nothing_is_counted(void **state)
{
    ask();
    fore_risk_watch_changed(&watch, 2);
    pass(60);
    expect_near(fore_risk_watch_quality(&watch).count, WORLD_NODES - 1, 0);
}

/* A quarter of what is in 0 now came from 1, which had come to its node from elsewhere. */
static void of_what_was_merged_the_part_that_moved_goes_back(void **state)
{
    double cores = world.topology.node[0].cores;
    ask();
    move(1, 3, now);
    move(0, 3, now - 1); /* under way: stays */
    brings(0, 0.8 * cores);
    world.topology.partition[1].alive = false;
    fore_risk_watch_merged(&watch, 0, 1, 0.25);
    brings(2, 0.7 * cores); /* on node 0's other partition */
    world.topology.partition[2].replica[0] = 0;
    pass(60);
    struct fore_risk_quality q = fore_risk_watch_quality(&watch);
    expect_near(q.count, WORLD_NODES, 0);
    expect_near(q.base_rate, 1.0 / WORLD_NODES, 1e-9); /* 0.7 + 0.2 on node 0; 0.6 on 3 */
}

static void more_moves_than_it_can_remember_are_no_answer(void **state)
{
    ask();
    for (uint32_t i = 0; i <= FORE_RISK_DEPARTURES; i++)
        move(1, i % 2 == 0 ? 3 : 0, now);
    pass(60);
    expect_near(fore_risk_watch_quality(&watch).count, 2, 0); /* nodes 1 and 2 */
    assert_int_equal(watch.shadow.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(an_answer_is_counted_when_its_time_is_over),
        T(what_happens_before_the_lead_is_not_asked_for),
        T(it_is_held_to_what_it_said_then),
        T(a_move_that_helped_does_not_make_the_warning_untrue),
        T(a_move_under_way_when_asked_stays),
        T(what_went_on_and_back_and_was_split_is_undone_too),
        T(of_what_was_merged_the_part_that_moved_goes_back),
        T(where_it_cannot_be_told_nothing_is_counted),
        T(more_moves_than_it_can_remember_are_no_answer),
    };
    return cmocka_run_group_tests_name("decide/risk_watch", tests, NULL, NULL);
}
