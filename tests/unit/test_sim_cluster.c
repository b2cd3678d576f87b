/* test_sim_cluster.c - cuts, sizes, owners, service times: the cluster before the first request. */
#include "sim/cluster.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sim/cuts.h"
#include "sim/spread.h"
#include "tests/support/near.h"
#include "tests/support/sim_world.h"

#define BASE                                                                          \
    "workload.rate=8k/s", "workload.span=2h", "workload.keys=10k", "cluster.nodes=8", \
        "cluster.cores=4", "cluster.partitions=100"

static void range_cuts_hold_equal_key_counts(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    const struct fore_topology *topology = &world.cluster.topology;
    assert_int_equal(topology->alive_count, 100);
    for (uint32_t p = 0; p < 99; p++)
        assert_int_equal(topology->partition[p].last - topology->partition[p].first + 1, 100);
    assert_int_equal(topology->partition[99].last, UINT64_MAX);
    sim_world_close(&world);
}

static void hashed_cuts_are_equal_and_slots_stay_whole(void **state)
{
    (void)state;
    static const char *const placements[] = {"cluster.placement=slot", "cluster.placement=ring"};
    for (size_t i = 0; i < 2; i++) {
        const char *const sets[] = {BASE, placements[i], NULL};
        struct sim_world world;
        sim_world_open(&world, 1, sets);
        const struct fore_topology *topology = &world.cluster.topology;
        for (uint32_t p = 0; p < 100; p++) {
            double width = (double)(topology->partition[p].last - topology->partition[p].first);
            expect_near(width / 0x1p64, 0.01, i == 0 ? 1.0 / FORE_SLOT_COUNT : 1e-9);
            if (i == 0)
                assert_int_equal(topology->partition[p].first % (1ull << FORE_SLOT_SHIFT), 0);
        }
        sim_world_close(&world);
    }
}

static void more_partitions_than_keys_become_one_each(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, "workload.keys=7", NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    assert_int_equal(world.cluster.topology.alive_count, 7);
    sim_world_close(&world);
}

/* The trace is quantile-cut: 9 in 10 requests are on the first tenth of the keys. */
static void trace_cuts_follow_the_requests(void **state)
{
    (void)state;
    enum { BUCKETS = 100 };
    struct fore_arena arena = {0};
    struct wl_bucket bucket[BUCKETS];
    double reads[BUCKETS], writes[BUCKETS] = {0};
    struct sim_survey survey = {.reads = reads, .writes = writes};
    for (uint64_t b = 0; b < BUCKETS; b++) {
        bucket[b] = (struct wl_bucket){.first = b * 1000, .last = b * 1000 + 999};
        survey.reads_total += reads[b] = b < 10 ? 9 : 0.1;
    }
    struct wl_flow flow = {.bucket = bucket, .bucket_count = BUCKETS};
    struct sim_scenario scenario = {.workload.kind = WL_KIND_TRACE, .cluster.partitions = 20};
    struct sim_cuts cuts = sim_cuts_make(&scenario, &flow, &survey, &arena);
    assert_int_equal(cuts.count, 20);
    uint32_t in_hot_tenth = 0;
    for (uint32_t i = 0; i < cuts.count; i++) {
        if (i > 0) assert_true(cuts.first[i] > cuts.first[i - 1]);
        in_hot_tenth += cuts.first[i] < 10000;
    }
    expect_near((double)in_hot_tenth, 18, 1);
    fore_arena_fini(&arena);
}

static void one_hot_key_does_not_break_the_cuts(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct wl_bucket bucket[3] = {
        {0,  9   },
        {10, 10  },
        {11, 1000}
    };
    double reads[3] = {1, 98, 1}, writes[3] = {0};
    struct sim_survey survey = {.reads = reads, .writes = writes, .reads_total = 100};
    struct wl_flow flow = {.bucket = bucket, .bucket_count = 3};
    struct sim_scenario scenario = {.workload.kind = WL_KIND_TRACE, .cluster.partitions = 64};
    struct sim_cuts cuts = sim_cuts_make(&scenario, &flow, &survey, &arena);
    assert_true(cuts.count >= 2 && cuts.count <= 64);
    for (uint32_t i = 1; i < cuts.count; i++)
        assert_true(cuts.first[i] > cuts.first[i - 1]);
    fore_arena_fini(&arena);
}

