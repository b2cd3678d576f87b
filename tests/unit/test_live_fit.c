/* test_live_fit.c - the queue that is fitted to latencies finds back what made them. The latencies
 * come from a queue written here, with another generator of random numbers. */
#include "core/base/rng.h"
#include "live/calibrate/calibrate_fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { REQUESTS = 200000 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Normal by twelve uniforms, which is near enough here and not what the fit uses. */
static double normal(struct fore_rng *rng)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += fore_rng_unit(rng);
    return sum;
}

static void serve(struct live_fit_probe *probe, double service_us, double sigma, double delay_us,
                  uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "test.queue", 0);
    double *took = malloc(REQUESTS * sizeof *took), at = 0, free_at = 0;
    assert_non_null(took);
    for (int i = 0; i < REQUESTS; i++) {
        at -= log(1 - fore_rng_unit(&rng)) * 1e6 / probe->rate;
        free_at = fmax(at, free_at) + service_us * exp(sigma * normal(&rng) - sigma * sigma / 2);
        took[i] = free_at - at + 2 * delay_us;
    }
    qsort(took, REQUESTS, sizeof *took, ascending);
    probe->p50_us = took[REQUESTS / 2];
    probe->p99_us = took[REQUESTS / 100 * 99];
    free(took);
}

static void what_made_the_latencies_is_found_back(void **state)
{
    (void)state;
    static const struct {
        double service_us, sigma, delay_us;
    } cases[] = {
        {20,   0.8, 50 },
        {100,  0,   200},
        {1000, 1.2, 0  },
        {8,    0.3, 30 }
    };
    for (size_t c = 0; c < FORE_COUNTOF(cases); c++) {
        struct live_fit_probe probe[LIVE_FIT_PROBES];
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            probe[i] = (struct live_fit_probe){.rate = (0.2 + 0.2 * i) * 1e6 / cases[c].service_us};
            serve(&probe[i], cases[c].service_us, cases[c].sigma, cases[c].delay_us, 10 * c + i);
        }
        struct live_fit fit;
        live_fit_queue(probe, LIVE_FIT_PROBES, cases[c].service_us, &fit);
        assert_true(fit.error < 0.1);
        assert_true(fabs(log(fit.service_us / cases[c].service_us)) < 0.36);
        assert_true(fabs(fit.sigma - cases[c].sigma) < 0.3);
        for (int i = 0; i < LIVE_FIT_PROBES; i++) {
            assert_true(fabs(probe[i].fit_p50_us / probe[i].p50_us - 1) < 0.15);
            assert_true(fabs(probe[i].fit_p99_us / probe[i].p99_us - 1) < 0.2);
        }
    }
}

/* What no queue explains (a p99 fifty thousand times the p50, by services of 1 us) still gives
 * numbers, and a large error.
 */
static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    struct live_fit_probe probe[1] = {
        {.rate = 1000, .p50_us = 20, .p99_us = 1e6}
    };
    struct live_fit fit;
    live_fit_queue(probe, 1, 1, &fit);
    assert_true(fit.error > 0.2);
    assert_true(fit.service_us > 0 && fit.delay_us >= 0 && fit.sigma >= 0 && fit.sigma <= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_made_the_latencies_is_found_back),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
