/*
 * generator.c - requests drawn from the synthetic model.
 *
 * Arrivals are a Poisson process whose rate is constant over a step: exponential gaps, begun anew
 * at each step's edge, which an exponential gap may be. A plain workload (one part, nothing that
 * changes with time) has one step without end and a short loop of its own; only what is switched on
 * is paid for. Times, keys and operations come from streams of their own.
 */
#include "workloads/generator.h"

#include <math.h>

#include "core/base/dist.h"

struct generator {
    struct fore_arena arena; /* holds this struct too */
    struct wl_generator_model model;
    struct wl_generator_moment moment;
    struct wl_flow_noise *noise;
    const float *factor; /* of each noise group in this step; NULL without noise */
    float factor_max;
    struct fore_alias popularity; /* by key, or by age */
    struct fore_rng arrivals, keys, ops;
    fore_ns at, step_end, span;
    double gap_ns;                         /* mean, between arrivals */
    double part_until[WL_GENERATOR_PARTS]; /* cumulative shares of the arrivals */
    uint32_t write_below;                  /* of a 32-bit draw, plain workloads */
    bool plain;
    bool owed; /* the write half of a read-modify-write */
    struct wl_request owed_request;
};

/* Requests of a pair share one arrival: the read. */
static double arrivals_per_request(const struct wl_generator_part *part)
{
    return part->ops.pairs ? part->ops.read : 1;
}

static void load_moment(struct generator *g)
{
    wl_generator_moment(&g->model, g->at, &g->moment);
    double sum = 0;
    for (uint32_t i = 0; i < g->moment.count; i++) {
        sum += g->moment.part[i].rate * arrivals_per_request(&g->moment.part[i]);
        g->part_until[i] = sum;
    }
    for (uint32_t i = 0; i < g->moment.count; i++)
        g->part_until[i] /= sum > 0 ? sum : 1;
    g->factor_max = 1;
    if (g->noise != NULL) {
        g->factor = wl_flow_noise_at(g->noise, g->at / g->model.options.step);
        g->factor_max = 0;
        for (uint32_t i = 0; i < g->model.group_count; i++)
            if (g->factor[i] > g->factor_max) g->factor_max = g->factor[i];
        sum *= (double)g->factor_max;
    }
    g->gap_ns = sum > 0 ? (double)FORE_SEC / sum : 0;
}

/* Into the step that begins at `at`; false at the end of the span. */
static bool enter_step(struct generator *g)
{
    fore_ns step = g->model.options.step;
    if (g->span > 0 && g->at >= g->span) return false;
    g->step_end = g->model.modulated ? (g->at / step + 1) * step : UINT64_MAX;
    if (g->span > 0 && g->step_end > g->span) g->step_end = g->span;
    load_moment(g);
    return true;
}

/* The next arrival, or false when it falls past the step, whose edge is then the time. */
static bool arrive(struct generator *g)
{
    if (g->gap_ns > 0) {
        double gap = fore_dist_exp(&g->arrivals) * g->gap_ns + 0.5;
        if (gap <
            (double)(int64_t)(g->step_end - g->at > INT64_MAX ? INT64_MAX : g->step_end - g->at)) {
            g->at += (fore_ns)(int64_t)gap;
            return true;
        }
    }
    g->at = g->step_end;
    return false;
}

static uint64_t popular_inside(struct generator *g, uint64_t first, uint64_t last)
{
    const double *sum = g->model.cumulative;
    if (first == 0 && last == g->model.keys - 1) return fore_alias_draw(&g->popularity, &g->keys);
    double u = fore_rng_unit(&g->keys);
    double at = sum[first] + u * (sum[last + 1] - sum[first]);
    while (first < last) { /* the last key whose sum is not past `at` */
        uint64_t middle = first + (last - first + 1) / 2;
        if (sum[middle] <= at)
            first = middle;
        else
            last = middle - 1;
    }
    return first;
}

