/*
 * spar_fit.c - least squares for every lead of SPAR at once.
 *
 * One regression per lead would cost rows x leads x features^2. But the rows are consecutive
 * origins, so every entry of every Gram matrix is a windowed correlation of the series, or of its
 * deviations, with a shifted copy: the seasonal block of lead h+1 is that of lead h with one row
 * added and one dropped; the cross block depends on (h + j) only, but for its edges; the block of
 * the recent deviations is the same for all leads and is factored once. What is left is
 * rows x (leads + recent) x slots multiplications, the rest per lead is a Schur complement.
 *
 * The ridge pulls the seasonal weights to their mean (1/slots) and the deviations' to zero, so a
 * short history gives the mean of the seasonal lags, and a noiseless season is met exactly.
 */
#include "core/forecast/spar.h"

#include "core/forecast/bounds.h"
#include "core/forecast/lanes.h"

#include <math.h>
#include <string.h>

enum {
    ROWS_MAX = 4032,      /* the newest; or two base periods where that is more */
    ROWS_PER_WEIGHT = 20, /* before lags of a longer period are worth their weights */
    LANES = 16,           /* lags correlated together */
    FLUSH = 64,           /* products summed as floats before they join a double */
};

struct job {
    struct fore_spar *spar;
    struct fore_arena *scratch;
    const float *z;   /* filled and centred; zeros for LANES past the end */
    const float *dev; /* deviation at each point from row - recent + 1 on */
    float centre;
    double ridge;
    size_t row, row_end; /* origins used, row..row_end-1 */
    size_t width;        /* slots + 1: a lead's columns; the first is its target */
    double *cross;       /* [recent][horizon * width], oldest deviation first */
    double *gram;        /* [horizon][width * width] */
    double *factor;      /* [recent * recent], lower Cholesky of the deviations' block */
};

static uint32_t recent_of(const struct fore_model_params *params)
{
    uint32_t chunks = (params->spar_recent + FORE_SPAR_CHUNK - 1) / FORE_SPAR_CHUNK;
    uint32_t most = FORE_SPAR_RECENT_MAX / FORE_SPAR_CHUNK;
    return (chunks < most ? chunks : most) * FORE_SPAR_CHUNK;
}

size_t fore_spar_points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    return 3 * (size_t)period + recent_of(params) + horizon;
}

/* ---- which lags, which rows ------------------------------------------------------------------ */

size_t fore_spar_block_end(const struct fore_spar *spar, size_t lead)
{
    size_t end = lead + FORE_SPAR_LANES < spar->horizon ? lead + FORE_SPAR_LANES : spar->horizon;
    for (uint32_t i = 0; i < spar->slots; i++) {
        size_t turn = (lead / spar->slot[i].period + 1) * spar->slot[i].period;
        if (turn < end) end = turn;
    }
    return end;
}

static size_t reach_of(const struct fore_spar *spar)
{
    size_t most = 0;
    for (uint32_t i = 0; i < spar->slots; i++)
        if (fore_spar_lag(spar->slot[i], 0) > most) most = fore_spar_lag(spar->slot[i], 0);
    return most + spar->recent;
}

static void add_slot(struct fore_spar *spar, uint32_t period, uint32_t times)
{
    for (uint32_t i = 0; i < spar->slots; i++)
        if (fore_spar_lag(spar->slot[i], 0) == (size_t)period * times) return;
    if (spar->slots < FORE_SPAR_SLOTS_MAX)
        spar->slot[spar->slots++] = (struct fore_spar_slot){.period = period, .times = times};
}

