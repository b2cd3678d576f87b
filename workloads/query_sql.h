/* query_sql.h - one SQL statement into queries of a log. Private to the csvlog reader. */
#ifndef WL_QUERY_SQL_H
#define WL_QUERY_SQL_H

#include "workloads/query_read.h"

enum { WL_QUERY_SQL_PARAMS = 512 };

struct wl_query_sql { /* what a statement comes with */
    fore_ns t;
    const char *text;
    const char *param[WL_QUERY_SQL_PARAMS]; /* NULL: SQL NULL, or not given */
    size_t params;
};
/* Adds the statement's queries and counts in `report`. False: not SQL; `why` says so. */
bool wl_query_sql_add(struct fore_query_log *log, const struct wl_query_sql *sql,
                      struct wl_query_read_report *report, char *why, size_t why_size);

#endif
