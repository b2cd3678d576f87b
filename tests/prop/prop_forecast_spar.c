/*
 * SPAR's shared Gram blocks against the plain way: for random series, lags and horizons, build the
 * rows of every lead, solve its normal equations by elimination, and compare the forecasts.
 */
#include "core/forecast/spar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "tests/support/near.h"

enum { SEEDS = 40, N_MAX = 900, WEIGHTS = FORE_SPAR_SLOTS_MAX + FORE_SPAR_RECENT_MAX };

struct plain {
    const struct fore_spar *spar;
    double z[N_MAX];
    size_t n;
};

static double deviation(const struct plain *plain, size_t at)
{
    double sum = 0;
    for (uint32_t i = 0; i < plain->spar->slots; i++)
        sum += plain->z[at - fore_spar_lag(plain->spar->slot[i], 0)];
    return plain->z[at] - sum / plain->spar->slots;
}

/* The regressors of the value at origin + 1 + lead. */
static void features(const struct plain *plain, size_t origin, size_t lead, double *x)
{
    const struct fore_spar *spar = plain->spar;
    for (uint32_t i = 0; i < spar->slots; i++)
        x[i] = plain->z[origin + 1 + lead - fore_spar_lag(spar->slot[i], lead)];
    for (uint32_t j = 0; j < spar->recent; j++)
        x[spar->slots + j] = deviation(plain, origin + 1 + j - spar->recent);
}

static void eliminate(double a[WEIGHTS][WEIGHTS + 1], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t r = 0; r < n; r++) {
            double f = a[r][i] / a[i][i];
            for (size_t c = i; r != i && c <= n; c++)
                a[r][c] -= f * a[i][c];
        }
    }
}

static double plain_forecast(const struct plain *plain, size_t lead, double ridge)
{
    static double a[WEIGHTS][WEIGHTS + 1];
    const struct fore_spar *spar = plain->spar;
    size_t q = spar->slots, w = q + spar->recent;
    double x[WEIGHTS], trace[2] = {0};
    for (size_t i = 0; i < w; i++)
        for (size_t k = 0; k <= w; k++)
            a[i][k] = 0;
    for (size_t t = spar->reach - 1; t + spar->horizon < plain->n; t++) {
        features(plain, t, lead, x);
        for (size_t i = 0; i < w; i++) {
            for (size_t k = 0; k < w; k++)
                a[i][k] += x[i] * x[k];
            a[i][w] += x[i] * plain->z[t + 1 + lead];
        }
    }
    for (size_t i = 0; i < w; i++)
        trace[i >= q] += a[i][i];
    for (size_t i = 0; i < w; i++) {
        double strength = ridge * trace[i >= q] / (double)(i < q ? q : spar->recent) + 1e-12;
        a[i][i] += strength;
        if (i < q) a[i][w] += strength / (double)q;
    }
    eliminate(a, w);
    double sum = 0;
    features(plain, plain->n - 1, lead, x);
    for (size_t i = 0; i < w; i++)
        sum += x[i] * a[i][w] / a[i][i];
    return sum;
}

static void fast_and_plain_least_squares_agree(void **state)
{
    static float y[N_MAX];
    static struct plain plain;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fore_arena arena = {0}, scratch = {0};
        struct fore_rng rng = fore_rng_stream(seed, "spar", 0);
        uint32_t period = 7 + fore_rng_below(&rng, 30), recent = fore_rng_below(&rng, 33);
        struct fore_model_params params = {.spar_periods = 1 + fore_rng_below(&rng, 8),
                                           .spar_recent = recent,
                                           .ridge = 1e-3,
                                           .floor_share = 0.8};
        size_t horizon = 1 + fore_rng_below(&rng, 50);
        plain.n = 400 + fore_rng_below(&rng, N_MAX - 400);
        double wander = 0, centre = 0;
        for (size_t i = 0; i < plain.n; i++) {
            wander = 0.9 * wander + fore_dist_normal(&rng);
            double day = sin((double)i * 6.283185307 / period);
            y[i] = (float)(50 + 10 * day + 2 * wander);
            centre += (double)y[i] / (double)plain.n;
        }
        struct fore_series_view series = {
            .y = y, .n = plain.n, .period = {period, 7 * period}
        };
        void *fitted = NULL;
        float mean[64];
        const struct fore_model *model = fore_model_find("spar");
        assert_int_equal(model->fit(&params, &series, horizon, &arena, &scratch, &fitted),
                         FORE_E_OK);
        model->predict(&params, fitted, &series, horizon, mean);
        plain.spar = fitted;
        for (size_t i = 0; i < plain.n; i++)
            plain.z[i] = (double)y[i] - centre;
        for (size_t lead = 0; lead < horizon; lead += 1 + lead / 3) {
            double expected = centre + plain_forecast(&plain, lead, params.ridge);
            bool close = fabs((double)mean[lead] - expected) < 0.01;
            if (!close)
                fprintf(stderr, "seed %llu lead %zu: %g, plainly %g\n", (unsigned long long)seed,
                        lead, (double)mean[lead], expected);
            assert_true(close);
        }
        fore_arena_fini(&arena);
        fore_arena_fini(&scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_and_plain_least_squares_agree),
    };
    return cmocka_run_group_tests_name("prop/forecast_spar", tests, NULL, NULL);
}
