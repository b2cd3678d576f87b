/* test_sim_future.c - what the oracle is told is what then happens. */
#include "sim/future.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

enum { STEPS = 12, PARTITIONS = 16 };

static const char *const options[] = {"workload.rate=4k/s",         "workload.span=2h",
                                      "workload.keys=10k",          "workload.diurnal=50%",
                                      "workload.drift_load=40%",    "workload.drift_period=1h",
                                      "workload.diurnal_period=1h", "sim.write_cost=3",
                                      "workload.read_share=70%",    "cluster.nodes=4",
                                      "cluster.partitions=16",      "sim.fidelity=fluid",
                                      "observe.window=1min",        NULL};

static void the_future_is_what_is_then_observed(void **state)
{
    (void)state;
    struct sim_world world;
    struct sim_future future;
    float told[PARTITIONS * STEPS];
    sim_world_open(&world, 4, options);
    sim_future_init(&future, &world.cluster, &world.flow, 7200 * FORE_SEC);
    struct fore_future door = sim_future_door(&future);
    assert_int_equal(door.load(door.self, &world.cluster.topology, 0, 300 * FORE_SEC, STEPS, told),
                     FORE_E_OK);
    for (size_t h = 0; h < STEPS; h++) {
        double busy[PARTITIONS] = {0};
        for (int w = 0; w < 5; w++) {
            const struct fore_sample *sample = sim_world_step(&world);
            for (uint32_t p = 0; p < PARTITIONS; p++)
                busy[p] += (double)(sample->partition[p].busy_read_ns +
                                    sample->partition[p].busy_write_ns) /
                           300e9;
        }
        for (uint32_t p = 0; p < PARTITIONS; p++)
            expect_near(busy[p], (double)told[p * STEPS + h], 0.02 * busy[p] + 0.01);
    }
    sim_future_fini(&future);
    sim_world_close(&world);
}

static void asking_later_and_off_the_grid_gives_the_same_answers(void **state)
{
    (void)state;
    struct sim_world world;
    struct sim_future cached, fresh;
    float a[PARTITIONS * STEPS], b[PARTITIONS * STEPS];
    sim_world_open(&world, 4, options);
    sim_future_init(&cached, &world.cluster, &world.flow, 7200 * FORE_SEC);
    struct fore_future door = sim_future_door(&cached);
    for (fore_ns from = 0; from < 3600 * FORE_SEC; from += 420 * FORE_SEC) {
        sim_future_init(&fresh, &world.cluster, &world.flow, 7200 * FORE_SEC);
        struct fore_future once = sim_future_door(&fresh);
        assert_int_equal(
            door.load(door.self, &world.cluster.topology, from, 300 * FORE_SEC, STEPS, a),
            FORE_E_OK);
        assert_int_equal(
            once.load(once.self, &world.cluster.topology, from, 300 * FORE_SEC, STEPS, b),
            FORE_E_OK);
        for (size_t i = 0; i < PARTITIONS * STEPS; i++)
            expect_near((double)a[i], (double)b[i], 0);
        sim_future_fini(&fresh);
    }
    sim_future_fini(&cached);
    sim_world_close(&world);
}

static void a_split_divides_the_future_too(void **state)
{
    (void)state;
    struct sim_world world;
    struct sim_future future;
    float before[PARTITIONS * STEPS], after[(PARTITIONS + 1) * STEPS];
    sim_world_open(&world, 4, options);
    sim_future_init(&future, &world.cluster, &world.flow, 7200 * FORE_SEC);
    struct fore_future door = sim_future_door(&future);
    struct fore_topology *topology = &world.cluster.topology;
    assert_int_equal(door.load(door.self, topology, 0, 300 * FORE_SEC, STEPS, before), FORE_E_OK);
    uint32_t right;
    assert_int_equal(
        fore_topology_split(topology, 5, topology->partition[5].first + 300, 0.5, &right),
        FORE_E_OK);
    assert_int_equal(door.load(door.self, topology, 0, 300 * FORE_SEC, STEPS, after), FORE_E_OK);
    for (size_t h = 0; h < STEPS; h++)
        expect_near((double)(after[5 * STEPS + h] + after[right * STEPS + h]),
                    (double)before[5 * STEPS + h], 1e-5);
    sim_future_fini(&future);
    sim_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_future_is_what_is_then_observed),
        cmocka_unit_test(asking_later_and_off_the_grid_gives_the_same_answers),
        cmocka_unit_test(a_split_divides_the_future_too),
    };
    return cmocka_run_group_tests_name("sim/future", tests, NULL, NULL);
}
