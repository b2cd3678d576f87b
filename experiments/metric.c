/*
 * metric.c - the rows.
 */
#include "experiments/metric.h"

#include <stdio.h>
#include <string.h>

#define F64(group, name, field)                                                                   \
    {                                                                                             \
        group, name, false, LAB_METRIC_F64, offsetof(struct sim_result, field), LAB_METRIC_OF_ALL \
    }
#define U64(group, name, field)                                                                   \
    {                                                                                             \
        group, name, false, LAB_METRIC_U64, offsetof(struct sim_result, field), LAB_METRIC_OF_ALL \
    }
#define HOST_F64(name, field)                                                                   \
    {                                                                                           \
        NULL, name, true, LAB_METRIC_F64, offsetof(struct sim_result, field), LAB_METRIC_OF_ALL \
    }
#define HOST_U64(name, field)                                                                   \
    {                                                                                           \
        NULL, name, true, LAB_METRIC_U64, offsetof(struct sim_result, field), LAB_METRIC_OF_ALL \
    }

#define OF_COLUMNS(group, name, of_kind, field)                                                \
    {                                                                                          \
        group, name, false, of_kind, offsetof(struct sim_result, field), LAB_METRIC_OF_COLUMNS \
    }

#define OF_SIZE(name, field, of)                                                  \
    {                                                                             \
        NULL, name, false, LAB_METRIC_F64, offsetof(struct sim_result, field), of \
    }

const struct lab_metric lab_metrics[] = {
    U64(NULL, "requests", requests),
    F64(NULL, "duration_s", duration_s),
    U64("latency_ns", "p50", latency_p50_ns),
    U64("latency_ns", "p99", latency_p99_ns),
    U64("latency_ns", "p999", latency_p999_ns),
    F64(NULL, "slo_violation_s", slo_violation_s),
    F64(NULL, "slo_violation_node_min", slo_violation_node_min),
    F64(NULL, "slo_violation_request_share", slo_violation_request_share),
    F64(NULL, "bytes_moved", bytes_moved),
    OF_COLUMNS(NULL, "bytes_read", LAB_METRIC_F64, bytes_read),
    OF_SIZE("size_violation_partition_min", size_violation_partition_min, LAB_METRIC_OF_CEILING),
    OF_SIZE("partition_bytes_peak", partition_bytes_peak, LAB_METRIC_OF_CEILING),
    OF_SIZE("node_full_min", node_full_min, LAB_METRIC_OF_ROOM),
    OF_SIZE("node_bytes_peak", node_bytes_peak, LAB_METRIC_OF_ROOM),
    {"moves", "total", false, LAB_METRIC_MOVES, 0, LAB_METRIC_OF_ALL},
    U64("moves", "move", moves[FORE_MOVE_MOVE]),
    U64("moves", "split", moves[FORE_MOVE_SPLIT]),
    U64("moves", "merge", moves[FORE_MOVE_MERGE]),
    U64("moves", "replicate", moves[FORE_MOVE_ADD_REPLICA]),
    U64("moves", "drop-replica", moves[FORE_MOVE_DROP_REPLICA]),
    OF_COLUMNS("moves", "vertical-split", LAB_METRIC_U64, moves[FORE_MOVE_VERTICAL_SPLIT]),
    OF_COLUMNS("moves", "vertical-merge", LAB_METRIC_U64, moves[FORE_MOVE_VERTICAL_MERGE]),
    U64("moves", "add-node", moves[FORE_MOVE_ADD_NODE]),
    U64("moves", "remove-node", moves[FORE_MOVE_REMOVE_NODE]),
    U64("splits", "judged", splits_judged),
    U64("splits", "balanced", splits_balanced),
    U64(NULL, "moves_failed", moves_failed),
    U64(NULL, "moves_cancelled", moves_cancelled),
    U64(NULL, "moves_rolled_back", moves_rolled_back),
    F64(NULL, "nodes_mean", nodes_mean),
    F64(NULL, "imbalance_mean", imbalance_mean),
    F64(NULL, "utilization_mean", utilization_mean),
    U64(NULL, "alerts", alerts),
    F64("rrs", "lead_s", rrs.lead_s),
    F64("rrs", "count", rrs.count),
    F64("rrs", "base_rate", rrs.base_rate),
    F64("rrs", "brier_skill", rrs.brier_skill),
    F64("rrs", "brier_skill_vs_persistence", rrs.brier_skill_vs_persistence),
    F64("rrs", "ece", rrs.ece),
    F64("rrs", "auc", rrs.auc),
    F64("rrs_idle", "lead_s", rrs_idle.lead_s),
    F64("rrs_idle", "count", rrs_idle.count),
    F64("rrs_idle", "base_rate", rrs_idle.base_rate),
    F64("rrs_idle", "brier_skill", rrs_idle.brier_skill),
    F64("rrs_idle", "brier_skill_vs_persistence", rrs_idle.brier_skill_vs_persistence),
    F64("rrs_idle", "ece", rrs_idle.ece),
    F64("rrs_idle", "auc", rrs_idle.auc),
    HOST_F64("wall_s", wall_s),
    HOST_F64("cpu_s", cpu_s),
    HOST_F64("engine_cpu_s", engine_cpu_s),
    HOST_U64("peak_rss_bytes", peak_rss_bytes),
};
const size_t lab_metric_count = FORE_COUNTOF(lab_metrics);

double lab_metric_read(const struct lab_metric *metric, const struct sim_result *result)
{
    const unsigned char *at = (const unsigned char *)result + metric->offset;
    double real = 0;
    uint64_t count = 0;
    switch (metric->kind) {
    case LAB_METRIC_F64: memcpy(&real, at, sizeof real); return real;
    case LAB_METRIC_U64: memcpy(&count, at, sizeof count); return (double)count;
    case LAB_METRIC_MOVES:
        for (size_t kind = 0; kind < FORE_MOVE_KINDS; kind++)
            count += result->moves[kind];
        return (double)count;
    }
    return 0;
}

void lab_metric_full_name(const struct lab_metric *metric, char out[64])
{
    (void)snprintf(out, 64, "%s%s%s", metric->group != NULL ? metric->group : "",
                   metric->group != NULL ? "." : "", metric->name);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct lab_metric *lab_metric_find(const char *group, const char *name)
{
    for (size_t i = 0; i < lab_metric_count; i++)
        if (same(lab_metrics[i].group, group) && same(lab_metrics[i].name, name))
            return &lab_metrics[i];
    fore_base_panic(__FILE__, __LINE__, "a metric that is not in the table");
}
