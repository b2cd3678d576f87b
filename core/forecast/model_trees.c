/*
 * model_trees.c - the row of the model table: predictions of many series, and the net as bytes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/forecast/models.h"
#include "core/forecast/trees.h"

static size_t points_min(const struct fore_model_params *params, uint32_t period, size_t horizon)
{
    (void)params;
    struct fore_net_shape shape = {.horizon = horizon, .period = {period}};
    return fore_trees_reach(&shape, horizon) + 8;
}

static const struct fore_net_shape *shape_of(const struct fore_net *net)
{
    return &net->shape;
}

static void destroy(struct fore_net *net)
{
    free(net);
}

static void predict_block(const struct fore_net *net, const struct fore_trees_series *series,
                          size_t begin, size_t rows, float *mean)
{
    uint8_t bin[FORE_TREES_FEATURES][FORE_TREES_BLOCK] = {{0}};
    float anchor[FORE_TREES_BLOCK], said[FORE_TREES_BLOCK] = {0};
    for (size_t i = 0; i < rows; i++) {
        float feature[FORE_TREES_FEATURES];
        anchor[i] = fore_trees_features(series, series->n, begin + i, feature);
        for (size_t f = 0; f < FORE_TREES_FEATURES; f++)
            bin[f][i] = fore_trees_bin(net->edge[f], feature[f]);
    }
    fore_trees_apply(net->tree, net->trees, (const uint8_t(*)[FORE_TREES_BLOCK])bin, rows, said);
    for (size_t i = 0; i < rows; i++)
        mean[i] = expf(fminf(anchor[i] + series->unit * said[i], 80.0f));
}

static void predict(const struct fore_net *net, const struct fore_panel *panel,
                    struct fore_arena *scratch, float *mean, float *grid)
{
    FORE_ASSERT(grid == NULL);
    size_t horizon = net->shape.horizon;
    for (size_t s = 0; s < panel->count; s++) {
        struct fore_arena_mark mark = fore_arena_mark(scratch);
        struct fore_series_view view = panel->series[s];
        size_t reach = 8 * (size_t)net->shape.period[0];
        for (int i = 1; i < FORE_PERIODS_MAX; i++)
            if (net->shape.period[i] > 0) reach = 4 * (size_t)net->shape.period[i];
        reach += 4096 < reach ? horizon : 4096;
        if (view.n > reach) { /* nothing looks further back */
            view.y += view.n - reach;
            if (view.log_y) view.log_y += view.n - reach;
            view.n = reach;
        }
        struct fore_trees_series series = fore_trees_look(&view, &net->shape, scratch);
        for (size_t h = 0; h < horizon; h += FORE_TREES_BLOCK)
            predict_block(net, &series, h,
                          horizon - h < FORE_TREES_BLOCK ? horizon - h : FORE_TREES_BLOCK,
                          mean + s * horizon + h);
        fore_bounds_keep(&series.bounds, mean + s * horizon, horizon);
        fore_arena_reset(scratch, mark);
    }
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void put_u32(struct fore_buf *out, uint32_t value)
{
    unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                              (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    fore_buf_append(out, bytes, sizeof(bytes));
}

static void put_float(struct fore_buf *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_u32(out, bits);
}

struct cursor {
    const unsigned char *at, *end;
    bool sound;
};

static uint32_t get_u32(struct cursor *c)
{
    if (c->end - c->at < 4) {
        c->sound = false;
        return 0;
    }
    uint32_t value = (uint32_t)c->at[0] | (uint32_t)c->at[1] << 8 | (uint32_t)c->at[2] << 16 |
                     (uint32_t)c->at[3] << 24;
    c->at += 4;
    return value;
}

static float get_float(struct cursor *c)
{
    uint32_t bits = get_u32(c);
    float value;
    memcpy(&value, &bits, sizeof(value));
    c->sound = c->sound && isfinite(value);
    return value;
}

static void write_net(const struct fore_net *net, struct fore_buf *out)
{
    put_u32(out, (uint32_t)net->shape.horizon);
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        put_u32(out, net->shape.period[i]);
    put_u32(out, net->trees);
    for (size_t f = 0; f < FORE_TREES_FEATURES; f++)
        for (size_t b = 0; b + 1 < FORE_TREES_BINS; b++)
            put_float(out, net->edge[f][b]);
    for (uint32_t t = 0; t < net->trees; t++) {
        for (size_t d = 0; d < FORE_TREES_DEPTH; d++)
            put_u32(out, (uint32_t)net->tree[t].feature[d] << 8 | net->tree[t].above[d]);
        for (size_t leaf = 0; leaf < FORE_TREES_LEAVES; leaf++)
            put_float(out, net->tree[t].leaf[leaf]);
    }
}

static void read_tree(struct cursor *c, struct fore_tree *tree)
{
    for (size_t d = 0; d < FORE_TREES_DEPTH; d++) {
        uint32_t question = get_u32(c);
        c->sound =
            c->sound && question >> 8 < FORE_TREES_FEATURES && (question & 255u) < FORE_TREES_BINS;
        tree->feature[d] = (uint8_t)(question >> 8);
        tree->above[d] = (uint8_t)question;
    }
    for (size_t leaf = 0; leaf < FORE_TREES_LEAVES; leaf++)
        tree->leaf[leaf] = get_float(c);
}

static struct fore_net *read_net(const void *bytes, size_t size, struct fore_diag *diag)
{
    struct cursor c = {.at = bytes, .end = (const unsigned char *)bytes + size, .sound = true};
    struct fore_net *net = calloc(1, sizeof(*net));
    FORE_ASSERT(net != NULL);
    net->shape.horizon = get_u32(&c);
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        net->shape.period[i] = get_u32(&c);
    net->trees = get_u32(&c);
    c.sound = c.sound && net->trees <= FORE_TREES_MAX && net->shape.horizon > 0 &&
              net->shape.horizon <= FORE_NET_HORIZON_MAX;
    for (size_t f = 0; c.sound && f < FORE_TREES_FEATURES; f++)
        for (size_t b = 0; b + 1 < FORE_TREES_BINS; b++)
            net->edge[f][b] = get_float(&c);
    for (uint32_t t = 0; c.sound && t < net->trees; t++)
        read_tree(&c, &net->tree[t]);
    if (c.sound && c.at == c.end) return net;
    free(net);
    enum fore_err err =
        fore_err_set(diag, FORE_E_FORMAT, "the trees in the model file do not fit together");
    FORE_ASSERT(err != FORE_E_OK);
    return NULL;
}

static const struct fore_global operations = {
    .kind = "trees",
    .begin = fore_trees_begin,
    .step = fore_trees_step,
    .finish = fore_trees_finish,
    .drop = fore_trees_drop,
    .destroy = destroy,
    .shape = shape_of,
    .predict = predict,
    .write = write_net,
    .read = read_net,
};

const struct fore_model fore_model_trees = {
    .name = "trees",
    .about = "gradient-boosted trees learned from all series together",
    .points_min = points_min,
    .global = &operations,
};
