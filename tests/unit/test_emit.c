/* What is planned with a split, its move or copies bound to it, as the option says, and with the
 * first half of a swap; and how a plan and its dry run tell it. */
#include "core/decide/whatif.h"
#include "tests/support/near.h"
#include "tests/support/world_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint32_t first_split(void)
{
    for (uint32_t i = 0; i < plan.move_count; i++)
        if (plan.move[i].move.kind == FORE_MOVE_SPLIT) return i;
    fail_msg("no split: %s", plan.reason);
    return 0;
}

/* 1.2 cores of reads on a node of one; the others have 0.2 to spare. */
static void ask_for_a_hybrid(void)
{
    crowd_every_node(0.15);
    world_set(&world, 0, 0, 1.2);
    for (uint32_t p = 1; p < 4; p++)
        world_set(&world, p, 0, 0.001);
    world.observe->partition[0].write_share = 0;
    world.topology.partition[0].bytes /= 20;
    world_keys(&world, 0, 512, false);
    world.decide.replicas_max = 3;
}

static void nothing_is_bound_unless_asked_for(void **state)
{
    ask_for_a_split();
    make_plan();
    (void)first_split();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(plan.move[i].after, 0);
    world.decide.bound = FORE_BOUND_COPIES;
    make_plan();
    for (uint32_t i = 0; i < plan.move_count; i++)
        assert_int_equal(plan.move[i].after, 0);
}

static void the_move_of_a_part_is_planned_with_its_split(void **state)
{
    ask_for_a_split();
    make_plan();
    double promised = plan.move[first_split()].gain_s;
    world.decide.bound = FORE_BOUND_ALL;
    make_plan();
    uint32_t at = first_split();
    const struct fore_plan_move *split = &plan.move[at], *move = split + 1;
    assert_true(fore_plan_leads(&plan, at));
    assert_null(fore_plan_fault(&plan));
    assert_int_equal(move->after, at + 1);
    assert_int_equal(move->move.kind, FORE_MOVE_MOVE);
    assert_int_equal(move->move.source, 0);
    assert_true(move->on_new);
    expect_near(split->gain_s + move->gain_s, promised, 1e-9); /* told once */
    double part = split->move.split_right_share * (double)(1 << 30);
    expect_near(move->bytes, part, 1);
    expect_near(fore_plan_end_s(&plan, at + 1), move->duration_s, 1e-9);
    expect_near(move->duration_s, 900 * split->move.split_right_share, 1);
}

/* The cut is not even, so the parts are not alike. */
static void the_part_that_is_worth_it_goes(void **state)
{
    ask_for_a_split();
    world.decide.bound = FORE_BOUND_ALL;
    const struct fore_partition *p = &world.topology.partition[0];
    uint64_t heavy = p->first + (p->last - p->first) / 2;
    for (int i = 0; i < 400; i++) /* one key with 44 %: the cut lies beside it */
        fore_keyrange_add(world.observe->key_ranges, FORE_SEC, 0, heavy, 1);
    make_plan();
    const struct fore_plan_move *split = &plan.move[first_split()], *move = split + 1;
    double right = split->move.split_right_share;
    assert_true(right < 0.45 || right > 0.55);
    assert_true(move->after > 0);
    /* Whichever part was chosen, its bytes and the dry run's are of that part. */
    expect_near(move->bytes, (move->on_new ? right : 1 - right) * (double)(1 << 30), 1);
    struct fore_whatif *whatif = FORE_NEW(&world.arena, struct fore_whatif, 1);
    fore_whatif_explain(&world.input, &plan, 100, &world.arena, whatif);
    expect_near(whatif->violation_after_s, plan.violation_after_s, 1e-3 * plan.violation_before_s);
}

static void copies_of_the_hotter_part_come_one_after_the_other(void **state)
{
    ask_for_a_hybrid();
    world.decide.bound = FORE_BOUND_COPIES;
    make_plan();
    uint32_t at = first_split();
    assert_int_equal(plan.move[at].then_copies, 2);
    for (uint32_t k = 1; k <= 2; k++) {
        const struct fore_plan_move *copy = &plan.move[at + k];
        assert_int_equal(copy->move.kind, FORE_MOVE_ADD_REPLICA);
        assert_int_equal(copy->after, at + k);
        assert_int_equal(copy->move.target, plan.move[at].then_target[k - 1]);
        assert_int_equal(copy->on_new, plan.move[at].move.split_right_share >= 0.5);
    }
    assert_null(fore_plan_fault(&plan));
    expect_near(fore_plan_end_s(&plan, at + 2), 2 * plan.move[at + 1].duration_s, 1e-6);
}

