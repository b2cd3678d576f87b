/* What the operator asks of the engine: rules of placement, a timetable, thresholds, explanations;
 * and who leads, forecast or present. */
#include "tests/support/engine_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void rule(const char *name, const char *text)
{
    assert_int_equal(fore_option_set((struct fore_option_binding){&fore_placement_section,
                                                                  &ec.options.placement},
                                     &ec.arena, name, text, "test", &ec.diag),
                     FORE_E_OK);
}

static void rules_that_cannot_hold_are_refused_at_once(void **state)
{
    const char *name = ec.fake->topology.node[1].name;
    rule("pin", "* -> node-9");
    assert_int_equal(fore_engine_create(&ec.setup, &ec.engine, &ec.diag), FORE_E_FORMAT);
    assert_non_null(strstr(ec.diag.text, "no such node"));
    ec.diag.code = FORE_E_OK;
    rule("pin", fore_arena_printf(&ec.arena, "* -> %s", name));
    rule("forbidden", name);
    assert_int_equal(fore_engine_create(&ec.setup, &ec.engine, &ec.diag), FORE_E_REFUSED);
    assert_non_null(strstr(ec.diag.text, "these cannot all hold"));
}

static void a_rule_is_put_right_and_its_loss_is_said_once(void **state)
{
    rule("pin", fore_arena_printf(&ec.arena, "p0 -> %s", ec.fake->topology.node[3].name));
    assert_int_not_equal(ec.fake->topology.partition[0].replica[0], 3);
    engine_case_start();
    engine_case_run(120, 0, 0.1);
    assert_int_equal(ec.fake->topology.partition[0].replica[0], 3);
    assert_int_equal(engine_case_moves_done(), 1);
    assert_int_equal(ec.raised[FORE_ALERT_PLACEMENT], 0);
    ec.fake->topology.node[3].up = false;
    engine_case_run(60, 0, 0.1);
    assert_int_equal(ec.raised[FORE_ALERT_PLACEMENT], 1);
    ec.fake->topology.node[3].up = true;
    engine_case_run(60, 0, 0.1);
    ec.fake->topology.node[3].up = false;
    engine_case_run(60, 0, 0.1);
    assert_int_equal(ec.raised[FORE_ALERT_PLACEMENT], 2);
}

static void schedule(const char *name, const char *text)
{
    assert_int_equal(fore_option_set((struct fore_option_binding){&fore_timetable_section,
                                                                  &ec.options.timetable},
                                     &ec.arena, name, text, "test", &ec.diag),
                     FORE_E_OK);
}

static void nothing_moves_while_it_must_be_quiet(void **state)
{
    schedule("quiet", "00:00-00:10");
    rule("pin", fore_arena_printf(&ec.arena, "p0 -> %s", ec.fake->topology.node[3].name));
    engine_case_start();
    engine_case_run(590, 1, 2.0);
    assert_int_equal(ec.seen[FORE_EV_PLAN], 0);
    assert_int_equal(engine_case_moves_done(), 0);
    engine_case_run(120, 1, 2.0);
    assert_true(engine_case_moves_done() > 0);
    assert_int_equal(ec.fake->topology.partition[0].replica[0], 3);
}

static void a_copy_that_is_late_is_abandoned(void **state)
{
    schedule("finish_before", "00:02");
    rule("pin", fore_arena_printf(&ec.arena, "p0 -> %s", ec.fake->topology.node[3].name));
    ec.fake->options.bandwidth_bytes = 1; /* it will take for ever, and nobody knows beforehand */
    engine_case_start();
    engine_case_run(119, 0, 0.1);
    assert_true(fore_engine_counts(ec.engine).moves_running > 0);
    assert_int_equal(fore_engine_counts(ec.engine).migrate.cancelled, 0);
    engine_case_run(2, 0, 0.1);
    assert_int_equal(fore_engine_counts(ec.engine).migrate.cancelled, 1);
    assert_int_not_equal(ec.fake->topology.partition[0].replica[0], 3);
}

static void a_timetable_too_tight_for_any_move_is_refused(void **state)
{
    schedule("quiet", "00:01-24:00");
    engine_case_start();
    fore_engine_destroy(ec.engine);
    ec.engine = NULL;
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
        ec.fake->topology.partition[p].bytes = UINT64_C(1) << 50;
    assert_int_equal(fore_engine_create(&ec.setup, &ec.engine, &ec.diag), FORE_E_REFUSED);
    assert_non_null(strstr(ec.diag.text, "leave 60 s at a time"));
    ec.options.timetable = (struct fore_timetable_options){0};
    schedule("quiet", "mon-sun 00:00-24:00");
    ec.diag.code = FORE_E_OK;
    assert_int_equal(fore_engine_create(&ec.setup, &ec.engine, &ec.diag), FORE_E_REFUSED);
    assert_non_null(strstr(ec.diag.text, "no time in the week"));
}