static uint64_t draw_key(struct generator *g, const struct wl_generator_part *part)
{
    uint64_t keys = g->model.keys;
    switch (part->spread) {
    case WL_SPREAD_POPULAR: return popular_inside(g, part->first, part->last);
    case WL_SPREAD_EVEN: {
        double width = (double)(part->last - part->first + 1);
        uint64_t key = part->first + (uint64_t)(fore_rng_unit(&g->keys) * width);
        return key > part->last ? part->last : key;
    }
    case WL_SPREAD_HEAD:
    case WL_SPREAD_BEHIND: break;
    }
    uint64_t head = (uint64_t)fmod(wl_generator_head(&g->model, g->at), (double)keys);
    if (head >= keys) head = keys - 1;
    if (part->spread == WL_SPREAD_HEAD) return head;
    uint64_t age = (uint64_t)fore_alias_draw(&g->popularity, &g->keys) + 1;
    return head >= age ? head - age : head + keys - age;
}

static const struct wl_generator_part *draw_part(struct generator *g)
{
    const struct wl_generator_part *part = g->moment.part;
    if (g->moment.count == 1) return part;
    double u = fore_rng_unit(&g->ops);
    uint32_t i = 0;
    while (i + 1 < g->moment.count && u >= g->part_until[i])
        i++;
    return &part[i];
}

/* Fills `out` with the request of an arrival; false when the noise swallows it. */
static bool draw_request(struct generator *g, struct wl_request *out)
{
    const struct wl_generator_part *part = draw_part(g);
    uint64_t key = draw_key(g, part);
    uint32_t who = fore_rng_u32(&g->ops);
    double op = fore_rng_unit(&g->ops);
    if (g->factor != NULL) {
        double keep = fore_rng_unit(&g->keys) * (double)g->factor_max;
        if (keep >= (double)g->factor[wl_generator_group(&g->model, key)]) return false;
    }
    const struct wl_generator_ops *mix = &part->ops;
    *out = (struct wl_request){.t = g->at,
                               .key = key,
                               .bytes = (uint32_t)g->model.options.bytes_mean,
                               .client = (uint16_t)who,
                               .group = (uint8_t)(who % FORE_USER_GROUPS)};
    if (mix->pairs) {
        g->owed = op * mix->read < mix->write;
        g->owed_request = *out;
        g->owed_request.op = FORE_QUERY_WRITE;
    } else if (op < mix->write) {
        out->op = FORE_QUERY_WRITE;
    } else if (op < mix->write + mix->scan) {
        out->op = FORE_QUERY_SCAN;
    }
    return true;
}

static size_t fill_any(struct generator *g, struct wl_request *out, size_t cap)
{
    size_t n = 0;
    if (g->owed && cap > 0) {
        out[n++] = g->owed_request;
        g->owed = false;
    }
    while (n < cap) {
        if (!arrive(g)) break;
        if (!draw_request(g, &out[n])) continue;
        n++;
        if (!g->owed || n == cap) continue;
        out[n++] = g->owed_request;
        g->owed = false;
    }
    return n;
}

/* Times up to the end of the step; returns how many fit. */
static size_t fill_times(struct generator *g, struct wl_request *out, size_t cap)
{
    struct fore_rng rng = g->arrivals;
    const double gap_ns = g->gap_ns;
    const int64_t room = g->step_end > INT64_MAX ? INT64_MAX : (int64_t)g->step_end;
    int64_t at = (int64_t)g->at;
    size_t n = 0;
    for (; n < cap; n++) {
        at += (int64_t)(fore_dist_exp(&rng) * gap_ns + 0.5);
        if (at >= room) break;
        out[n].t = (fore_ns)at;
    }
    g->at = n < cap ? g->step_end : (fore_ns)at;
    g->arrivals = rng;
    return n;
}

/*
 * One part, popular over all keys, no pairs, no noise: what a benchmark sees. One field after the
 * other over the batch: three short loops keep each stream in registers, where one long loop would
 * not, and let the table's cache misses overlap.
 */
