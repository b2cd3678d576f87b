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
    return sim_world_run("static", seed, sets, (struct fore_journal_out){0});
}

static void a_way_has_the_median_and_the_tail_of_its_law(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT, "cluster.link_sigma=0.5", NULL};
    struct sim_result result = run(sets, 3);
    expect_near((double)result.latency_p50_ns / 110e3, 1, 0.02);
    expect_near((double)result.latency_p99_ns / (10e3 + 100e3 * exp(0.5 * 2.326)), 1, 0.03);
}

/* Busy: rate (service + wake (1 - rate service) E[I / (I + rest)]), I exponential; no latency. */
static void waking_is_work_that_goes_away_under_load(void **state)
{
    (void)state;
    static const struct {
        const char *rate;
        double per_node, asleep; /* E[I / (I + rest)] = 1 - x exp(x) E1(x), x = rate rest */
    } cases[] = {
        {"workload.rate=3000/s",  1000,  0.7985},
        {"workload.rate=60000/s", 20000, 0.2773}
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        const char *const sets[] = {LIGHT,
                                    cases[i].rate,
                                    "workload.span=20s",
                                    "workload.popularity=uniform",
                                    "sim.wake=20us",
                                    "sim.wake_rest=100us",
                                    NULL};
        const char *const plain[] = {LIGHT, cases[i].rate, "workload.span=20s",
                                     "workload.popularity=uniform", NULL};
        struct sim_result result = run(sets, 3), without = run(plain, 3);
        double rate = cases[i].per_node, service = 10e-6 * rate;
        double want = service + 20e-6 * rate * (1 - service) * cases[i].asleep;
        expect_near(result.utilization_mean / want, 1, 0.05);
        expect_near(without.utilization_mean / service, 1, 0.05);
        assert_true(result.latency_p99_ns == without.latency_p99_ns);
    }
}

static void who_wakes_a_node_waits_for_it(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT, "workload.rate=30/s", "sim.wake_delay=40us",
                                "sim.wake_rest=1us", NULL};
    struct sim_result result = run(sets, 3);
    expect_near((double)result.latency_p50_ns / 150e3, 1, 0.02);
}

/* 10 us of service: at 20,000 requests/s a node is at work for a fifth of the time. */
static void ways_to_a_busy_node_are_longer(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT,
                                "workload.rate=60000/s",
                                "workload.span=20s",
                                "workload.popularity=uniform",
                                "cluster.link_growth=2",
                                NULL};
    const char *const plain[] = {LIGHT, "workload.rate=60000/s", "workload.span=20s",
                                 "workload.popularity=uniform", NULL};
    const char *const idle[] = {LIGHT, "workload.rate=30/s", "cluster.link_growth=2", NULL};
    struct sim_result grown = run(sets, 3), same = run(plain, 3), alone = run(idle, 3);
    expect_near((double)(grown.latency_p50_ns - same.latency_p50_ns) / 40e3, 1, 0.1);
    expect_near((double)alone.latency_p50_ns / 110e3, 1, 0.02);
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
    static const char *const sets[] = {"sim.wake_rest=1us", "sim.kib_service=1us",
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

static void waking_without_a_rest_is_refused(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    const char *item[] = {"sim.wake=1us"};
    const struct fore_strings one = {.item = item, .count = 1};
    assert_int_equal(sim_scenario_load("some/access.csv", &one, &arena, &scenario, &diag),
                     FORE_E_RANGE);
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_way_has_the_median_and_the_tail_of_its_law),
        cmocka_unit_test(waking_is_work_that_goes_away_under_load),
        cmocka_unit_test(who_wakes_a_node_waits_for_it),
        cmocka_unit_test(ways_to_a_busy_node_are_longer),
        cmocka_unit_test(bytes_add_to_the_service_and_to_the_way),
        cmocka_unit_test(rates_refuse_what_they_do_not_know),
        cmocka_unit_test(waking_without_a_rest_is_refused),
    };
    return cmocka_run_group_tests_name("sim/way", tests, NULL, NULL);
}
