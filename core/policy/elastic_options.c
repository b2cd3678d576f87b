/* elastic_options.c - the rows of the "elastic" section. */
#include "core/policy/elastic_options.h"

#define AT(field) FORE_OPTION_AT(struct fore_elastic_options, field)

static const char *const spreads[] = {"even", "ring", NULL};

static const struct fore_option rows[] = {
    {"spread",          FORE_OPT_CHOICE,   AT(spread),          "even", 0,      0,             spreads,
     "where partitions go when nodes come or leave: even counts, or a consistent-hash ring with bounded load"                   },
    {"ring_bound",      FORE_OPT_REAL,     AT(ring_bound),      "1.25", 1,      100,           NULL,
     "ring: no node gets more than this times its share, or less than its share by it"                                          },
    {"node_load",       FORE_OPT_SHARE,    AT(node_load),       "65%",  0.01,   1,             NULL,
     "Q: what a node is to carry, as a share of its capacity (P-Store)"                                                         },
    {"inflation",       FORE_OPT_REAL,     AT(inflation),       "1.15", 0.1,    10,            NULL,
     "forecasts, and the samples of reactive-pstore, are multiplied by this"                                                    },
    {"sample",          FORE_OPT_DURATION, AT(sample),          "30s",  1e6,    1e18,          NULL,
     "how often a sample is taken and a plan made"                                                                              },
    {"samples",         FORE_OPT_COUNT,    AT(samples),         "3",    1,      16,            NULL,
     "reactive-pstore: so many samples in a row must agree"                                                                     },
    {"scale_in_wait",   FORE_OPT_COUNT,    AT(scale_in_wait),   "3",    1,      1000,          NULL,
     "pstore: fewer nodes must be asked for so many times in a row"                                                             },
    {"steps",           FORE_OPT_COUNT,    AT(steps),           "26",   1,      500,           NULL,
     "pstore: plans so many steps of observe.mid_step ahead"                                                                    },
    {"copy_buffer",     FORE_OPT_SHARE,    AT(copy_buffer),     "10%",  0,      10,            NULL,
     "pstore: a copy of everything is taken to last this much longer"                                                           },
    {"spar_periods",    FORE_OPT_COUNT,    AT(spar_periods),    "7",    1,      16,            NULL,
     "pstore: seasonal lags of its forecast, in days"                                                                           },
    {"spar_recent",     FORE_OPT_COUNT,    AT(spar_recent),     "30",   1,      64,            NULL,
     "pstore: recent deviations in its forecast"                                                                                },
    {"spar_history",    FORE_OPT_DURATION, AT(spar_history),    "28d",  1e9,    1e18,          NULL,
     "pstore: its forecast learns from this much"                                                                               },
    {"refit_every",     FORE_OPT_DURATION, AT(refit_every),     "1d",   1e9,    1e18,          NULL,
     "pstore: how often it learns anew"                                                                                         },
    {"day_from",        FORE_OPT_DURATION, AT(day_from),        "7h",   0,      86400e9,       NULL,
     "schedule: the day begins"                                                                                                 },
    {"day_to",          FORE_OPT_DURATION, AT(day_to),          "24h",  0,      86400e9,       NULL,    "schedule: the day ends"},
    {"aws_history_min", FORE_OPT_DURATION, AT(aws_history_min), "24h",  3600e9, 1e18,          NULL,
     "aws-predictive: forecasts once it has seen this much"                                                                     },
    {"aws_history_max", FORE_OPT_DURATION, AT(aws_history_max), "14d",  3600e9, 1e18,          NULL,
     "aws-predictive: and uses this much at most"                                                                               },
    {"aws_horizon",     FORE_OPT_DURATION, AT(aws_horizon),     "48h",  3600e9, 100 * 86400e9, NULL,
     "aws-predictive: forecasts so far, by the hour"                                                                            },
    {"aws_refresh",     FORE_OPT_DURATION, AT(aws_refresh),     "6h",   60e9,   1e18,          NULL,
     "aws-predictive: how often"                                                                                                },
    {"aws_buffer",      FORE_OPT_DURATION, AT(aws_buffer),      "5min", 0,      3600e9,        NULL,
     "aws-predictive: nodes are ready so long before the hour that needs them"                                                  },
};

const struct fore_option_section fore_elastic_section = {
    .name = "elastic",
    .help = "the peers that add and remove nodes: P-Store, its reactive rival, schedules, AWS",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};
