/*
 * run.h - one simulated run: scenario x policy x seed -> result, and a journal if wanted.
 * No global state: runs in forked workers are independent.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "core/base/json.h"
#include "core/cluster/journal.h"
#include "sim/scenario.h"

struct sim_result { /* counts and times are over the evaluated part of the run */
    char policy[24];
    uint64_t seed;
    uint64_t requests; /* fluid: expected number, rounded */
    double duration_s;
    uint64_t latency_p50_ns, latency_p99_ns, latency_p999_ns;
    double slo_violation_s; /* simulated seconds in which the cluster's p99 exceeds the SLO */
    double slo_violation_node_min; /* the same per node, node-minutes */
    double even_node_min; /* of these, if all nodes had carried the same, copies apart; < 0: not
                           * known (request mode, or nodes that are not alike) */
    double slo_violation_request_share;
    double bytes_moved;
    double bytes_read; /* by clients */
    bool columns;      /* requests named columns: bytes_read means what they were charged for */
    double partition_bytes_max;          /* cluster.partition_bytes_max; 0: no ceiling */
    double size_violation_partition_min; /* partition-minutes above it, at the ends of windows */
    double partition_bytes_peak;         /* the most that one held */
    double node_bytes_max;               /* cluster.node_bytes_max; 0: any amount */
    double node_full_min;                /* node-minutes above it, at the ends of windows */
    double node_bytes_peak;              /* the most that one held */
    uint64_t moves[FORE_MOVE_KINDS];     /* finished, by kind */
    uint64_t moves_failed, moves_cancelled, moves_rolled_back;
    double nodes_mean;        /* elastic: paid for, those that boot included */
    bool elastic;             /* nodes could come and go */
    uint64_t splits_judged;   /* splits whose halves stayed as they were for an hour */
    uint64_t splits_balanced; /* of these: each half had 40 to 60 % of their load in it */
    double imbalance_mean;    /* hottest node's utilisation / mean, averaged over windows */
    double utilization_mean;
    uint64_t digest; /* of the journal's records */
    uint64_t slo_ns;
    double wall_s, cpu_s;
    uint64_t peak_rss_bytes;
    uint64_t alerts;
    struct fore_risk_quality rrs; /* how good the score was: nothing done from each asking on */
    struct fore_risk_quality rrs_idle; /* of the run in which nothing is done (risk_watch.h) */
    double engine_cpu_s; /* observing, forecasting, scoring, planning: part of cpu_s */
    char label[160];     /* of the workload; says composite where it is one */
};

struct sim_run_request {
    const struct sim_scenario *scenario;
    const char *policy; /* NULL: the scenario's policy.name */
    uint64_t seed;
    fore_ns
        stop_at; /* end here, 0: the whole span; the cluster is sized for the span all the same */
    fore_ns explain_at;              /* a dry run at the end of the window that holds it; 0: none */
    struct fore_explain explain;     /* of every plan acted on, or of the dry run alone */
    struct fore_journal_out journal; /* write NULL: digest only */
    void (*progress)(void *self, double done_share); /* may be NULL */
    void *progress_self;
};
FORE_MUST_USE enum fore_err sim_run(const struct sim_run_request *request, struct sim_result *out,
                                    struct fore_diag *diag);
/* The members of one result, inside an open object. */
void sim_result_json(const struct sim_result *result, struct fore_json *json);

#endif
