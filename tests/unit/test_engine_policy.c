/* Another policy decides from some step on: what was learned stays, moves that run end, and an
 * order is an event. */
#include "tests/support/engine_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void another_policy_decides_from_the_next_step_on(void **state)
{
    (void)state;
    ec.setup.policy = "static";
    engine_case_start();
    engine_case_run(100, 0, 0.95);
    assert_int_equal(engine_case_moves_done(), 0);
    uint64_t windows = fore_engine_observe(ec.engine)->windows;
    assert_int_equal(fore_engine_set_policy(ec.engine, "nowcast", &ec.diag), FORE_E_OK);
    assert_string_equal(fore_engine_policy(ec.engine)->name, "nowcast");
    engine_case_run(60, 0, 0.95);
    assert_true(engine_case_moves_done() >= 1);
    assert_int_equal(fore_engine_observe(ec.engine)->windows, windows + 60);
}

static void moves_that_run_end_under_the_next_one(void **state)
{
    (void)state;
    engine_case_start();
    for (int i = 0; i < 300 && fore_engine_moves(ec.engine)->running == 0; i++)
        engine_case_run(1, 0, 0.95);
    assert_true(fore_engine_moves(ec.engine)->running > 0);
    assert_int_equal(fore_engine_set_policy(ec.engine, "static", &ec.diag), FORE_E_OK);
    uint32_t plans = ec.seen[FORE_EV_PLAN];
    engine_case_run(200, 0, 0.95);
    assert_int_equal(fore_engine_moves(ec.engine)->running, 0);
    assert_true(engine_case_moves_done() >= 1);
    assert_int_equal(ec.seen[FORE_EV_PLAN], plans);
    assert_int_equal(fake_orphan_count(ec.fake), 0);
}

static void what_is_no_policy_here_changes_nothing(void **state)
{
    (void)state;
    engine_case_start();
    engine_case_run(10, 0, 0.1);
    assert_int_equal(fore_engine_set_policy(ec.engine, "reactve", &ec.diag), FORE_E_FORMAT);
    assert_non_null(strstr(ec.diag.text, "did you mean \"reactive\""));
    assert_int_equal(fore_engine_set_policy(ec.engine, "oracle", &ec.diag), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_engine_set_policy(ec.engine, "", &ec.diag), FORE_E_FORMAT);
    assert_string_equal(fore_engine_policy(ec.engine)->name, "nowcast");
}

/* The one that decides already keeps what it has in mind. */
static void the_same_policy_again_goes_on(void **state)
{
    (void)state;
    ec.setup.policy = "reactive";
    engine_case_start();
    engine_case_run(10, 0, 0.1);
    const void *memory = ec.engine->policy_memory;
    assert_int_equal(fore_engine_set_policy(ec.engine, "reactive", &ec.diag), FORE_E_OK);
    assert_ptr_equal(ec.engine->policy_memory, memory);
}

/* Each has options of its own. */
static void default_all(void)
{
    struct fore_option_binding binding[FORE_POLICY_SECTIONS];
    size_t count = fore_policy_bindings(&ec.options.policy, binding);
    for (size_t i = 0; i < count; i++)
        fore_option_defaults(binding[i], &ec.arena);
}

static void every_policy_may_follow_every_other(void **state)
{
    (void)state;
    size_t count = 0;
    while (fore_policies[count] != NULL)
        count++;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "test.policy", 0);
        default_all();
        engine_case_start();
        for (int swap = 0; swap < 40; swap++) {
            const struct fore_policy *next = fore_policies[fore_rng_below(&rng, (uint32_t)count)];
            enum fore_err err = fore_engine_set_policy(ec.engine, next->name, &ec.diag);
            if (err != (next->needs_truth ? FORE_E_UNSUPPORTED : FORE_E_OK))
                fail_msg("seed %llu, %s: %s", (unsigned long long)seed, next->name, ec.diag.text);
            engine_case_run(1 + fore_rng_below(&rng, 12), fore_rng_below(&rng, 8), 0.95);
            assert_int_equal(fore_topology_check(&ec.fake->topology, &ec.diag), FORE_E_OK);
        }
        (void)engine_case_end(NULL);
        (void)engine_case_begin(NULL);
    }
}

static void an_order_is_an_event(void **state)
{
    (void)state;
    engine_case_start();
    const struct fore_event_order order = {.kind = FORE_ORDER_HINTS, .done = 1};
    fore_engine_note_order(ec.engine, &order, "hints, by a test", 5);
    assert_int_equal(ec.seen[FORE_EV_ORDER], 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, engine_case_begin, engine_case_end)
    const struct CMUnitTest tests[] = {
        T(another_policy_decides_from_the_next_step_on), T(moves_that_run_end_under_the_next_one),
        T(what_is_no_policy_here_changes_nothing),       T(the_same_policy_again_goes_on),
        T(every_policy_may_follow_every_other),          T(an_order_is_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
