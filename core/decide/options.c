/* options.c - the rows of the "decide" section. Defaults come from the research study's lessons
 * (part 2, section 5) and were checked on the fitting weeks of taxi_dense only. */
#include "core/decide/options.h"

#define AT(field) FORE_OPTION_AT(struct fore_decide_options, field)

static const struct fore_option rows[] = {
    {"model",                   FORE_OPT_TEXT,     AT(model),                   "",      0,    0,    NULL,
     "the model decisions are made on; empty: forecast.model"                                                                       },
    {"plan_every",              FORE_OPT_DURATION, AT(plan_every),              "1min",  1e6,  1e18, NULL,
     "time between plans; at or below the time of a move"                                                                           },
    {"utilization_limit",       FORE_OPT_SHARE,    AT(utilization_limit),       "85%",   0.05, 1.5,  NULL,
     "a node above this share of its capacity is expected to break the SLO"                                                         },
    {"utilization_spread",      FORE_OPT_SHARE,    AT(utilization_spread),      "3%",    0,    0.5,  NULL,
     "how blurred that limit is: latency at a given load is itself random (standard deviation)"                                     },
    {"rrs_threshold",           FORE_OPT_SHARE,    AT(rrs_threshold),           "0.1",   0,    1,    NULL,
     "planning starts when some partition's RRS reaches this"                                                                       },
    {"nowcast_weight",          FORE_OPT_SHARE,    AT(nowcast_weight),          "0.15",  0,    1,    NULL,
     "weight of the present load, as a scenario beside the forecast"                                                                },
    {"skill_weight",            FORE_OPT_BOOL,     AT(skill_weight),            "true",  0,    0,    NULL,
     "give the nowcast more weight while the forecast is the worse of the two"                                                      },
    {"excess_weight",           FORE_OPT_REAL,     AT(excess_weight),           "2",     0,    1000, NULL,
     "price of expected overload depth, in violation seconds per node capacity and second"                                          },
    {"move_price",              FORE_OPT_DURATION, AT(move_price),              "20s",   0,    1e15, NULL,
     "violation node-seconds that moving a partition of mean size must save"                                                        },
    {"gain_min",                FORE_OPT_DURATION, AT(gain_min),                "10s",   0,    1e15, NULL,
     "and this much more before a move is worth doing"                                                                              },
    {"cooldown",                FORE_OPT_DURATION, AT(cooldown),                "30min", 0,    1e18, NULL,
     "a partition that has moved rests this long"                                                                                   },
    {"moves",                   FORE_OPT_BOOL,     AT(moves),                   "true",  0,    0,    NULL, "partitions may be moved"},
    {"swaps",                   FORE_OPT_BOOL,     AT(swaps),                   "true",  0,    0,    NULL,
     "pairs of moves in opposite directions are candidates too"                                                                     },
    {"splits",                  FORE_OPT_BOOL,     AT(splits),                  "true",  0,    0,    NULL, "partitions may be split"},
    {"merges",                  FORE_OPT_BOOL,     AT(merges),                  "true",  0,    0,    NULL,
     "cold neighbours made by splits may be merged again"                                                                           },
    {"replicas",                FORE_OPT_BOOL,     AT(replicas),                "true",  0,    0,    NULL,
     "read replicas may be added for load, and dropped again"                                                                       },
    {"split_load_min",          FORE_OPT_SHARE,    AT(split_load_min),          "8%",    0,    1,    NULL,
     "only a partition above this share of a node is split"                                                                         },
    {"split_bytes_min",         FORE_OPT_BYTES,    AT(split_bytes_min),         "1MiB",  0,    1e18, NULL,
     "only a partition above this size is split"                                                                                    },
    {"split_price",             FORE_OPT_DURATION, AT(split_price),             "40s",   0,    1e15, NULL,
     "violation node-seconds that one more partition in the cluster must save"                                                      },
    {"merge_load_max",          FORE_OPT_SHARE,    AT(merge_load_max),          "2%",    0,    1,    NULL,
     "neighbours that together stay below this share of a node are merged"                                                          },
    {"replicas_max",            FORE_OPT_COUNT,    AT(replicas_max),            "4",     1,    8,    NULL,
     "replicas of a partition, at most"                                                                                             },
    {"replica_write_share_max", FORE_OPT_SHARE,    AT(replica_write_share_max), "30%",   0,    1,    NULL,
     "a partition with a larger share of writes is not replicated for load"                                                         },
    {"moves_per_plan",          FORE_OPT_COUNT,    AT(moves_per_plan),          "8",     1,    32,   NULL,
     "moves in one plan, at most"                                                                                                   },
};

const struct fore_option_section fore_decide_section = {
    .name = "decide",
    .help = "what counts as a violation, what a change may cost, what may be tried",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};
