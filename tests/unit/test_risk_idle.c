#include "core/risk/risk_idle.h"
#include "core/risk/risk_watch.h"
#include "tests/support/near.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const double window_ns = 60e9;
static struct world world;
static struct fore_risk_idle idle;
static struct fore_partition_sample part[WORLD_CAP];
static struct fore_node_sample node[WORLD_NODES];

static int begin(void **state)
{
    world_init(&world);
    memset(part, 0, sizeof part);
    fore_risk_idle_init(&idle, &world.arena, &world.topology);
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static void brings(uint32_t p, double reads, double writes) /* cores */
{
    part[p].busy_read_ns = (uint64_t)(reads * window_ns);
    part[p].busy_write_ns = (uint64_t)(writes * window_ns);
}

/* Nodes do what lies on them now, and a tenth more for moves. */
static void look(void)
{
    const struct fore_topology *t = &world.topology;
    memset(node, 0, sizeof node);
    for (uint32_t p = 0; p < t->partition_count; p++)
        for (uint16_t r = 0; t->partition[p].alive && r < t->partition[p].replica_count; r++) {
            double work = (double)part[p].busy_read_ns / t->partition[p].replica_count +
                          (double)part[p].busy_write_ns;
            uint16_t n = t->partition[p].replica[r];
            node[n].utilization += work / window_ns / t->node[n].cores;
        }
    for (uint32_t n = 0; n < WORLD_NODES; n++) {
        node[n].utilization += 0.1;
        node[n].busy_move_ns = (uint64_t)(0.1 * t->node[n].cores * window_ns);
        node[n].up = true;
    }
    const struct fore_sample sample = {.end = (fore_ns)window_ns,
                                       .partition = part,
                                       .partition_count = t->partition_count,
                                       .node = node,
                                       .node_count = WORLD_NODES};
    fore_risk_idle_look(&idle, &sample, t);
}

static void expect_idle(const double *cores)
{
    look();
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        expect_near(idle.utilization[n], cores[n] / world.topology.node[n].cores, 1e-6);
}

static void where_nothing_is_done_it_is_what_is_seen(void **state)
{
    brings(0, 0.5, 0.1);
    brings(5, 0.3, 0);
    expect_idle((double[]){0.6, 0.3, 0, 0});
}

static void what_moved_is_counted_at_home(void **state)
{
    brings(0, 0.5, 0.1);
    world.topology.partition[0].replica[0] = 2;
    expect_idle((double[]){0.6, 0, 0, 0});
}

/* A copy more: reads are spread, writes are not; at home there was one. */
static void so_is_what_was_replicated(void **state)
{
    struct fore_partition *p = &world.topology.partition[0];
    brings(0, 0.6, 0.1);
    p->replica_count = 2;
    p->replica[1] = 3;
    expect_idle((double[]){0.7, 0, 0, 0});
}

static void parts_of_a_split_sit_where_the_whole_sat(void **state)
{
    uint32_t half = FORE_PARTITION_NONE;
    struct fore_partition *whole = &world.topology.partition[1];
    uint64_t at = whole->first + (whole->last - whole->first) / 2;
    assert_int_equal(fore_topology_split(&world.topology, 1, at, 0.5, &half), FORE_E_OK);
    fore_risk_idle_split(&idle, 1, half);
    world.topology.partition[half].replica[0] = 3;
    brings(1, 0.1, 0);
    brings(half, 0.4, 0);
    expect_idle((double[]){0.5, 0, 0, 0});
}

static void what_was_merged_sits_in_both_places(void **state)
{
    fore_risk_idle_merged(&idle, 3, 4, 0.25); /* of nodes 0 and 1 */
    world.topology.partition[4].alive = false;
    world.topology.partition[3].replica[0] = 2;
    brings(3, 0.8, 0);
    expect_idle((double[]){0.6, 0.2, 0, 0});
}

static void what_appears_from_outside_sits_where_it_appears(void **state)
{
    fore_risk_idle_merged(&idle, 0, 1, 0.5); /* 1 is free again */
    world.topology.partition[1].replica[0] = 3;
    brings(1, 0.2, 0);
    expect_idle((double[]){0, 0, 0, 0.2});
}

static void of_a_node_whose_seats_are_lost_nothing_is_told(void **state)
{
    fore_risk_idle_lost(&idle, 5);
    assert_true(idle.untold[1]);
    assert_false(idle.untold[0]);
}

/* More places than there is room for: the smallest part is lost, and its node said to be. */
static void the_smallest_of_five_places_is_lost(void **state)
{
    struct fore_topology *t = &world.topology;
    t->partition[0].replica_count = 4;
    for (uint16_t r = 0; r < 4; r++)
        t->partition[0].replica[r] = r;
    fore_risk_idle_init(&idle, &world.arena, t);
    fore_risk_idle_merged(&idle, 0, 8, 0.1); /* one copy on node 2 */
    assert_true(idle.untold[2]);
    assert_false(idle.untold[0] || idle.untold[1] || idle.untold[3]);
}

/* The coming load by seat is that of the placement at the start, whatever was moved since. */
static void the_forecast_is_added_up_by_seat(void **state)
{
    struct fore_load now = {.topology = &world.topology,
                            .term = {{&world.forecast, 1}},
                            .term_count = 1,
                            .limit = 0.85},
                     shadow;
    fore_load_build(&now, &world.arena, NULL, 0);
    world.topology.partition[0].replica[0] = 1;
    world.topology.partition[1].replica[0] = 1;
    fore_risk_idle_load(&idle, &now, &world.arena, &shadow);
    for (size_t i = 0; i < WORLD_NODES * (size_t)WORLD_STEPS; i++) {
        expect_near(shadow.mean[i], now.mean[i], 1e-12);
        expect_near(shadow.own_var[i], now.own_var[i], 1e-12);
    }
}

/* What the policy's moves prevent comes true there, and only there. */
static void a_watch_of_it_sees_what_was_prevented(void **state)
{
    struct fore_risk_watch here, never;
    struct fore_load load = {.topology = &world.topology,
                             .term = {{&world.forecast, 1}},
                             .term_count = 1,
                             .limit = 0.85};
    fore_risk_watch_init(&here, &world.arena, WORLD_NODES, 3600 * FORE_SEC, 0.85);
    fore_risk_watch_init(&never, &world.arena, WORLD_NODES, 3600 * FORE_SEC, 0.85);
    fore_risk_watch_idle(&never, &idle);
    world.topology.partition[0].replica[0] = 3; /* done long before */
    brings(0, 0.5 * world.topology.node[0].cores, 0);
    brings(1, 0.5 * world.topology.node[0].cores, 0);
    look();
    fore_load_build(&load, &world.arena, NULL, 0);
    struct fore_sample sample = {.partition = part,
                                 .partition_count = world.topology.partition_count,
                                 .node = node,
                                 .node_count = WORLD_NODES};
    fore_risk_watch_ask(&here, &load, &sample, 60 * FORE_SEC);
    fore_risk_watch_ask(&never, &load, &sample, 60 * FORE_SEC);
    for (fore_ns t = 2; t <= 61; t++) {
        sample.begin = (t - 1) * 60 * FORE_SEC;
        sample.end = t * 60 * FORE_SEC;
        fore_risk_watch_window(&here, &sample, &world.topology);
        fore_risk_watch_window(&never, &sample, &world.topology);
    }
    expect_near(fore_risk_watch_quality(&here).base_rate, 0, 0);
    expect_near(fore_risk_watch_quality(&never).base_rate, 1.0 / WORLD_NODES, 1e-9);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(where_nothing_is_done_it_is_what_is_seen),
        T(what_moved_is_counted_at_home),
        T(so_is_what_was_replicated),
        T(parts_of_a_split_sit_where_the_whole_sat),
        T(what_was_merged_sits_in_both_places),
        T(what_appears_from_outside_sits_where_it_appears),
        T(of_a_node_whose_seats_are_lost_nothing_is_told),
        T(the_smallest_of_five_places_is_lost),
        T(the_forecast_is_added_up_by_seat),
        T(a_watch_of_it_sees_what_was_prevented),
    };
    return cmocka_run_group_tests_name("decide/risk_idle", tests, NULL, NULL);
}