/* As many lags as leave enough rows to learn their weights from. */
static bool choose_slots(const struct fore_model_params *params,
                         const struct fore_series_view *series, struct fore_spar *spar)
{
    uint32_t base = series->period[0];
    size_t spare = spar->recent + spar->horizon;
    if (base == 0 || series->n < spare + 3 * (size_t)base) return false;
    size_t points = series->n - spare;
    for (uint32_t k = 1; k <= params->spar_periods && k < FORE_SPAR_SLOTS_MAX; k++) {
        size_t rows_wanted = k <= 2 ? base : (size_t)(k / 2) * base;
        if ((size_t)k * base + rows_wanted <= points) add_slot(spar, base, k);
    }
    for (int i = 1; i < FORE_PERIODS_MAX && series->period[i] > 0; i++) {
        size_t period = series->period[i];
        for (uint32_t k = 1; k <= FORE_SPAR_LONG_LAGS; k++) {
            size_t rows_wanted = k <= 2 ? period : 2 * period; /* its last points may be spare */
            size_t enough = (size_t)ROWS_PER_WEIGHT * (spar->slots + spar->recent + 1u) + spare;
            if (rows_wanted < enough) rows_wanted = enough;
            if (k * period + rows_wanted <= series->n) add_slot(spar, series->period[i], k);
        }
    }
    spar->reach = reach_of(spar);
    return true;
}

/* ---- the series, filled and centred ---------------------------------------------------------- */

/* Copies the points in use, missing ones taken from a period before (or after, at the start). */
static float *filled(const struct fore_series_view *series, size_t from, const struct job *job)
{
    size_t n = series->n - from;
    size_t period = series->period[0];
    float *z = FORE_NEW(job->scratch, float, n + LANES);
    for (size_t i = 0; i < n; i++) {
        float value = series->y[from + i];
        if (job->spar->logarithmic) value = series->log_y ? series->log_y[from + i] : logf(value);
        if (isnan(value)) value = i >= period ? z[i - period] : NAN;
        z[i] = job->spar->lowest > value ? job->spar->lowest : value;
    }
    float known = job->spar->level;
    for (size_t i = n; i-- > 0;) {
        if (isnan(z[i])) z[i] = i + period < n ? z[i + period] : known;
        known = z[i];
    }
    return z;
}

static void set_bounds(const struct fore_model_params *params,
                       const struct fore_series_view *series, struct fore_spar *spar)
{
    struct fore_bounds bounds = fore_bounds_of(params, series);
    spar->floor = bounds.floor;
    spar->cap = bounds.cap;
    spar->level = bounds.level;
    spar->lowest = -HUGE_VALF;
    if (!spar->logarithmic) return;
    spar->lowest = bounds.log_min;
    spar->level = fmaxf(logf(bounds.level), spar->lowest);
}

static float *deviations(const struct job *job, size_t n)
{
    const struct fore_spar *spar = job->spar;
    float *dev = FORE_NEW(job->scratch, float, n + LANES);
    float weight = 1.0f / (float)spar->slots;
    for (uint32_t i = 0; i < spar->slots; i++) {
        size_t lag = fore_spar_lag(spar->slot[i], 0);
        for (size_t u = spar->reach - spar->recent; u < n; u++)
            dev[u] += job->z[u - lag];
    }
    for (size_t u = spar->reach - spar->recent; u < n; u++)
        dev[u] = job->z[u] - dev[u] * weight;
    return dev;
}

/* ---- correlations ---------------------------------------------------------------------------- */

/* out[k] = sum over u < n of a[u] * b[u + k], k < LANES. */
static void correlate(const float *a, const float *b, size_t n, double *out)
{
    memset(out, 0, LANES * sizeof(*out));
    for (size_t from = 0; from < n; from += FLUSH) {
        size_t end = from + FLUSH < n ? from + FLUSH : n;
        fore_v4 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (size_t u = from; u < end; u++) {
            fore_v4 x = fore_v4_all(a[u]);
            s0 += x * fore_v4_load(b + u);
            s1 += x * fore_v4_load(b + u + 4);
            s2 += x * fore_v4_load(b + u + 8);
            s3 += x * fore_v4_load(b + u + 12);
        }
        for (int k = 0; k < 4; k++) {
            out[k] += (double)s0[k];
            out[k + 4] += (double)s1[k];
            out[k + 8] += (double)s2[k];
            out[k + 12] += (double)s3[k];
        }
    }
}

