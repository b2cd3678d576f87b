#include "workloads/flow_rank.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { GROUPS = 256 };
static const fore_ns day = 86400 * FORE_SEC;

static struct wl_flow_rank_options options(uint64_t seed)
{
    return (struct wl_flow_rank_options){
        .s = 0.7, .memory = 4 * day, .span = 50 * day, .seed = seed, .sets = 1, .groups = GROUPS};
}

static int heavier(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static uint32_t hottest(const float *weight)
{
    uint32_t best = 0;
    for (uint32_t g = 1; g < GROUPS; g++)
        if (weight[g] > weight[best]) best = g;
    return best;
}

static void weights_are_zipf_at_every_knot_and_keep_their_sum(void **state)
{
    struct fore_arena arena = {0};
    struct wl_flow_rank_options o = options(1);
    struct wl_flow_rank *rank;
    assert_int_equal(wl_flow_rank_create(&arena, &o, &rank, NULL), FORE_E_OK);
    double zipf[GROUPS];
    float sorted[GROUPS];
    fore_dist_zipf_weights(zipf, GROUPS, 0.7);
    for (int k = 0; k < 100; k++) {
        fore_ns apart = o.memory / 64;
        memcpy(sorted, wl_flow_rank_at(rank, k * apart), sizeof sorted);
        qsort(sorted, GROUPS, sizeof *sorted, heavier);
        for (int g = 0; g < GROUPS; g++)
            expect_near((double)sorted[g], zipf[g] * GROUPS, 1e-5);
        double sum = 0;
        const float *between = wl_flow_rank_at(rank, k * apart + apart / 3);
        for (int g = 0; g < GROUPS; g++)
            sum += (double)between[g];
        expect_near(sum, GROUPS, 1e-3);
    }
    (void)wl_flow_rank_at(rank, 500 * day); /* past the end: the last */
    fore_arena_fini(&arena);
}

static void the_hot_set_drifts_and_without_a_memory_it_stays(void **state)
{
    struct fore_arena arena = {0};
    struct wl_flow_rank_options o = options(2);
    struct wl_flow_rank *rank, *again, *still;
    assert_int_equal(wl_flow_rank_create(&arena, &o, &rank, NULL), FORE_E_OK);
    assert_int_equal(wl_flow_rank_create(&arena, &o, &again, NULL), FORE_E_OK);
    o.memory = 0;
    assert_int_equal(wl_flow_rank_create(&arena, &o, &still, NULL), FORE_E_OK);
    bool been[GROUPS] = {false};
    uint32_t places = 0;
    double near = 0, far = 0, self = 0;
    float first[GROUPS];
    memcpy(first, wl_flow_rank_at(rank, 20 * day), sizeof first);
    for (int g = 0; g < GROUPS; g++) {
        double here = (double)first[g] - 1;
        self += here * here;
        near += here * ((double)wl_flow_rank_at(rank, 20 * day + day / 8)[g] - 1);
        far += here * ((double)wl_flow_rank_at(rank, 40 * day)[g] - 1);
    }
    assert_true(near > 0.5 * self && fabs(far) < 0.3 * self);
    for (int d = 0; d < 50; d++) {
        uint32_t h = hottest(wl_flow_rank_at(rank, d * day));
        assert_int_equal(h, hottest(wl_flow_rank_at(again, d * day)));
        assert_int_equal(hottest(wl_flow_rank_at(still, d * day)),
                         hottest(wl_flow_rank_at(still, 0)));
        places += !been[h];
        been[h] = true;
    }
    assert_true(places >= 5); /* 50 days are a dozen memories */
    fore_arena_fini(&arena);
}

static void more_than_fits_is_refused(void **state)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {.code = FORE_E_OK};
    struct wl_flow_rank_options o = options(1);
    struct wl_flow_rank *rank;
    o.memory = 64 * FORE_SEC;
    assert_int_equal(wl_flow_rank_create(&arena, &o, &rank, &diag), FORE_E_RANGE);
    assert_non_null(strstr(diag.text, "rank_memory"));
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_zipf_at_every_knot_and_keep_their_sum),
        cmocka_unit_test(the_hot_set_drifts_and_without_a_memory_it_stays),
        cmocka_unit_test(more_than_fits_is_refused),
    };
    return cmocka_run_group_tests_name("workloads/flow_rank", tests, NULL, NULL);
}
