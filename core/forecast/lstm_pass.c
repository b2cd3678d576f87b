/*
 * lstm_pass.c - forward and backward through a batch of windows.
 *
 * Gates lie as input, forget, output, candidate. The derivatives of the squashing functions are
 * taken from their values, so backward computes no exponential. tanh is a rational approximation
 * (Lambert's continued fraction, relative error below 1e-4 up to where it is 1): the same in
 * training and in use.
 */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "core/forecast/lstm.h"
#include "core/forecast/residual.h"

enum { GATES = FORE_LSTM_GATES, SKIPS = FORE_LSTM_SKIPS };

struct fore_lstm_layout fore_lstm_layout_of(const struct fore_lstm_dims *d)
{
    size_t n = d->hidden, outputs = (size_t)d->horizon * FORE_LEVELS;
    struct fore_lstm_layout out = {.input = 0};
    out.recurrent = out.input + GATES * n * d->patch;
    out.bias = out.recurrent + GATES * n * n;
    out.head = out.bias + GATES * n;
    out.head_bias = out.head + outputs * n;
    out.skip = out.head_bias + outputs;
    out.count = out.skip + (size_t)d->horizon * SKIPS;
    return out;
}

void fore_lstm_batch_make(struct fore_lstm_batch *batch, const struct fore_lstm_dims *d,
                          size_t room, bool training, struct fore_arena *arena)
{
    size_t n = room * d->hidden, steps = d->patches, outputs = room * d->horizon;
    *batch = (struct fore_lstm_batch){.room = room};
    batch->x = FORE_NEW(arena, float, steps *room * d->patch);
    batch->skip = FORE_NEW(arena, float, outputs *SKIPS);
    batch->base = FORE_NEW(arena, float, outputs);
    batch->target = FORE_NEW(arena, float, outputs);
    batch->out = FORE_NEW(arena, float, outputs *FORE_LEVELS);
    batch->gate = FORE_NEW(arena, float, steps *n *GATES);
    batch->cell = FORE_NEW(arena, float, (steps + 1) * n);
    batch->squashed = FORE_NEW(arena, float, steps *n);
    batch->state = FORE_NEW(arena, float, (steps + 1) * n);
    if (!training) return;
    batch->out_slope = FORE_NEW(arena, float, outputs *FORE_LEVELS);
    batch->state_slope = FORE_NEW(arena, float, n);
    batch->cell_slope = FORE_NEW(arena, float, n);
    batch->gate_slope = FORE_NEW(arena, float, steps *n *GATES);
}

static inline float squash(float x)
{
    x = x > 4.97f ? 4.97f : x < -4.97f ? -4.97f : x;
    float s = x * x;
    return x * (135135.0f + s * (17325.0f + s * (378.0f + s))) /
           (135135.0f + s * (62370.0f + s * (3150.0f + s * 28.0f)));
}

static void squash_all(float *restrict x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = squash(x[i]);
}

static void open_all(float *restrict x, size_t count) /* the logistic function */
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0.5f + 0.5f * squash(0.5f * x[i]);
}

/* ---- forward --------------------------------------------------------------------------------- */

static void recur(const struct fore_lstm_dims *d, const float *weight,
                  const struct fore_lstm_layout *at, struct fore_lstm_batch *b, size_t t)
{
    size_t n = d->hidden, rows = b->rows;
    float *gate = b->gate + t * rows * GATES * n, *squashed = b->squashed + t * rows * n;
    const float *before = b->cell + t * rows * n, *bias = weight + at->bias;
    float *cell = b->cell + (t + 1) * rows * n, *state = b->state + (t + 1) * rows * n;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)(GATES * n), (int)n, 1.0f,
                b->state + t * rows * n, (int)n, weight + at->recurrent, (int)n, 1.0f, gate,
                (int)(GATES * n));
    for (size_t r = 0; r < rows; r++) {
        float *g = gate + r * GATES * n;
        for (size_t k = 0; k < GATES * n; k++)
            g[k] += bias[k];
        open_all(g, 3 * n);
        squash_all(g + 3 * n, n);
        for (size_t k = 0; k < n; k++)
            cell[r * n + k] = g[n + k] * before[r * n + k] + g[k] * g[3 * n + k];
        for (size_t k = 0; k < n; k++) {
            squashed[r * n + k] = squash(cell[r * n + k]);
            state[r * n + k] = g[2 * n + k] * squashed[r * n + k];
        }
    }
}

