#include "experiments/tune.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"

static struct sim_scenario *scenario_create(void)
{
    struct sim_scenario *scenario = calloc(1, sizeof *scenario);
    assert_non_null(scenario);
    scenario->path = "by-hand.cfg";
    scenario->engine.observe.window = 60 * FORE_SEC;
    scenario->engine.policy.reactive_cooldown = 600 * FORE_SEC;
    return scenario;
}

static void every_setting_of_the_grid_is_another_one(void **state)
{
    struct sim_scenario *scenario = scenario_create();
    for (size_t i = 0; i < LAB_TUNE_GRID; i++) {
        struct lab_tune_row a = lab_tune_grid(scenario, i);
        assert_true(a.low < a.high);
        assert_true(a.hold % scenario->engine.observe.window == 0);
        for (size_t k = 0; k < i; k++) {
            struct lab_tune_row b = lab_tune_grid(scenario, k);
            assert_true(fabs(a.high - b.high) > 1e-9 || a.hold != b.hold || a.pick != b.pick ||
                        a.cooldown != b.cooldown);
        }
    }
    free(scenario);
}

static void a_setting_changes_reactive_and_nothing_else(void **state)
{
    struct sim_scenario *scenario = scenario_create();
    struct fore_policy_options policy = {.reactive_every = 5, .reactive_split = true};
    struct lab_tune_row row = lab_tune_grid(scenario, LAB_TUNE_GRID - 1);
    lab_tune_apply(&row, &policy);
    expect_near(policy.reactive_high, .85, 1e-12);
    expect_near(policy.reactive_low, .80, 1e-12);
    assert_int_equal(policy.reactive_hold, 180 * FORE_SEC);
    assert_int_equal(policy.reactive_cooldown, 2400 * FORE_SEC);
    assert_int_equal(policy.reactive_pick, FORE_PICK_FIT);
    assert_int_equal(policy.reactive_every, 5);
    assert_true(policy.reactive_split);
    free(scenario);
}

static void without_a_past_there_is_nothing_to_tune_on(void **state)
{
    struct sim_scenario *scenario = scenario_create();
    struct lab_tune tune;
    struct fore_diag diag = {0};
    assert_int_equal(lab_tune_run(scenario, 1, NULL, NULL, &tune, &diag), FORE_E_RANGE);
    assert_non_null(strstr(diag.text, "experiment.evaluate_from"));
    free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_of_the_grid_is_another_one),
        cmocka_unit_test(a_setting_changes_reactive_and_nothing_else),
        cmocka_unit_test(without_a_past_there_is_nothing_to_tune_on),
    };
    return cmocka_run_group_tests_name("experiments/tune", tests, NULL, NULL);
}
