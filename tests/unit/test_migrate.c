/* The state machine of a move against a driver that is a script: every call answers what the test
 * wrote down, so that each transition, and each way out, can be walked alone. */
#include "tests/support/near.h"
#include "tests/support/world.h"

#include "core/act/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct script {
    enum fore_move_phase phase;
    uint64_t bytes_done;
    uint64_t digest[WORLD_NODES];
    enum fore_err begin_err, poll_err, cutover_err, sweep_err, digest_err;
    bool cutover_happens_anyway;
    uint32_t begins, cancels, cutovers, sweeps, throttles;
    uint64_t orphans;
    double rate;
} script;

static struct world world;
static struct fore_migrate migrate;
static struct fore_alerts alerts;
static struct fore_act_options options;
static uint32_t states_seen[FORE_MIGRATE_STATES], alerts_seen;
static struct fore_migrate_change change[8];
static fore_ns now;

static fore_ns s_now(void *self)
{
    return now;
}
static enum fore_err s_topology(void *self, const struct fore_topology **out)
{
    *out = &world.topology;
    return FORE_E_OK;
}
static enum fore_err s_sample(void *self, struct fore_sample *out)
{
    return FORE_E_AGAIN;
}
static enum fore_err s_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    script.begins++;
    *out = 7;
    return script.begin_err;
}
static enum fore_err s_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    *out = (struct fore_move_status){.phase = script.phase,
                                     .bytes_done = script.bytes_done,
                                     .bytes_total = 1000,
                                     .partition_new = FORE_PARTITION_NONE};
    return script.poll_err;
}
static enum fore_err s_throttle(void *self, fore_ticket ticket, double rate)
{
    script.throttles++;
    script.rate = rate;
    return FORE_E_OK;
}
static enum fore_err s_cancel(void *self, fore_ticket ticket)
{
    script.cancels++;
    return FORE_E_OK;
}
static enum fore_err s_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    *out = script.digest[node];
    return script.digest_err;
}
static enum fore_err s_cutover(void *self, fore_ticket ticket)
{
    script.cutovers++;
    if (script.cutover_err == FORE_E_OK || script.cutover_happens_anyway)
        script.phase = FORE_PHASE_SWEEPING;
    return script.cutover_err;
}
static enum fore_err s_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    script.sweeps++;
    *orphans = script.orphans;
    if (script.sweep_err == FORE_E_OK) script.phase = FORE_PHASE_DONE;
    return script.sweep_err;
}
static void s_close(void *self)
{
}
static const struct fore_driver_ops ops = {
    .name = "script",
    .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA | FORE_CAP_THROTTLE |
            FORE_CAP_CANCEL | FORE_CAP_DIGEST,
    .now = s_now,
    .topology = s_topology,
    .sample = s_sample,
    .begin = s_begin,
    .poll = s_poll,
    .throttle = s_throttle,
    .cancel = s_cancel,
    .digest = s_digest,
    .cutover = s_cutover,
    .sweep = s_sweep,
    .close = s_close,
};
static const struct fore_driver driver = {.ops = &ops, .self = &script};

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_move event;
    if (kind == FORE_EV_ALERT) alerts_seen++;
    if (kind != FORE_EV_MOVE) return;
    memcpy(&event, body, sizeof event);
    states_seen[event.state]++;
}
static const struct fore_sink sink = {.put = put};

static void restart(void)
{
    fore_migrate_init(&migrate, &options, &world.arena, WORLD_NODES);
    fore_alert_init(&alerts, &world.arena, WORLD_CAP, 3600 * FORE_SEC);
}

static int begin(void **state)
{
    world_init(&world);
    memset(&script, 0, sizeof script);
    memset(states_seen, 0, sizeof states_seen);
    alerts_seen = 0;
    now = 100 * FORE_SEC;
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &options}, &world.arena);
    restart();
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static struct fore_plan plan_of(enum fore_move_kind kind, uint32_t p, uint16_t from, uint16_t to)
{
    struct fore_plan plan = {.id = 1, .epoch = world.topology.epoch, .move_count = 1};
    plan.move[0] = (struct fore_plan_move){
        .move = {.kind = kind,
                 .partition = p,
                 .other = FORE_PARTITION_NONE,
                 .source = from,
                 .target = to},
        .duration_s = 100
    };
    return plan;
}

static char why[200];

static uint32_t admit(const struct fore_plan *plan)
{
    return fore_migrate_admit(&migrate, plan, &world.topology, driver, world.observe, now, why,
                              sizeof why);
}

static size_t tick(void)
{
    now += FORE_SEC;
    return fore_migrate_tick(&migrate, driver, world.observe, &alerts, sink, now, change,
                             FORE_COUNTOF(change));
}

static void start_move(void)
{
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    assert_int_equal(admit(&plan), 1);
    script.phase = FORE_PHASE_COPYING;
    tick();
}

