/*
 * fleet_learn.c - from past errors to two spreads per partition and lead.
 *
 * Residuals are kept over sqrt(level), so that what a quiet night taught can be used at noon:
 * x_p = r_p / sqrt(l_p). The model of them is one common factor: x_p = lambda_p F + e_p. With
 * X the cluster's residual over the root of its level, w_p = sqrt(l_p / sum of l) and Lambda =
 * sum w lambda:   E[x_p X] = lambda_p Lambda + w_p var(e_p),   E[X^2] = Lambda^2 + sum w^2 var(e).
 * Solved by three rounds of substitution. A single partition then has the variance it showed, and
 * the whole cluster too; a plain regression on X would count each partition's own noise in the
 * common part a second time.
 *
 * Few paths are a rough guide: moments are averaged over neighbouring leads, and both spreads are
 * drawn to the pool's, the common one to "in proportion to the level".
 */
#include "core/base/series.h"
#include "core/forecast/fleet_parts.h"
#include "core/forecast/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SMOOTH = 2, ROUNDS = 3 };
static const double POOL_PATHS = 16.0;   /* the pool's opinion counts as this many paths */
static const double OWN_LEAST = 0.05;    /* of a partition's variance is its own at least */
static const double COMMON_GUESS = 0.02; /* of the level */

struct moments { /* of one partition at one lead, neighbouring leads averaged in */
    double weight, level, square, cross, paths;
    double lambda, own; /* the answer; own is a variance */
};

static double smoothed(const struct fore_fleet *fleet, const struct fore_fleet_cell *cell, size_t h,
                       double *cross)
{
    double square = 0.0, count = 0.0;
    *cross = 0.0;
    for (size_t k = h > SMOOTH ? h - SMOOTH : 0; k <= h + SMOOTH && k < fleet->steps; k++) {
        square += cell[k].square;
        *cross += cell[k].cross;
        count += (double)cell[k].count;
    }
    *cross = count > 0.0 ? *cross / count : 0.0;
    return count > 0.0 ? fmax(square / count, 0.0) : 0.0;
}

/* The substitution of the note above; returns Lambda, 0 when there is nothing in common. */
static double solve(struct moments *m, size_t n, double cluster)
{
    double big_lambda = 0.0;
    for (size_t i = 0; i < n; i++)
        m[i].own = m[i].square;
    for (int round = 0; round < ROUNDS; round++) {
        double rest = cluster;
        for (size_t i = 0; i < n; i++)
            rest -= m[i].weight * m[i].weight * m[i].own;
        big_lambda = rest > 0.0 ? sqrt(rest) : 0.0;
        for (size_t i = 0; i < n; i++) {
            double shared = m[i].cross - m[i].weight * m[i].own;
            m[i].lambda = big_lambda > 0.0 ? shared / big_lambda : 0.0;
            m[i].own = fmax(m[i].square - m[i].lambda * m[i].lambda, OWN_LEAST * m[i].square);
        }
    }
    return big_lambda;
}

static void shrink(struct moments *m, size_t n, double big_lambda)
{
    double sum = 0.0, level = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (m[i].paths == 0.0) continue;
        sum += m[i].level * m[i].own;
        level += m[i].level;
    }
    double pool = level > 0.0 ? sum / level : 0.0;
    for (size_t i = 0; i < n; i++) {
        double trust = m[i].paths / (m[i].paths + POOL_PATHS);
        m[i].own = trust * m[i].own + (1.0 - trust) * pool;
        m[i].lambda = trust * m[i].lambda + (1.0 - trust) * big_lambda * m[i].weight;
    }
}

