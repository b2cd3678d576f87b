/*
 * column_advice.h - vertical partitioning: which columns of a table to split off.
 *
 * A query reads whole rows of every group of columns it touches. Split in two, queries that need
 * one group read less; those that need both pay: every row's key again, and a second visit. The
 * search, and what it counts as an atom, are in column_cut.h; the least used columns come last.
 *
 * Widths: told by the log, else fitted to the queries' sizes (non-negative least squares), else the
 * mean length of the values seen, else 8 bytes.
 */
#ifndef FORE_COLUMN_ADVICE_H
#define FORE_COLUMN_ADVICE_H

#include "core/advise/query_log.h"
#include "core/decide/column_cut.h"

struct fore_column_use {
    uint16_t column;
    double queries; /* that touch it */
    bool apart;     /* split off */
};
struct fore_column_advice {
    struct fore_column_use *column; /* most used first */
    size_t columns;
    size_t atoms;
    bool exact;            /* every split was tried; false: more than FORE_COLUMN_ATOMS atoms */
    bool worth;            /* saves at least a tenth */
    double queries;        /* that name columns */
    double bytes_before;   /* read and written by them, in rows */
    double bytes_after;    /* split, the price of spanning included */
    double spanning_share; /* of them: need both groups */
    double row_bytes, apart_bytes;
};

/* Fills in the widths of all columns of the log that are not told. */
void fore_column_widths(struct fore_query_log *log, struct fore_arena *scratch);
/* From the queries [from, to). The columns live in `arena`. */
struct fore_column_advice fore_column_advise(const struct fore_query_log *log, uint16_t table,
                                             size_t from, size_t to, struct fore_arena *arena,
                                             struct fore_arena *scratch);

#endif
