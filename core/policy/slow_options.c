/* slow_options.c - the rows of the "slow" section. */
#include "core/policy/slow_options.h"

#define AT(field) FORE_OPTION_AT(struct fore_slow_options, field)

static const struct fore_option rows[] = {
    {"on",           FORE_OPT_BOOL,     AT(on),           "true",  0,   0,    NULL,
     "predictive owns a placement for the whole week, beside its plans for the next hours"                                                       },
    {"every",        FORE_OPT_DURATION, AT(every),        "1d",    1e9, 1e18, NULL,
     "how often that placement is thought over, at the quietest time of day"                                                                     },
    {"period",       FORE_OPT_DURATION, AT(period),       "7d",    1e9, 1e18, NULL,
     "loads of the past are averaged at equal times of this; of a day where two periods are not yet known"                                       },
    {"step",         FORE_OPT_DURATION, AT(step),         "10min", 1e9, 1e18, NULL,
     "... in slots of this length, or of 1/168 of the period where that is longer"                                                               },
    {"limit",        FORE_OPT_SHARE,    AT(limit),        "85%",   0,   2,    NULL,
     "node-time expected above this utilisation is what it avoids; 0: decide.utilization_limit"                                                  },
    {"spread",       FORE_OPT_SHARE,    AT(spread),       "0",     0,   2,    NULL,
     "how far a node's load strays from its mean in a slot (a sigma, as a share); 0: as far as it has been seen to"                              },
    {"worth",        FORE_OPT_REAL,     AT(worth),        "2",     1,   1000, NULL,
     "violation that a new placement saves in a week must be this many times its moves' price"                                                   },
    {"move_price",   FORE_OPT_DURATION, AT(move_price),   "0",     0,   1e15, NULL,
     "node-seconds of violation that a mean-size move home is charged; 0: decide.move_price"                                                     },
    {"budget",       FORE_OPT_SHARE,    AT(budget),       "50%",   0,   1,    NULL,
     "share of all data that new placements may move in a week"                                                                                  },
    {"harm",         FORE_OPT_SHARE,    AT(harm),         "25%",   0,   10,   NULL,
     "of what a move home is worth, what it may cost in the next hours; else it waits"                                                           },
    {"grain",        FORE_OPT_SHARE,    AT(grain),        "0",     0,   1,    NULL,
     "a partition that at its busiest usual time brings more than this share of a node is cut before homes are chosen"                           },
    {"crowd",        FORE_OPT_REAL,     AT(crowd),        "2",     0,   1e6,  NULL,
     "where the past has seen more than this many times the usual load of all together, homes are chosen for a crowd, not for the week; 0: never"},
    {"crowd_every",  FORE_OPT_DURATION, AT(crowd_every),  "1h",    1e9, 1e18, NULL,
     "how often homes are then chosen"                                                                                                           },
    {"crowd_memory", FORE_OPT_DURATION, AT(crowd_memory), "1h",    1e9, 1e18, NULL,
     "a crowd is the mean load of this long, times what fills the cluster"                                                                       },
    {"crowd_share",  FORE_OPT_SHARE,    AT(crowd_share),  "0.1%",  0,   1,    NULL,
     "share of all time that is given to crowds"                                                                                                 },
    {"crowd_grain",  FORE_OPT_SHARE,    AT(crowd_grain),  "6%",    0,   1,    NULL,
     "what would bring more than this share of a node in a crowd is cut before homes are chosen"                                                 },
    {"dearer",       FORE_OPT_REAL,     AT(dearer),       "1",     1,   1000, NULL,
     "where homes are kept, a move of the fast loop must save so many times decide.move_price"                                                   },
    {"strangers",    FORE_OPT_BOOL,     AT(strangers),    "true",  0,   0,    NULL,
     "with grain: cold neighbours are merged that were never one partition; false: none of them gets others' load"                               },
};

const struct fore_option_section fore_slow_section = {
    .name = "slow",
    .help = "the slow loop of predictive: one placement for the weekly profile",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};
