/*
 * columns.h - which columns the queries of each partition touch together, in fixed memory.
 *
 * Misra and Gries' summary (1982) over sets of columns, weighted and decayed: FORE_COLUMNS_SETS
 * counters a partition; when a set comes that has none, the least of all, and of its own weight, is
 * taken off everybody and goes to `rest`. So the counts and the rest add up to all weight seen, a
 * count is never too high, and too low by at most the total / (FORE_COLUMNS_SETS + 1). Everything
 * halves every `half_life`.
 */
#ifndef FORE_COLUMNS_H
#define FORE_COLUMNS_H

#include "core/base/base.h"

enum { FORE_COLUMNS_SETS = 16 };

struct fore_column_set {
    uint64_t columns; /* bit set */
    double weight;    /* decayed number of queries that touch exactly these */
};

struct fore_columns;
struct fore_columns *fore_columns_create(uint32_t partition_cap, fore_ns half_life);
void fore_columns_destroy(struct fore_columns *columns);
/* `weight` queries touch the set; 0, not known which, counts as rest. */
void fore_columns_add(struct fore_columns *columns, fore_ns now, uint32_t partition, uint64_t set,
                      double weight);
/* The sets with a counter, heaviest first; returns how many. `rest` is the weight of all others. */
size_t fore_columns_read(const struct fore_columns *columns, uint32_t partition,
                         struct fore_column_set out[FORE_COLUMNS_SETS], double *rest);
/* Calls of fore_columns_add that this rests on, decayed as the weights are. */
double fore_columns_samples(const struct fore_columns *columns, uint32_t partition);
/* Counts and rest. */
double fore_columns_total(const struct fore_columns *columns, uint32_t partition);
void fore_columns_forget(struct fore_columns *columns, uint32_t partition);
/* Of a split by key: both parts see the same mix. */
void fore_columns_split(struct fore_columns *columns, uint32_t left, uint32_t right,
                        double right_share);
/* Of a merge by key: left's becomes the sum. */
void fore_columns_merge(struct fore_columns *columns, uint32_t left, uint32_t right);
size_t fore_columns_bytes(const struct fore_columns *columns); /* memory held, fixed at create */

#endif