static double dot(const float *a, const float *b, size_t n)
{
    double out = 0.0;
    size_t u = 0;
    while (u + 8 <= n) {
        size_t end = u + FLUSH < n ? u + FLUSH : n;
        fore_v4 s0 = {0}, s1 = {0};
        for (; u + 8 <= end; u += 8) {
            s0 += fore_v4_load(a + u) * fore_v4_load(b + u);
            s1 += fore_v4_load(a + u + 4) * fore_v4_load(b + u + 4);
        }
        s0 += s1;
        out += ((double)s0[0] + (double)s0[1]) + ((double)s0[2] + (double)s0[3]);
    }
    for (; u < n; u++)
        out += (double)a[u] * (double)b[u];
    return out;
}

/* Column c of a lead: its target (c = 0) or seasonal lag c - 1, at the first row. */
static const float *column(const struct job *job, size_t lead, size_t c)
{
    const float *at = job->z + job->row + 1 + lead;
    return c == 0 ? at : at - fore_spar_lag(job->spar->slot[c - 1], lead);
}

/* Seasonal block of one lead, from that of the lead before where the lags are the same. */
static void seasonal_gram(struct job *job, size_t lead, bool fresh)
{
    size_t w = job->width, rows = job->row_end - job->row;
    double *gram = job->gram + lead * w * w;
    const double *before = fresh ? gram : gram - w * w;
    for (size_t i = 0; i < w; i++) {
        const float *a = column(job, lead, i);
        for (size_t k = 0; k <= i; k++) {
            const float *b = column(job, lead, k);
            double sum;
            if (fresh)
                sum = dot(a, b, rows);
            else
                sum = before[i * w + k] + (double)a[rows - 1] * (double)b[rows - 1] -
                      (double)a[-1] * (double)b[-1];
            gram[i * w + k] = gram[k * w + i] = sum;
        }
    }
}

/* Cross block of the leads begin..end-1, whose lags are the same. See the note at the top: with
 * l = lead + 1 + j, the window of u = t - j moves by one where j does. */
static void cross_block(struct job *job, size_t begin, size_t end, size_t c)
{
    size_t m = job->spar->recent, rows = job->row_end - job->row;
    size_t stride = job->spar->horizon * job->width;
    const float *dev = job->dev + job->row; /* dev[t] of the first row */
    const float *past = column(job, begin, c) - 1 - begin;
    for (size_t l0 = begin + 1; l0 < end + m; l0 += LANES) {
        double sum[LANES];
        correlate(dev - (m - 1), past - (m - 1) + l0, rows, sum);
        for (size_t l = l0; l < l0 + LANES && l < end + m; l++) {
            double x = sum[l - l0];
            for (size_t j = m; j-- > 0;) { /* u = t - j */
                if (l >= begin + 1 + j && l < end + 1 + j)
                    job->cross[(m - 1 - j) * stride + (l - 1 - j) * job->width + c] = x;
                if (j == 0 || l >= end + j) break;
                const float *gone = dev - j, *come = dev + rows - j;
                x += (double)*come * (double)past[(ptrdiff_t)(rows + l) - (ptrdiff_t)j] -
                     (double)*gone * (double)past[(ptrdiff_t)l - (ptrdiff_t)j];
            }
        }
    }
}

/* The block all leads share, as its Cholesky factor. Index 0 is the oldest deviation. */
static void factor_deviations(struct job *job)
{
    size_t m = job->spar->recent, rows = job->row_end - job->row;
    const float *dev = job->dev + job->row - (m - 1);
    double *g = job->factor, sum[LANES], trace = 0.0;
    for (size_t j = 0; j < m; j++) {
        if (j % LANES == 0) correlate(dev, dev + j, rows, sum);
        g[j * m] = sum[j % LANES];
    }
    for (size_t i = 1; i < m; i++)
        for (size_t j = 1; j <= i; j++)
            g[i * m + j] = g[(i - 1) * m + j - 1] +
                           (double)dev[rows + i - 1] * (double)dev[rows + j - 1] -
                           (double)dev[i - 1] * (double)dev[j - 1];
    for (size_t j = 0; j < m; j++)
        trace += g[j * m + j];
    for (size_t j = 0; j < m; j++)
        g[j * m + j] += job->ridge * trace / (double)m + 1e-12;
}

