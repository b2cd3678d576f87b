/*
 * Laws of the key-range sketch over many seeds: the reported share of a cut lies within the
 * reported band of the true one in at least 95 % of them, for flat, skewed and weighted loads,
 * also after splits and merges; and splitting or merging neither loses nor invents samples.
 */
#include "core/observe/keyrange.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { SEEDS = 400, REQUESTS = 3000, KEYS = 10000 };
static double load[KEYS];

enum shape { FLAT, SKEWED, WEIGHTED, SHAPES };

static uint64_t draw_position(enum shape shape, struct fore_rng *rng)
{
    double u = fore_rng_unit(rng);
    if (shape == SKEWED) u = u * u * u;
    return (uint64_t)(u * KEYS);
}

static double true_right_share(uint64_t at, uint64_t last)
{
    double right = 0, total = 0;
    for (uint64_t k = 0; k <= last; k++) {
        total += load[k];
        right += k >= at ? load[k] : 0;
    }
    return right / total;
}

/* One run: is the truth within the band? The load is what the sketch was shown, undecayed. */
static bool covered(uint64_t seed, enum shape shape, bool merged)
{
    struct fore_rng rng = fore_rng_stream(seed, "keyrange", (uint64_t)shape);
    struct fore_keyrange *sketch =
        fore_keyrange_create(2, 128, 0, fore_rng_stream(seed, "sketch", (uint64_t)shape));
    for (int k = 0; k < KEYS; k++)
        load[k] = 0;
    for (int i = 0; i < REQUESTS; i++) {
        uint64_t position = draw_position(shape, &rng);
        double weight = shape == WEIGHTED ? 1 + fore_rng_below(&rng, 9) : 1;
        load[position] += weight;
        fore_keyrange_add(sketch, 0, merged && position >= KEYS / 3, position, weight);
    }
    if (merged) {
        fore_keyrange_merge(sketch, 0, 1);
        fore_keyrange_split(sketch, 0, 1, KEYS / 2);
        fore_keyrange_merge(sketch, 0, 1);
    }
    struct fore_keyrange_cut cut = {0};
    assert_true(fore_keyrange_cut(sketch, 0, 0, KEYS - 1, 0.5, &cut));
    assert_true(cut.at >= 1 && cut.at <= KEYS - 1);
    fore_keyrange_destroy(sketch);
    return fabs(true_right_share(cut.at, KEYS - 1) - cut.right_share) <= cut.error;
}

static void the_band_covers_the_truth_in_95_of_100_seeds(void **state)
{
    for (enum shape shape = FLAT; shape < SHAPES; shape++) {
        for (int merged = 0; merged < 2; merged++) {
            int inside = 0;
            for (uint64_t seed = 0; seed < SEEDS; seed++)
                inside += covered(seed, shape, merged == 1);
            if (inside < SEEDS * 95 / 100)
                print_error("shape %d merged %d: %d of %d\n", (int)shape, merged, inside, SEEDS);
            assert_true(inside >= SEEDS * 95 / 100);
        }
    }
}

static uint32_t samples_in(const struct fore_keyrange *sketch, uint32_t partition)
{
    struct fore_keyrange_cut cut;
    (void)fore_keyrange_cut(sketch, partition, 0, KEYS, 0.5, &cut);
    return cut.samples;
}

static void splitting_conserves_samples(void **state)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "split", 0);
        struct fore_keyrange *sketch =
            fore_keyrange_create(4, 64, 60 * FORE_SEC, fore_rng_stream(seed, "sketch", 9));
        int requests = 1 + (int)fore_rng_below(&rng, 300);
        for (int i = 0; i < requests; i++)
            fore_keyrange_add(sketch, (fore_ns)i * FORE_SEC, 0, fore_rng_below(&rng, KEYS), 1);
        uint32_t before = samples_in(sketch, 0);
        assert_true(before <= 96);
        uint64_t at = fore_rng_below(&rng, KEYS);
        fore_keyrange_split(sketch, 0, 3, at);
        assert_int_equal(samples_in(sketch, 0) + samples_in(sketch, 3), before);
        struct fore_keyrange_cut cut;
        (void)fore_keyrange_cut(sketch, 3, at, KEYS, 0.5, &cut);
        assert_int_equal(cut.samples, samples_in(sketch, 3)); /* all on their side */
        fore_keyrange_merge(sketch, 0, 3);
        assert_int_equal(samples_in(sketch, 0), before);
        assert_int_equal(samples_in(sketch, 3), 0);
        fore_keyrange_destroy(sketch);
    }
}

/* A key with more than half of the load says so, whatever else there is. */
static void a_dominant_key_is_seen(void **state)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "dominant", 0);
        struct fore_keyrange *sketch =
            fore_keyrange_create(1, 128, 600 * FORE_SEC, fore_rng_stream(seed, "sketch", 5));
        double share = 0.7 + 0.25 * fore_rng_unit(&rng);
        uint64_t hot = fore_rng_below(&rng, KEYS);
        for (int i = 0; i < 2000; i++) {
            bool is_hot = fore_rng_unit(&rng) < share;
            uint64_t other = fore_rng_below(&rng, KEYS);
            fore_keyrange_add(sketch, (fore_ns)i * FORE_MS, 0, is_hot ? hot : other, 1);
        }
        struct fore_keyrange_cut cut;
        assert_true(fore_keyrange_cut(sketch, 0, 0, KEYS, 0.5, &cut));
        assert_true(cut.top_share > 0.5);
        expect_near(cut.top_share, share, 2 * cut.error);
        fore_keyrange_destroy(sketch);
    }
}

static void growing_keys_are_monotone_through_noise(void **state)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "monotone", 0);
        struct fore_keyrange *sketch =
            fore_keyrange_create(1, 128, 600 * FORE_SEC, fore_rng_stream(seed, "sketch", 6));
        for (uint64_t i = 0; i < 3000; i++)
            fore_keyrange_add(sketch, i * FORE_SEC, 0, 2 * i + fore_rng_below(&rng, 300), 1);
        struct fore_keyrange_cut cut;
        assert_true(fore_keyrange_cut(sketch, 0, 0, UINT64_MAX, 0.5, &cut));
        assert_true(fore_keyrange_monotone(sketch, 0, 0, UINT64_MAX) > 0.97);
        fore_keyrange_destroy(sketch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_band_covers_the_truth_in_95_of_100_seeds),
        cmocka_unit_test(splitting_conserves_samples),
        cmocka_unit_test(a_dominant_key_is_seen),
        cmocka_unit_test(growing_keys_are_monotone_through_noise),
    };
    return cmocka_run_group_tests_name("prop/observe keyrange", tests, NULL, NULL);
}
