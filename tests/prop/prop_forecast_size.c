/*
 * prop_forecast_size.c - what is said of a ceiling comes true as often as it is said: over many
 * random partitions, for the motion that the model is made for, for rare batches, and for a rate
 * that wanders slowly, which the model knows only from its past.
 */
#include "core/base/dist.h"
#include "core/forecast/size.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { CASES = 4000, BINS = 10, WINDOWS = 240 /* a horizon */ };
enum kind { MOTION, BATCHES, WANDERING };
static const double window_s = 5;

struct growth { /* in bytes a window */
    enum kind kind;
    double mean, noise;
    double batch;      /* BATCHES: their number a window */
    double slow, keep; /* WANDERING: the rate's deviation now, as a share; its memory */
};

static double grow(struct growth *g, struct fore_rng *rng)
{
    switch (g->kind) {
    case MOTION: return g->mean + g->noise * fore_dist_normal(rng);
    case BATCHES: return g->mean * (double)fore_dist_poisson(rng, g->batch) / g->batch;
    case WANDERING:
        g->slow = g->keep * g->slow + 0.4 * sqrt(1 - g->keep * g->keep) * fore_dist_normal(rng);
        return fmax(g->mean * (1 + g->slow), 0);
    }
    return 0;
}

struct bins {
    double said[BINS], came[BINS], count[BINS];
    double brier, base, cases;
};

static void one_case(enum kind kind, uint64_t seed, struct bins *bins)
{
    struct fore_rng rng = fore_rng_stream(seed, "prop/size", kind);
    struct growth g = {.kind = kind, .mean = 1e4 * (0.2 + fore_rng_unit(&rng))};
    g.noise = g.mean * 6 * fore_rng_unit(&rng);
    g.batch = 0.03 + 0.2 * fore_rng_unit(&rng);
    g.keep = exp(-1.0 / (WINDOWS * (0.02 + 0.2 * fore_rng_unit(&rng))));
    fore_ns window = (fore_ns)(window_s * 1e9), step = WINDOWS * window / (FORE_SIZES_POINTS - 1);
    struct fore_sizes *sizes = fore_sizes_create(1, step);
    struct fore_sizes_point point[FORE_SIZES_POINTS + 1];
    uint64_t seen = 20 + fore_rng_below(&rng, 2 * WINDOWS), at = 0;
    double bytes = 1e8;
    for (; at < seen; at++)
        (void)fore_sizes_note(sizes, 0, (at + 1) * window, bytes += grow(&g, &rng));
    struct fore_size_model model = fore_size_fit(point, fore_sizes_read(sizes, 0, point));
    double most = bytes + g.mean * WINDOWS * (0.3 + 1.4 * fore_rng_unit(&rng)), now = bytes;
    double p = fore_size_look(&model, most, WINDOWS * window_s, HUGE_VAL).probability;
    bool came = false;
    for (uint64_t w = 0; w < WINDOWS; w++)
        came = came || (now += grow(&g, &rng)) > most;
    fore_sizes_destroy(sizes);
    if (!model.known) return;
    int bin = p < 1 ? (int)(p * BINS) : BINS - 1;
    bins->said[bin] += p;
    bins->came[bin] += came;
    bins->count[bin]++;
    bins->brier += (p - came) * (p - came);
    bins->base += came;
    bins->cases++;
}

static void expect_honest(enum kind kind, const char *name, double ece_max, double skill_min)
{
    struct bins bins = {0};
    for (uint64_t seed = 1; seed <= CASES; seed++)
        one_case(kind, seed, &bins);
    double ece = 0, rate = bins.base / bins.cases;
    for (int b = 0; b < BINS; b++)
        ece += fabs(bins.said[b] - bins.came[b]) / bins.cases;
    double skill = 1 - bins.brier / (bins.cases * rate * (1 - rate));
    print_message("%s: %.0f cases, %.2f came true, ECE %.3f, Brier skill %.2f\n", name, bins.cases,
                  rate, ece, skill);
    for (int b = 0; b < BINS; b++)
        if (bins.count[b] > 0)
            print_message("  said %.2f, came %.2f (%.0f)\n", bins.said[b] / bins.count[b],
                          bins.came[b] / bins.count[b], bins.count[b]);
    assert_true(bins.cases > 0.9 * CASES);
    assert_true(ece <= ece_max);
    assert_true(skill >= skill_min);
}

static void of_the_model_s_own_motion_it_is_honest(void **state)
{
    expect_honest(MOTION, "steady, with noise", 0.03, 0.5);
}

static void of_rare_batches_it_is_honest(void **state)
{
    expect_honest(BATCHES, "rare batches", 0.03, 0.45);
}

static void of_a_rate_that_wanders_it_is_useful(void **state)
{
    expect_honest(WANDERING, "a rate that wanders", 0.06, 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_model_s_own_motion_it_is_honest),
        cmocka_unit_test(of_rare_batches_it_is_honest),
        cmocka_unit_test(of_a_rate_that_wanders_it_is_useful),
    };
    return cmocka_run_group_tests_name("forecast/size", tests, NULL, NULL);
}
