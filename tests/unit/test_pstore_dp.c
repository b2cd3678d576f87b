/* test_pstore_dp.c - P-Store's arithmetic against values from the authors' formulas, and plans. */
#include "core/decide/pstore_dp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/near.h"

static void average_machines_are_the_authors(void **state)
{
    (void)state;
    expect_near(fore_pstore_dp_machines(3, 5), 5, 0);
    expect_near(fore_pstore_dp_machines(3, 9), 7.5, 0);
    expect_near(fore_pstore_dp_machines(3, 14), 10.0909, 5e-5);
    expect_near(fore_pstore_dp_machines(2, 10), 7, 0);
    expect_near(fore_pstore_dp_machines(14, 3), 10.0909, 5e-5);
}

static void reconfiguration_times_are_the_authors(void **state)
{
    (void)state;
    assert_int_equal(fore_pstore_dp_steps(155, 6, 3, 5), 6);
    assert_int_equal(fore_pstore_dp_steps(155, 6, 3, 9), 6);
    assert_int_equal(fore_pstore_dp_steps(155, 6, 3, 14), 7);
    assert_int_equal(fore_pstore_dp_steps(155, 6, 1, 2), 13);
    assert_int_equal(fore_pstore_dp_steps(155, 6, 4, 6), 5);
    assert_int_equal(fore_pstore_dp_steps(155, 6, 4, 4), 0);
}

static void capacity_follows_the_fullest_node(void **state)
{
    (void)state;
    /* Q / (1/b - i/T (1/b - 1/a)) and its mirror image; half way from 2 to 4: 1/(3/8). */
    expect_near(fore_pstore_dp_capacity(10, 2, 4, 0, 4), 20, 1e-12);
    expect_near(fore_pstore_dp_capacity(10, 2, 4, 2, 4), 10 / 0.375, 1e-12);
    expect_near(fore_pstore_dp_capacity(10, 2, 4, 4, 4), 40, 1e-12);
    expect_near(fore_pstore_dp_capacity(10, 4, 2, 2, 4), 10 / 0.375, 1e-12);
}

static struct fore_pstore_plan plan_of(const double *load, size_t steps, uint32_t nodes)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct fore_pstore_dp dp = {.load = load,
                                .steps = steps,
                                .node_load = 10,
                                .copy_steps = 8,
                                .node_threads = 1,
                                .nodes = nodes,
                                .nodes_max = 20};
    struct fore_pstore_plan plan = fore_pstore_dp_plan(&dp, &arena);
    fore_arena_fini(&arena);
    return plan;
}

static void a_rise_is_met_as_late_as_it_can_be(void **state)
{
    (void)state;
    /* 2 -> 3 nodes takes ceil((1 - 2/3) 8 / 1) = 3 steps; at step 8 a load of 25 comes,
     * which two thirds of the change carry (10 / (1/2 - 2/3 * 1/6) = 25.7): so step 6 is in time.
     */
    const double load[] = {15, 15, 15, 15, 15, 15, 15, 15, 25, 25};
    struct fore_pstore_plan plan = plan_of(load, 9, 2);
    assert_true(plan.feasible);
    assert_int_equal(plan.nodes, 3);
    assert_int_equal(plan.starts_at, 6);
}

static void the_fewest_nodes_at_the_end_win(void **state)
{
    (void)state;
    const double load[] = {35, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    struct fore_pstore_plan plan = plan_of(load, 12, 4);
    assert_true(plan.feasible);
    assert_true(plan.nodes < 4);
}

static void a_surge_nobody_can_meet_asks_for_all_it_needs(void **state)
{
    (void)state;
    const double load[] = {15, 75, 75, 75};
    struct fore_pstore_plan plan = plan_of(load, 3, 2);
    assert_false(plan.feasible);
    assert_int_equal(plan.nodes, 8);
}

static void a_dip_is_not_worth_moving_for(void **state)
{
    (void)state;
    const double load[] = {19, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 19};
    struct fore_pstore_plan plan = plan_of(load, 20, 2);
    assert_true(plan.feasible);
    assert_int_equal(plan.nodes, 2);
    assert_int_equal(plan.starts_at, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(average_machines_are_the_authors),
        cmocka_unit_test(reconfiguration_times_are_the_authors),
        cmocka_unit_test(capacity_follows_the_fullest_node),
        cmocka_unit_test(a_rise_is_met_as_late_as_it_can_be),
        cmocka_unit_test(the_fewest_nodes_at_the_end_win),
        cmocka_unit_test(a_surge_nobody_can_meet_asks_for_all_it_needs),
        cmocka_unit_test(a_dip_is_not_worth_moving_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
