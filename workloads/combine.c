/*
 * combine.c - the combinators that look at one request at a time: thin, speed, shift, slice, and
 * the sampler that owns its flow. Each asks its inner source for a batch and edits it in place.
 */
#include "workloads/combine.h"

struct filter {
    struct fore_arena arena; /* holds this struct too */
    struct wl_source inner;
    struct wl_flow flow; /* of wl_combine_sample */
    struct fore_rng rng;
    uint64_t seed;
    double factor; /* share kept, or speed */
    fore_ns begin, span;
    bool ended;
};

/* The rest of the batch that passes: edits out[0..count) and returns how many stay. */
typedef size_t filter_edit(struct filter *f, struct wl_request *out, size_t count);

static enum fore_err next_edited(struct filter *f, filter_edit *edit, struct wl_request *out,
                                 size_t cap, size_t *count, struct fore_diag *diag)
{
    *count = 0;
    while (*count == 0 && !f->ended && cap > 0) {
        size_t n;
        FORE_TRY(wl_source_next(&f->inner, out, cap, &n, diag));
        if (n == 0) f->ended = true;
        *count = edit(f, out, n);
    }
    return FORE_E_OK;
}

static size_t thin_edit(struct filter *f, struct wl_request *out, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (fore_rng_unit(&f->rng) < f->factor) out[kept++] = out[i];
    return kept;
}

static size_t speed_edit(struct filter *f, struct wl_request *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i].t = (fore_ns)((double)out[i].t / f->factor);
    return count;
}

static size_t shift_edit(struct filter *f, struct wl_request *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i].t += f->begin;
    return count;
}

static size_t slice_edit(struct filter *f, struct wl_request *out, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (out[i].t < f->begin) continue;
        fore_ns t = out[i].t - f->begin;
        if (f->span > 0 && t >= f->span) {
            f->ended = true;
            break;
        }
        out[kept] = out[i];
        out[kept++].t = t;
    }
    return kept;
}

#define FILTER_NEXT(name)                                                            \
    static enum fore_err name##_next(void *self, struct wl_request *out, size_t cap, \
                                     size_t *count, struct fore_diag *diag)          \
    {                                                                                \
        return next_edited(self, name##_edit, out, cap, count, diag);                \
    }
FILTER_NEXT(thin)
FILTER_NEXT(speed)
FILTER_NEXT(shift)
FILTER_NEXT(slice)

static enum fore_err sample_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                 struct fore_diag *diag)
{
    struct filter *f = self;
    return wl_source_next(&f->inner, out, cap, count, diag);
}

static enum fore_err filter_rewind(void *self, struct fore_diag *diag)
{
    struct filter *f = self;
    f->ended = false;
    f->rng = fore_rng_stream(f->seed, "combine.thin", 0);
    return wl_source_rewind(&f->inner, diag);
}

static void filter_close(void *self)
{
    struct filter *f = self;
    struct fore_arena arena = f->arena;
    wl_source_close(&f->inner);
    wl_flow_close(&f->flow);
    fore_arena_fini(&arena);
}

static struct filter *filter_create(const struct wl_source *inner)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct filter *f = FORE_NEW(&arena, struct filter, 1);
    f->arena = arena;
    if (inner != NULL) f->inner = *inner;
    return f;
}

static const char *labelled(struct filter *f, const char *what, double factor)
{
    return fore_arena_printf(&f->arena, "%s, %s %g", f->inner.info.label, what, factor);
}

struct wl_source wl_combine_thin(struct wl_source source, double share, uint64_t seed)
{
    static const struct wl_source_ops ops = {thin_next, filter_rewind, filter_close};
    struct filter *f = filter_create(&source);
    f->factor = share;
    f->seed = seed;
    f->rng = fore_rng_stream(seed, "combine.thin", 0);
    struct wl_source out = {.ops = &ops, .self = f, .info = source.info};
    out.info.requests = 0;
    out.info.label = labelled(f, "thinned to", share);
    return out;
}

struct wl_source wl_combine_speed(struct wl_source source, double factor)
{
    static const struct wl_source_ops ops = {speed_next, filter_rewind, filter_close};
    FORE_ASSERT(factor > 0);
    struct filter *f = filter_create(&source);
    f->factor = factor;
    struct wl_source out = {.ops = &ops, .self = f, .info = source.info};
    out.info.span = (fore_ns)((double)source.info.span / factor);
    out.info.label = labelled(f, "sped up by", factor);
    return out;
}

struct wl_source wl_combine_shift(struct wl_source source, fore_ns offset)
{
    static const struct wl_source_ops ops = {shift_next, filter_rewind, filter_close};
    struct filter *f = filter_create(&source);
    f->begin = offset;
    struct wl_source out = {.ops = &ops, .self = f, .info = source.info};
    if (out.info.span > 0) out.info.span += offset;
    return out;
}

struct wl_source wl_combine_slice(struct wl_source source, fore_ns begin, fore_ns span)
{
    static const struct wl_source_ops ops = {slice_next, filter_rewind, filter_close};
    struct filter *f = filter_create(&source);
    f->begin = begin;
    f->span = span;
    struct wl_source out = {.ops = &ops, .self = f, .info = source.info};
    fore_ns left = source.info.span > begin ? source.info.span - begin : 0;
    if (left == 0 || (span > 0 && span < left)) left = span;
    out.info.span = left;
    out.info.requests = 0;
    return out;
}

struct wl_source wl_combine_sample(struct wl_flow flow, fore_ns span, uint64_t seed)
{
    static const struct wl_source_ops ops = {sample_next, filter_rewind, filter_close};
    struct filter *f = filter_create(NULL);
    f->flow = flow;
    f->inner = wl_flow_sample(&f->flow, span, seed);
    return (struct wl_source){.ops = &ops, .self = f, .info = f->inner.info};
}
