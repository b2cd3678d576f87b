/*
 * rolling_judge.c - at scored origins and at the forecast, the errors of all series give the
 * intervals their shape. The ensemble's errors are those its present weights would have made at
 * the earlier origins: what it said then, with weights it no longer has, says little about what it
 * says now. But they are errors of weights that have seen them, and load gets wilder and calmer: so
 * the width of the intervals follows how often they have lately held (adaptive conformal
 * inference, Gibbs & Candes 2021), over the last of the warm origins for the panel as a whole, and
 * over the scored ones for each series.
 *
 * Every member is given intervals in the same way as the ensemble, so that scores compare the
 * means and not the trimmings.
 */
#include <math.h>
#include <string.h>

#include "core/forecast/rolling.h"
#include "core/forecast/rolling_parts.h"

enum { POOL_MAX = 1 << 15, Q05 = 1, Q90 = 10, Q95 = 11, TRIAL_PART = 3 };
static const double MISSES = 0.1;     /* that a 90 % interval should have */
static const double LEARNING = 0.1;   /* log width gained by an origin that misses it all */
static const double WIDTH_MOST = 0.7; /* log width at most, either way */

/* ---- errors of earlier origins --------------------------------------------------------------- */

/* What a voice says of an earlier origin: a member what it said, the ensemble what its present
 * weights make of what the members said. NULL: nothing. */
static const float *said_then(struct fore_rolling_run *run, size_t series, size_t voice,
                              size_t origin)
{
    struct fore_rolling_walk *walk = &run->walk[series];
    const float *member[FORE_MEMBERS_MAX];
    if (voice < run->members) return fore_rolling_said(run->rolling, series, voice, origin);
    if (run->alone || !fore_rolling_members_at(run, series, origin, member))
        return walk->chosen + origin * run->horizon;
    float *out[FORE_COMBINATIONS] = {0};
    out[fore_ensemble_choice(walk->ensemble)] = run->then;
    fore_ensemble_combine(walk->ensemble, &run->rolling->options.ensemble, member, out);
    return run->then;
}

static void recall(struct fore_rolling_run *run, size_t series, size_t voice, size_t now)
{
    const struct fore_series_view *view = &run->rolling->series[series].view;
    struct fore_residual *residual = run->walk[series].voice[voice].residual;
    size_t known = fore_rolling_known(run->rolling, series, now), kept = run->kept;
    size_t oldest = run->rolling->series[series].oldest;
    fore_residual_clear(residual);
    fore_residual_widen(residual, exp(run->walk[series].voice[voice].log_width));
    for (size_t o = now > oldest + kept ? now - kept : oldest; o < now; o++) {
        size_t origin = fore_rolling_known(run->rolling, series, o);
        const float *mean = said_then(run, series, voice, o);
        if (!mean) continue;
        for (size_t h = 0; h < run->horizon; h++)
            run->truth[h] = origin + h < known ? view->y[origin + h] : NAN;
        fore_residual_add(residual, mean, run->truth);
    }
}

/* ---- intervals and scores -------------------------------------------------------------------- */

static struct fore_residual_shape pooled_shape(const struct fore_rolling_run *run, size_t voice)
{
    size_t all = 0;
    for (size_t s = 0; s < run->rolling->count; s++)
        all += fore_residual_count(run->walk[s].voice[voice].residual) * run->horizon;
    size_t stride = all / POOL_MAX + 1;
    struct fore_residual_shape shape = {.room = all / stride + run->rolling->count};
    shape.x = FORE_NEW(run->scratch, double, shape.room);
    shape.profile = FORE_NEW(run->scratch, double, run->horizon);
    for (size_t s = 0; s < run->rolling->count; s++)
        fore_residual_pool(run->walk[s].voice[voice].residual, stride, run->scratch, &shape);
    fore_residual_shape_sort(&shape);
    return shape;
}

static void keep_scored(struct fore_rolling_run *run, size_t series, size_t origin,
                        const float *mean, const float *grid)
{
    struct fore_rolling *rolling = run->rolling;
    const struct fore_rolling_options *options = &rolling->options;
    struct fore_rolling_scored *kept =
        &rolling->scored[series * options->scored + (origin - options->warm)];
    kept->mean = FORE_NEW(&rolling->arena, float, run->horizon);
    kept->grid = FORE_NEW(&rolling->arena, float, run->horizon *FORE_LEVELS);
    memcpy(kept->mean, mean, run->horizon * sizeof(*mean));
    memcpy(kept->grid, grid, run->horizon * FORE_LEVELS * sizeof(*grid));
}

/* Remembers the interval given, to be compared with what comes. */
static void remember(struct fore_rolling_run *run, struct fore_rolling_voice *v, size_t origin,
                     const float *grid)
{
    for (size_t h = 0; h < run->horizon; h++) {
        v->low[origin * run->horizon + h] = grid[h * FORE_LEVELS + Q05];
        v->high[origin * run->horizon + h] = grid[h * FORE_LEVELS + Q95];
    }
}

static void score(struct fore_rolling_run *run, size_t series, size_t voice, size_t origin,
                  const struct fore_residual_shape *shape)
{
    struct fore_rolling_voice *v = &run->walk[series].voice[voice];
    if (!v->mean) return;
    const float *truth =
        run->rolling->series[series].view.y + fore_rolling_known(run->rolling, series, origin);
    float *grid = FORE_NEW(run->scratch, float, run->horizon *FORE_LEVELS), peak = 0.0f;
    fore_residual_quantiles(v->residual, shape, v->mean, fore_quantile_levels, FORE_LEVELS,
                            run->scratch, grid);
    struct fore_residual_peak wanted = {
        .last = run->horizon - 1, .level = &fore_quantile_levels[Q90], .level_count = 1};
    fore_residual_peak(v->residual, v->mean, &wanted, run->scratch, &peak);
    remember(run, v, origin, grid);
    fore_backtest_add(&v->score, v->mean, grid, peak, truth, run->horizon);
    if (voice == run->members) keep_scored(run, series, origin, v->mean, grid);
}

