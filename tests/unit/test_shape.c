#include "core/forecast/shape.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/dist.h"

enum { SERIES = 12, N = 480, DAY = 48 };
static float load[SERIES][N];
static struct fore_series_view view[SERIES];
static uint8_t group[SERIES];
static struct fore_arena scratch;

static int teardown(void **state)
{
    fore_arena_fini(&scratch);
    return 0;
}

/* Series s peaks at phase[s % phases], at a level of its own. */
static void fill(const double *phase, size_t phases)
{
    for (size_t s = 0; s < SERIES; s++) {
        struct fore_rng rng = fore_rng_stream(4, "shape", s);
        for (size_t i = 0; i < N; i++)
            load[s][i] = (float)((double)(s + 1) *
                                 (2 + cos(6.283185307 * ((double)i / DAY - phase[s % phases])) +
                                  0.2 * fore_dist_normal(&rng)));
        view[s] = (struct fore_series_view){.y = load[s], .n = N, .period = {DAY}};
    }
}

static void days_of_one_shape_are_one_group_whatever_their_level(void **state)
{
    const double phase[] = {0.1, 0.6, 0.35};
    fill(phase, 3);
    assert_int_equal(fore_shape_groups(view, SERIES, 8, 0.8, &scratch, group), 3);
    for (size_t s = 0; s < SERIES; s++)
        assert_int_equal(group[s], s % 3);
}

static void there_are_never_more_groups_than_wanted(void **state)
{
    const double phase[] = {0, 0.25, 0.5, 0.75};
    fill(phase, 4);
    assert_int_equal(fore_shape_groups(view, SERIES, 2, 0.8, &scratch, group), 2);
    for (size_t s = 0; s < SERIES; s++)
        assert_true(group[s] < 2);
}

static void flat_short_and_periodless_series_are_in_the_first_group(void **state)
{
    const double phase[] = {0, 0.5};
    fill(phase, 2);
    for (size_t i = 0; i < N; i++)
        load[1][i] = 7;
    view[3].n = DAY;
    view[5].period[0] = 0;
    for (size_t i = 0; i < N; i += 7)
        load[7][i] = NAN;
    (void)fore_shape_groups(view, SERIES, 8, 0.8, &scratch, group);
    assert_int_equal(group[1], 0);
    assert_int_equal(group[3], 0);
    assert_int_equal(group[5], 0);
    assert_int_equal(group[7], group[9]);
    assert_int_not_equal(group[7], group[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_of_one_shape_are_one_group_whatever_their_level),
        cmocka_unit_test(there_are_never_more_groups_than_wanted),
        cmocka_unit_test(flat_short_and_periodless_series_are_in_the_first_group),
    };
    return cmocka_run_group_tests_name("core/forecast/shape", tests, NULL, teardown);
}
