/* Every transition of a move, and each way out, walked alone (tests/support/migrate_script.h). */
#include "tests/support/migrate_script.h"

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
        T(a_copy_gives_way_to_the_foreground),
        T(orphans_are_reported),
        T(alerts_are_said_once),
    };
    return cmocka_run_group_tests_name("core/act", tests, NULL, NULL);
}
