/* test_live_fit.c - the queue that is fitted to latencies finds back what made them. The latencies
 * come from a queue written here, with another generator of random numbers. */
#include "core/base/rng.h"
#include "live/calibrate/calibrate_fit.h"
#include "sim/stretch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { REQUESTS = 1000000 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Marsaglia's polar method: not the fit's own, and as good in the tails. */
static double normal(struct fore_rng *rng)
{
    for (;;) {
        double x = 2 * fore_rng_unit(rng) - 1, y = 2 * fore_rng_unit(rng) - 1, s = x * x + y * y;
        if (s > 0 && s < 1) return x * sqrt(-2 * log(s) / s);
    }
}

struct truth {
    double service_us, sigma, delay_us, stall_every_us, stall_us, way_sigma, wake_us, rest_us,
        wait_us, growth, dip;   /* ways: times 1 + growth * load, less `dip` at a load of a tenth */
    const struct live_fit *fit; /* ways change as in it */
};

/* As the simulator reads it. */
static double fitted_stretch(const struct live_fit *fit, double load)
{
    struct sim_stretch stretch = {.count = fit->stretch_count};
    for (uint32_t i = 0; i < fit->stretch_count; i++) {
        stretch.knot[i].load = fit->stretch[i].load;
        stretch.knot[i].factor = fit->stretch[i].factor;
    }
    return sim_stretch_at(&stretch, load);
}

static double stretch_of(const struct truth *t, double load)
{
    if (t->fit != NULL) return fitted_stretch(t->fit, load);
    return 1 + t->growth * load - t->dip * fmax(0, 1 - fabs(load - 0.1) / 0.1);
}

static struct truth found_by(const struct live_fit *fit)
{
    return (struct truth){.service_us = fit->service_us,
                          .sigma = fit->sigma,
                          .delay_us = fit->delay_us,
                          .stall_every_us = fit->stall_every_us,
                          .stall_us = fit->stall_us,
                          .way_sigma = fit->delay_sigma,
                          .rest_us = fmax(fit->cost.rest_us, 1),
                          .wake_us = fit->cost.wake_us,
                          .wait_us = fit->wake_us,
                          .fit = fit};
}

static double exponential(struct fore_rng *rng)
{
    return -log(1 - fore_rng_unit(rng));
}

static void serve(struct live_fit_probe *probe, const struct truth *t, uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "test.queue", 0);
    double *took = malloc(REQUESTS * sizeof *took), at = 0, free_at = 0, busy = 0;
    double stall_at = t->stall_us > 0 ? exponential(&rng) * t->stall_every_us : (double)INFINITY;
    /* the load that a window before would have shown: waking is seldom where it is high */
    double load =
        probe->rate / 1e6 *
        (t->service_us + t->wake_us * live_fit_asleep(probe->rate, t->service_us, t->rest_us));
    assert_non_null(took);
    for (int i = 0; i < REQUESTS; i++) {
        at += exponential(&rng) * 1e6 / probe->rate;
        for (; stall_at <= at; stall_at += exponential(&rng) * t->stall_every_us)
            free_at = fmax(stall_at, free_at) + exponential(&rng) * t->stall_us;
        double work_us = t->service_us * exp(t->sigma * normal(&rng) - t->sigma * t->sigma / 2);
        double asleep = free_at < at ? (at - free_at) / (at - free_at + t->rest_us) : 0;
        busy += t->wake_us * asleep;
        free_at = fmax(at, free_at) + work_us;
        busy += work_us;
        double way_us = 2 * t->delay_us * stretch_of(t, load);
        took[i] = free_at - at + t->wait_us * asleep + way_us * exp(t->way_sigma * normal(&rng));
    }
    probe->cpu_us = busy / REQUESTS;
    qsort(took, REQUESTS, sizeof *took, ascending);
    probe->p50_us = took[REQUESTS / 2];
    probe->p90_us = took[REQUESTS / 10 * 9];
    probe->p99_us = took[REQUESTS / 100 * 99];
    probe->p999_us = took[REQUESTS / 1000 * 999];
    free(took);
}