void fore_lstm_forward(const struct fore_lstm_dims *d, const float *weight,
                       struct fore_lstm_batch *b)
{
    struct fore_lstm_layout at = fore_lstm_layout_of(d);
    size_t n = d->hidden, rows = b->rows, outputs = (size_t)d->horizon * FORE_LEVELS;
    memset(b->cell, 0, rows * n * sizeof(*b->cell));
    memset(b->state, 0, rows * n * sizeof(*b->state));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)(rows * d->patches), (int)(GATES * n),
                (int)d->patch, 1.0f, b->x, (int)d->patch, weight + at.input, (int)d->patch, 0.0f,
                b->gate, (int)(GATES * n));
    for (size_t t = 0; t < d->patches; t++)
        recur(d, weight, &at, b, t);
    const float *skip_weight = weight + at.skip;
    for (size_t r = 0; r < rows; r++) {
        float *out = b->out + r * outputs;
        memcpy(out, weight + at.head_bias, outputs * sizeof(*out));
        for (size_t h = 0; h < d->horizon; h++) {
            const float *skip = b->skip + (r * d->horizon + h) * SKIPS;
            float sum = 0.0f;
            for (size_t j = 0; j < SKIPS; j++)
                sum += skip_weight[h * SKIPS + j] * skip[j];
            for (size_t q = 0; q < FORE_LEVELS; q++)
                out[h * FORE_LEVELS + q] += sum;
        }
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)outputs, (int)n, 1.0f,
                b->state + d->patches * rows * n, (int)n, weight + at.head, (int)n, 1.0f, b->out,
                (int)outputs);
}

/* ---- backward -------------------------------------------------------------------------------- */

static double pinball(const struct fore_lstm_dims *d, struct fore_lstm_batch *b, bool slope)
{
    size_t points = b->rows * d->horizon, known = 0;
    double loss = 0.0;
    for (size_t i = 0; i < points; i++)
        known += isnan(b->target[i]) ? 0 : 1;
    float share = known > 0 ? 1.0f / (float)(known * FORE_LEVELS) : 0.0f;
    for (size_t i = 0; i < points; i++) {
        for (size_t q = 0; q < FORE_LEVELS; q++) {
            size_t at = i * FORE_LEVELS + q;
            float level = (float)fore_quantile_levels[q], miss = b->target[i] - b->out[at];
            float pull = isnan(miss) ? 0.0f : miss >= 0.0f ? -level : 1.0f - level;
            if (slope) b->out_slope[at] = pull * share;
            if (!isnan(miss)) loss -= (double)(pull * miss);
        }
    }
    return loss * (double)share;
}

static void unrecur(const struct fore_lstm_dims *d, const float *weight,
                    const struct fore_lstm_layout *at, struct fore_lstm_batch *b, size_t t,
                    float *slope)
{
    size_t n = d->hidden, rows = b->rows;
    const float *gate = b->gate + t * rows * GATES * n, *squashed = b->squashed + t * rows * n;
    const float *before = b->cell + t * rows * n;
    float *gs = b->gate_slope + t * rows * GATES * n;
    for (size_t r = 0; r < rows; r++) {
        const float *g = gate + r * GATES * n;
        float *s = gs + r * GATES * n;
        for (size_t k = 0; k < n; k++) {
            size_t i = r * n + k;
            float in = g[k], keep = g[n + k], out = g[2 * n + k], new = g[3 * n + k];
            float hs = b->state_slope[i], tc = squashed[i];
            float cs = b->cell_slope[i] + hs * out * (1.0f - tc * tc);
            s[k] = cs * new *in *(1.0f - in);
            s[n + k] = cs * before[i] * keep * (1.0f - keep);
            s[2 * n + k] = hs * tc * out * (1.0f - out);
            s[3 * n + k] = cs * in * (1.0f - new *new);
            b->cell_slope[i] = cs * keep;
        }
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(GATES * n), (int)n, (int)rows, 1.0f,
                gs, (int)(GATES * n), b->state + t * rows * n, (int)n, 1.0f, slope + at->recurrent,
                (int)n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)n, (int)(GATES * n),
                1.0f, gs, (int)(GATES * n), weight + at->recurrent, (int)n, 0.0f, b->state_slope,
                (int)n);
}

static void head_slopes(const struct fore_lstm_dims *d, const float *weight,
                        const struct fore_lstm_layout *at, struct fore_lstm_batch *b, float *slope)
{
    size_t n = d->hidden, rows = b->rows, outputs = (size_t)d->horizon * FORE_LEVELS;
    const float *state = b->state + d->patches * rows * n;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)outputs, (int)n, (int)rows, 1.0f,
                b->out_slope, (int)outputs, state, (int)n, 0.0f, slope + at->head, (int)n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)n, (int)outputs, 1.0f,
                b->out_slope, (int)outputs, weight + at->head, (int)n, 0.0f, b->state_slope,
                (int)n);
    for (size_t r = 0; r < rows; r++) {
        const float *s = b->out_slope + r * outputs;
        for (size_t i = 0; i < outputs; i++)
            slope[at->head_bias + i] += s[i];
        for (size_t h = 0; h < d->horizon; h++) {
            const float *skip = b->skip + (r * d->horizon + h) * SKIPS;
            float sum = 0.0f;
            for (size_t q = 0; q < FORE_LEVELS; q++)
                sum += s[h * FORE_LEVELS + q];
            for (size_t j = 0; j < SKIPS; j++)
                slope[at->skip + h * SKIPS + j] += sum * skip[j];
        }
    }
}

