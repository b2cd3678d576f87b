/*
 * lstm_fit.c - learning: windows drawn at random from random series, pinball loss at 13 levels,
 * Adam (Kingma & Ba 2015) with a cosine rate and clipped gradients. What is kept is the running
 * average of the weights (Polyak & Juditsky 1992), which forecasts better than the last of them.
 *
 * Few series are soon learned by heart (one of 7,900 points is best after 150 batches, 414 of 800
 * still gain at 3,000), so a first learning leaves the newest part of every series out and finds
 * how many batches do best on it (early stopping: Prechelt 1998); a second one learns from
 * everything for twice that long, because its rate falls to nothing.
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
    BATCHES_MAX = 6000,
    BATCHES_UNSEEN = 250, /* where nothing is long enough to be judged on */
    WARM_PART = 5,        /* a warm start needs so much less */
    JUDGES = 4,           /* batches of held-out windows, ... */
    JUDGE_EVERY = 50,     /* ... asked after so many learned, */
    PATIENCE = 300,       /* or a quarter of those learned; no better for so long: enough */
    HELD_PART = 10,       /* this part of a series is held out, and a horizon at least */
    DAY_STEPS_MAX = 48,   /* a day of more steps is read in shorter patches */
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
    struct fore_lstm_batch batch, judge[JUDGES];
    size_t judges; /* 0: no series is long enough */
    float *begin;  /* the weights that both learnings begin with */
    float *weight, *slope, *first, *second;
    size_t done, wanted; /* batches of this learning */
    bool searching;      /* how many batches are best: the first learning */
    size_t best_at;
    double best; /* what the judges said of the average then */
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

/* Points at the end of a series that are not learned from: only of those that can spare them. */
static size_t held_out(const struct fore_trainer *t, const struct fore_logged *series)
{
    size_t horizon = t->net->dims.horizon, held = series->n / HELD_PART;
    if (!t->searching) return 0;
    if (held < horizon) held = horizon;
    return series->n >= t->reach + horizon + held + 1 ? held : 0;
}

static void put_window(struct fore_trainer *t, const struct fore_logged *series, size_t n,
                       struct fore_lstm_batch *batch, size_t row)
{
    const struct fore_lstm_dims *d = &t->net->dims;
    fore_lstm_window(d, series, n, batch, row);
    for (size_t h = 0; h < d->horizon; h++) {
        size_t at = row * d->horizon + h;
        batch->target[at] = (series->z[n + h] - batch->base[at]) / series->unit;
    }
}

/* Windows that end in the held-out part, series by series. */
static void seat_judges(struct fore_trainer *t)
{
    const struct fore_lstm_dims *d = &t->net->dims;
    size_t spare = 0;
    for (size_t i = 0; i < t->count; i++)
        spare += held_out(t, &t->series[i]) > 0;
    if (spare == 0) return;
    for (t->judges = 0; t->judges < JUDGES; t->judges++) {
        struct fore_lstm_batch *judge = &t->judge[t->judges];
        fore_lstm_batch_make(judge, d, BATCH, false, &t->arena);
        judge->rows = BATCH;
        for (size_t row = 0; row < BATCH;) {
            const struct fore_logged *s = &t->series[fore_rng_below(&t->rng, (uint32_t)t->count)];
            size_t held = held_out(t, s);
            if (held == 0) continue;
            size_t room = held - d->horizon + 1;
            size_t n = s->n - held + fore_rng_below(&t->rng, (uint32_t)room);
            put_window(t, s, n, judge, row++);
        }
    }
}

static double judged(struct fore_trainer *t, const float *weight)
{
    double sum = 0;
    for (size_t i = 0; i < t->judges; i++) {
        fore_lstm_forward(&t->net->dims, weight, &t->judge[i]);
        sum += fore_lstm_backward(&t->net->dims, weight, &t->judge[i], NULL);
    }
    return sum;
}

static void start_over(struct fore_trainer *t, size_t wanted, bool searching)
{
    size_t bytes = fore_lstm_layout_of(&t->net->dims).count * sizeof(float);
    memcpy(t->weight, t->begin, bytes);
    memcpy(t->net->weight, t->begin, bytes);
    memset(t->first, 0, bytes);
    memset(t->second, 0, bytes);
    t->done = 0;
    t->wanted = wanted;
    t->searching = searching;
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
    fore_lstm_batch_make(&t->batch, &dims, BATCH, true, &t->arena);
    t->begin = FORE_NEW(&t->arena, float, weights);
    memcpy(t->begin, t->net->weight, weights * sizeof(float));
    t->rate = on ? RATE_MORE : RATE_NEW;
    t->searching = true;
    seat_judges(t);
    if (t->judges > 0) t->best = judged(t, t->begin);
    start_over(t, t->judges > 0 ? BATCHES_MAX : BATCHES_UNSEEN, t->judges > 0);
    if (on) t->wanted = (t->wanted + WARM_PART - 1) / WARM_PART;
    return t;
}

/* ---- step ------------------------------------------------------------------------------------ */

static void draw_batch(struct fore_trainer *t)
{
    const struct fore_lstm_dims *d = &t->net->dims;
    t->batch.rows = BATCH;
    for (size_t row = 0; row < BATCH; row++) {
        const struct fore_logged *series = &t->series[fore_rng_below(&t->rng, (uint32_t)t->count)];
        size_t room = series->n - held_out(t, series) - d->horizon - t->reach + 1;
        size_t n = t->reach + fore_rng_below(&t->rng, (uint32_t)room);
        put_window(t, series, n, &t->batch, row);
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

/* Asks the judges now and then; when the average has long not been better, the search is over. */
static void look_back(struct fore_trainer *t)
{
    bool last = t->done == t->wanted;
    if (!t->searching || (t->done % JUDGE_EVERY != 0 && !last)) return;
    double loss = judged(t, t->net->weight);
    if (loss < t->best) {
        t->best = loss;
        t->best_at = t->done;
    }
    size_t patience = t->done / 4 > PATIENCE ? t->done / 4 : (size_t)PATIENCE;
    if (!last && t->done - t->best_at <= patience) return;
    size_t wanted = 2 * t->best_at;
    start_over(t, wanted < BATCHES_MAX ? wanted : BATCHES_MAX, false);
}

bool fore_lstm_step(struct fore_trainer *trainer, uint64_t work)
{
    const struct fore_lstm_dims *d = &trainer->net->dims;
    uint64_t row = (uint64_t)d->patches * FORE_LSTM_GATES * d->hidden * (d->patch + d->hidden) +
                   (uint64_t)d->horizon * FORE_LEVELS * d->hidden;
    uint64_t batch_ns =
        UINT64_C(6) * BATCH * row / GIGAFLOPS + 1; /* forward once, backward twice */
    uint64_t batches = work * 1000000u / batch_ns + 1;
    for (; batches > 0 && trainer->done < trainer->wanted; batches--) {
        learn_batch(trainer);
        look_back(trainer);
    }
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
