#include "sim/router.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "tests/support/sim_world.h"

static void expect_same_as_topology(const struct sim_router *router, uint64_t bound)
{
    struct fore_rng rng = fore_rng_stream(9, "router", 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t position = fore_rng_u64(&rng);
        if (bound != 0) position %= bound;
        assert_int_equal(sim_router_find(router, position),
                         fore_topology_find(router->topology, position));
    }
}

static void check(const char *placement, uint64_t bound)
{
    const char *const sets[] = {"workload.rate=10/s", "workload.span=10s", "workload.keys=100k",
                                "cluster.nodes=4",    placement,           NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    struct sim_router router;
    sim_router_init(&router, &world.cluster.topology, &world.arena);
    expect_same_as_topology(&router, bound);
    uint32_t right;
    const struct fore_partition *p = &world.cluster.topology.partition[3];
    uint64_t middle = p->first + (p->last - p->first) / 3 + 1;
    assert_int_equal(fore_topology_split(&world.cluster.topology, 3, middle, 0.5, &right),
                     FORE_E_OK);
    sim_router_update(&router);
    expect_same_as_topology(&router, bound);
    sim_world_close(&world);
}

static void the_table_agrees_with_the_topology(void **state)
{
    (void)state;
    check("cluster.placement=range", 100000);
    check("cluster.placement=range", 0); /* keys beyond all that were expected */
    check("cluster.placement=slot", 0);
    check("cluster.placement=ring", 0);
}

static void only_replicas_that_are_up_are_routed_to(void **state)
{
    (void)state;
    const char *const sets[] = {"workload.rate=10/s",
                                "workload.span=10s",
                                "workload.keys=1k",
                                "cluster.nodes=3",
                                "cluster.replicas=2",
                                "cluster.partitions=8",
                                NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    struct sim_router router;
    sim_router_init(&router, &world.cluster.topology, &world.arena);
    struct sim_fault fault = {.node = 1, .down = 0, .up = 10};
    assert_true(sim_faults_apply(&fault, 1, 5, &world.cluster.topology, (struct fore_sink){0}));
    sim_router_update(&router);
    for (uint32_t p = 0; p < 8; p++) {
        bool hosted = fore_topology_hosts(&world.cluster.topology, p, 1);
        assert_int_equal(router.route[p].count, hosted ? 1 : 2);
        for (uint16_t r = 0; r < router.route[p].count; r++)
            assert_int_not_equal(router.route[p].node[r], 1);
        /* an up follower was promoted */
        assert_int_equal(router.route[p].node[0], world.cluster.topology.partition[p].replica[0]);
    }
    sim_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_agrees_with_the_topology),
        cmocka_unit_test(only_replicas_that_are_up_are_routed_to),
    };
    return cmocka_run_group_tests_name("sim/router", tests, NULL, NULL);
}
