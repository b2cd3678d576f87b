/*
 * test_sim_way.c - the way there and back, waking, and what bytes add, held to their formulas at
 * next to no load; and that a scenario without them is as it was.
 */
#include "sim/run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

#define LIGHT                                                                                      \
    "workload.rate=2000/s", "workload.span=3min", "workload.keys=20k", "workload.bytes_mean=4096", \
        "cluster.nodes=3", "cluster.cores=1", "cluster.partitions=24", "sim.service=fixed",        \
        "sim.service_mean=10us", "cluster.link_delay=50us", "observe.window=1s", "sim.slo=10ms"

static struct sim_result run(const char *const *sets, uint64_t seed)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    struct sim_result result;
    sim_world_scenario(&scenario, &arena, sets);
    struct sim_run_request request = {.scenario = &scenario, .policy = "static", .seed = seed};
    sim_world_must(sim_run(&request, &result, &diag), &diag);
    fore_arena_fini(&arena);
    return result;
}

static void a_way_has_the_median_and_the_tail_of_its_law(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT, "cluster.link_sigma=0.5", NULL};
    struct sim_result result = run(sets, 3);
    expect_near((double)result.latency_p50_ns / 110e3, 1, 0.02);
    expect_near((double)result.latency_p99_ns / (10e3 + 100e3 * exp(0.5 * 2.326)), 1, 0.03);
}

static void who_finds_nobody_at_work_waits_for_the_waking(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT, "sim.wake=40us", NULL};
    const char *const plain[] = {LIGHT, NULL};
    struct sim_result result = run(sets, 3), without = run(plain, 3);
    expect_near((double)result.latency_p50_ns / 150e3, 1, 0.02);
    expect_near((double)without.latency_p50_ns / 110e3, 1, 0.02);
}

/* Busy: rho = rate (service + wake (1 - rho)), with the wake of an M/G/1 queue with set-up. */
static void waking_is_work_that_goes_away_under_load(void **state)
{
    (void)state;
    static const char *const rates[] = {"workload.rate=3000/s", "workload.rate=60000/s"};
    static const double rate[] = {1000, 20000};
    for (size_t i = 0; i < FORE_COUNTOF(rates); i++) {
        const char *const sets[] = {
            LIGHT,           rates[i], "workload.span=20s", "workload.popularity=uniform",
            "sim.wake=20us", NULL};
        struct sim_result result = run(sets, 3);
        double s = 10e-6 * rate[i], w = 20e-6 * rate[i];
        expect_near(result.utilization_mean / ((s + w) / (1 + w)), 1, 0.05);
    }
}

static void bytes_add_to_the_service_and_to_the_way(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT, "sim.kib_service=5us", "cluster.link_kib=15us", NULL};
    struct sim_result result = run(sets, 3);
    expect_near((double)result.latency_p50_ns / (110e3 + 4 * 20e3), 1, 0.02);
}

static void rates_refuse_what_they_do_not_know(void **state)
{
    (void)state;
    static const char *const sets[] = {"sim.wake=1us", "sim.kib_service=1us",
                                       "cluster.link_sigma=0.5", "cluster.link_kib=1us"};
    for (size_t i = 0; i < FORE_COUNTOF(sets); i++) {
        struct fore_arena arena = {0};
        struct fore_diag diag = {0};
        struct sim_scenario scenario;
        const char *item[] = {"sim.fidelity=fluid", sets[i]};
        const struct fore_strings both = {.item = item, .count = 2};
        assert_int_equal(sim_scenario_load("some/access.csv", &both, &arena, &scenario, &diag),
                         FORE_E_UNSUPPORTED);
        assert_non_null(diag.text[0] != '\0' ? diag.text : NULL);
        fore_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_way_has_the_median_and_the_tail_of_its_law),
        cmocka_unit_test(who_finds_nobody_at_work_waits_for_the_waking),
        cmocka_unit_test(waking_is_work_that_goes_away_under_load),
        cmocka_unit_test(bytes_add_to_the_service_and_to_the_way),
        cmocka_unit_test(rates_refuse_what_they_do_not_know),
    };
    return cmocka_run_group_tests_name("sim/way", tests, NULL, NULL);
}
