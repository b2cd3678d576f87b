/* Vertical moves through the state machine of act/, on the fake cluster with clients writing. */
#include "core/act/migrate.h"
#include "core/base/hash.h"
#include "core/cluster/topology_columns.h"
#include "tests/support/fake_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PARTITION = 2 };

static struct stage {
    struct fake *fake;
    struct fore_observe *observe;
    struct fore_migrate migrate;
    struct fore_alerts alerts;
    struct fore_arena arena;
    struct fore_migrate_change change[8];
    size_t changes;
    uint64_t plans, mismatches;
    fore_ns now;
} stage;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_alert alert;
    if (kind != FORE_EV_ALERT) return;
    memcpy(&alert, body, sizeof alert);
    stage.mismatches += alert.code == FORE_ALERT_DIGEST_MISMATCH;
}
static const struct fore_sink sink = {.put = put};

static int set_up(void **state)
{
    struct fore_act_options act;
    struct fore_observe_options observe;
    memset(&stage, 0, sizeof stage);
    fore_arena_init(&stage.arena);
    stage.fake = fake_create(NULL);
    stage.now = FORE_SEC;
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &act}, &stage.arena);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &observe},
                         &stage.arena);
    stage.observe = fore_observe_create(&observe, &stage.fake->topology, 1);
    fore_migrate_init(&stage.migrate, &act, &stage.arena, 4);
    fore_alert_init(&stage.alerts, &stage.arena, 64, 3600 * FORE_SEC);
    return 0;
}

static int tear_down(void **state)
{
    fore_observe_destroy(stage.observe);
    fake_destroy(stage.fake);
    fore_arena_fini(&stage.arena);
    return 0;
}

static uint32_t admit(struct fore_move move)
{
    char why[200];
    struct fore_plan plan = {
        .id = ++stage.plans, .epoch = stage.fake->topology.epoch, .move_count = 1};
    plan.move[0] = (struct fore_plan_move){.move = move, .duration_s = 1};
    return fore_migrate_admit(&stage.migrate, &plan, &stage.fake->topology, fake_driver(stage.fake),
                              stage.observe, stage.now, why, sizeof why);
}

static void tick(void)
{
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t draw = fore_hash_u64(i, stage.now);
        fake_write(stage.fake, draw % (UINT64_C(8) << 20), draw);
    }
    fake_advance(stage.fake, FORE_SEC / 4);
    stage.now += FORE_SEC;
    stage.changes +=
        fore_migrate_tick(&stage.migrate, fake_driver(stage.fake), stage.observe, &stage.alerts,
                          sink, stage.now, stage.change + stage.changes, 8 - stage.changes);
}

static void run_until_over(void)
{
    for (int i = 0; i < 1000 && stage.migrate.running > 0; i++)
        tick();
    assert_int_equal(stage.migrate.running, 0);
}

static struct fore_move split_to(uint16_t target)
{
    return (struct fore_move){.kind = FORE_MOVE_VERTICAL_SPLIT,
                              .partition = PARTITION,
                              .other = FORE_PARTITION_NONE,
                              .source = stage.fake->topology.partition[PARTITION].replica[0],
                              .target = target,
                              .columns = 0x0f,
                              .split_right_share = 0.5,
                              .load_base = 0.5F,
                              .load_apart = 0.25F};
}

static void a_split_and_its_merge_are_carried_out_and_checked(void **state)
{
    const struct fore_topology *t = &stage.fake->topology;
    for (uint16_t target = 2; target < 4; target++) { /* where it is, and elsewhere */
        stage.changes = 0;
        assert_int_equal(admit(split_to(target)), 1);
        assert_true(fore_migrate_partition_busy(&stage.migrate, PARTITION));
        run_until_over();
        assert_int_equal(stage.changes, 1);
        uint32_t sibling = fore_topology_columns_sibling(t, PARTITION);
        assert_int_equal(stage.change[0].kind, FORE_MOVE_VERTICAL_SPLIT);
        assert_int_equal(stage.change[0].other, sibling);
        assert_true(stage.change[0].load_base > 0.49 && stage.change[0].load_apart < 0.26);
        assert_true(fake_is_sound(stage.fake));

        struct fore_move merge = split_to(2);
        merge.kind = FORE_MOVE_VERTICAL_MERGE;
        merge.other = sibling;
        merge.source = target;
        assert_int_equal(admit(merge), 1);
        assert_true(fore_migrate_partition_busy(&stage.migrate, sibling));
        run_until_over();
        assert_int_equal(stage.changes, 2);
        assert_true(t->partition[PARTITION].apart == 0);
        assert_true(fake_is_sound(stage.fake));
        assert_int_equal(fake_orphan_count(stage.fake), 0);
    }
    assert_int_equal(stage.migrate.counts.done[FORE_MOVE_VERTICAL_SPLIT], 2);
    assert_int_equal(stage.migrate.counts.done[FORE_MOVE_VERTICAL_MERGE], 2);
    assert_int_equal(stage.mismatches + stage.migrate.counts.corrupt, 0);
}

