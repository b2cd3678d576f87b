/* clients.c - see clients.h. */
#include "tests/live/clients.h"

#include <math.h>

static enum fore_err next(void *self, struct wl_request *out, size_t cap, size_t *count,
                          struct fore_diag *diag)
{
    (void)diag;
    struct clients *c = self;
    for (*count = 0; *count < cap; (*count)++) {
        c->at += -log(1 - fore_rng_unit(&c->rng)) / c->rate;
        out[*count] =
            (struct wl_request){.t = (fore_ns)(c->at * 1e9),
                                .key = c->keys.number[fore_rng_below(&c->rng, c->keys.count)],
                                .bytes = 100,
                                .op = FORE_QUERY_READ};
        if (fore_rng_unit(&c->rng) < 0.1) out[*count].op = FORE_QUERY_WRITE;
    }
    return FORE_E_OK;
}

static enum fore_err again(void *self, struct fore_diag *diag)
{
    (void)self;
    (void)diag;
    return FORE_E_OK;
}

static enum fore_err next_to_fill(void *self, struct wl_request *out, size_t cap, size_t *count,
                                  struct fore_diag *diag)
{
    (void)diag;
    struct clients *c = self;
    for (*count = 0; *count < cap && c->filled < c->keys.count; ++*count)
        out[*count] = (struct wl_request){.key = c->keys.number[c->filled++]};
    return FORE_E_OK;
}

static enum fore_err fill_again(void *self, struct fore_diag *diag)
{
    struct clients *c = self;
    (void)diag;
    c->filled = 0;
    return FORE_E_OK;
}

static void nothing(void *self)
{
    (void)self;
}

static bool look(void *self, fore_ns at)
{
    struct clients *c = self;
    (void)at;
    return !atomic_load(&c->enough);
}

static void *ask(void *self)
{
    static const struct wl_source_ops ops = {.next = next, .rewind = again, .close = nothing};
    struct clients *c = self;
    struct wl_source source = {.ops = &ops, .self = c};
    struct live_replay_play play = {.source = &source,
                                    .span = c->span,
                                    .slo_ns = 10 * FORE_MS,
                                    .realtime = true,
                                    .look = look,
                                    .self = c};
    c->err = live_replay_run(c->replay, &play, &c->result, &c->diag);
    return NULL;
}

enum fore_err clients_begin(struct clients *clients, struct ground *ground,
                            const struct clients_keys *keys, double rate, uint64_t seed)
{
    static const struct wl_source_ops ops = {
        .next = next_to_fill, .rewind = fill_again, .close = nothing};
    struct live_address address[GROUND_NODES];
    uint64_t written;
    for (uint32_t i = 0; i < ground->node_count; i++)
        address[i] = ground->node[i].address;
    struct live_replay_options options = {
        .seed = address, .seed_count = ground->node_count, .access = ground->access};
    *clients = (struct clients){.keys = *keys, .rate = rate};
    clients->rng = fore_rng_stream(seed, "bench.clients", 0);
    struct wl_source filling = {.ops = &ops, .self = clients};
    FORE_TRY(live_replay_open(&clients->replay, &options, &clients->diag));
    return live_replay_fill(clients->replay, &filling, 0, &written, &clients->diag);
}

bool clients_ask(struct clients *clients, fore_ns span)
{
    clients->span = span;
    clients->at = 0;
    atomic_store(&clients->enough, false);
    return pthread_create(&clients->thread, NULL, ask, clients) == 0;
}

enum fore_err clients_end(struct clients *clients, bool now)
{
    atomic_store(&clients->enough, now);
    (void)pthread_join(clients->thread, NULL);
    return clients->err;
}

void clients_close(struct clients *clients)
{
    live_replay_close(clients->replay);
}
