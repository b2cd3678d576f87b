#include "tests/support/near.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;
static struct fore_plan plan;
static void *memory; /* of the policy in use, kept from call to call within a test */
static const struct fore_policy *of;

static int begin(void **state)
{
    world_init(&world);
    world.input.term_count = 0;
    world.input.now = FORE_SEC;
    of = NULL;
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static void ask(const struct fore_policy *policy)
{
    if (of != policy)
        memory = policy->begin ? policy->begin(&world.topology, 1, &world.arena) : NULL;
    of = policy;
    world.view.policy = policy;
    policy->propose(&world.view, memory, &world.arena, &plan);
}

static void propose(const char *name)
{
    const struct fore_policy *policy = fore_policy_find(name);
    assert_non_null(policy);
    assert_non_null(policy->propose);
    ask(policy);
}

static void every_policy_has_a_name_of_its_own(void **state)
{
    for (size_t i = 0; fore_policies[i] != NULL; i++)
        assert_ptr_equal(fore_policy_find(fore_policies[i]->name), fore_policies[i]);
    assert_null(fore_policy_find("psychic"));
    assert_null(fore_policy_find("static")->propose);
}

static void nobody_moves_anything_on_a_calm_cluster(void **state)
{
    for (size_t i = 0; fore_policies[i] != NULL; i++) {
        if (fore_policies[i]->propose == NULL) continue;
        ask(fore_policies[i]);
        assert_int_equal(plan.move_count, 0);
    }
}

static void reactive_sheds_the_hottest_that_fits_to_the_coldest_node(void **state)
{
    world_set_nowcast(&world, 1, 0.5);  /* node 0: 0.875 */
    world_set_nowcast(&world, 8, 0.05); /* node 2 is the coldest */
    propose("reactive");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.source, 0);
    assert_int_equal(plan.move[0].move.target, 2);
}

static void reactive_waits_for_its_hold_time(void **state)
{
    world.policy.reactive_hold = 60 * FORE_SEC;
    world_set_nowcast(&world, 1, 0.5);
    propose("reactive");
    assert_int_equal(plan.move_count, 0);
    world.input.now += 61 * FORE_SEC;
    propose("reactive");
    assert_int_equal(plan.move_count, 1);
}

static void reactive_has_hysteresis(void **state)
{
    world.policy.reactive_high = 0.85;
    world.policy.reactive_low = 0.7;
    world_set_nowcast(&world, 1, 0.5); /* .875: above high */
    propose("reactive");
    assert_int_equal(plan.move_count, 1);
    world_set_nowcast(&world, 1, 0.4); /* .775: between: still shedding */
    world.input.now += 2 * FORE_SEC;
    propose("reactive");
    assert_int_equal(plan.move_count, 1);
    world_set_nowcast(&world, 1, 0.3); /* .675: below low: done */
    world.input.now += 2 * FORE_SEC;
    propose("reactive");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 1, 0.4); /* .775 from below: not shedding */
    world.input.now += 2 * FORE_SEC;
    propose("reactive");
    assert_int_equal(plan.move_count, 0);
}

static void reactive_lets_a_moved_partition_rest(void **state)
{
    world_set_nowcast(&world, 1, 0.5);
    for (uint32_t p = 0; p < 4; p++)
        world.moved_at[p] = FORE_SEC;
    world.policy.reactive_split = false;
    propose("reactive");
    assert_int_equal(plan.move_count, 0);
}

static void reactive_splits_what_fits_nowhere(void **state)
{
    for (uint32_t p = 4; p < WORLD_PARTITIONS; p++)
        world_set_nowcast(&world, p, 0.18);
    for (uint32_t p = 1; p < 4; p++)
        world_set_nowcast(&world, p, 0.12);
    world_set_nowcast(&world, 0, 0.9);
    world_keys(&world, 0, 512, false);
    propose("reactive");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_SPLIT);
    assert_int_equal(plan.move[0].move.partition, 0);
}

static void predictive_sees_what_reactive_cannot_yet(void **state)
{
    world_set_forecast(&world, 0, 6, 0.6);
    propose("reactive");
    assert_int_equal(plan.move_count, 0);
    propose("nowcast");
    assert_int_equal(plan.move_count, 0);
    propose("predictive");
    assert_true(plan.move_count >= 1);
}

