/*
 * test_sim_stall.c - a node that is kept from serving now and then. Under next to no load a request
 * waits for what is left of stalls alone, which is the wait of an M/M/1 queue whose customers are
 * the stalls: P(wait > t) = rho exp(-(1 - rho) t / mean), rho = mean / every.
 */
#include "sim/run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

#define LIGHT                                                                                    \
    "workload.rate=2000/s", "workload.span=40min", "workload.keys=20k", "cluster.nodes=3",       \
        "cluster.cores=1", "cluster.partitions=24", "sim.service=fixed", "sim.service_mean=1us", \
        "cluster.link_delay=0s", "observe.window=1s"

static struct sim_result run(const char *const *sets, uint64_t seed)
{
    return sim_world_run("static", seed, sets, (struct fore_journal_out){0});
}

static void the_share_of_late_requests_is_that_of_the_theory(void **state)
{
    (void)state;
    static const struct {
        const char *every, *mean, *slo;
        double rho, t_over_mean;
    } cases[] = {
        {"sim.stall_every=100ms", "sim.stall_mean=2ms",  "sim.slo=2ms", 0.02, 1  },
        {"sim.stall_every=100ms", "sim.stall_mean=2ms",  "sim.slo=5ms", 0.02, 2.5},
        {"sim.stall_every=100ms", "sim.stall_mean=30ms", "sim.slo=9ms", 0.3,  0.3},
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        const char *const sets[] = {LIGHT, cases[i].every, cases[i].mean, cases[i].slo, NULL};
        struct sim_result result = run(sets, 3);
        double rho = cases[i].rho, want = rho * exp(-(1 - rho) * cases[i].t_over_mean);
        double share = result.slo_violation_request_share;
        expect_near(share / want, 1, 0.1);
    }
}

static void without_stalls_nobody_waits(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT, "sim.slo=1ms", NULL};
    assert_true(run(sets, 3).latency_p999_ns < 10000);
}

static void equal_seeds_stall_alike(void **state)
{
    (void)state;
    const char *const sets[] = {LIGHT, "sim.stall_every=100ms", "sim.stall_mean=2ms", "sim.slo=2ms",
                                NULL};
    struct sim_result a = run(sets, 3), b = run(sets, 3), c = run(sets, 4);
    assert_true(a.digest == b.digest);
    assert_true(a.latency_p99_ns == b.latency_p99_ns && a.latency_p999_ns != c.latency_p999_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_of_late_requests_is_that_of_the_theory),
        cmocka_unit_test(without_stalls_nobody_waits),
        cmocka_unit_test(equal_seeds_stall_alike),
    };
    return cmocka_run_group_tests_name("sim/stall", tests, NULL, NULL);
}
