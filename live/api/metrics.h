/*
 * metrics.h - what Prometheus reads: one table of families, written as text 0.0.4 or, to who asks
 * for it, as OpenMetrics 1.0. Series are bounded: nodes, the `api.top` partitions by RRS, and a
 * few by kind; a partition that leaves the top leaves the page.
 */
#ifndef LIVE_METRICS_H
#define LIVE_METRICS_H

#include "live/api/picture.h"

enum live_metric_kind { LIVE_GAUGE, LIVE_COUNTER, LIVE_INFO };

struct live_metric {
    const char *name; /* with its unit; a counter's without _total */
    enum live_metric_kind kind;
    const char *help;
    void (*write)(const struct live_picture *picture, const struct live_metric *metric,
                  struct fore_buf *out);
};
extern const struct live_metric live_metrics[];
size_t live_metric_count(void);
void live_metrics_write(const struct live_picture *picture, bool open_metrics,
                        struct fore_buf *out);

#endif
