/* What the API says of a plan: among the rest, which of its moves wait for which. */
#include "live/api/plans.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct live_plans plans;

static int begin(void **state)
{
    world_init(&world);
    memset(&plans, 0, sizeof plans);
    return 0;
}

static int end(void **state)
{
    live_plans_fini(&plans);
    world_fini(&world);
    return 0;
}

static struct fore_plan_move *add(struct live_plan *plan, enum fore_move_kind kind, uint16_t from,
                                  uint16_t to, uint32_t after)
{
    struct fore_plan_move *m = &plan->plan.move[plan->plan.move_count++];
    *m = (struct fore_plan_move){
        .move = {.kind = kind, .partition = 3, .source = from, .target = to},
          .after = after
    };
    return m;
}

static void what_waits_names_its_leader_by_index(void **state)
{
    struct live_plan *plan = live_plans_add(&plans, false);
    add(plan, FORE_MOVE_SPLIT, 0, FORE_NODE_NONE, 0);
    add(plan, FORE_MOVE_MOVE, 0, 2, 1)->on_new = true;
    live_plans_explain(plan, &world.topology);
    assert_non_null(strstr(plan->json.data, "\"after\":0,\"on_new\":true"));
    const char *split = strstr(plan->json.data, "\"kind\":\"split\"");
    const char *move = strstr(plan->json.data, "\"kind\":\"move\"");
    assert_true(split != NULL && move != NULL && split < move);
    assert_true(strstr(split, "\"after\"") > move); /* the split itself waits for nothing */
}

static void what_does_not_wait_says_nothing_of_it(void **state)
{
    struct live_plan *plan = live_plans_add(&plans, false);
    add(plan, FORE_MOVE_MOVE, 0, 2, 0);
    live_plans_explain(plan, &world.topology);
    assert_null(strstr(plan->json.data, "after\":"));
    assert_null(strstr(plan->json.data, "on_new"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_waits_names_its_leader_by_index),
        T(what_does_not_wait_says_nothing_of_it),
    };
    return cmocka_run_group_tests_name("live/api/plans", tests, NULL, NULL);
}
