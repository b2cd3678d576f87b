/*
 * combine_merge.c - several sources as one, by time. A buffer each, and a look at every head for
 * the earliest: merges here are of a handful of sources. Equal times come in the sources' order.
 */
#include "workloads/combine.h"

enum { BATCH = 256 };

struct lane {
    struct wl_source source;
    struct wl_request *request; /* BATCH of them */
    size_t count, at;
    bool ended;
};

struct merge {
    struct fore_arena arena; /* holds this struct too */
    struct lane *lane;
    uint32_t lane_count;
};

static enum fore_err refill(struct merge *m, struct fore_diag *diag)
{
    for (uint32_t i = 0; i < m->lane_count; i++) {
        struct lane *lane = &m->lane[i];
        if (lane->ended || lane->at < lane->count) continue;
        lane->at = 0;
        FORE_TRY(wl_source_next(&lane->source, lane->request, BATCH, &lane->count, diag));
        lane->ended = lane->count == 0;
    }
    return FORE_E_OK;
}

static struct lane *earliest(const struct merge *m)
{
    struct lane *best = NULL;
    for (uint32_t i = 0; i < m->lane_count; i++) {
        struct lane *lane = &m->lane[i];
        if (lane->ended) continue;
        if (best == NULL || lane->request[lane->at].t < best->request[best->at].t) best = lane;
    }
    return best;
}

static enum fore_err merge_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                struct fore_diag *diag)
{
    struct merge *m = self;
    size_t n = 0;
    FORE_TRY(refill(m, diag));
    while (n < cap) {
        struct lane *lane = earliest(m);
        if (lane == NULL) break;
        out[n] = lane->request[lane->at++];
        out[n++].tag = (uint32_t)(lane - m->lane);
        if (lane->at == lane->count) FORE_TRY(refill(m, diag));
    }
    *count = n;
    return FORE_E_OK;
}

static enum fore_err merge_rewind(void *self, struct fore_diag *diag)
{
    struct merge *m = self;
    for (uint32_t i = 0; i < m->lane_count; i++) {
        struct lane *lane = &m->lane[i];
        lane->count = lane->at = 0;
        lane->ended = false;
        FORE_TRY(wl_source_rewind(&lane->source, diag));
    }
    return FORE_E_OK;
}

static void merge_close(void *self)
{
    struct merge *m = self;
    struct fore_arena arena = m->arena;
    for (uint32_t i = 0; i < m->lane_count; i++)
        wl_source_close(&m->lane[i].source);
    fore_arena_fini(&arena);
}

/* What is known of all of them is known of the whole; what is unknown of one is unknown. */
static void join_info(struct wl_source_info *all, const struct wl_source_info *one)
{
    all->composite |= one->composite;
    all->string_keys |= one->string_keys;
    bool key_known = all->key_max > 0 && one->key_max > 0;
    if (!key_known || one->key_max > all->key_max) all->key_max = key_known ? one->key_max : 0;
    bool span_known = all->span > 0 && one->span > 0;
    if (!span_known || one->span > all->span) all->span = span_known ? one->span : 0;
    bool known = all->requests > 0 && one->requests > 0;
    all->requests = known ? all->requests + one->requests : 0;
}

struct wl_source wl_combine_merge(const struct wl_source *source, uint32_t count)
{
    static const struct wl_source_ops ops = {merge_next, merge_rewind, merge_close};
    FORE_ASSERT(count > 0);
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct merge *m = FORE_NEW(&arena, struct merge, 1);
    m->lane = FORE_NEW(&arena, struct lane, count);
    m->lane_count = count;
    struct wl_source_info info = source[0].info;
    for (uint32_t i = 0; i < count; i++) {
        m->lane[i].source = source[i];
        m->lane[i].request = FORE_NEW(&arena, struct wl_request, BATCH);
        if (i > 0) join_info(&info, &source[i].info);
    }
    if (count > 1) {
        info.kind = "merge";
        info.label = fore_arena_printf(&arena, "%s and %u more, merged", info.label, count - 1);
    }
    m->arena = arena;
    return (struct wl_source){.ops = &ops, .self = m, .info = info};
}