static void heated(const char *thresholds, uint32_t windows)
{
    engine_case_start();
    assert_int_equal(fore_engine_set_thresholds(ec.engine, thresholds, &ec.diag), FORE_E_OK);
    engine_case_run(windows, 0, 0.95);
}

static void a_threshold_of_one_is_never(void **state)
{
    heated("*=1", 120);
    assert_int_equal(ec.seen[FORE_EV_PLAN], 0);
    assert_int_equal(fore_engine_set_thresholds(ec.engine, "", &ec.diag), FORE_E_OK);
    engine_case_run(120, 0, 0.95);
    assert_true(ec.seen[FORE_EV_PLAN] > 0);
}

static void a_threshold_of_zero_always_looks(void **state)
{
    uint32_t count;
    ec.options.decide.rrs_threshold = 1;
    heated("p5=0", 120); /* p5's own risk is small, the gate is open all the same */
    assert_true(ec.seen[FORE_EV_PLAN] > 0);
    assert_non_null(fore_engine_scores(ec.engine, &count));
}

static void a_named_partition_waits_for_its_own_threshold(void **state)
{
    heated("p0=1", 120);
    for (uint32_t i = 0; i < 8; i++) /* the hot one stays; its neighbours may go */
        if (ec.moved[i] != UINT32_MAX) assert_int_not_equal(ec.moved[i], 0);
}

static void rules_and_times_may_be_set_while_it_runs(void **state)
{
    engine_case_start();
    engine_case_run(30, 0, 0.1);
    struct fore_placement_options wrong = {0};
    assert_int_equal(fore_option_set((struct fore_option_binding){&fore_placement_section, &wrong},
                                     &ec.arena, "pin", "p0 -> node-9", "test", &ec.diag),
                     FORE_E_OK);
    assert_int_equal(fore_engine_set_placement(ec.engine, &wrong, &ec.diag), FORE_E_FORMAT);
    ec.diag.code = FORE_E_OK;
    struct fore_timetable_options never = {.quiet = "00:00-24:00"}, soon = {.quiet = "00:00-00:02"};
    assert_int_equal(fore_engine_set_timetable(ec.engine, &never, &ec.diag), FORE_E_REFUSED);
    assert_int_equal(fore_engine_set_timetable(ec.engine, &soon, &ec.diag), FORE_E_OK);
    rule("pin", fore_arena_printf(&ec.arena, "p0 -> %s", ec.fake->topology.node[3].name));
    assert_int_equal(fore_engine_set_placement(ec.engine, &ec.options.placement, &ec.diag),
                     FORE_E_OK);
    engine_case_run(80, 0, 0.1);
    assert_int_equal(engine_case_moves_done(), 0);
    engine_case_run(60, 0, 0.1);
    assert_int_equal(engine_case_moves_done(), 1);
    assert_int_equal(ec.fake->topology.partition[0].replica[0], 3);
    ec.fake->topology.node[3].up = false;
    engine_case_run(30, 0, 0.1);
    assert_int_equal(ec.raised[FORE_ALERT_PLACEMENT], 1);
    struct fore_placement_options none = {0};
    assert_int_equal(fore_engine_set_placement(ec.engine, &none, &ec.diag), FORE_E_OK);
    engine_case_run(30, 0, 0.1);
    assert_int_equal(ec.resolved[FORE_ALERT_PLACEMENT], 1);
}

static void thresholds_are_taken_whole_or_not_at_all(void **state)
{
    heated("*=1", 10);
    static const char *const wrong[] = {"p0=0.1, p1=1.5", "p0",          "=0.5",    "p0=high",
                                        "p99=0.1",        "nothing=0.1", "p0=-0.1", "p0=nan"};
    for (size_t i = 0; i < FORE_COUNTOF(wrong); i++) {
        ec.diag = (struct fore_diag){.code = FORE_E_OK};
        assert_int_not_equal(fore_engine_set_thresholds(ec.engine, wrong[i], &ec.diag), FORE_E_OK);
        assert_non_null(strstr(ec.diag.text, "thresholds"));
    }
    engine_case_run(110, 0, 0.95);
    assert_int_equal(ec.seen[FORE_EV_PLAN], 0);
}

static uint32_t explained;
static void take_note(void *self, const struct fore_whatif *whatif)
{
    assert_true(whatif->taken > 0 && whatif->plan.id > 0 && whatif->node_count > 0);
    explained++;
}

