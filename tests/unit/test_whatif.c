#include "core/decide/whatif.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const double slo_ms = 100;

static struct fore_whatif whatif;

static void explain(void)
{
    make_plan();
    fore_whatif_explain(&world.input, &plan, slo_ms, &world.arena, &whatif);
}

/* Three partitions of node 0 grow: 0.625 cores become 1.15. */
static void heat(void)
{
    for (uint32_t p = 0; p < 3; p++)
        world_set_forecast(&world, p, 6, 0.3);
}

static const struct fore_whatif_alternative *find(enum fore_move_kind kind, uint32_t partition)
{
    for (uint32_t i = 0; i < whatif.alternative_count; i++)
        if (whatif.alternative[i].kind == kind && whatif.alternative[i].partition == partition &&
            !whatif.alternative[i].swap)
            return &whatif.alternative[i];
    fail_msg("%s p%u is not told of", fore_move_kind_text(kind), partition);
    return &whatif.alternative[0];
}

static void expect_why(enum fore_move_kind kind, uint32_t partition, enum fore_whatif_why why)
{
    const struct fore_whatif_alternative *a = find(kind, partition);
    if (a->why != why) fail_msg("%s: %s", fore_whatif_why_text(a->why), a->text);
    assert_true(a->text[0] != '\0');
}

static void a_plan_lowers_the_risk_and_the_latency_of_what_it_relieves(void **state)
{
    heat();
    explain();
    assert_true(plan.move_count > 0);
    assert_true(whatif.risk_before > 0.9);
    assert_true(whatif.risk_after < 0.1);
    expect_near(whatif.violation_before_s, plan.violation_before_s, 1e-6);
    expect_near(whatif.violation_after_s, plan.violation_after_s, 1e-3 * plan.violation_before_s);
    expect_near(whatif.bytes, plan.move_count * (double)(1 << 30), 1);
    expect_near(whatif.duration_s, 900, 1e-6);
    const struct fore_whatif_node *node = &whatif.node[0];
    assert_string_equal(node->name, "node-00");
    assert_true(node->before.risk > 0.9 && node->after.risk < 0.1);
    assert_true(isinf(node->before.p99_ms[1]));
    assert_true(node->after.p99_ms[0] <= node->after.p99_ms[1]);
    assert_true(node->after.p99_ms[1] <= node->after.p99_ms[2]);
    assert_true(node->after.p99_ms[1] < slo_ms);
}

/* What the planner counted change by change and what the explanation makes of the plan agree. */
static void swaps_splits_and_copies_are_counted_as_the_planner_did(void **state)
{
    world_want_swap(&world);
    explain();
    assert_true(plan.move_count >= 1 && plan.move[0].then_back);
    expect_near(whatif.violation_after_s, plan.violation_after_s, 1e-3 * plan.violation_before_s);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set(&world, p, 0, 0.15);
    world_set(&world, 0, 0, 0.7);
    world_keys(&world, 0, 512, false);
    world.decide.splits = true;
    explain();
    assert_true(plan.move_count >= 1);
    expect_near(whatif.violation_after_s, plan.violation_after_s, 1e-3 * plan.violation_before_s);
}

static void the_picture_is_that_of_the_planner(void **state)
{
    heat();
    explain();
    double before = whatif.node[0].before.utilization_mean;
    expect_near(before, 0.3 * 3 + 0.125, 1e-5);
    const struct fore_move *m = &plan.move[0].move;
    double moved = world.forecast_mean[m->partition * WORLD_STEPS + WORLD_STEPS - 1];
    double after = whatif.node[0].after.utilization_mean;
    expect_near(after, before - moved * plan.move_count, 0.08);
}

static void latency_goes_through_what_is_seen_and_the_slo(void **state)
{
    world.observe->node[0].utilization = 0.5;
    world.observe->node[0].p99_ms = 40;
    for (uint32_t p = 0; p < 4; p++)
        world_set_forecast(&world, p, 0, 0.85 / 4);
    memset(world.own, 0, sizeof world.own);
    world.observe->node[0].utilization = 0.5;
    explain();
    expect_near(whatif.node[0].before.utilization_mean, 0.85, 1e-5);
    expect_near(whatif.node[0].before.p99_ms[1], slo_ms, 0.01);
    for (uint32_t p = 0; p < 4; p++)
        world_set_forecast(&world, p, 0, 0.7 / 4); /* 40 + 60 / (17/3 - 1) * (7/3 - 1) */
    world_set_forecast(&world, 15, 11, 2);
    explain();
    for (uint32_t i = 0; i < whatif.node_count; i++)
        if (whatif.node[i].node == 0)
            expect_near(whatif.node[i].before.p99_ms[1], 40 + 60.0 / (14.0 / 3) * (4.0 / 3), 0.01);
}

static void nothing_to_do_is_said_with_why(void **state)
{
    explain();
    assert_int_equal(plan.move_count, 0);
    assert_int_equal(whatif.alternative_count, 0);
    assert_true(whatif.risk_before < 0.01);
}