static void a_move_walks_through_every_state(void **state)
{
    start_move();
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_COPY);
    script.phase = FORE_PHASE_READY;
    script.bytes_done = 1000;
    assert_int_equal(tick(), 1);
    assert_int_equal(change[0].kind, FORE_MOVE_MOVE);
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_WATCH);
    assert_int_equal(script.cutovers, 1);
    assert_int_equal(script.sweeps, 1);
    for (int i = 0; i < 61; i++)
        tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
    expect_near(migrate.counts.bytes, 1000, 1e-9);
    for (int s = FORE_MIGRATE_COPY; s <= FORE_MIGRATE_DONE; s++)
        assert_true(states_seen[s] >= 1);
}

static void digests_that_differ_stop_the_cut_over(void **state)
{
    start_move();
    script.digest[1] = 99;
    script.phase = FORE_PHASE_READY;
    for (int i = 0; i < 5; i++)
        tick();
    assert_int_equal(script.cutovers, 0);
    assert_int_equal(script.cancels, 1);
    assert_int_equal(migrate.counts.failed, 1);
    assert_int_equal(migrate.running, 0);
    assert_true(alerts_seen >= 1);
}

static void a_partition_whose_copies_differ_is_left_alone_for_a_while(void **state)
{
    start_move();
    script.digest[1] = 99;
    script.phase = FORE_PHASE_READY;
    for (int i = 0; i < 5; i++)
        tick();
    assert_int_equal(migrate.counts.failed, 1);
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    assert_int_equal(admit(&plan), 0);
    assert_non_null(strstr(why, "it rests"));
    plan = plan_of(FORE_MOVE_MOVE, 1, 0, 1); /* its neighbour may move */
    assert_int_equal(admit(&plan), 1);
    fore_migrate_cancel(&migrate, driver, 7, "asked", sink, now);
    restart();
    start_move();
    script.phase = FORE_PHASE_READY;
    for (int i = 0; i < 5; i++)
        tick();
    assert_int_equal(migrate.counts.failed, 1);
    now += options.mismatch_rest;
    plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    assert_int_equal(admit(&plan), 1);
}

static void a_difference_that_goes_away_is_forgiven(void **state)
{
    start_move();
    script.digest[1] = 99;
    script.phase = FORE_PHASE_READY;
    tick();
    script.digest[1] = 0;
    assert_int_equal(tick(), 1);
    assert_int_equal(script.cutovers, 1);
}

static void an_unreachable_cluster_is_asked_again_with_pauses(void **state)
{
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    assert_int_equal(admit(&plan), 1);
    script.begin_err = FORE_E_UNREACHABLE;
    for (int i = 0; i < 20; i++)
        tick();
    assert_true(script.begins >= 4 && script.begins <= 6); /* after 1, 2, 4, 8 s */
    script.begin_err = FORE_E_OK;
    script.phase = FORE_PHASE_COPYING;
    for (int i = 0; i < 20; i++)
        tick();
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_COPY);
}

static void retries_end(void **state)
{
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    assert_int_equal(admit(&plan), 1);
    script.begin_err = FORE_E_UNREACHABLE;
    for (int i = 0; i < 400; i++)
        tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.failed, 1);
}

static void a_refusal_is_final(void **state)
{
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    assert_int_equal(admit(&plan), 1);
    script.begin_err = FORE_E_CONFLICT;
    tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.refused, 1);
    assert_int_equal(script.begins, 1);
}

static void a_cut_over_whose_answer_was_lost_is_not_done_twice(void **state)
{
    start_move();
    script.phase = FORE_PHASE_READY;
    script.cutover_err = FORE_E_UNREACHABLE;
    script.cutover_happens_anyway = true;
    tick();
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_CUT_OVER);
    tick();
    tick();
    assert_int_equal(script.cutovers, 1);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
}

static void after_the_cut_over_the_sweep_is_repeated_for_ever(void **state)
{
    start_move();
    script.phase = FORE_PHASE_READY;
    script.sweep_err = FORE_E_UNREACHABLE;
    for (int i = 0; i < 3000; i++)
        tick();
    assert_int_equal(migrate.running, 1);
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_SWEEP);
    script.sweep_err = FORE_E_OK;
    for (int i = 0; i < 200; i++)
        tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.failed, 0);
}

static void a_stalled_copy_is_cancelled(void **state)
{
    start_move();
    for (int i = 0; i < 601; i++)
        tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.cancelled, 1);
    assert_int_equal(script.cancels, 1);
}

static void a_person_can_cancel_before_the_cut_over_only(void **state)
{
    start_move();
    fore_migrate_cancel(&migrate, driver, 7, "asked", sink, now);
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.cancelled, 1);
    start_move();
    script.phase = FORE_PHASE_READY;
    tick();
    fore_migrate_cancel(&migrate, driver, 7, "too late", sink, now);
    assert_int_equal(migrate.running, 1);
}