static void learn_lead(struct fore_fleet *fleet, int kind, size_t h, struct moments *m)
{
    double unused, level = 0.0;
    double cluster = smoothed(fleet, fleet->total[kind], h, &unused);
    size_t n = 0;
    for (uint32_t i = 0; i < fleet->count; i++) {
        const struct fore_fleet_partition *p = fleet->partition[i];
        if (!p) continue;
        m[n] = (struct moments){.level = p->level, .paths = (double)p->cell[kind][h].count};
        m[n].square = smoothed(fleet, p->cell[kind], h, &m[n].cross);
        level += p->level;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        m[i].weight = level > 0.0 ? sqrt(m[i].level / level) : 0.0;
    double big_lambda = solve(m, n, cluster);
    shrink(m, n, big_lambda);
    n = 0;
    for (uint32_t i = 0; i < fleet->count; i++) {
        struct fore_fleet_partition *p = fleet->partition[i];
        if (!p) continue;
        double old = (double)p->inherited / (double)fleet->done;
        double gain = 1.0 - old + old * (double)p->common_gain;
        p->common[kind][h] = (float)(gain * m[n].lambda);
        p->own[kind][h] = (float)sqrt(m[n].own);
        n++;
    }
}

static size_t common_divisor(size_t a, size_t b)
{
    while (b > 0) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Residuals over the spread just learned, evenly taken and sorted: the pooled shape. */
static void learn_shape(struct fore_fleet *fleet)
{
    size_t steps = fleet->steps, row = (size_t)fleet->count * steps, all = fleet->done * row;
    size_t stride = all / FORE_FLEET_SHAPE + 1;
    while (common_divisor(stride, steps) != 1)
        stride++;
    fleet->shape_count = 0;
    for (size_t at = 0; at < all && fleet->shape_count < FORE_FLEET_SHAPE; at += stride) {
        const struct fore_fleet_path *path = fore_fleet_path_at(fleet, (uint32_t)(at / row));
        size_t index = at % row / steps, h = at % steps;
        const struct fore_fleet_partition *p = fleet->partition[index];
        if (!p || index >= path->rows) continue;
        double common = (double)p->common[0][h], own = (double)p->own[0][h];
        double x = (double)path->cell[0][index * steps + h] / sqrt(common * common + own * own);
        if (isfinite(x)) fleet->shape[fleet->shape_count++] = x;
    }
    fore_series_sort(fleet->shape, fleet->shape_count);
}

void fore_fleet_learn(struct fore_fleet *fleet)
{
    struct moments *m = fore_fleet_memory(NULL, fleet->count, sizeof(*m));
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        if (fleet->total[kind][0].count < FORE_SPREAD_PATHS_MIN) continue;
        fleet->learned[kind] = true;
        for (size_t h = 0; h < fleet->steps; h++)
            learn_lead(fleet, kind, h, m);
    }
    free(m);
    if (fleet->total[FORE_SCENARIO_FORECAST][0].count >= FORE_SPREAD_PATHS_MIN) learn_shape(fleet);
}

/* ---- the matrices ---------------------------------------------------------------------------- */

static void guess_row(const float *mean, size_t steps, float *common, float *own)
{
    for (size_t h = 0; h < steps; h++) {
        common[h] = (float)(COMMON_GUESS * (double)mean[h]);
        own[h] = (float)fore_spread_guess((double)mean[h], h);
    }
}

void fore_fleet_spread(struct fore_fleet *fleet, enum fore_scenario_kind kind,
                       uint32_t partition_count)
{
    size_t steps = fleet->steps;
    for (uint32_t i = 0; i < partition_count; i++) {
        const struct fore_fleet_partition *p = fleet->partition[i];
        float *mean = fleet->mean[kind] + (size_t)i * steps;
        float *common = fleet->common[kind] + (size_t)i * steps;
        float *own = fleet->own[kind] + (size_t)i * steps;
        int as = p && p->fitted ? (int)kind : FORE_SCENARIO_NOWCAST; /* a fallback is a nowcast */
        if (!p || !fleet->learned[as]) {
            guess_row(mean, steps, common, own);
            continue;
        }
        float least = FORE_FLEET_LEVEL_LEAST * p->peak;
        for (size_t h = 0; h < steps; h++) {
            float root = sqrtf(mean[h] > least ? mean[h] : least);
            common[h] = root * p->common[as][h];
            own[h] = root * p->own[as][h];
        }
    }
}
