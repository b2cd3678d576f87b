/* test_sim_bound.c - the clairvoyant lower bound against brute force, and on runs one can add up.
 */
#include "sim/bound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "tests/support/near.h"
#include "tests/support/sim_world.h"

enum { ITEMS = 8, NODES = 3 };

/* Fewest nodes above their room over all ways to place the items and pour the fluid. */
static int fewest_over(const double *item, int items, double fluid, const double *room)
{
    int codes = 1, best = NODES;
    for (int i = 0; i < items; i++)
        codes *= NODES;
    for (int code = 0; code < codes; code++) {
        double held[NODES] = {0}, left = 0;
        int over = 0;
        for (int i = 0, rest = code; i < items; i++, rest /= NODES)
            held[rest % NODES] += item[i];
        for (int n = 0; n < NODES; n++) {
            over += held[n] > room[n] * (1 + 1e-12);
            left += held[n] < room[n] ? room[n] - held[n] : 0;
        }
        /* Fluid that has no room goes to a node that is over already, or makes one. */
        if (over == 0 && fluid > left * (1 + 1e-12)) over = 1;
        if (over < best) best = over;
    }
    return best;
}

static void it_never_promises_more_than_brute_force_finds(void **state)
{
    struct fore_rng rng = fore_rng_stream(21, "bound", 0);
    int refused = 0, hopeless = 0;
    for (int t = 0; t < 600; t++) {
        double item[ITEMS], room[NODES], rooms = 0, sum = 0, fluid = 0;
        int items = 1 + (int)fore_rng_below(&rng, ITEMS);
        bool alike = fore_rng_below(&rng, 2) == 0;
        for (int n = 0; n < NODES; n++)
            rooms += room[n] = alike ? 1 : 0.7 + 0.6 * fore_rng_unit(&rng);
        for (int i = 0; i < items; i++)
            sum += item[i] = 0.05 + fore_rng_unit(&rng);
        double use = 0.7 + 0.4 * fore_rng_unit(&rng);
        if (t % 3 == 0) sum += fluid = sum * fore_rng_unit(&rng);
        for (int i = 0; i < items; i++)
            item[i] *= use * rooms / sum;
        fluid *= use * rooms / sum;
        int best = fewest_over(item, items, fluid, room);
        bool may = sim_bound_may_fit(item, (uint32_t)items, fluid, room, NODES);
        assert_true(best <= 1); /* one can take all that is too much */
        if (!may && best == 0) fail_msg("instance %d: refused what fits", t);
        refused += !may;
        hopeless += best > 0;
    }
    /* The relaxation is worth something: it finds most of what is hopeless. */
    if (refused < hopeless / 2 || hopeless < 100)
        fail_msg("%d of %d hopeless instances were refused", refused, hopeless);
}

static void bins_are_counted_and_not_only_filled(void **state)
{
    double room[] = {1, 1};
    double three[] = {0.6, 0.6, 0.6}; /* 1.8 of 2, but no two go together */
    assert_false(sim_bound_may_fit(three, 3, 0, room, 2));
    double two[] = {0.6, 0.6};
    assert_true(sim_bound_may_fit(two, 2, 0.8, room, 2));
    assert_false(sim_bound_may_fit(two, 2, 0.81, room, 2));
    double large[] = {1.01};
    assert_false(sim_bound_may_fit(large, 1, 0, room, 2));
    double exact[] = {0.25, 0.75, 0.5, 0.5};
    assert_true(sim_bound_may_fit(exact, 4, 0, room, 2));
    assert_true(sim_bound_may_fit(exact, 0, 2, room, 2));
}

#define BASE                                                                            \
    "workload.rate=8k/s", "workload.span=1h", "workload.keys=1k", "workload.step=1min", \
        "workload.popularity=uniform", "workload.read_share=0%", "cluster.nodes=4",     \
        "cluster.partitions=16", "sim.fidelity=fluid", "observe.window=1min",           \
        "experiment.evaluate_from=10min"

static struct sim_bound bound_of(const char *a, const char *b)
{
    const char *const sets[] = {BASE, a, b, NULL};
    struct fore_arena arena = {0};
    struct sim_scenario scenario;
    struct sim_bound bound;
    struct fore_diag diag = {0};
    sim_world_scenario(&scenario, &arena, sets);
    sim_world_must(sim_bound_find(&scenario, 1, &bound, &diag), &diag);
    fore_arena_fini(&arena);
    return bound;
}

static void steady_load_fits_or_does_not(void **state)
{
    struct sim_bound calm = bound_of("cluster.peak_utilization=0.84", "sim.slo_utilization=0.85");
    expect_near(calm.windows, 50, 0);
    expect_near(calm.node_min, 0, 0);
    expect_near(calm.whole_node_min, 0, 0);
    struct sim_bound full = bound_of("cluster.peak_utilization=0.86", "sim.slo_utilization=0.85");
    expect_near(full.node_min, 50, 0);
    expect_near(full.whole_node_min, 50, 0);
}

static void a_partition_hotter_than_a_node_wants_a_split(void **state)
{
    /* Most writes fall on a twentieth of the keys: a partition of sixteen, now and then two. */
    struct sim_bound warm = bound_of("workload.drift_load=70%", "cluster.peak_utilization=0.7");
    expect_near(warm.node_min, 0, 0);
    assert_true(warm.whole_node_min > 10);
    /* A single key cannot be split, and its writes go to one node. */
    struct sim_bound hot = bound_of("workload.hot_key_share=60%", "cluster.peak_utilization=0.7");
    expect_near(hot.node_min, 50, 0);
    /* Its reads can be spread over replicas. */
    const char *const reads[] = {BASE, "workload.read_share=100%", "workload.hot_key_share=60%",
                                 "cluster.peak_utilization=0.7", NULL};
    struct fore_arena arena = {0};
    struct sim_scenario scenario;
    struct sim_bound bound;
    sim_world_scenario(&scenario, &arena, reads);
    assert_int_equal(sim_bound_find(&scenario, 1, &bound, NULL), FORE_E_OK);
    expect_near(bound.node_min, 0, 0);
    expect_near(bound.whole_node_min, 50, 0);
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_never_promises_more_than_brute_force_finds),
        cmocka_unit_test(bins_are_counted_and_not_only_filled),
        cmocka_unit_test(steady_load_fits_or_does_not),
        cmocka_unit_test(a_partition_hotter_than_a_node_wants_a_split),
    };
    return cmocka_run_group_tests_name("sim/bound", tests, NULL, NULL);
}