/* ---- solving --------------------------------------------------------------------------------- */

/* Lower Cholesky factor in place; a pivot lost to rounding becomes `least`. */
static void cholesky(double *g, size_t n, double least)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = g[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= g[i * n + k] * g[j * n + k];
            if (i == j)
                g[i * n + i] = sqrt(sum > least ? sum : least);
            else
                g[i * n + j] = sum / g[j * n + j];
        }
    }
}

/* x := L^-1 x for all leads' columns together, eight at a time. */
static void forward_all(const double *factor, size_t m, double *x, size_t columns)
{
    for (size_t c = 0; c < columns; c += 8) {
        size_t bytes = (columns - c < 8 ? columns - c : 8) * sizeof(double);
        double y[FORE_SPAR_RECENT_MAX][8] = {{0}};
        for (size_t i = 0; i < m; i++) {
            memcpy(y[i], x + i * columns + c, bytes);
            fore_v2 s0 = fore_v2_load(y[i]), s1 = fore_v2_load(y[i] + 2),
                    s2 = fore_v2_load(y[i] + 4), s3 = fore_v2_load(y[i] + 6);
            for (size_t k = 0; k < i; k++) {
                fore_v2 f = fore_v2_all(factor[i * m + k]);
                s0 -= f * fore_v2_load(y[k]);
                s1 -= f * fore_v2_load(y[k] + 2);
                s2 -= f * fore_v2_load(y[k] + 4);
                s3 -= f * fore_v2_load(y[k] + 6);
            }
            fore_v2 scale = fore_v2_all(1.0 / factor[i * m + i]);
            fore_v2_store(y[i], s0 * scale);
            fore_v2_store(y[i] + 2, s1 * scale);
            fore_v2_store(y[i] + 4, s2 * scale);
            fore_v2_store(y[i] + 6, s3 * scale);
            memcpy(x + i * columns + c, y[i], bytes);
        }
    }
}

