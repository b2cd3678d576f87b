/*
 * model_ar.c - autoregression of the logarithm on its last 30 values, iterated over the horizon.
 *
 * Least squares with a ridge that pulls towards "as the last value" (weight 1 at lag 1, 0 beyond),
 * so that little data gives persistence. The Gram matrix of a series with itself shifted is nearly
 * Toeplitz: its first row costs n products a lag, the rest one addition and one subtraction each.
 */
#include "core/forecast/bounds.h"
#include "core/forecast/models.h"

#include <math.h>
#include <string.h>

enum { ORDER_MAX = 30, POINTS_MAX = 4032, RECENT = ORDER_MAX };
static const double RIDGE = 1e-3; /* of the mean diagonal */

struct autoregression {
    size_t order;
    double weight[ORDER_MAX]; /* of the last value, the one before it, ... */
    double centre;
    struct fore_bounds bounds;
};

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    (void)period;
    (void)horizon;
    return 48;
}

/* Logarithms of the newest n points, the gaps filled with the value before. */
static double filled(const struct fore_bounds *bounds, const struct fore_series_view *series,
                     size_t n, double *z)
{
    double last = log(fmax((double)bounds->level, exp((double)bounds->log_min))), sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        float value = fore_bounds_log(bounds, series, series->n - n + i);
        if (!isnan(value)) last = (double)value;
        z[i] = last;
        sum += last;
    }
    return sum / (double)n;
}

/* g[i][j] = sum over t of z[t-1-i] z[t-1-j], t = order..n-1; target g[order][j] = z[t] z[t-1-j]. */
static void correlate(const double *z, size_t n, size_t order, double *g)
{
    size_t w = order + 1; /* index 0: the target, i + 1: lag i + 1 */
    for (size_t j = 0; j < w; j++) {
        double sum = 0.0;
        for (size_t t = order; t < n; t++)
            sum += z[t] * z[t - j];
        g[j] = sum;
    }
    for (size_t i = 1; i < w; i++) {
        for (size_t j = i; j < w; j++)
            g[i * w + j] =
                g[(i - 1) * w + j - 1] + z[order - i] * z[order - j] - z[n - i] * z[n - j];
        for (size_t j = 0; j < i; j++)
            g[i * w + j] = g[j * w + i];
    }
}

static void solve(const double *g, size_t order, double *x)
{
    size_t w = order + 1;
    double trace = 0.0, a[ORDER_MAX][ORDER_MAX];
    for (size_t i = 0; i < order; i++)
        trace += g[(i + 1) * w + i + 1];
    double ridge = RIDGE * trace / (double)order + 1e-12;
    for (size_t i = 0; i < order; i++) {
        for (size_t j = 0; j < order; j++)
            a[i][j] = g[(i + 1) * w + j + 1];
        a[i][i] += ridge;
        x[i] = g[i + 1] + (i == 0 ? ridge : 0.0);
    }
    for (size_t i = 0; i < order; i++) { /* Cholesky in the lower half */
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i][k] * a[j][k];
            a[i][j] = i == j ? sqrt(sum > 1e-12 * ridge ? sum : 1e-12 * ridge) : sum / a[j][j];
        }
    }
    for (size_t i = 0; i < order; i++) {
        for (size_t k = 0; k < i; k++)
            x[i] -= a[i][k] * x[k];
        x[i] /= a[i][i];
    }
    for (size_t i = order; i-- > 0;) {
        for (size_t k = i + 1; k < order; k++)
            x[i] -= a[k][i] * x[k];
        x[i] /= a[i][i];
    }
}

static enum fore_err fit(const struct fore_model_params *params,
                         const struct fore_series_view *series, size_t horizon,
                         struct fore_arena *arena, struct fore_arena *scratch, void **state)
{
    (void)horizon;
    size_t n = series->n < POINTS_MAX ? series->n : POINTS_MAX;
    struct autoregression *ar = FORE_NEW(arena, struct autoregression, 1);
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    double *z = FORE_NEW(scratch, double, n);
    double *g = FORE_NEW(scratch, double, (size_t)(ORDER_MAX + 1) * (ORDER_MAX + 1));
    ar->order = n / 8 < ORDER_MAX ? n / 8 : ORDER_MAX;
    ar->bounds = fore_bounds_of(params, series);
    ar->centre = filled(&ar->bounds, series, n, z);
    for (size_t i = 0; i < n; i++)
        z[i] -= ar->centre;
    correlate(z, n, ar->order, g);
    solve(g, ar->order, ar->weight);
    fore_arena_reset(scratch, mark);
    *state = ar;
    return FORE_E_OK;
}

static void predict(const struct fore_model_params *params, const void *state,
                    const struct fore_series_view *series, size_t horizon, float *mean)
{
    (void)params;
    const struct autoregression *ar = state;
    double z[2 * RECENT]; /* a window that slides: the newest last */
    size_t n = series->n < RECENT ? series->n : RECENT, at = RECENT;
    memset(z, 0, sizeof(z));
    (void)filled(&ar->bounds, series, n, z + RECENT - n);
    for (size_t i = RECENT - n; i < RECENT; i++)
        z[i] -= ar->centre;
    for (size_t h = 0; h < horizon; h++) {
        double next = 0.0;
        for (size_t k = 0; k < ar->order; k++)
            next += ar->weight[k] * z[at - 1 - k];
        next = fmin(fmax(next, -60.0), 60.0);
        mean[h] = (float)exp(fmin(next + ar->centre, 80.0));
        if (at == (size_t)2 * RECENT) {
            memmove(z, z + RECENT, (size_t)RECENT * sizeof(*z));
            at = RECENT;
        }
        z[at++] = next;
    }
    fore_bounds_keep(&ar->bounds, mean, horizon);
}

const struct fore_model fore_model_ar = {
    .name = "ar",
    .about = "autoregression of the logarithm on the last 30 values",
    .wants_log = true,
    .quick_fit = true,
    .points_min = points_min,
    .fit = fit,
    .predict = predict,
};
