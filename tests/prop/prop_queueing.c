/*
 * prop_queueing.c - laws of queueing that a simulated node must obey, whatever the code looks like.
 *
 * The node is the product's own: synthetic Poisson arrivals, routing, station, histogram. Theory is
 * written down here again from the textbook (Kleinrock 1975, Erlang's C by its sum), not taken
 * from sim/latency.c. At rho 0.95 an M/M/1 queue forgets so slowly that tens of millions of
 * requests are needed for 2 %; debug and sanitizer builds, which are slow, use fewer and allow
 * more.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "sim/station.h"
#include "tests/support/near.h"
#include "tests/support/sim_world.h"

#ifdef FORE_DEBUG
static const double span_share = 0.05, tolerance = 0.12;
#else
static const double span_share = 1, tolerance = 0.02;
#endif
static const uint64_t seeds[] = {11, 12};

static double erlang_c(int c, double rho)
{
    double a = c * rho, term = 1, sum = 0;
    for (int k = 0; k < c; k++) {
        sum += term;
        term *= a / (k + 1);
    }
    term /= 1 - rho; /* a^c / c! / (1 - rho) */
    return term / (sum + term);
}

/* P(sojourn > t), M/M/c, FIFO; mu = 1 per server and time unit. */
static double sojourn_tail(int c, double rho, double t)
{
    double wait = erlang_c(c, rho), theta = c * (1 - rho);
    if (fabs(theta - 1) < 1e-9) return exp(-t) * (1 + wait * t);
    return exp(-t) * (1 - wait) + wait * (exp(-theta * t) - theta * exp(-t)) / (1 - theta);
}

