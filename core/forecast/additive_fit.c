/*
 * additive_fit.c - learns the additive model: one Cholesky factor, then an auto-regression of what
 * is left.
 *
 * Regressors are the last unknowns. How firmly they are held to their priors depends on the noise,
 * and the noise is what the other columns leave: so those are factored first, and the rows of the
 * regressors appended to the same factor.
 */
#include "core/forecast/additive.h"

#include <math.h>
#include <string.h>

struct fitting {
    struct fore_additive *additive;
    const struct fore_series_view *series;
    struct fore_additive_system system;
    struct fore_arena *scratch;
    double *plain, *weight;
    double *z;       /* the last plain column */
    double *unknown; /* [size] */
    double noise;    /* variance of what is left, of a point of weight 1 */
};

double fore_additive_z(const struct fore_additive *additive, double load)
{
    if (additive->scale == FORE_ADDITIVE_LOGARITHM) {
        return fmax(log(load), (double)additive->bounds.log_min);
    }
    return cbrt(fmax(load, 0.0));
}

static size_t known_points(const struct fore_series_view *series, size_t begin)
{
    size_t known = 0;
    for (size_t i = begin; i < series->n; i++)
        known += !isnan(series->y[i]);
    return known;
}

/* Half-life weights, z and the other plain columns. */
static void fill_columns(struct fitting *fit)
{
    struct fore_additive *additive = fit->additive;
    size_t n = additive->n, trends = fit->system.trends, regressors = fit->system.regressors;
    const float *y = fit->series->y + additive->begin;
    double half_life = additive->longest > 75 ? 8.0 * additive->longest : 600.0;
    double fade = pow(0.5, 1.0 / half_life), weight = 1.0;
    for (size_t t = n; t-- > 0;) {
        bool known = !isnan(y[t]);
        fit->weight[t] = known ? weight : 0.0;
        fit->z[t] = known ? fore_additive_z(additive, (double)y[t]) : 0.0;
        weight *= fade;
    }
    for (size_t i = 0; i < trends; i++)
        for (size_t t = 0; t < n; t++)
            fit->plain[i * n + t] = fore_additive_trend_column(additive, i, (double)t);
    for (size_t i = 0; i < regressors; i++)
        for (size_t t = 0; t < n; t++)
            fit->plain[(trends + i) * n + t] =
                (double)fit->series->regressor[i].value[additive->begin + t];
}

/* Relative to the sum of the weights. A slope seen at few points is believed less. */
static void stiffen(struct fitting *fit)
{
    struct fore_additive_system *system = &fit->system;
    const struct fore_additive *additive = fit->additive;
    size_t stride = system->size + 1;
    system->gram[0] += 1e-9 * system->weight_sum;
    for (size_t i = 1; i < system->trends; i++) {
        double stiffness = i == 1 ? 1e-3 + 1.0 / (double)additive->n : 10.0;
        system->gram[i * stride] += stiffness * system->weight_sum;
    }
    for (uint32_t k = 0; k < additive->waves; k++) {
        size_t at = system->trends + 2 * (size_t)k;
        double ridge = additive->wave[k].stiffness * system->weight_sum;
        system->gram[at * stride] += ridge;
        system->gram[(at + 1) * stride] += ridge;
    }
}

static double dot_rows(const double *a, const double *b, size_t n)
{
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++)
        s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

/* Rows from..to-1 of the Cholesky factor, in place; `right` becomes L^-1 right along with it. */
static void factor_rows(struct fore_additive_system *system, size_t from, size_t to)
{
    size_t size = system->size;
    for (size_t i = from; i < to; i++) {
        double *row = system->gram + i * size;
        double most = row[i];
        for (size_t j = 0; j < i; j++) {
            const double *other = system->gram + j * size;
            row[j] = (row[j] - dot_rows(row, other, j)) / other[j];
        }
        double pivot = row[i] - dot_rows(row, row, i);
        row[i] = sqrt(pivot > 1e-12 * most ? pivot : 1e-12 * most + 1e-300);
        system->right[i] = (system->right[i] - dot_rows(row, system->right, i)) / row[i];
    }
}

static void back_substitute(const struct fore_additive_system *system, size_t used, double *x)
{
    for (size_t i = used; i-- > 0;) {
        const double *row = system->gram + i * system->size;
        x[i] = (x[i] + system->right[i]) / row[i];
        for (size_t j = 0; j < i; j++)
            x[j] -= row[j] * x[i];
    }
}

static void solve(struct fitting *fit, double *effect)
{
    struct fore_additive_system *system = &fit->system;
    size_t base = system->size - system->regressors, stride = system->size + 1;
    factor_rows(system, 0, base);
    double left = system->square - dot_rows(system->right, system->right, base);
    fit->noise = fmax(left, 1e-10 * system->square + 1e-12) / system->weight_sum;
    for (size_t i = 0; i < system->regressors; i++) {
        const struct fore_regressor *r = &fit->series->regressor[i];
        double hold = fit->noise / (r->prior_sd * r->prior_sd);
        system->gram[(base + i) * stride] += hold;
        system->right[base + i] += hold * r->prior;
    }
    factor_rows(system, base, system->size);
    back_substitute(system, system->size, fit->unknown);
    for (size_t i = 0; effect != NULL && i < system->regressors; i++)
        effect[i] = fit->unknown[base + i];
}

