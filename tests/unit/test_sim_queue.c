#include "sim/queue.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"

static struct sim_latency node(void)
{
    return sim_latency_make(SIM_LATENCY_EXP, 4, 0.001, 1, 1, 0);
}

static void a_constant_load_settles_at_the_steady_formulas(void **state)
{
    (void)state;
    static const double rho[] = {0.1, 0.5, 0.8, 0.95};
    struct sim_latency l = node();
    for (size_t i = 0; i < FORE_COUNTOF(rho); i++) {
        struct sim_queue queue = {0};
        struct sim_queue_step step = {0};
        for (int k = 0; k < 50; k++)
            step = sim_queue_advance(&queue, &l, rho[i], 60);
        expect_near(step.utilization, rho[i], 1e-4);
        expect_near(queue.wait_s / sim_latency_wait(&l, rho[i]), 1, 0.01);
        expect_near(step.ramp_share, 0, 0);
        double slo = sim_latency_quantile(&l, rho[i], 0.01);
        expect_near(sim_queue_tail(&step, &l, slo), 0.01, 2e-4);
    }
}

static void an_overload_grows_in_a_line_and_drains_in_a_line(void **state)
{
    (void)state;
    struct sim_latency l = node();
    struct sim_queue queue = {0};
    for (int k = 0; k < 10; k++)
        (void)sim_queue_advance(&queue, &l, 1.2, 60);
    expect_near(queue.wait_s, 0.2 * 600, 1);
    for (int k = 0; k < 5; k++)
        (void)sim_queue_advance(&queue, &l, 0.8, 60);
    expect_near(queue.wait_s, 120 - 0.2 * 300, 1);
    for (int k = 0; k < 10; k++)
        (void)sim_queue_advance(&queue, &l, 0.8, 60);
    expect_near(queue.wait_s / sim_latency_wait(&l, 0.8), 1, 0.05);
    expect_near(queue.backlog_s, 0, 0);
}

static void a_backlog_makes_everybody_wait(void **state)
{
    (void)state;
    struct sim_latency l = node();
    struct sim_queue queue = {.wait_s = 100, .backlog_s = 100};
    struct sim_queue_step step = sim_queue_advance(&queue, &l, 0.5, 60);
    expect_near(step.ramp_share, 1, 0);
    expect_near(sim_queue_tail(&step, &l, 1), 1, 1e-9); /* 100 s down to 70 s */
    queue = (struct sim_queue){.wait_s = 15, .backlog_s = 15};
    step = sim_queue_advance(&queue, &l, 0.5, 60); /* empty after half the step */
    expect_near(step.ramp_share, 0.5, 0.01);
    expect_near(sim_queue_tail(&step, &l, 1), 0.5 * 14 / 15, 0.04);
}

static void the_grid_holds_the_same_tail(void **state)
{
    (void)state;
    struct sim_latency l = node();
    struct sim_grid grid = {.base_s = l.service_s / 16};
    struct sim_queue queue = {.wait_s = 2, .backlog_s = 2};
    struct sim_queue_step step = sim_queue_advance(&queue, &l, 0.99, 10);
    double sum[SIM_GRID] = {0};
    sim_queue_grid(&step, &l, &grid, 7, sum);
    for (uint32_t i = 0; i < SIM_GRID; i++)
        expect_near(sum[i], 7 * sim_queue_tail(&step, &l, sim_grid_at(&grid, i)), 1e-9);
}

static void more_load_never_waits_less(void **state)
{
    (void)state;
    struct sim_latency l = node();
    double last = -1;
    for (double rho = 0; rho < 2; rho += 0.01) {
        struct sim_queue queue = {.wait_s = 0.01};
        (void)sim_queue_advance(&queue, &l, rho, 1);
        assert_true(queue.wait_s >= last - 1e-9);
        last = queue.wait_s;
    }
}

/* By summing over waits: those above the border, and all, times the chance to be slow there. */
static double clumped_by_sums(double rate, double decay, double t)
{
    double above = 0, all = 0, border = fmax(0, t - 2.3 / rate), step = t / 200000;
    for (int i = 0; i < 600000; i++) {
        double w = (i + 0.5) * step;
        double slow = decay * exp(-decay * w) * (w < t ? exp(-rate * (t - w)) : 1);
        all += slow;
        if (w >= border) above += slow;
    }
    return above / all;
}

static void slow_ones_come_in_clumps_where_waits_are_long(void **state)
{
    (void)state;
    struct sim_latency l = node();
    static const double rho[] = {0.74, 0.75, 0.78, 0.84, 0.95}; /* at .75 both rates are one */
    for (size_t i = 0; i < FORE_COUNTOF(rho); i++) {
        struct sim_latency_state at = sim_latency_at(&l, rho[i]);
        double t = sim_latency_quantile(&l, rho[i], 0.01);
        double expect = clumped_by_sums(1 / l.service_s, at.decay, t);
        expect_near(sim_queue_clumped(&l, at, t), expect, 0.01);
    }
    struct sim_latency_state busy = sim_latency_at(&l, 0.999), calm = sim_latency_at(&l, 0.3);
    assert_true(sim_queue_clumped(&l, busy, 1) > 0.99); /* a service is nothing beside the waits */
    assert_true(sim_queue_clumped(&l, calm, 0.01) < 0.1);
    assert_true(sim_queue_clumped(&l, calm, 0.01) >= 0);
    expect_near(sim_queue_clumped(&l, calm, 0.001), 1, 1e-12); /* every wait is within 2.3 of it */
    struct sim_latency fixed = sim_latency_make(SIM_LATENCY_FIXED, 4, 0.001, 1, 1, 0);
    expect_near(sim_queue_clumped(&fixed, sim_latency_at(&fixed, 0.8), 0.01), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_load_settles_at_the_steady_formulas),
        cmocka_unit_test(an_overload_grows_in_a_line_and_drains_in_a_line),
        cmocka_unit_test(a_backlog_makes_everybody_wait),
        cmocka_unit_test(the_grid_holds_the_same_tail),
        cmocka_unit_test(more_load_never_waits_less),
        cmocka_unit_test(slow_ones_come_in_clumps_where_waits_are_long),
    };
    return cmocka_run_group_tests_name("sim/queue", tests, NULL, NULL);
}
