/*
 * trees_fit.c - learning the trees.
 *
 * Rows are drawn once: (series, origin, lead) at random, the same number from every series. Each
 * tree sees half of them and half of the features (stochastic gradient boosting, Friedman 2002).
 * The loss is Huber's: a spike pulls with the strength of its sign. A level's question is the one
 * that helps all its nodes together; histograms of 64 bins make each question one pass.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/base/series.h"
#include "core/forecast/lanes.h"
#include "core/forecast/trees.h"

enum {
    ROWS_MAX = 240000,
    ROWS_SERIES = 1500, /* of one series at most */
    EDGE_ROWS = 20000,
    TREES_NEW = 150,
    TREES_MORE = 40, /* on top of a warm start */
    NS_PER_CELL = 2, /* a row and feature of a histogram */
};
static const float RATE = 0.11f, HUBER = 1.0f;
static const double RIDGE = 8.0;

struct fore_trainer {
    struct fore_net *net;
    size_t rows, wanted;
    uint8_t *bin; /* [feature][rows] */
    float *target, *said, *pull;
    uint8_t *leaf;
    uint32_t *chosen; /* rows of this tree */
    struct fore_rng rng;
    bool traits; /* the series have them */
};

static void *memory(size_t count, size_t size)
{
    void *out = calloc(count + 1, size);
    FORE_ASSERT(out != NULL);
    return out;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct draft {    /* rows before they are binned */
    float *value; /* [row][feature] */
    float *target;
    size_t rows, room;
};

static void draw_rows(const struct fore_panel *panel, const struct fore_net_shape *shape,
                      struct fore_rng *rng, struct draft *draft)
{
    size_t each =
        draft->room / panel->count < ROWS_SERIES ? draft->room / panel->count : (size_t)ROWS_SERIES;
    if (panel->count < 16 && each < draft->room / 4) each = draft->room / 4 / panel->count;
    size_t first = fore_trees_reach(shape, shape->horizon);
    struct fore_arena arena = {0};
    for (size_t i = 0; i < panel->count; i++) {
        const struct fore_series_view *view = &panel->series[i];
        if (view->n < first + shape->horizon + 8) continue;
        struct fore_arena_mark mark = fore_arena_mark(&arena);
        struct fore_logged series = fore_logged_of(view, shape, &arena);
        for (size_t k = 0; k < each && draft->rows < draft->room; k++) {
            size_t lead = fore_rng_below(rng, (uint32_t)shape->horizon);
            size_t n = first + fore_rng_below(rng, (uint32_t)(view->n - lead - first));
            if (isnan(view->y[n + lead])) continue;
            struct fore_trees_recent recent = fore_trees_recent_of(&series, n);
            float anchor = fore_trees_features(&series, &recent, lead,
                                               draft->value + draft->rows * FORE_TREES_FEATURES);
            float y = (series.z[n + lead] - anchor) / series.unit;
            draft->target[draft->rows++] = y;
        }
        fore_arena_reset(&arena, mark);
    }
    fore_arena_fini(&arena);
}

static void find_edges(const struct draft *draft, struct fore_net *net)
{
    size_t n = draft->rows < EDGE_ROWS ? draft->rows : (size_t)EDGE_ROWS;
    double *x = memory(n, sizeof(*x));
    for (size_t f = 0; f < FORE_TREES_FEATURES; f++) {
        for (size_t i = 0; i < n; i++)
            x[i] = (double)draft->value[i * draft->rows / n * FORE_TREES_FEATURES + f];
        fore_series_sort(x, n);
        for (size_t b = 0; b + 1 < FORE_TREES_BINS; b++)
            net->edge[f][b] =
                (float)fore_series_quantile_sorted(x, n, (double)(b + 1) / (double)FORE_TREES_BINS);
    }
    free(x);
}

static void bin_rows(struct fore_trainer *t, const struct draft *draft)
{
    t->rows = draft->rows;
    t->bin = memory(t->rows * FORE_TREES_FEATURES, 1);
    t->target = memory(t->rows, sizeof(float));
    t->said = memory(t->rows, sizeof(float));
    t->pull = memory(t->rows, sizeof(float));
    t->leaf = memory(t->rows, 1);
    t->chosen = memory(t->rows, sizeof(uint32_t));
    memcpy(t->target, draft->target, t->rows * sizeof(float));
    for (size_t i = 0; i < t->rows; i++)
        for (size_t f = 0; f < FORE_TREES_FEATURES; f++)
            t->bin[f * t->rows + i] =
                fore_trees_bin(t->net->edge[f], draft->value[i * FORE_TREES_FEATURES + f]);
}

/* What the trees of a warm start say of the rows. */
static void say_again(struct fore_trainer *t)
{
    uint8_t block[FORE_TREES_FEATURES][FORE_TREES_BLOCK];
    for (size_t from = 0; from < t->rows; from += FORE_TREES_BLOCK) {
        size_t n = t->rows - from < FORE_TREES_BLOCK ? t->rows - from : (size_t)FORE_TREES_BLOCK;
        memset(block, 0, sizeof(block));
        for (size_t f = 0; f < FORE_TREES_FEATURES; f++)
            memcpy(block[f], t->bin + f * t->rows + from, n);
        fore_trees_apply(t->net->tree, t->net->trees, (const uint8_t(*)[FORE_TREES_BLOCK])block, n,
                         t->said + from);
    }
}

static void discard(struct fore_trainer *t)
{
    free(t->bin);
    free(t->target);
    free(t->said);
    free(t->pull);
    free(t->leaf);
    free(t->chosen);
    free(t);
}

void fore_trees_drop(struct fore_trainer *trainer)
{
    free(trainer->net);
    discard(trainer);
}

struct fore_net *fore_trees_finish(struct fore_trainer *trainer)
{
    struct fore_net *net = trainer->net;
    discard(trainer);
    return net;
}

struct fore_trainer *fore_trees_begin(const struct fore_net_shape *shape,
                                      const struct fore_net *warm, const struct fore_panel *panel,
                                      uint64_t seed)
{
    if (panel->count == 0 || shape->horizon > FORE_NET_HORIZON_MAX) return NULL;
    struct draft draft = {.room = ROWS_MAX};
    draft.value = memory(draft.room * FORE_TREES_FEATURES, sizeof(float));
    draft.target = memory(draft.room, sizeof(float));
    struct fore_trainer *t = memory(1, sizeof(*t));
    t->rng = fore_rng_stream(seed, "trees", warm ? warm->trees : 0);
    t->traits = panel->series[0].trait != NULL;
    draw_rows(panel, shape, &t->rng, &draft);
    if (draft.rows >= FORE_TREES_BINS) {
        t->net = memory(1, sizeof(*t->net));
        bool on = warm && warm->trees + TREES_MORE <= FORE_TREES_MAX;
        if (on) *t->net = *warm;
        t->net->shape = *shape;
        if (!on) find_edges(&draft, t->net);
        bin_rows(t, &draft);
        say_again(t);
        t->wanted = on ? warm->trees + TREES_MORE : (size_t)TREES_NEW;
    }
    free(draft.value);
    free(draft.target);
    if (t->net) return t;
    discard(t);
    return NULL;
}

/* ---- one tree -------------------------------------------------------------------------------- */

struct bucket {
    float pull, count;
};

struct question {
    double gain;
    uint8_t feature, above;
};

/* The best threshold of one feature for all nodes of a level together. */
static void weigh(const struct bucket *hist, size_t nodes, uint8_t feature, struct question *best)
{
    double gain[FORE_TREES_BINS] = {0};
    for (size_t node = 0; node < nodes; node++) {
        const struct bucket *h = hist + node * FORE_TREES_BINS;
        double all = 0.0, count = 0.0, left = 0.0, left_count = 0.0;
        for (size_t b = 0; b < FORE_TREES_BINS; b++) {
            all += (double)h[b].pull;
            count += (double)h[b].count;
        }
        for (size_t b = 0; b + 1 < FORE_TREES_BINS; b++) {
            left += (double)h[b].pull;
            left_count += (double)h[b].count;
            double right = all - left, right_count = count - left_count;
            gain[b] += left * left / (left_count + RIDGE) + right * right / (right_count + RIDGE);
        }
    }
    for (size_t b = 0; b + 1 < FORE_TREES_BINS; b++)
        if (gain[b] > best->gain)
            *best = (struct question){.gain = gain[b], .feature = feature, .above = (uint8_t)b};
}

static void ask(struct fore_trainer *t, size_t chosen, const bool *offered, size_t level,
                struct fore_tree *tree)
{
    static const struct question none = {.gain = -1.0};
    struct question best = none;
    size_t nodes = (size_t)1 << level;
    struct bucket hist[FORE_TREES_LEAVES / 2 * FORE_TREES_BINS];
    for (int f = 0; f < FORE_TREES_FEATURES; f++) {
        if (!offered[f]) continue;
        const uint8_t *bin = t->bin + (size_t)f * t->rows;
        memset(hist, 0, nodes * FORE_TREES_BINS * sizeof(*hist));
        for (size_t i = 0; i < chosen; i++) {
            uint32_t row = t->chosen[i];
            struct bucket *at = &hist[(size_t)t->leaf[i] * FORE_TREES_BINS + bin[row]];
            at->pull += t->pull[i];
            at->count += 1.0f;
        }
        weigh(hist, nodes, (uint8_t)f, &best);
    }
    tree->feature[level] = best.feature;
    tree->above[level] = best.above;
    const uint8_t *bin = t->bin + (size_t)best.feature * t->rows;
    for (size_t i = 0; i < chosen; i++)
        t->leaf[i] |= (uint8_t)((bin[t->chosen[i]] > best.above) << level);
}

static void fill_leaves(const struct fore_trainer *t, size_t chosen, struct fore_tree *tree)
{
    double pull[FORE_TREES_LEAVES] = {0}, count[FORE_TREES_LEAVES] = {0};
    for (size_t i = 0; i < chosen; i++) {
        pull[t->leaf[i]] += (double)t->pull[i];
        count[t->leaf[i]] += 1.0;
    }
    for (size_t leaf = 0; leaf < FORE_TREES_LEAVES; leaf++)
        tree->leaf[leaf] = RATE * (float)(pull[leaf] / (count[leaf] + RIDGE));
}

static void tell_all(struct fore_trainer *t, const struct fore_tree *tree)
{
    const uint8_t *bin[FORE_TREES_DEPTH];
    for (size_t d = 0; d < FORE_TREES_DEPTH; d++)
        bin[d] = t->bin + (size_t)tree->feature[d] * t->rows;
    for (size_t i = 0; i < t->rows; i++) {
        unsigned leaf = 0;
        for (unsigned d = 0; d < FORE_TREES_DEPTH; d++)
            leaf |= (unsigned)(bin[d][i] > tree->above[d]) << d;
        t->said[i] += tree->leaf[leaf];
    }
}

static void grow(struct fore_trainer *t)
{
    struct fore_tree *tree = &t->net->tree[t->net->trees];
    bool offered[FORE_TREES_FEATURES];
    size_t chosen = 0;
    for (size_t f = 0; f < FORE_TREES_OF_LOAD; f++)
        offered[f] = fore_rng_u32(&t->rng) & 1u;
    offered[fore_rng_below(&t->rng, FORE_TREES_OF_LOAD)] = true;
    for (size_t f = FORE_TREES_OF_LOAD; f < FORE_TREES_FEATURES; f++)
        offered[f] = t->traits && (fore_rng_u32(&t->rng) & 1u);
    for (size_t i = 0; i < t->rows; i++) {
        if (!(fore_rng_u32(&t->rng) & 1u)) continue;
        float miss = t->target[i] - t->said[i];
        t->pull[chosen] = miss > HUBER ? HUBER : miss < -HUBER ? -HUBER : miss;
        t->leaf[chosen] = 0;
        t->chosen[chosen++] = (uint32_t)i;
    }
    for (size_t level = 0; level < FORE_TREES_DEPTH; level++)
        ask(t, chosen, offered, level, tree);
    fill_leaves(t, chosen, tree);
    tell_all(t, tree);
    t->net->trees++;
}

bool fore_trees_step(struct fore_trainer *trainer, uint64_t work)
{
    uint64_t tree_ns =
        (uint64_t)trainer->rows / 2 * FORE_TREES_FEATURES / 2 * FORE_TREES_DEPTH * NS_PER_CELL;
    uint64_t trees = work * 1000000u / (tree_ns + 1) + 1;
    for (; trees > 0 && trainer->net->trees < trainer->wanted; trees--)
        grow(trainer);
    return trainer->net->trees >= trainer->wanted;
}

/* ---- down the trees -------------------------------------------------------------------------- */

void fore_trees_apply(const struct fore_tree *tree, size_t trees,
                      const uint8_t bin[FORE_TREES_FEATURES][FORE_TREES_BLOCK], size_t rows,
                      float *out)
{
    uint8_t leaf[FORE_TREES_BLOCK];
    for (; trees > 0; trees--, tree++) {
        for (size_t i = 0; i < FORE_TREES_BLOCK; i += sizeof(fore_v16i8)) {
            fore_v16i8 number = {0};
            for (unsigned d = 0; d < FORE_TREES_DEPTH; d++) {
                int8_t above = (int8_t)tree->above[d], bit = (int8_t)(1 << d);
                number |= (fore_v16i8_load(bin[tree->feature[d]] + i) > above) & bit;
            }
            memcpy(leaf + i, &number, sizeof(number));
        }
        for (size_t i = 0; i < rows; i++)
            out[i] += tree->leaf[leaf[i]];
    }
}
