/* Plans and what explains them, out of record bodies; a watched partition's forecasts and truth. */
#include "core/base/buf.h"
#include "tests/support/near.h"
#include "viz/plans.h"
#include "viz/watch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void plan_body(struct fore_buf *out, uint64_t id, uint32_t partition, bool admitted)
{
    const struct fore_event_plan plan = {.plan = id,
                                         .violation_before = 100,
                                         .violation_after = 40,
                                         .move_count = 2,
                                         .admitted = admitted};
    const struct fore_event_plan_move move[2] = {
        {.partition = partition,     .source = 1, .target = 2, .gain = 30},
        {.partition = partition + 1, .source = 1, .target = 3, .gain = 20}
    };
    fore_buf_reset(out);
    fore_buf_append(out, &plan, sizeof plan);
    fore_buf_append(out, move, sizeof move);
    fore_buf_append(out, "because", 8);
}

static void why_body(struct fore_buf *out, uint64_t id, uint32_t others)
{
    const struct fore_event_why why = {
        .plan = id, .horizon_s = 300, .node_count = 1, .other_count = (uint16_t)others};
    const struct fore_event_why_node node = {.node = 4, .risk_before = 0.9f, .risk_after = 0.1f};
    fore_buf_reset(out);
    fore_buf_append(out, &why, sizeof why);
    fore_buf_append(out, &node, sizeof node);
    for (uint32_t i = 0; i < others; i++) {
        const struct fore_event_why_other other = {.partition = i, .gain_s = (float)i, .why = 1};
        fore_buf_append(out, &other, sizeof other);
    }
    fore_buf_append(out, "too dear\nno room", 17);
}

static void a_plan_is_explained_by_what_follows_it(void **state)
{
    struct viz_plans plans;
    struct fore_buf body = {0};
    viz_plans_init(&plans);
    plan_body(&body, 7, 40, true);
    assert_true(viz_plans_fold(&plans, 60, body.data, body.len));
    const struct viz_plan *plan = viz_plans_find(&plans, 7);
    assert_non_null(plan);
    assert_int_equal(plan->move_count, 2);
    assert_string_equal(plan->reason, "because");
    assert_false(plan->explained);
    why_body(&body, 7, 30); /* more than are kept */
    assert_true(viz_plans_explain(&plans, body.data, body.len));
    assert_true(plan->explained);
    assert_int_equal(plan->other_count, VIZ_PLAN_OTHERS);
    assert_int_equal(plan->node[0].node, 4);
    assert_string_equal(plan->text[0], "too dear");
    assert_string_equal(plan->text[1], "no room");
    assert_string_equal(plan->text[2], "");
    fore_buf_fini(&body);
    viz_plans_fini(&plans);
}

static void a_body_cut_anywhere_is_refused_or_whole(void **state)
{
    struct viz_plans plans;
    struct fore_buf body = {0};
    viz_plans_init(&plans);
    plan_body(&body, 1, 5, true);
    for (size_t len = 0; len <= body.len; len++) {
        bool fits = len >= sizeof(struct fore_event_plan) + 2 * sizeof(struct fore_event_plan_move);
        assert_int_equal(viz_plans_fold(&plans, 1, body.data, len), fits);
    }
    why_body(&body, 1, 3);
    for (size_t len = 0; len < body.len; len++)
        (void)viz_plans_explain(&plans, body.data, len); /* the sanitizers judge */
    assert_false(viz_plans_explain(&plans, body.data, sizeof(struct fore_event_why)));
    fore_buf_fini(&body);
    viz_plans_fini(&plans);
}

static void the_newest_plans_are_kept_and_found_by_partition(void **state)
{
    struct viz_plans plans;
    struct fore_buf body = {0};
    viz_plans_init(&plans);
    for (uint32_t id = 1; id <= 3 * VIZ_PLANS; id++) {
        plan_body(&body, id, 10 * id, id % 2 == 0);
        assert_true(viz_plans_fold(&plans, id, body.data, body.len));
    }
    assert_int_equal(viz_plans_newest(&plans, 0)->plan.plan, 3 * VIZ_PLANS);
    assert_null(viz_plans_newest(&plans, VIZ_PLANS));
    assert_null(viz_plans_find(&plans, 5));
    assert_int_equal(viz_plans_about(&plans, 30 * VIZ_PLANS + 1)->plan.plan, 3 * VIZ_PLANS);
    assert_null(viz_plans_about(&plans, 30 * VIZ_PLANS - 10)); /* refused */
    fore_buf_fini(&body);
    viz_plans_fini(&plans);
}

