/* test_sim_queries.c - queries of parts and phases against formulas and against each other. */
#include "sim/queries.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { COUNT = 200000, NODES = 4 };
static struct sim_query query[COUNT];
static struct sim_query_phase phase[2 * COUNT];

/* Poisson arrivals; every query is `phases` phases of `nodes` parts from a node drawn. */
static struct sim_queries_result played(double utilization, uint32_t cores, int nodes, int phases)
{
    struct fore_rng rng = fore_rng_stream(1, "queries", 0);
    const double service_ns = 1e6;
    double gap = service_ns * nodes * phases / (NODES * cores * utilization), t = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        t += gap * fore_dist_exp(&rng);
        query[i] = (struct sim_query){.t = (fore_ns)t,
                                      .phase = (uint32_t)phases * i,
                                      .phases = (uint16_t)phases,
                                      .watched = true};
        uint32_t first = fore_rng_below(&rng, NODES);
        for (int k = 0; k < phases; k++) {
            struct sim_query_phase *p = &phase[(uint32_t)phases * i + (uint32_t)k];
            *p = (struct sim_query_phase){.work = 1};
            for (int n = 0; n < nodes; n++)
                p->nodes |= UINT64_C(1) << (first + (uint32_t)n) % NODES;
        }
    }
    struct sim_queries_setup setup = {.query = query,
                                      .phase = phase,
                                      .count = COUNT,
                                      .nodes = NODES,
                                      .cores = cores,
                                      .service_ns = service_ns,
                                      .slo_ns = sim_queries_slo(cores, service_ns, 0.85, 0),
                                      .begin = 0,
                                      .end = (fore_ns)t + 1,
                                      .windows = 20,
                                      .seed = 3};
    struct sim_queries_result out;
    sim_queries_run(&setup, &out);
    return out;
}

static void single_parts_wait_as_in_mm1(void **state)
{
    (void)state;
    struct sim_queries_result r = played(0.6, 1, 1, 1);
    double p99_ns = -log(0.01) * 1e6 / (1 - 0.6); /* sojourn of M/M/1 is exponential */
    expect_near((double)r.p99_ns / p99_ns, 1, 0.08);
    expect_near(r.utilization, 0.6, 0.01);
    assert_int_equal(r.parts, COUNT);
    assert_true(r.violation_s < 1e-9);
}

static void the_slowest_part_decides(void **state)
{
    (void)state;
    struct sim_queries_result one = played(0.05, 2, 1, 1), all = played(0.05, 2, NODES, 1);
    /* Median of one exponential against that of the largest of four. */
    expect_near((double)one.p50_ns / 1e6, log(2), 0.05);
    expect_near((double)all.p50_ns / 1e6, -log(1 - pow(0.5, 0.25)), 0.12);
    assert_int_equal(all.parts, NODES * COUNT);
}

static void phases_follow_each_other(void **state)
{
    (void)state;
    struct sim_queries_result r = played(0.05, 2, 1, 2);
    expect_near((double)r.p50_ns / 1e6, 1.678, 0.08); /* median of Erlang(2) */
}

static void a_saturated_cluster_is_in_violation(void **state)
{
    (void)state;
    struct sim_queries_result r = played(1.2, 1, 1, 1);
    assert_true(r.violation_s > 0.9 * r.duration_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_parts_wait_as_in_mm1),
        cmocka_unit_test(the_slowest_part_decides),
        cmocka_unit_test(phases_follow_each_other),
        cmocka_unit_test(a_saturated_cluster_is_in_violation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