static void asking_changes_nothing(void **state)
{
    static struct fore_whatif whatif;
    engine_case_start();
    assert_int_equal(fore_engine_what_if(ec.engine, FORE_SEC, &whatif, &ec.diag), FORE_E_AGAIN);
    engine_case_run(120, 0, 0.95);
    uint64_t quiet = ec.stream_sum, before = fore_engine_counts(ec.engine).plans;
    assert_true(before > 0);
    assert_int_equal(engine_case_end(state), 0);
    assert_int_equal(engine_case_begin(state), 0);
    explained = 0;
    ec.setup.explain.told = take_note;
    engine_case_start();
    for (uint32_t i = 0; i < 120; i++) {
        engine_case_run(1, 0, 0.95);
        fore_ns now = fore_driver_now(ec.setup.driver);
        assert_int_equal(fore_engine_what_if(ec.engine, now, &whatif, &ec.diag), FORE_E_OK);
        assert_true(whatif.at == now && whatif.taken == 0 && whatif.plan.id == 0);
    }
    assert_true(ec.stream_sum == quiet); /* every event, bit for bit */
    assert_int_equal(explained, fore_engine_counts(ec.engine).plans_admitted);
}

static void a_dry_run_plans_what_may_not_be_done_yet(void **state)
{
    static struct fore_whatif whatif;
    ec.setup.act_from = 3600 * FORE_SEC;
    engine_case_start();
    engine_case_run(60, 0, 0.95);
    fore_ns now = fore_driver_now(ec.setup.driver);
    assert_int_equal(fore_engine_what_if(ec.engine, now, &whatif, &ec.diag), FORE_E_OK);
    assert_true(whatif.plan.move_count > 0);
    assert_true(whatif.risk_after < whatif.risk_before);
    assert_int_equal(engine_case_moves_done(), 0);
}

static void a_dry_run_in_a_quiet_time_says_so(void **state)
{
    static struct fore_whatif whatif;
    schedule("quiet", "00:00-23:00");
    engine_case_start();
    engine_case_run(60, 0, 0.95);
    fore_ns now = fore_driver_now(ec.setup.driver);
    assert_int_equal(fore_engine_what_if(ec.engine, now, &whatif, &ec.diag), FORE_E_OK);
    assert_int_equal(whatif.plan.move_count, 0);
    assert_non_null(strstr(whatif.refused, "planner.quiet"));
    assert_true(whatif.risk_before > 0.5);
}

/* The terms that a policy would give, in a look that is otherwise the ec.engine's own. */
static void lead(struct fore_engine_look *look, double present, fore_ns now)
{
    look->term_count = 2;
    look->term[0] = (struct fore_load_term){look->view.forecast, 1 - present};
    look->term[1] = (struct fore_load_term){look->view.nowcast, present};
    fore_engine_watch_fallback(ec.engine, look, now);
}

static void going_over_to_the_present_load_is_said_and_so_is_the_way_back(void **state)
{
    engine_case_start();
    engine_case_run(20, 0, 0.1);
    struct fore_engine_look look;
    fore_engine_look(ec.engine, &ec.fake->topology, HUGE_VAL, 20 * FORE_SEC, &look);
    look.view.skill = 1.3;
    assert_int_equal(ec.seen[FORE_EV_FALLBACK], 0);
    lead(&look, 0.3, 21 * FORE_SEC);
    assert_int_equal(ec.seen[FORE_EV_FALLBACK], 0);
    lead(&look, 0.7, 22 * FORE_SEC);
    lead(&look, 0.7, 23 * FORE_SEC);
    lead(&look, 0.45, 24 * FORE_SEC); /* not far enough back */
    assert_int_equal(ec.seen[FORE_EV_FALLBACK], 1);
    lead(&look, 0.2, 25 * FORE_SEC);
    assert_int_equal(ec.seen[FORE_EV_FALLBACK], 2);
    ec.options.decide.nowcast_weight = 0.9; /* as asked for: no fallback */
    lead(&look, 0.9, 26 * FORE_SEC);
    assert_int_equal(ec.seen[FORE_EV_FALLBACK], 2);
}

static void a_policy_that_never_asks_the_forecast_does_not_fall_back(void **state)
{
    engine_case_start(); /* nowcast */
    engine_case_run(120, 0, 0.95);
    assert_int_equal(ec.seen[FORE_EV_FALLBACK], 0);
}

/* A plan by hand: one move of p1 to a node that does not hold it. */
static struct fore_plan by_hand(uint16_t target)
{
    const struct fore_partition *p = &ec.fake->topology.partition[1];
    return (struct fore_plan){.epoch = ec.fake->topology.epoch,
                              .move_count = 1,
                              .move = {{.move = {.kind = FORE_MOVE_MOVE,
                                                 .partition = 1,
                                                 .source = p->replica[0],
                                                 .target = target},
                                        .duration_s = 1}},
                              .reason = "by hand"};
}

static uint16_t elsewhere(void)
{
    return ec.fake->topology.partition[1].replica[0] == 3 ? 2 : 3;
}

