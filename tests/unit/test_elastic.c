/* test_elastic.c - policies that add and remove nodes, on whole simulated runs of a few hours: they
 * follow the load, spread evenly, pay for nodes only while they are in use; and the count that our
 * own planner finds best. */
#include "core/decide/elastic_count.h"
#include "sim/run.h"
#include "tests/support/near.h"
#include "tests/support/sim_world.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const shared[] = {"workload.kind=synthetic",
                                     "workload.rate=2k/s",
                                     "workload.span=16h",
                                     "workload.keys=100k",
                                     "workload.zipf_s=0",
                                     "workload.diurnal=80%",
                                     "workload.diurnal_period=4h",
                                     "workload.step=1min",
                                     "cluster.nodes=6",
                                     "cluster.nodes_max=8",
                                     "cluster.partitions=24",
                                     "cluster.peak_utilization=60%",
                                     "cluster.partition_bytes_sigma=0",
                                     "cluster.move_time_mean=30s",
                                     "sim.fidelity=fluid",
                                     "observe.window=30s",
                                     "observe.mid_step=5min",
                                     "forecast.model=naive",
                                     "forecast.horizon=1h",
                                     "forecast.refresh_every=5min",
                                     "decide.plan_every=30s",
                                     "decide.cooldown=1min",
                                     "experiment.evaluate_from=8h"};

static struct sim_result run(const char *policy, const char *more)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    const char *sets[FORE_COUNTOF(shared) + 2] = {0};
    for (size_t i = 0; i < FORE_COUNTOF(shared); i++)
        sets[i] = shared[i];
    sets[FORE_COUNTOF(shared)] = more;
    struct sim_scenario scenario;
    struct sim_result result;
    struct fore_diag diag = {0};
    sim_world_scenario(&scenario, &arena, sets);
    struct sim_run_request request = {.scenario = &scenario, .policy = policy, .seed = 1};
    if (sim_run(&request, &result, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    fore_arena_fini(&arena);
    return result;
}

static void a_static_count_comes_from_the_past_and_stays(void **state)
{
    (void)state;
    struct sim_result peak = run("static-peak", NULL), mean = run("static-mean", NULL);
    assert_true(mean.nodes_mean < peak.nodes_mean);
    assert_int_equal(peak.moves[FORE_MOVE_ADD_NODE], 0);
    expect_near(peak.nodes_mean, 6, 0.3);
    assert_true(mean.nodes_mean < 4.5);
    assert_true(mean.slo_violation_s > peak.slo_violation_s);
}

static void reactive_follows_the_load_up_and_down(void **state)
{
    (void)state;
    struct sim_result result = run("reactive-pstore", NULL);
    assert_true(result.elastic);
    assert_true(result.moves[FORE_MOVE_ADD_NODE] >= 3);
    assert_true(result.moves[FORE_MOVE_REMOVE_NODE] >= 3);
    assert_true(result.nodes_mean > 3 && result.nodes_mean < 5.5);
    assert_int_equal(result.moves_failed, 0);
}

static void the_truth_keeps_pstore_out_of_violation(void **state)
{
    (void)state;
    struct sim_result result = run("pstore-oracle", NULL);
    struct sim_result peak = run("static-peak", NULL);
    assert_true(result.nodes_mean < 0.85 * peak.nodes_mean);
    assert_true(result.slo_violation_s <= peak.slo_violation_s + 60);
}

static void nodes_that_boot_are_paid_for(void **state)
{
    (void)state;
    struct sim_result at_once = run("reactive-pstore", NULL);
    struct sim_result late = run("reactive-pstore", "cluster.node_boot=5min");
    assert_true(late.moves[FORE_MOVE_ADD_NODE] > 0);
    assert_int_equal(late.moves_failed + late.moves_cancelled, 0);
    assert_true(late.digest != at_once.digest);
    assert_true(late.nodes_mean > 0.9 * at_once.nodes_mean);
}

static void a_ring_follows_with_fewer_moves_than_even_counts(void **state)
{
    (void)state;
    struct sim_result even = run("reactive-pstore", NULL);
    struct sim_result ring = run("reactive-pstore", "elastic.spread=ring");
    assert_true(ring.moves[FORE_MOVE_ADD_NODE] > 0);
    assert_true(ring.bytes_moved < even.bytes_moved);
    assert_int_equal(ring.moves_failed, 0);
}

static void our_planner_uses_fewer_nodes_than_the_peak_needs(void **state)
{
    (void)state;
    struct sim_result ours = run("oracle", NULL), peak = run("static-peak", NULL);
    assert_true(ours.nodes_mean < peak.nodes_mean);
    assert_true(ours.moves[FORE_MOVE_REMOVE_NODE] > 0);
}

static void a_cluster_without_standby_nodes_keeps_its_nodes(void **state)
{
    (void)state;
    struct sim_result result = run("oracle", "cluster.nodes_max=0");
    assert_false(result.elastic);
    assert_int_equal(result.moves[FORE_MOVE_ADD_NODE] + result.moves[FORE_MOVE_REMOVE_NODE], 0);
}

static void the_best_count_grows_with_load_and_shrinks_with_price(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    uint32_t calm = fore_elastic_count_best(&world.input, 3600, &world.arena);
    for (uint32_t p = 0; p < world.topology.partition_count; p++)
        world_set(&world, p, 0, 0.2);
    uint32_t busy = fore_elastic_count_best(&world.input, 3600, &world.arena);
    assert_true(calm < busy);
    world.decide.node_price = 100000 * FORE_SEC;
    assert_int_equal(fore_elastic_count_best(&world.input, 3600, &world.arena), 1);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_static_count_comes_from_the_past_and_stays),
        cmocka_unit_test(reactive_follows_the_load_up_and_down),
        cmocka_unit_test(the_truth_keeps_pstore_out_of_violation),
        cmocka_unit_test(nodes_that_boot_are_paid_for),
        cmocka_unit_test(a_ring_follows_with_fewer_moves_than_even_counts),
        cmocka_unit_test(our_planner_uses_fewer_nodes_than_the_peak_needs),
        cmocka_unit_test(a_cluster_without_standby_nodes_keeps_its_nodes),
        cmocka_unit_test(the_best_count_grows_with_load_and_shrinks_with_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