/* Weights of one lead: a (slots) then b (recent, oldest first). */
static void solve_lead(const struct job *job, size_t lead, double *a, double *b)
{
    size_t q = job->spar->slots, w = job->width, m = job->spar->recent;
    size_t stride = job->spar->horizon * w;
    const double *gram = job->gram + lead * w * w;
    const double *cross = job->cross + lead * w; /* already L^-1 times the cross block */
    double schur[FORE_SPAR_SLOTS_MAX * FORE_SPAR_SLOTS_MAX], trace = 0.0;
    for (size_t i = 1; i < w; i++)
        trace += gram[i * w + i];
    double ridge = job->ridge * trace / (double)q + 1e-12;
    double full[(FORE_SPAR_SLOTS_MAX + 1) * (FORE_SPAR_SLOTS_MAX + 1)];
    memcpy(full, gram, w * w * sizeof(*full));
    for (size_t j = 0; j < m; j++)
        for (size_t i = 1; i < w; i++)
            for (size_t k = 0; k <= i; k++)
                full[i * w + k] -= cross[j * stride + i] * cross[j * stride + k];
    for (size_t i = 0; i < q; i++) {
        for (size_t k = 0; k <= i; k++)
            schur[i * q + k] = full[(i + 1) * w + k + 1];
        schur[i * q + i] += ridge;
        a[i] = full[(i + 1) * w] + ridge / (double)q;
    }
    cholesky(schur, q, 1e-9 * ridge);
    for (size_t i = 0; i < q; i++) {
        for (size_t k = 0; k < i; k++)
            a[i] -= schur[i * q + k] * a[k];
        a[i] /= schur[i * q + i];
    }
    for (size_t i = q; i-- > 0;) {
        for (size_t k = i + 1; k < q; k++)
            a[i] -= schur[k * q + i] * a[k];
        a[i] /= schur[i * q + i];
    }
    for (size_t j = m; j-- > 0;) {
        b[j] = cross[j * stride];
        for (size_t i = 0; i < q; i++)
            b[j] -= cross[j * stride + i + 1] * a[i];
        for (size_t k = j + 1; k < m; k++)
            b[j] -= job->factor[k * m + j] * b[k];
        b[j] /= job->factor[j * m + j];
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void correlate_all(struct job *job)
{
    struct fore_spar *spar = job->spar;
    size_t m = spar->recent, w = job->width;
    job->cross = FORE_NEW(job->scratch, double, m * spar->horizon * w + LANES);
    job->gram = FORE_NEW(job->scratch, double, spar->horizon *w *w);
    job->factor = FORE_NEW(job->scratch, double, m *m);
    for (size_t begin = 0, end; begin < spar->horizon; begin = end) {
        for (end = begin + 1; end < spar->horizon; end++) {
            bool same = true;
            for (uint32_t i = 0; i < spar->slots; i++)
                same = same && end % spar->slot[i].period != 0;
            if (!same) break;
        }
        for (size_t lead = begin; lead < end; lead++)
            seasonal_gram(job, lead, lead == begin);
        for (size_t c = 0; c < w && m > 0; c++)
            cross_block(job, begin, end, c);
    }
    if (m == 0) return;
    factor_deviations(job);
    cholesky(job->factor, m, 1e-12);
    forward_all(job->factor, m, job->cross, spar->horizon * w);
}

static void store_blocks(const struct job *job, struct fore_arena *arena)
{
    struct fore_spar *spar = job->spar;
    size_t rows = 1 + spar->slots + spar->recent, blocks = 0;
    for (size_t lead = 0; lead < spar->horizon; lead = fore_spar_block_end(spar, lead))
        blocks++;
    float *block = FORE_NEW(arena, float, blocks *rows *FORE_SPAR_LANES);
    spar->block = block;
    for (size_t begin = 0, end; begin < spar->horizon;
         begin = end, block += rows * FORE_SPAR_LANES) {
        end = fore_spar_block_end(spar, begin);
        for (size_t lead = begin; lead < end; lead++) {
            double a[FORE_SPAR_SLOTS_MAX], b[FORE_SPAR_RECENT_MAX], rest = 1.0;
            solve_lead(job, lead, a, b);
            float *lane = block + (lead - begin);
            for (uint32_t i = 0; i < spar->slots; i++) {
                lane[(size_t)(1 + i) * FORE_SPAR_LANES] = (float)a[i];
                rest -= a[i];
            }
            for (uint32_t j = 0; j < spar->recent; j++)
                lane[(size_t)(1 + spar->slots + j) * FORE_SPAR_LANES] = (float)b[j];
            lane[0] = (float)((double)job->centre * rest);
        }
    }
}

enum fore_err fore_spar_fit(const struct fore_model_params *params,
                            const struct fore_series_view *series, size_t horizon,
                            struct fore_arena *arena, struct fore_arena *scratch,
                            struct fore_spar *spar)
{
    *spar = (struct fore_spar){.horizon = horizon, .logarithmic = spar->logarithmic};
    spar->recent = recent_of(params);
    if (horizon == 0 || horizon > FORE_SPAR_HORIZON_MAX) return FORE_E_RANGE;
    if (!choose_slots(params, series, spar)) return FORE_E_RANGE;
    set_bounds(params, series, spar);
    struct job job = {.spar = spar, .scratch = scratch, .ridge = params->ridge};
    size_t rows = series->n - horizon - (spar->reach - 1);
    size_t rows_max =
        2 * (size_t)series->period[0] > ROWS_MAX ? 2 * (size_t)series->period[0] : (size_t)ROWS_MAX;
    size_t from = rows > rows_max ? rows - rows_max : 0; /* points before it are not looked at */
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    size_t n = series->n - from;
    float *z = filled(series, from, &job);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)z[i];
    job.centre = (float)(sum / (double)n);
    for (size_t i = 0; i < n; i++)
        z[i] -= job.centre;
    job.z = z;
    job.dev = deviations(&job, n);
    job.row = spar->reach - 1;
    job.row_end = n - horizon;
    job.width = spar->slots + 1u;
    correlate_all(&job);
    store_blocks(&job, arena);
    fore_arena_reset(scratch, mark);
    return FORE_E_OK;
}
