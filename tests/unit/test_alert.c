/* Alerts: said once, resolved once, whatever the order; and those that moves raise, each from its
 * cause to its end, on the cluster in memory. */
#include "tests/support/fake_columns.h"
#include "tests/support/fake_driver.h"

#include "core/act/migrate.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SUBJECTS = 40 };

static struct fore_arena arena;
static struct fore_alerts alerts;
static uint32_t raised[FORE_ALERT_CODES], resolved[FORE_ALERT_CODES];
static struct fore_event_alert newest;
static struct fore_event_resolved newest_resolved;
static struct fake *fake;
static struct fore_observe *observe;
static struct fore_act_options act;
static struct fore_migrate migrate;
static fore_ns now;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    if (kind == FORE_EV_ALERT) {
        memcpy(&newest, body, sizeof newest);
        raised[newest.code]++;
    }
    if (kind == FORE_EV_RESOLVED) {
        assert_int_equal(len, sizeof newest_resolved);
        memcpy(&newest_resolved, body, sizeof newest_resolved);
        resolved[newest_resolved.code]++;
    }
}
static const struct fore_sink sink = {.put = put};

static int begin(void **state)
{
    struct fore_observe_options options;
    fore_arena_init(&arena);
    memset(raised, 0, sizeof raised);
    memset(resolved, 0, sizeof resolved);
    now = 1000 * FORE_SEC;
    fake = fake_create(&(struct fake_options){.node_count = 4});
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &act}, &arena);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &options}, &arena);
    act.watch = 3 * FORE_SEC;
    act.stuck_polls = 10;
    observe = fore_observe_create(&options, &fake->topology, 1);
    fore_migrate_init(&migrate, &act, &arena, 4);
    fore_alert_init(&alerts, &arena, SUBJECTS, 3600 * FORE_SEC);
    return 0;
}

static int end(void **state)
{
    fore_observe_destroy(observe);
    fake_destroy(fake);
    fore_arena_fini(&arena);
    return 0;
}

static void raise(enum fore_alert_code code, uint32_t subject)
{
    fore_alert_raise(&alerts, sink, now, code, FORE_ALERT_WARNING, subject, "x");
}

static void resolve(enum fore_alert_code code, uint32_t subject)
{
    fore_alert_resolve(&alerts, sink, now, code, subject);
}

/* ---- the register -------------------------------------------------------------------------- */

static void what_stands_is_said_once_and_resolved_once(void **state)
{
    for (int i = 0; i < 10; i++, now += FORE_SEC)
        raise(FORE_ALERT_NODE_RISK, 3);
    assert_int_equal(raised[FORE_ALERT_NODE_RISK], 1);
    assert_int_equal(newest.node, 3);
    assert_int_equal(newest.partition, UINT32_MAX);
    for (int i = 0; i < 10; i++)
        resolve(FORE_ALERT_NODE_RISK, 3);
    assert_int_equal(resolved[FORE_ALERT_NODE_RISK], 1);
    assert_int_equal(newest_resolved.node, 3);
    assert_int_equal(newest_resolved.severity, FORE_ALERT_WARNING);
    assert_true(newest_resolved.raised_ns == 1000 * FORE_SEC);
    raise(FORE_ALERT_NODE_RISK, 3);
    assert_int_equal(raised[FORE_ALERT_NODE_RISK], 2);
}

static void what_does_not_stand_is_not_resolved(void **state)
{
    raise(FORE_ALERT_RRS, 3);
    resolve(FORE_ALERT_RRS, 4);
    resolve(FORE_ALERT_MOVE_STUCK, 3);
    assert_int_equal(alerts.resolved, 0);
    assert_true(fore_alert_stands(&alerts, FORE_ALERT_RRS, 3));
    assert_false(fore_alert_stands(&alerts, FORE_ALERT_RRS, 4));
}

static void a_reminder_keeps_the_time_it_began(void **state)
{
    raise(FORE_ALERT_SLO, 0);
    now += 3601 * FORE_SEC;
    raise(FORE_ALERT_SLO, 0);
    assert_int_equal(raised[FORE_ALERT_SLO], 2);
    resolve(FORE_ALERT_SLO, 0);
    assert_int_equal(resolved[FORE_ALERT_SLO], 1);
    assert_true(newest_resolved.raised_ns == 1000 * FORE_SEC);
}

static void a_partition_that_is_gone_takes_its_alerts_with_it(void **state)
{
    raise(FORE_ALERT_RRS, 5);
    raise(FORE_ALERT_MOVE_FAILED, 5);
    raise(FORE_ALERT_RRS, 6);
    raise(FORE_ALERT_NODE_RISK, 5); /* of node 5 */
    fore_alert_forget(&alerts, sink, now, 5);
    assert_int_equal(alerts.resolved, 2);
    assert_true(fore_alert_stands(&alerts, FORE_ALERT_RRS, 6));
    assert_true(fore_alert_stands(&alerts, FORE_ALERT_NODE_RISK, 5));
}

