#include "core/forecast/residual.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { HORIZON = 6, LEVELS = 13 };
static struct fore_arena arena, scratch;

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    fore_arena_fini(&scratch);
    return 0;
}

/* Paths around 100 whose error grows with the step: sd (h + 1) * 2. */
static struct fore_residual *trained(size_t origins, size_t paths, uint64_t seed)
{
    struct fore_residual *residual = fore_residual_create(&arena, origins, HORIZON);
    struct fore_rng rng = fore_rng_stream(seed, "residual", 0);
    for (size_t o = 0; o < paths; o++) {
        float mean[HORIZON], truth[HORIZON];
        for (int h = 0; h < HORIZON; h++) {
            mean[h] = 100.0f;
            truth[h] = (float)(100 + 2 * (h + 1) * fore_dist_normal(&rng));
        }
        fore_residual_add(residual, mean, truth);
    }
    return residual;
}

static void quantiles_never_cross(void **state)
{
    float mean[HORIZON] = {0, 1e-9f, 3, 100, 1e4f, 5}, grid[HORIZON * LEVELS];
    for (size_t paths = 0; paths < 40; paths += 3) {
        struct fore_residual *residual = trained(20, paths, paths);
        assert_int_equal(fore_residual_count(residual), paths < 20 ? paths : 20);
        fore_residual_quantiles(residual, NULL, mean, fore_quantile_levels, LEVELS, &scratch, grid);
        for (int i = 0; i < HORIZON * LEVELS; i++) {
            assert_true(grid[i] >= 0.0f);
            if (i % LEVELS > 0) assert_true(grid[i] >= grid[i - 1]);
        }
    }
}

static void the_ninety_percent_interval_holds_ninety_percent(void **state)
{
    struct fore_residual *residual = trained(200, 200, 1);
    struct fore_rng rng = fore_rng_stream(2, "residual", 0);
    const float mean[HORIZON] = {100, 100, 100, 100, 100, 100};
    float grid[HORIZON * LEVELS];
    fore_residual_quantiles(residual, NULL, mean, fore_quantile_levels, LEVELS, &scratch, grid);
    int inside = 0;
    for (int i = 0; i < 20000; i++) {
        int h = i % HORIZON;
        double truth = 100 + 2 * (h + 1) * fore_dist_normal(&rng);
        inside += truth >= (double)grid[h * LEVELS + 1] && truth <= (double)grid[h * LEVELS + 11];
    }
    assert_in_range(inside, 17200, 18800);
}

static void spread_grows_a_little_faster_than_the_root_of_the_level(void **state)
{
    struct fore_residual *residual = trained(200, 200, 3);
    const float low[HORIZON] = {100, 100, 100, 100, 100, 100};
    const float high[HORIZON] = {400, 400, 400, 400, 400, 400};
    const double level = 0.9;
    float a[HORIZON], b[HORIZON];
    fore_residual_quantiles(residual, NULL, low, &level, 1, &scratch, a);
    fore_residual_quantiles(residual, NULL, high, &level, 1, &scratch, b);
    for (int h = 0; h < HORIZON; h++)
        expect_near((double)((b[h] - 400) / (a[h] - 100)), pow(4, 0.6), 1e-3);
}

/* Whole paths: with steps that err together the peak is no higher than one step's quantile. */
static void a_peak_comes_from_whole_paths(void **state)
{
    struct fore_residual *together = fore_residual_create(&arena, 400, HORIZON);
    struct fore_residual *apart = fore_residual_create(&arena, 400, HORIZON);
    struct fore_rng rng = fore_rng_stream(5, "residual", 0);
    float mean[HORIZON], a[HORIZON], b[HORIZON], peak_a, peak_b;
    for (int o = 0; o < 400; o++) {
        double shared = fore_dist_normal(&rng);
        for (int h = 0; h < HORIZON; h++) {
            mean[h] = 100.0f;
            a[h] = (float)(100 + 10 * shared);
            b[h] = (float)(100 + 10 * fore_dist_normal(&rng));
        }
        fore_residual_add(together, mean, a);
        fore_residual_add(apart, mean, b);
    }
    const double level = 0.5;
    struct fore_residual_peak wanted = {
        .first = 0, .last = HORIZON - 1, .level = &level, .level_count = 1};
    fore_residual_peak(together, mean, &wanted, &scratch, &peak_a);
    fore_residual_peak(apart, mean, &wanted, &scratch, &peak_b);
    expect_near((double)peak_a, 100.0, 1.5);
    expect_near((double)peak_b, 112.3, 1.5); /* median of the largest of six normals: 1.23 sd */
    wanted.first = wanted.last = 2;
    fore_residual_peak(apart, mean, &wanted, &scratch, &peak_b);
    expect_near((double)peak_b, 100.0, 1.5);
}

static void unknown_truth_is_left_out(void **state)
{
    struct fore_residual *residual = fore_residual_create(&arena, 50, HORIZON);
    const float mean[HORIZON] = {100, 100, 100, 100, 100, 100};
    for (int o = 0; o < 50; o++) {
        float sign = o % 2 ? 1.0f : -1.0f;
        const float truth[HORIZON] = {100 + sign, NAN, 100 + sign, NAN, NAN, 100 + sign};
        fore_residual_add(residual, mean, truth);
    }
    const double level = 0.95;
    float grid[HORIZON];
    fore_residual_quantiles(residual, NULL, mean, &level, 1, &scratch, grid);
    for (int h = 0; h < HORIZON; h++)
        expect_near((double)grid[h], 101.0, 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_never_cross),
        cmocka_unit_test(the_ninety_percent_interval_holds_ninety_percent),
        cmocka_unit_test(spread_grows_a_little_faster_than_the_root_of_the_level),
        cmocka_unit_test(a_peak_comes_from_whole_paths),
        cmocka_unit_test(unknown_truth_is_left_out),
    };
    return cmocka_run_group_tests_name("core/forecast/residual", tests, NULL, teardown);
}
