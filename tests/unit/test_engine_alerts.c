/* What the engine tells people about scores, forecasts, plans and the cluster: each kind is raised
 * once, not repeated while it stands, and resolved when its cause is gone. The engine is made by
 * hand, so that every number a threshold looks at is written down here. */
#include "core/engine_state.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct fore_engine engine;
static struct fore_engine_options options;
static struct fore_load load;
static struct fore_policy_view view;
static uint32_t raised[FORE_ALERT_CODES], resolved[FORE_ALERT_CODES];
static fore_ns now;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_alert alert;
    struct fore_event_resolved over;
    if (kind == FORE_EV_ALERT) {
        memcpy(&alert, body, sizeof alert);
        raised[alert.code]++;
    }
    if (kind == FORE_EV_RESOLVED) {
        memcpy(&over, body, sizeof over);
        resolved[over.code]++;
    }
}

static int begin(void **state)
{
    world_init(&world);
    memset(&engine, 0, sizeof engine);
    memset(raised, 0, sizeof raised);
    memset(resolved, 0, sizeof resolved);
    now = 1000 * FORE_SEC;
    options = (struct fore_engine_options){.decide = {.rrs_threshold = 0.2}};
    engine.setup = (struct fore_engine_setup){.options = &options,
                                              .sink = {.put = put},
                                              .slo_ns = 10 * FORE_MS,
                                              .journal_every = UINT64_MAX,
                                              .keyframe_every = UINT64_MAX};
    fore_arena_init(&engine.perm);
    fore_arena_init(&engine.scratch);
    fore_alert_init(&engine.alerts, &engine.perm, WORLD_CAP, 3600 * FORE_SEC);
    engine.observe = world.observe;
    engine.score = FORE_NEW(&engine.perm, struct fore_score, WORLD_CAP);
    engine.rrs_over = FORE_NEW(&engine.perm, uint8_t, WORLD_CAP);
    engine.node_risk = FORE_NEW(&engine.perm, struct fore_load_risk, WORLD_NODES);
    engine.score_count = WORLD_PARTITIONS;
    engine.scores_at = now; /* scores themselves are not told here */
    load = (struct fore_load){.topology = &world.topology, .step_s = 60};
    view = (struct fore_policy_view){.skill = 0.9};
    return 0;
}

static int end(void **state)
{
    fore_arena_fini(&engine.perm);
    fore_arena_fini(&engine.scratch);
    world_fini(&world);
    return 0;
}

static void look(uint32_t times)
{
    for (uint32_t i = 0; i < times; i++, now += FORE_SEC)
        fore_engine_emit_scores(&engine, &load, &view, now);
}

static void expect_said(enum fore_alert_code code, uint32_t times, uint32_t over)
{
    assert_int_equal(raised[code], times);
    assert_int_equal(resolved[code], over);
}

static void set_score(uint32_t p, double rrs, double responsibility)
{
    engine.score[p] = (struct fore_score){
        .rrs = rrs, .probability = rrs, .responsibility = responsibility, .node = 0};
}

static void a_score_over_its_threshold(void **state)
{
    set_score(3, 0.6, 1);
    look(2);
    expect_said(FORE_ALERT_RRS, 0, 0); /* it has to last */
    look(20);
    expect_said(FORE_ALERT_RRS, 1, 0);
    set_score(3, 0.15, 1); /* between half of it and the threshold nothing is said */
    look(20);
    expect_said(FORE_ALERT_RRS, 1, 0);
    set_score(3, 0.6, 1);
    look(20);
    expect_said(FORE_ALERT_RRS, 1, 0);
    set_score(3, 0.05, 1);
    look(20);
    expect_said(FORE_ALERT_RRS, 1, 1);
}

static void a_score_that_wavers_is_no_alert(void **state)
{
    for (int i = 0; i < 40; i++) {
        set_score(3, i % 3 == 0 ? 0.1 : 0.3, 1);
        look(1);
    }
    expect_said(FORE_ALERT_RRS, 0, 0);
}

