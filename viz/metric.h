/*
 * metric.h - what a cell of the heat can mean: one row a metric, with its unit and the factor that
 * brings its values into the range the matrix quantises (viz/matrix.h).
 */
#ifndef VIZ_METRIC_H
#define VIZ_METRIC_H

#include "core/cluster/event.h"
#include "viz/format.h"

enum viz_metric { /* the order of the key that switches them */
                  VIZ_METRIC_LOAD,
                  VIZ_METRIC_REQUESTS,
                  VIZ_METRIC_READS,
                  VIZ_METRIC_WRITES,
                  VIZ_METRIC_BYTES,
                  VIZ_METRIC_LATENCY,
                  VIZ_METRIC_RRS,
                  VIZ_METRICS
};

struct viz_metric_row {
    const char *name;  /* as typed: "requests" */
    const char *title; /* as drawn: "requests/s" */
    double scale;      /* a value of this is 1 in the matrix */
    bool ahead;        /* forecasts of load can be read as this, at the present mix */
};
extern const struct viz_metric_row viz_metric_row[VIZ_METRICS];

/* False if there is no such metric. */
bool viz_metric_named(const char *name, enum viz_metric *out);
/* One window's value, in the metric's own unit; RRS is not in a load and gives 0. */
double viz_metric_of(enum viz_metric metric, const struct fore_event_partition_load *load);
/* Into the matrix and back. */
double viz_metric_cell(enum viz_metric metric, double value);
double viz_metric_value(enum viz_metric metric, double cell);
/* "0.5 cores", "12.3k/s", "1.2 MiB/s", "25 ms", "0.81". */
struct viz_text viz_metric_format(enum viz_metric metric, double value);
/* The same as short as a scale wants it: "0.5", "10k", "1 MiB", "25 ms". */
struct viz_text viz_metric_tick(enum viz_metric metric, double value);

#endif
