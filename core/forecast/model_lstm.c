/*
 * model_lstm.c - the row of the model table: predictions of many series in batches, bytes.
 */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/forecast/lstm_fit.h"
#include "core/forecast/models.h"

enum { BATCH = 64, MEDIAN = 6, SIZE_LIMIT = 4096 };

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    struct fore_net_shape shape = {.horizon = horizon, .period = {period}};
    struct fore_lstm_dims dims = fore_lstm_dims_for(&shape, SIZE_MAX);
    return fore_lstm_reach(&dims, &shape) + 1;
}

static const struct fore_net_shape *shape_of(const struct fore_net *net)
{
    return &net->shape;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Out of the net's units; quantiles that cross change places. */
static void unfold(const struct fore_net *net, const float *out, const struct fore_logged *series,
                   const float *base, float *mean, float *grid)
{
    for (size_t h = 0; h < net->dims.horizon; h++) {
        float value[FORE_LEVELS];
        for (size_t q = 0; q < FORE_LEVELS; q++)
            value[q] = expf(fminf(base[h] + series->unit * out[h * FORE_LEVELS + q], 80.0f));
        mean[h] = value[MEDIAN];
        if (!grid) continue;
        qsort(value, FORE_LEVELS, sizeof(*value), by_value);
        memcpy(grid + h * FORE_LEVELS, value, sizeof(value));
    }
    fore_bounds_keep(&series->bounds, mean, net->dims.horizon);
}

static void predict(const struct fore_net *net, const struct fore_panel *panel,
                    struct fore_arena *scratch, float *mean, float *grid)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_lstm_batch batch;
    size_t horizon = net->dims.horizon, wide = horizon * FORE_LEVELS;
    openblas_set_num_threads(1);
    fore_lstm_batch_make(&batch, &net->dims, BATCH, false, scratch);
    for (size_t from = 0; from < panel->count; from += BATCH) {
        struct fore_arena_mark inner = fore_arena_mark(scratch);
        struct fore_logged series[BATCH];
        batch.rows = panel->count - from < BATCH ? panel->count - from : (size_t)BATCH;
        for (size_t r = 0; r < batch.rows; r++) {
            struct fore_series_view view = fore_logged_tail(&panel->series[from + r], &net->shape);
            series[r] = fore_logged_of(&view, &net->shape, scratch);
            fore_lstm_window(&net->dims, &series[r], series[r].n, &batch, r);
        }
        fore_lstm_forward(&net->dims, net->weight, &batch);
        for (size_t r = 0; r < batch.rows; r++)
            unfold(net, batch.out + r * wide, &series[r], batch.base + r * horizon,
                   mean + (from + r) * horizon, grid ? grid + (from + r) * wide : NULL);
        fore_arena_reset(scratch, inner);
    }
    fore_arena_reset(scratch, mark);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void write_net(const struct fore_net *net, struct fore_buf *out)
{
    fore_bytes_put_u32(out, (uint32_t)net->shape.horizon);
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        fore_bytes_put_u32(out, net->shape.period[i]);
    fore_bytes_put_u32(out, net->dims.patch);
    fore_bytes_put_u32(out, net->dims.patches);
    fore_bytes_put_u32(out, net->dims.hidden);
    size_t count = fore_lstm_layout_of(&net->dims).count;
    for (size_t i = 0; i < count; i++)
        fore_bytes_put_float(out, net->weight[i]);
}

static struct fore_net *read_net(const void *bytes, size_t size, struct fore_diag *diag)
{
    struct fore_bytes_cursor c = {
        .at = bytes, .end = (const unsigned char *)bytes + size, .sound = true};
    struct fore_net *net = calloc(1, sizeof(*net));
    FORE_ASSERT(net != NULL);
    net->shape.horizon = fore_bytes_get_u32(&c);
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        net->shape.period[i] = fore_bytes_get_u32(&c);
    struct fore_lstm_dims *d = &net->dims;
    d->horizon = (uint32_t)net->shape.horizon;
    d->patch = fore_bytes_get_u32(&c);
    d->patches = fore_bytes_get_u32(&c);
    d->hidden = fore_bytes_get_u32(&c);
    bool sound = c.sound && d->horizon > 0 && d->horizon <= FORE_NET_HORIZON_MAX && d->patch > 0 &&
                 d->patch <= SIZE_LIMIT && d->patches > 0 && d->patches <= SIZE_LIMIT &&
                 d->hidden > 0 && d->hidden <= SIZE_LIMIT;
    size_t count = sound ? fore_lstm_layout_of(d).count : 0;
    sound = sound && count * 4 == (size_t)(c.end - c.at);
    if (sound) {
        net->weight = malloc(count * sizeof(float));
        FORE_ASSERT(net->weight != NULL);
        for (size_t i = 0; i < count; i++)
            net->weight[i] = fore_bytes_get_float(&c);
    }
    if (sound && c.sound) return net;
    fore_lstm_destroy(net);
    enum fore_err err =
        fore_err_set(diag, FORE_E_FORMAT, "the weights in the model file do not fit its sizes");
    FORE_ASSERT(err != FORE_E_OK);
    return NULL;
}

static const struct fore_global operations = {
    .kind = "lstm",
    .begin = fore_lstm_begin,
    .step = fore_lstm_step,
    .finish = fore_lstm_finish,
    .drop = fore_lstm_drop,
    .destroy = fore_lstm_destroy,
    .shape = shape_of,
    .predict = predict,
    .has_quantiles = true,
    .write = write_net,
    .read = read_net,
};

const struct fore_model fore_model_lstm = {
    .name = "lstm",
    .about = "a recurrent net with a quantile head learned from all series together",
    .points_min = points_min,
    .global = &operations,
};