static void of_a_node_in_trouble_only_the_partition_to_act_on_first_is_told(void **state)
{
    for (uint32_t p = 0; p < 4; p++)
        set_score(p, 0.9 * (p == 1 ? 1 : 0.5), p == 1 ? 1 : 0.5);
    look(20);
    expect_said(FORE_ALERT_RRS, 1, 0);
    assert_true(fore_alert_stands(&engine.alerts, FORE_ALERT_RRS, 1));
}

static void a_partition_too_hot_for_any_node(void **state)
{
    set_score(5, 0.1, 1);
    engine.score[5].limit = FORE_LIMIT_PARTITION;
    engine.score[5].probability = 0.7;
    look(20);
    expect_said(FORE_ALERT_PARTITION_TOO_HOT, 1, 0);
    engine.score[5].probability = 0.4;
    look(5);
    expect_said(FORE_ALERT_PARTITION_TOO_HOT, 1, 0);
    engine.score[5].limit = FORE_LIMIT_NODE;
    look(5);
    expect_said(FORE_ALERT_PARTITION_TOO_HOT, 1, 1);
}

static void a_node_at_risk(void **state)
{
    engine.node_risk[2].probability = 0.6;
    look(20);
    expect_said(FORE_ALERT_NODE_RISK, 1, 0);
    engine.node_risk[2].probability = 0.4;
    look(5);
    expect_said(FORE_ALERT_NODE_RISK, 1, 0);
    engine.node_risk[2].probability = 0.1;
    look(5);
    expect_said(FORE_ALERT_NODE_RISK, 1, 1);
}

static void a_forecast_that_is_worth_nothing(void **state)
{
    view.skill = 1.5;
    look(20);
    expect_said(FORE_ALERT_FORECAST_POOR, 1, 0);
    view.skill = 1.1;
    look(5);
    expect_said(FORE_ALERT_FORECAST_POOR, 1, 0);
    view.skill = 0.9;
    look(5);
    expect_said(FORE_ALERT_FORECAST_POOR, 1, 1);
}

static void plans_of_which_nothing_can_be_begun(void **state)
{
    struct fore_plan plan = {.id = 1, .move_count = 2}, none = {.id = 2};
    for (int i = 0; i < 2; i++)
        fore_engine_note_admission(&engine, &plan, 0, "node cap", now);
    expect_said(FORE_ALERT_PLAN_INFEASIBLE, 0, 0);
    for (int i = 0; i < 10; i++)
        fore_engine_note_admission(&engine, &plan, 0, "node cap", now += FORE_SEC);
    expect_said(FORE_ALERT_PLAN_INFEASIBLE, 1, 0);
    fore_engine_note_admission(&engine, &plan, 1, "", now);
    expect_said(FORE_ALERT_PLAN_INFEASIBLE, 1, 1);
    for (int i = 0; i < 3; i++)
        fore_engine_note_admission(&engine, &plan, 0, "node cap", now);
    expect_said(FORE_ALERT_PLAN_INFEASIBLE, 2, 1);
    fore_engine_note_admission(&engine, &none, 0, "", now); /* nothing is wanted any more */
    expect_said(FORE_ALERT_PLAN_INFEASIBLE, 2, 2);
}

static void risk_without_a_plan(void **state)
{
    struct fore_plan plan = {.reason = "no change pays"};
    engine.rrs_max = 0.8;
    for (int i = 0; i < 10; i++)
        fore_engine_note_no_plan(&engine, &plan, now += FORE_SEC);
    expect_said(FORE_ALERT_NO_PLAN, 1, 0);
    engine.rrs_max = 0.1;
    fore_engine_note_no_plan(&engine, &plan, now);
    expect_said(FORE_ALERT_NO_PLAN, 1, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_score_over_its_threshold),
        T(a_score_that_wavers_is_no_alert),
        T(of_a_node_in_trouble_only_the_partition_to_act_on_first_is_told),
        T(a_partition_too_hot_for_any_node),
        T(a_node_at_risk),
        T(a_forecast_that_is_worth_nothing),
        T(plans_of_which_nothing_can_be_begun),
        T(risk_without_a_plan),
    };
    return cmocka_run_group_tests_name("core/engine: alerts", tests, NULL, NULL);
}
