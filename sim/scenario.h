/*
 * scenario.h - everything a run is made from: the sections of a scenario file, decoded by the
 * option rows of their owners.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "core/engine.h"
#include "workloads/workload.h"

enum sim_fidelity { SIM_REQUEST, SIM_FLUID };
enum sim_service { SIM_SERVICE_EXP, SIM_SERVICE_FIXED, SIM_SERVICE_LOGNORMAL };
enum sim_initial {
    SIM_INITIAL_BALANCED,
    SIM_INITIAL_ROUND_ROBIN,
    SIM_INITIAL_RING,
    SIM_INITIAL_PROFILE,
    SIM_INITIAL_RUNS
};

struct sim_cluster_options { /* "cluster" */
    uint64_t nodes;          /* in use at the start */
    uint64_t nodes_max;      /* that exist; 0: as many, not elastic */
    fore_ns node_boot;       /* until a standby node is in use */
    uint64_t cores;          /* per node */
    uint64_t partitions;     /* at the start; ignored when the workload brings its own cuts */
    uint64_t partitions_max; /* splits stop there; 0: 4x the start + 64 */
    uint64_t replicas;       /* 1: no followers */
    uint64_t zones;
    uint64_t racks;       /* of a zone */
    uint32_t placement;   /* enum fore_placement */
    uint32_t initial;     /* enum sim_initial */
    double initial_noise; /* balanced by mean loads wrong by this share (lognormal sigma) */
    fore_ns initial_from; /* BALANCED: mean load over [initial_from, initial_from + initial_span) */
    fore_ns initial_span;
    fore_ns initial_period;   /* PROFILE: the same span, averaged at equal times of this period */
    fore_ns initial_step;     /* ... in slots of this length */
    double peak_utilization;  /* > 0: service time is set so that the highest 5-min total load
                                 is this share of all capacity */
    uint64_t partition_bytes; /* mean size */
    double partition_bytes_sigma; /* lognormal */
    uint64_t insert_bytes;        /* growth.h; 0: sizes stay */
    double bandwidth;             /* bytes per second a node moves */
    fore_ns move_start;           /* before anything of a move travels */
    fore_ns slot_move;         /* SLOT: passing one takes this beside its bytes; lowers bandwidth */
    fore_ns move_time_mean;    /* > 0: bandwidth is set so that a mean partition takes this */
    double move_cpu;           /* share of a node's capacity a move takes, on both ends */
    double partition_overhead; /* share of a node's capacity for every replica it holds */
    fore_ns split_pause;       /* requests to what is split or merged wait so long */
    uint64_t partition_bytes_min; /* a split that leaves less on a side is refused */
    uint64_t partition_bytes_max; /* what is held above it is a violation of its own; 0: nothing */
    uint64_t node_bytes_max;      /* what a node holds at most; above it is told, too; 0: any */
    double slowdown_sigma;        /* heterogeneity of node capacity, lognormal */
    fore_ns link_delay;           /* one way, added to every request's latency twice */
    double link_sigma;            /* way.h; 0: the same for all */
    struct fore_strings link_stretch; /* stretch.h */
    fore_ns link_kib;                 /* way.h */
};
struct sim_options {                 /* "sim" */
    uint32_t fidelity;               /* enum sim_fidelity */
    fore_ns window;                  /* accounting and driver window; = observe.window */
    uint32_t service;                /* enum sim_service */
    fore_ns service_mean;            /* of a read of mean size; overridden by peak_utilization */
    double service_sigma;            /* lognormal */
    fore_ns stall_every, stall_mean; /* stall.h */
    fore_ns wake, wake_delay;        /* station.h; of a long sleep */
    fore_ns wake_rest;               /* half asleep after so long; 0: never */
    fore_ns kib_service;             /* service.h */
    double write_cost;               /* service of a write / of a read */
    double scan_cost;
    double byte_cost; /* share of a request's work that goes with the bytes it reads: wide.h */
    fore_ns slo;      /* p99 must stay below; 0: the p99 at slo_utilization */
    double slo_utilization;
    bool content;               /* the driver sums up what nodes hold: FORE_CAP_CONTENT */
    bool served;                /* the engine is told what nodes have served: served.h */
    uint64_t key_samples;       /* per window handed to the engine */
    struct fore_strings faults; /* "node3 down 2h 10min": name, when, for how long */
};
struct sim_experiment_options { /* "experiment" */
    fore_ns evaluate_from;      /* results count from here; before it is history and warm-up */
    fore_ns act_from;           /* the policy may act from here; 0: evaluate_from */
    struct fore_strings policies;
    uint64_t seeds;
    struct fore_strings tune; /* policies to tune on the time before evaluate_from, or "all" */
};
struct sim_journal_options { /* "journal" */
    fore_ns every;           /* window loads are journalled at most this often */
    fore_ns keyframe_every;
};
extern const struct fore_option_section sim_cluster_section, sim_section, sim_experiment_section,
    sim_journal_section;

struct sim_scenario {
    const char *path; /* as given */
    const char *name; /* basename without .cfg */
    struct wl_options workload;
    struct sim_cluster_options cluster;
    struct sim_options sim;
    struct sim_experiment_options experiment;
    struct sim_journal_options journal;
    struct fore_engine_options engine; /* observe, forecast, decide, policy, act */
};

/* All sections in file order, bound to `scenario`; for `config --explain` and the loader. */
enum { SIM_SECTION_MAX = 48 };
size_t sim_scenario_bindings(struct sim_scenario *scenario,
                             struct fore_option_binding out[SIM_SECTION_MAX]);
/* Loads, applies `sets`, and checks what single rows cannot (windows divide, replicas <= nodes,
 * partitions within memory, ...). A path that is not a .cfg is a trace: the trace_replay defaults
 * are used with workload.trace = path. */
FORE_MUST_USE enum fore_err sim_scenario_load(const char *path, const struct fore_strings *sets,
                                              struct fore_arena *perm, struct sim_scenario *out,
                                              struct fore_diag *diag);
/* Timetable, thresholds and rules of placement against the cluster as it will be, where the
 * partitions are known before the workload is read; else the engine refuses when the run begins. */
FORE_MUST_USE enum fore_err sim_scenario_check_rules(const struct sim_scenario *scenario,
                                                     struct fore_diag *diag);
/* The scenario in force, in its own syntax; goes into the journal header. */
void sim_scenario_dump(const struct sim_scenario *scenario, struct fore_buf *out);

#endif
