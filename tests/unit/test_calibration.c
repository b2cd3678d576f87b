#include "core/base/rng.h"
#include "core/risk/calibration.h"
#include "tests/support/near.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fore_calibration fresh(void)
{
    return fore_calibration_prior(0, 1, -14, 10);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

enum { TOGETHER = 16 };

/* Outcomes of a world in which an event that looks like x comes with this logit. */
static double too_bold(double x)
{
    return x > 0 ? 2.5 * x : 0.8 * x - 0.5;
}

static void nothing_learned_is_the_prior(void **state)
{
    struct fore_calibration c = fresh();
    expect_near(fore_calibration_apply(&c, 0), 0.5, 1e-9);
    expect_near(fore_calibration_apply(&c, -3), sigmoid(-3), 1e-9);
    fore_calibration_settle(&c);
    expect_near(fore_calibration_apply(&c, -3), sigmoid(-3), 1e-9);
    c = fore_calibration_prior(-2, 1, -8, 4);
    expect_near(fore_calibration_apply(&c, 1), sigmoid(-1), 1e-9);
    expect_near(fore_calibration_apply(&c, 1e9), sigmoid(2), 1e-9); /* beyond the range */
    expect_near(fore_calibration_apply(&c, -1e9), sigmoid(-10), 1e-9);
}

static void what_is_learned_waits_for_the_settling(void **state)
{
    struct fore_calibration c = fresh();
    for (int i = 0; i < 1000; i++)
        fore_calibration_learn(&c, 0, true);
    expect_near(fore_calibration_apply(&c, 0), 0.5, 1e-9);
    for (int i = 0; i < 5; i++)
        fore_calibration_settle(&c);
    assert_true(fore_calibration_apply(&c, 0) > 0.8);
    assert_int_equal(c.happened, 1000);
}

/* What is said before an outcome is known, by tenths, as risk_watch.c adds it up. */
static double error_of(struct fore_calibration *c, double (*truth)(double), uint64_t seed,
                       int rounds)
{
    struct fore_rng rng = fore_rng_stream(seed, "calibration", 0);
    double said[10] = {0}, came[10] = {0}, error = 0;
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < TOGETHER; i++) {
            double x = -8 + 11 * fore_rng_unit(&rng), p = fore_calibration_apply(c, x);
            bool happened = fore_rng_unit(&rng) < sigmoid(truth(x));
            if (r >= rounds / 2) {
                said[(int)(p * 9.999)] += p;
                came[(int)(p * 9.999)] += happened;
            }
            fore_calibration_learn(c, x, happened);
        }
        fore_calibration_settle(c);
    }
    for (int b = 0; b < 10; b++)
        error += fabs(said[b] - came[b]);
    return error / ((rounds - rounds / 2) * TOGETHER);
}

static void a_bent_curve_is_straightened(void **state)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct fore_calibration c = fresh();
        assert_true(error_of(&c, too_bold, seed, 4000) < 0.01);
        expect_near(fore_calibration_apply(&c, 1), sigmoid(too_bold(1)), 0.05);
        expect_near(fore_calibration_apply(&c, -2), sigmoid(too_bold(-2)), 0.05);
    }
}

/* A recursive fit that forgets grows ever less sure while nothing happens, and one surprise then
 * throws it off for days. */
static void a_long_calm_leaves_it_steady(void **state)
{
    struct fore_calibration c = fresh();
    assert_true(error_of(&c, too_bold, 7, 2000) < 0.015);
    for (int r = 0; r < 20000; r++) {
        for (int i = 0; i < TOGETHER; i++)
            fore_calibration_learn(&c, -9, false);
        fore_calibration_settle(&c);
    }
    for (int i = 0; i < TOGETHER; i++)
        fore_calibration_learn(&c, -9 + i * 0.5, true);
    fore_calibration_settle(&c);
    assert_true(fore_calibration_apply(&c, -9) < 0.01);
    assert_true(fore_calibration_apply(&c, -4) < 0.2);
    double middle = fore_calibration_apply(&c, 0);
    assert_true(middle > 0.2 && middle < 0.9);
}

static double as_it_looks(double x)
{
    return x;
}

/* The world changes: the memory that forgets faster is soon believed. */
static void it_follows_a_world_that_changes(void **state)
{
    struct fore_calibration c = fresh();
    assert_true(error_of(&c, as_it_looks, 3, 6000) < 0.01);
    double before = c.memory[2].trust; /* the longest */
    assert_true(error_of(&c, too_bold, 4, 1200) < 0.02);
    assert_true(c.memory[2].trust < 0.5 && c.memory[2].trust < before);
}

static void order_is_kept(void **state)
{
    struct fore_calibration c = fresh();
    struct fore_rng rng = fore_rng_stream(5, "calibration", 0);
    for (int r = 0; r < 500; r++) {
        for (int i = 0; i < TOGETHER; i++) /* the world has it upside down */
            fore_calibration_learn(&c, -6 + 8 * fore_rng_unit(&rng), fore_rng_unit(&rng) < 0.3);
        for (int i = 0; i < TOGETHER; i++)
            fore_calibration_learn(&c, -6, true);
        fore_calibration_settle(&c);
    }
    for (double x = -14; x < 10; x += 0.25)
        assert_true(fore_calibration_apply(&c, x + 0.25) > fore_calibration_apply(&c, x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_learned_is_the_prior),
        cmocka_unit_test(what_is_learned_waits_for_the_settling),
        cmocka_unit_test(a_bent_curve_is_straightened),
        cmocka_unit_test(a_long_calm_leaves_it_steady),
        cmocka_unit_test(it_follows_a_world_that_changes),
        cmocka_unit_test(order_is_kept),
    };
    return cmocka_run_group_tests_name("decide/calibration", tests, NULL, NULL);
}
