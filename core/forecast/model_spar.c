/*
 * model_spar.c - applies what spar_fit.c learned: three rows of the table.
 *
 * A prediction is a small matrix-vector product per partition, made tens of millions of times in a
 * long run, so leads go twelve at a time over contiguous floats. A missing point anywhere makes
 * the sum NaN; only then is the block redone with every missing value replaced by its seasonal
 * past. `mean-spar` averages both scales: the logarithm is better in relative terms and cannot go
 * negative, the linear scale is better where the load is high (research: FORECAST 3).
 */
#include "core/forecast/lanes.h"
#include "core/forecast/models.h"
#include "core/forecast/spar.h"

#include <math.h>
#include <string.h>

struct window { /* a series, as one fit sees it */
    const struct fore_spar *spar;
    const struct fore_series_view *series;
    const float *z; /* load or logarithm; NULL: the logarithm must be taken */
    bool careful;   /* missing points may be met */
};

/* A missing point is what it was one period before, or two ... */
static float seasonal_past(const struct window *w, size_t at)
{
    for (size_t period = w->spar->slot[0].period; at >= period;) {
        at -= period;
        float value = w->z ? w->z[at] : logf(w->series->y[at]);
        if (!isnan(value)) return fmaxf(value, w->spar->lowest);
    }
    return w->spar->level;
}

static const float *gathered(const struct window *w, size_t from, size_t count, float *room)
{
    memset(room, 0, FORE_SPAR_LANES * sizeof(*room));
    for (size_t k = 0; k < count; k++) {
        float value = w->z ? w->z[from + k] : logf(w->series->y[from + k]);
        room[k] = w->careful && isnan(value) ? seasonal_past(w, from + k) : value;
    }
    return room;
}

/* `count` <= LANES points from `from` on, ready for the kernels, which read LANES of them: where
 * they lie, or in `room` when they must be transformed, repaired, or would run off the end. */
static inline const float *points(const struct window *w, size_t from, size_t count, float *room)
{
    if (w->z && !w->careful && from + FORE_SPAR_LANES <= w->series->n) return w->z + from;
    return gathered(w, from, count, room);
}

static bool all_finite(const float *x, size_t n)
{
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return isfinite(sum);
}

/* CHUNK recent deviations from the mean of their seasonal lags, from point `from` on. */
static void deviations(const struct window *w, size_t from, float *out)
{
    const struct fore_spar *spar = w->spar;
    fore_v4 s0 = {0}, s1 = {0}, lowest = fore_v4_all(spar->lowest);
    float room[FORE_SPAR_LANES];
    for (uint32_t i = 0; i < spar->slots; i++) {
        const float *x = points(w, from - fore_spar_lag(spar->slot[i], 0), FORE_SPAR_CHUNK, room);
        s0 += fore_v4_at_least(fore_v4_load(x), lowest);
        s1 += fore_v4_at_least(fore_v4_load(x + 4), lowest);
    }
    const float *x = points(w, from, FORE_SPAR_CHUNK, room);
    fore_v4 weight = fore_v4_all(1.0f / (float)spar->slots);
    fore_v4_store(out, fore_v4_at_least(fore_v4_load(x), lowest) - s0 * weight);
    fore_v4_store(out + 4, fore_v4_at_least(fore_v4_load(x + 4), lowest) - s1 * weight);
}

/* One block of leads, begin..end-1. Two sets of sums, so that one addition need not wait for the
 * last. */
static void predict_block(const struct window *w, const float *row, const float *deviation,
                          size_t begin, size_t end, float *out)
{
    const struct fore_spar *spar = w->spar;
    fore_v4 lowest = fore_v4_all(spar->lowest);
    fore_v4 a0 = fore_v4_load(row), a1 = fore_v4_load(row + 4), a2 = fore_v4_load(row + 8);
    fore_v4 b0 = {0}, b1 = {0}, b2 = {0};
    float room[FORE_SPAR_LANES];
    row += FORE_SPAR_LANES;
    for (uint32_t i = 0; i < spar->slots; i++, row += FORE_SPAR_LANES) {
        size_t from = w->series->n + begin - fore_spar_lag(spar->slot[i], begin);
        const float *x = points(w, from, end - begin, room);
        a0 += fore_v4_load(row) * fore_v4_at_least(fore_v4_load(x), lowest);
        a1 += fore_v4_load(row + 4) * fore_v4_at_least(fore_v4_load(x + 4), lowest);
        a2 += fore_v4_load(row + 8) * fore_v4_at_least(fore_v4_load(x + 8), lowest);
    }
    for (uint32_t j = 0; j < spar->recent; j += 2) {
        const float *other = row + FORE_SPAR_LANES;
        fore_v4 x = fore_v4_all(deviation[j]), y = fore_v4_all(deviation[j + 1]);
        a0 += fore_v4_load(row) * x;
        a1 += fore_v4_load(row + 4) * x;
        a2 += fore_v4_load(row + 8) * x;
        b0 += fore_v4_load(other) * y;
        b1 += fore_v4_load(other + 4) * y;
        b2 += fore_v4_load(other + 8) * y;
        row = other + FORE_SPAR_LANES;
    }
    fore_v4_store(room, a0 + b0);
    fore_v4_store(room + 4, a1 + b1);
    fore_v4_store(room + 8, a2 + b2);
    memcpy(out, room, (end - begin) * sizeof(*out));
}

