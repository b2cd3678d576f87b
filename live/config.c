/* config.c - the option rows of the "live" section, and the file they are read from. */
#include "live/config.h"
#include "core/cluster/placement.h"
#include "live/redis/link.h"
#include "workloads/config.h"

#include <string.h>

#define DAY_NS    86400e9
#define AT(field) FORE_OPTION_AT(struct live_options, field)

static const char *const modes[] = {"observe", "propose", "auto", NULL};
static const char *const drivers[] = {"redis", "sim", NULL};

static const struct fore_option rows[] = {
    {"driver",        FORE_OPT_CHOICE,   AT(driver),        "redis",               0,    0,               drivers,
     "redis: a Redis Cluster; sim: a simulated one, which needs no server"                                                                            },
    {"scenario",      FORE_OPT_TEXT,     AT(scenario),      "",                    0,    0,               NULL,
     "driver sim: the scenario file that says what the cluster is and what happens to it"                                                             },
    {"speed",         FORE_OPT_REAL,     AT(speed),         "1",                   1e-3, 1e4,             NULL,
     "driver sim: its seconds a second of ours"                                                                                                       },
    {"nodes",         FORE_OPT_LIST,     AT(nodes),         "127.0.0.1:6379",      0,    0,               NULL,
     "some instances of the cluster, host:port; the others are found from these"                                                                      },
    {"user",          FORE_OPT_TEXT,     AT(user),          "",                    0,    0,               NULL,    "ACL user; empty: the default user"},
    {"password_file", FORE_OPT_TEXT,     AT(password_file), "",                    0,    0,               NULL,
     "file whose first line is the password; empty: none"                                                                                             },
    {"mode",          FORE_OPT_CHOICE,   AT(mode),          "observe",             0,    0,               modes,
     "observe: forecast and score; propose: say what would be done; auto: do it"                                                                      },
    {"state",         FORE_OPT_TEXT,     AT(state),         "foreshard-live.db",   0,    0,               NULL,
     "SQLite file: steps of moves before they are done, shards, and the lease of the one mover"                                                       },
    {"keep_every",    FORE_OPT_DURATION, AT(keep_every),    "5min",                0,    86400e9,         NULL,
     "what was learned is kept for a restart this often, and at the end; 0: never"                                                                    },
    {"kill_file",     FORE_OPT_TEXT,     AT(kill_file),     "foreshard-live.stop", 0,    0,               NULL,
     "while this file exists nothing begins and moves rest; empty: none"                                                                              },
    {"log",           FORE_OPT_TEXT,     AT(log),           "",                    0,    0,               NULL,    "JSON lines go here; empty: stderr"},
    {"partitions",    FORE_OPT_COUNT,    AT(partitions),    "256",                 1,    FORE_SLOT_COUNT, NULL,
     "runs of slots at the start, cut where owners change"                                                                                            },
    {"slo",           FORE_OPT_DURATION, AT(slo),           "10ms",                1e3,  DAY_NS,          NULL,
     "a probe that takes longer is slow"                                                                                                              },
    {"stall",         FORE_OPT_DURATION, AT(stall),         "100us",               1e5,  1e9,             NULL,
     "mean time that one batch of a move shall hold its source up; batches become no smaller than pays"                                               },
    {"p99_over",      FORE_OPT_REAL,     AT(p99_over),      "1.3",                 0,    1000,            NULL,
     "moves go slower while the p99 of PINGs to their ends is above this many times the idle one, or above live.slo; 0: never"                        },
    {"replicas",      FORE_OPT_BOOL,     AT(replicas),      "true",                0,    0,               NULL,
     "move only between shards that have a replica in sync, and wait for it after every batch"                                                        },
    {"verify",        FORE_OPT_BOOL,     AT(verify),        "true",                0,    0,               NULL,
     "compare digests of what left and what arrived"                                                                                                  },
    {"duty",          FORE_OPT_SHARE,    AT(duty),          "5%",                  0,    0.1,             NULL,
     "share of the time that MONITOR looks at a node, where the server has no SLOT-STATS"                                                             },
    {"capture",       FORE_OPT_TEXT,     AT(capture),       "",                    0,    0,               NULL,
     "on the nodes' host: the device (\"lo\") on which commands are watched passing, before MONITOR; empty: none"                                     },
    {"timeout",       FORE_OPT_DURATION, AT(timeout),       "1s",                  1e7,  60e9,            NULL,
     "to connect, and for each reply"                                                                                                                 },
    {"warmup",        FORE_OPT_DURATION, AT(warmup),        "10min",               0,    100 * DAY_NS,    NULL,
     "nothing is planned before so much has been seen"                                                                                                },
    {"span",          FORE_OPT_DURATION, AT(span),          "0s",                  0,    100000 * DAY_NS, NULL,
     "end by itself after this; 0: never"                                                                                                             },
};

