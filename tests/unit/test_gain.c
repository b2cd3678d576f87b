/* What a move was to save and what it saved: the promise in numbers, the measure against a
 * counterfactual that is written down, and a move that truly makes things worse, taken back. */
#include "tests/support/fake_driver.h"
#include "tests/support/near.h"

#include "core/act/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { WATCH_S = 60, HORIZON_S = 600 };

static struct fore_arena arena;
static struct fake *fake;
static struct fore_observe *observe;
static struct fore_act_options act;
static struct fore_migrate migrate;
static struct fore_alerts alerts;
static struct fore_event_gain gain;
static struct fore_event_verify verify;
static uint32_t gains, degraded, recovered, rolled_back;
static fore_ns now;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_alert alert;
    struct fore_event_resolved over;
    if (kind == FORE_EV_GAIN) {
        assert_int_equal(len, sizeof gain);
        memcpy(&gain, body, sizeof gain);
        gains++;
    }
    if (kind == FORE_EV_VERIFY) memcpy(&verify, body, sizeof verify);
    if (kind == FORE_EV_ALERT) {
        memcpy(&alert, body, sizeof alert);
        degraded += alert.code == FORE_ALERT_DEGRADED;
        rolled_back += alert.code == FORE_ALERT_ROLLED_BACK;
    }
    if (kind == FORE_EV_RESOLVED) {
        memcpy(&over, body, sizeof over);
        recovered += over.code == FORE_ALERT_DEGRADED;
    }
}

static void set_node(uint16_t node, double utilization, double slow_share, double p99_ms)
{
    observe->node[node].utilization = utilization;
    observe->node[node].slow_share = slow_share;
    observe->node[node].p99_ms = p99_ms;
}

static int begin(void **state)
{
    struct fore_observe_options options;
    fore_arena_init(&arena);
    gains = degraded = recovered = rolled_back = 0;
    now = 1000 * FORE_SEC;
    fake = fake_create(&(struct fake_options){.node_count = 4});
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &act}, &arena);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &options}, &arena);
    act.watch = WATCH_S * FORE_SEC;
    options.now_span = 10 * FORE_SEC;
    observe = fore_observe_create(&options, &fake->topology, 1);
    fore_migrate_init(&migrate, &act, &arena, 4);
    migrate.horizon_s = HORIZON_S;
    migrate.utilization_limit = 0.85;
    fore_alert_init(&alerts, &arena, 64, 3600 * FORE_SEC);
    for (uint16_t n = 0; n < 4; n++)
        set_node(n, 0.5, 0, 20);
    observe->partition[0].load = 0.4; /* a fifth of a node of two cores */
    return 0;
}

static int end(void **state)
{
    fore_observe_destroy(observe);
    fake_destroy(fake);
    fore_arena_fini(&arena);
    return 0;
}

static void tick(void)
{
    struct fore_migrate_change change[4];
    struct fore_sink sink = {.put = put};
    fake_advance(fake, FORE_SEC);
    now += FORE_SEC;
    (void)fore_migrate_tick(&migrate, fake_driver(fake), observe, &alerts, sink, now, change,
                            FORE_COUNTOF(change));
}

/* Partition 0 from node 0 to node 2; returns when the owner has changed. */
static void move(enum fore_move_kind kind, double promised_s)
{
    char why[200];
    struct fore_plan plan = {.id = 9, .epoch = fake->topology.epoch, .move_count = 1};
    plan.move[0] = (struct fore_plan_move){
        .move = {.kind = kind, .partition = 0, .source = 0, .target = 2},
        .gain_s = promised_s,
        .duration_s = 1
    };
    assert_int_equal(fore_migrate_admit(&migrate, &plan, &fake->topology, fake_driver(fake),
                                        observe, now, why, sizeof why),
                     1);
    for (int i = 0; i < 30 && migrate.migration[0].state < FORE_MIGRATE_WATCH; i++)
        tick();
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_WATCH);
}

static void watch(void)
{
    for (int i = 0; i <= WATCH_S; i++)
        tick();
}

/* Until the horizon of the first move is over. */
static void see_it_through(void)
{
    for (int i = 0; i < HORIZON_S + 60 && migrate.after_count + migrate.running > 0; i++)
        tick();
}

