/*
 * Distributions: tables against their definitions, moments and Kolmogorov-Smirnov distances of
 * large samples against the laws, the alias table by chi-square. Seeds are fixed; the bounds are
 * several standard errors wide, so they fail for a wrong law and not for an unlucky seed.
 */
#include "core/base/dist.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/series.h"
#include "tests/support/near.h"

enum { SAMPLES = 400000 };
static double sample[SAMPLES];

static double exp_inverse(double y)
{
    return -log(y);
}

static double exp_density(double x)
{
    return exp(-x);
}

static double normal_inverse(double y)
{
    return sqrt(-2 * log(y));
}

static double normal_density(double x)
{
    return exp(-0.5 * x * x);
}

struct ziggurat {
    const struct fore_dist_layer *layer;
    const double *height;
    double edge, tail_area;
    double (*inverse)(double), (*density)(double);
};

static void recompute(const struct ziggurat *z)
{
    double area = z->edge * z->density(z->edge) + z->tail_area;
    double width = area / z->density(z->edge), next = z->edge;
    for (int i = 0; i < 256; i++) {
        expect_near(z->layer[i].width * 0x1p53, width, 1e-9 * width);
        expect_near((double)z->layer[i].keep * 0x1p-53, next / width, 1e-9);
        if (i > 0) expect_near(z->height[i], z->density(width), 1e-12);
        double y = area / next + z->density(next);
        width = next;
        next = i < 254 ? z->inverse(y) : 0;
    }
    expect_near(z->height[256], 1, 0);
}

static void ziggurat_tables_match_their_densities(void **state)
{
    recompute(&(struct ziggurat){
        .layer = fore_dist_tables_exp,
        .height = fore_dist_tables_exp_height,
        .edge = fore_dist_tables_exp_edge,
        .tail_area = exp(-fore_dist_tables_exp_edge),
        .inverse = exp_inverse,
        .density = exp_density,
    });
    recompute(&(struct ziggurat){
        .layer = fore_dist_tables_normal,
        .height = fore_dist_tables_normal_height,
        .edge = fore_dist_tables_normal_edge,
        .tail_area = sqrt(acos(-1) / 2) * erfc(fore_dist_tables_normal_edge / sqrt(2)),
        .inverse = normal_inverse,
        .density = normal_density,
    });
}

/* Raw moment of the sample. */
static double moment(int power)
{
    double sum = 0;
    for (int i = 0; i < SAMPLES; i++)
        sum += pow(sample[i], power);
    return sum / SAMPLES;
}

/* Largest distance between the sample's distribution and `cdf`; 1.63/sqrt(n) is its 1 % point. */
static double ks_distance(double (*cdf)(double))
{
    double worst = 0;
    fore_series_sort(sample, SAMPLES);
    for (int i = 0; i < SAMPLES; i++) {
        double p = cdf(sample[i]);
        worst = fmax(worst, fmax(p - (double)i / SAMPLES, (double)(i + 1) / SAMPLES - p));
    }
    return worst;
}

