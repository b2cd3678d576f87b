/*
 * composite.c - the request view: the next key of the key trace at each arrival of the clock.
 *
 * A Poisson process of unit rate in expected requests is carried over to time by the inverse of the
 * clock's sum, so the rate is followed exactly, however it changes.
 */
#include "workloads/composite.h"

#include "core/base/dist.h"
#include "workloads/composite_clock.h"

enum { BATCH = 1024 };

struct composite {
    struct fore_arena arena; /* holds this struct too */
    struct wl_source keys;
    struct wl_composite_clock clock;
    struct fore_rng arrivals;
    uint64_t seed;
    double expected; /* arrival in expected requests */
    double limit;    /* the same at the end of the span */
    uint32_t step;   /* the rate step it falls in */
    fore_ns at;      /* time of the last request */
    struct wl_request batch[BATCH];
    size_t count, taken;
};

static enum fore_err next_key(struct composite *c, struct wl_request *out, struct fore_diag *diag)
{
    if (c->taken == c->count) {
        c->taken = 0;
        FORE_TRY(wl_source_next(&c->keys, c->batch, BATCH, &c->count, diag));
        if (c->count == 0) {
            FORE_TRY(wl_source_rewind(&c->keys, diag));
            FORE_TRY(wl_source_next(&c->keys, c->batch, BATCH, &c->count, diag));
        }
        if (c->count == 0)
            return fore_err_set(diag, FORE_E_RANGE, "%s: holds no keys", c->keys.info.label);
    }
    *out = c->batch[c->taken++];
    return FORE_E_OK;
}

/* When the clock's sum reaches `expected`, which never goes back. */
static fore_ns time_of(struct composite *c)
{
    const struct wl_composite_clock *clock = &c->clock;
    while (c->step + 1 < clock->steps && clock->sum[c->step + 1] <= c->expected)
        c->step++;
    double low = clock->sum[c->step], high = clock->sum[c->step + 1];
    double inside = high > low ? (c->expected - low) / (high - low) : 0;
    double t = (c->step + inside) * clock->step_ns - (double)clock->skip;
    if (t > (double)c->at) c->at = (fore_ns)t;
    return c->at;
}

static enum fore_err composite_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                    struct fore_diag *diag)
{
    struct composite *c = self;
    size_t n = 0;
    while (n < cap && c->expected < c->limit) {
        FORE_TRY(next_key(c, &out[n], diag));
        out[n++].t = time_of(c);
        c->expected += fore_dist_exp(&c->arrivals);
    }
    *count = n;
    return FORE_E_OK;
}

static enum fore_err composite_rewind(void *self, struct fore_diag *diag)
{
    struct composite *c = self;
    const struct wl_composite_clock *clock = &c->clock;
    double skipped = (double)clock->skip / clock->step_ns;
    c->arrivals = fore_rng_stream(c->seed, "composite.arrivals", 0);
    c->count = c->taken = 0;
    c->step = (uint32_t)skipped;
    c->at = 0;
    double begin =
        clock->sum[c->step] + (skipped - c->step) * (clock->sum[c->step + 1] - clock->sum[c->step]);
    c->limit = begin + wl_composite_clock_at(clock, clock->span);
    c->expected = begin + fore_dist_exp(&c->arrivals);
    return wl_source_rewind(&c->keys, diag);
}

static void composite_close(void *self)
{
    struct composite *c = self;
    struct fore_arena arena = c->arena;
    wl_source_close(&c->keys);
    fore_arena_fini(&arena);
}

enum fore_err wl_composite_source(struct wl_source keys, const struct wl_series_set *rate,
                                  const struct wl_composite_options *options, struct wl_source *out,
                                  struct fore_diag *diag)
{
    static const struct wl_source_ops ops = {composite_next, composite_rewind, composite_close};
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct composite *c = FORE_NEW(&arena, struct composite, 1);
    c->keys = keys;
    c->seed = options->seed;
    enum fore_err err = wl_composite_clock_init(&c->clock, rate, options, &arena, diag);
    const char *label = wl_composite_clock_label(&keys, rate, &arena);
    c->arena = arena;
    if (err == FORE_E_OK) err = composite_rewind(c, diag);
    if (err != FORE_E_OK) {
        composite_close(c);
        return err;
    }
    *out = (struct wl_source){
        .ops = &ops,
        .self = c,
        .info = {.kind = "composite",
                 .label = label,
                 .composite = true,
                 .string_keys = keys.info.string_keys,
                 .key_max = keys.info.key_max,
                 .span = c->clock.span}
    };
    return FORE_E_OK;
}