static void the_promise_is_the_load_put_elsewhere(void **state)
{
    set_node(0, 0.9, 0, 50);
    set_node(2, 0.3, 0, 10);
    move(FORE_MOVE_MOVE, 120);
    const struct fore_gain *g = &migrate.migration[0].gain;
    expect_near(g->predicted_s, 120, 0);
    expect_near(g->source_predicted, 0.7, 1e-9);
    expect_near(g->target_predicted, 0.5, 1e-9);
    /* M/M/1: 50 ms at 90 % is 16.7 ms at 70 %; 10 ms at 30 % is 14 ms at 50 %. */
    expect_near(g->p99_predicted_ms, 50 * 0.1 / 0.3, 1e-9);
}

static void a_replica_takes_its_part_of_the_reads_and_every_write(void **state)
{
    observe->partition[0].write_share = 0.25;
    set_node(0, 0.9, 0, 50);
    set_node(2, 0.3, 0, 10);
    move(FORE_MOVE_ADD_REPLICA, 50);
    const struct fore_gain *g = &migrate.migration[0].gain;
    expect_near(g->source_predicted, 0.9 - 0.4 * 0.75 * (1 - 0.5) / 2, 1e-9);
    expect_near(g->target_predicted, 0.3 + 0.4 * (0.75 / 2 + 0.25) / 2, 1e-9);
}

static void a_good_move_keeps_its_promise(void **state)
{
    set_node(0, 0.95, 0.3, 400);
    for (int i = 0; i < 5 * WATCH_S; i++)
        tick();
    move(FORE_MOVE_MOVE, HORIZON_S);
    set_node(0, 0.75, 0, 30); /* with the partition: 0.95, above the limit */
    set_node(2, 0.7, 0, 25);
    watch();
    assert_int_equal(gains, 0); /* the promise is about the horizon */
    see_it_through();
    assert_int_equal(gains, 1);
    assert_int_equal(gain.plan, 9);
    expect_near((double)gain.predicted_s, HORIZON_S, 1e-3);
    expect_near((double)gain.realised_s, (double)gain.window_s, 1e-3);
    expect_near((double)gain.violation_before, 1, 0.01);
    expect_near((double)gain.violation_after, 0, 1e-6);
    /* All of the horizon but the copy and what the averages need. */
    assert_true(gain.window_s > HORIZON_S - 30 && gain.window_s < HORIZON_S);
    expect_near((double)gain.source_after, 0.75, 1e-6);
    expect_near((double)gain.source_predicted, 0.75, 1e-6);
    expect_near((double)gain.p99_after_ms, 30, 1e-6);
    expect_near((double)verify.p99_predicted_ms, (double)gain.p99_predicted_ms, 0);
    assert_int_equal(gain.worse, 0);
    assert_int_equal(degraded, 0);
}

