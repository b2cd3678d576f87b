/*
 * metric.h - what a comparison compares: one row a number of struct sim_result, with the name and
 * the group that `replay --json` gives it. Tables, JSON and statistics walk the same rows.
 */
#ifndef LAB_METRIC_H
#define LAB_METRIC_H

#include "sim/run.h"

struct lab_metric {
    const char *group; /* "latency_ns"; NULL: at the top */
    const char *name;
    bool host; /* of this machine, not of the simulation: no differences are taken */
    enum lab_metric_kind { LAB_METRIC_F64, LAB_METRIC_U64, LAB_METRIC_MOVES } kind;
    size_t offset;
    /* Of every run; only of rows with columns; only where partitions have a ceiling. */
    enum lab_metric_of {
        LAB_METRIC_OF_ALL,
        LAB_METRIC_OF_COLUMNS,
        LAB_METRIC_OF_CEILING,
        LAB_METRIC_OF_ROOM
    } of;
};

extern const struct lab_metric lab_metrics[]; /* members of a group side by side */
extern const size_t lab_metric_count;

double lab_metric_read(const struct lab_metric *metric, const struct sim_result *result);
/* "latency_ns.p99", "bytes_moved" */
void lab_metric_full_name(const struct lab_metric *metric, char out[64]);
/* By the names above; it must exist. */
const struct lab_metric *lab_metric_find(const char *group, const char *name);

#endif
