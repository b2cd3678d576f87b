/*
 * trace_report.h - a trace's summary as text for people and as JSON for programs; private to
 * cmd_trace.c.
 */
#ifndef WL_TRACE_REPORT_H
#define WL_TRACE_REPORT_H

#include "core/base/buf.h"
#include "workloads/trace_stats.h"

/* `source` has been read to its end. */
void wl_trace_report_text(const char *path, const struct wl_source *source,
                          const struct wl_trace_summary *summary, struct fore_buf *out);
void wl_trace_report_json(const char *path, const struct wl_source *source,
                          const struct wl_trace_summary *summary, struct fore_buf *out);

#endif