static double sojourn_quantile(int c, double rho, double tail)
{
    double low = 0, high = 1e6;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (sojourn_tail(c, rho, middle) > tail)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct seen { /* in units of the mean service time */
    double wait, p99;
};

/* One node of c cores; each core serves 1,000 a second on average. */
static struct seen simulate(int c, double rho, const char *service, double requests)
{
    char rate[64], cores[64], span[64], kind[64];
    (void)snprintf(rate, sizeof rate, "workload.rate=%.6f/s", 1000.0 * c * rho);
    (void)snprintf(cores, sizeof cores, "cluster.cores=%d", c);
    (void)snprintf(span, sizeof span, "workload.span=%.0fs",
                   ceil(requests * span_share / (1000.0 * c * rho) / 100) * 100);
    (void)snprintf(kind, sizeof kind, "sim.service=%s", service);
    const char *const sets[] = {"cluster.nodes=1",
                                "cluster.partitions=1",
                                "cluster.link_delay=0s",
                                "observe.window=100s",
                                "sim.service_mean=1ms",
                                "workload.keys=100",
                                "sim.key_samples=0",
                                rate,
                                cores,
                                span,
                                kind,
                                NULL};
    double wait_ns = 0, count = 0, p99 = 0;
    for (size_t i = 0; i < FORE_COUNTOF(seeds); i++) {
        struct sim_world world;
        sim_world_open(&world, seeds[i], sets);
        while (world.driver.now < world.scenario.workload.span) {
            (void)sim_world_step(&world);
            const struct fore_partition_sample *p = &world.window.partition[0];
            wait_ns +=
                (double)p->latency_sum_ns - (double)p->busy_read_ns - (double)p->busy_write_ns;
            count += (double)world.window.sample.requests;
        }
        p99 += (double)world.backend.ops->quantile(world.backend.self, 0.99) / 1e6;
        sim_world_close(&world);
    }
    return (struct seen){.wait = wait_ns / count / 1e6, .p99 = p99 / FORE_COUNTOF(seeds)};
}

static void expect_share(const char *what, int c, double rho, double got, double want)
{
    if (fabs(got / want - 1) <= tolerance) return;
    fail_msg("%s, c=%d, rho=%.2f: %.5f instead of %.5f (seeds %d, %d)", what, c, rho, got, want,
             (int)seeds[0], (int)seeds[1]);
}

static void check_mmc(int c)
{
    static const struct {
        double rho, requests;
    } cases[] = {
        {0.5,  4e6},
        {0.8,  8e6},
        {0.95, 4e7}
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        double rho = cases[i].rho;
        struct seen seen = simulate(c, rho, "exp", cases[i].requests);
        expect_share("mean wait", c, rho, seen.wait, erlang_c(c, rho) / (c * (1 - rho)));
        expect_share("p99", c, rho, seen.p99, sojourn_quantile(c, rho, 0.01));
    }
}

static void mm1_waits_as_theory_says(void **state)
{
    (void)state;
    check_mmc(1);
}

static void mm2_waits_as_theory_says(void **state)
{
    (void)state;
    check_mmc(2);
}

static void mm4_waits_as_theory_says(void **state)
{
    (void)state;
    check_mmc(4);
}

static void mm8_waits_as_theory_says(void **state)
{
    (void)state;
    check_mmc(8);
}

/* Pollaczek-Khinchine: half of M/M/1. */
static void md1_waits_half_as_long(void **state)
{
    (void)state;
    struct seen seen = simulate(1, 0.8, "fixed", 8e6);
    expect_share("M/D/1 mean wait", 1, 0.8, seen.wait, 0.8 / (2 * 0.2));
}

static int ascending(const void *a, const void *b)
{
    const fore_ns *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Time average of the number in the system, by sweeping over arrivals and sorted departures. */
static double mean_number(const fore_ns *arrival, fore_ns *departure, size_t n)
{
    qsort(departure, n, sizeof *departure, ascending);
    double area = 0;
    fore_ns last = 0;
    for (size_t in = 0, out = 0; out < n;) {
        bool arrives = in < n && arrival[in] <= departure[out];
        fore_ns at = arrives ? arrival[in] : departure[out];
        area += (double)(in - out) * (double)(at - last);
        last = at;
        in += arrives;
        out += !arrives;
    }
    return area / (double)last;
}

/* L = lambda W over the whole time until the last departure, for one core, a scan and a heap. */
static void little_holds(void **state)
{
    (void)state;
    static const uint32_t cores[] = {1, 4, 16};
    enum { COUNT = 400000 };
    for (size_t i = 0; i < FORE_COUNTOF(cores); i++) {
        struct fore_arena arena = {0};
        fore_ns *arrival = FORE_NEW(&arena, fore_ns, COUNT);
        fore_ns *departure = FORE_NEW(&arena, fore_ns, COUNT);
        struct sim_station station;
        sim_station_init(&station, &arena, cores[i], 1);
        struct fore_rng arrivals = fore_rng_stream(3, "arrivals", i);
        struct fore_rng service = fore_rng_stream(3, "service", i);
        fore_ns now = 0, end = 0;
        double sojourn = 0;
        for (size_t k = 0; k < COUNT; k++) {
            now += (fore_ns)(1e6 / (0.9 * cores[i]) * fore_dist_exp(&arrivals));
            arrival[k] = now;
            fore_ns work = (fore_ns)(1e6 * fore_dist_exp(&service));
            departure[k] = sim_station_serve(&station, now, work);
            sojourn += (double)(departure[k] - now);
            if (departure[k] > end) end = departure[k];
        }
        double law = COUNT / (double)end * (sojourn / COUNT);
        double seen = mean_number(arrival, departure, COUNT);
        expect_near(seen / law, 1, 0.005);
        fore_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mm1_waits_as_theory_says), cmocka_unit_test(mm2_waits_as_theory_says),
        cmocka_unit_test(mm4_waits_as_theory_says), cmocka_unit_test(mm8_waits_as_theory_says),
        cmocka_unit_test(md1_waits_half_as_long),   cmocka_unit_test(little_holds),
    };
    return cmocka_run_group_tests_name("queueing laws", tests, NULL, NULL);
}
