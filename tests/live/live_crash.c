/*
 * live_crash.c - kill -9 of the mover, of the source's primary and of the target's, at every step
 * that the journal knows and at instants drawn at random, while a client writes. Afterwards, with
 * nobody's help, every slot has one owner, no flag is left, nothing older is lost.
 *
 * LIVE_ROUNDS=N: at all steps of all slots, and N random instants for each of the three. Without
 * it, a short form of a few minutes: for the mover every step, for the nodes some. All slots are in
 * one group, so that the hook's calls are: open, before, of each; open, after, of each; and so on.
 */
#include "core/base/rng.h"
#include "tests/live/crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- tests -------------------------------------------------------------------------------- */

/* 0: the short form. */
static int rounds(void)
{
    const char *text = getenv("LIVE_ROUNDS");
    int count = text != NULL ? atoi(text) : 0;
    return count > 0 ? count : 0;
}

enum { STEPS_ALL = CRASH_SLOTS * CRASH_STEPS, INSTANT_US = 20000 };

static void a_mover_killed_at_every_step_loses_nothing(void **state)
{
    (void)state;
    int last = STEPS_ALL, stride = rounds() > 0 ? 1 : CRASH_SLOTS;
    for (int call = 1; call <= last; call += stride)
        assert_true(crash_mover(&(struct crash){.victim = CRASH_MOVER, .at_call = call}));
    if (rounds() > 0) /* there are no more */
        assert_false(crash_mover(&(struct crash){.victim = CRASH_MOVER, .at_call = last + 1}));
    crash_tell();
}

static void nodes_killed_at_every_step(enum crash_victim victim)
{
    static const int some[] = {4, 7, 13, 17};
    int count = rounds() > 0 ? STEPS_ALL : (int)FORE_COUNTOF(some);
    for (int i = 0; i < count; i++) {
        int call = rounds() > 0 ? i + 1 : some[i];
        assert_true(crash_node(&(struct crash){.victim = victim, .at_call = call}));
    }
    crash_tell();
}

static void a_source_killed_at_every_step_is_recovered(void **state)
{
    (void)state;
    nodes_killed_at_every_step(CRASH_SOURCE);
}

static void a_target_killed_at_every_step_is_recovered(void **state)
{
    (void)state;
    nodes_killed_at_every_step(CRASH_TARGET);
}

/* Some come when all is over: they do not count, and there are as many others. */
static void killed_at_any_instant(enum crash_victim victim)
{
    struct fore_rng rng = fore_rng_stream(1, "crash.instant", (uint32_t)victim);
    int left = rounds() > 0 ? rounds() : victim == CRASH_MOVER ? 2 : 1;
    for (int tries = 0; left > 0 && tries < 1000; tries++) {
        struct crash crash = {.victim = victim, .after_us = 1 + fore_rng_below(&rng, INSTANT_US)};
        left -= victim == CRASH_MOVER ? crash_mover(&crash) : crash_node(&crash);
        if (tries % 10 == 9) crash_tell();
    }
    assert_int_equal(left, 0);
    crash_tell();
}

static void a_mover_killed_at_any_instant_loses_nothing(void **state)
{
    (void)state;
    killed_at_any_instant(CRASH_MOVER);
}

static void a_source_killed_at_any_instant_is_recovered(void **state)
{
    (void)state;
    killed_at_any_instant(CRASH_SOURCE);
}

static void a_target_killed_at_any_instant_is_recovered(void **state)
{
    (void)state;
    killed_at_any_instant(CRASH_TARGET);
}

/* Longer than it takes to be thought dead: when it goes on it is a primary of the past. */
static void stopped_at_any_instant(enum crash_victim victim)
{
    struct fore_rng rng = fore_rng_stream(2, "crash.stop", (uint32_t)victim);
    int left = rounds() > 0 ? (rounds() + 9) / 10 : 1;
    for (int tries = 0; left > 0 && tries < 1000; tries++)
        left -= crash_node(&(struct crash){.victim = victim,
                                           .harm = CRASH_STOP,
                                           .after_us = 1 + fore_rng_below(&rng, INSTANT_US)});
    assert_int_equal(left, 0);
    crash_tell();
}

static void a_source_stopped_at_any_instant_is_recovered(void **state)
{
    (void)state;
    stopped_at_any_instant(CRASH_SOURCE);
}

static void a_target_stopped_at_any_instant_is_recovered(void **state)
{
    (void)state;
    stopped_at_any_instant(CRASH_TARGET);
}

static int begin_group(void **state)
{
    (void)state;
    crash_begin("3 -r 1 -t 2000");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    crash_end();
    return 0;
}

/* live_crash [PATTERN]: only tests whose names match. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mover_killed_at_every_step_loses_nothing),
        cmocka_unit_test(a_mover_killed_at_any_instant_loses_nothing),
        cmocka_unit_test(a_target_killed_at_every_step_is_recovered),
        cmocka_unit_test(a_source_killed_at_every_step_is_recovered),
        cmocka_unit_test(a_source_killed_at_any_instant_is_recovered),
        cmocka_unit_test(a_target_killed_at_any_instant_is_recovered),
        cmocka_unit_test(a_source_stopped_at_any_instant_is_recovered),
        cmocka_unit_test(a_target_stopped_at_any_instant_is_recovered),
    };
    if (!ground_possible()) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("live: crashes", tests, begin_group, end_group);
}