static void what_made_the_latencies_is_found_back(void **state)
{
    (void)state;
    static const struct truth cases[] = {
        {20,   0.8, 50,  0, 0, 0, 0, 1, 0, 0, 0, NULL},
        {100,  0,   200, 0, 0, 0, 0, 1, 0, 0, 0, NULL},
        {1000, 1.2, 0,   0, 0, 0, 0, 1, 0, 0, 0, NULL},
        {8,    0.3, 30,  0, 0, 0, 0, 1, 0, 0, 0, NULL}
    };
    for (size_t c = 0; c < FORE_COUNTOF(cases); c++) {
        struct live_fit_probe probe[LIVE_FIT_PROBES];
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            probe[i] =
                (struct live_fit_probe){.rate = (0.15 + 0.15 * i) * 1e6 / cases[c].service_us};
            serve(&probe[i], &cases[c], 10 * c + i);
        }
        struct live_fit fit;
        const struct live_fit_cost cost = {.service_us = cases[c].service_us};
        live_fit_queue(probe, LIVE_FIT_PROBES, &cost, &fit);
        assert_true(fit.error < 0.1);
        assert_true(fabs(log(fit.service_us / cases[c].service_us)) < 0.36);
        assert_true(fabs(fit.sigma - cases[c].sigma) < 0.3);
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            assert_true(fabs(probe[i].fit_p50_us / probe[i].p50_us - 1) < 0.15);
            assert_true(fabs(probe[i].fit_p99_us / probe[i].p99_us - 1) < 0.2);
        }
    }
}

/* A host with other work: now and then nobody is served for milliseconds, at light loads too. */
static void stalls_are_told_from_long_services(void **state)
{
    (void)state;
    static const struct truth cases[] = {
        {10, 0.3, 50, 200e3, 3e3, 0, 0, 1, 0, 0, 0, NULL},
        {15, 0.5, 40, 50e3,  1e3, 0, 0, 1, 0, 0, 0, NULL},
        {10, 0.3, 60, 1e6,   8e3, 0, 0, 1, 0, 0, 0, NULL}
    };
    for (size_t c = 0; c < FORE_COUNTOF(cases); c++) {
        struct live_fit_probe probe[LIVE_FIT_PROBES];
        static const double rates[LIVE_FIT_PROBES] = {1000, 3000, 6000, 10000, 15000};
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            probe[i] = (struct live_fit_probe){.rate = rates[i]};
            serve(&probe[i], &cases[c], 100 + 10 * c + i);
        }
        struct live_fit fit;
        const struct live_fit_cost cost = {.service_us = cases[c].service_us};
        live_fit_queue(probe, LIVE_FIT_PROBES, &cost, &fit);
        assert_true(fit.error < 0.25);
        assert_true(fit.stall_us > 0);
        /* Few stalls make a tail, so that the loads' own differ; the fit is to be their middle. */
        double middle = 0;
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            assert_true(fabs(probe[i].fit_p50_us / probe[i].p50_us - 1) < 0.05);
            middle += log(probe[i].fit_p99_us / probe[i].p99_us) / LIVE_FIT_PROBES;
        }
        assert_true(fabs(middle) < 0.25);
        /* And what is foretold is what a long play of it gives. */
        const struct truth found = found_by(&fit);
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            struct live_fit_probe played = {.rate = rates[i]};
            serve(&played, &found, 500 + 10 * c + i);
            assert_true(fabs(log(probe[i].fit_p999_us / played.p999_us)) < 0.25);
        }
    }
}

/* A server behind a way that varies, which sleeps when it has nothing to do: what a command costs
 * falls with the load, p50 and p99 hardly move. Fitted as service alone, both would rise. */