typedef uint32_t terms_of(const struct fore_policy_view *view, struct fore_load_term *term);

static double nowcast_in(terms_of *terms)
{
    struct fore_load_term term[FORE_LOAD_SCENARIOS];
    uint32_t count = terms(&world.view, term);
    double sum = 0, weight = 0;
    for (uint32_t t = 0; t < count; t++) {
        sum += term[t].weight;
        if (term[t].scenario == &world.nowcast) weight = term[t].weight;
    }
    expect_near(sum, 1, 1e-12);
    return weight;
}

static double nowcast_weight(void)
{
    return nowcast_in(fore_policy_find("predictive")->terms);
}

static void the_score_leans_on_the_present_only_where_the_forecast_is_doubted(void **state)
{
    terms_of *score = fore_policy_find("predictive")->score_terms;
    world.view.skill = 0.5;
    world.decide.nowcast_weight = 0.5; /* in plans */
    expect_near(nowcast_in(score), 0.05, 1e-12);
    world.decide.score_nowcast = 0;
    expect_near(nowcast_in(score), 0, 1e-12);
    world.view.skill = 2;
    expect_near(nowcast_in(score), 0.7, 1e-12);
    world.view.skill = 0.5;
    world.decide.nowcast_weight = 1; /* nobody is to be told the forecast */
    expect_near(nowcast_in(score), 1, 1e-12);
    world.decide.nowcast_weight = 0.15;
    world.forecast.ready = false;
    expect_near(nowcast_in(score), 1, 1e-12);
}

static void the_nowcast_gains_weight_as_the_forecast_loses_skill(void **state)
{
    world.view.skill = 0.5;
    expect_near(nowcast_weight(), 0.15, 1e-12);
    world.view.skill = 1.05;
    double middling = nowcast_weight();
    assert_true(middling > 0.15 && middling < 0.7);
    world.view.skill = 2;
    expect_near(nowcast_weight(), 0.7, 1e-12);
    world.forecast.ready = false;
    expect_near(nowcast_weight(), 1, 1e-12);
}

static void brief_moves_are_judged_by_the_present_load(void **state)
{
    world.view.skill = 0.5;
    world.decide.brief_move = 15 * 60 * FORE_SEC;
    world.view.move_s = 1800;
    expect_near(nowcast_weight(), 0.15, 1e-12);
    world.view.move_s = 300; /* a third of the time: a third of the forecast's weight */
    expect_near(nowcast_weight(), 1 - 0.85 / 3, 1e-12);
    world.view.move_s = 0.9;
    assert_true(nowcast_weight() > 0.999);
    world.view.move_s = 0; /* not known */
    expect_near(nowcast_weight(), 0.15, 1e-12);
}

static void oracle_uses_the_truth(void **state)
{
    static float truth_mean[WORLD_CAP * WORLD_STEPS];
    for (size_t i = 0; i < WORLD_CAP * WORLD_STEPS; i++)
        truth_mean[i] = 0.125f;
    for (size_t h = 6; h < WORLD_STEPS; h++)
        truth_mean[h] = 0.6f;
    struct fore_scenario truth = world.forecast;
    truth.mean = truth_mean;
    world.view.truth = &truth;
    propose("oracle");
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.source, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(every_policy_has_a_name_of_its_own),
        T(nobody_moves_anything_on_a_calm_cluster),
        T(reactive_sheds_the_hottest_that_fits_to_the_coldest_node),
        T(reactive_waits_for_its_hold_time),
        T(reactive_has_hysteresis),
        T(reactive_lets_a_moved_partition_rest),
        T(reactive_splits_what_fits_nowhere),
        T(predictive_sees_what_reactive_cannot_yet),
        T(the_score_leans_on_the_present_only_where_the_forecast_is_doubted),
        T(the_nowcast_gains_weight_as_the_forecast_loses_skill),
        T(brief_moves_are_judged_by_the_present_load),
        T(oracle_uses_the_truth),
    };
    return cmocka_run_group_tests_name("core/policy", tests, NULL, NULL);
}
