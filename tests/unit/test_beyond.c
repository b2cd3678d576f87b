/* test_beyond.c - what comes after the horizon: where it is taken from, and that plans heed it. */
#include "core/decide/beyond.h"

#include "core/decide/beam.h"
#include "tests/support/peer.h"

#include <math.h>

enum { BEYOND_STEPS = 6 };

static float mean[WORLD_CAP * BEYOND_STEPS], own[WORLD_CAP * BEYOND_STEPS];
static float common[WORLD_CAP * BEYOND_STEPS];
static struct fore_scenario usual;

/* The hour itself is calm; in the third hour after it node 0 is too full. */
static void make_usual(void)
{
    for (size_t i = 0; i < FORE_COUNTOF(mean); i++) {
        mean[i] = 0.125f;
        own[i] = common[i] = 0.005f;
    }
    for (uint32_t p = 0; p < 4; p++)
        mean[p * BEYOND_STEPS + 2] = 0.26f;
    usual = (struct fore_scenario){.model = "profile",
                                   .origin = world.forecast.steps * world.forecast.step,
                                   .step = 3600 * FORE_SEC,
                                   .steps = BEYOND_STEPS,
                                   .partition_count = world.forecast.partition_count,
                                   .mean = mean,
                                   .own = own,
                                   .common = common,
                                   .ready = true};
    world.decide.beyond_weight = 0.5;
    world.input.term[0] = (struct fore_load_term){.scenario = &world.forecast, .weight = 1};
    world.input.term_count = 1;
}

static void without_it_nothing_is_done_for_later(void **state)
{
    (void)state;
    make_usual();
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_int_equal(plan.move_count, 0);
}

static void with_it_the_usual_peak_is_prepared_for_while_all_is_calm(void **state)
{
    (void)state;
    make_usual();
    world.input.beyond = &usual;
    world.input.calm = true;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_true(plan.move_count >= 1);
    assert_int_equal(plan.move[0].move.source, 0);
    assert_true(plan.violation_after_s < 0.1 * plan.violation_before_s);
}

static void the_weight_says_how_much_later_is_worth(void **state)
{
    (void)state;
    make_usual();
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        world_set(&world, p, 0, 0.2); /* 80 % of each node: a copy's work is felt now */
    world.input.beyond = &usual;
    world.decide.beyond_weight = 0.01;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_int_equal(plan.move_count, 0);
    world.decide.beyond_weight = 1;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_true(plan.move_count >= 1);
}

static void a_weight_of_nothing_is_no_look_at_all(void **state)
{
    (void)state;
    make_usual();
    world.input.beyond = &usual;
    world.decide.beyond_weight = 0;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_int_equal(plan.move_count, 0);
}

/* Looked at from the end of the horizon: a change due after it is there for a part of the first
 * step only, and what it did is put back bit by bit. */
static void costs_beyond_add_up_and_are_put_back(void **state)
{
    (void)state;
    make_usual();
    struct fore_search search, other;
    world.input.beyond = &usual;
    fore_planner_search(&search, &world.input, &world.arena);
    struct fore_load_change change = {.node = 0, .partition = 0, .share = -1};
    double alone = search.load.cost[0];
    double less = fore_load_cost_with(&search.load, 0, &change, 1);
    assert_true(less < 0.5 * alone);
    fore_load_apply(&search.load, &change, 1);
    assert_true(fabs(search.load.cost[0] - less) < 1e-9 * alone);
    fore_planner_search(&other, &world.input, &world.arena);
    struct fore_choice *choice = FORE_NEW(&world.arena, struct fore_choice, 1);
    double before[WORLD_NODES];
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        before[n] = fore_load_cost_with(&other.load, (uint16_t)n, NULL, 0);
    world.decide.effort = 3000; /* down many paths, and back */
    fore_beam_choose(&other, 4, choice);
    assert_true(choice->count >= 1);
    for (uint32_t i = choice->count; i-- > 0;)
        for (uint32_t k = 0; k < choice->item[i].change_count; k++)
            before[choice->item[i].change[k].node] = -1; /* these were changed, for good */
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        if (before[n] >= 0)
            assert_true(fore_load_cost_with(&other.load, (uint16_t)n, NULL, 0) == before[n]);
}

/* ---- the scenario itself --------------------------------------------------------------------- */

static const fore_ns hour = 3600 * FORE_SEC;

static const struct fore_scenario *make(fore_ns span)
{
    world.decide.beyond_span = span;
    return fore_beyond_make(&world.decide, world.observe, &world.topology, &world.forecast,
                            &world.arena);
}

/* Partition 0 has .5 cores in every 15th hour of a day, all others .1 at all times. */
static void live_through(uint32_t hours)
{
    uint32_t each = (uint32_t)(hour / world.observe_options.window);
    for (uint32_t h = 0; h < hours; h++) {
        for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
            world.observe->partition[p].load = p == 0 && h % 24 == 15 ? 0.5 : 0.1;
        remember(each);
    }
}

static void it_is_nothing_without_a_span_or_two_days(void **state)
{
    (void)state;
    make_usual();
    live_through(40);
    assert_null(make(22 * hour));
    live_through(20);
    assert_non_null(make(22 * hour));
    assert_null(make(0));
}

static void it_is_the_usual_day_from_where_the_forecast_ends(void **state)
{
    (void)state;
    make_usual();
    live_through(72);
    world.forecast.origin = 72 * hour; /* of an hour: 1 o'clock it is then */
    const struct fore_scenario *s = make(22 * hour);
    assert_non_null(s);
    assert_int_equal(s->steps, 22);
    assert_int_equal(s->origin, 73 * hour);
    for (size_t k = 0; k < s->steps; k++) {
        assert_true(fabs((double)s->mean[k] - (k == 14 ? 0.5 : 0.1)) < 1e-6);
        assert_true(fabs((double)s->mean[s->steps + k] - 0.1) < 1e-6);
    }
    /* 0.005 at a level of 0.125: four times the level, twice the spread */
    assert_true(fabs((double)s->own[14] - 0.005 * sqrt(0.5 / 0.125)) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(without_it_nothing_is_done_for_later),
        PEER_TEST(with_it_the_usual_peak_is_prepared_for_while_all_is_calm),
        PEER_TEST(the_weight_says_how_much_later_is_worth),
        PEER_TEST(a_weight_of_nothing_is_no_look_at_all),
        PEER_TEST(costs_beyond_add_up_and_are_put_back),
        PEER_TEST(it_is_nothing_without_a_span_or_two_days),
        PEER_TEST(it_is_the_usual_day_from_where_the_forecast_ends),
    };
    return cmocka_run_group_tests_name("core/decide/beyond", tests, NULL, NULL);
}
