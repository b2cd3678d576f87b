#include "core/risk/score.h"
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

static void size_it(uint32_t p, struct fore_size_outlook outlook)
{
    struct fore_size_outlook size[WORLD_CAP] = {0};
    score_it();
    outlook.max_bytes = 512.0 * (1 << 20);
    size[p] = outlook;
    fore_score_sizes(size, &world.topology, score);
}

static void a_size_that_will_not_do_is_nobody_elses_doing(void **state)
{
    size_it(12, (struct fore_size_outlook){.probability = 0.93,
                                           .when_s = 2400,
                                           .now_bytes = 480.0 * (1 << 20),
                                           .mean_bytes = 527.0 * (1 << 20),
                                           .spread_bytes = 20.0 * (1 << 20),
                                           .known = true});
    assert_int_equal(score[12].limit, FORE_LIMIT_SIZE);
    assert_string_equal(fore_score_limit_text(score[12].limit), "size");
    expect_near(score[12].rrs, 0.93, 1e-12);
    expect_near(score[12].responsibility, 1, 1e-12);
    expect_near(score[12].when_s, 2400, 1e-9);
    assert_int_equal(score[12].node, world.topology.partition[12].replica[0]);
    char text[200];
    fore_score_reason(&load, &score[12], text, sizeof text);
    assert_string_equal(text, "p12 passes 512 MiB in 40 min with P 0.93 (now 480 MiB; 527 +- 20 "
                              "MiB at the horizon): split by keys [growth]");
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        if (p != 12) expect_near(score[p].rrs, 0, 1e-9);
}

static void a_size_that_is_passed_is_said_so(void **state)
{
    size_it(3, (struct fore_size_outlook){.probability = 1, .now_bytes = 2.5 * (1 << 30)});
    char text[200];
    fore_score_reason(&load, &score[3], text, sizeof text);
    assert_string_equal(text, "p3 holds 2.5 GiB, above 512 MiB: split by keys [growth]");
}

static void of_all_limits_the_largest_score_counts(void **state)
{
    world_set(&world, 1, 6, 0.5);
    size_it(1, (struct fore_size_outlook){.probability = 0.3, .when_s = 60});
    assert_int_equal(score[1].limit, FORE_LIMIT_NODE);
    assert_true(score[1].rrs > 0.9);
    size_it(2, (struct fore_size_outlook){.probability = 0.3, .when_s = 60});
    assert_int_equal(score[2].limit, FORE_LIMIT_SIZE); /* its part in the node's trouble is less */
    expect_near(score[2].rrs, 0.3, 1e-12);
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
        cmocka_unit_test_setup_teardown(a_size_that_will_not_do_is_nobody_elses_doing, begin, end),
        cmocka_unit_test_setup_teardown(a_size_that_is_passed_is_said_so, begin, end),
        cmocka_unit_test_setup_teardown(of_all_limits_the_largest_score_counts, begin, end),
        cmocka_unit_test_setup_teardown(more_load_never_lowers_the_score, begin, end),
    };
    return cmocka_run_group_tests_name("core/decide/score", tests, NULL, NULL);
}
