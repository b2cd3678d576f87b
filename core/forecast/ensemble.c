/*
 * ensemble.c - rolling losses per member and group of leads, and what is made of them.
 *
 * The losses fade per truth learned, so a short series and a long one forget alike. Groups of
 * leads share part of their losses: near leads are known sooner, far ones are noisier.
 */
#include "core/forecast/ensemble.h"

#include "core/base/bytes.h"

#include <math.h>
#include <string.h>

enum { GROUPS = 6 };
static const double group_end[GROUPS] = {1.0 / 16, 1.0 / 6, 1.0 / 3, 0.5, 2.0 / 3, 1.0};

static const double SHARED = 0.3;     /* part of a loss taken from all leads */
static const double SLACK = 0.5;      /* of the CUSUM, deviations */
static const double CLIP = 4.0;       /* one error counts at most so many deviations */
static const double FADE_SHIFT = 0.1; /* of what was learned before a level shift */
static const double WORST = 1.5;      /* times the worst loss: a member nobody has heard yet */

const struct fore_ensemble_options fore_ensemble_defaults = {
    .power = 6.0, .memory = 48.0, .shift_sds = 10.0};

struct cell { /* one member, one group of leads: decayed sums */
    float error, crps, weight;
};

struct fore_ensemble {
    uint32_t members, horizon;
    uint32_t shifts;
    uint64_t seen;                    /* truths since the last shift */
    uint64_t wait;                    /* truths until which the plain median speaks */
    double one_step, one_step_weight; /* decayed |error| at the first lead */
    double up, down;                  /* CUSUM */
    struct cell cell[];               /* [member * GROUPS + group] */
};

size_t fore_ensemble_size(size_t members)
{
    size_t bytes = sizeof(struct fore_ensemble) + members * GROUPS * sizeof(struct cell);
    return (bytes + 15) / 16 * 16;
}

void fore_ensemble_init(struct fore_ensemble *ensemble, size_t members, size_t horizon)
{
    FORE_ASSERT(members > 0 && members <= FORE_MEMBERS_MAX && horizon > 0);
    memset(ensemble, 0, fore_ensemble_size(members));
    ensemble->members = (uint32_t)members;
    ensemble->horizon = (uint32_t)horizon;
}

static size_t group_of(const struct fore_ensemble *ensemble, size_t lead)
{
    double at = ((double)lead + 0.5) / ensemble->horizon;
    size_t group = 0;
    while (group + 1 < GROUPS && at > group_end[group])
        group++;
    return group;
}

/* ---- weights --------------------------------------------------------------------------------- */

static double mean_crps(const struct cell *cell)
{
    return cell->weight > 0.0f ? (double)cell->crps / (double)cell->weight : (double)NAN;
}

/* Loss of every member in a group, partly that over all groups; those unheard of come last. */
static void losses(const struct fore_ensemble *ensemble, size_t group, double *loss)
{
    double worst = 0.0;
    for (uint32_t m = 0; m < ensemble->members; m++) {
        const struct cell *cell = &ensemble->cell[(size_t)m * GROUPS];
        struct cell all = {0};
        for (int g = 0; g < GROUPS; g++) {
            if (!(cell[g].weight > 0.0f)) continue;
            all.crps += cell[g].crps / cell[g].weight;
            all.weight += 1.0f;
        }
        double own = mean_crps(&cell[group]), shared = mean_crps(&all);
        loss[m] = isnan(own) ? shared : (1.0 - SHARED) * own + SHARED * shared;
        if (loss[m] > worst) worst = loss[m];
    }
    for (uint32_t m = 0; m < ensemble->members; m++)
        if (isnan(loss[m])) loss[m] = WORST * worst;
}

/* Weights of one group, of the members that speak (member == NULL: all), summing to 1. */
static void group_weights(const struct fore_ensemble *ensemble,
                          const struct fore_ensemble_options *options, const float *const *member,
                          size_t group, double *weight)
{
    double loss[FORE_MEMBERS_MAX], least = (double)HUGE_VALF, sum = 0.0;
    losses(ensemble, group, loss);
    for (uint32_t m = 0; m < ensemble->members; m++)
        if (!(member && !member[m]) && loss[m] < least) least = loss[m];
    for (uint32_t m = 0; m < ensemble->members; m++) {
        bool silent = member && !member[m];
        weight[m] = silent ? 0.0 : loss[m] > least ? pow(least / loss[m], options->power) : 1.0;
        sum += weight[m];
    }
    for (uint32_t m = 0; m < ensemble->members; m++)
        weight[m] /= sum;
}

/* ---- combinations ---------------------------------------------------------------------------- */

struct vote {
    float value;
    double weight;
};

static size_t sorted_votes(const float *const *member, const double *weight, uint32_t members,
                           size_t lead, struct vote *vote)
{
    size_t n = 0;
    for (uint32_t m = 0; m < members; m++) {
        if (!member[m]) continue;
        struct vote one = {.value = member[m][lead], .weight = weight[m]};
        size_t at = n++;
        for (; at > 0 && vote[at - 1].value > one.value; at--)
            vote[at] = vote[at - 1];
        vote[at] = one;
    }
    return n;
}

