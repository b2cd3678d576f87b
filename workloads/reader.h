/*
 * reader.h - a key-level trace file of any known layout as a source of requests.
 *
 *   csv              `t,key,op,size,client` with a header; columns by name in any order, or as
 *                    `columns` says; separated by comma, tab, semicolon, pipe or blanks
 *   libcachesim-csv  the same; columns may be written "time-col=1,obj-id-col=2,obj-size-col=3"
 *   oracleGeneral    libCacheSim's 24-byte records
 *   vscsi            VMware's block I/O traces, version 1 (32-byte records) and 2 (40)
 *   be32             big-endian 32-bit keys, no times
 *
 * Each plain, .zst or .xz. A trace is read in one pass through a fixed buffer, so its length does
 * not matter; the first request is at time 0. A trace without times gets one request a microsecond
 * and its label says "untimed". Times that go backwards are an error that names the record.
 *
 * wl_request.tag carries the service time of a trace that has one (column exec_ms), in
 * milliseconds; 0: none.
 */
#ifndef WL_READER_H
#define WL_READER_H

#include "workloads/source.h"

enum wl_format {
    WL_FORMAT_AUTO,
    WL_FORMAT_CSV,
    WL_FORMAT_LIBCACHESIM_CSV,
    WL_FORMAT_ORACLE_GENERAL,
    WL_FORMAT_VSCSI,
    WL_FORMAT_BE32,
};

struct wl_reader_options { /* NULL or "" anywhere: the default */
    const char *format;    /* a name above, or "auto": told by the content, then by the name */
    const char *columns;   /* csv: "t=1,key=2" (from 1) or "t=when,key=id" (header names) */
    const char *time_unit; /* csv: "s" (default), "ms", "us", "ns" */
};

/*
 * `options` may be NULL. Everything that lives as long as the trace is in `perm` or released by
 * wl_source_close(). info.requests and info.span stay 0: they are not known before the end.
 */
FORE_MUST_USE enum fore_err wl_reader_open(const char *path,
                                           const struct wl_reader_options *options,
                                           struct fore_arena *perm, struct wl_source *out,
                                           struct fore_diag *diag);

/* The three below are for a source that wl_reader_open() made; others give NaN, 0 and false. */
double wl_reader_progress(const struct wl_source *source); /* 0..1; NaN when unknown */
bool wl_reader_untimed(const struct wl_source *source);

/* What a trace calls the operations that are neither read, write nor scan. */
struct wl_reader_op {
    char name[24]; /* cut; the last row may be "(others)" */
    uint64_t count;
};
/* In order of appearance, counted since the start or the last rewind. */
size_t wl_reader_other_ops(const struct wl_source *source, const struct wl_reader_op **out);

#endif
