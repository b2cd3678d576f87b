/*
 * vertical.h - should a partition's columns lie in two places? From the sets of columns that its
 * queries touch (observe/columns.h) and the columns' widths.
 *
 * With b = decide.byte_cost, a query pays 1 - b for a visit to a part and b times the share of a
 * row's bytes that the part holds. So of a whole row's work the parts do base + apart; below 1 the
 * split pays, above it queries that span both parts eat up what the others save.
 *
 * There are two groups of columns, not more: a pair of base and sibling is what the topology, the
 * drivers and the digests of rows know. One of a pair is not split by column again.
 */
#ifndef FORE_VERTICAL_H
#define FORE_VERTICAL_H

#include "core/cluster/topology.h"
#include "core/decide/column_cut.h"
#include "core/observe/observe.h"

struct fore_vertical {
    bool known;        /* enough queries were seen; else the rest is unset */
    uint64_t columns;  /* of the sibling: the narrower group. 0: no cut is better than whole rows */
    double data_share; /* of the bytes that are the sibling's */
    double base, apart; /* work of the parts, over that of whole rows */
    double bytes;       /* read, over those of whole rows */
    double spanning;    /* share of queries that need both */
};

/*
 * The share of a read's work that goes with bytes, found in the reads of parts of different width:
 * the slope of work a read over its value at whole rows, weighted by reads. It is remembered, for
 * with whole rows only there is nothing to see.
 */
struct fore_vertical_cost { /* {0}: nothing found yet */
    double share;           /* found */
    double weight;          /* how much it counts: variances of width, over whole rows', added up */
};
void fore_vertical_cost_learn(struct fore_vertical_cost *cost, const struct fore_observe *observe,
                              const struct fore_topology *topology);
/* What was told counts for less the more was found. */
double fore_vertical_cost_share(const struct fore_vertical_cost *cost, double told);
/* The best cut, for the present mix of a partition's queries. `byte_cost` in 0..1. */
struct fore_vertical fore_vertical_best(const struct fore_columns *seen, uint32_t partition,
                                        const struct fore_table *table, double byte_cost);
/* What this cut does for the present mix. */
struct fore_vertical fore_vertical_of(const struct fore_columns *seen, uint32_t partition,
                                      const struct fore_table *table, double byte_cost,
                                      uint64_t columns);
/* For people: "{0 2-5}", columns by their place in the table; cut short where `size` is. */
void fore_vertical_columns_text(uint64_t columns, char *out, size_t size);

#endif