static void keep_unknowns(struct fitting *fit)
{
    struct fore_additive *additive = fit->additive;
    additive->level = fit->unknown[0];
    additive->slope = fit->unknown[1];
    for (uint32_t i = 0; i < additive->bends; i++)
        additive->bend[i] = fit->unknown[2 + i];
    const double *wave = fit->unknown + fit->system.trends;
    for (uint32_t k = 0; k < additive->waves; k++, wave += 2) {
        additive->wave[k].cosine = wave[0];
        additive->wave[k].sine = wave[1];
    }
}

/* What the columns leave, 0 where z is missing, in place of z. */
static void leave_residuals(struct fitting *fit)
{
    struct fore_additive *additive = fit->additive;
    size_t n = additive->n, plain = fit->system.trends + fit->system.regressors;
    size_t period = additive->bins > 0 && additive->bins < n ? additive->bins : n;
    double *season = FORE_NEW(fit->scratch, double, period);
    fore_additive_season(additive, 0, period, season);
    for (size_t t = 0, phase = 0; t < n; t++, phase = phase + 1 == period ? 0 : phase + 1)
        fit->z[t] -= season[phase];
    for (size_t i = 0; i < plain; i++) {
        size_t at = i < fit->system.trends ? i : i + 2 * (size_t)additive->waves;
        for (size_t t = 0; t < n; t++)
            fit->z[t] -= fit->unknown[at] * fit->plain[i * n + t];
    }
    for (size_t t = 0; t < n; t++) {
        if (fit->weight[t] > 0)
            additive->residual_most = fmax(additive->residual_most, fabs(fit->z[t]));
        else
            fit->z[t] = 0.0;
    }
}

/* Least squares of a residual on those at the lags; as a system of its own, so solved by the same
 * code. Points whose own residual is unknown are left out. */
static void learn_lags(struct fitting *fit)
{
    struct fore_additive *additive = fit->additive;
    size_t m = additive->lags, longest = m > 0 ? additive->lag[m - 1] : 0;
    double gram[FORE_ADDITIVE_LAGS_MAX * FORE_ADDITIVE_LAGS_MAX] = {0}, trace = 0.0;
    double right[FORE_ADDITIVE_LAGS_MAX] = {0};
    for (size_t t = longest; t < additive->n; t++) {
        if (!(fit->weight[t] > 0)) continue;
        double x[FORE_ADDITIVE_LAGS_MAX];
        for (size_t i = 0; i < m; i++)
            x[i] = fit->z[t - additive->lag[i]];
        for (size_t i = 0; i < m; i++) {
            right[i] += x[i] * fit->z[t];
            for (size_t j = 0; j <= i; j++)
                gram[i * m + j] += x[i] * x[j];
        }
    }
    for (size_t i = 0; i < m; i++)
        trace += gram[i * m + i];
    for (size_t i = 0; i < m; i++)
        gram[i * m + i] += 1e-3 * trace / (double)m + 1e-12 + fit->noise;
    struct fore_additive_system system = {.size = m, .gram = gram, .right = right};
    memset(additive->lag_weight, 0, sizeof(additive->lag_weight));
    factor_rows(&system, 0, m);
    back_substitute(&system, m, additive->lag_weight);
}

enum fore_err fore_additive_fit(const struct fore_model_params *params,
                                const struct fore_series_view *series, struct fore_arena *scratch,
                                struct fore_additive *out, double *effect)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fitting fit = {.additive = out, .series = series, .scratch = scratch};
    fore_additive_basis(series, out);
    out->bounds = fore_bounds_of(params, series);
    if (known_points(series, out->begin) < FORE_ADDITIVE_POINTS_MIN) return FORE_E_RANGE;
    struct fore_additive_system *system = &fit.system;
    system->additive = out;
    system->trends = 2 + out->bends;
    system->regressors = effect ? series->regressor_count : 0;
    system->size = system->trends + 2 * (size_t)out->waves + system->regressors;
    size_t plain = system->trends + system->regressors;
    fit.plain = FORE_NEW(scratch, double, (plain + 1) * out->n);
    fit.z = fit.plain + plain * out->n;
    fit.weight = FORE_NEW(scratch, double, out->n);
    fit.unknown = FORE_NEW(scratch, double, system->size);
    system->gram = FORE_NEW(scratch, double, system->size * system->size);
    system->right = FORE_NEW(scratch, double, system->size);
    fill_columns(&fit);
    system->plain = fit.plain;
    system->weight = fit.weight;
    fore_additive_moments(system, scratch);
    stiffen(&fit);
    solve(&fit, effect);
    keep_unknowns(&fit);
    leave_residuals(&fit);
    if (out->lags > 0) learn_lags(&fit);
    fore_arena_reset(scratch, mark);
    return FORE_E_OK;
}