static void what_is_outdone_says_what_it_would_gain(void **state)
{
    heat();
    world.decide.moves_per_plan = 1;
    explain();
    assert_int_equal(plan.move_count, 1);
    uint32_t other = plan.move[0].move.partition == 1 ? 2 : 1;
    expect_why(FORE_MOVE_MOVE, other, FORE_WHATIF_OUTDONE);
    assert_true(find(FORE_MOVE_MOVE, other)->gain_s > 0);
    expect_why(FORE_MOVE_SPLIT, 1, FORE_WHATIF_IMPOSSIBLE); /* none of its keys is known */
}

static void what_is_late_and_what_is_dear_are_told_apart(void **state)
{
    for (size_t h = 0; h < 2; h++) /* over after 600 s; a copy takes 900 s */
        world.forecast_mean[0 * WORLD_STEPS + h] = 0.6f;
    explain();
    assert_int_equal(plan.move_count, 0);
    expect_why(FORE_MOVE_MOVE, 1, FORE_WHATIF_TOO_LATE);
    for (size_t h = 0; h < 2; h++)
        world.forecast_mean[0 * WORLD_STEPS + h] = 0.125f;
    world_set_forecast(&world, 0, 11, 0.42); /* a slight risk in the last step only */
    world.decide.move_price = 3600 * FORE_SEC;
    explain();
    assert_int_equal(plan.move_count, 0);
    expect_why(FORE_MOVE_MOVE, 0, FORE_WHATIF_TOO_DEAR);
}

static void full_targets_are_named(void **state)
{
    heat();
    for (uint32_t p = 4; p < WORLD_PARTITIONS; p++)
        world_set_forecast(&world, p, 0, 0.205);
    world.decide.swaps = false;
    explain();
    expect_why(FORE_MOVE_MOVE, 0, FORE_WHATIF_TARGET_FULL);
    assert_non_null(strstr(find(FORE_MOVE_MOVE, 0)->text, find(FORE_MOVE_MOVE, 0)->target));
}

static void caps_cooldown_thresholds_and_rules_are_named(void **state)
{
    heat();
    world.busy[0] = true;
    uint8_t held[WORLD_CAP] = {0};
    held[1] = FORE_HOLD_BELOW;
    world.input.partition_held = held;
    world.input.quiet_in_s = 600;
    explain();
    expect_why(FORE_MOVE_MOVE, 0, FORE_WHATIF_COOL_DOWN);
    expect_why(FORE_MOVE_MOVE, 1, FORE_WHATIF_THRESHOLD);
    expect_why(FORE_MOVE_MOVE, 2, FORE_WHATIF_TIMETABLE);
    world.input.quiet_in_s = 0;
    memset(world.slots + 1, 0, 3);
    explain();
    expect_why(FORE_MOVE_MOVE, 2, FORE_WHATIF_CAP);
    world.slots[0] = 0;
    explain();
    expect_why(FORE_MOVE_MOVE, 3, FORE_WHATIF_CAP);
    memset(world.slots, 1, sizeof world.slots);
    struct fore_constraints rules;
    struct fore_placement_options options = {0};
    assert_int_equal(
        fore_option_set((struct fore_option_binding){&fore_placement_section, &options},
                        &world.arena, "pin", "0%..25% -> node-00", "test", NULL),
        FORE_E_OK);
    assert_int_equal(fore_constraint_compile(&options, &world.topology, &world.arena, &rules, NULL),
                     FORE_E_OK);
    world.input.placement = &rules;
    explain();
    expect_why(FORE_MOVE_MOVE, 2, FORE_WHATIF_CONSTRAINT);
}

static void a_calm_cluster_says_what_waits(void **state)
{
    heat();
    world.input.calm = true;
    explain();
    assert_int_equal(plan.move_count, 0);
    assert_true(whatif.calm);
    expect_why(FORE_MOVE_MOVE, 0, FORE_WHATIF_THRESHOLD);
}

static void both_forms_hold_the_same(void **state)
{
    heat();
    explain();
    struct fore_buf text = {0}, json = {0};
    struct fore_json writer = fore_json_begin(&json, false);
    fore_whatif_print(&whatif, &text);
    fore_json_object(&writer, NULL);
    fore_whatif_json(&whatif, &writer);
    fore_json_object_end(&writer);
    assert_non_null(strstr(text.data, "would be planned at 00:00:00"));
    assert_non_null(strstr(text.data, "node-00"));
    assert_non_null(strstr(text.data, "overload"));
    assert_non_null(strstr(text.data, "looked at and not done"));
    assert_non_null(strstr(json.data, "\"p99_ms_high\":null"));
    assert_non_null(strstr(json.data, "\"why_not\":\"outdone\""));
    assert_non_null(strstr(json.data, "\"kind\":\"move\""));
    fore_buf_fini(&text);
    fore_buf_fini(&json);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_plan_lowers_the_risk_and_the_latency_of_what_it_relieves),
        T(swaps_splits_and_copies_are_counted_as_the_planner_did),
        T(the_picture_is_that_of_the_planner),
        T(latency_goes_through_what_is_seen_and_the_slo),
        T(nothing_to_do_is_said_with_why),
        T(what_is_outdone_says_what_it_would_gain),
        T(what_is_late_and_what_is_dear_are_told_apart),
        T(full_targets_are_named),
        T(caps_cooldown_thresholds_and_rules_are_named),
        T(a_calm_cluster_says_what_waits),
        T(both_forms_hold_the_same),
    };
    return cmocka_run_group_tests_name("core/decide/whatif", tests, NULL, NULL);
}
