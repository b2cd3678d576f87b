/*
 * test_sim_way.c - the way there and back, waking, and what bytes add, held to their formulas at
 * next to no load; and that a scenario without them is as it was.
 */
#include "sim/run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

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

/* 10 us of service: at 20,000 requests/s a node is at work for a fifth of the time, at 10,000 for a
 * tenth, half way between two knots. */
static void ways_to_a_node_change_with_its_load(void **state)
{
    (void)state;
#define SPREAD LIGHT, "workload.span=20s", "workload.popularity=uniform"
#define BENT   "cluster.link_stretch=0.1%=1, 10%=0.6, 30%=2.6, 100%=9"
    static const struct {
        const char *rate;
        double factor;
    } cases[] = {
        {"workload.rate=60/s",    1  },
        {"workload.rate=30000/s", 0.6},
        {"workload.rate=60000/s", 1.6}
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        const char *const sets[] = {SPREAD, cases[i].rate, BENT, NULL};
        const char *const plain[] = {SPREAD, cases[i].rate, NULL};
        struct sim_result bent = run(sets, 3), same = run(plain, 3);
        double more = (double)bent.latency_p50_ns - (double)same.latency_p50_ns;
        assert_true(fabs(more - 100e3 * (cases[i].factor - 1)) < 4e3);
    }
}

static void a_stretch_is_a_line_between_knots(void **state)
{
    (void)state;
    const char *item[] = {"4%=1", "0.2=0.5", "100%=2"};
    const struct fore_strings list = {.item = item, .count = 3};
    const struct fore_strings none = {.count = 0};
    struct sim_stretch stretch;
    assert_int_equal(sim_stretch_parse(&list, "s", &stretch, NULL), FORE_E_OK);
    static const double at[] = {0, 0.04, 0.12, 0.2, 0.6, 1}, is[] = {1, 1, 0.75, 0.5, 1.25, 2};
    for (size_t i = 0; i < FORE_COUNTOF(at); i++)
        assert_true(fabs(sim_stretch_at(&stretch, at[i]) - is[i]) < 1e-9);
    assert_int_equal(sim_stretch_parse(&none, "s", &stretch, NULL), FORE_E_OK);
    assert_true(sim_stretch_at(&stretch, 0.7) == 1);
}

static void what_is_no_stretch_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *item[2];
        enum fore_err err;
    } cases[] = {
        {{"10%", "20%=1"},      FORE_E_FORMAT},
        {{"10%=1", "20%=1x"},   FORE_E_FORMAT},
        {{"=1", "20%=1"},       FORE_E_FORMAT},
        {{"10%=", "20%=1"},     FORE_E_FORMAT},
        {{"20%=1", "20%=1"},    FORE_E_RANGE },
        {{"20%=1", "120%=1"},   FORE_E_RANGE },
        {{"-1%=1", "20%=1"},    FORE_E_RANGE },
        {{"nan=1", "20%=1"},    FORE_E_RANGE },
        {{"10%=1", "20%=-1"},   FORE_E_RANGE },
        {{"10%=nan", "20%=1"},  FORE_E_RANGE },
        {{"10%=1", "20%=1000"}, FORE_E_RANGE },
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        struct sim_stretch stretch;
        struct fore_diag diag = {0};
        const char *item[] = {cases[i].item[0], cases[i].item[1]};
        const struct fore_strings list = {.item = item, .count = 2};
        assert_int_equal(sim_stretch_parse(&list, "cluster.link_stretch", &stretch, &diag),
                         cases[i].err);
        assert_non_null(strstr(diag.text, "cluster.link_stretch"));
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
    static const char *const sets[] = {"sim.wake_rest=1us", "sim.kib_service=1us",
                                       "cluster.link_sigma=0.5", "cluster.link_kib=1us",
                                       "cluster.link_stretch=50%=2"};
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
        cmocka_unit_test(ways_to_a_node_change_with_its_load),
        cmocka_unit_test(a_stretch_is_a_line_between_knots),
        cmocka_unit_test(what_is_no_stretch_is_refused),
        cmocka_unit_test(bytes_add_to_the_service_and_to_the_way),
        cmocka_unit_test(rates_refuse_what_they_do_not_know),
        cmocka_unit_test(waking_without_a_rest_is_refused),
    };
    return cmocka_run_group_tests_name("sim/way", tests, NULL, NULL);
}
