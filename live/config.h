/*
 * config.h - everything that can be set for the live daemon: its own "live" section, and those of
 * the API, of alerts, of the past it is given and of the engine. Read once from the file; the API
 * changes a few of them afterwards (api/memory.h).
 */
#ifndef LIVE_CONFIG_H
#define LIVE_CONFIG_H

#include "core/engine.h"
#include "live/api/api.h"
#include "live/api/notify.h"
#include "live/seed.h"

enum live_mode { LIVE_OBSERVE, LIVE_PROPOSE, LIVE_AUTO };
enum live_driver_kind { LIVE_DRIVER_REDIS, LIVE_DRIVER_SIM };

struct live_options {          /* the "live" section */
    uint32_t driver;           /* enum live_driver_kind */
    const char *scenario;      /* of the simulated cluster */
    double speed;              /* its seconds a second */
    struct fore_strings nodes; /* "host:port" of some instances */
    const char *user, *password_file;
    uint32_t mode;         /* enum live_mode */
    const char *state;     /* SQLite: the mover's journal, lineage, lease */
    fore_ns keep_every;    /* what was learned; 0: never */
    const char *kill_file; /* "": none */
    const char *log;       /* "": stderr */
    uint64_t partitions;
    fore_ns slo;
    fore_ns stall;       /* mean, of MIGRATE */
    double p99_over;     /* times the idle p99 that moves may bring; 0: not looked at */
    bool replicas;       /* only between shards with a replica in sync */
    bool verify;         /* digests of what travels */
    double duty;         /* of MONITOR; 0: never */
    const char *capture; /* the nodes' device; \"\": nothing is captured */
    fore_ns timeout;     /* of a connection or a reply */
    fore_ns warmup;      /* nothing is planned before */
    fore_ns span;        /* ends by itself after this; 0: never */
};
extern const struct fore_option_section live_section;

struct live_config {
    struct live_options live;
    struct live_api_options api;
    struct live_notify_options notify;
    struct live_seed_options seed;
    struct fore_engine_options engine;
};

/* Reads the file, then `sets`; says what does not fit. */
FORE_MUST_USE enum fore_err live_config_load(const char *path, const struct fore_strings *sets,
                                             struct fore_arena *perm, struct live_config *out,
                                             struct fore_diag *diag);

#endif