static void any_order_agrees_with_a_plain_table(void **state)
{
    static bool stands[FORE_ALERT_CODES][SUBJECTS];
    struct fore_rng rng = fore_rng_stream(1, "alerts", 0);
    uint64_t said = 0, gone = 0;
    memset(stands, 0, sizeof stands);
    for (int i = 0; i < 20000; i++) {
        uint32_t code = fore_rng_below(&rng, FORE_ALERT_CODES);
        uint32_t subject = fore_rng_below(&rng, SUBJECTS);
        bool *one = &stands[code][subject];
        if (fore_rng_below(&rng, 2) > 0) {
            said += !*one;
            *one = true;
            raise((enum fore_alert_code)code, subject);
        } else {
            gone += *one;
            *one = false;
            resolve((enum fore_alert_code)code, subject);
        }
        assert_true(fore_alert_stands(&alerts, (enum fore_alert_code)code, subject) == *one);
        assert_int_equal(alerts.total, said);
        assert_int_equal(alerts.resolved, gone);
        assert_int_equal(alerts.count, said - gone);
    }
    for (uint32_t code = 0; code < FORE_ALERT_CODES; code++)
        for (uint32_t subject = 0; subject < SUBJECTS; subject++)
            assert_true(fore_alert_stands(&alerts, (enum fore_alert_code)code, subject) ==
                        stands[code][subject]);
}

/* ---- those of moves ------------------------------------------------------------------------ */

static void start(uint32_t partition, uint16_t target)
{
    char why[200];
    struct fore_plan plan = {.id = 1, .epoch = fake->topology.epoch, .move_count = 1};
    plan.move[0] = (struct fore_plan_move){
        .move = {.kind = FORE_MOVE_MOVE,
                 .partition = partition,
                 .other = FORE_PARTITION_NONE,
                 .source = fake->topology.partition[partition].replica[0],
                 .target = target},
        .duration_s = 1
    };
    assert_int_equal(fore_migrate_admit(&migrate, &plan, &fake->topology, fake_driver(fake),
                                        observe, now, why, sizeof why),
                     1);
}

static void ticks(uint32_t count)
{
    struct fore_migrate_change change[4];
    for (uint32_t i = 0; i < count; i++) {
        fake_advance(fake, FORE_SEC / 10);
        now += FORE_SEC;
        (void)fore_migrate_tick(&migrate, fake_driver(fake), observe, &alerts, sink, now, change,
                                FORE_COUNTOF(change));
    }
}

static void a_copy_that_gets_nowhere_is_stuck_until_it_goes_on(void **state)
{
    start(0, 2);
    ticks(3);
    fake->topology.node[2].up = false;
    ticks(9);
    assert_int_equal(raised[FORE_ALERT_MOVE_STUCK], 0);
    ticks(40);
    assert_int_equal(raised[FORE_ALERT_MOVE_STUCK], 1);
    assert_int_equal(newest.partition, 0);
    assert_int_equal(resolved[FORE_ALERT_MOVE_STUCK], 0);
    fake->topology.node[2].up = true;
    ticks(2);
    assert_int_equal(resolved[FORE_ALERT_MOVE_STUCK], 1);
    ticks(40);
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
    assert_int_equal(raised[FORE_ALERT_MOVE_STUCK], 1);
}

static void a_stuck_copy_that_is_given_up_is_stuck_no_more(void **state)
{
    migrate.options.stall_max = 30 * FORE_SEC;
    start(0, 2);
    ticks(3);
    fake->topology.node[2].up = false;
    ticks(60);
    assert_int_equal(migrate.counts.cancelled, 1);
    assert_int_equal(raised[FORE_ALERT_MOVE_STUCK], 1);
    assert_int_equal(resolved[FORE_ALERT_MOVE_STUCK], 1);
}

/* Bytes flow, a thousand a second, and `left` are left. */
static void catch_up(struct fake_move *move, double left)
{
    struct fore_migrate_change change[4];
    move->phase = FORE_PHASE_CATCHING_UP;
    move->bytes_done += 1000;
    move->bytes_total = move->bytes_done + left;
    now += FORE_SEC;
    (void)fore_migrate_tick(&migrate, fake_driver(fake), observe, &alerts, sink, now, change,
                            FORE_COUNTOF(change));
}

static void a_copy_that_never_catches_up_is_given_up(void **state)
{
    migrate.options.catch_up_max = 30 * FORE_SEC;
    start(0, 2);
    ticks(2);
    for (int i = 0; i < 60; i++) /* it gets on */
        catch_up(&fake->move[0], 500000 - 1000 * i);
    assert_int_equal(migrate.counts.cancelled, 0);
    for (int i = 0; i < 29; i++) /* as much is written anew */
        catch_up(&fake->move[0], 500000);
    assert_int_equal(migrate.counts.cancelled, 0);
    for (int i = 0; i < 4; i++)
        catch_up(&fake->move[0], 500000);
    assert_int_equal(migrate.counts.cancelled, 1);
}