static void a_move_ahead_of_its_need_is_worth_what_it_prevents(void **state)
{
    set_node(0, 0.7, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    set_node(0, 0.8, 0, 30); /* the load has come: it would be at 1.0 */
    watch();
    see_it_through();
    expect_near((double)gain.violation_before, 0, 1e-6);
    expect_near((double)gain.realised_s, (double)gain.window_s, 1e-3);
}

static void a_move_without_any_effect_realises_nothing(void **state)
{
    set_node(0, 0.6, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    watch();
    see_it_through();
    expect_near((double)gain.realised_s, 0, 1e-6);
    assert_int_equal(gains, 1);
    assert_int_equal(gain.worse, 0);
}

static void a_load_that_rises_everywhere_is_not_held_against_the_move(void **state)
{
    set_node(0, 0.8, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    set_node(0, 0.84, 0, 30);   /* would be at 1.04 */
    set_node(2, 1.1, 0.4, 900); /* would be at 0.9: it suffers either way */
    watch();
    see_it_through();
    assert_true(gain.violation_after > 0.9f);
    assert_true(gain.realised_s > 0);
    assert_int_equal(gain.worse, 0);
    assert_int_equal(migrate.counts.rolled_back, 0);
}

/* The target is slow at a load it should carry: nothing the planner knew of. */
static void make_it_worse(void)
{
    set_node(0, 0.6, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    set_node(0, 0.4, 0, 20);
    set_node(2, 0.62, 0.3, 500);
    watch();
}

static void a_move_that_makes_it_worse_is_an_alert_until_its_target_recovers(void **state)
{
    make_it_worse();
    assert_int_equal(degraded, 1);
    assert_int_equal(migrate.counts.rolled_back, 0);
    assert_int_equal(migrate.running, 0);
    for (int i = 0; i < 200; i++)
        tick();
    assert_int_equal(degraded, 1);
    assert_int_equal(recovered, 0);
    set_node(2, 0.62, 0, 25);
    for (int i = 0; i < 200; i++)
        tick();
    assert_int_equal(degraded, 1);
    assert_int_equal(recovered, 1);
    see_it_through();
    assert_int_equal(gain.worse, 1);
    expect_near((double)gain.violation_after, 250.0 / HORIZON_S,
                0.02);                             /* it was slow for so long */
    expect_near((double)gain.realised_s, 0, 1e-6); /* no node passed the planner's limit */
}

static void a_move_that_makes_it_worse_is_taken_back_when_asked_to(void **state)
{
    migrate.options.rollback_worse = true;
    make_it_worse();
    assert_int_equal(gains, 1); /* there will be no more of it to see */
    assert_int_equal(gain.worse, 1);
    expect_near((double)gain.violation_after, 1, 1e-6);
    assert_int_equal(migrate.counts.rolled_back, 1);
    assert_int_equal(rolled_back, 1);
    assert_int_equal(degraded, 0);
    set_node(2, 0.5, 0, 25);
    for (int i = 0; i < 200 && migrate.running > 0; i++)
        tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(fake->topology.partition[0].replica[0], 0);
    assert_true(fake_is_sound(fake));
    assert_int_equal(migrate.counts.rolled_back, 1); /* the way back is not taken back */
    see_it_through();
    assert_int_equal(gains, 2);
    assert_true(isnan(gain.predicted_s));
}

static void it_stays_where_the_old_node_has_no_room(void **state)
{
    migrate.options.rollback_worse = true;
    set_node(0, 0.6, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    set_node(0, 0.64, 0, 20); /* 0.84 with the partition: too close to the limit of 0.85 */
    set_node(2, 0.62, 0.3, 500);
    watch();
    assert_int_equal(migrate.counts.rolled_back, 0);
    assert_int_equal(degraded, 1);
    see_it_through();
    assert_int_equal(gain.worse, 1);
}

static void a_move_that_overloads_its_target_realises_less_than_nothing(void **state)
{
    set_node(0, 0.8, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    set_node(0, 0.6, 0, 20); /* would be at 0.8 */
    set_node(2, 0.9, 0, 60); /* would be at 0.7 */
    watch();
    see_it_through();
    expect_near((double)gain.realised_s, -(double)gain.window_s, 1e-3);
}

static void a_later_move_ends_the_comparison(void **state)
{
    set_node(0, 0.7, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    set_node(0, 0.8, 0, 30);
    watch();
    assert_int_equal(gains, 0);
    struct fore_move away = {.kind = FORE_MOVE_MOVE, .partition = 0, .source = 2, .target = 3};
    fore_ticket ticket;
    struct fore_driver driver = fake_driver(fake);
    assert_int_equal(fore_driver_begin(driver, &away, &ticket), FORE_E_OK);
    for (int i = 0; i < 20; i++)
        tick();
    assert_int_equal(gains, 0);
    assert_int_equal(fore_driver_cutover(driver, ticket), FORE_E_OK);
    tick();
    assert_int_equal(gains, 1);
    assert_true(gain.window_s < 100);
    assert_int_equal(migrate.after_count, 0);
}

static void a_little_worse_is_within_the_margin(void **state)
{
    set_node(0, 0.6, 0, 30);
    move(FORE_MOVE_MOVE, 300);
    set_node(2, 0.62, 0, 30);
    for (int i = 0; i <= WATCH_S; i++) {
        if (i == 20) set_node(2, 0.62, 0.3, 500);
        if (i == 30) set_node(2, 0.62, 0, 30);
        tick();
    }
    see_it_through();
    assert_true(gain.violation_after > 0 && gain.violation_after < 0.1f);
    assert_int_equal(gain.worse, 0);
    assert_int_equal(degraded, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(the_promise_is_the_load_put_elsewhere),
        T(a_replica_takes_its_part_of_the_reads_and_every_write),
        T(a_good_move_keeps_its_promise),
        T(a_move_ahead_of_its_need_is_worth_what_it_prevents),
        T(a_move_without_any_effect_realises_nothing),
        T(a_load_that_rises_everywhere_is_not_held_against_the_move),
        T(a_move_that_makes_it_worse_is_an_alert_until_its_target_recovers),
        T(a_move_that_makes_it_worse_is_taken_back_when_asked_to),
        T(it_stays_where_the_old_node_has_no_room),
        T(a_move_that_overloads_its_target_realises_less_than_nothing),
        T(a_later_move_ends_the_comparison),
        T(a_little_worse_is_within_the_margin),
    };
    return cmocka_run_group_tests_name("core/act: gain", tests, NULL, NULL);
}