static size_t fill_plain(struct generator *g, struct wl_request *out, size_t cap)
{
    size_t n = fill_times(g, out, cap);
    const struct fore_alias popularity = g->popularity;
    struct fore_rng rng = g->keys;
    for (size_t i = 0; i < n; i++)
        out[i].key = fore_alias_draw(&popularity, &rng);
    g->keys = rng;
    rng = g->ops;
    const uint32_t bytes = (uint32_t)g->model.options.bytes_mean, write_below = g->write_below;
    for (size_t i = 0; i < n; i++) {
        uint32_t draw = fore_rng_u32(&rng);
        out[i].bytes = bytes;
        out[i].columns = 0;
        out[i].client = (uint16_t)draw;
        out[i].op = draw < write_below ? FORE_QUERY_WRITE : FORE_QUERY_READ;
        out[i].group = draw % FORE_USER_GROUPS;
        out[i].tag = 0;
    }
    g->ops = rng;
    return n;
}

static enum fore_err generator_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                    struct fore_diag *diag)
{
    struct generator *g = self;
    size_t n = 0;
    while (n < cap) {
        if (g->at >= g->step_end && !g->owed && !enter_step(g)) break;
        n += g->plain ? fill_plain(g, out + n, cap - n) : fill_any(g, out + n, cap - n);
    }
    *count = n;
    return FORE_E_OK;
}

static enum fore_err generator_rewind(void *self, struct fore_diag *diag)
{
    struct generator *g = self;
    g->arrivals = fore_rng_stream(g->model.seed, "synthetic.arrivals", 0);
    g->keys = fore_rng_stream(g->model.seed, "synthetic.keys", 0);
    g->ops = fore_rng_stream(g->model.seed, "synthetic.ops", 0);
    g->at = g->step_end = 0;
    g->owed = false;
    return FORE_E_OK;
}

static void generator_close(void *self)
{
    struct fore_arena arena = ((struct generator *)self)->arena;
    fore_arena_fini(&arena);
}

static bool is_plain(const struct wl_generator_model *model)
{
    return !model->modulated && model->insert_share <= 0 && !model->ops.pairs &&
           model->ops.scan <= 0 && model->weight != NULL;
}

static void prepare(struct generator *g)
{
    const struct wl_generator_model *model = &g->model;
    if (model->weight != NULL)
        g->popularity = fore_alias_build(&g->arena, model->weight, (uint32_t)model->keys);
    g->noise = wl_generator_noise(model, &g->arena);
    g->span = model->options.span;
    g->plain = is_plain(model);
    double below = model->ops.write * 0x1p32;
    g->write_below = below >= (double)UINT32_MAX ? UINT32_MAX : (uint32_t)below;
}

enum fore_err wl_generator_source(const struct wl_options *options, uint64_t seed,
                                  struct wl_source *out, struct fore_diag *diag)
{
    static const struct wl_source_ops ops = {
        .next = generator_next, .rewind = generator_rewind, .close = generator_close};
    struct fore_arena arena, scratch;
    fore_arena_init(&arena);
    fore_arena_init(&scratch);
    struct generator *g = FORE_NEW(&arena, struct generator, 1);
    enum fore_err err = wl_generator_init(&g->model, options, seed, &arena, &scratch, diag);
    g->arena = arena;
    if (err == FORE_E_OK) {
        prepare(g);
        g->model.weight = NULL;
        err = generator_rewind(g, diag);
    }
    fore_arena_fini(&scratch);
    if (err != FORE_E_OK) {
        generator_close(g);
        return err;
    }
    *out = (struct wl_source){
        .ops = &ops,
        .self = g,
        .info = {.kind = "synthetic",
                 .label = g->model.label,
                 .key_max = g->model.keys - 1,
                 .span = g->span}
    };
    return FORE_E_OK;
}