double fore_lstm_backward(const struct fore_lstm_dims *d, const float *weight,
                          struct fore_lstm_batch *b, float *slope)
{
    struct fore_lstm_layout at = fore_lstm_layout_of(d);
    size_t n = d->hidden, rows = b->rows;
    double loss = pinball(d, b, slope != NULL);
    if (!slope) return loss;
    memset(slope, 0, at.count * sizeof(*slope));
    head_slopes(d, weight, &at, b, slope);
    memset(b->cell_slope, 0, rows * n * sizeof(*b->cell_slope));
    for (size_t t = d->patches; t-- > 0;)
        unrecur(d, weight, &at, b, t, slope);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(GATES * n), (int)d->patch,
                (int)(rows * d->patches), 1.0f, b->gate_slope, (int)(GATES * n), b->x,
                (int)d->patch, 0.0f, slope + at.input, (int)d->patch);
    for (size_t i = 0; i < rows * d->patches; i++)
        for (size_t k = 0; k < GATES * n; k++)
            slope[at.bias + k] += b->gate_slope[i * GATES * n + k];
    return loss;
}

/* ---- windows --------------------------------------------------------------------------------- */

static float clipped(float x)
{
    return x > 12.0f ? 12.0f : x < -12.0f ? -12.0f : x;
}

size_t fore_lstm_reach(const struct fore_lstm_dims *d, const struct fore_net_shape *shape)
{
    size_t day = shape->period[0], reach = (size_t)d->patch * d->patches + day;
    size_t lags = day > 0 ? (d->horizon / day + 4) * day + 2 * (day / 96) + 2 : 0;
    return reach > lags ? reach : lags;
}

/* The latest value a whole number of periods before the target that is known, `back` of them
 * earlier; `otherwise` where there is none. */
static float lagged(const struct fore_logged *s, size_t n, size_t lead, size_t period, size_t back,
                    float otherwise)
{
    size_t lag = (lead / period + 1 + back) * period;
    if (lag > n + lead) return otherwise;
    ptrdiff_t at = (ptrdiff_t)(n + lead - lag), side = (ptrdiff_t)s->smooth;
    ptrdiff_t to = at + side + 1;
    return fore_logged_mean(s, at - side, to > (ptrdiff_t)n ? (ptrdiff_t)n : to);
}

/* How far the newest `count` points were from the same time a day before. */
static float change(const struct fore_logged *s, size_t n, size_t count)
{
    ptrdiff_t to = (ptrdiff_t)n, from = to - (ptrdiff_t)count;
    ptrdiff_t day = (ptrdiff_t)(s->day > 0 ? s->day : count);
    return fore_logged_mean(s, from, to) - fore_logged_mean(s, from - day, to - day);
}

static void read_patches(const struct fore_lstm_dims *d, const struct fore_logged *s, size_t n,
                         float level, struct fore_lstm_batch *b, size_t row)
{
    float scale = 1.0f / s->unit;
    for (size_t t = 0; t < d->patches; t++) {
        size_t from = n - (d->patches - t) * d->patch;
        float *x = b->x + (t * b->rows + row) * d->patch;
        for (size_t k = 0; k < d->patch; k++) {
            float before = s->day > 0 ? s->z[from + k - s->day] : level;
            x[k] = clipped((s->z[from + k] - before) * scale);
        }
    }
}

void fore_lstm_window(const struct fore_lstm_dims *d, const struct fore_logged *s, size_t n,
                      struct fore_lstm_batch *b, size_t row)
{
    ptrdiff_t end = (ptrdiff_t)n;
    float level = fore_logged_mean(s, end - (ptrdiff_t)d->patch, end), scale = 1.0f / s->unit;
    float last = 0.5f * (s->z[n - 1] + fore_logged_mean(s, end - 4, end));
    const float recent[] = {change(s, n, 1), change(s, n, 3),
                            change(s, n, s->day > 0 ? s->day : d->patch)};
    read_patches(d, s, n, level, b, row);
    for (size_t h = 0; h < d->horizon; h++) {
        float *skip = b->skip + (row * d->horizon + h) * SKIPS, *base = b->base + row * d->horizon;
        for (size_t j = 0; j < 3; j++)
            skip[j] = s->day > 0 ? lagged(s, n, h, s->day, j, level) : last;
        skip[3] = s->week > 0 ? lagged(s, n, h, s->week, 0, skip[0]) : skip[0];
        skip[4] = s->week > 0 ? lagged(s, n, h, s->week, 1, skip[3]) : skip[1];
        base[h] = 0.5f * (skip[0] + skip[3]);
        for (size_t j = 0; j < 5; j++)
            skip[j] = clipped((skip[j] - base[h]) * scale);
        for (size_t j = 0; j < FORE_COUNTOF(recent); j++)
            skip[5 + j] = clipped(recent[j] * scale);
    }
}
