/*
 * lstm_fit.c - learning: windows drawn at random from random series, pinball loss at 13 levels,
 * Adam (Kingma & Ba 2015) with a cosine rate and clipped gradients. What is kept is the running
 * average of the weights (Polyak & Juditsky 1992), which forecasts better than the last of them.
 */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/base/rng.h"
#include "core/forecast/lstm_fit.h"
#include "core/forecast/residual.h"

enum {
    HIDDEN = 96,
    BATCH = 64,
    BATCHES_ONE = 2000,  /* for one series, ... */
    BATCHES_MANY = 6000, /* ... and for MANY or more: there is more to learn */
    MANY = 100,
    WARM_PART = 5,      /* a warm start needs so much less */
    DAY_STEPS_MAX = 48, /* a day of more steps is read in shorter patches */
    PATCHES_DAY = 14,
    PATCHES_SHORT = 24,
    GIGAFLOPS = 16, /* of a 3 GHz core, for counting work */
};
static const float RATE_NEW = 3e-3f, RATE_MORE = 1e-3f, CLIP = 0.3f, DECAY = 1e-5f;
static const float FIRST_MOMENT = 0.9f, SECOND_MOMENT = 0.999f, AVERAGE = 0.995f;

struct fore_trainer {
    struct fore_net *net;
    struct fore_arena arena;
    struct fore_logged *series; /* [count], long enough ones only */
    size_t count, reach;
    struct fore_lstm_batch batch;
    float *weight, *slope, *first, *second;
    size_t done, wanted;
    float rate;
    struct fore_rng rng;
};

void fore_lstm_destroy(struct fore_net *net)
{
    if (!net) return;
    free(net->weight);
    free(net);
}

struct fore_lstm_dims fore_lstm_dims_for(const struct fore_net_shape *shape, size_t points)
{
    size_t day = shape->period[0], horizon = shape->horizon;
    bool by_day = day >= 4 && day <= DAY_STEPS_MAX;
    size_t patch = by_day ? day : horizon < 8 ? 8 : horizon > 24 ? 24 : horizon;
    size_t patches = by_day ? PATCHES_DAY : PATCHES_SHORT;
    while (patches > 4 && patches * patch + 2 * horizon > points / 2)
        patches--;
    return (struct fore_lstm_dims){.patch = (uint32_t)patch,
                                   .patches = (uint32_t)patches,
                                   .hidden = HIDDEN,
                                   .horizon = (uint32_t)horizon};
}

/* ---- begin ----------------------------------------------------------------------------------- */

static struct fore_net *new_net(const struct fore_net_shape *shape,
                                const struct fore_lstm_dims *dims)
{
    struct fore_net *net = calloc(1, sizeof(*net));
    FORE_ASSERT(net != NULL);
    net->shape = *shape;
    net->dims = *dims;
    net->weight = calloc(fore_lstm_layout_of(dims).count, sizeof(float));
    FORE_ASSERT(net->weight != NULL);
    return net;
}

static void draw(struct fore_rng *rng, float *weight, size_t count, double sd)
{
    for (size_t i = 0; i < count; i++)
        weight[i] = (float)(sd * fore_dist_normal(rng));
}

/* Gates begin by remembering; the head says the base, with quantiles a unit's deviation wide. */
static void first_weights(struct fore_net *net, struct fore_rng *rng)
{
    const struct fore_lstm_dims *d = &net->dims;
    struct fore_lstm_layout at = fore_lstm_layout_of(d);
    size_t n = d->hidden;
    draw(rng, net->weight + at.input, FORE_LSTM_GATES * n * d->patch, 1.0 / sqrt(d->patch));
    draw(rng, net->weight + at.recurrent, FORE_LSTM_GATES * n * n, 1.0 / sqrt((double)n));
    draw(rng, net->weight + at.head, (size_t)d->horizon * FORE_LEVELS * n, 0.01);
    for (size_t k = n; k < 2 * n; k++)
        net->weight[at.bias + k] = 1.0f;
    for (size_t h = 0; h < d->horizon; h++)
        for (size_t q = 0; q < FORE_LEVELS; q++)
            net->weight[at.head_bias + h * FORE_LEVELS + q] =
                (float)fore_dist_normal_quantile(fore_quantile_levels[q]);
}

static size_t usual_length(const struct fore_panel *panel)
{
    size_t sum = 0;
    for (size_t i = 0; i < panel->count; i++)
        sum += panel->series[i].n;
    return panel->count > 0 ? sum / panel->count : 0;
}

static bool same_shape(const struct fore_net *net, const struct fore_net_shape *shape)
{
    return net->shape.horizon == shape->horizon &&
           memcmp(net->shape.period, shape->period, sizeof(shape->period)) == 0;
}

static void look_at_series(struct fore_trainer *t, const struct fore_panel *panel)
{
    t->reach = fore_lstm_reach(&t->net->dims, &t->net->shape);
    t->series = FORE_NEW(&t->arena, struct fore_logged, panel->count);
    for (size_t i = 0; i < panel->count; i++) {
        if (panel->series[i].n < t->reach + t->net->dims.horizon + 1) continue;
        struct fore_logged *series = &t->series[t->count++];
        *series = fore_logged_of(&panel->series[i], &t->net->shape, &t->arena);
    }
}

