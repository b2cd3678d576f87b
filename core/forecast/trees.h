/*
 * trees.h - gradient-boosted oblivious trees (Friedman 2001; symmetric as in CatBoost, 2018) over
 * target-anchored lags, one model for all series, leads and origins.
 *
 * Everything is in logarithms, relative to an anchor (what the season says about the target) and
 * in units of the series' own usual seasonal change, so a quiet series teaches a busy one. An
 * oblivious tree asks the same question at every node of a level: a leaf's number is six bits, and
 * a block of rows goes down a tree together. Private to core/forecast.
 */
#ifndef FORE_TREES_H
#define FORE_TREES_H

#include "core/forecast/global.h"
#include "core/forecast/logged.h"

enum {
    FORE_TREES_OF_LOAD = 32, /* features of the load itself; traits follow */
    FORE_TREES_FEATURES = FORE_TREES_OF_LOAD + FORE_TRAITS,
    FORE_TREES_DEPTH = 6,
    FORE_TREES_LEAVES = 1 << FORE_TREES_DEPTH,
    FORE_TREES_BINS = 64,
    FORE_TREES_MAX = 480,
    FORE_TREES_BLOCK = 64, /* rows predicted together */
};

struct fore_tree {
    uint8_t feature[FORE_TREES_DEPTH], above[FORE_TREES_DEPTH]; /* bit d: bin > above[d] */
    float leaf[FORE_TREES_LEAVES];
};

struct fore_net { /* of this kind; lstm.h has another, and neither sees the other's */
    struct fore_net_shape shape;
    uint32_t trees;
    float edge[FORE_TREES_FEATURES][FORE_TREES_BINS - 1]; /* value > edge[b]: bin b + 1 or more */
    struct fore_tree tree[FORE_TREES_MAX];
};

/* ---- trees_features.c ------------------------------------------------------------------------ */

/* Points an origin needs behind it. */
size_t fore_trees_reach(const struct fore_net_shape *shape, size_t lead);
/* What an origin knows whatever the lead: n points, their recent means and deviations. */
enum { FORE_TREES_MEANS = 8, FORE_TREES_PLAIN = 6 };
struct fore_trees_recent {
    size_t n;
    float mean[FORE_TREES_MEANS], plain[FORE_TREES_PLAIN];
};
struct fore_trees_recent fore_trees_recent_of(const struct fore_logged *series, size_t n);
/* Features of the target `lead` steps after point n - 1; returns the anchor (a logarithm). */
float fore_trees_features(const struct fore_logged *series, const struct fore_trees_recent *recent,
                          size_t lead, float feature[FORE_TREES_FEATURES]);
uint8_t fore_trees_bin(const float edge[FORE_TREES_BINS - 1], float value);

/* ---- trees_fit.c ----------------------------------------------------------------------------- */

struct fore_trainer *fore_trees_begin(const struct fore_net_shape *shape,
                                      const struct fore_net *warm, const struct fore_panel *panel,
                                      uint64_t seed);
bool fore_trees_step(struct fore_trainer *trainer, uint64_t work);
struct fore_net *fore_trees_finish(struct fore_trainer *trainer);
void fore_trees_drop(struct fore_trainer *trainer);
/* out[row] += sum over trees; bin[feature][row], rows <= FORE_TREES_BLOCK. */
void fore_trees_apply(const struct fore_tree *tree, size_t trees,
                      const uint8_t bin[FORE_TREES_FEATURES][FORE_TREES_BLOCK], size_t rows,
                      float *out);

#endif
