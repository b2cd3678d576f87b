/* test_sim_owners_rules.c - a cluster with rules of placement starts by them, and is balanced. */
#include "core/decide/constraint.h"
#include "sim/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

#define BASE                                                                              \
    "workload.rate=8k/s", "workload.span=2h", "workload.keys=10k", "workload.zipf_s=0.6", \
        "cluster.nodes=9", "cluster.zones=3", "cluster.cores=4", "cluster.partitions=90", \
        "cluster.replicas=2", "cluster.placement=slot"

/* Replicas that break a rule. */
static uint32_t broken(const struct sim_world *world)
{
    struct fore_arena arena = {0};
    struct fore_constraints rules;
    struct fore_constraint_state state;
    const struct fore_topology *topology = &world->cluster.topology;
    struct fore_diag diag = {0};
    uint32_t count = 0;
    sim_world_must(
        fore_constraint_compile(&world->scenario.engine.placement, topology, &arena, &rules, &diag),
        &diag);
    fore_constraint_begin(&rules, topology, &arena, &state);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        for (uint32_t r = 0; r < topology->partition[p].replica_count; r++)
            count += fore_constraint_broken(&state, p, r) != NULL;
    fore_arena_fini(&arena);
    return count;
}

static void first_owners_obey_the_rules(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "placement.pin=keys:3 -> node-05|node-06, 20%..40% -> zone-1|zone-2",
        "placement.apart=0%..10% <> 50%..60%",
        "placement.apart=0%..10% <> 50%..60% by zone",
        "placement.forbidden=node-07",
        "placement.replicas_apart=zone",
    };
    for (size_t i = 0; i < FORE_COUNTOF(rules); i++) {
        const char *const sets[] = {BASE, "cluster.initial=round-robin", rules[i], NULL};
        struct sim_world world;
        sim_world_open(&world, 1, sets);
        if (broken(&world) > 0) fail_msg("%s: %u replicas break it", rules[i], broken(&world));
        struct fore_diag diag = {0};
        sim_world_must(fore_topology_check(&world.cluster.topology, &diag), &diag);
        sim_world_close(&world);
    }
}

static void all_of_them_hold_at_once_and_the_load_stays_spread(void **state)
{
    (void)state;
    const char *const sets[] = {BASE,
                                "placement.pin=keys:3 -> node-05|node-06",
                                "placement.apart=0%..10% <> 50%..60%",
                                "placement.forbidden=node-07",
                                "placement.replicas_apart=zone",
                                NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    assert_int_equal(broken(&world), 0);
    uint32_t held[9] = {0};
    const struct fore_topology *topology = &world.cluster.topology;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        for (uint32_t r = 0; r < topology->partition[p].replica_count; r++)
            held[topology->partition[p].replica[r]]++;
    for (uint32_t n = 0; n < 9; n++) /* 180 replicas on eight nodes */
        if (n != 7) assert_true(held[n] > 5 && held[n] < 60);
    assert_int_equal(held[7], 0);
    sim_world_close(&world);
}

/* Only what breaks a rule is put elsewhere. */
static void without_a_broken_rule_nothing_is_put_elsewhere(void **state)
{
    (void)state;
    const char *const plain[] = {BASE, NULL};
    struct sim_world a, b;
    sim_world_open(&a, 1, plain);
    const char *first = a.cluster.topology.node[a.cluster.topology.partition[0].replica[0]].name;
    char pin[120];
    (void)snprintf(pin, sizeof pin, "placement.pin=keys:0 -> %s|%s", first,
                   a.cluster.topology.node[a.cluster.topology.partition[0].replica[1]].name);
    const char *const ruled[] = {BASE, pin, NULL};
    sim_world_open(&b, 1, ruled);
    for (uint32_t p = 0; p < a.cluster.topology.partition_count; p++)
        assert_memory_equal(a.cluster.topology.partition[p].replica,
                            b.cluster.topology.partition[p].replica,
                            sizeof a.cluster.topology.partition[p].replica);
    sim_world_close(&a);
    sim_world_close(&b);
}

/* The engine says which rules; the cluster exists all the same. */
static void rules_that_cannot_hold_leave_a_whole_cluster(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, "placement.pin=keys:3 -> node-07",
                                "placement.forbidden=node-07", NULL};
    struct sim_world world;
    struct fore_diag diag = {0};
    sim_world_open(&world, 1, sets);
    assert_true(broken(&world) > 0);
    sim_world_must(fore_topology_check(&world.cluster.topology, &diag), &diag);
    sim_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_owners_obey_the_rules),
        cmocka_unit_test(all_of_them_hold_at_once_and_the_load_stays_spread),
        cmocka_unit_test(without_a_broken_rule_nothing_is_put_elsewhere),
        cmocka_unit_test(rules_that_cannot_hold_leave_a_whole_cluster),
    };
    return cmocka_run_group_tests_name("sim/owners_rules", tests, NULL, NULL);
}
