/* How large a partition will be: the model against its closed form, and the outlook for a ceiling.
 */
#include "core/forecast/size.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const double MIB = 1024 * 1024;

static struct fore_size_model fit(const double *at_s, const double *bytes, size_t count)
{
    struct fore_sizes_point point[FORE_SIZES_POINTS + 1] = {0};
    for (size_t i = 0; i < count; i++)
        point[i] = (struct fore_sizes_point){.at = (fore_ns)(at_s[i] * 1e9), .bytes = bytes[i]};
    return fore_size_fit(point, count);
}

/* P(T > t) by adding up the density, for comparison. */
static double tail_by_sum(double t, unsigned freedom)
{
    double n = freedom, sum = 0, whole = 0, h = 1e-3;
    for (double angle = h / 2; angle < acos(-1); angle += h) { /* x = -cot(angle) sqrt(n) */
        double density = pow(sin(angle), n - 1);
        whole += density;
        if (-sqrt(n) / tan(angle) > t) sum += density;
    }
    return sum / whole;
}

static void students_tail_is_that_of_its_density(void **state)
{
    for (unsigned n = 1; n <= 16; n++)
        for (double t = -4; t <= 4; t += 0.37)
            expect_near(fore_size_student_tail(t, n), tail_by_sum(t, n), 2e-3);
    expect_near(fore_size_student_tail(12.706204736, 1), 0.025, 1e-9); /* the tables */
    expect_near(fore_size_student_tail(4.302652730, 2), 0.025, 1e-9);
    expect_near(fore_size_student_tail(3.182446305, 3), 0.025, 1e-9);
    expect_near(fore_size_student_tail(2.228138852, 10), 0.025, 1e-9);
    expect_near(fore_size_student_tail(0, 7), 0.5, 1e-12);
    assert_true(fore_size_student_tail(1e9, 5) >= 0);
}

/* Increments 8, 12, 9, 11 in 10 s each: a rate of 1, s^2 = (4 + 4 + 1 + 1) / 10 / 3 a second. */
static void the_distribution_is_the_closed_form(void **state)
{
    const double at[] = {10, 20, 30, 40, 50}, bytes[] = {100, 108, 120, 129, 140};
    struct fore_size_model m = fit(at, bytes, 5);
    assert_true(m.known);
    expect_near(m.rate, 1, 1e-12);
    expect_near(m.freedom, 3, 0);
    expect_near(m.volatility, sqrt(1.0 / 3), 1e-12);
    expect_near(fore_size_mean(&m, 20), 160, 1e-9);
    double spread = sqrt(1.0 / 3) * sqrt(20 + 400.0 / 40);
    expect_near(fore_size_spread(&m, 20), spread, 1e-9);
    expect_near(fore_size_above(&m, 160, 20), 0.5, 1e-9);
    expect_near(fore_size_above(&m, 160 + 3.182446305 * spread, 20), 0.025, 1e-6);
}

static void uneven_times_weigh_as_they_are(void **state)
{
    const double even[] = {10, 20, 30, 40, 50, 60}, uneven[] = {10, 12, 30, 31, 59, 60};
    double bytes[6];
    for (int i = 0; i < 6; i++)
        bytes[i] = 7 * uneven[i];
    struct fore_size_model m = fit(uneven, bytes, 6);
    expect_near(m.rate, 7, 1e-9);
    expect_near(m.volatility, 0, 1e-9);
    for (int i = 0; i < 6; i++)
        bytes[i] = 7 * even[i];
    expect_near(fit(even, bytes, 6).rate, 7, 1e-9);
}

static void the_steadiest_rate_is_not_quite_sure(void **state)
{
    const double at[] = {10, 20, 30, 40, 50, 60}, bytes[] = {10, 20, 30, 40, 50, 60};
    struct fore_size_model m = fit(at, bytes, 6);
    expect_near(fore_size_spread(&m, 100), 2, 1e-9); /* 2 % of what is to come */
    assert_true(fore_size_above(&m, 161, 100) > 0.2);
    assert_true(fore_size_above(&m, 190, 100) < 0.01);
}

