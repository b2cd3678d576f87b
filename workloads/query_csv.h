/*
 * query_csv.h - our own query log, a line a query, and the cells of any CSV.
 *
 *   t,client,table,op,where,columns,join,bytes
 *   0.25,17,orders,read,"tenant=7 id=912",id total note,,350
 *   0.31,17,orders,insert,"tenant=7 id=913 state='on hold'",,,120
 *   0.40,3,orders,scan,"at>=2026-01-01 at<2026-02-01",total,customers.id=customer_id,9000
 *
 * The header names the columns, in any order; only `t` and `table` must be there. Cells may stand
 * in double quotes; parts of a cell are separated by blanks.
 *   t        seconds, or "YYYY-MM-DD hh:mm:ss"; must not go back
 *   op       read (default), insert, update, delete, scan, or another name for one of them
 *   where    column=value, column=a|b|c (one of), < <= > >=; of an insert the values stored.
 *            Another table's column is written table.column. 'a value with blanks'
 *   columns  the columns read, or set by an update; * means all that the log knows of the table
 *   join     othertable.column=column
 *   bytes    of the answer, or of what is written
 * A line that begins with # is a comment, except "#widths TABLE column=BYTES ...".
 */
#ifndef WL_QUERY_CSV_H
#define WL_QUERY_CSV_H

#include "core/advise/query_log.h"
#include "core/base/err.h"

/* Cuts one CSV record in place: cells in double quotes may hold commas, newlines and "" for a
 * quote. Returns how many cells there are, 0 when a quote is not closed or text follows it. */
size_t wl_query_csv_cells(char *record, char **cell, size_t cap);

struct wl_query_csv; /* a parser; memory from the arena it was begun with */
struct wl_query_csv *wl_query_csv_begin(struct fore_query_log *log, const char *path,
                                        struct fore_arena *arena);
/* One line, changed in place. The first that is no comment is the header. */
FORE_MUST_USE enum fore_err wl_query_csv_line(struct wl_query_csv *csv, char *line, uint64_t number,
                                              struct fore_diag *diag);

#endif
