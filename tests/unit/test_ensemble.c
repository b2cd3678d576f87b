#include "core/forecast/ensemble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { MEMBERS = 3, HORIZON = 8 };
static struct fore_arena arena;

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static struct fore_ensemble *fresh(void)
{
    struct fore_ensemble *ensemble = fore_arena_alloc(&arena, fore_ensemble_size(MEMBERS), 16);
    fore_ensemble_init(ensemble, MEMBERS, HORIZON);
    return ensemble;
}

/* Truth 100 + noise; member m is off by offset[m]. */
static void teach(struct fore_ensemble *ensemble, const double *offset, double level, int origins,
                  uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "ensemble", 0);
    for (int o = 0; o < origins; o++) {
        for (size_t lead = 0; lead < HORIZON; lead++) {
            float member[MEMBERS], combined[FORE_COMBINATIONS];
            for (int m = 0; m < MEMBERS; m++)
                member[m] = (float)(100 + offset[m]);
            for (int c = 0; c < FORE_COMBINATIONS; c++)
                combined[c] = 100;
            float truth = (float)(level + fore_dist_normal(&rng));
            fore_ensemble_learn(ensemble, &fore_ensemble_defaults, member, combined, lead, truth);
        }
    }
}

static void combine(const struct fore_ensemble *ensemble, const float *const *member, float *out)
{
    float *rows[FORE_COMBINATIONS] = {0};
    rows[fore_ensemble_choice(ensemble)] = out;
    fore_ensemble_combine(ensemble, &fore_ensemble_defaults, member, rows);
}

static void the_better_member_gets_the_weight(void **state)
{
    struct fore_ensemble *ensemble = fresh();
    double weight[MEMBERS];
    fore_ensemble_weights(ensemble, &fore_ensemble_defaults, weight);
    expect_near(weight[0], 1.0 / MEMBERS, 1e-9);
    teach(ensemble, (const double[]){0, 10, -20}, 100, 30, 1);
    fore_ensemble_weights(ensemble, &fore_ensemble_defaults, weight);
    assert_true(weight[0] > 0.95 && weight[1] > weight[2]);
    expect_near(weight[0] + weight[1] + weight[2], 1.0, 1e-9);
}

static void equal_members_agree_and_silent_ones_are_left_out(void **state)
{
    struct fore_ensemble *ensemble = fresh();
    float a[HORIZON], b[HORIZON], out[HORIZON];
    for (int h = 0; h < HORIZON; h++) {
        a[h] = 50;
        b[h] = 70;
    }
    combine(ensemble, (const float *const[]){a, a, a}, out);
    expect_near((double)out[0], 50, 1e-4);
    combine(ensemble, (const float *const[]){a, NULL, a}, out);
    expect_near((double)out[HORIZON - 1], 50, 1e-4);
    combine(ensemble, (const float *const[]){NULL, b, NULL}, out);
    expect_near((double)out[3], 70, 1e-4);
}

/* By hand, weights equal: root mean of 50, 50, 800 is (2 * 7.0711 + 28.2843)^2 / 9 = 200; the
 * weighted median is 50; half way: 125. */
static void one_member_astray_moves_only_half_of_the_combination(void **state)
{
    struct fore_ensemble *ensemble = fresh();
    float a[HORIZON], b[HORIZON], out[HORIZON];
    for (int h = 0; h < HORIZON; h++) {
        a[h] = 50;
        b[h] = 800;
    }
    combine(ensemble, (const float *const[]){a, a, b}, out);
    expect_near((double)out[0], 125, 1e-3);
}

static void a_level_shift_is_noticed_and_the_median_speaks(void **state)
{
    struct fore_ensemble *ensemble = fresh();
    teach(ensemble, (const double[]){0, 1, -1}, 100, 40, 2);
    assert_int_equal(fore_ensemble_shifts(ensemble), 0);
    assert_int_equal(fore_ensemble_choice(ensemble), FORE_COMBINE_WEIGHTED);
    teach(ensemble, (const double[]){0, 1, -1}, 300, 4, 3);
    assert_true(fore_ensemble_shifts(ensemble) > 0);
    assert_int_equal(fore_ensemble_choice(ensemble), FORE_COMBINE_MEDIAN);
    const struct fore_model *row[MEMBERS];
    for (int m = 0; m < MEMBERS; m++)
        row[m] = fore_models[m];
    struct fore_buf text = {0};
    fore_ensemble_reason(ensemble, &fore_ensemble_defaults, row, &text);
    assert_non_null(strstr(text.data, "level shifted"));
    fore_buf_fini(&text);
}

static void steady_noise_is_no_level_shift(void **state)
{
    int shifts = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fore_ensemble *ensemble = fresh();
        teach(ensemble, (const double[]){0, 0, 0}, 100, 200, seed);
        shifts += (int)fore_ensemble_shifts(ensemble);
    }
    assert_true(shifts <= 20); /* in 10,000 origins */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_better_member_gets_the_weight),
        cmocka_unit_test(equal_members_agree_and_silent_ones_are_left_out),
        cmocka_unit_test(one_member_astray_moves_only_half_of_the_combination),
        cmocka_unit_test(a_level_shift_is_noticed_and_the_median_speaks),
        cmocka_unit_test(steady_noise_is_no_level_shift),
    };
    return cmocka_run_group_tests_name("core/forecast/ensemble", tests, NULL, teardown);
}
