/*
 * desk.h - the engine's side of the API: everything here is done by the thread that steps the
 * engine, between two steps. It makes pictures (picture.h), keeps the book of plans, alerts and
 * settings, and answers the requests that need the engine itself.
 *
 * A plan is bound to a *state*: which daemon, which epoch of the topology, how many plans have been
 * carried out since. Approving one that was made for another state is refused.
 */
#ifndef LIVE_DESK_H
#define LIVE_DESK_H

#include "core/cluster/snapshot.h"
#include "live/api/alerts.h"
#include "live/api/memory.h"
#include "live/api/picture.h"
#include "live/api/plans.h"
#include "live/api/request.h"
#include "live/api/response.h"
#include "live/api/stream.h"
#include "live/backend.h"
#include "live/config.h"

/* Name, type of its JSON value, when a change is in force, what it is. */
#define LIVE_SETTING_MAP(X)                                                                          \
    X(MODE, "mode", "string", "at once", "observe, propose or auto")                                 \
    X(STRATEGY, "strategy", "string", "after a restart", "the policy that decides (policy.name)")    \
    X(SHARDING_KEY, "sharding_key", "string", "as a note",                                           \
      "what applications shard by, kept for people and `foreshard advise`; nothing is moved for it") \
    X(REPLICAS, "replicas", "number", "at once",                                                     \
      "copies each partition should have; those with fewer are recommended for more")                \
    X(THRESHOLDS, "thresholds", "string", "at once",                                                 \
      "from which RRS on something is done, as decide.thresholds: \"*=0.2, orders:17=0.9\"")         \
    X(HINTS, "hints", "string", "at once",                                                           \
      "announced load, as forecast.hints: \"orders daily 02:00..02:30 x3\", ';' between them")       \
    X(QUIET, "quiet", "string", "at once", "when nothing may move: \"mon-fri 18:00-22:00\"")         \
    X(FINISH_BEFORE, "finish_before", "string", "at once",                                           \
      "moves must be over by then: \"07:00\"")                                                       \
    X(PIN, "pin", "string", "at once", "\"users -> zone-1\", ',' between rules")                     \
    X(APART, "apart", "string", "at once", "\"users <> orders\", ',' between rules")                 \
    X(FORBIDDEN, "forbidden", "string", "at once", "nodes that must hold nothing")                   \
    X(REPLICAS_APART, "replicas_apart", "string", "at once", "node, rack or zone")

enum live_setting {
#define X(name, text, kind, force, about) LIVE_SET_##name,
    LIVE_SETTING_MAP(X)
#undef X
        LIVE_SETTINGS
};
struct live_setting_row {
    const char *name, *kind, *in_force, *about;
};
extern const struct live_setting_row live_setting_rows[LIVE_SETTINGS];
enum { LIVE_SETTING_MAX = 8192 };

struct live_desk {
    struct fore_engine *engine;
    const struct live_backend *backend;
    const struct live_config *config;
    struct live_log *log;
    struct live_memory *memory; /* NULL: nothing is kept */
    const char *journal;        /* path of the events' file; NULL: none */
    struct fore_sink events;    /* where what was asked for is told: the engine's own sink */
    struct live_board board;
    struct live_stream stream;
    struct fore_snapshot snapshot; /* of the engine's events */
    struct live_alerts alerts;
    struct live_plans plans;
    char *setting[LIVE_SETTINGS], *configured[LIVE_SETTINGS]; /* texts, ours */
    uint64_t changed_unix_ms[LIVE_SETTINGS];                  /* 0: as configured */
    uint32_t mode;                                            /* enum live_mode */
    bool killed;                                              /* the kill file is there */
    uint32_t boot;                                            /* tells daemons apart */
    uint64_t pictures, windows_told;
    fore_ns pictured_at; /* by our clock */
    bool touched;        /* something changed since the last picture */
    struct live_health health;
};

/* Everything borrowed; reads the settings that were kept and puts them in force: one that does not
 * fit any more is told in the log and left out. */
void live_desk_open(struct live_desk *desk, const struct live_config *config,
                    const struct live_backend *backend, struct live_log *log,
                    struct live_memory *memory);
/* The engine's events come in here from its first step on; `engine` is told as soon as it is there.
 */
struct fore_sink live_desk_sink(struct live_desk *desk);
void live_desk_begin(struct live_desk *desk, struct fore_engine *engine);
void live_desk_close(struct live_desk *desk);
/* After a step, which took so long and began so late: a new picture, unless the last is very new.
 */
void live_desk_stepped(struct live_desk *desk, double step_s, double late_s);
void live_desk_publish(struct live_desk *desk);
/* Mode and kill file, together, decide whether anything begins. */
void live_desk_hold(struct live_desk *desk, bool killed);
/* The name of the state that plans are made for now. */
void live_desk_state(const struct live_desk *desk, char out[LIVE_STATE_MAX]);
/* Validates, puts in force, keeps, and tells. `value` NULL: as configured. */
FORE_MUST_USE enum fore_err live_desk_set(struct live_desk *desk, enum live_setting setting,
                                          const char *value, const char *who,
                                          struct fore_diag *diag);
int live_setting_find(const char *name); /* -1: there is none */
/* Internal, desk_rules.c: in force, not kept. */
FORE_MUST_USE enum fore_err live_desk_apply(struct live_desk *desk, enum live_setting setting,
                                            const char *value, struct fore_diag *diag);
void live_desk_configured(struct live_desk *desk);
uint64_t live_unix_ms(void);
/* What somebody asked for and got becomes a line of the log and a NOTE in the journal: "asked:
 * plan 3 approved, 2 moves begun; by 127.0.0.1". `who` NULL: nobody knows. */
#define LIVE_ASKED "asked: "
void live_desk_asked(struct live_desk *desk, const char *who, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The NOTE alone, of what has a line in the log already. */
void live_desk_journal(struct live_desk *desk, const char *who, const char *said);

/* Requests that need the engine (api_commands.c); each fills the reply. */
void live_desk_forecast(struct live_desk *desk, struct live_request *request,
                        struct live_response *reply);
void live_desk_plan(struct live_desk *desk, struct live_request *request,
                    struct live_response *reply);
void live_desk_approve(struct live_desk *desk, struct live_request *request,
                       struct live_response *reply);
void live_desk_cancel_plan(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply);
void live_desk_cancel_move(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply);
void live_desk_pause_move(struct live_desk *desk, struct live_request *request,
                          struct live_response *reply);
void live_desk_resume_move(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply);
void live_desk_reshard(struct live_desk *desk, struct live_request *request,
                       struct live_response *reply);
void live_desk_put_setting(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply);
void live_desk_delete_setting(struct live_desk *desk, struct live_request *request,
                              struct live_response *reply);
void live_desk_put_threshold(struct live_desk *desk, struct live_request *request,
                             struct live_response *reply);
void live_desk_delete_threshold(struct live_desk *desk, struct live_request *request,
                                struct live_response *reply);
void live_desk_changes(struct live_desk *desk, struct live_request *request,
                       struct live_response *reply);

#endif
