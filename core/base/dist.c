/*
 * dist.c - draws from continuous and counting distributions.
 *
 * Ziggurats give the exponential and the normal; log-normal, gamma and Poisson are built on them.
 * Logarithms take 1 - unit, which is in (0, 1], never unit, which may be 0. Every draw goes into a
 * local first: the order of two draws in one expression is the compiler's choice.
 */
#include "core/base/dist.h"

#include <math.h>

/* Under the curve inside layer i? `height` rises from height[i] to height[i+1] across it. */
static bool under_curve(struct fore_rng *rng, const double *height, uint64_t i, double density)
{
    double u = fore_rng_unit(rng);
    return height[i] + u * (height[i + 1] - height[i]) < density;
}

/* The tail beyond the edge is again exponential, so a draw there is the edge plus a fresh draw. */
double fore_dist_exp_slow(struct fore_rng *rng, uint64_t bits)
{
    double past = 0;
    for (;;) {
        uint64_t i = bits & 255, at = bits >> 11;
        double x = (double)(int64_t)at * fore_dist_tables_exp[i].width;
        if (at < fore_dist_tables_exp[i].keep) return past + x;
        if (i == 0)
            past += fore_dist_tables_exp_edge;
        else if (under_curve(rng, fore_dist_tables_exp_height, i, exp(-x)))
            return past + x;
        bits = fore_rng_u64(rng);
    }
}

/* Beyond the edge (Marsaglia 1964): an exponential proposal, accepted by another. */
static double normal_tail_draw(struct fore_rng *rng)
{
    for (;;) {
        double x = fore_dist_exp(rng) / fore_dist_tables_normal_edge;
        double y = fore_dist_exp(rng);
        if (2 * y > x * x) return fore_dist_tables_normal_edge + x;
    }
}

double fore_dist_normal(struct fore_rng *rng)
{
    for (;;) {
        uint64_t bits = fore_rng_u64(rng);
        uint64_t i = bits & 255, at = bits >> 11;
        double sign = bits & 256 ? -1 : 1;
        double x = (double)(int64_t)at * fore_dist_tables_normal[i].width;
        if (at < fore_dist_tables_normal[i].keep) return sign * x;
        if (i == 0) return sign * normal_tail_draw(rng);
        if (under_curve(rng, fore_dist_tables_normal_height, i, exp(-0.5 * x * x))) return sign * x;
    }
}

double fore_dist_lognormal(struct fore_rng *rng, double mean, double sigma)
{
    FORE_ASSERT(mean > 0 && sigma >= 0);
    double z = fore_dist_normal(rng);
    return mean * exp(sigma * (z - 0.5 * sigma));
}

/* log(k!) by Stirling's series, exact to 1e-15 relative from 10 on; a table below. */
static double log_factorial(double k)
{
    static const double small[10] = {
        0.0,
        0.0,
        0.6931471805599453,
        1.791759469228055,
        3.1780538303479458,
        4.787491742782046,
        6.579251212010101,
        8.525161361065415,
        10.60460290274525,
        12.801827480081469,
    };
    if (k < 10) return small[(size_t)k];
    double n = k + 1, inverse = 1 / n, square = inverse * inverse;
    double series = (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)));
    return (n - 0.5) * log(n) - n + 0.9189385332046727 + series * inverse;
}

static uint64_t poisson_inversion(struct fore_rng *rng, double mean)
{
    double u = fore_rng_unit(rng);
    double mass = exp(-mean);
    uint64_t k = 0;
    /* 200 is past every mass a double can tell from 0 at means below 10. */
    while (u >= mass && k < 200) {
        u -= mass;
        k++;
        mass *= mean / (double)k;
    }
    return k;
}

/* Transformed rejection with squeeze; the constants are those of Hormann's paper. */
static uint64_t poisson_ptrs(struct fore_rng *rng, double mean)
{
    double b = 0.931 + 2.53 * sqrt(mean);
    double a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double accept = 0.9277 - 3.6224 / (b - 2);
    double log_mean = log(mean);
    for (;;) {
        double u = fore_rng_unit(rng) - 0.5;
        double v = 1 - fore_rng_unit(rng);
        double us = 0.5 - fabs(u);
        double k = floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= accept) return (uint64_t)k;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        double left = log(v * inverse_alpha / (a / (us * us) + b));
        if (left <= k * log_mean - mean - log_factorial(k)) return (uint64_t)k;
    }
}