static void little_that_was_seen_promises_little(void **state)
{
    const double at[] = {10, 20, 30, 40, 50}, bytes[] = {10, 20, 30, 40, 50};
    assert_false(fit(at, bytes, 0).known);
    assert_false(fit(at, bytes, 1).known);
    assert_false(fit(at, bytes, 4).known);
    assert_true(fit(at, bytes, 5).known);
    struct fore_size_model m = fit(at, bytes, 4); /* no more than what it holds */
    expect_near(fore_size_mean(&m, 1000), 40, 0);
    expect_near(fore_size_above(&m, 41, 1000), 0, 0);
    expect_near(fore_size_above(&m, 39, 1000), 1, 0);
}

static void what_is_no_past_is_not_fitted(void **state)
{
    const double at[] = {10, 20, 30, 40, 50}, back[] = {10, 20, 20, 40, 50};
    double bytes[] = {10, 20, 30, 40, 50};
    assert_false(fit(back, bytes, 5).known);
    bytes[2] = (double)NAN;
    assert_false(fit(at, bytes, 5).known);
    bytes[4] = (double)NAN;
    expect_near(fit(at, bytes, 5).now_bytes, 0, 0);
}

/* 480 MiB and 1 MiB a minute: the ceiling of 512 is reached in 32 minutes. */
static struct fore_size_model growing(double noise)
{
    double at[10], bytes[10];
    for (int i = 0; i < 10; i++) {
        at[i] = 60 * (i + 1);
        bytes[i] = (471 + i + (i > 0 && i < 9 ? (i % 2 > 0 ? noise : -noise) : 0)) * MIB;
    }
    return fit(at, bytes, 10);
}

static void the_outlook_says_how_likely_and_when(void **state)
{
    struct fore_size_model m = growing(0);
    struct fore_size_outlook look = fore_size_look(&m, 512 * MIB, 3600, HUGE_VAL);
    expect_near(look.when_s, 32 * 60, 1);
    assert_true(look.probability > 0.999);
    expect_near(look.mean_bytes / MIB, 540, 1e-6);
    look = fore_size_look(&m, 512 * MIB, 1500, HUGE_VAL); /* 25 minutes: 505 MiB */
    expect_near(look.when_s, 1500, 0);
    assert_true(look.probability < 0.001);
    m = growing(1.0);
    look = fore_size_look(&m, 512 * MIB, 32 * 60, HUGE_VAL);
    expect_near(look.probability, 0.5, 0.01);
    assert_true(look.spread_bytes > 5 * MIB);
}

static void what_has_passed_is_certain(void **state)
{
    struct fore_size_model m = growing(0);
    struct fore_size_outlook look = fore_size_look(&m, 479 * MIB, 3600, HUGE_VAL);
    expect_near(look.probability, 1, 0);
    expect_near(look.when_s, 0, 0);
    look = fore_size_look(&m, 480 * MIB, 1, HUGE_VAL);
    assert_true(look.probability < 1);
}

static void of_one_that_shrinks_the_riskiest_time_is_soon(void **state)
{
    const double at[] = {10, 20, 30, 40, 50, 60}, bytes[] = {560, 540, 541, 520, 521, 500};
    struct fore_size_model m = fit(at, bytes, 6);
    struct fore_size_outlook look = fore_size_look(&m, 505, 300, HUGE_VAL);
    assert_true(look.probability >= fore_size_above(&m, 505, 300));
    assert_true(look.probability < 0.5);
    expect_near(look.when_s, 300, 0);
}

static void more_room_is_never_more_risk(void **state)
{
    struct fore_size_model m = growing(0.8);
    double before = 1;
    for (double max = 470; max < 620; max += 1) {
        double p = fore_size_look(&m, max * MIB, 3600, HUGE_VAL).probability;
        assert_true(p <= before && p >= 0 && p <= 1);
        before = p;
    }
    assert_true(before < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_tail_is_that_of_its_density),
        cmocka_unit_test(the_distribution_is_the_closed_form),
        cmocka_unit_test(uneven_times_weigh_as_they_are),
        cmocka_unit_test(the_steadiest_rate_is_not_quite_sure),
        cmocka_unit_test(little_that_was_seen_promises_little),
        cmocka_unit_test(what_is_no_past_is_not_fitted),
        cmocka_unit_test(the_outlook_says_how_likely_and_when),
        cmocka_unit_test(what_has_passed_is_certain),
        cmocka_unit_test(of_one_that_shrinks_the_riskiest_time_is_soon),
        cmocka_unit_test(more_room_is_never_more_risk),
    };
    return cmocka_run_group_tests_name("core/forecast/size", tests, NULL, NULL);
}