static void predict_blocks(const struct window *w, float *out)
{
    const struct fore_spar *spar = w->spar;
    float deviation[FORE_SPAR_RECENT_MAX] = {0};
    size_t first = w->series->n - spar->recent;
    for (uint32_t j = 0; j < spar->recent; j += FORE_SPAR_CHUNK)
        deviations(w, first + j, deviation + j);
    const float *row = spar->block;
    for (size_t begin = 0; begin < spar->horizon;) {
        size_t end = fore_spar_block_end(spar, begin);
        predict_block(w, row, deviation, begin, end, out + begin);
        row += (1 + spar->slots + spar->recent) * (size_t)FORE_SPAR_LANES;
        begin = end;
    }
}

/* Kept inside floor..cap: an unstable fit must not invent a load nobody has seen. */
static void apply(const struct fore_spar *spar, const struct fore_series_view *series, float *mean)
{
    FORE_ASSERT(series->n >= spar->reach);
    struct window w = {.spar = spar, .series = series};
    w.z = spar->logarithmic ? series->log_y : series->y;
    predict_blocks(&w, mean);
    w.careful = true;
    if (!all_finite(mean, spar->horizon)) predict_blocks(&w, mean);
    for (size_t h = 0; spar->logarithmic && h < spar->horizon; h++)
        mean[h] = expf(mean[h]);
    float last = series->y[series->n - 1];
    float cap = last > spar->cap ? last : spar->cap;
    for (size_t h = 0; h < spar->horizon; h++) {
        float value = mean[h] > spar->floor ? mean[h] : spar->floor;
        mean[h] = value < cap ? value : cap;
    }
}

static enum fore_err fit_one(const struct fore_model_params *params,
                             const struct fore_series_view *series, size_t horizon,
                             struct fore_arena *arena, struct fore_arena *scratch, void **state)
{
    struct fore_spar *spar = FORE_NEW(arena, struct fore_spar, 1);
    *state = spar;
    return fore_spar_fit(params, series, horizon, arena, scratch, spar);
}

static enum fore_err fit_log(const struct fore_model_params *params,
                             const struct fore_series_view *series, size_t horizon,
                             struct fore_arena *arena, struct fore_arena *scratch, void **state)
{
    struct fore_spar *spar = FORE_NEW(arena, struct fore_spar, 1);
    *state = spar;
    spar->logarithmic = true;
    return fore_spar_fit(params, series, horizon, arena, scratch, spar);
}

static enum fore_err fit_both(const struct fore_model_params *params,
                              const struct fore_series_view *series, size_t horizon,
                              struct fore_arena *arena, struct fore_arena *scratch, void **state)
{
    struct fore_spar *pair = FORE_NEW(arena, struct fore_spar, 2);
    *state = pair;
    pair[1].logarithmic = true;
    FORE_TRY(fore_spar_fit(params, series, horizon, arena, scratch, &pair[0]));
    return fore_spar_fit(params, series, horizon, arena, scratch, &pair[1]);
}

static void predict_one(const struct fore_model_params *params, const void *state,
                        const struct fore_series_view *series, size_t horizon, float *mean)
{
    (void)params;
    const struct fore_spar *spar = state;
    FORE_ASSERT(horizon == spar->horizon);
    apply(spar, series, mean);
}

static void predict_mean(const struct fore_model_params *params, const void *state,
                         const struct fore_series_view *series, size_t horizon, float *mean)
{
    (void)params;
    const struct fore_spar *pair = state;
    float other[FORE_SPAR_HORIZON_MAX];
    FORE_ASSERT(horizon == pair->horizon);
    apply(&pair[0], series, mean);
    apply(&pair[1], series, other);
    for (size_t h = 0; h < horizon; h++)
        mean[h] = 0.5f * (mean[h] + other[h]);
}

const struct fore_model fore_model_spar = {
    .name = "spar",
    .about = "seasonal lags and recent deviations from them, one regression a step",
    .seasonal = true,
    .quick_fit = true,
    .points_min = fore_spar_points_min,
    .fit = fit_one,
    .predict = predict_one,
};
const struct fore_model fore_model_spar_log = {
    .name = "spar-log",
    .about = "spar on the logarithm of the load",
    .seasonal = true,
    .wants_log = true,
    .quick_fit = true,
    .points_min = fore_spar_points_min,
    .fit = fit_log,
    .predict = predict_one,
};
const struct fore_model fore_model_mean_spar = {
    .name = "mean-spar",
    .about = "the average of spar and spar-log",
    .seasonal = true,
    .wants_log = true,
    .quick_fit = true,
    .points_min = fore_spar_points_min,
    .fit = fit_both,
    .predict = predict_mean,
};
