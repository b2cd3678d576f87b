/*
 * series.h - measured load per partition and step of time, read from CSV, and the flow made of it.
 *
 *   wide        time,z0,z1,...            a row a step, a column a series; header optional
 *   long        vol,win,reads,writes,...  a row a step and series, columns found by name
 *   transposed  HashFunction,...,minute_1,minute_2,...   a row a series (also "V1","V2",... as M4)
 *   counts      one number a line         one series
 *
 * Several files are one after the other in time. Counts, not rates, are kept: a cell is what
 * happened in its step. What does not exist is 0; what is missing between two rows of a wide file
 * is held from the row before.
 */
#ifndef WL_SERIES_H
#define WL_SERIES_H

#include "workloads/workload.h"

enum { WL_SERIES_READS, WL_SERIES_WRITES, WL_SERIES_KINDS };

struct wl_series {
    const char *name;
    float *count[WL_SERIES_KINDS]; /* [step]; all requests are in READS if the set is not split */
    uint32_t length[WL_SERIES_KINDS], room[WL_SERIES_KINDS];
    double size_sum; /* working sets, bytes, of size_rows rows */
    uint32_t size_rows;
};

struct wl_series_set {
    struct fore_arena arena;
    struct wl_series *series;
    uint32_t count, room;
    uint32_t steps; /* the longest series */
    fore_ns step;
    bool split;      /* reads and writes are told apart */
    double bytes;    /* read and written in all; 0: not recorded */
    uint64_t cells;  /* in use, bounded */
    uint32_t *index; /* open addressing: series number + 1 by name */
    uint32_t index_room;
    double begin_s; /* time of step 0, where rows have times */
    const char *first_file;
};

struct wl_series_options {
    const char *layout; /* "auto", "wide", "long", "transposed", "counts" */
    const char *value;  /* long: "auto", a column, or "reads+writes" */
    fore_ns step;       /* of a count a line, a window number, a transposed column without unit */
};

void wl_series_init(struct wl_series_set *set);
void wl_series_fini(struct wl_series_set *set);
/* The number of the series with this name, new if need be; UINT32_MAX when there are too many. */
uint32_t wl_series_named(struct wl_series_set *set, const char *name);
/* A new series, even if the name is taken. */
uint32_t wl_series_new(struct wl_series_set *set, const char *name);
/* Adds to a cell; FORE_E_RANGE when the set grows past its bound. */
FORE_MUST_USE enum fore_err wl_series_put(struct wl_series_set *set, uint32_t series, int kind,
                                          uint64_t step, double value);
/* 0 where there is nothing. */
double wl_series_at(const struct wl_series_set *set, uint32_t series, int kind, uint32_t step);

/* One file, line by line; `name` is what messages call it. */
struct wl_series_parser;
struct wl_series_parser *wl_series_parse_begin(struct wl_series_set *set,
                                               const struct wl_series_options *options,
                                               const char *name, struct fore_arena *scratch);
FORE_MUST_USE enum fore_err wl_series_parse_line(struct wl_series_parser *parser, char *line,
                                                 uint64_t number, struct fore_diag *diag);
FORE_MUST_USE enum fore_err wl_series_parse_end(struct wl_series_parser *parser,
                                                struct fore_diag *diag);
/* All of `files`, joined in time. On failure the set still wants its fini. */
FORE_MUST_USE enum fore_err wl_series_load(struct wl_series_set *set,
                                           const struct fore_strings *files,
                                           const struct wl_series_options *options,
                                           struct fore_diag *diag);

FORE_MUST_USE enum fore_err wl_series_flow(const struct wl_options *options, uint64_t seed,
                                           struct wl_flow *out, struct fore_diag *diag);

#endif
