/*
 * daemon.h - the engine at the wheel of a real cluster: `foreshard live CLUSTER.cfg`.
 *
 *   observe   (the default) forecasts and scores, plans nothing
 *   propose   plans, and says what it would do
 *   auto      does it
 *
 * The same engine, policies and options as in the simulator; the driver is Redis Cluster, or a
 * simulated one, for everybody who wants to see all this without a server (backend.h). While the
 * kill file exists, whatever the mode, nothing begins, slots in work are brought to their end and
 * running moves rest. What happens is told line by line as JSON, and, if a journal is asked for, as
 * events that `foreshard watch` and `foreshard journal` read. Keys and values appear in neither.
 */
#ifndef LIVE_DAEMON_H
#define LIVE_DAEMON_H

#include "core/engine.h"
#include "live/api.h"
#include "live/backend.h"
#include "live/notify.h"
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
    fore_ns stall;   /* mean, of MIGRATE */
    bool replicas;   /* only between shards with a replica in sync */
    bool verify;     /* digests of what travels */
    double duty;     /* of MONITOR; 0: never */
    fore_ns timeout; /* of a connection or a reply */
    fore_ns warmup;  /* nothing is planned before */
    fore_ns span;    /* ends by itself after this; 0: never */
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

struct live_run {
    const struct live_config *config;
    const char *journal;                   /* events, for watch; NULL: none */
    const char *tape;                      /* all that the engine is told (tape.h); NULL: none */
    const struct live_stand_in *simulator; /* of driver "sim"; NULL: there is none */
    uint64_t seed;
    bool adopt;               /* takes over hand-overs that others left half done */
    volatile const int *stop; /* set by a signal: ends after the step it is in */
};
/* Runs until told to stop. */
FORE_MUST_USE enum fore_err live_daemon_run(const struct live_run *run, struct fore_arena *perm,
                                            struct fore_diag *diag);

#endif
