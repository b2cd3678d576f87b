/* backend_redis.c - a Redis Cluster for the daemon: driver and lease (backend.h). */
#include "live/backend.h"
#include "live/config.h"
#include "live/entry.h"
#include "live/keeper.h"

#include <stdio.h>
#include <stdlib.h>

enum { REST_MS = 10000 /* for the slots in work, at the end */ };

struct redis {
    struct live_entry entry;
    const char *state; /* file name */
    struct live_driver *driver;
};

static void work(void *self, fore_ns span)
{
    struct redis *r = self;
    live_driver_work(r->driver, span);
}

static enum fore_err pass(void *self, fore_ns window, bool *ended, struct fore_diag *diag)
{
    struct redis *r = self;
    (void)diag;
    *ended = false;
    live_driver_pass(r->driver, window);
    return FORE_E_OK;
}

static void hold(void *self, bool held)
{
    struct redis *r = self;
    r->driver->mover.held = held;
}

static const char *frozen(void *self)
{
    struct redis *r = self;
    return r->driver->mover.frozen;
}

static enum fore_err tend(void *self, struct fore_diag *diag)
{
    struct redis *r = self;
    if (live_journal_renew(r->driver->journal) != FORE_E_REFUSED) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_REFUSED, "%s: the lease went to another mover", r->state);
}

static void introduce(void *self, struct live_log *log)
{
    struct redis *r = self;
    struct live_open open[8];
    char text[300];
    (void)snprintf(text, sizeof text, "%u shards, %u partitions; slots' heat from %s",
                   r->driver->topology.node_count, r->driver->topology.alive_count,
                   live_heat_source_text(r->driver->heat.source));
    live_log_say(log, "info", "cluster", text);
    if (r->driver->heat.capture_diag.text[0] != '\0')
        live_log_say(log, "warning", "capture", r->driver->heat.capture_diag.text);
    if (r->driver->mover.counts.slots > 0) {
        (void)snprintf(text, sizeof text, "%llu slots that were left half done are whole again",
                       (unsigned long long)r->driver->mover.counts.slots);
        live_log_say(log, "info", "settled", text);
    }
    uint32_t strangers = live_mover_strangers(&r->driver->mover, open, FORE_COUNTOF(open));
    for (uint32_t i = 0; i < strangers && i < FORE_COUNTOF(open); i++) {
        (void)snprintf(text, sizeof text,
                       "slot %u is %s by other hands: it is left alone, and so is its partition",
                       (unsigned)open[i].slot, open[i].importing ? "taken in" : "given away");
        live_log_say(log, "warning", "open-slot", text);
    }
}

static void close_redis(void *self)
{
    struct redis *r = self;
    if (r->driver != NULL) {
        (void)live_mover_rest(&r->driver->mover, REST_MS);
        fore_driver_close(live_driver_door(r->driver));
    }
    live_entry_close(&r->entry);
    free(r);
}

static const struct live_backend_ops redis_ops = {.name = "redis",
                                                  .work = work,
                                                  .pass = pass,
                                                  .hold = hold,
                                                  .frozen = frozen,
                                                  .tend = tend,
                                                  .introduce = introduce,
                                                  .close = close_redis};

static const double slack_share = 0.05; /* of the SLO: what nobody notices */

static enum fore_err open_driver(struct redis *r, const struct live_config *config,
                                 const struct live_kept *kept, uint64_t seed, bool adopt,
                                 struct fore_diag *diag)
{
    const struct live_options *o = &config->live;
    struct live_driver_options options = {
        .seed = r->entry.seed,
        .seed_count = r->entry.seed_count,
        .access = r->entry.access,
        .journal = o->state,
        .holder = r->entry.holder,
        .partitions = (uint32_t)o->partitions,
        .window = config->engine.observe.window,
        .makes_up = true,
        .mover = {.pace = {.stall_ms = (double)o->stall / 1e6},
                  .slot = {.verify = o->verify},
                  .steer = {.calm = {.over = o->p99_over,
                                     .slo_ms = (double)o->slo / 1e6,
                                     .slack_ms = slack_share * (double)o->slo / 1e6}},
                  .need_replica = o->replicas,
                  .adopt = adopt},
        .heat = {.capture = o->capture,
                  .duty = o->duty > 0 ? o->duty : -1,
                  .slo_ns = o->slo,
                  .seed = seed           }
    };
    if (kept != NULL) {
        options.now = kept->now;
        options.partition_cap = kept->partition_cap;
        options.cut = kept->cut;
        options.cut_count = kept->cut_count;
    }
    return live_driver_open(&r->driver, &options, diag);
}

enum fore_err live_backend_redis(const struct live_config *config, const struct live_kept *kept,
                                 uint64_t seed, bool adopt, struct live_backend *out,
                                 struct fore_diag *diag)
{
    if (adopt && config->live.mode != LIVE_AUTO)
        return fore_err_set(diag, FORE_E_RANGE,
                            "--adopt moves slots: it needs live.mode = \"auto\"");
    struct redis *r = calloc(1, sizeof *r);
    FORE_ASSERT(r != NULL);
    r->state = config->live.state;
    *out = (struct live_backend){.ops = &redis_ops, .self = r, .slo = config->live.slo};
    FORE_TRY(live_entry_open(&config->live, "live", &r->entry, diag));
    FORE_TRY(open_driver(r, config, kept, seed, adopt, diag));
    out->door = live_driver_door(r->driver);
    return FORE_E_OK;
}

void live_backend_close(struct live_backend *backend)
{
    if (backend->ops != NULL) backend->ops->close(backend->self);
    *backend = (struct live_backend){.ops = NULL};
}
