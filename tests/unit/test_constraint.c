#include "core/decide/constraint.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Four nodes, two zones of two racks: node n in zone n % 2, rack n / 2 of it; two tables. */
static struct world world;
static struct fore_constraints rules;
static struct fore_diag diag;
static struct fore_plan plan;

static int begin(void **state)
{
    world_init(&world);
    memset(&diag, 0, sizeof diag);
    for (uint32_t n = 0; n < WORLD_NODES; n++) {
        world.topology.node[n].zone = (uint16_t)(n % 2);
        world.topology.node[n].rack = (uint16_t)(n / 2);
    }
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static struct fore_strings list(const char *text)
{
    struct fore_placement_options options = {0};
    FORE_ASSERT(fore_option_set((struct fore_option_binding){&fore_placement_section, &options},
                                &world.arena, "pin", text, "test", NULL) == FORE_E_OK);
    return options.pin;
}

static enum fore_err compile(const char *pin, const char *apart, const char *forbidden,
                             enum fore_domain replicas_apart)
{
    struct fore_placement_options options = {.pin = list(pin),
                                             .apart = list(apart),
                                             .forbidden = list(forbidden),
                                             .replicas_apart = replicas_apart};
    return fore_constraint_compile(&options, &world.topology, &world.arena, &rules, &diag);
}

static void refused(const char *pin, const char *apart, const char *forbidden, const char *says)
{
    diag.code = FORE_E_OK;
    diag.text[0] = '\0';
    assert_int_not_equal(compile(pin, apart, forbidden, FORE_DOMAIN_NODE), FORE_E_OK);
    if (strstr(diag.text, says) == NULL) fprintf(stderr, "%s\n", diag.text);
    assert_non_null(strstr(diag.text, says));
}

static void what_is_not_understood_is_refused_with_what_would_be(void **state)
{
    refused("t > node-01", "", "", "WHAT -> NODES");
    refused("tt -> node-01", "", "", "did you mean \"t\"?");
    refused("t:16 -> node-01", "", "", "there is no partition 16");
    refused("t -> node-1", "", "", "did you mean \"node-");
    refused("t -> zone-2", "", "", "no such node, zone or rack");
    refused("t -> rack-1-2", "", "", "no such node, zone or rack");
    refused("t -> node-01|", "", "", "no such node");
    refused("", "t + t", "", "WHAT <> WHAT");
    refused("", "0%..10% <> 20%..25% by street", "", "node, rack or zone");
    refused("", "0%..10% <> 30%..20%", "", "names no table");
    refused("", "", "zone-7", "zone-7");
}

static enum fore_err check(bool serving)
{
    diag.code = FORE_E_OK;
    return fore_constraint_check(&rules, &world.topology, NULL, serving, &world.arena, &diag);
}

static void conflict(const char *says)
{
    assert_int_equal(check(false), FORE_E_REFUSED);
    if (strstr(diag.text, says) == NULL) fprintf(stderr, "%s\n", diag.text);
    assert_non_null(strstr(diag.text, says));
}

static void the_smallest_conflicting_set_is_named(void **state)
{
    assert_int_equal(
        compile("t -> zone-0, t:3 -> node-02, p4 -> node-01", "", "node-03", FORE_DOMAIN_NODE),
        FORE_E_OK);
    conflict("pin \"t -> zone-0\", pin \"p4 -> node-01\"");
    assert_null(strstr(diag.text, "p3"));
    assert_null(strstr(diag.text, "forbidden"));
    assert_int_equal(compile("t -> zone-1", "", "node-01, node-03, node-00", FORE_DOMAIN_NODE),
                     FORE_E_OK);
    conflict("pin \"t -> zone-1\", forbidden \"node-01\", forbidden \"node-03\"");
    /* Three tenants that are all apart by zone, two zones: each pair could. */
    assert_int_equal(compile("",
                             "0%..25% <> 25%..50% by zone, 25%..50% <> 50%..75% by zone, "
                             "0%..25% <> 50%..75% by zone, t:15 <> t:0",
                             "", FORE_DOMAIN_NODE),
                     FORE_E_OK);
    conflict("these cannot all hold");
    assert_null(strstr(diag.text, "t:15"));
    assert_int_equal(compile("", "t <> t:3", "", FORE_DOMAIN_NODE), FORE_E_OK);
    conflict("p3 is on both sides of it: apart \"t <> t:3\"");
    assert_int_equal(compile("", "0%..25% <> 50%..75% by zone", "", FORE_DOMAIN_NODE), FORE_E_OK);
    assert_int_equal(check(false), FORE_E_OK);
}

static void more_replicas_than_zones_racks_or_nodes_are_refused(void **state)
{
    world.topology.partition[5].replica_count = 3;
    world.topology.partition[5].replica[1] = 2;
    world.topology.partition[5].replica[2] = 3;
    assert_int_equal(compile("", "", "", FORE_DOMAIN_ZONE), FORE_E_OK);
    conflict("with 3 replicas a partition: replicas_apart \"zone\"");
    assert_int_equal(compile("", "", "", FORE_DOMAIN_RACK), FORE_E_OK);
    assert_int_equal(check(false), FORE_E_OK);
    assert_int_equal(compile("t:5 -> zone-0", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    conflict("pin \"t:5 -> zone-0\"");
    assert_int_equal(compile("", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    world.topology.node[0].up = world.topology.node[1].up = false;
    assert_int_equal(check(false), FORE_E_OK);
    assert_int_equal(check(true), FORE_E_REFUSED);
    assert_non_null(strstr(diag.text, "3 replicas of a partition need as many nodes, there are 2"));
}

static void make_plan(void)
{
    world.input.placement = &rules;
    fore_planner_plan(&world.input, &world.arena, &plan);
}

static void what_is_out_of_place_is_moved_first_also_on_a_calm_cluster(void **state)
{
    assert_int_equal(compile("t:1 -> node-02|node-03", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    world.input.calm = true;
    world_set(&world, 8, 0, 0.2); /* node 2 is fuller than node 3 */
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.partition, 1);
    assert_int_equal(plan.move[0].move.target, 3);
    assert_true(plan.move[0].binding);
    assert_true(plan.move[0].gain_s <= -20); /* the price of a move is charged */
    assert_non_null(strstr(plan.reason, "\"t:1 -> node-02|node-03\" does not hold"));
    world.busy[1] = true;
    make_plan();
    assert_int_equal(plan.move_count, 0);
}

static void a_hot_partition_goes_only_where_it_may(void **state)
{
    world_set_forecast(&world, 0, 6, 0.3);
    world_set_forecast(&world, 1, 6, 0.3);
    world_set_forecast(&world, 2, 6, 0.3);
    world_set(&world, 12, 0, 0.2); /* node 3 is the fuller one */
    assert_int_equal(compile("t -> node-00|node-01|node-02|node-03, 0%..25% -> node-00|node-03", "",
                             "", FORE_DOMAIN_NODE),
                     FORE_E_OK);
    make_plan();
    assert_true(plan.move_count >= 1);
    for (uint32_t i = 0; i < plan.move_count; i++)
        if (plan.move[i].move.partition < 4) assert_int_equal(plan.move[i].move.target, 3);
    assert_int_equal(compile("0%..25% -> node-00", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_true(plan.move[i].move.partition >= 4);
}

static void a_split_partitions_right_half_goes_only_where_it_may(void **state)
{
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set_forecast(&world, p, 0, 0.15);
    world_set(&world, 0, 0, 0.7);
    world_keys(&world, 0, 512, false);
    world.decide.replicas = false;
    assert_int_equal(compile("t:0 -> node-00|node-02", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    make_plan();
    bool split = false;
    for (uint32_t i = 0; i < plan.move_count; i++) {
        if (plan.move[i].move.kind != FORE_MOVE_SPLIT) continue;
        split = true;
        assert_int_equal(plan.move[i].move.target, 2);
    }
    assert_true(split);
    assert_int_equal(compile("t:0 -> node-00", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_not_equal(plan.move[i].move.kind, FORE_MOVE_SPLIT);
}

static void copies_go_to_different_zones(void **state)
{
    for (uint32_t p = 1; p < WORLD_PARTITIONS; p++)
        world_set(&world, p, 0, 0.05);
    world_set(&world, 0, 0, 1.2);
    world.topology.partition[0].bytes /= 20;
    world_keys(&world, 0, 512, true);
    world.observe->partition[0].write_share = 0;
    assert_int_equal(compile("", "", "", FORE_DOMAIN_ZONE), FORE_E_OK);
    make_plan();
    bool replicated = false;
    for (uint32_t i = 0; i < plan.move_count; i++) {
        if (plan.move[i].move.kind != FORE_MOVE_ADD_REPLICA) continue;
        replicated |= plan.move[i].move.partition == 0;
        assert_int_equal(world.topology.node[plan.move[i].move.target].zone, 1);
    }
    assert_true(replicated);
}

static void neighbours_under_other_rules_are_not_merged(void **state)
{
    for (uint32_t p = 0; p < 2; p++)
        world_set(&world, p, 0, 0.005);
    world.input.calm = true;
    world.input.baseline_partitions = WORLD_PARTITIONS - 1;
    assert_int_equal(compile("t:1 -> node-00", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    make_plan();
    assert_int_equal(plan.move_count, 0);
    assert_int_equal(compile("t:1 -> node-00, t:0 -> node-00", "", "", FORE_DOMAIN_NODE),
                     FORE_E_OK);
    make_plan();
    assert_int_equal(plan.move_count, 0);
    assert_int_equal(compile("0%..12.5% -> node-00", "", "", FORE_DOMAIN_NODE), FORE_E_OK);
    make_plan();
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_MERGE);
}

static void a_rule_follows_the_parts_of_a_split(void **state)
{
    struct fore_subject subject;
    uint32_t right;
    assert_int_equal(fore_subject_parse("t:3", &world.topology, "test", &subject, &diag),
                     FORE_E_OK);
    uint64_t middle = world.topology.partition[3].first + 1000;
    assert_int_equal(fore_topology_split(&world.topology, 3, middle, 0.5, &right), FORE_E_OK);
    assert_true(fore_subject_meets(&subject, &world.topology, 3));
    assert_true(fore_subject_meets(&subject, &world.topology, right));
    assert_false(fore_subject_meets(&subject, &world.topology, 2));
    assert_false(fore_subject_meets(&subject, &world.topology, 4));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_is_not_understood_is_refused_with_what_would_be),
        T(the_smallest_conflicting_set_is_named),
        T(more_replicas_than_zones_racks_or_nodes_are_refused),
        T(what_is_out_of_place_is_moved_first_also_on_a_calm_cluster),
        T(a_hot_partition_goes_only_where_it_may),
        T(a_split_partitions_right_half_goes_only_where_it_may),
        T(copies_go_to_different_zones),
        T(neighbours_under_other_rules_are_not_merged),
        T(a_rule_follows_the_parts_of_a_split),
    };
    return cmocka_run_group_tests_name("core/decide/constraint", tests, NULL, NULL);
}