static void the_peak_is_the_asked_share_of_capacity(void **state)
{
    (void)state;
    const char *const sets[] = {BASE,
                                "cluster.peak_utilization=60%",
                                "cluster.replicas=2",
                                "workload.read_share=50%",
                                "workload.diurnal=50%",
                                "workload.diurnal_period=2h",
                                NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    expect_near(world.cluster.peak_cores / world.cluster.capacity_cores, 0.6, 1e-9);
    /* at the peak 12,000/s, each write on two replicas: 18,000 jobs/s on 32 cores at 60 % */
    expect_near(world.cluster.service_mean_ns, 0.6 * 32 / 18000 * 1e9, 2e4);
    sim_world_close(&world);
}

static void the_slo_is_the_p99_at_its_utilization(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, "cluster.cores=1", "cluster.link_delay=1ms",
                                "sim.slo_utilization=80%", NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    expect_near((double)world.cluster.slo_ns, log(100) / 0.2 * 1e6 + 2e6, 100);
    sim_world_close(&world);
}

static void move_time_sets_the_bandwidth(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, "cluster.partition_bytes=1GiB",
                                "cluster.move_time_mean=15min", NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    expect_near(world.cluster.bandwidth, 1024.0 * 1024 * 1024 / 900, 1);
    double bytes = 0;
    for (uint32_t p = 0; p < 100; p++)
        bytes += (double)world.cluster.topology.partition[p].bytes;
    expect_near(bytes / 100 / (1 << 30), 1, 0.2);
    sim_world_close(&world);
}

static double load_ratio(const struct sim_world *world)
{
    double held[16] = {0}, most = 0, all = 0;
    for (uint32_t p = 0; p < world->window.sample.partition_count; p++) {
        const struct fore_partition_sample *sample = &world->window.partition[p];
        held[world->cluster.topology.partition[p].replica[0]] +=
            (double)(sample->busy_read_ns + sample->busy_write_ns);
    }
    for (int n = 0; n < 8; n++) {
        most = held[n] > most ? held[n] : most;
        all += held[n] / 8;
    }
    return most / all;
}

static void balanced_placement_is_better_than_taking_turns(void **state)
{
    (void)state;
    double ratio[2];
    static const char *const initial[] = {"cluster.initial=balanced",
                                          "cluster.initial=round-robin"};
    for (int i = 0; i < 2; i++) {
        const char *const sets[] = {BASE,
                                    "sim.fidelity=fluid",
                                    "workload.scatter=no",
                                    "workload.zipf_s=0.4",
                                    "cluster.initial_noise=0%",
                                    "observe.window=10min",
                                    initial[i],
                                    NULL};
        struct sim_world world;
        sim_world_open(&world, 1, sets);
        (void)sim_world_step(&world);
        ratio[i] = load_ratio(&world);
        sim_world_close(&world);
    }
    assert_true(ratio[0] < 1.3);
    assert_true(ratio[1] > ratio[0]);
}

static void replicas_are_on_distinct_nodes_in_distinct_zones(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, "cluster.replicas=3", "cluster.zones=4", NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    const struct fore_topology *topology = &world.cluster.topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *partition = &topology->partition[p];
        assert_int_equal(partition->replica_count, 3);
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < a; b++)
                assert_int_not_equal(topology->node[partition->replica[a]].zone,
                                     topology->node[partition->replica[b]].zone);
    }
    sim_world_close(&world);
}

