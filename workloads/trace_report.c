/*
 * trace_report.c - `trace info` in words and in JSON.
 *
 * Operations are listed as read, write and scan, and the rest by the names the trace has for them,
 * so that the counts add up to the requests. Times of an untimed trace are our invention: they are
 * left out.
 */
#include "workloads/trace_report.h"

#include "core/base/json.h"
#include "workloads/reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const char *const type_name[FORE_QUERY_TYPES] = {
    [FORE_QUERY_READ] = "read",
    [FORE_QUERY_WRITE] = "write",
    [FORE_QUERY_SCAN] = "scan",
    [FORE_QUERY_OTHER] = "other",
};

/* Every kind of operation that occurred. */
static void ops_each(const struct wl_source *source, const struct wl_trace_summary *summary,
                     void (*visit)(void *self, const char *name, uint64_t count), void *self)
{
    const struct wl_reader_op *op;
    size_t named = wl_reader_other_ops(source, &op);
    for (size_t i = 0; i < FORE_QUERY_TYPES; i++) {
        bool by_name = i == FORE_QUERY_OTHER && named > 0;
        if (summary->by_type[i] > 0 && !by_name) visit(self, type_name[i], summary->by_type[i]);
    }
    for (size_t i = 0; i < named; i++)
        visit(self, op[i].name, op[i].count);
}

/* ---- text ---- */

/* 506550 -> "506,550" */
static void put_count(struct fore_buf *out, uint64_t count)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) fore_buf_append(out, ",", 1);
        fore_buf_append(out, &digits[i], 1);
    }
}

static void put_span(struct fore_buf *out, double span_s)
{
    if (span_s < 120.0) {
        fore_buf_printf(out, "%.6g s", span_s);
    } else if (span_s < 7200.0) {
        fore_buf_printf(out, "%.1f minutes", span_s / 60.0);
    } else if (span_s < 172800.0) {
        fore_buf_printf(out, "%.2f hours", span_s / 3600.0);
    } else {
        fore_buf_printf(out, "%.2f days", span_s / 86400.0);
    }
}

static void put_bytes(struct fore_buf *out, uint64_t bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double x = (double)bytes;
    size_t i = 0;
    for (; x >= 1024.0 && i + 1 < FORE_COUNTOF(unit); i++)
        x /= 1024.0;
    fore_buf_printf(out, i == 0 ? "%.0f %s" : "%.2f %s", x, unit[i]);
}

static void put_peak(struct fore_buf *out, const char *name, double peak, double mean)
{
    fore_buf_printf(out, mean < 1000.0 ? "  %-12s mean %.3g, peak " : "  %-12s mean %.0f, peak ",
                    name, mean);
    put_count(out, (uint64_t)peak);
    fore_buf_printf(out, " (%.1f times the mean)\n", mean > 0.0 ? peak / mean : 0.0);
}

struct op_lines {
    struct fore_buf *out;
    uint64_t requests;
    bool first;
};

static void op_line(void *self, const char *name, uint64_t count)
{
    struct op_lines *lines = self;
    fore_buf_printf(lines->out, "%s%s ", lines->first ? "" : ", ", name);
    put_count(lines->out, count);
    fore_buf_printf(lines->out, " (%.1f %%)", 100.0 * (double)count / (double)lines->requests);
    lines->first = false;
}

void wl_trace_report_text(const char *path, const struct wl_source *source,
                          const struct wl_trace_summary *summary, struct fore_buf *out)
{
    const char *about = summary->keys_estimated ? "about " : "";
    bool untimed = wl_reader_untimed(source);
    fore_buf_printf(out, "%s: %s\n  %-12s ", path, source->info.kind, "requests");
    put_count(out, summary->requests);
    fore_buf_printf(out, "\n  %-12s %s", "keys", about);
    put_count(out, summary->keys);
    fore_buf_puts(out, source->info.string_keys ? " (text, hashed)\n" : "\n");
    fore_buf_printf(out, "  %-12s ", "span");
    if (untimed)
        fore_buf_puts(out, "untimed (an order of accesses, replayed 1 us apart)");
    else
        put_span(out, summary->span_s);
    fore_buf_printf(out, "\n  %-12s ", "operations");
    struct op_lines lines = {.out = out, .requests = summary->requests, .first = true};
    ops_each(source, summary, op_line, &lines);
    fore_buf_printf(out, "\n  %-12s ", "bytes");
    if (summary->bytes > 0)
        put_bytes(out, summary->bytes);
    else
        fore_buf_puts(out, "not recorded");
    fore_buf_printf(out,
                    "\n  %-12s top 1 %% of keys take %s%.1f %% of requests, the hottest %.1f %%",
                    "skew", about, 100.0 * summary->top1pct_share, 100.0 * summary->top_key_share);
    if (!source->info.string_keys) fore_buf_printf(out, " (key %" PRIu64 ")", summary->top_key);
    fore_buf_puts(out, "\n");
    if (untimed) return;
    if (summary->span_s >= 120.0)
        put_peak(out, "per minute", summary->minute_peak, summary->minute_mean);
    if (summary->span_s >= 7200.0)
        put_peak(out, "per hour", summary->hour_peak, summary->hour_mean);
}

/* ---- JSON ---- */

static void op_member(void *self, const char *name, uint64_t count)
{
    fore_json_u64(self, name, count);
}

void wl_trace_report_json(const char *path, const struct wl_source *source,
                          const struct wl_trace_summary *summary, struct fore_buf *out)
{
    bool untimed = wl_reader_untimed(source);
    const double none = (double)NAN; /* null */
    struct fore_json json = fore_json_begin(out, true);
    fore_json_object(&json, NULL);
    fore_json_string(&json, "file", path);
    fore_json_string(&json, "format", source->info.kind);
    fore_json_u64(&json, "requests", summary->requests);
    fore_json_u64(&json, "keys", summary->keys);
    fore_json_bool(&json, "keys_estimated", summary->keys_estimated);
    fore_json_bool(&json, "string_keys", source->info.string_keys);
    fore_json_bool(&json, "untimed", untimed);
    fore_json_f64(&json, "span_s", untimed ? 0.0 : summary->span_s);
    fore_json_object(&json, "ops");
    ops_each(source, summary, op_member, &json);
    fore_json_object_end(&json);
    fore_json_u64(&json, "bytes", summary->bytes);
    fore_json_f64(&json, "top1pct_share", summary->top1pct_share);
    fore_json_f64(&json, "top_key_share", summary->top_key_share);
    char key[24];
    (void)snprintf(key, sizeof key, "%" PRIu64, summary->top_key);
    fore_json_string(&json, "top_key", key); /* text: a double has only 53 bits */
    fore_json_f64(&json, "minute_peak", untimed ? none : summary->minute_peak);
    fore_json_f64(&json, "minute_mean", untimed ? none : summary->minute_mean);
    fore_json_f64(&json, "hour_peak", untimed ? none : summary->hour_peak);
    fore_json_f64(&json, "hour_mean", untimed ? none : summary->hour_mean);
    fore_json_object_end(&json);
    fore_buf_puts(out, "\n");
}