uint64_t fore_dist_poisson(struct fore_rng *rng, double mean)
{
    FORE_ASSERT(mean >= 0 && mean < 1e15);
    return mean < 10 ? poisson_inversion(rng, mean) : poisson_ptrs(rng, mean);
}

double fore_dist_gamma(struct fore_rng *rng, double shape)
{
    FORE_ASSERT(shape > 0);
    double boost = 1;
    if (shape < 1) { /* gamma(a) = gamma(a + 1) * U^(1/a) */
        boost = pow(1 - fore_rng_unit(rng), 1 / shape);
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double z = fore_dist_normal(rng);
        double u = 1 - fore_rng_unit(rng);
        double cube = 1 + c * z;
        if (cube <= 0) continue;
        cube = cube * cube * cube;
        if (log(u) < 0.5 * z * z + d - d * cube + d * log(cube)) return boost * d * cube;
    }
}

/* Cubic Hermite between knots 1/16 apart; |fourth derivative| < 1.5, so the error is < 1e-7. */
double fore_dist_normal_tail(double z)
{
    double x = fabs(z);
    double upper = 0;
    if (x < FORE_DIST_TAIL_MAX) {
        double at = x * FORE_DIST_TAIL_STEPS;
        int knot = (int)at;
        double t = at - knot, rest = 1 - t;
        const struct fore_dist_tail_knot *a = &fore_dist_tables_tail[knot], *b = a + 1;
        upper = rest * rest * ((1 + 2 * t) * a->tail - t * a->density / FORE_DIST_TAIL_STEPS) +
                t * t * ((3 - 2 * t) * b->tail + rest * b->density / FORE_DIST_TAIL_STEPS);
    } else if (isnan(z)) {
        return z;
    }
    return z < 0 ? 1 - upper : upper;
}

static double ratio(const double *top, const double *bottom, double x)
{
    double a = top[7], b = bottom[7];
    for (int i = 6; i >= 0; i--) {
        a = a * x + top[i];
        b = b * x + bottom[i];
    }
    return a / b;
}

/* Wichura (1988), algorithm AS 241, routine PPND16: 16 digits. */
double fore_dist_normal_quantile(double p)
{
    static const double centre[2][8] = {
        {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
         1.3731693765509461125e+4,                                                                              4.5921953931549871457e+4, 6.7265770927008700853e+4,
         3.3430575583588128105e+4,                                                                                                                                                            2.5090809287301226727e+3},
        {1.0,                     4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
         2.1213794301586595867e+4,                                                                                                        3.9307895800092710610e+4, 2.8729085735721942674e+4,
         5.2264952788528545610e+3                                                                                                                                                                                     }
    };
    static const double flank[2][8] = {
        {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
         3.64784832476320460504e0,                                                                                1.27045825245236838258e0, 2.41780725177450611770e-1,
         2.27238449892691845833e-2,                                                                                                                                                               7.74545014278341407640e-4},
        {1.0,                      2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
         1.48103976427480074590e-1,                                                                                                         1.51986665636164571966e-2, 5.47593808499534494600e-4,
         1.05075007164441684324e-9                                                                                                                                                                                         }
    };
    static const double far[2][8] = {
        {6.65790464350110377720e0, 5.46378491116411436990e0,  1.78482653991729133580e0,
         2.96560571828504891230e-1,                                                                                 2.65321895265761230930e-2, 1.24266094738807843860e-3,
         2.71155556874348757815e-5,                                                                                                                                                                  2.01033439929228813265e-7},
        {1.0,                      5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
         7.86869131145613259100e-4,                                                                                                            1.84631831751005468180e-5, 1.42151175831644588870e-7,
         2.04426310338993978564e-15                                                                                                                                                                                           }
    };
    FORE_ASSERT(p > 0 && p < 1);
    double q = p - 0.5;
    if (fabs(q) <= 0.425) return q * ratio(centre[0], centre[1], 0.180625 - q * q);
    double r = sqrt(-log(q < 0 ? p : 1 - p));
    double z = r <= 5 ? ratio(flank[0], flank[1], r - 1.6) : ratio(far[0], far[1], r - 5);
    return q < 0 ? -z : z;
}

void fore_dist_zipf_weights(double *out, uint32_t count, double s)
{
    double sum = 0;
    for (uint32_t r = count; r-- > 0;) { /* smallest first: the sum loses less */
        out[r] = pow((double)r + 1, -s);
        sum += out[r];
    }
    for (uint32_t r = 0; r < count; r++)
        out[r] /= sum;
}
