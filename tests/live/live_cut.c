/* live_cut.c - the two ends of a move cannot hear one another for longer than the node timeout,
 * while everybody else can: at steps that the journal knows and at any instant, under writes. In a
 * network namespace of its own; needs the right to make one, and `ip`. What the nodes said just
 * before the cut arrives when it ends, seconds late. And a target dies of which its own replica has
 * not heard what all others have. (MIGRATE speaks from no address of its own,
 * and passes.) */
#include "core/base/rng.h"
#include "tests/live/crash.h"
#include "tests/live/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INSTANT_US = 20000 };

static bool apart;

static int rounds(void)
{
    const char *text = getenv("LIVE_ROUNDS");
    int count = text != NULL ? atoi(text) : 0;
    return count > 0 ? count : 0;
}

static void ends_that_cannot_hear_one_another_lose_nothing(void **state)
{
    (void)state;
    static const int some[] = {7, 13, 17};
    if (!apart) print_message("no network namespace of its own, or no `ip`\n");
    if (!apart) skip();
    int steps = rounds() > 0 ? CRASH_SLOTS * CRASH_STEPS : (int)FORE_COUNTOF(some);
    for (int i = 0; i < steps; i++) {
        struct crash crash = {
            .victim = CRASH_SOURCE, .harm = CRASH_CUT, .at_call = rounds() > 0 ? i + 1 : some[i]};
        assert_true(crash_node(&crash));
    }
    struct fore_rng rng = fore_rng_stream(1, "crash.cut", 0);
    for (int left = (rounds() + 9) / 10, tries = 0; left > 0 && tries < 1000; tries++) {
        struct crash crash = {.victim = CRASH_SOURCE,
                              .harm = CRASH_CUT,
                              .after_us = 1 + fore_rng_below(&rng, INSTANT_US)};
        left -= crash_node(&crash);
    }
    crash_tell();
}

/* The target owns a slot, everybody has heard so but its replica, and it dies. */
static void an_heir_that_does_not_know_of_a_slot_keeps_it(void **state)
{
    (void)state;
    if (!apart) skip();
    struct crash crash = {.victim = CRASH_TARGET, .harm = CRASH_UNHEARD};
    assert_true(crash_node(&crash));
    crash_tell();
}

static int begin_group(void **state)
{
    (void)state;
    apart = cut_possible();
    if (apart) crash_begin("3 -r 1 -t 2000 -b 127.0.1");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    if (apart) crash_end();
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_heir_that_does_not_know_of_a_slot_keeps_it),
        cmocka_unit_test(ends_that_cannot_hear_one_another_lose_nothing),
    };
    if (!ground_possible()) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("live: cut off", tests, begin_group, end_group);
}