void fore_rolling_check_width(struct fore_rolling_run *run, size_t series, size_t origin,
                              size_t first, size_t last, const float *truth)
{
    for (size_t i = 0; i <= run->members; i++) {
        struct fore_rolling_voice *v = &run->walk[series].voice[i];
        for (size_t h = first; h < last; h++) {
            size_t at = origin * run->horizon + h;
            if (isnan(v->low[at]) || isnan(truth[h])) continue;
            double miss = truth[h] < v->low[at] || truth[h] > v->high[at] ? 1.0 : 0.0;
            v->log_width += LEARNING / (double)run->horizon * (miss - MISSES);
            v->log_width = fmin(fmax(v->log_width, -WIDTH_MOST), WIDTH_MOST);
        }
    }
}

/* While nothing is scored yet the panel learns one width, and the members take the ensemble's. */
static void share_width(struct fore_rolling_run *run)
{
    double sum = 0.0;
    for (size_t s = 0; s < run->rolling->count; s++)
        sum += run->walk[s].voice[run->members].log_width;
    for (size_t s = 0; s < run->rolling->count; s++)
        for (size_t i = 0; i <= run->members; i++)
            run->walk[s].voice[i].log_width = sum / (double)run->rolling->count;
}

static void try_interval(struct fore_rolling_run *run, size_t series, size_t origin,
                         const struct fore_residual_shape *shape)
{
    struct fore_rolling_voice *v = &run->walk[series].voice[run->members];
    float *grid = FORE_NEW(run->scratch, float, run->horizon *FORE_LEVELS);
    fore_residual_quantiles(v->residual, shape, v->mean, fore_quantile_levels, FORE_LEVELS,
                            run->scratch, grid);
    remember(run, v, origin, grid);
}

static const char *reason(const struct fore_rolling_run *run, size_t series)
{
    const struct fore_rolling_options *options = &run->rolling->options;
    struct fore_buf text = {0};
    if (run->walk[series].fallback)
        fore_buf_printf(&text, "fallback: %zu points are too few for %s",
                        run->rolling->series[series].view.n,
                        run->alone ? options->member[0]->name : "every member");
    else if (run->alone)
        fore_buf_puts(&text, options->member[0]->name);
    else
        fore_ensemble_reason(run->walk[series].ensemble, &options->ensemble, options->member,
                             &text);
    const char *kept = fore_arena_strdup(&run->rolling->arena, text.data);
    fore_buf_fini(&text);
    return kept;
}

static void forecast(struct fore_rolling_run *run, size_t series,
                     const struct fore_residual_shape *shape)
{
    struct fore_arena *arena = &run->rolling->arena;
    const struct fore_rolling_walk *walk = &run->walk[series];
    const struct fore_rolling_voice *v = &walk->voice[run->members];
    float *mean = FORE_NEW(arena, float, run->horizon);
    float *grid = FORE_NEW(arena, float, run->horizon *FORE_LEVELS);
    float *peak = FORE_NEW(arena, float, FORE_LEVELS);
    double *weight = FORE_NEW(arena, double, run->members);
    memcpy(mean, v->mean, run->horizon * sizeof(*mean));
    fore_residual_quantiles(v->residual, shape, mean, fore_quantile_levels, FORE_LEVELS,
                            run->scratch, grid);
    struct fore_residual_peak wanted = {
        .last = run->horizon - 1, .level = fore_quantile_levels, .level_count = FORE_LEVELS};
    fore_residual_peak(v->residual, mean, &wanted, run->scratch, peak);
    if (run->alone)
        weight[0] = 1.0;
    else
        fore_ensemble_weights(walk->ensemble, &run->rolling->options.ensemble, weight);
    run->rolling->forecast[series] = (struct fore_rolling_forecast){
        .mean = mean, .grid = grid, .peak = peak, .weight = weight, .reason = reason(run, series)};
}

void fore_rolling_judge(struct fore_rolling_run *run, size_t origin)
{
    const struct fore_rolling_options *options = &run->rolling->options;
    bool last = options->forecast && origin + 1 == run->origins;
    bool trial = !last && origin < options->warm;
    if (trial && origin < options->warm - options->warm / TRIAL_PART) return;
    if (trial || origin == options->warm) share_width(run);
    for (size_t v = last || trial ? run->members : 0; v <= run->members; v++) {
        struct fore_arena_mark mark = fore_arena_mark(run->scratch);
        for (size_t s = 0; s < run->rolling->count; s++)
            if (fore_rolling_has(run->rolling, s, origin)) recall(run, s, v, origin);
        struct fore_residual_shape shape = pooled_shape(run, v);
        for (size_t s = 0; s < run->rolling->count; s++) {
            if (!fore_rolling_has(run->rolling, s, origin)) continue;
            struct fore_arena_mark inner = fore_arena_mark(run->scratch);
            if (last)
                forecast(run, s, &shape);
            else if (trial)
                try_interval(run, s, origin, &shape);
            else
                score(run, s, v, origin, &shape);
            fore_arena_reset(run->scratch, inner);
        }
        fore_arena_reset(run->scratch, mark);
    }
}