static void the_dry_run_tells_what_waits_for_what(void **state)
{
    struct fore_whatif *whatif = FORE_NEW(&world.arena, struct fore_whatif, 1);
    ask_for_a_hybrid();
    world.decide.bound = FORE_BOUND_COPIES;
    make_plan();
    fore_whatif_explain(&world.input, &plan, 100, &world.arena, whatif);
    expect_near(whatif->violation_after_s, plan.violation_after_s, 1e-3 * plan.violation_before_s);
    expect_near(whatif->duration_s, fore_plan_end_s(&plan, first_split() + 2), 1e-6);
    struct fore_buf text = {0}, json = {0};
    struct fore_json writer = fore_json_begin(&json, false);
    fore_whatif_print(whatif, &text);
    fore_json_object(&writer, NULL);
    fore_whatif_json(whatif, &writer);
    fore_json_object_end(&writer);
    assert_non_null(strstr(text.data, "then, once the split of p0 is done: replicate"));
    assert_non_null(strstr(text.data, "then, once the replicate of "));
    assert_null(strstr(text.data, "to read its hotter part from"));
    assert_non_null(strstr(json.data, "\"after\":0,\"on_new\":"));
    assert_non_null(strstr(json.data, "\"after\":1,\"on_new\":"));
    fore_buf_fini(&text);
    fore_buf_fini(&json);
}

static void dropping_a_leader_drops_what_is_bound_to_it(void **state)
{
    ask_for_a_hybrid();
    world.decide.bound = FORE_BOUND_COPIES;
    make_plan();
    uint32_t before = plan.move_count, at = first_split();
    bool keep[FORE_PLAN_MOVES];
    memset(keep, true, sizeof keep);
    keep[at] = false;
    fore_plan_keep(&plan, keep);
    assert_int_equal(plan.move_count, before - 3);
    make_plan();
    memset(keep, true, sizeof keep);
    keep[at + 2] = false; /* only the last copy */
    fore_plan_keep(&plan, keep);
    assert_int_equal(plan.move_count, before - 1);
    assert_null(fore_plan_fault(&plan));
}

static void the_second_half_of_a_swap_is_planned_with_the_first(void **state)
{
    world_want_swap(&world);
    make_plan();
    assert_true(plan.move[0].then_back);
    uint32_t partner = plan.move[0].then_partner, count = plan.move_count;
    double promised = plan.move[0].gain_s, after_s = plan.violation_after_s;
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(plan.move[i].after, 0);
    for (uint32_t bound = FORE_BOUND_COPIES; bound <= FORE_BOUND_ALL; bound++) {
        world.decide.bound = bound;
        make_plan();
        const struct fore_plan_move *first = &plan.move[0], *second = &plan.move[1];
        assert_null(fore_plan_fault(&plan));
        assert_true(first->then_back && plan.move_count > count);
        assert_int_equal(second->move.kind, FORE_MOVE_MOVE);
        assert_int_equal(second->move.partition, partner);
        assert_int_equal(second->move.source, first->move.target);
        assert_int_equal(second->move.target, first->move.source);
        assert_int_equal(second->after, 1);
        assert_false(second->on_new);
        expect_near(first->gain_s + second->gain_s, promised, 1e-9); /* told once */
        expect_near(fore_plan_end_s(&plan, 1), 1800, 1e-6);
        expect_near(plan.violation_after_s, after_s, 1e-9);
    }
}

static void the_dry_run_of_a_bound_swap_counts_it_once(void **state)
{
    struct fore_whatif *whatif = FORE_NEW(&world.arena, struct fore_whatif, 1);
    struct fore_buf text = {0};
    world_want_swap(&world);
    world.decide.bound = FORE_BOUND_ALL;
    make_plan();
    fore_whatif_explain(&world.input, &plan, 100, &world.arena, whatif);
    expect_near(whatif->violation_after_s, plan.violation_after_s, 1e-3 * plan.violation_before_s);
    expect_near(whatif->duration_s, 1800, 1e-6);
    fore_whatif_print(whatif, &text);
    assert_non_null(strstr(text.data, "then, once the move of p"));
    assert_null(strstr(text.data, " back"));
    fore_buf_fini(&text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(nothing_is_bound_unless_asked_for),
        T(the_move_of_a_part_is_planned_with_its_split),
        T(the_part_that_is_worth_it_goes),
        T(copies_of_the_hotter_part_come_one_after_the_other),
        T(the_dry_run_tells_what_waits_for_what),
        T(dropping_a_leader_drops_what_is_bound_to_it),
        T(the_second_half_of_a_swap_is_planned_with_the_first),
        T(the_dry_run_of_a_bound_swap_counts_it_once),
    };
    return cmocka_run_group_tests_name("core/decide: bound moves", tests, NULL, NULL);
}
