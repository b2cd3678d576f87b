/*
 * Misra and Gries' guarantee for sets of columns, on random streams, with and without decay,
 * through splits and merges: counts and rest add up to the truth, a count is never above its set's
 * and below it by at most the total over the counters plus one, and every set heavier than that is
 * kept.
 */
#include "core/observe/columns.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { SETS = 200, STREAM = 4000, SEEDS = 60 };
static double truth[2][SETS], unknown[2];

struct stream {
    struct fore_rng rng;
    struct fore_alias alias;
    fore_ns half_life;
};

static void decay_all(const struct stream *stream)
{
    double by = stream->half_life == 0 ? 1 : exp2(-1e9 / (double)stream->half_life);
    for (int p = 0; p < 2; p++) {
        for (int k = 0; k < SETS; k++)
            truth[p][k] *= by;
        unknown[p] *= by;
    }
}

/* One partition more than needed, so that a wrong index shows. */
static fore_ns feed(struct fore_columns *columns, struct stream *stream, fore_ns now)
{
    for (int i = 0; i < STREAM; i++) {
        if (i % 100 == 0) {
            now += FORE_SEC;
            decay_all(stream);
        }
        uint32_t p = fore_rng_below(&stream->rng, 2),
                 set = fore_alias_draw(&stream->alias, &stream->rng);
        double weight = 1 + fore_rng_below(&stream->rng, 9);
        if (fore_rng_below(&stream->rng, 50) == 0) {
            unknown[p] += weight;
            fore_columns_add(columns, now, p, 0, weight);
            continue;
        }
        truth[p][set] += weight;
        fore_columns_add(columns, now, p, set + 1, weight);
    }
    for (uint32_t p = 0; p < 2; p++) /* both are decayed up to here */
        fore_columns_add(columns, now, p, 0, 1e-9);
    return now;
}

static void check(const struct fore_columns *columns, uint32_t p, double counters)
{
    struct fore_column_set set[FORE_COLUMNS_SETS];
    double rest, total = unknown[p], kept = 0, weight[SETS] = {0};
    size_t n = fore_columns_read(columns, p, set, &rest);
    for (int k = 0; k < SETS; k++)
        total += truth[p][k];
    double slack = 1e-7 * total + 1e-6, bound = total / counters;
    for (size_t i = 0; i < n; i++) {
        assert_true(set[i].columns >= 1 && set[i].columns <= SETS);
        assert_true(i == 0 || set[i - 1].weight >= set[i].weight);
        assert_true(weight[set[i].columns - 1] <= 0); /* none twice */
        weight[set[i].columns - 1] = set[i].weight;
        kept += set[i].weight;
    }
    for (int k = 0; k < SETS; k++) {
        assert_true(weight[k] <= truth[p][k] + slack);
        assert_true(weight[k] >= truth[p][k] - bound - slack);
    }
    expect_near(kept + rest, total, slack);
    expect_near(fore_columns_total(columns, p), total, slack);
}

static void counts_bound_the_truth(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fore_arena arena = {0};
        double *weight = FORE_NEW(&arena, double, SETS);
        fore_dist_zipf_weights(weight, SETS, 0.3 * (double)(seed % 7));
        struct stream stream = {
            .rng = fore_rng_stream(seed, "columns", 0),
            .alias = fore_alias_build(&arena, weight, SETS),
            .half_life = seed % 3 == 0 ? 0 : (seed % 3) * 5 * FORE_SEC,
        };
        for (int p = 0; p < 2; p++) {
            unknown[p] = 0;
            for (int k = 0; k < SETS; k++)
                truth[p][k] = 0;
        }
        struct fore_columns *columns = fore_columns_create(3, stream.half_life);
        (void)feed(columns, &stream, 0);
        check(columns, 0, FORE_COLUMNS_SETS + 1);
        check(columns, 1, FORE_COLUMNS_SETS + 1);
        assert_true(fore_columns_total(columns, 2) <= 0);
        fore_columns_destroy(columns);
        fore_arena_fini(&arena);
    }
}

/* A split keeps both mixes, a merge their sum: its error is at most the sum of all three. */
static void splits_and_merges_keep_the_weight(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fore_columns *columns = fore_columns_create(3, 0);
        struct fore_rng rng = fore_rng_stream(seed, "columns", 1);
        double share = fore_rng_unit(&rng);
        for (int k = 0; k < SETS; k++)
            truth[0][k] = truth[1][k] = 0;
        unknown[0] = unknown[1] = 0;
        for (int i = 0; i < STREAM; i++) {
            uint32_t set = fore_rng_below(&rng, 1 + fore_rng_below(&rng, SETS));
            truth[0][set]++;
            fore_columns_add(columns, FORE_SEC, 0, set + 1, 1);
        }
        fore_columns_split(columns, 0, 1, share);
        for (int k = 0; k < SETS; k++) {
            truth[1][k] = truth[0][k] * share;
            truth[0][k] *= 1 - share;
        }
        check(columns, 0, FORE_COLUMNS_SETS + 1);
        check(columns, 1, FORE_COLUMNS_SETS + 1);
        fore_columns_merge(columns, 0, 1);
        for (int k = 0; k < SETS; k++)
            truth[0][k] += truth[1][k];
        check(columns, 0, (FORE_COLUMNS_SETS + 1) / 2.0);
        assert_true(fore_columns_total(columns, 1) <= 0);
        fore_columns_forget(columns, 0);
        assert_true(fore_columns_total(columns, 0) <= 0 && fore_columns_samples(columns, 0) <= 0);
        fore_columns_destroy(columns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_bound_the_truth),
        cmocka_unit_test(splits_and_merges_keep_the_weight),
    };
    return cmocka_run_group_tests_name("prop/observe columns", tests, NULL, NULL);
}
