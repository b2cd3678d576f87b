/*
 * query_sql_walk.h - what a walk through a statement keeps, and how its names and values are read.
 * Private to query_sql*.c. Empty where libpg_query is not there.
 */
#ifndef WL_QUERY_SQL_WALK_H
#define WL_QUERY_SQL_WALK_H

#include "workloads/query_sql.h"

#ifdef WL_PG_QUERY
#    include <pg_query/pg_query.pb-c.h>

enum { WL_QUERY_SQL_SCOPES = 64, WL_QUERY_SQL_DEPTH = 256 };

struct wl_query_sql_scope {
    const char *alias;
    uint16_t table; /* UINT16_MAX: a sub-select or CTE */
};
struct wl_query_sql_walk {
    struct fore_query_log *log;
    const struct wl_query_sql *sql;
    struct wl_query_read_report *report;
    struct wl_query_sql_scope scope[WL_QUERY_SQL_SCOPES]; /* innermost last */
    size_t scopes, depth;
    struct fore_query query;
    struct fore_query_term term[FORE_QUERY_TERMS_MAX];
    size_t terms;
};

void wl_query_sql_put(struct wl_query_sql_walk *walk, struct fore_query_term term);
void wl_query_sql_put_column(struct wl_query_sql_walk *walk, uint8_t role, uint16_t column);
void wl_query_sql_enter(struct wl_query_sql_walk *walk, const char *alias, uint16_t table);
void wl_query_sql_table(struct wl_query_sql_walk *walk, const PgQuery__RangeVar *var);
const char *wl_query_sql_string(const PgQuery__Node *node);
uint16_t wl_query_sql_column_named(struct wl_query_sql_walk *walk, const char *alias,
                                   const char *name);
const PgQuery__Node *wl_query_sql_bare(const PgQuery__Node *node);
uint16_t wl_query_sql_column(struct wl_query_sql_walk *walk, const PgQuery__Node *node);
void wl_query_sql_read(struct wl_query_sql_walk *walk, const PgQuery__ColumnRef *ref);
const char *wl_query_sql_value(struct wl_query_sql_walk *walk, const PgQuery__Node *node,
                               char space[32]);
bool wl_query_sql_put_value(struct wl_query_sql_walk *walk, struct fore_query_term term,
                            const PgQuery__Node *node);
void wl_query_sql_put_array(struct wl_query_sql_walk *walk, struct fore_query_term term,
                            const char *text);

#endif
#endif