static void a_way_and_a_server_that_sleeps_are_told_from_a_queue(void **state)
{
    (void)state;
    static const struct truth cases[] = {
        {8,  0,   35, 0, 0, 0.4, 15, 100, 0,  0, 0,   NULL},
        {5,  0.2, 40, 0, 0, 0.5, 75, 300, 30, 0, 0,   NULL},
        {12, 0.5, 60, 0, 0, 0.3, 0,  1,   0,  0, 0,   NULL},
        {12, 0.4, 35, 0, 0, 0.5, 10, 100, 0,  2, 0,   NULL},
        {15, 0.4, 70, 0, 0, 0.4, 0,  1,   0,  1, 0.4, NULL}
    };
    static const double rates[LIVE_FIT_PROBES] = {1000, 3000, 6000, 9000, 12000};
    for (size_t c = 0; c < FORE_COUNTOF(cases); c++) {
        const struct truth *t = &cases[c];
        struct live_fit_probe probe[LIVE_FIT_PROBES], unseen = {.rate = t->dip > 0 ? 7500 : 20000};
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            probe[i] = (struct live_fit_probe){.rate = rates[i]};
            serve(&probe[i], t, 200 + 10 * c + i);
        }
        struct live_fit fit;
        struct live_fit_cost cost;
        live_fit_cost(probe, LIVE_FIT_PROBES, &cost);
        /* Loads that leave a server asleep mostly say little of what it costs when it is not. */
        assert_true(fabs(log(cost.service_us / t->service_us)) < 0.7);
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            double asleep = live_fit_asleep(rates[i], cost.service_us, cost.rest_us);
            double cpu_us = cost.service_us + cost.wake_us * asleep;
            assert_true(fabs(cpu_us / probe[i].cpu_us - 1) < 0.05);
        }
        live_fit_queue(probe, LIVE_FIT_PROBES, &cost, &fit);
        assert_true(fit.error < 0.05);
        assert_true(fabs(fit.delay_sigma - t->way_sigma) <= 0.15);
        double full = fitted_stretch(&fit, 1), idle = fitted_stretch(&fit, 0);
        if (t->growth > 0 && t->dip == 0) assert_true(fabs(full / idle - 1 - t->growth) < 0.7);
        if (t->dip > 0) assert_true(fitted_stretch(&fit, 0.1) < 0.85 * idle && full > idle);
        const struct truth found = found_by(&fit);
        struct live_fit_probe predicted = unseen;
        serve(&unseen, t, 300 + c);
        serve(&predicted, &found, 400 + c);
        assert_true(fabs(predicted.p50_us / unseen.p50_us - 1) < 0.05);
        assert_true(fabs(predicted.p99_us / unseen.p99_us - 1) < 0.15);
    }
}

static void a_cost_that_grows_with_the_load_is_no_waking(void **state)
{
    (void)state;
    struct live_fit_probe probe[2] = {
        {.rate = 1000,  .cpu_us = 10},
        {.rate = 40000, .cpu_us = 14}
    };
    struct live_fit_cost cost;
    live_fit_cost(probe, 2, &cost);
    assert_true(fabs(cost.wake_us) < 1e-9 && fabs(cost.service_us - 12) < 1e-9);
    probe[1].cpu_us = 3;
    live_fit_cost(probe, 2, &cost);
    assert_true(cost.service_us > 0 && cost.service_us <= 3 && cost.wake_us > 5);
}

/* What no queue explains (a p99 fifty thousand times the p50, by services of 1 us) still gives
 * numbers, and a large error.
 */
static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    struct live_fit_probe probe[1] = {
        {.rate = 1000, .p50_us = 20, .p90_us = 30, .p99_us = 1e6, .p999_us = 1e6}
    };
    struct live_fit fit;
    live_fit_queue(probe, 1, &(struct live_fit_cost){.service_us = 1}, &fit);
    assert_true(fit.error > 0.2);
    assert_true(fit.service_us > 0 && fit.delay_us >= 0 && fit.sigma >= 0 && fit.sigma <= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_made_the_latencies_is_found_back),
        cmocka_unit_test(stalls_are_told_from_long_services),
        cmocka_unit_test(a_way_and_a_server_that_sleeps_are_told_from_a_queue),
        cmocka_unit_test(a_cost_that_grows_with_the_load_is_no_waking),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
