/* metric.c - see metric.h. */
#include "viz/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct viz_metric_row viz_metric_row[VIZ_METRICS] = {
    [VIZ_METRIC_LOAD] = {"load",     "cores",      1,   true },
    [VIZ_METRIC_REQUESTS] = {"requests", "requests/s", 1e3, true },
    [VIZ_METRIC_READS] = {"reads",    "reads/s",    1e3, true },
    [VIZ_METRIC_WRITES] = {"writes",   "writes/s",   1e3, true },
    [VIZ_METRIC_BYTES] = {"bytes",    "bytes/s",    1e7, true },
    [VIZ_METRIC_LATENCY] = {"latency",  "p99",        1e2, false},
    [VIZ_METRIC_RRS] = {"rrs",      "RRS",        1,   false},
};

bool viz_metric_named(const char *name, enum viz_metric *out)
{
    for (int m = 0; m < VIZ_METRICS; m++)
        if (strcmp(viz_metric_row[m].name, name) == 0) {
            *out = (enum viz_metric)m;
            return true;
        }
    return false;
}

double viz_metric_of(enum viz_metric metric, const struct fore_event_partition_load *load)
{
    switch (metric) {
    case VIZ_METRIC_LOAD: return (double)load->load_cores;
    case VIZ_METRIC_REQUESTS: return (double)load->reads_per_sec + (double)load->writes_per_sec;
    case VIZ_METRIC_READS: return (double)load->reads_per_sec;
    case VIZ_METRIC_WRITES: return (double)load->writes_per_sec;
    case VIZ_METRIC_BYTES: return (double)load->bytes_per_sec;
    case VIZ_METRIC_LATENCY: return (double)load->p99_ms;
    case VIZ_METRIC_RRS:
    case VIZ_METRICS:
    default: return 0;
    }
}

double viz_metric_cell(enum viz_metric metric, double value)
{
    return value / viz_metric_row[metric].scale;
}

double viz_metric_value(enum viz_metric metric, double cell)
{
    return cell * viz_metric_row[metric].scale;
}

/* Of a thousand, as axes count. */
static struct viz_text bytes_tick(double value)
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
    struct viz_text text;
    size_t i = 0;
    while (value >= 1000 && i + 1 < FORE_COUNTOF(unit)) {
        value /= 1000;
        i++;
    }
    (void)snprintf(text.s, sizeof text.s, "%g %s", value, unit[i]);
    return text;
}

struct viz_text viz_metric_tick(enum viz_metric metric, double value)
{
    struct viz_text text;
    switch (metric) {
    case VIZ_METRIC_REQUESTS:
    case VIZ_METRIC_READS:
    case VIZ_METRIC_WRITES:
        if (value < 1000) return viz_format_plain(value);
        (void)snprintf(text.s, sizeof text.s, "%g%c", value / (value < 1e6 ? 1e3 : 1e6),
                       value < 1e6 ? 'k' : 'M');
        return text;
    case VIZ_METRIC_BYTES: return bytes_tick(value);
    case VIZ_METRIC_LATENCY: return viz_format_limit_ms(value);
    case VIZ_METRIC_LOAD:
    case VIZ_METRIC_RRS:
    case VIZ_METRICS:
    default: return viz_format_plain(value);
    }
}

struct viz_text viz_metric_format(enum viz_metric metric, double value)
{
    struct viz_text text, number;
    switch (metric) {
    case VIZ_METRIC_BYTES: number = viz_format_bytes(value); break;
    case VIZ_METRIC_LATENCY: return viz_format_ms(value);
    case VIZ_METRIC_RRS: (void)snprintf(text.s, sizeof text.s, "RRS %.2f", value); return text;
    case VIZ_METRIC_LOAD: (void)snprintf(text.s, sizeof text.s, "%.3g cores", value); return text;
    case VIZ_METRIC_REQUESTS:
    case VIZ_METRIC_READS:
    case VIZ_METRIC_WRITES:
    case VIZ_METRICS:
    default: number = viz_format_count(value); break;
    }
    (void)snprintf(text.s, sizeof text.s, "%.30s%s", number.s,
                   metric == VIZ_METRIC_BYTES ? "/s" : " ");
    if (metric != VIZ_METRIC_BYTES)
        (void)snprintf(text.s, sizeof text.s, "%.20s %.20s", number.s,
                       viz_metric_row[metric].title);
    return text;
}
