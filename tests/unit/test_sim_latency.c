#include "sim/latency.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"

static void one_core_waits_with_probability_rho(void **state)
{
    (void)state;
    for (double rho = 0.1; rho < 1; rho += 0.1)
        expect_near(sim_latency_erlang_c(1, rho), rho, 1e-12);
    expect_near(sim_latency_erlang_c(4, 0), 0, 0);
    expect_near(sim_latency_erlang_c(4, 1), 1, 0);
}

static void erlang_c_matches_the_published_table(void **state)
{
    (void)state; /* e.g. two servers: C = 2 rho^2 / (1 + rho) */
    for (double rho = 0.1; rho < 1; rho += 0.2)
        expect_near(sim_latency_erlang_c(2, rho), 2 * rho * rho / (1 + rho), 1e-12);
    expect_near(sim_latency_erlang_c(10, 0.8), 0.40918, 1e-4);
}

static void an_mm1_sojourn_is_exponential(void **state)
{
    (void)state;
    struct sim_latency l = sim_latency_make(SIM_LATENCY_EXP, 1, 0.001, 1, 1, 0);
    double rho = 0.85;
    struct sim_latency_state at = sim_latency_at(&l, rho);
    for (double t = 0; t < 0.1; t += 0.007)
        expect_near(sim_latency_tail(&l, at, t), exp(-t * (1 - rho) / 0.001), 1e-9);
    expect_near(sim_latency_quantile(&l, rho, 0.01), 0.001 / (1 - rho) * log(100), 1e-8);
}

static void deterministic_service_waits_half_as_long(void **state)
{
    (void)state;
    struct sim_latency exp_l = sim_latency_make(SIM_LATENCY_EXP, 1, 1, 1, 1, 0);
    struct sim_latency fixed = sim_latency_make(SIM_LATENCY_FIXED, 1, 1, 0, 1, 0);
    expect_near(sim_latency_wait(&fixed, 0.7), sim_latency_wait(&exp_l, 0.7) / 2, 1e-12);
    struct sim_latency_state at = sim_latency_at(&fixed, 0.7);
    expect_near(sim_latency_tail(&fixed, at, 0.999), 1, 0);
    assert_true(sim_latency_tail(&fixed, at, 1.001) < 0.71);
}

static void lognormal_points_keep_most_of_the_mean(void **state)
{
    (void)state;
    struct sim_latency l = sim_latency_make(SIM_LATENCY_LOGNORMAL, 2, 1, 0.28, 1, 0.5);
    double sum = 0;
    for (uint32_t i = 0; i < l.point_count; i++)
        sum += l.point[i] / l.point_count;
    expect_near(sum, 1, 0.03);
}

static void the_grid_gives_back_the_tail_and_its_quantiles(void **state)
{
    (void)state;
    static const enum sim_latency_kind kinds[] = {SIM_LATENCY_EXP, SIM_LATENCY_FIXED,
                                                  SIM_LATENCY_LOGNORMAL};
    for (size_t k = 0; k < FORE_COUNTOF(kinds); k++) {
        struct sim_latency l = sim_latency_make(kinds[k], 4, 0.002, 0.6, 1, 0.5);
        struct sim_grid grid = {.base_s = l.service_s / 16};
        struct sim_latency_state at = sim_latency_at(&l, 0.9);
        double sum[SIM_GRID] = {0};
        sim_grid_add(&grid, &l, at, 1000, sum);
        for (uint32_t i = 0; i < SIM_GRID; i += 7)
            expect_near(sum[i], 1000 * sim_latency_tail(&l, at, sim_grid_at(&grid, i)), 1e-6);
        double p99 = sim_grid_quantile(&grid, sum, 1000, 10);
        expect_near(p99 / sim_latency_quantile(&l, 0.9, 0.01), 1, 0.01);
    }
}

static void nothing_weighs_nothing(void **state)
{
    (void)state;
    struct sim_grid grid = {.base_s = 1};
    double sum[SIM_GRID] = {0};
    expect_near(sim_grid_quantile(&grid, sum, 0, 0), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_core_waits_with_probability_rho),
        cmocka_unit_test(erlang_c_matches_the_published_table),
        cmocka_unit_test(an_mm1_sojourn_is_exponential),
        cmocka_unit_test(deterministic_service_waits_half_as_long),
        cmocka_unit_test(lognormal_points_keep_most_of_the_mean),
        cmocka_unit_test(the_grid_gives_back_the_tail_and_its_quantiles),
        cmocka_unit_test(nothing_weighs_nothing),
    };
    return cmocka_run_group_tests_name("sim/latency", tests, NULL, NULL);
}
