/*
 * model_trees.c - the row of the model table: predictions of many series, and the net as bytes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
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

/*
 * The questions a net really asks: of 63 edges a feature few are used, so a bin can be counted
 * edge by edge, side by side for many rows, instead of being searched.
 */
struct exam {
    size_t edges[FORE_TREES_FEATURES];
    float edge[FORE_TREES_FEATURES][FORE_TREES_BINS - 1];
    struct fore_tree *tree; /* `above` counts these edges only */
};

static struct exam exam_of(const struct fore_net *net, struct fore_arena *scratch)
{
    bool asked[FORE_TREES_FEATURES][FORE_TREES_BINS] = {{0}};
    uint8_t rank[FORE_TREES_FEATURES][FORE_TREES_BINS];
    struct exam exam = {.tree = FORE_NEW(scratch, struct fore_tree, net->trees)};
    for (uint32_t t = 0; t < net->trees; t++)
        for (size_t d = 0; d < FORE_TREES_DEPTH; d++)
            asked[net->tree[t].feature[d]][net->tree[t].above[d]] = true;
    for (size_t f = 0; f < FORE_TREES_FEATURES; f++) {
        for (size_t b = 0; b < FORE_TREES_BINS; b++) {
            rank[f][b] = (uint8_t)exam.edges[f]; /* bin > b: beyond edge b, for the last never */
            if (asked[f][b] && b + 1 < FORE_TREES_BINS)
                exam.edge[f][exam.edges[f]++] = net->edge[f][b];
        }
    }
    memcpy(exam.tree, net->tree, net->trees * sizeof(*exam.tree));
    for (uint32_t t = 0; t < net->trees; t++)
        for (size_t d = 0; d < FORE_TREES_DEPTH; d++)
            exam.tree[t].above[d] = rank[net->tree[t].feature[d]][net->tree[t].above[d]];
    return exam;
}

static void count_edges(const float *edge, size_t edges, const float value[FORE_TREES_BLOCK],
                        uint8_t bin[FORE_TREES_BLOCK])
{
    int32_t beyond[FORE_TREES_BLOCK] = {0};
    for (size_t e = 0; e < edges; e++)
        for (size_t i = 0; i < FORE_TREES_BLOCK; i++)
            beyond[i] += value[i] > edge[e];
    for (size_t i = 0; i < FORE_TREES_BLOCK; i++)
        bin[i] = (uint8_t)beyond[i];
}

static void predict_block(const struct fore_net *net, const struct exam *exam,
                          const struct fore_logged *series, const struct fore_trees_recent *recent,
                          size_t begin, size_t rows, float *mean)
{
    uint8_t bin[FORE_TREES_FEATURES][FORE_TREES_BLOCK];
    float anchor[FORE_TREES_BLOCK], said[FORE_TREES_BLOCK] = {0};
    float sheet[FORE_TREES_FEATURES][FORE_TREES_BLOCK] = {{0}};
    for (size_t i = 0; i < rows; i++) {
        float feature[FORE_TREES_FEATURES];
        anchor[i] = fore_trees_features(series, recent, begin + i, feature);
        for (size_t f = 0; f < FORE_TREES_FEATURES; f++)
            sheet[f][i] = feature[f];
    }
    for (size_t f = 0; f < FORE_TREES_FEATURES; f++)
        count_edges(exam->edge[f], exam->edges[f], sheet[f], bin[f]);
    fore_trees_apply(exam->tree, net->trees, (const uint8_t(*)[FORE_TREES_BLOCK])bin, rows, said);
    for (size_t i = 0; i < rows; i++)
        mean[i] = expf(fminf(anchor[i] + series->unit * said[i], 80.0f));
}

/* NOLINTBEGIN(readability-non-const-parameter): the table's type; the LSTM writes to `grid` */
static void predict(const struct fore_net *net, const struct fore_panel *panel,
                    struct fore_arena *scratch, float *mean, float *grid)
/* NOLINTEND(readability-non-const-parameter) */
{
    FORE_ASSERT(grid == NULL);
    size_t horizon = net->shape.horizon;
    struct fore_arena_mark begun = fore_arena_mark(scratch);
    struct exam exam = exam_of(net, scratch);
    for (size_t s = 0; s < panel->count; s++) {
        struct fore_arena_mark mark = fore_arena_mark(scratch);
        struct fore_series_view view = fore_logged_tail(&panel->series[s], &net->shape);
        struct fore_logged series = fore_logged_of(&view, &net->shape, scratch);
        struct fore_trees_recent recent = fore_trees_recent_of(&series, series.n);
        for (size_t h = 0; h < horizon; h += FORE_TREES_BLOCK)
            predict_block(net, &exam, &series, &recent, h,
                          horizon - h < FORE_TREES_BLOCK ? horizon - h : FORE_TREES_BLOCK,
                          mean + s * horizon + h);
        fore_bounds_keep(&series.bounds, mean + s * horizon, horizon);
        fore_arena_reset(scratch, mark);
    }
    fore_arena_reset(scratch, begun);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void write_net(const struct fore_net *net, struct fore_buf *out)
{
    fore_bytes_put_u32(out, (uint32_t)net->shape.horizon);
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        fore_bytes_put_u32(out, net->shape.period[i]);
    fore_bytes_put_u32(out, net->trees);
    for (size_t f = 0; f < FORE_TREES_FEATURES; f++)
        for (size_t b = 0; b + 1 < FORE_TREES_BINS; b++)
            fore_bytes_put_float(out, net->edge[f][b]);
    for (uint32_t t = 0; t < net->trees; t++) {
        for (size_t d = 0; d < FORE_TREES_DEPTH; d++)
            fore_bytes_put_u32(out, (uint32_t)net->tree[t].feature[d] << 8 | net->tree[t].above[d]);
        for (size_t leaf = 0; leaf < FORE_TREES_LEAVES; leaf++)
            fore_bytes_put_float(out, net->tree[t].leaf[leaf]);
    }
}

static void read_tree(struct fore_bytes_cursor *c, struct fore_tree *tree)
{
    for (size_t d = 0; d < FORE_TREES_DEPTH; d++) {
        uint32_t question = fore_bytes_get_u32(c);
        c->sound =
            c->sound && question >> 8 < FORE_TREES_FEATURES && (question & 255u) < FORE_TREES_BINS;
        tree->feature[d] = (uint8_t)(question >> 8);
        tree->above[d] = (uint8_t)question;
    }
    for (size_t leaf = 0; leaf < FORE_TREES_LEAVES; leaf++)
        tree->leaf[leaf] = fore_bytes_get_float(c);
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
    net->trees = fore_bytes_get_u32(&c);
    c.sound = c.sound && net->trees <= FORE_TREES_MAX && net->shape.horizon > 0 &&
              net->shape.horizon <= FORE_NET_HORIZON_MAX;
    for (size_t f = 0; c.sound && f < FORE_TREES_FEATURES; f++)
        for (size_t b = 0; b + 1 < FORE_TREES_BINS; b++)
            net->edge[f][b] = fore_bytes_get_float(&c);
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
