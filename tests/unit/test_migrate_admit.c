/* What is admitted and what is not: caps, stale plans, the partition cap; and what is taken back.
 */
#include "tests/support/migrate_script.h"

static void caps_hold_for_nodes_cluster_and_partitions(void **state)
{
    start_move();
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 1, 0, 2);
    assert_int_equal(admit(&plan), 0); /* node 0 is busy */
    assert_non_null(strstr(why, "node cap"));
    plan = plan_of(FORE_MOVE_SPLIT, 0, FORE_NODE_NONE, FORE_NODE_NONE);
    assert_int_equal(admit(&plan), 0);
    assert_non_null(strstr(why, "is moving"));
    options.moves_max = 1;
    migrate.options = options;
    plan = plan_of(FORE_MOVE_MOVE, 8, 2, 3);
    assert_int_equal(admit(&plan), 0);
    assert_non_null(strstr(why, "cluster cap"));
    uint8_t slots[WORLD_NODES];
    assert_int_equal(fore_migrate_slots(&migrate, WORLD_NODES, slots), 0);
    assert_int_equal(slots[0], 0);
    assert_int_equal(slots[3], 1);
}

static void a_stale_plan_is_refused(void **state)
{
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    plan.epoch--;
    assert_int_equal(admit(&plan), 0);
    assert_non_null(strstr(why, "changed"));
}

static void a_split_is_done_in_one_tick(void **state)
{
    struct fore_plan plan = plan_of(FORE_MOVE_SPLIT, 0, FORE_NODE_NONE, FORE_NODE_NONE);
    plan.move[0].move.split_at = 1000;
    assert_int_equal(admit(&plan), 1);
    script.phase = FORE_PHASE_READY;
    assert_int_equal(tick(), 1);
    assert_int_equal(change[0].kind, FORE_MOVE_SPLIT);
    assert_int_equal(migrate.running, 0);
    assert_int_equal(script.sweeps, 0);
}

static void a_move_that_made_things_worse_is_taken_back_once(void **state)
{
    world.observe->node[0].utilization = 0.8;
    start_move();
    script.phase = FORE_PHASE_READY;
    tick();
    assert_int_equal(fore_topology_move(&world.topology, 0, 0, 1), FORE_E_OK);
    world.observe->node[0].utilization = 0.5;
    world.observe->node[1].utilization = 0.95;
    world.observe->node[1].slow_share = 0.3;
    for (int i = 0; i < 60; i++)
        tick();
    assert_int_equal(migrate.counts.rolled_back, 1);
    assert_int_equal(migrate.running, 1);
    assert_int_equal(migrate.migration[0].move.source, 1);
    assert_int_equal(migrate.migration[0].move.target, 0);
    assert_int_equal(states_seen[FORE_MIGRATE_ROLLED_BACK], 1);
    script.phase = FORE_PHASE_READY;
    for (int i = 0; i < 80; i++)
        tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.rolled_back, 1);
}

/* The way back would only fail: the topology has changed underneath. */
static void what_has_moved_on_meanwhile_is_not_taken_back(void **state)
{
    world.observe->node[0].utilization = 0.8;
    start_move();
    script.phase = FORE_PHASE_READY;
    tick();
    assert_int_equal(fore_topology_move(&world.topology, 0, 0, 1), FORE_E_OK);
    assert_int_equal(fore_topology_move(&world.topology, 0, 1, 2), FORE_E_OK);
    world.observe->node[0].utilization = 0.5;
    world.observe->node[1].utilization = 0.95;
    world.observe->node[1].slow_share = 0.3;
    for (int i = 0; i < 60; i++)
        tick();
    assert_int_equal(migrate.counts.rolled_back, 0);
    assert_int_equal(migrate.running, 0);
}

/* Splits under way count: none is begun that could only fail. */
static void a_split_beyond_the_partition_cap_is_refused_by_name(void **state)
{
    struct fore_plan plan = plan_of(FORE_MOVE_SPLIT, 0, 0, FORE_NODE_NONE);
    plan.move_count = 2;
    plan.move[1] = plan.move[0];
    plan.move[1].move.partition = 1;
    migrate.partitions_max = WORLD_PARTITIONS + 1;
    assert_int_equal(admit(&plan), 1);
    assert_string_equal(why, "split p1: partition cap reached");
    assert_int_equal(fore_migrate_coming(&migrate), 1);
    script.phase = FORE_PHASE_READY;
    tick(); /* done, but the script has no new partition: room is left */
    assert_int_equal(fore_migrate_coming(&migrate), 0);
    migrate.partitions_max = WORLD_PARTITIONS;
    assert_int_equal(admit(&plan), 0);
    assert_int_equal(migrate.counts.failed, 0);
    assert_int_equal(script.begins, 1);
    plan.move_count = 1;
    plan.move[0].move.kind = FORE_MOVE_MERGE; /* makes none: it is what gives room */
    plan.move[0].move.other = 1;
    assert_int_equal(admit(&plan), 1);
}

/* Whoever planned it, and what is on its way already counts. */
static void what_the_target_cannot_hold_is_refused_by_name(void **state)
{
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 2);
    options.moves_per_node = 4;
    migrate.options = options;
    plan.move_count = 2;
    plan.move[0].bytes = plan.move[1].bytes = (double)world.topology.partition[0].bytes;
    plan.move[1].move = plan.move[0].move;
    plan.move[1].move.partition = 1;
    world.topology.node[2].data_bytes_max = 4 * world.topology.partition[0].bytes;
    assert_int_equal(admit(&plan), 0);
    assert_string_equal(why, "move p0: its target has no room for its data");
    world.topology.node[2].data_bytes_max = 5 * world.topology.partition[0].bytes;
    assert_int_equal(admit(&plan), 1);
    assert_string_equal(why, "move p1: its target has no room for its data");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(caps_hold_for_nodes_cluster_and_partitions),
        T(a_stale_plan_is_refused),
        T(a_split_is_done_in_one_tick),
        T(a_move_that_made_things_worse_is_taken_back_once),
        T(what_has_moved_on_meanwhile_is_not_taken_back),
        T(a_split_beyond_the_partition_cap_is_refused_by_name),
        T(what_the_target_cannot_hold_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("core/act: admission", tests, NULL, NULL);
}
