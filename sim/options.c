/*
 * options.c - the option rows of the simulator's own sections: cluster, sim, experiment, journal.
 *
 * There is one window, observe.window: the engine steps, the driver's samples and the SLO
 * accounting all use it, so the "sim" section has no row for it.
 */
#include "sim/scenario.h"

#define MINUTE_NS 60e9
#define DAY_NS    86400e9

static const char *const placements[] = {"range", "slot", "ring", NULL};
static const char *const initials[] = {"balanced", "round-robin", "ring", "profile", "runs", NULL};
static const char *const fidelities[] = {"request", "fluid", NULL};
static const char *const services[] = {"exp", "fixed", "lognormal", NULL};

#define AT(field) FORE_OPTION_AT(struct sim_cluster_options, field)
static const struct fore_option cluster_rows[] = {
    {"nodes",                 FORE_OPT_COUNT,    AT(nodes),                 "16",       1,                4096,              NULL,       "how many nodes"             },
    {"nodes_max",             FORE_OPT_COUNT,    AT(nodes_max),             "0",        0,                4096,              NULL,
     "nodes there are when the cluster is elastic, those on standby included; 0: as many as nodes"                                                                    },
    {"node_boot",             FORE_OPT_DURATION, AT(node_boot),             "0s",       0,                DAY_NS,            NULL,
     "from asking for a standby node to its being in use"                                                                                                             },
    {"cores",                 FORE_OPT_COUNT,    AT(cores),                 "4",        1,                1024,              NULL,       "cores of a node"            },
    {"partitions",            FORE_OPT_COUNT,    AT(partitions),            "256",      1,                4e18,              NULL,
     "at the start; a series workload brings its own"                                                                                                                 },
    {"partitions_max",        FORE_OPT_COUNT,    AT(partitions_max),        "0",        0,                4e18,              NULL,
     "splits stop there; 0: four times the start and 64 more"                                                                                                         },
    {"replicas",              FORE_OPT_COUNT,    AT(replicas),              "1",        1,                FORE_REPLICAS_MAX, NULL,
     "copies of a partition, the owner's included"                                                                                                                    },
    {"zones",                 FORE_OPT_COUNT,    AT(zones),                 "1",        1,                4096,              NULL,
     "failure zones; replicas go to different ones where they can"                                                                                                    },
    {"racks",                 FORE_OPT_COUNT,    AT(racks),                 "1",        1,                4096,              NULL,
     "racks of a zone; its nodes are dealt out to them"                                                                                                               },
    {"placement",             FORE_OPT_CHOICE,   AT(placement),             "range",    0,                0,                 placements,
     "how a key becomes a position: range keeps key order, slot and ring hash it"                                                                                     },
    {"initial",               FORE_OPT_CHOICE,   AT(initial),               "balanced", 0,                0,                 initials,
     "first owners: by mean loads, in turn, by a consistent-hash ring, the best for the load's "
     "usual course over initial_period, or a run of neighbours for each node"                                                                                         },
    {"initial_noise",         FORE_OPT_SHARE,    AT(initial_noise),         "15%",      0,                10,                NULL,
     "balanced: how wrong the mean loads are (sigma of a log-normal factor)"                                                                                          },
    {"initial_from",          FORE_OPT_DURATION, AT(initial_from),          "0s",       0,                0,                 NULL,
     "balanced: the mean loads are taken from here ..."                                                                                                               },
    {"initial_span",          FORE_OPT_DURATION, AT(initial_span),          "1d",       (double)FORE_SEC, 10000 * DAY_NS,
     NULL,                                                                                                                               "... over this long"         },
    {"initial_period",        FORE_OPT_DURATION, AT(initial_period),        "7d",       (double)FORE_SEC,
     10000 * DAY_NS,                                                                                                         NULL,
     "profile: loads of that time are averaged at equal times of this period ..."                                                                                     },
    {"initial_step",          FORE_OPT_DURATION, AT(initial_step),          "1h",       (double)FORE_SEC, 10000 * DAY_NS,
     NULL,                                                                                                                               "... in slots of this length"},
    {"peak_utilization",      FORE_OPT_SHARE,    AT(peak_utilization),      "0",        0,                10,                NULL,
     "service time is set so that the highest 5-minute load is this share of all capacity; 0: "
     "sim.service_mean is"                                                                                                                                            },
    {"partition_bytes",       FORE_OPT_BYTES,    AT(partition_bytes),       "1GiB",     1,                1e15,              NULL,
     "mean size of a partition"                                                                                                                                       },
    {"partition_bytes_sigma", FORE_OPT_REAL,     AT(partition_bytes_sigma), "0.5",      0,                4,                 NULL,
     "spread of the sizes (sigma of the logarithm)"                                                                                                                   },
    {"insert_bytes",          FORE_OPT_BYTES,    AT(insert_bytes),          "0",        0,                1e12,              NULL,
     "request mode: what every inserted row adds to its partition's size; 0: sizes stay"                                                                              },
    {"bandwidth",             FORE_OPT_BYTERATE, AT(bandwidth),             "100MiB/s", 1,                1e15,              NULL,
     "what a node can send or receive for moves"                                                                                                                      },
    {"move_start",            FORE_OPT_DURATION, AT(move_start),            "0s",       0,                MINUTE_NS,         NULL,
     "what a move takes to prepare, before its first byte travels"                                                                                                    },
    {"slot_move",             FORE_OPT_DURATION, AT(slot_move),             "0s",       0,                MINUTE_NS,         NULL,
     "slot placement: what passing one slot takes beside its bytes; lowers bandwidth to match"                                                                        },
    {"move_time_mean",        FORE_OPT_DURATION, AT(move_time_mean),        "0s",       0,                100 * DAY_NS,      NULL,
     "bandwidth is set so that a partition of mean size moves in this time; 0: bandwidth is"                                                                          },
    {"move_cpu",              FORE_OPT_SHARE,    AT(move_cpu),              "7%",       0,                1,                 NULL,
     "share of a node's capacity that a move at full bandwidth takes, on both ends"                                                                                   },
    {"partition_overhead",    FORE_OPT_SHARE,    AT(partition_overhead),    "0",        0,                0.1,               NULL,
     "share of a node's capacity that goes to every replica it holds, asked for or not"                                                                               },
    {"split_pause",           FORE_OPT_DURATION, AT(split_pause),           "0s",       0,                MINUTE_NS,         NULL,
     "requests to what is being split or merged wait until this has passed"                                                                                           },
    {"partition_bytes_min",   FORE_OPT_BYTES,    AT(partition_bytes_min),   "0",        0,                1e15,              NULL,
     "a split that would leave less than this on either side is refused"                                                                                              },
    {"partition_bytes_max",   FORE_OPT_BYTES,    AT(partition_bytes_max),   "0",        0,                1e15,              NULL,
     "what a partition of this store may hold: time above it is told; 0: no ceiling. Policies know decide.size_max"                                                   },
    {"node_bytes_max",        FORE_OPT_BYTES,    AT(node_bytes_max),        "0",        0,                1e18,              NULL,
     "what a node may hold, memory or disk: copies that would not fit are refused, time above it is told; 0: any amount"                                              },
    {"slowdown_sigma",        FORE_OPT_REAL,     AT(slowdown_sigma),        "0",        0,                2,                 NULL,
     "how unlike the nodes' capacities are (sigma of a log-normal factor)"                                                                                            },
    {"link_delay",            FORE_OPT_DURATION, AT(link_delay),            "250us",    0,                MINUTE_NS,         NULL,
     "one way between a client and a node, and between nodes"                                                                                                         },
    {"link_sigma",            FORE_OPT_REAL,     AT(link_sigma),            "0",        0,                3,                 NULL,
     "request mode: spread of the way there and back (sigma of the logarithm; link_delay is the median)"                                                              },
    {"link_stretch",          FORE_OPT_LIST,     AT(link_stretch),          "",         0,                0,                 NULL,
     "request mode: how much longer or shorter ways are by the load of their node: \"4%=1, 18%=0.8, 100%=2\", lines between"                                          },
    {"link_kib",              FORE_OPT_DURATION, AT(link_kib),              "0s",       0,                MINUTE_NS,         NULL,
     "request mode: what each KiB of a value adds to the way there and back"                                                                                          },
};
#undef AT
const struct fore_option_section sim_cluster_section = {"cluster", "the simulated cluster",
                                                        cluster_rows, FORE_COUNTOF(cluster_rows)};

