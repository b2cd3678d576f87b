/*
 * The Space-Saving guarantee on random streams, with and without decay: for every key kept,
 * count - error <= truth <= count and error <= total / k; every key above total / k is kept.
 */
#include "core/observe/hotkeys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { KEYS = 5000, STREAM = 20000, SEEDS = 40, COUNTERS_MAX = 512 };
static double truth[KEYS];
static uint64_t current_seed;

struct stream {
    struct fore_rng rng;
    struct fore_alias alias;
    fore_ns half_life;
    uint32_t counters;
};

/* The decayed truth is kept by decaying every key at every step of time. */
static void feed(struct fore_hotkeys *hot, struct stream *stream)
{
    fore_ns now = 0;
    for (int i = 0; i < STREAM; i++) {
        if (i % 100 == 0) {
            now += FORE_SEC;
            double decay =
                stream->half_life == 0 ? 1 : exp2(-(double)FORE_SEC / (double)stream->half_life);
            for (int k = 0; k < KEYS; k++)
                truth[k] *= decay;
        }
        uint32_t key = fore_alias_draw(&stream->alias, &stream->rng);
        double weight = 1 + fore_rng_below(&stream->rng, 5);
        truth[key] += weight;
        fore_hotkeys_add(hot, now, key, weight);
    }
}

static void check_guarantee(const struct fore_hotkeys *hot, const struct stream *stream)
{
    static struct fore_hotkey top[COUNTERS_MAX];
    static bool kept[KEYS];
    double total = fore_hotkeys_total(hot), slack = 1e-9 * total;
    size_t n = fore_hotkeys_top(hot, top, COUNTERS_MAX);
    assert_true(n <= stream->counters);
    for (int k = 0; k < KEYS; k++)
        kept[k] = false;
    for (size_t i = 0; i < n; i++) {
        uint64_t key = top[i].position;
        assert_true(key < KEYS && !kept[key]);
        kept[key] = true;
        assert_true(truth[key] <= top[i].count + slack);
        assert_true(top[i].count - top[i].error <= truth[key] + slack);
        assert_true(top[i].error <= total / stream->counters + slack);
        if (i > 0) assert_true(top[i - 1].count >= top[i].count);
    }
    double sum = 0;
    for (int k = 0; k < KEYS; k++) {
        sum += truth[k];
        if (truth[k] > total / stream->counters + slack) assert_true(kept[k]);
    }
    expect_near(sum, total, 1e-6 * total);
}

static void counts_bound_the_truth(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fore_arena arena = {0};
        double *weight = FORE_NEW(&arena, double, KEYS);
        fore_dist_zipf_weights(weight, KEYS, 0.2 * (double)(seed % 7));
        struct stream stream = {
            .rng = fore_rng_stream(seed, "hotkeys", 0),
            .alias = fore_alias_build(&arena, weight, KEYS),
            .half_life = seed % 3 == 0 ? 0 : (seed % 3) * 2 * FORE_SEC,
            .counters = 1u << (seed % 10),
        };
        for (int k = 0; k < KEYS; k++)
            truth[k] = 0;
        struct fore_hotkeys *hot = fore_hotkeys_create(stream.counters, stream.half_life);
        current_seed = seed;
        feed(hot, &stream);
        check_guarantee(hot, &stream);
        fore_hotkeys_destroy(hot);
        fore_arena_fini(&arena);
    }
}

/* A failed assertion leaves the loop early: the seed it left at is the one to replay. */
static int report(void **state)
{
    if (current_seed != SEEDS - 1) print_error("failed at seed %d\n", (int)current_seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(counts_bound_the_truth, report),
    };
    return cmocka_run_group_tests_name("prop/observe hotkeys", tests, NULL, NULL);
}
