/*
 * flow_profile.c - a request stream counted into rates.
 *
 * Pass one: how long the stream is and where to cut its keys. Pass two: requests per bucket and
 * step, as floats (exact up to 2^24 requests in one cell). Reads and writes are kept apart.
 */
#include "workloads/flow_edges.h"

enum { BATCH = 1024 };

struct profile {
    struct fore_arena arena; /* holds this struct too */
    struct wl_bucket *bucket;
    float *count[2]; /* reads, writes: [step][bucket] */
    uint64_t step_count;
    fore_ns step;
    uint32_t bucket_count;
};

struct survey { /* what pass one finds */
    struct wl_flow_edges edges;
    fore_ns end;
    uint64_t requests;
    double bytes;
};

static enum fore_err survey_source(struct wl_source *source, struct survey *found,
                                   struct fore_diag *diag)
{
    struct wl_request batch[BATCH];
    for (;;) {
        size_t n;
        FORE_TRY(wl_source_next(source, batch, BATCH, &n, diag));
        if (n == 0) break;
        for (size_t i = 0; i < n; i++) {
            wl_flow_edges_add(&found->edges, batch[i].key);
            found->bytes += (double)batch[i].bytes;
        }
        found->requests += n;
        found->end = batch[n - 1].t + 1;
    }
    return wl_source_rewind(source, diag);
}

static enum fore_err count_source(struct wl_source *source, struct profile *p,
                                  struct fore_diag *diag)
{
    struct wl_request batch[BATCH];
    for (;;) {
        size_t n;
        FORE_TRY(wl_source_next(source, batch, BATCH, &n, diag));
        if (n == 0) break;
        for (size_t i = 0; i < n; i++) {
            uint64_t step = batch[i].t / p->step;
            FORE_ASSERT(step < p->step_count);
            uint32_t b = wl_flow_edges_find(p->bucket, p->bucket_count, batch[i].key);
            p->count[batch[i].op == FORE_QUERY_WRITE][step * p->bucket_count + b] += 1.0F;
        }
    }
    return wl_source_rewind(source, diag);
}

static enum fore_err profile_rates(void *self, fore_ns t, double *reads, double *writes,
                                   struct fore_diag *diag)
{
    const struct profile *p = self;
    uint64_t step = t / p->step;
    double per_second = (double)FORE_SEC / (double)p->step;
    for (uint32_t b = 0; b < p->bucket_count; b++) {
        bool inside = step < p->step_count;
        uint64_t cell = step * p->bucket_count + b;
        reads[b] = inside ? (double)p->count[0][cell] * per_second : 0;
        writes[b] = inside ? (double)p->count[1][cell] * per_second : 0;
    }
    return FORE_E_OK;
}

static void profile_close(void *self)
{
    struct fore_arena arena = ((struct profile *)self)->arena;
    fore_arena_fini(&arena);
}

/* Room for the counts, if that is not too much. */
static enum fore_err make_room(struct profile *p, const struct survey *found, size_t memory_max,
                               const char *label, struct fore_diag *diag)
{
    if (found->requests == 0)
        return fore_err_set(diag, FORE_E_RANGE, "%s: holds no requests to make a flow of", label);
    p->step_count = (found->end - 1) / p->step + 1;
    double bytes = 2 * sizeof(float) * (double)p->step_count * (double)p->bucket_count;
    if (bytes > (double)memory_max)
        return fore_err_set(diag, FORE_E_RANGE,
                            "%s: %llu steps x %u buckets need %.0f MiB; raise workload.step, lower "
                            "workload.buckets or play less of it (workload.span)",
                            label, (unsigned long long)p->step_count, p->bucket_count,
                            bytes / 1048576);
    size_t cells = (size_t)p->step_count * p->bucket_count;
    p->count[0] = FORE_NEW(&p->arena, float, cells);
    p->count[1] = FORE_NEW(&p->arena, float, cells);
    return FORE_E_OK;
}

static enum fore_err profile_source(struct wl_source *source, struct profile *p,
                                    uint32_t bucket_count, size_t memory_max, struct survey *found,
                                    struct fore_diag *diag)
{
    FORE_TRY(survey_source(source, found, diag));
    p->bucket = FORE_NEW(&p->arena, struct wl_bucket, bucket_count);
    p->bucket_count = wl_flow_edges_cut(&found->edges, bucket_count, p->bucket);
    FORE_TRY(make_room(p, found, memory_max, source->info.label, diag));
    return count_source(source, p, diag);
}

enum fore_err wl_flow_profile(struct wl_source *source, fore_ns step, uint32_t bucket_count,
                              size_t memory_max, struct wl_flow *out, struct fore_diag *diag)
{
    static const struct wl_flow_ops ops = {.rates = profile_rates, .close = profile_close};
    FORE_ASSERT(step >= FORE_SEC && bucket_count > 0);
    struct fore_arena arena, scratch;
    fore_arena_init(&arena);
    fore_arena_init(&scratch);
    struct profile *p = FORE_NEW(&arena, struct profile, 1);
    const char *label = fore_arena_strdup(&arena, source->info.label);
    p->arena = arena;
    p->step = step;
    struct survey found = {.requests = 0};
    wl_flow_edges_init(&found.edges, &scratch, bucket_count);
    enum fore_err err = profile_source(source, p, bucket_count, memory_max, &found, diag);
    fore_arena_fini(&scratch);
    if (err != FORE_E_OK) {
        profile_close(p);
        return err;
    }
    double mean = found.bytes / (double)found.requests;
    *out = (struct wl_flow){
        .ops = &ops,
        .self = p,
        .bucket = p->bucket,
        .bucket_count = p->bucket_count,
        .info = {.kind = source->info.kind,
                 .label = label,
                 .composite = source->info.composite,
                 .string_keys = source->info.string_keys,
                 .span = found.end,
                 .step = step,
                 .bytes_mean = mean < (double)UINT32_MAX ? (uint32_t)mean : UINT32_MAX}
    };
    return FORE_E_OK;
}