static void gains_add_up_where_both_are_known(void **state)
{
    struct viz_plans plans;
    viz_plans_init(&plans);
    struct fore_event_gain gain = {.ticket = 3, .predicted_s = 20, .realised_s = 12};
    assert_true(viz_plans_gained(&plans, &gain, sizeof gain));
    gain = (struct fore_event_gain){.ticket = 4, .predicted_s = 5, .realised_s = NAN};
    assert_true(viz_plans_gained(&plans, &gain, sizeof gain));
    assert_false(viz_plans_gained(&plans, &gain, sizeof gain - 1));
    expect_near(plans.realised_s, 12, 1e-9);
    expect_near(plans.predicted_s, 20, 1e-9);
    assert_non_null(viz_plans_gain(&plans, 3));
    assert_null(viz_plans_gain(&plans, 9));
    viz_plans_fini(&plans);
}

/* A forecast of 1 in 0.5..1.5, over a load that stays, and over one that doubles. */
static struct viz_watch_score judged(double load)
{
    struct viz_watch watch;
    const float q[] = {.5f, .5f, .5f, .5f, 1, 1, 1, 1, 1.5f, 1.5f, 1.5f, 1.5f};
    viz_watch_init(&watch, 7);
    viz_watch_load(&watch, 10 * FORE_SEC, 1);
    viz_watch_forecast(&watch, 10 * FORE_SEC, 10 * FORE_SEC, 4, q, "plain");
    for (fore_ns t = 20; t <= 60; t += 10)
        viz_watch_load(&watch, t * FORE_SEC, load);
    struct viz_watch_score score = viz_watch_judge(&watch);
    viz_watch_fini(&watch);
    return score;
}

static void a_forecast_is_judged_by_what_came(void **state)
{
    struct viz_watch_score right = judged(1), low = judged(2);
    assert_int_equal(right.count, 4); /* the load after its horizon does not count */
    expect_near(right.above, 0, 1e-12);
    assert_true(isnan(right.skill));
    expect_near(low.above, 1, 1e-12);
    expect_near(low.below, 0, 1e-12);
    expect_near(low.skill, 1, 1e-9);
}

static void forecasts_are_kept_an_eighth_of_their_horizon_apart(void **state)
{
    struct viz_watch watch;
    float q[24] = {0};
    viz_watch_init(&watch, 7);
    for (fore_ns t = 0; t < 80; t++)
        viz_watch_forecast(&watch, t * FORE_SEC, 2 * FORE_SEC, 8, q, "plain");
    assert_int_equal(watch.past_total, 40);
    viz_watch_made_by(&watch, 78 * FORE_SEC, "spar 60 %, ses 40 %", 20);
    viz_watch_made_by(&watch, 77 * FORE_SEC, "of another", 11);
    viz_watch_made_by(&watch, 78 * FORE_SEC, "", 0);
    assert_string_equal(viz_watch_made_before(&watch, UINT64_MAX)->made_by, "spar 60 %, ses 40 %");
    assert_int_equal(viz_watch_made_before(&watch, 41 * FORE_SEC)->at, 40 * FORE_SEC);
    for (fore_ns t = 80; t < 1000; t++)
        viz_watch_forecast(&watch, t * FORE_SEC, 2 * FORE_SEC, 8, q, "plain");
    assert_null(viz_watch_made_before(&watch, 41 * FORE_SEC)); /* forgotten */
    viz_watch_forecast(&watch, 5000 * FORE_SEC, 0, 8, q, "plain");
    viz_watch_forecast(&watch, 5000 * FORE_SEC, 1, 0, q, "plain");
    assert_true(viz_watch_made_before(&watch, UINT64_MAX)->at < 1000 * FORE_SEC);
    viz_watch_fini(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_explained_by_what_follows_it),
        cmocka_unit_test(a_body_cut_anywhere_is_refused_or_whole),
        cmocka_unit_test(the_newest_plans_are_kept_and_found_by_partition),
        cmocka_unit_test(gains_add_up_where_both_are_known),
        cmocka_unit_test(a_forecast_is_judged_by_what_came),
        cmocka_unit_test(forecasts_are_kept_an_eighth_of_their_horizon_apart),
    };
    return cmocka_run_group_tests_name("viz/plans", tests, NULL, NULL);
}
