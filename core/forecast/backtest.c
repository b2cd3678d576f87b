/*
 * backtest.c - walks the origins forwards; an origin is told the errors of earlier ones only when
 * their last step lies before it, as it would be in life.
 */
#include "core/forecast/backtest.h"

#include "core/base/series.h"

#include <math.h>

enum {
    LEVELS = (int)FORE_COUNTOF(fore_quantile_levels),
    Q025 = 0,
    Q05 = 1,
    Q90 = 10,
    Q95 = 11,
    Q975 = 12,
};

struct run {
    const struct fore_backtest_plan *plan;
    const struct fore_series_view *series;
    struct fore_arena *scratch;
    struct fore_arena model; /* the newest fit */
    struct fore_residual *residual;
    void *state;
    float *means; /* [origins + calibration][horizon], to become residuals when truth is known */
    float *grid;
    double scale; /* in-sample seasonal naive error, of MASE and MSIS */
    double points, inside;
    struct fore_backtest_score sum;
};

static double pinball(double level, double quantile, double truth)
{
    double miss = truth - quantile;
    return miss >= 0.0 ? level * miss : (level - 1.0) * miss;
}

/* Mean |y(t) - y(t - period)| over the first n points. */
static double naive_error(const struct fore_series_view *series, size_t n)
{
    size_t lag = series->period[0] > 0 && series->period[0] < n ? series->period[0] : 1;
    double sum = 0.0, known = 0.0;
    for (size_t i = lag; i < n; i++) {
        double miss = fabs((double)series->y[i] - (double)series->y[i - lag]);
        if (isnan(miss)) continue;
        sum += miss;
        known += 1.0;
    }
    return known > 0.0 && sum > 0.0 ? sum / known : 1.0;
}

static void score_point(struct run *run, double mean, double truth, const float *quantile)
{
    double size = fabs(truth) + fabs(mean);
    double low = (double)quantile[Q025], high = (double)quantile[Q975];
    run->points += 1.0;
    run->sum.smape += size > 0.0 ? 200.0 * fabs(truth - mean) / size : 0.0;
    run->sum.mase += fabs(truth - mean) / run->scale;
    run->sum.msis +=
        (high - low + 40.0 * fmax(low - truth, 0.0) + 40.0 * fmax(truth - high, 0.0)) / run->scale;
    run->inside += truth >= (double)quantile[Q05] && truth <= (double)quantile[Q95] ? 1.0 : 0.0;
    double loss = 0.0;
    for (int i = 0; i < LEVELS; i++)
        loss += pinball(fore_quantile_levels[i], (double)quantile[i], truth);
    run->sum.crps += 2.0 * loss / LEVELS;
}

static void score_origin(struct run *run, const float *mean, const float *truth)
{
    size_t horizon = run->plan->horizon;
    fore_residual_quantiles(run->residual, mean, fore_quantile_levels, LEVELS, run->scratch,
                            run->grid);
    float peak = -INFINITY, peak_quantile = 0.0f;
    for (size_t h = 0; h < horizon; h++) {
        if (isnan(truth[h])) continue;
        score_point(run, (double)mean[h], (double)truth[h], run->grid + h * LEVELS);
        if (truth[h] > peak) peak = truth[h];
    }
    if (!isfinite(peak)) return;
    struct fore_residual_peak wanted = {
        .first = 0, .last = horizon - 1, .level = &fore_quantile_levels[Q90], .level_count = 1};
    fore_residual_peak(run->residual, mean, &wanted, run->scratch, &peak_quantile);
    run->sum.peak_pinball90 +=
        pinball(fore_quantile_levels[Q90], (double)peak_quantile, (double)peak);
    run->sum.origins++;
}

/* One origin: the series up to `n` is known. */
static enum fore_err forecast_at(struct run *run, size_t n, bool refit, float *mean)
{
    const struct fore_backtest_plan *plan = run->plan;
    struct fore_series_view known = *run->series;
    known.n = n;
    if (refit && plan->model->fit) {
        fore_arena_fini(&run->model);
        FORE_TRY(plan->model->fit(plan->params, &known, plan->horizon, &run->model, run->scratch,
                                  &run->state));
    }
    plan->model->predict(plan->params, run->state, &known, plan->horizon, mean);
    return FORE_E_OK;
}

static enum fore_err run_origins(struct run *run, size_t origins, size_t scored)
{
    const struct fore_backtest_plan *plan = run->plan;
    size_t step = plan->origin_step, horizon = plan->horizon;
    size_t first = run->series->n - horizon - (origins - 1) * step, told = 0;
    size_t refit_every = plan->refit_every > 0 ? plan->refit_every : origins;
    for (size_t o = 0; o < origins; o++) {
        size_t n = first + o * step;
        for (; told < o && first + told * step + horizon <= n; told++)
            fore_residual_add(run->residual, run->means + told * horizon,
                              run->series->y + first + told * step);
        float *mean = run->means + o * horizon;
        FORE_TRY(forecast_at(run, n, o % refit_every == 0, mean));
        if (o + scored >= origins) score_origin(run, mean, run->series->y + n);
    }
    return FORE_E_OK;
}

enum fore_err fore_backtest_run(const struct fore_backtest_plan *plan,
                                const struct fore_series_view *series, struct fore_arena *scratch,
                                struct fore_backtest_score *out)
{
    FORE_ASSERT(plan->horizon > 0 && plan->origins > 0 && plan->origin_step > 0);
    *out = (struct fore_backtest_score){0};
    size_t need = plan->model->points_min(plan->params, series->period[0], plan->horizon);
    if (plan->model->seasonal && series->period[0] == 0) return FORE_E_RANGE;
    if (series->n < need + plan->horizon) return FORE_E_RANGE;
    size_t possible = (series->n - need - plan->horizon) / plan->origin_step + 1;
    size_t wanted = plan->origins + plan->calibration;
    size_t origins = wanted < possible ? wanted : possible;
    size_t scored = plan->origins < origins ? plan->origins : origins;

    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct run run = {.plan = plan, .series = series, .scratch = scratch};
    run.residual = fore_residual_create(
        scratch, plan->calibration > 0 ? plan->calibration : origins, plan->horizon);
    run.means = FORE_NEW(scratch, float, origins * plan->horizon);
    run.grid = FORE_NEW(scratch, float, plan->horizon *LEVELS);
    run.scale = naive_error(series, series->n - plan->horizon - (scored - 1) * plan->origin_step);
    enum fore_err err = run_origins(&run, origins, scored);
    fore_arena_fini(&run.model);
    fore_arena_reset(scratch, mark);
    if (err != FORE_E_OK) return err;
    if (run.sum.origins == 0) return FORE_E_RANGE;
    *out = run.sum;
    out->smape /= run.points;
    out->mase /= run.points;
    out->msis /= run.points;
    out->crps /= run.points;
    out->coverage90 = run.inside / run.points;
    out->peak_pinball90 /= (double)run.sum.origins;
    return FORE_E_OK;
}