static void an_operators_plan_is_carried_out_even_while_held(void **state)
{
    uint32_t taken;
    engine_case_start();
    fore_engine_hold(ec.engine, true);
    engine_case_run(5, 0, 0.1);
    uint16_t target = elsewhere();
    struct fore_plan plan = by_hand(target);
    assert_int_equal(fore_engine_carry_out(ec.engine, &plan, 5 * FORE_SEC, &taken, &ec.diag),
                     FORE_E_OK);
    assert_int_equal(taken, 1);
    assert_true(plan.id > 0);
    assert_int_equal(fore_engine_moves(ec.engine)->running, 1);
    engine_case_run(60, 0, 0.1);
    assert_int_equal(ec.fake->topology.partition[1].replica[0], target);
}

static void an_operators_plan_for_another_cluster_is_refused(void **state)
{
    uint32_t taken;
    rule("pin",
         fore_arena_printf(&ec.arena, "p1 -> %s",
                           ec.fake->topology.node[ec.fake->topology.partition[1].replica[0]].name));
    engine_case_start();
    engine_case_run(5, 0, 0.1);
    struct fore_plan plan = by_hand(elsewhere());
    plan.epoch++;
    assert_int_equal(fore_engine_carry_out(ec.engine, &plan, 5 * FORE_SEC, &taken, &ec.diag),
                     FORE_E_CONFLICT);
    plan.epoch--;
    ec.diag.code = FORE_E_OK;
    assert_int_equal(fore_engine_carry_out(ec.engine, &plan, 5 * FORE_SEC, &taken, &ec.diag),
                     FORE_E_REFUSED);
    assert_non_null(strstr(ec.diag.text, "rule of placement"));
    plan.move_count = 0;
    assert_int_equal(fore_engine_carry_out(ec.engine, &plan, 5 * FORE_SEC, &taken, NULL),
                     FORE_E_REFUSED);
    assert_int_equal(fore_engine_moves(ec.engine)->running, 0);
}

static void an_operator_cancels_a_copy_and_nothing_else(void **state)
{
    uint32_t taken;
    engine_case_start();
    engine_case_run(5, 0, 0.1);
    uint16_t owner = ec.fake->topology.partition[1].replica[0];
    struct fore_plan plan = by_hand(elsewhere());
    ec.fake->options.bandwidth_bytes = 1;
    assert_int_equal(fore_engine_carry_out(ec.engine, &plan, 5 * FORE_SEC, &taken, &ec.diag),
                     FORE_E_OK);
    engine_case_run(2, 0, 0.1);
    fore_ticket ticket = fore_engine_moves(ec.engine)->migration[0].ticket;
    assert_int_equal(fore_engine_cancel(ec.engine, ticket + 7, "no", 7 * FORE_SEC), FORE_E_RANGE);
    assert_int_equal(fore_engine_cancel(ec.engine, 0, "no", 7 * FORE_SEC), FORE_E_RANGE);
    assert_int_equal(fore_engine_cancel(ec.engine, ticket, "told to", 7 * FORE_SEC), FORE_E_OK);
    assert_int_equal(fore_engine_moves(ec.engine)->running, 0);
    assert_int_equal(fore_engine_cancel(ec.engine, ticket, "again", 7 * FORE_SEC), FORE_E_RANGE);
    engine_case_run(60, 0, 0.1);
    assert_int_equal(ec.fake->topology.partition[1].replica[0], owner);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, engine_case_begin, engine_case_end)
    const struct CMUnitTest tests[] = {
        T(an_operators_plan_is_carried_out_even_while_held),
        T(an_operators_plan_for_another_cluster_is_refused),
        T(an_operator_cancels_a_copy_and_nothing_else),
        T(rules_that_cannot_hold_are_refused_at_once),
        T(a_rule_is_put_right_and_its_loss_is_said_once),
        T(nothing_moves_while_it_must_be_quiet),
        T(a_copy_that_is_late_is_abandoned),
        T(a_timetable_too_tight_for_any_move_is_refused),
        T(a_threshold_of_one_is_never),
        T(a_threshold_of_zero_always_looks),
        T(a_named_partition_waits_for_its_own_threshold),
        T(rules_and_times_may_be_set_while_it_runs),
        T(thresholds_are_taken_whole_or_not_at_all),
        T(asking_changes_nothing),
        T(a_dry_run_plans_what_may_not_be_done_yet),
        T(a_dry_run_in_a_quiet_time_says_so),
        T(going_over_to_the_present_load_is_said_and_so_is_the_way_back),
        T(a_policy_that_never_asks_the_forecast_does_not_fall_back),
    };
    return cmocka_run_group_tests_name("core/engine, asked", tests, NULL, NULL);
}