static double exp_cdf(double x)
{
    return 1 - exp(-x);
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double erlang3_cdf(double x)
{
    return 1 - exp(-x) * (1 + x + x * x / 2);
}

/* Gamma of shape 1/2 is half a squared normal. */
static double gamma_half_cdf(double x)
{
    return erf(sqrt(x));
}

static void exponential_draws_follow_the_law(void **state)
{
    struct fore_rng rng = fore_rng_stream(1, "exp", 0);
    double beyond = 0;
    for (int i = 0; i < SAMPLES; i++) {
        sample[i] = fore_dist_exp(&rng);
        assert_true(sample[i] >= 0 && isfinite(sample[i]));
        beyond += sample[i] > fore_dist_tables_exp_edge;
    }
    expect_near(moment(1), 1, 0.006);
    expect_near(moment(2), 2, 0.03);
    expect_near(moment(3), 6, 0.3);
    expect_near(beyond, SAMPLES * exp(-fore_dist_tables_exp_edge), 5 * sqrt(182)); /* the tail */
    assert_true(ks_distance(exp_cdf) < 1.63 / sqrt(SAMPLES));
}

static void normal_draws_follow_the_law(void **state)
{
    struct fore_rng rng = fore_rng_stream(2, "normal", 0);
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = fore_dist_normal(&rng);
    expect_near(moment(1), 0, 0.007);
    expect_near(moment(2), 1, 0.01);
    expect_near(moment(3), 0, 0.025);
    expect_near(moment(4), 3, 0.07);
    assert_true(ks_distance(normal_cdf) < 1.63 / sqrt(SAMPLES));
    assert_true(sample[0] < -4 && sample[SAMPLES - 1] > 4); /* both tails are reached */
}

static void gamma_draws_follow_the_law(void **state)
{
    struct fore_rng rng = fore_rng_stream(3, "gamma", 0);
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = fore_dist_gamma(&rng, 3);
    expect_near(moment(1), 3, 0.012);
    assert_true(ks_distance(erlang3_cdf) < 1.63 / sqrt(SAMPLES));
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = fore_dist_gamma(&rng, 0.5);
    expect_near(moment(1), 0.5, 0.005);
    assert_true(ks_distance(gamma_half_cdf) < 1.63 / sqrt(SAMPLES));
}

static void lognormal_draws_keep_their_mean(void **state)
{
    struct fore_rng rng = fore_rng_stream(4, "lognormal", 0);
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = fore_dist_lognormal(&rng, 250, 0.8);
    double variance = exp(0.64) - 1; /* relative */
    expect_near(moment(1) / 250, 1, 5 * sqrt(variance / SAMPLES));
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = log(sample[i]);
    expect_near(fore_series_sd(sample, SAMPLES), 0.8, 0.004);
    expect_near(fore_dist_lognormal(&rng, 3, 0), 3, 0);
}

/* Both algorithms, around their border, by chi-square over the likely values. */
static void poisson_draws_follow_the_law(void **state)
{
    static const double means[] = {0.3, 4, 9.99, 10, 11.5, 80};
    for (size_t m = 0; m < FORE_COUNTOF(means); m++) {
        struct fore_rng rng = fore_rng_stream(5, "poisson", m);
        static uint32_t count[400];
        for (size_t k = 0; k < 400; k++)
            count[k] = 0;
        for (int i = 0; i < SAMPLES; i++) {
            uint64_t k = fore_dist_poisson(&rng, means[m]);
            assert_true(k < 400);
            count[k]++;
        }
        double chi = 0, mass = exp(-means[m]), cells = 0;
        for (int k = 0; k < 400; k++) {
            double expected = mass * SAMPLES;
            if (expected > 20) {
                chi += (count[k] - expected) * (count[k] - expected) / expected;
                cells++;
            }
            mass *= means[m] / (k + 1);
        }
        assert_true(chi < cells + 4.5 * sqrt(2 * cells) + 8);
    }
}

static void poisson_holds_at_the_extremes(void **state)
{
    struct fore_rng rng = fore_rng_stream(6, "poisson", 0);
    assert_int_equal(fore_dist_poisson(&rng, 0), 0);
    double sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += (double)fore_dist_poisson(&rng, 1e9) - 1e9;
    expect_near(sum / 1000, 0, 5 * sqrt(1e9 / 1000));
}

static void alias_frequencies_match_the_weights(void **state)
{
    enum { RANKS = 1000 };
    static double weight[RANKS];
    static uint32_t count[RANKS];
    struct fore_arena arena = {0};
    fore_dist_zipf_weights(weight, RANKS, 0.99);
    struct fore_alias alias = fore_alias_build(&arena, weight, RANKS);
    struct fore_rng rng = fore_rng_stream(7, "alias", 0);
    enum { DRAWS = 2000000 };
    for (int i = 0; i < DRAWS; i++)
        count[fore_alias_draw(&alias, &rng)]++;
    double chi = 0;
    for (int r = 0; r < RANKS; r++) {
        double expected = weight[r] * DRAWS;
        chi += (count[r] - expected) * (count[r] - expected) / expected;
    }
    assert_true(chi > 800 && chi < 1200); /* 999 +- 4.5 sigma */
    fore_arena_fini(&arena);
}

/* The table's own probabilities: exact to 2^-32 a column, whatever the weights. */
static void alias_tables_hold_their_weights_exactly(void **state)
{
    struct fore_arena arena = {0};
    struct fore_rng rng = fore_rng_stream(8, "weights", 0);
    for (uint32_t n = 1; n < 300; n += 13) {
        double *weight = FORE_NEW(&arena, double, n), *got = FORE_NEW(&arena, double, n);
        double sum = 0;
        for (uint32_t i = 0; i < n; i++) {
            weight[i] = i % 3 == 1 ? 0 : pow(fore_rng_unit(&rng), 8);
            sum += weight[i];
        }
        struct fore_alias alias = fore_alias_build(&arena, weight, n);
        for (uint32_t i = 0; i < n; i++) {
            double keep = alias.cell[i].cut / 4294967296.0;
            got[i] += keep / n;
            got[alias.cell[i].other] += (1 - keep) / n;
        }
        for (uint32_t i = 0; i < n; i++) {
            expect_near(got[i], weight[i] / sum, 1e-9);
            if (weight[i] == 0) expect_near(got[i], 0, 0); /* never drawn, not even rarely */
        }
    }
    fore_arena_fini(&arena);
}

static void zipf_weights_are_a_power_law(void **state)
{
    double weight[100], sum = 0;
    fore_dist_zipf_weights(weight, 100, 1.2);
    for (int r = 0; r < 100; r++) {
        sum += weight[r];
        expect_near(weight[r] / weight[0], pow(r + 1, -1.2), 1e-12);
    }
    expect_near(sum, 1, 1e-12);
}

static void the_normal_tail_is_exact_to_a_millionth(void **state)
{
    double previous = 1;
    for (double z = -9; z < 9; z += 0.00173) {
        double tail = fore_dist_normal_tail(z);
        expect_near(tail, 0.5 * erfc(z / sqrt(2)), 1e-6);
        assert_true(tail <= previous && tail >= 0 && tail <= 1);
        previous = tail;
    }
    expect_near(fore_dist_normal_tail(0), 0.5, 0);
    expect_near(fore_dist_normal_tail((double)INFINITY), 0, 0);
    expect_near(fore_dist_normal_tail(-(double)INFINITY), 1, 0);
    assert_true(isnan(fore_dist_normal_tail((double)NAN)));
}

static void the_normal_quantile_inverts_the_distribution(void **state)
{
    expect_near(fore_dist_normal_quantile(0.975), 1.959963984540054, 1e-14);
    expect_near(fore_dist_normal_quantile(0.5), 0, 0);
    for (double log_p = -600; log_p < 0; log_p += 0.37) {
        double p = exp(log_p);
        double back = normal_cdf(fore_dist_normal_quantile(p));
        expect_near(back / p, 1, 1e-11);
    }
    expect_near(fore_dist_normal_quantile(0.9) + fore_dist_normal_quantile(0.1), 0, 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ziggurat_tables_match_their_densities),
        cmocka_unit_test(exponential_draws_follow_the_law),
        cmocka_unit_test(normal_draws_follow_the_law),
        cmocka_unit_test(gamma_draws_follow_the_law),
        cmocka_unit_test(lognormal_draws_keep_their_mean),
        cmocka_unit_test(poisson_draws_follow_the_law),
        cmocka_unit_test(poisson_holds_at_the_extremes),
        cmocka_unit_test(alias_frequencies_match_the_weights),
        cmocka_unit_test(alias_tables_hold_their_weights_exactly),
        cmocka_unit_test(zipf_weights_are_a_power_law),
        cmocka_unit_test(the_normal_tail_is_exact_to_a_millionth),
        cmocka_unit_test(the_normal_quantile_inverts_the_distribution),
    };
    return cmocka_run_group_tests_name("core/base/dist", tests, NULL, NULL);
}
