/*
 * flow.c - requests drawn from rates.
 *
 * Within a step the flow is a superposition of Poisson processes, one a bucket and kind; drawn as
 * one process of the summed rate whose every arrival picks its bucket from an alias table. The
 * table is made anew each step (linear in the buckets); a draw is O(1).
 */
#include "workloads/flow.h"

#include "core/base/dist.h"

/* An endless flow that has been silent for so long is not worth waiting for. */
enum { EMPTY_STEPS_MAX = 1000000 };

struct sampler {
    struct fore_arena arena; /* holds this struct too */
    struct fore_arena table; /* the alias table of the step */
    struct wl_flow *flow;
    double *rate; /* reads of every bucket, then writes */
    struct fore_alias pick;
    struct fore_rng arrivals, keys, sizes;
    fore_ns at, step_end, span;
    double gap_ns;
    uint64_t seed;
    uint32_t empty_steps;
};

static enum fore_err enter_step(struct sampler *s, struct fore_diag *diag)
{
    fore_ns step = s->flow->info.step, begin = s->at / step * step;
    uint32_t buckets = s->flow->bucket_count;
    FORE_TRY(wl_flow_rates(s->flow, begin, s->rate, s->rate + buckets, diag));
    s->step_end = begin + step;
    if (s->span > 0 && s->step_end > s->span) s->step_end = s->span;
    double sum = 0;
    for (uint32_t i = 0; i < 2 * buckets; i++)
        sum += s->rate[i];
    s->gap_ns = sum > 0 ? (double)FORE_SEC / sum : 0;
    s->empty_steps = sum > 0 ? 0 : s->empty_steps + 1;
    if (sum > 0) {
        fore_arena_fini(&s->table);
        s->pick = fore_alias_build(&s->table, s->rate, 2 * buckets);
    } else if (s->span == 0 && s->empty_steps > EMPTY_STEPS_MAX) {
        return fore_err_set(diag, FORE_E_RANGE, "%s: no load in %d steps; set workload.span",
                            s->flow->info.label, EMPTY_STEPS_MAX);
    }
    return FORE_E_OK;
}

static bool arrive(struct sampler *s)
{
    if (s->gap_ns > 0) {
        double gap = fore_dist_exp(&s->arrivals) * s->gap_ns + 0.5;
        if (gap < (double)(int64_t)(s->step_end - s->at)) {
            s->at += (fore_ns)(int64_t)gap;
            return true;
        }
    }
    s->at = s->step_end;
    return false;
}

static uint32_t draw_bytes(struct sampler *s)
{
    uint32_t mean = s->flow->info.bytes_mean;
    if (mean == 0) return 0;
    double size = fore_dist_exp(&s->sizes) * (double)mean + 0.5;
    if (size < 1) return 1;
    return size < (double)UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static void draw_request(struct sampler *s, struct wl_request *out)
{
    uint32_t pick = fore_alias_draw(&s->pick, &s->keys);
    bool write = pick >= s->flow->bucket_count;
    const struct wl_bucket *b = &s->flow->bucket[write ? pick - s->flow->bucket_count : pick];
    double place = fore_rng_unit(&s->keys);
    uint64_t key = b->first + (uint64_t)(place * ((double)(b->last - b->first) + 1));
    uint32_t who = fore_rng_u32(&s->sizes);
    *out = (struct wl_request){.t = s->at,
                               .key = key > b->last ? b->last : key,
                               .bytes = draw_bytes(s),
                               .client = (uint16_t)who,
                               .op = write ? FORE_QUERY_WRITE : FORE_QUERY_READ,
                               .group = (uint8_t)(who % FORE_USER_GROUPS)};
}

static enum fore_err sampler_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                  struct fore_diag *diag)
{
    struct sampler *s = self;
    size_t n = 0;
    while (n < cap) {
        if (s->at >= s->step_end) {
            if (s->span > 0 && s->at >= s->span) break;
            FORE_TRY(enter_step(s, diag));
        }
        if (arrive(s)) draw_request(s, &out[n++]);
    }
    *count = n;
    return FORE_E_OK;
}

static enum fore_err sampler_rewind(void *self, struct fore_diag *diag)
{
    struct sampler *s = self;
    s->arrivals = fore_rng_stream(s->seed, "flow.arrivals", 0);
    s->keys = fore_rng_stream(s->seed, "flow.keys", 0);
    s->sizes = fore_rng_stream(s->seed, "flow.sizes", 0);
    s->at = s->step_end = 0;
    s->empty_steps = 0;
    return FORE_E_OK;
}

static void sampler_close(void *self)
{
    struct sampler *s = self;
    struct fore_arena arena = s->arena;
    fore_arena_fini(&s->table);
    fore_arena_fini(&arena);
}

struct wl_source wl_flow_sample(struct wl_flow *flow, fore_ns span, uint64_t seed)
{
    static const struct wl_source_ops ops = {
        .next = sampler_next, .rewind = sampler_rewind, .close = sampler_close};
    FORE_ASSERT(flow->bucket_count > 0 && flow->bucket_count <= UINT32_MAX / 2);
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct sampler *s = FORE_NEW(&arena, struct sampler, 1);
    fore_arena_init(&s->table);
    s->flow = flow;
    s->rate = FORE_NEW(&arena, double, (size_t)2 * flow->bucket_count);
    s->span = span > 0 ? span : flow->info.span;
    s->seed = seed;
    s->arena = arena;
    enum fore_err err = sampler_rewind(s, NULL);
    FORE_ASSERT(err == FORE_E_OK);
    return (struct wl_source){
        .ops = &ops,
        .self = s,
        .info = {.kind = "flow",
                 .label = flow->info.label,
                 .composite = flow->info.composite,
                 .string_keys = flow->info.string_keys,
                 .key_max = flow->bucket[flow->bucket_count - 1].last,
                 .span = s->span}
    };
}