#define AT(field) FORE_OPTION_AT(struct sim_options, field)
static const struct fore_option sim_rows[] = {
    {"fidelity",        FORE_OPT_CHOICE,   AT(fidelity),        "request", 0,     0,         fidelities,
     "every request, or rates and queueing formulas window by window"                                      },
    {"service",         FORE_OPT_CHOICE,   AT(service),         "exp",     0,     0,         services,
     "distribution of a request's service time"                                                            },
    {"service_mean",    FORE_OPT_DURATION, AT(service_mean),    "1ms",     1,     MINUTE_NS, NULL,
     "mean service time of a read; cluster.peak_utilization overrides it"                                  },
    {"service_sigma",   FORE_OPT_REAL,     AT(service_sigma),   "1",       0,     3,         NULL,
     "lognormal: sigma of the logarithm"                                                                   },
    {"stall_every",     FORE_OPT_DURATION, AT(stall_every),     "0s",      0,     0,         NULL,
     "request mode: mean time between two moments in which a node serves nobody; 0: never"                 },
    {"stall_mean",      FORE_OPT_DURATION, AT(stall_mean),      "0s",      0,     MINUTE_NS, NULL,
     "how long such a moment takes (exponential)"                                                          },
    {"wake",            FORE_OPT_DURATION, AT(wake),            "0s",      0,     MINUTE_NS, NULL,
     "request mode: work of a core that has slept long when a request wakes it; delays nobody"             },
    {"wake_delay",      FORE_OPT_DURATION, AT(wake_delay),      "0s",      0,     MINUTE_NS, NULL,
     "what that adds to the request's latency"                                                             },
    {"wake_rest",       FORE_OPT_DURATION, AT(wake_rest),       "0s",      0,     MINUTE_NS, NULL,
     "a core with nothing to do for so long sleeps half as deep; 0: none sleeps"                           },
    {"kib_service",     FORE_OPT_DURATION, AT(kib_service),     "0s",      0,     MINUTE_NS, NULL,
     "request mode: what each KiB of a value adds to a request's service time"                             },
    {"write_cost",      FORE_OPT_REAL,     AT(write_cost),      "1",       0.001, 1000,      NULL,
     "service time of a write over that of a read"                                                         },
    {"scan_cost",       FORE_OPT_REAL,     AT(scan_cost),       "10",      0.001, 1e6,       NULL,
     "service time of a scan over that of a read"                                                          },
    {"byte_cost",       FORE_OPT_SHARE,    AT(byte_cost),       "0",       0,     1,         NULL,
     "rows with columns: share of a request's work that goes with the bytes it reads"                      },
    {"slo",             FORE_OPT_DURATION, AT(slo),             "0s",      0,     0,         NULL,
     "p99 latency must stay below; 0: the p99 of a node at slo_utilization"                                },
    {"slo_utilization", FORE_OPT_SHARE,    AT(slo_utilization), "85%",     0.01,  0.99,      NULL,
     "the SLO is what a node delivers at this utilisation, unless slo is given"                            },
    {"key_samples",     FORE_OPT_COUNT,    AT(key_samples),     "128",     0,     65536,     NULL,
     "keys of each window that the engine gets to see"                                                     },
    {"served",          FORE_OPT_BOOL,     AT(served),          "false",   0,     0,         NULL,
     "the engine is told what nodes have served, as real servers tell it, not what was asked of them"      },
    {"content",         FORE_OPT_BOOL,     AT(content),         "false",   0,     0,         NULL,
     "the driver sums up what nodes hold, so that every move is checked row by row (splits and merges too)"},
    {"faults",          FORE_OPT_LIST,     AT(faults),          "",        0,     0,         NULL,
     "\"node3 down 2h 10min\": which node fails, when, for how long"                                       },
};
#undef AT
const struct fore_option_section sim_section = {"sim", "how the cluster is simulated", sim_rows,
                                                FORE_COUNTOF(sim_rows)};