/* Where half of the weight lies on each side, each vote standing in the middle of its own; linear
 * between two votes. */
static float median_of(const struct vote *vote, size_t n, bool weighted)
{
    double total = 0.0, before = 0.0, last_at = 0.0;
    for (size_t i = 0; i < n; i++)
        total += weighted ? vote[i].weight : 1.0;
    for (size_t i = 0; i < n; i++) {
        double own = weighted ? vote[i].weight : 1.0, at = before + own / 2.0;
        if (at >= total / 2.0) {
            if (i == 0) return vote[0].value;
            double part = (total / 2.0 - last_at) / (at - last_at);
            return (float)((double)vote[i - 1].value * (1.0 - part) + (double)vote[i].value * part);
        }
        before += own;
        last_at = at;
    }
    return vote[n - 1].value;
}

static float root_mean(const float *const *member, const double *weight, uint32_t members,
                       size_t lead)
{
    double root = 0.0;
    for (uint32_t m = 0; m < members; m++)
        if (member[m]) root += weight[m] * sqrt((double)member[m][lead]);
    return (float)(root * root);
}

void fore_ensemble_combine(const struct fore_ensemble *ensemble,
                           const struct fore_ensemble_options *options, const float *const *member,
                           float *const *out)
{
    double weight[FORE_MEMBERS_MAX] = {0};
    struct vote vote[FORE_MEMBERS_MAX];
    float *weighted = out[FORE_COMBINE_WEIGHTED], *plain = out[FORE_COMBINE_MEDIAN];
    for (size_t lead = 0, group = GROUPS; lead < ensemble->horizon; lead++) {
        if (group != group_of(ensemble, lead)) {
            group = group_of(ensemble, lead);
            group_weights(ensemble, options, member, group, weight);
        }
        size_t n = sorted_votes(member, weight, ensemble->members, lead, vote);
        FORE_ASSERT(n > 0);
        if (weighted)
            weighted[lead] = 0.5f * root_mean(member, weight, ensemble->members, lead) +
                             0.5f * median_of(vote, n, true);
        if (plain) plain[lead] = median_of(vote, n, false);
    }
}

enum fore_combination fore_ensemble_choice(const struct fore_ensemble *ensemble)
{
    return ensemble->seen < ensemble->wait ? FORE_COMBINE_MEDIAN : FORE_COMBINE_WEIGHTED;
}

/* ---- learning -------------------------------------------------------------------------------- */

/* CRPS of a Laplace distribution of scale b for an observation `error` from its centre. */
static double laplace_crps(double error, double b)
{
    return b > 0.0 ? error + b * exp(-error / b) - 0.75 * b : error;
}

static void learn_member(struct cell *cell, double error, double keep)
{
    double b = cell->weight > 0.0f ? (double)cell->error / (double)cell->weight : error;
    cell->crps = (float)(keep * (double)cell->crps + laplace_crps(error, b));
    cell->error = (float)(keep * (double)cell->error + error);
    cell->weight = (float)(keep * (double)cell->weight + 1.0);
}

static void forget(struct fore_ensemble *ensemble)
{
    for (uint32_t i = 0; i < ensemble->members * GROUPS; i++) {
        struct cell *cell = &ensemble->cell[i];
        *cell = (struct cell){.error = cell->error * (float)FADE_SHIFT,
                              .crps = cell->crps * (float)FADE_SHIFT,
                              .weight = cell->weight * (float)FADE_SHIFT};
    }
    ensemble->up = ensemble->down = 0.0;
    ensemble->seen = 0;
    ensemble->shifts++;
}

/* Watches the first lead's errors; each in units of their own usual size. */
static void watch(struct fore_ensemble *ensemble, const struct fore_ensemble_options *options,
                  double error)
{
    double usual = ensemble->one_step_weight > 8.0
                       ? 1.25 * ensemble->one_step / ensemble->one_step_weight
                       : 0.0;
    double keep = 1.0 - 1.0 / options->memory;
    ensemble->one_step = keep * ensemble->one_step + fabs(error);
    ensemble->one_step_weight = keep * ensemble->one_step_weight + 1.0;
    if (!(usual > 0.0)) return;
    double z = fmin(fmax(error / usual, -CLIP), CLIP);
    ensemble->up = fmax(0.0, ensemble->up + z - SLACK);
    ensemble->down = fmax(0.0, ensemble->down - z - SLACK);
    if (ensemble->up > options->shift_sds || ensemble->down > options->shift_sds) {
        forget(ensemble);
        ensemble->wait = (uint64_t)(options->memory / 8.0 * ensemble->horizon);
    }
}

