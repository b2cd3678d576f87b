/* options.c - the rows of the "act" section: how much may move at once, and when to go back. */
#include "core/act/migrate.h"

#define AT(field) FORE_OPTION_AT(struct fore_act_options, field)

static const struct fore_option rows[] = {
    {"moves_per_node",      FORE_OPT_COUNT,    AT(moves_per_node),      "1",     1,    64,   NULL,
     "copies a node takes part in at once, as source or target"                                                                      },
    {"moves_max",           FORE_OPT_COUNT,    AT(moves_max),           "16",    1,    4096, NULL,
     "copies under way at once in the whole cluster"                                                                                 },
    {"move_bandwidth",      FORE_OPT_BYTERATE, AT(move_bandwidth),      "0",     0,    1e15, NULL,
     "bytes per second one copy may use; 0: as much as its nodes allow"                                                              },
    {"move_utilization",    FORE_OPT_SHARE,    AT(move_utilization),    "7%",    0,    1,    NULL,
     "share of a node's capacity a copy is expected to take; learned once copies are seen"                                           },
    {"throttle_share",      FORE_OPT_SHARE,    AT(throttle_share),      "100%",  0.01, 1,    NULL,
     "while a node of a copy breaks the SLO the copy gets this share of its rate; 100%: never less"                                  },
    {"throttle_p99",        FORE_OPT_SHARE,    AT(throttle_p99),        "0%",    0,    1,    NULL,
     "a copy slows down while the p99 of an end is above this share of the SLO, and above what it was when the copy began; 0%: never"},
    {"throttle_room",       FORE_OPT_SHARE,    AT(throttle_room),       "0%",    0,    1.5,  NULL,
     "a copy takes no more of either end than what its other work leaves below this utilisation; 0%: not asked"                      },
    {"throttle_floor",      FORE_OPT_SHARE,    AT(throttle_floor),      "20%",   0.01, 1,    NULL,
     "with throttle_p99 or throttle_room: the least share of its full rate that a copy gets"                                         },
    {"throttle_slow_share", FORE_OPT_SHARE,    AT(throttle_slow_share), "1%",    0,    1,    NULL,
     "a node breaks the SLO when more than this share of its requests is slow"                                                       },
    {"probes",              FORE_OPT_COUNT,    AT(probes),              "64",    0,    1024, NULL,
     "keys asked for lately that are read on both copies before a cut-over, where the driver can"                                    },
    {"mismatch_rest",       FORE_OPT_DURATION, AT(mismatch_rest),       "10min", 0,    1e18, NULL,
     "a partition whose copies were found to differ is not moved, split or merged for this long"                                     },
    {"watch",               FORE_OPT_DURATION, AT(watch),               "1min",  0,    1e18, NULL,
     "how long latency is watched after the cut-over"                                                                                },
    {"rollback",            FORE_OPT_BOOL,     AT(rollback),            "true",  0,    0,    NULL,
     "move back when the target then fares worse than the source did"                                                                },
    {"rollback_margin",     FORE_OPT_SHARE,    AT(rollback_margin),     "5%",    0,    1,    NULL,
     "... by this much more of its capacity, and going back must leave the old node as much below it"                                },
    {"worse_margin",        FORE_OPT_SHARE,    AT(worse_margin),        "25%",   0,    1,    NULL,
     "a move made things worse when one node more breaks the SLO than would have without it, for this share of the watch"            },
    {"rollback_worse",      FORE_OPT_BOOL,     AT(rollback_worse),      "false", 0,    0,    NULL,
     "take such a move back, where the old node has room; false: an alert says so"                                                   },
    {"retries_max",         FORE_OPT_COUNT,    AT(retries_max),         "6",     0,    1000, NULL,
     "calls to an unreachable cluster before a move is given up"                                                                     },
    {"retry_pause",         FORE_OPT_DURATION, AT(retry_pause),         "1s",    1e6,  1e18, NULL,
     "first pause before asking again; doubles each time"                                                                            },
    {"stuck_polls",         FORE_OPT_COUNT,    AT(stuck_polls),         "60",    1,    1e9,  NULL,
     "polls in which what a copy has left does not shrink before that is an alert"                                                   },
    {"stall_max",           FORE_OPT_DURATION, AT(stall_max),           "10min", 1e6,  1e18, NULL,
     "a copy without progress for this long is cancelled"                                                                            },
};

const struct fore_option_section fore_act_section = {
    .name = "act",
    .help = "how plans are carried out: caps, throttle, verification, rollback",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};
