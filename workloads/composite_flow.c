/*
 * composite_flow.c - the rate view: how often each bucket comes up where the key trace then is.
 *
 * The key sequence is counted once, cumulatively at the ends of 128 segments; between them a
 * bucket's count is taken as even. The requests expected in a step are a stretch of the sequence
 * (round its end if need be), and a bucket's rate is its count in that stretch.
 */
#include <math.h>

#include "workloads/composite_clock.h"
#include "workloads/flow_edges.h"

enum { SEGMENTS = 128, BATCH = 1024 };

struct composite_flow {
    struct fore_arena arena; /* holds this struct too */
    struct wl_composite_clock clock;
    fore_ns step;
    struct wl_bucket *bucket;
    uint32_t bucket_count;
    double *sum[2];  /* reads, writes: [segment end][bucket], SEGMENTS + 1 rows */
    double requests; /* in the whole sequence */
    double bytes;
};

static enum fore_err survey(struct wl_source *keys, struct wl_flow_edges *edges, double *bytes,
                            struct fore_diag *diag)
{
    struct wl_request batch[BATCH];
    for (;;) {
        size_t n;
        FORE_TRY(wl_source_next(keys, batch, BATCH, &n, diag));
        if (n == 0) break;
        for (size_t i = 0; i < n; i++) {
            wl_flow_edges_add(edges, batch[i].key);
            *bytes += (double)batch[i].bytes;
        }
    }
    return wl_source_rewind(keys, diag);
}

static enum fore_err count(struct composite_flow *f, struct wl_source *keys, struct fore_diag *diag)
{
    struct wl_request batch[BATCH];
    uint64_t seen = 0;
    for (;;) {
        size_t n;
        FORE_TRY(wl_source_next(keys, batch, BATCH, &n, diag));
        if (n == 0) break;
        for (size_t i = 0; i < n; i++, seen++) {
            size_t row = (size_t)((double)seen * SEGMENTS / f->requests) + 1;
            uint32_t b = wl_flow_edges_find(f->bucket, f->bucket_count, batch[i].key);
            f->sum[batch[i].op == FORE_QUERY_WRITE][row * f->bucket_count + b] += 1;
        }
    }
    for (int kind = 0; kind < 2; kind++)
        for (size_t i = f->bucket_count; i < (size_t)(SEGMENTS + 1) * f->bucket_count; i++)
            f->sum[kind][i] += f->sum[kind][i - f->bucket_count];
    return FORE_E_OK;
}

/* Adds `sign` x the counts of every bucket before position `at` of the endless sequence. */
static void add_before(const struct composite_flow *f, int kind, double at, double sign,
                       double *out)
{
    double laps = floor(at / f->requests);
    double x = (at / f->requests - laps) * SEGMENTS;
    size_t row = (size_t)x < SEGMENTS ? (size_t)x : SEGMENTS - 1;
    double inside = x - (double)row;
    const double *low = &f->sum[kind][row * f->bucket_count], *high = low + f->bucket_count;
    const double *whole = &f->sum[kind][(size_t)SEGMENTS * f->bucket_count];
    for (uint32_t b = 0; b < f->bucket_count; b++)
        out[b] += sign * (laps * whole[b] + low[b] + inside * (high[b] - low[b]));
}

static enum fore_err flow_rates(void *self, fore_ns t, double *reads, double *writes,
                                struct fore_diag *diag)
{
    const struct composite_flow *f = self;
    double from = wl_composite_clock_at(&f->clock, t);
    double to = wl_composite_clock_at(&f->clock, t + f->step);
    double per_s = (double)FORE_SEC / (double)f->step;
    double *const out[2] = {reads, writes};
    for (int kind = 0; kind < 2; kind++) {
        for (uint32_t b = 0; b < f->bucket_count; b++)
            out[kind][b] = 0;
        add_before(f, kind, to, per_s, out[kind]);
        add_before(f, kind, from, -per_s, out[kind]);
        for (uint32_t b = 0; b < f->bucket_count; b++)
            if (out[kind][b] < 0) out[kind][b] = 0; /* a rounding may leave less than nothing */
    }
    return FORE_E_OK;
}

static void flow_close(void *self)
{
    struct fore_arena arena = ((struct composite_flow *)self)->arena;
    fore_arena_fini(&arena);
}

static enum fore_err build(struct composite_flow *f, struct wl_source *keys,
                           const struct wl_composite_options *options, struct fore_arena *scratch,
                           struct fore_diag *diag)
{
    struct wl_flow_edges edges;
    wl_flow_edges_init(&edges, scratch, options->buckets);
    FORE_TRY(survey(keys, &edges, &f->bytes, diag));
    f->requests = (double)edges.seen;
    if (edges.seen == 0)
        return fore_err_set(diag, FORE_E_RANGE, "%s: holds no keys", keys->info.label);
    f->bucket = FORE_NEW(&f->arena, struct wl_bucket, options->buckets);
    f->bucket_count = wl_flow_edges_cut(&edges, options->buckets, f->bucket);
    for (int kind = 0; kind < 2; kind++)
        f->sum[kind] = FORE_NEW(&f->arena, double, (size_t)(SEGMENTS + 1) * f->bucket_count);
    return count(f, keys, diag);
}

static struct wl_flow hand_out(struct composite_flow *f, const struct wl_source *keys,
                               const struct wl_series_set *rate)
{
    static const struct wl_flow_ops ops = {.rates = flow_rates, .close = flow_close};
    double mean = f->bytes / f->requests;
    return (struct wl_flow){
        .ops = &ops,
        .self = f,
        .bucket = f->bucket,
        .bucket_count = f->bucket_count,
        .info = {.kind = "composite",
                 .label = wl_composite_clock_label(keys, rate, &f->arena),
                 .composite = true,
                 .string_keys = keys->info.string_keys,
                 .span = f->clock.span,
                 .step = f->step,
                 .bytes_mean = mean < (double)UINT32_MAX ? (uint32_t)mean : UINT32_MAX}
    };
}

enum fore_err wl_composite_flow(struct wl_source keys, const struct wl_series_set *rate,
                                const struct wl_composite_options *options, struct wl_flow *out,
                                struct fore_diag *diag)
{
    FORE_ASSERT(options->buckets > 0 && options->step > 0);
    struct fore_arena arena, scratch;
    fore_arena_init(&arena);
    fore_arena_init(&scratch);
    struct composite_flow *f = FORE_NEW(&arena, struct composite_flow, 1);
    f->step = options->step;
    enum fore_err err = wl_composite_clock_init(&f->clock, rate, options, &arena, diag);
    f->arena = arena;
    if (err == FORE_E_OK) err = build(f, &keys, options, &scratch, diag);
    if (err == FORE_E_OK)
        *out = hand_out(f, &keys, rate);
    else
        flow_close(f);
    wl_source_close(&keys);
    fore_arena_fini(&scratch);
    return err;
}
