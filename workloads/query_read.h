/*
 * query_read.h - a query log from a file of any known layout, plain, .zst or .xz.
 *
 *   csv     our own: query_csv.h
 *   csvlog  PostgreSQL's, with log_destination = csvlog and log_statement = all or
 *           log_min_duration_statement = 0; statements by PostgreSQL's own parser (libpg_query).
 *           Bound values come from the DETAIL column. What does not parse is counted, not fatal.
 *   be32    big-endian 32-bit keys of an object-relational mapper: bits 27-31 table, 9-26 row,
 *           0-8 index; one table "objects" with these three columns, a read a millisecond
 */
#ifndef WL_QUERY_READ_H
#define WL_QUERY_READ_H

#include "core/advise/query_log.h"
#include "core/base/err.h"

struct wl_query_read_options {
    const char *format;   /* "auto", NULL: by content, be32 by its name */
    uint64_t queries_max; /* stop there; 0: no limit */
};
struct wl_query_read_report {
    const char *format;
    uint64_t lines;      /* or records */
    uint64_t statements; /* csvlog: that were looked at */
    uint64_t unparsed;   /* csvlog: that are not SQL to the parser */
    uint64_t tableless;  /* csvlog: that touch no table: BEGIN, SET, SELECT 1 */
    uint64_t valueless;  /* csvlog: bound parameters the log does not give: taken as spread out */
    uint64_t ambiguous;  /* csvlog: columns without table in a join, given to the first */
    uint64_t first_unparsed_line;
    char first_unparsed[160]; /* why */
    bool cut;                 /* queries_max was reached */
};
FORE_MUST_USE enum fore_err wl_query_read(const char *path,
                                          const struct wl_query_read_options *options,
                                          struct fore_query_log *log,
                                          struct wl_query_read_report *report,
                                          struct fore_diag *diag);

/* csvlog, record by record; a record may hold newlines and is changed in place. */
struct wl_query_csvlog;
bool wl_query_csvlog_built(void); /* false: this foreshard was built without libpg_query */
struct wl_query_csvlog *wl_query_csvlog_begin(struct fore_query_log *log, const char *path,
                                              struct wl_query_read_report *report,
                                              struct fore_arena *arena);
FORE_MUST_USE enum fore_err wl_query_csvlog_record(struct wl_query_csvlog *csvlog, char *record,
                                                   uint64_t line, struct fore_diag *diag);

#endif