static void a_stuck_copy_that_a_person_cancels_is_stuck_no_more(void **state)
{
    start(0, 2);
    ticks(3);
    fake->topology.node[2].up = false;
    ticks(30);
    assert_int_equal(raised[FORE_ALERT_MOVE_STUCK], 1);
    fore_migrate_cancel(&migrate, fake_driver(fake), migrate.migration[0].ticket, "asked", sink,
                        now);
    ticks(1);
    assert_int_equal(migrate.counts.cancelled, 1);
    assert_int_equal(resolved[FORE_ALERT_MOVE_STUCK], 1);
}

/* The copy is spoilt whenever it is complete, for as long as `ticks_spoilt` lasts. */
static void spoil_while_copying(uint32_t count)
{
    for (uint32_t i = 0; i < count && migrate.running > 0; i++) {
        struct fore_move_status status;
        if (migrate.migration[0].ticket != 0 &&
            fore_driver_poll(fake_driver(fake), migrate.migration[0].ticket, &status) ==
                FORE_E_OK &&
            status.phase == FORE_PHASE_CATCHING_UP) {
            fake_advance(fake, FORE_SEC / 10);
            fake_corrupt(fake, 0, 2);
        }
        ticks(1);
    }
}

static void copies_that_differ_are_an_alert_until_a_copy_is_equal(void **state)
{
    start(0, 2);
    spoil_while_copying(60);
    assert_int_equal(migrate.counts.failed, 1);
    assert_int_equal(raised[FORE_ALERT_DIGEST_MISMATCH], 1);
    assert_int_equal(raised[FORE_ALERT_MOVE_FAILED], 1);
    now += act.mismatch_rest;
    start(0, 2);
    spoil_while_copying(60);
    assert_int_equal(migrate.counts.failed, 2);
    assert_int_equal(raised[FORE_ALERT_DIGEST_MISMATCH], 1); /* not said again */
    assert_int_equal(raised[FORE_ALERT_MOVE_FAILED], 1);
    assert_int_equal(alerts.resolved, 0);
    now += act.mismatch_rest;
    start(0, 2);
    ticks(60);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
    assert_int_equal(resolved[FORE_ALERT_DIGEST_MISMATCH], 1);
    assert_int_equal(resolved[FORE_ALERT_MOVE_FAILED], 1);
}

static void answers_that_differ_are_an_alert_until_they_agree(void **state)
{
    uint64_t at;
    uint32_t spoilt = 0;
    for (uint32_t i = 0; i < fake->truth.count; i++)
        fore_keyrange_add(observe->key_ranges, FORE_SEC,
                          fore_topology_find(&fake->topology, fake->truth.key[i].position),
                          fake->truth.key[i].position, 1);
    start(0, 2);
    for (uint32_t i = 0; i < 60 && migrate.running > 0; i++) {
        struct fore_move_status status = {0};
        if (migrate.migration[0].ticket != 0)
            assert_int_equal(
                fore_driver_poll(fake_driver(fake), migrate.migration[0].ticket, &status),
                FORE_E_OK);
        if (status.phase == FORE_PHASE_CATCHING_UP) {
            fake_advance(fake, FORE_SEC / 10);
            spoilt += fake_damage(fake, FAKE_BLIND, 0, 2, 3, &at);
        }
        ticks(1);
    }
    assert_int_equal(spoilt, 1);
    assert_int_equal(raised[FORE_ALERT_ANSWERS_DIFFER], 1);
    assert_int_equal(raised[FORE_ALERT_DIGEST_MISMATCH], 0);
    now += act.mismatch_rest;
    start(0, 2);
    ticks(60);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
    assert_int_equal(resolved[FORE_ALERT_ANSWERS_DIFFER], 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_stands_is_said_once_and_resolved_once),
        T(what_does_not_stand_is_not_resolved),
        T(a_reminder_keeps_the_time_it_began),
        T(a_partition_that_is_gone_takes_its_alerts_with_it),
        T(any_order_agrees_with_a_plain_table),
        T(a_copy_that_gets_nowhere_is_stuck_until_it_goes_on),
        T(a_stuck_copy_that_is_given_up_is_stuck_no_more),
        T(a_copy_that_never_catches_up_is_given_up),
        T(a_stuck_copy_that_a_person_cancels_is_stuck_no_more),
        T(copies_that_differ_are_an_alert_until_a_copy_is_equal),
        T(answers_that_differ_are_an_alert_until_they_agree),
    };
    return cmocka_run_group_tests_name("core/act: alerts", tests, NULL, NULL);
}