static void equal_seeds_build_equal_clusters(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, "cluster.initial=ring", "cluster.slowdown_sigma=0.2", NULL};
    struct sim_world a, b, c;
    sim_world_open(&a, 7, sets);
    sim_world_open(&b, 7, sets);
    sim_world_open(&c, 8, sets);
    uint32_t same = 0;
    for (uint32_t p = 0; p < 100; p++) {
        assert_int_equal(a.cluster.topology.partition[p].replica[0],
                         b.cluster.topology.partition[p].replica[0]);
        assert_int_equal(a.cluster.topology.partition[p].bytes,
                         b.cluster.topology.partition[p].bytes);
        same += a.cluster.topology.partition[p].bytes == c.cluster.topology.partition[p].bytes;
    }
    assert_int_equal(same, 0);
    sim_world_close(&a);
    sim_world_close(&b);
    sim_world_close(&c);
}

/* Highest load of a node at any time, over the mean of all. */
static double highest(const char *initial)
{
    const char *const sets[] = {BASE,
                                initial,
                                "workload.drift_load=50%",
                                "workload.drift_range=10%",
                                "workload.drift_period=1h",
                                "workload.step=1min",
                                "workload.popularity=uniform",
                                "cluster.initial_noise=30%",
                                "cluster.initial_span=2h",
                                "cluster.initial_period=1h",
                                "cluster.initial_step=2min",
                                NULL};
    struct sim_world world;
    struct sim_spread spread = {0};
    double most = 0;
    sim_world_open(&world, 1, sets);
    const struct fore_topology *topology = &world.cluster.topology;
    double *reads = FORE_NEW(&world.arena, double, world.flow.bucket_count);
    double *writes = FORE_NEW(&world.arena, double, world.flow.bucket_count);
    double *load = FORE_NEW(&world.arena, double, topology->partition_cap);
    sim_spread_update(&spread, topology, FORE_PLACE_RANGE, &world.flow);
    for (fore_ns t = 0; t < 7200 * FORE_SEC; t += 60 * FORE_SEC) {
        double node[8] = {0};
        assert_int_equal(wl_flow_rates(&world.flow, t, reads, writes, NULL), FORE_E_OK);
        for (uint32_t b = 0; b < world.flow.bucket_count; b++)
            reads[b] += writes[b];
        sim_spread_sum(&spread, reads, 1, load);
        for (uint32_t p = 0; p < topology->partition_count; p++)
            node[topology->partition[p].replica[0]] += load[p];
        for (int n = 0; n < 8; n++)
            most = fmax(most, node[n] / 1000);
    }
    sim_spread_fini(&spread);
    sim_world_close(&world);
    return most;
}

static void a_profile_spreads_what_is_hot_at_the_same_time(void **state)
{
    double balanced = highest("cluster.initial=balanced");
    double profile = highest("cluster.initial=profile");
    assert_true(balanced > 1.5 && profile < 1.35); /* 10 partitions of 100 have half the load */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_cuts_hold_equal_key_counts),
        cmocka_unit_test(hashed_cuts_are_equal_and_slots_stay_whole),
        cmocka_unit_test(more_partitions_than_keys_become_one_each),
        cmocka_unit_test(trace_cuts_follow_the_requests),
        cmocka_unit_test(one_hot_key_does_not_break_the_cuts),
        cmocka_unit_test(the_peak_is_the_asked_share_of_capacity),
        cmocka_unit_test(the_slo_is_the_p99_at_its_utilization),
        cmocka_unit_test(move_time_sets_the_bandwidth),
        cmocka_unit_test(balanced_placement_is_better_than_taking_turns),
        cmocka_unit_test(replicas_are_on_distinct_nodes_in_distinct_zones),
        cmocka_unit_test(equal_seeds_build_equal_clusters),
        cmocka_unit_test(a_profile_spreads_what_is_hot_at_the_same_time),
    };
    return cmocka_run_group_tests_name("sim/cluster", tests, NULL, NULL);
}