struct fore_trainer *fore_lstm_begin(const struct fore_net_shape *shape,
                                     const struct fore_net *warm, const struct fore_panel *panel,
                                     uint64_t seed)
{
    if (panel->count == 0 || shape->horizon > FORE_NET_HORIZON_MAX) return NULL;
    bool on = warm && same_shape(warm, shape);
    openblas_set_num_threads(1);
    struct fore_lstm_dims dims = on ? warm->dims : fore_lstm_dims_for(shape, usual_length(panel));
    struct fore_trainer *t = calloc(1, sizeof(*t));
    FORE_ASSERT(t != NULL);
    t->net = new_net(shape, &dims);
    t->rng = fore_rng_stream(seed, "lstm", on ? 1 : 0);
    look_at_series(t, panel);
    if (t->count == 0) {
        fore_lstm_drop(t);
        return NULL;
    }
    size_t weights = fore_lstm_layout_of(&dims).count;
    if (on)
        memcpy(t->net->weight, warm->weight, weights * sizeof(float));
    else
        first_weights(t->net, &t->rng);
    t->weight = FORE_NEW(&t->arena, float, weights);
    t->slope = FORE_NEW(&t->arena, float, weights);
    t->first = FORE_NEW(&t->arena, float, weights);
    t->second = FORE_NEW(&t->arena, float, weights);
    memcpy(t->weight, t->net->weight, weights * sizeof(float));
    fore_lstm_batch_make(&t->batch, &dims, BATCH, true, &t->arena);
    size_t many = t->count < MANY ? t->count : (size_t)MANY;
    t->wanted = BATCHES_ONE + (BATCHES_MANY - BATCHES_ONE) * many / MANY;
    if (on) t->wanted /= WARM_PART;
    t->rate = on ? RATE_MORE : RATE_NEW;
    return t;
}

/* ---- step ------------------------------------------------------------------------------------ */

static void draw_batch(struct fore_trainer *t)
{
    const struct fore_lstm_dims *d = &t->net->dims;
    t->batch.rows = BATCH;
    for (size_t row = 0; row < BATCH; row++) {
        const struct fore_logged *series = &t->series[fore_rng_below(&t->rng, (uint32_t)t->count)];
        size_t room = series->n - d->horizon - t->reach + 1;
        size_t n = t->reach + fore_rng_below(&t->rng, (uint32_t)room);
        fore_lstm_window(d, series, n, &t->batch, row);
        for (size_t h = 0; h < d->horizon; h++) {
            size_t at = row * d->horizon + h;
            t->batch.target[at] = (series->z[n + h] - t->batch.base[at]) / series->unit;
        }
    }
}

static void adam(struct fore_trainer *t, size_t weights, float rate)
{
    float norm = cblas_snrm2((int)weights, t->slope, 1);
    float shrink = norm > CLIP ? CLIP / norm : 1.0f;
    float first_full = 1.0f - powf(FIRST_MOMENT, (float)(t->done + 1));
    float second_full = 1.0f - powf(SECOND_MOMENT, (float)(t->done + 1));
    float step = rate / first_full, keep = 1.0f - rate * DECAY;
    for (size_t i = 0; i < weights; i++) {
        float g = shrink * t->slope[i];
        t->first[i] = FIRST_MOMENT * t->first[i] + (1.0f - FIRST_MOMENT) * g;
        t->second[i] = SECOND_MOMENT * t->second[i] + (1.0f - SECOND_MOMENT) * g * g;
        t->weight[i] =
            keep * t->weight[i] - step * t->first[i] / (sqrtf(t->second[i] / second_full) + 1e-8f);
    }
}

static void learn_batch(struct fore_trainer *t)
{
    size_t weights = fore_lstm_layout_of(&t->net->dims).count;
    float part = (float)t->done / (float)t->wanted;
    float rate = t->rate * (0.5f + 0.5f * cosf(3.14159265f * part)) + 1e-5f;
    draw_batch(t);
    fore_lstm_forward(&t->net->dims, t->weight, &t->batch);
    (void)fore_lstm_backward(&t->net->dims, t->weight, &t->batch, t->slope);
    adam(t, weights, rate);
    float keep = t->done < 200 ? (float)t->done / (float)(t->done + 1) : AVERAGE;
    for (size_t i = 0; i < weights; i++)
        t->net->weight[i] = keep * t->net->weight[i] + (1.0f - keep) * t->weight[i];
    t->done++;
}

bool fore_lstm_step(struct fore_trainer *trainer, uint64_t work)
{
    const struct fore_lstm_dims *d = &trainer->net->dims;
    uint64_t row = (uint64_t)d->patches * FORE_LSTM_GATES * d->hidden * (d->patch + d->hidden) +
                   (uint64_t)d->horizon * FORE_LEVELS * d->hidden;
    uint64_t batch_ns = 6 * BATCH * row / GIGAFLOPS + 1; /* forward once, backward twice */
    uint64_t batches = work * 1000000u / batch_ns + 1;
    for (; batches > 0 && trainer->done < trainer->wanted; batches--)
        learn_batch(trainer);
    return trainer->done >= trainer->wanted;
}

void fore_lstm_drop(struct fore_trainer *trainer)
{
    fore_lstm_destroy(trainer->net);
    fore_arena_fini(&trainer->arena);
    free(trainer);
}

struct fore_net *fore_lstm_finish(struct fore_trainer *trainer)
{
    struct fore_net *net = trainer->net;
    trainer->net = NULL;
    fore_lstm_drop(trainer);
    return net;
}