const struct fore_option_section live_section = {
    .name = "live",
    .help = "a real Redis Cluster: where it is, what may be done to it",
    .row = rows,
    .row_count = FORE_COUNTOF(rows)};

static enum fore_err check_nodes(const struct live_options *o, struct fore_diag *diag)
{
    if (o->nodes.count == 0 || o->nodes.count > 8)
        return fore_err_set(diag, FORE_E_RANGE, "live.nodes: %zu addresses; give 1 to 8",
                            o->nodes.count);
    for (size_t i = 0; i < o->nodes.count; i++) {
        struct live_address address;
        if (live_address_parse(o->nodes.item[i], strlen(o->nodes.item[i]), &address) != FORE_E_OK ||
            address.host[0] == '\0')
            return fore_err_set(diag, FORE_E_FORMAT, "live.nodes: \"%.60s\" is not host:port",
                                o->nodes.item[i]);
    }
    return FORE_E_OK;
}

static enum fore_err check_driver(const struct live_options *o, fore_ns window,
                                  struct fore_diag *diag)
{
    if (o->driver == LIVE_DRIVER_REDIS) {
        if (window < 100 * FORE_MS)
            return fore_err_set(diag, FORE_E_RANGE,
                                "observe.window is below 100ms: too short for a real cluster");
        return check_nodes(o, diag);
    }
    if (o->scenario[0] == '\0')
        return fore_err_set(diag, FORE_E_RANGE,
                            "live.driver = \"sim\" needs live.scenario, the file of a scenario");
    if (window % FORE_US != 0 || (double)window / o->speed < (double)FORE_MS)
        return fore_err_set(diag, FORE_E_RANGE,
                            "live.speed = %g: windows of %gs would pass in less than 1 ms",
                            o->speed, (double)window / 1e9);
    return FORE_E_OK;
}

static enum fore_err check(const struct live_config *config, struct fore_diag *diag)
{
    const struct live_options *o = &config->live;
    FORE_TRY(check_driver(o, config->engine.observe.window, diag));
    if (config->seed.prometheus[0] != '\0' && config->seed.query[0] == '\0')
        return fore_err_set(diag, FORE_E_RANGE, "seed.prometheus needs seed.query");
    if (o->state[0] == '\0')
        return fore_err_set(diag, FORE_E_RANGE, "live.state is empty: moves need a journal");
    if (fore_policy_find(config->engine.policy.name) == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "policy.name = \"%.40s\": unknown",
                            config->engine.policy.name);
    if (strcmp(config->engine.policy.name, "oracle") == 0)
        return fore_err_set(diag, FORE_E_RANGE,
                            "policy.name = \"oracle\": nobody knows a real cluster's future");
    return FORE_E_OK;
}

enum fore_err live_config_load(const char *path, const struct fore_strings *sets,
                               struct fore_arena *perm, struct live_config *out,
                               struct fore_diag *diag)
{
    static const struct fore_strings none = {0};
    *out = (struct live_config){.live = {.mode = LIVE_OBSERVE}};
    enum { OWN = 10 };
    struct fore_option_binding binding[FORE_POLICY_SECTIONS + OWN] = {
        {&live_section,           &out->live            },
        {&live_api_section,       &out->api             },
        {&live_notify_section,    &out->notify          },
        {&live_seed_section,      &out->seed            },
        {&fore_placement_section, &out->engine.placement},
        {&fore_timetable_section, &out->engine.timetable},
        {&fore_observe_section,   &out->engine.observe  },
        {&fore_forecast_section,  &out->engine.forecast },
        {&fore_decide_section,    &out->engine.decide   },
        {&fore_act_section,       &out->engine.act      }
    };
    size_t count = OWN + fore_policy_bindings(&out->engine.policy, binding + OWN);
    FORE_TRY(wl_config_load(path, sets != NULL ? sets : &none, binding, count, perm, diag));
    return check(out, diag);
}
