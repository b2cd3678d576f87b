/*
 * combine_scale.c - each record stands for several requests.
 *
 * Real traces are often sampled or slow; to load a cluster with one, its records are multiplied.
 * Copies at the same instant would be a burst nobody sent, so they are scattered over the time
 * until the trace goes on. Records that share a time stamp (traces with a resolution of a second)
 * are one group, spread and sorted together.
 */
#include <math.h>
#include <stdlib.h>

#include "workloads/combine.h"

enum { BATCH = 1024, GROUP_MAX = 1024, COPIES_MAX = 65536 };

struct copy {
    fore_ns t;
    uint32_t record, number; /* number: which copy of it */
};

struct scale {
    struct fore_arena arena; /* holds this struct too */
    struct wl_source inner;
    struct fore_rng rng;
    double factor;
    uint64_t seed;
    struct wl_request *in; /* BATCH read ahead */
    size_t in_count, in_at;
    bool ended;
    struct wl_request *group; /* records of one time */
    uint32_t group_max;
    struct copy *copy; /* the group's copies by time, handed out from copy_at on */
    size_t copy_count, copy_at, copy_max;
    fore_ns gap; /* the last one seen, for the last record */
};

/* The next record without taking it; NULL at the end. */
static enum fore_err peek(struct scale *s, struct wl_request **out, struct fore_diag *diag)
{
    if (s->in_at == s->in_count && !s->ended) {
        s->in_at = 0;
        FORE_TRY(wl_source_next(&s->inner, s->in, BATCH, &s->in_count, diag));
        s->ended = s->in_count == 0;
    }
    *out = s->ended ? NULL : &s->in[s->in_at];
    return FORE_E_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct copy *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    if (x->record != y->record) return x->record < y->record ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void spread(struct scale *s, uint32_t record, fore_ns t)
{
    double whole = floor(s->factor);
    double u = fore_rng_unit(&s->rng);
    uint32_t copies = (uint32_t)whole + (u < s->factor - whole);
    for (uint32_t i = 0; i < copies && s->copy_count < s->copy_max; i++) {
        fore_ns jitter = 0;
        if (i > 0) jitter = (fore_ns)(fore_rng_unit(&s->rng) * (double)s->gap);
        s->copy[s->copy_count++] = (struct copy){.t = t + jitter, .record = record, .number = i};
    }
}

/* Reads the next group of records and lays out its copies; none at the end. */
static enum fore_err next_group(struct scale *s, struct fore_diag *diag)
{
    struct wl_request *head;
    uint32_t records = 0;
    s->copy_count = s->copy_at = 0;
    FORE_TRY(peek(s, &head, diag));
    if (head == NULL) return FORE_E_OK;
    fore_ns t = head->t;
    while (head != NULL && head->t == t && records < s->group_max) {
        s->group[records++] = *head;
        s->in_at++;
        FORE_TRY(peek(s, &head, diag));
    }
    if (head != NULL) s->gap = head->t - t;
    for (uint32_t i = 0; i < records; i++)
        spread(s, i, t);
    qsort(s->copy, s->copy_count, sizeof *s->copy, by_time);
    return FORE_E_OK;
}

static enum fore_err scale_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                struct fore_diag *diag)
{
    struct scale *s = self;
    size_t n = 0;
    while (n < cap) {
        if (s->copy_at == s->copy_count) {
            FORE_TRY(next_group(s, diag));
            if (s->copy_count == 0 && s->ended) break;
            continue;
        }
        const struct copy *copy = &s->copy[s->copy_at++];
        out[n] = s->group[copy->record];
        out[n++].t = copy->t;
    }
    *count = n;
    return FORE_E_OK;
}

static enum fore_err scale_rewind(void *self, struct fore_diag *diag)
{
    struct scale *s = self;
    s->rng = fore_rng_stream(s->seed, "combine.scale", 0);
    s->in_count = s->in_at = s->copy_count = s->copy_at = 0;
    s->ended = false;
    s->gap = 0;
    return wl_source_rewind(&s->inner, diag);
}

static void scale_close(void *self)
{
    struct scale *s = self;
    struct fore_arena arena = s->arena;
    wl_source_close(&s->inner);
    fore_arena_fini(&arena);
}

struct wl_source wl_combine_scale(struct wl_source source, double factor, uint64_t seed)
{
    static const struct wl_source_ops ops = {scale_next, scale_rewind, scale_close};
    FORE_ASSERT(factor >= 0 && factor < COPIES_MAX);
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct scale *s = FORE_NEW(&arena, struct scale, 1);
    uint32_t each = (uint32_t)ceil(factor) + 1, group = COPIES_MAX / each;
    s->group_max = group < 1 ? 1 : group > GROUP_MAX ? GROUP_MAX : group;
    s->copy_max = (size_t)s->group_max * each;
    s->copy = FORE_NEW(&arena, struct copy, s->copy_max);
    s->group = FORE_NEW(&arena, struct wl_request, s->group_max);
    s->in = FORE_NEW(&arena, struct wl_request, BATCH);
    s->inner = source;
    s->factor = factor;
    s->seed = seed;
    s->rng = fore_rng_stream(seed, "combine.scale", 0);
    struct wl_source out = {.ops = &ops, .self = s, .info = source.info};
    out.info.requests = (uint64_t)((double)source.info.requests * floor(factor));
    if (factor > floor(factor)) out.info.requests = 0;
    out.info.label = fore_arena_printf(&arena, "%s, each record %g requests at jittered times",
                                       source.info.label, factor);
    s->arena = arena;
    return out;
}