static void a_paused_copy_rests_until_it_may_go_on(void **state)
{
    start_move();
    assert_int_equal(fore_migrate_pause(&migrate, driver, 7, true, "asked", sink, now), FORE_E_OK);
    assert_true(migrate.migration[0].paused);
    expect_near(script.rate, 1, 1e-12);
    script.rate = 0;              /* the mover forgets it */
    for (int i = 0; i < 700; i++) /* longer than a stall may be, and not stuck either */
        tick();
    assert_int_equal(migrate.running, 1);
    assert_int_equal(alerts_seen, 0);
    expect_near(script.rate, 1, 1e-12);
    script.phase = FORE_PHASE_READY; /* nothing is cut over while it rests */
    for (int i = 0; i < 5; i++)
        tick();
    assert_int_equal(script.cutovers, 0);
    assert_int_equal(fore_migrate_pause(&migrate, driver, 7, false, "asked", sink, now), FORE_E_OK);
    expect_near(script.rate, options.move_bandwidth, 1e-9);
    tick();
    assert_int_equal(script.cutovers, 1);
    assert_int_equal(fore_migrate_pause(&migrate, driver, 7, true, "late", sink, now),
                     FORE_E_RANGE);
    assert_int_equal(fore_migrate_pause(&migrate, driver, 9, true, "whose?", sink, now),
                     FORE_E_RANGE);
    assert_int_equal(fore_migrate_pause(&migrate, driver, 0, true, "none", sink, now),
                     FORE_E_RANGE);
}

static void a_pause_survives_a_restart(void **state)
{
    struct fore_buf bytes = {0};
    struct fore_diag diag = {0};
    start_move();
    assert_int_equal(fore_migrate_pause(&migrate, driver, 7, true, "asked", sink, now), FORE_E_OK);
    fore_migrate_save(&migrate, now, &bytes);
    restart();
    script.rate = 0;
    assert_int_equal(
        fore_migrate_load(&migrate, &world.topology, bytes.data, bytes.len, now, &diag), FORE_E_OK);
    script.phase = FORE_PHASE_READY;
    for (int i = 0; i < 5; i++)
        tick();
    assert_true(migrate.migration[0].paused);
    expect_near(script.rate, 1, 1e-12);
    assert_int_equal(script.cutovers, 0);
    assert_int_equal(fore_migrate_pause(&migrate, driver, 7, false, "asked", sink, now), FORE_E_OK);
    tick();
    assert_int_equal(script.cutovers, 1);
    fore_buf_fini(&bytes);
}

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

static void a_copy_gives_way_to_the_foreground(void **state)
{
    options.throttle_share = 0.5;
    options.move_bandwidth = 100;
    restart();
    start_move();
    tick();
    assert_int_equal(script.throttles, 0);
    world.observe->node[1].slow_share = 0.2;
    tick();
    assert_int_equal(script.throttles, 1);
    expect_near(script.rate, 50, 1e-9);
    world.observe->node[1].slow_share = 0;
    tick();
    expect_near(script.rate, 100, 1e-9);
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

static void orphans_are_reported(void **state)
{
    start_move();
    script.phase = FORE_PHASE_READY;
    script.orphans = 3;
    tick();
    assert_int_equal(alerts_seen, 1);
}

static void alerts_are_said_once(void **state)
{
    for (int i = 0; i < 10; i++)
        fore_alert_raise(&alerts, sink, now + (fore_ns)i, FORE_ALERT_SLO, FORE_ALERT_INFO, 0, "x");
    assert_int_equal(alerts_seen, 1);
    fore_alert_resolve(&alerts, sink, now, FORE_ALERT_SLO, 0);
    fore_alert_raise(&alerts, sink, now, FORE_ALERT_SLO, FORE_ALERT_INFO, 0, "x");
    fore_alert_raise(&alerts, sink, now + 3601 * FORE_SEC, FORE_ALERT_SLO, FORE_ALERT_INFO, 0, "x");
    assert_int_equal(alerts_seen, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_move_walks_through_every_state),
        T(digests_that_differ_stop_the_cut_over),
        T(a_partition_whose_copies_differ_is_left_alone_for_a_while),
        T(a_difference_that_goes_away_is_forgiven),
        T(an_unreachable_cluster_is_asked_again_with_pauses),
        T(retries_end),
        T(a_refusal_is_final),
        T(a_cut_over_whose_answer_was_lost_is_not_done_twice),
        T(after_the_cut_over_the_sweep_is_repeated_for_ever),
        T(a_stalled_copy_is_cancelled),
        T(a_person_can_cancel_before_the_cut_over_only),
        T(a_paused_copy_rests_until_it_may_go_on),
        T(a_pause_survives_a_restart),
        T(caps_hold_for_nodes_cluster_and_partitions),
        T(a_stale_plan_is_refused),
        T(a_split_is_done_in_one_tick),
        T(a_copy_gives_way_to_the_foreground),
        T(a_move_that_made_things_worse_is_taken_back_once),
        T(what_has_moved_on_meanwhile_is_not_taken_back),
        T(a_split_beyond_the_partition_cap_is_refused_by_name),
        T(orphans_are_reported),
        T(alerts_are_said_once),
    };
    return cmocka_run_group_tests_name("core/act", tests, NULL, NULL);
}
