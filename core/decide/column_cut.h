/*
 * column_cut.h - where to cut a table in two groups of columns. One search for advice from a query
 * log (column_advice.h) and for splits while a cluster runs (vertical.h).
 *
 * A query reads whole rows of every group it touches, each with the row's key, and pays for a
 * second visit. Columns used by exactly the same queries are one atom; all 2^(atoms-1) cuts are
 * tried, so the answer is the optimum of this model up to `atoms_max` atoms (beyond, the last ones
 * are one).
 */
#ifndef FORE_COLUMN_CUT_H
#define FORE_COLUMN_CUT_H

#include "core/base/base.h"

enum { FORE_COLUMN_ATOMS = 20, FORE_COLUMN_COLUMNS = 64, FORE_COLUMN_PATTERNS = 128 };

struct fore_column_pattern {
    uint64_t columns; /* bit set: touched together */
    double queries;   /* that touch exactly these */
};

struct fore_column_uses {
    const double *width; /* [columns], bytes */
    size_t columns;      /* at most FORE_COLUMN_COLUMNS */
    const struct fore_column_pattern *pattern;
    size_t patterns;
    double key_bytes;   /* of a row, in every group */
    double visit_bytes; /* what a second visit costs, as bytes read */
};

struct fore_column_cut {
    uint64_t apart; /* bit set; never the first column's group. 0: no cut is better than none */
    double before, after; /* bytes that all queries read, the price of spanning included */
    double spanning;      /* queries that need both groups */
    size_t atoms;
    bool exact; /* no atoms were put together */
};

struct fore_column_cut fore_column_cut_best(const struct fore_column_uses *uses, size_t atoms_max);

#endif