/* The copy is harmed once it is READY: the rows are well, so only comparing the two shows it. */
static void a_copy_that_differs_is_not_cut_over(void **state)
{
    assert_int_equal(admit(split_to(3)), 1);
    while (stage.fake->move_count == 0 || stage.fake->move[0].phase != FORE_PHASE_READY) {
        if (stage.fake->move_count > 0 && stage.fake->move[0].stage.count > 0)
            stage.fake->ops.caps &= ~(uint32_t)FORE_CAP_CONTENT; /* compare alone has to find it */
        fake_advance(stage.fake, FORE_SEC / 4);
        stage.now += FORE_SEC;
        if (stage.fake->move_count == 0 || stage.fake->move[0].phase != FORE_PHASE_READY)
            (void)fore_migrate_tick(&stage.migrate, fake_driver(stage.fake), stage.observe,
                                    &stage.alerts, sink, stage.now, stage.change, 8);
    }
    assert_true(stage.fake->move[0].stage.count > 0);
    stage.fake->move[0].stage.key[0].value ^= 4;
    for (int i = 0; i < 20 && stage.migrate.running > 0; i++) {
        stage.now += FORE_SEC;
        stage.changes += fore_migrate_tick(&stage.migrate, fake_driver(stage.fake), stage.observe,
                                           &stage.alerts, sink, stage.now, stage.change, 8);
    }
    assert_int_equal(stage.migrate.running, 0);
    assert_int_equal(stage.changes, 0);
    assert_int_equal(stage.mismatches, 1);
    assert_int_equal(stage.migrate.counts.failed, 1);
    assert_true(stage.fake->topology.partition[PARTITION].apart == 0);
    assert_true(fake_is_sound(stage.fake));
}

/* A move that is still watched agreed on whole rows; that half of a row has left is no fault. */
static void splits_under_the_watch_of_a_move_raise_nothing(void **state)
{
    struct fore_move move = {.kind = FORE_MOVE_MOVE,
                             .partition = PARTITION,
                             .other = FORE_PARTITION_NONE,
                             .source = 2,
                             .target = 0};
    assert_int_equal(admit(move), 1);
    while (stage.migrate.migration[0].state != FORE_MIGRATE_WATCH)
        tick();
    assert_int_equal(admit(split_to(1)), 1);
    run_until_over();
    assert_int_equal(stage.migrate.counts.done[FORE_MOVE_VERTICAL_SPLIT], 1);
    assert_int_equal(stage.mismatches + stage.migrate.counts.corrupt, 0);
    assert_true(fake_is_sound(stage.fake));
}

static void slots_are_held_by_copies_of_columns_too(void **state)
{
    uint8_t slots[4];
    assert_int_equal(admit(split_to(2)), 1);
    (void)fore_migrate_slots(&stage.migrate, 4, slots);
    assert_int_equal(slots[2], 0);
    assert_int_equal(slots[3], 1);
    assert_int_equal(admit(split_to(3)), 0); /* it is moving */
    struct fore_move other = split_to(2);
    other.partition = 6; /* on node 2 as well */
    assert_int_equal(admit(other), 0);
    stage.fake->ops.caps &= ~(uint32_t)FORE_CAP_VERTICAL;
    other.partition = 3;
    other.source = other.target = 3;
    assert_int_equal(admit(other), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_split_and_its_merge_are_carried_out_and_checked),
        TEST(a_copy_that_differs_is_not_cut_over),
        TEST(splits_under_the_watch_of_a_move_raise_nothing),
        TEST(slots_are_held_by_copies_of_columns_too),
    };
    return cmocka_run_group_tests_name("act: columns", tests, NULL, NULL);
}
