#include "core/decide/score.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct fore_load load;
static struct fore_score score[WORLD_CAP];

static void score_it(void)
{
    load = (struct fore_load){.topology = &world.topology,
                              .term = {{&world.forecast, 1}},
                              .term_count = 1,
                              .limit = 0.85};
    fore_load_build(&load, &world.arena, NULL, 0);
    fore_score_all(&load, NULL, &world.arena, score);
}

static void nothing_at_risk_scores_zero(void **state)
{
    score_it();
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        expect_near(score[p].rrs, 0, 1e-9);
}

static void the_product_is_the_score_and_stays_in_bounds(void **state)
{
    world_set(&world, 0, 6, 0.48);
    world_set(&world, 5, 0, 0.5);
    score_it();
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        assert_true(score[p].rrs >= 0 && score[p].rrs <= 1);
        expect_near(score[p].rrs, score[p].probability * score[p].responsibility, 1e-12);
    }
}

static void the_heaviest_partition_is_the_one_to_act_on(void **state)
{
    world_set(&world, 1, 6, 0.5);
    score_it();
    expect_near(score[1].responsibility, 1, 1e-9);
    assert_true(score[1].probability > 0.9);
    for (uint32_t p = 0; p < 4; p++)
        if (p != 1) assert_true(score[p].rrs < 0.3 * score[1].rrs);
}

static void the_reason_names_the_node_the_time_and_the_model(void **state)
{
    world_set(&world, 1, 6, 0.5);
    score_it();
    char text[200];
    fore_score_reason(&load, &score[1], text, sizeof text);
    assert_non_null(strstr(text, "node-00"));
    assert_non_null(strstr(text, "35 min"));
    assert_non_null(strstr(text, "hand-made"));
}

static void a_partition_larger_than_a_node_says_so(void **state)
{
    world_set(&world, 2, 0, 0.95);
    score_it();
    assert_int_equal(score[2].limit, FORE_LIMIT_PARTITION);
    char text[200];
    fore_score_reason(&load, &score[2], text, sizeof text);
    assert_non_null(strstr(text, "alone"));
}

static void more_load_never_lowers_the_score(void **state)
{
    double before = 0;
    for (double cores = 0.3; cores < 0.6; cores += 0.01) {
        world_set(&world, 3, 2, cores);
        score_it();
        assert_true(score[3].rrs >= before - 1e-9);
        before = score[3].rrs;
    }
    assert_true(before > 0.99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_at_risk_scores_zero, begin, end),
        cmocka_unit_test_setup_teardown(the_product_is_the_score_and_stays_in_bounds, begin, end),
        cmocka_unit_test_setup_teardown(the_heaviest_partition_is_the_one_to_act_on, begin, end),
        cmocka_unit_test_setup_teardown(the_reason_names_the_node_the_time_and_the_model, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_partition_larger_than_a_node_says_so, begin, end),
        cmocka_unit_test_setup_teardown(more_load_never_lowers_the_score, begin, end),
    };
    return cmocka_run_group_tests_name("core/decide/score", tests, NULL, NULL);
}
