/*
 * format.h - numbers and times as a person reads them, and the times a person types.
 *
 * Three significant digits, units apart from the number by a space, the same width for the same
 * magnitude so that columns align. Every function writes into the caller's small buffer.
 */
#ifndef VIZ_FORMAT_H
#define VIZ_FORMAT_H

#include "core/base/err.h"

struct viz_text {
    char s[48];
};

struct viz_text viz_format_count(double value); /* "12.3k", "870" */
struct viz_text viz_format_bytes(double bytes); /* "1.21 GiB" */
struct viz_text viz_format_ms(double ms);       /* "12.5 ms", "1.20 s", "310 us" */
/* A round number for an axis or a limit: "25 ms", not "25.0 ms". */
struct viz_text viz_format_limit_ms(double ms);
struct viz_text viz_format_duration(fore_ns ns); /* "2 d 3 h", "45 min", "12 s" */
/* Of any number a journal may hold: 0 for what is not above it, 285 years at most. */
struct viz_text viz_format_seconds(double s);
struct viz_text viz_format_percent(double share); /* "87 %" */
struct viz_text viz_format_plain(double value);   /* "0.01", "1", "10": axis numbers */

/* A moment to the second: "2019-03-04 14:05:30 UTC", or "day 3, 04:10:00" without a calendar. */
struct viz_text viz_format_moment(fore_ns at, uint64_t start_unix_s);
/* An axis label as short as `step` allows; at midnight the day is named instead of the hour. */
struct viz_text viz_format_tick(fore_ns at, fore_ns step, uint64_t start_unix_s);

/* The hour of a moment in the view; of an older one, the day. */
struct viz_text viz_format_when(fore_ns at, fore_ns view_from, uint64_t start_unix_s);

/*
 * A moment as typed: "45min", "2d3h", "end", "start", "50%" of first..last. Outside what the
 * journal holds: FORE_E_RANGE; not a time: FORE_E_FORMAT, with a sentence.
 */
FORE_MUST_USE enum fore_err viz_format_parse_moment(const char *text, fore_ns first, fore_ns last,
                                                    fore_ns *out, struct fore_diag *diag);
/* Durations one after another: "2d3h". */
FORE_MUST_USE enum fore_err viz_format_parse_duration(const char *text, fore_ns *out);

#endif
