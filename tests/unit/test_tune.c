#include "experiments/tune.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sim_scenario *scenario_create(void)
{
    struct sim_scenario *scenario = calloc(1, sizeof *scenario);
    assert_non_null(scenario);
    scenario->path = "by-hand.cfg";
    scenario->engine.observe.window = 60 * FORE_SEC;
    scenario->engine.policy.reactive_cooldown = 600 * FORE_SEC;
    return scenario;
}

static void every_pick_is_another_combination_and_the_scenarios_own_is_first(void **state)
{
    for (size_t i = 0; fore_policies[i] != NULL; i++) {
        if (fore_policies[i]->knob == NULL) continue;
        uint64_t pick[LAB_TUNE_MOST], all = lab_tune_combinations(fore_policies[i]);
        size_t count = lab_tune_pick(fore_policies[i], LAB_TUNE_MOST, pick);
        assert_int_equal(count, all < LAB_TUNE_MOST - 1 ? all + 1 : LAB_TUNE_MOST);
        assert_true(pick[0] == LAB_TUNE_OWN);
        for (size_t k = 1; k < count; k++)
            assert_true(pick[k] < all && (k == 1 || pick[k] > pick[k - 1]));
    }
}

static void nowcast_and_predictive_have_the_same_knobs(void **state)
{
    assert_ptr_equal(fore_policy_find("nowcast")->knob, fore_policy_find("predictive")->knob);
}

static void every_knob_is_an_option_that_takes_its_values(void **state)
{
    struct fore_diag diag = {0};
    for (size_t i = 0; fore_policies[i] != NULL; i++) {
        const struct fore_policy *policy = fore_policies[i];
        for (uint64_t c = 0; policy->knob != NULL && c < lab_tune_combinations(policy); c++) {
            struct sim_scenario *scenario = scenario_create();
            struct fore_arena arena;
            fore_arena_init(&arena);
            assert_int_equal(lab_tune_apply(policy, c, &arena, scenario, &diag), FORE_E_OK);
            fore_arena_fini(&arena);
            free(scenario);
        }
    }
}

static void tuning_ends_where_the_evaluation_begins(void **state)
{
    struct sim_scenario *scenario = scenario_create(), *past = scenario_create();
    struct fore_diag diag = {0};
    fore_ns until = 0;
    scenario->experiment.act_from = 2400 * FORE_SEC;
    scenario->experiment.evaluate_from = 7200 * FORE_SEC;
    assert_int_equal(lab_tune_past(scenario, past, &until, &diag), FORE_E_OK);
    assert_int_equal(until, 7200 * FORE_SEC);
    assert_int_equal(past->experiment.evaluate_from, 3000 * FORE_SEC);
    free(past);
    free(scenario);
}

static void without_a_past_there_is_nothing_to_tune_on(void **state)
{
    struct sim_scenario *scenario = scenario_create();
    struct lab_tune tune;
    struct fore_diag diag = {0};
    assert_int_equal(
        lab_tune_run(scenario, fore_policy_find("reactive"), 1, NULL, NULL, &tune, &diag),
        FORE_E_RANGE);
    assert_non_null(strstr(diag.text, "experiment.evaluate_from"));
    free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pick_is_another_combination_and_the_scenarios_own_is_first),
        cmocka_unit_test(nowcast_and_predictive_have_the_same_knobs),
        cmocka_unit_test(every_knob_is_an_option_that_takes_its_values),
        cmocka_unit_test(tuning_ends_where_the_evaluation_begins),
        cmocka_unit_test(without_a_past_there_is_nothing_to_tune_on),
    };
    return cmocka_run_group_tests_name("experiments/tune", tests, NULL, NULL);
}
