/*
 * Laws of the history against a naive model that keeps every window: level 0 is the windows, the
 * levels above are means over whole steps without the gaps, and splits and merges conserve sums.
 */
#include "core/observe/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "tests/support/near.h"

enum { CAP = 50, WINDOWS = 3000, SEEDS = 30 };
static float naive[WINDOWS + 1][CAP]; /* by slot; NaN: a gap, or not alive */
static const uint64_t ratio[] = {1, 20, 100};
static const size_t length[] = {90, 40, 25};

static void push_window(struct fore_history *history, uint64_t slot, uint32_t count)
{
    const float *const value[] = {naive[slot], naive[slot], naive[slot], naive[slot]};
    fore_history_append(history, slot * FORE_SEC, value, count);
}

/* Mean of the naive windows of one point; level 2 is a mean of level 1's means. */
static double expected(int level, uint64_t slot, uint32_t p)
{
    if (level == 0) return (double)naive[slot][p];
    double sum = 0;
    int count = 0;
    uint64_t parts = ratio[level] / ratio[level - 1];
    for (uint64_t i = (slot - 1) * parts + 1; i <= slot * parts; i++) {
        double x = expected(level - 1, i, p);
        if (isnan(x)) continue;
        sum += x;
        count++;
    }
    return count > 0 ? sum / count : (double)NAN;
}

static void compare(const struct fore_history *history, uint64_t now, uint64_t seed)
{
    float x[90];
    for (int level = 0; level < FORE_HISTORY_LEVELS; level++) {
        uint64_t newest = now / ratio[level];
        size_t n = newest < length[level] ? newest : length[level];
        if (fore_history_count(history, level) != n) print_error("seed %d\n", (int)seed);
        assert_int_equal(fore_history_count(history, level), n);
        for (uint32_t p = 0; p < CAP; p++) {
            fore_history_read(history, level, FORE_HIST_WRITES, p, n, x);
            for (size_t i = 0; i < n; i++) {
                double want = expected(level, newest - (n - 1 - i), p), got = (double)x[i];
                bool same = isnan(want) ? isnan(got) : fabs(want - got) <= 1e-4 * (1 + want);
                if (!same)
                    print_error("seed %d now %d level %d partition %d\n", (int)seed, (int)now,
                                level, (int)p);
                assert_true(same);
            }
        }
    }
}

static void split_or_merge(struct fore_history *history, struct fore_rng *rng, uint64_t now)
{
    uint32_t left = fore_rng_below(rng, CAP),
             right = (left + 1 + fore_rng_below(rng, CAP - 1)) % CAP;
    bool is_split = fore_rng_below(rng, 2) == 0;
    double share = fore_rng_unit(rng);
    for (uint64_t s = 1; s <= now; s++) {
        float *l = &naive[s][left], *r = &naive[s][right];
        if (is_split) {
            double whole = (double)*l;
            *r = (float)(whole * share);
            *l = (float)(whole * (1 - share));
        } else {
            *l = isnan(*l) ? *r : isnan(*r) ? *l : *l + *r;
            *r = (float)NAN;
        }
    }
    if (is_split)
        fore_history_split(history, left, right, share);
    else
        fore_history_merge(history, left, right);
}

/*
 * Partitions live from the start or not at all, so that a merge of means equals the mean of the
 * merged; rewriting a step that is still being filled is where an implementation would go wrong.
 */
static void run_seed(uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "history", 0);
    const struct fore_history_shape shape = {
        .step = {FORE_SEC, 20 * FORE_SEC, 100 * FORE_SEC},
          .length = {90,       40,            25            }
    };
    struct fore_history *history = fore_history_create(&shape, CAP);
    for (uint64_t s = 0; s <= WINDOWS; s++)
        for (uint32_t p = 0; p < CAP; p++)
            naive[s][p] = (float)NAN;
    uint64_t slot = 0;
    bool changes = seed % 2 == 1;
    while (slot < WINDOWS) {
        uint64_t gap = fore_rng_below(&rng, 40) == 0 ? fore_rng_below(&rng, 300) : 0;
        slot += slot == 0 ? 1 : 1 + gap;
        if (slot > WINDOWS) break;
        for (uint32_t p = 0; p < CAP; p++) {
            bool lives = changes || fore_rng_below(&rng, 3) > 0;
            double value = 0.001 + fore_rng_unit(&rng);
            naive[slot][p] = lives ? (float)value : (float)NAN;
        }
        push_window(history, slot, CAP);
        if (changes && fore_rng_below(&rng, 400) == 0) {
            split_or_merge(history, &rng, slot);
            changes = false; /* after a merge, lives differ within a step */
            compare(history, slot, seed);
        }
        if (fore_rng_below(&rng, 300) == 0) compare(history, slot, seed);
    }
    fore_history_destroy(history);
}

static void every_level_equals_the_naive_means(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_level_equals_the_naive_means)};
    return cmocka_run_group_tests_name("prop/observe history", tests, NULL, NULL);
}