void fore_ensemble_learn(struct fore_ensemble *ensemble,
                         const struct fore_ensemble_options *options, const float *member,
                         const float *combination, size_t lead, float truth)
{
    if (isnan(truth)) return;
    size_t group = group_of(ensemble, lead);
    double first = group == 0 ? 0.0 : group_end[group - 1];
    double leads = fmax((group_end[group] - first) * ensemble->horizon, 1.0);
    double keep = 1.0 - 1.0 / (options->memory * leads);
    for (uint32_t m = 0; m < ensemble->members; m++)
        if (!isnan(member[m]))
            learn_member(&ensemble->cell[(size_t)m * GROUPS + group],
                         fabs((double)truth - (double)member[m]), keep);
    ensemble->seen++;
    if (lead == 0)
        watch(ensemble, options,
              (double)truth - (double)combination[fore_ensemble_choice(ensemble)]);
}

/* ---- in words -------------------------------------------------------------------------------- */

size_t fore_ensemble_seen(const struct fore_ensemble *ensemble)
{
    return (size_t)ensemble->seen;
}

size_t fore_ensemble_shifts(const struct fore_ensemble *ensemble)
{
    return ensemble->shifts;
}

void fore_ensemble_weights(const struct fore_ensemble *ensemble,
                           const struct fore_ensemble_options *options, double *weight)
{
    for (uint32_t m = 0; m < ensemble->members; m++)
        weight[m] = 0.0;
    for (size_t g = 0; g < GROUPS; g++) {
        double one[FORE_MEMBERS_MAX];
        double share = group_end[g] - (g > 0 ? group_end[g - 1] : 0.0);
        group_weights(ensemble, options, NULL, g, one);
        for (uint32_t m = 0; m < ensemble->members; m++)
            weight[m] += share * one[m];
    }
}

void fore_ensemble_reason(const struct fore_ensemble *ensemble,
                          const struct fore_ensemble_options *options,
                          const struct fore_model *const *row, struct fore_buf *out)
{
    static const char *const words[FORE_COMBINATIONS] = {"members weighted by rolling CRPS",
                                                         "plain median of the members"};
    double weight[FORE_MEMBERS_MAX];
    bool told[FORE_MEMBERS_MAX] = {0};
    fore_buf_puts(out, words[fore_ensemble_choice(ensemble)]);
    if (fore_ensemble_choice(ensemble) == FORE_COMBINE_MEDIAN)
        fore_buf_printf(out, ": the level shifted %zu truths ago", fore_ensemble_seen(ensemble));
    else if (ensemble->seen == 0)
        fore_buf_puts(out, ": no errors are known yet");
    fore_ensemble_weights(ensemble, options, weight);
    for (uint32_t k = 0; k < ensemble->members; k++) { /* the heaviest first */
        uint32_t best = 0;
        while (told[best])
            best++;
        for (uint32_t m = best + 1; m < ensemble->members; m++)
            if (!told[m] && weight[m] > weight[best]) best = m;
        told[best] = true;
        if (weight[best] < 0.005) break;
        fore_buf_printf(out, "%s %s %.0f %%", k == 0 ? ";" : ",", row[best]->name,
                        100.0 * weight[best]);
    }
}

/* ---- as bytes -------------------------------------------------------------------------------- */

void fore_ensemble_write(const struct fore_ensemble *ensemble, struct fore_buf *out)
{
    fore_bytes_put_u32(out, ensemble->shifts);
    fore_bytes_put_u64(out, ensemble->seen);
    fore_bytes_put_u64(out, ensemble->wait);
    fore_bytes_put_double(out, ensemble->one_step);
    fore_bytes_put_double(out, ensemble->one_step_weight);
    fore_bytes_put_double(out, ensemble->up);
    fore_bytes_put_double(out, ensemble->down);
    for (uint32_t i = 0; i < ensemble->members * GROUPS; i++) {
        fore_bytes_put_float(out, ensemble->cell[i].error);
        fore_bytes_put_float(out, ensemble->cell[i].crps);
        fore_bytes_put_float(out, ensemble->cell[i].weight);
    }
}

void fore_ensemble_read(struct fore_ensemble *ensemble, struct fore_bytes_cursor *c)
{
    ensemble->shifts = fore_bytes_get_u32(c);
    ensemble->seen = fore_bytes_get_u64(c);
    ensemble->wait = fore_bytes_get_u64(c);
    ensemble->one_step = fore_bytes_get_double(c);
    ensemble->one_step_weight = fore_bytes_get_double(c);
    ensemble->up = fore_bytes_get_double(c);
    ensemble->down = fore_bytes_get_double(c);
    for (uint32_t i = 0; i < ensemble->members * GROUPS && c->sound; i++) {
        struct cell *cell = &ensemble->cell[i];
        cell->error = fore_bytes_get_float(c);
        cell->crps = fore_bytes_get_float(c);
        cell->weight = fore_bytes_get_float(c);
        c->sound = c->sound && cell->error >= 0.0f && cell->crps >= 0.0f && cell->weight >= 0.0f;
    }
}