#define AT(field) FORE_OPTION_AT(struct sim_experiment_options, field)
static const struct fore_option experiment_rows[] = {
    {"evaluate_from", FORE_OPT_DURATION, AT(evaluate_from), "0s",                                            0, 0,      NULL,
     "results count from here; before it is history"                                                                                                   },
    {"act_from",      FORE_OPT_DURATION, AT(act_from),      "0s",                                            0, 0,      NULL,
     "the policy may act from here; 0: from evaluate_from"                                                                                             },
    {"policies",      FORE_OPT_LIST,     AT(policies),      "static, reactive, nowcast, predictive, oracle", 0, 0,
     NULL,                                                                                                                    "what `compare` compares"},
    {"seeds",         FORE_OPT_COUNT,    AT(seeds),         "5",                                             1, 100000, NULL, "runs of each policy"    },
    {"tune",          FORE_OPT_LIST,     AT(tune),          "",                                              0, 0,      NULL,
     "policies to tune on the time before evaluate_from: names, all or none"                                                                           },
};
#undef AT
const struct fore_option_section sim_experiment_section = {
    "experiment", "what is measured", experiment_rows, FORE_COUNTOF(experiment_rows)};

#define AT(field) FORE_OPTION_AT(struct sim_journal_options, field)
static const struct fore_option journal_rows[] = {
    {"every",          FORE_OPT_DURATION, AT(every),          "10s", 0,                0, NULL,
     "window loads are written at most this often"                                                                                                                },
    {"keyframe_every", FORE_OPT_DURATION, AT(keyframe_every), "1h",  (double)FORE_SEC,
     10000 * DAY_NS,                                                                      NULL, "a whole topology is written this often; a reader can start there"},
};
#undef AT
const struct fore_option_section sim_journal_section = {"journal", "how much is written down",
                                                        journal_rows, FORE_COUNTOF(journal_rows)};
