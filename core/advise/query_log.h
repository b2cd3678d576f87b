/*
 * query_log.h - a query log in memory, as much of it as a choice of sharding keys needs: when,
 * which tables, which columns with which values, which columns joined, how many bytes.
 *
 * A value is kept as two words: a hash, which decides where it lies when keys are hashed, and an
 * order word, which ascends with the value (numbers by size, text by its first eight bytes), for
 * ranges. A query is a run of terms; terms of one column with different `row` belong together with
 * the terms of the same row (a row of an INSERT, an item of an IN list).
 *
 * Sans I/O: readers in workloads/ fill it, core/decide and experiments/ read it.
 */
#ifndef FORE_QUERY_LOG_H
#define FORE_QUERY_LOG_H

#include "core/base/arena.h"
#include "core/cluster/sample.h"

enum { FORE_QUERY_TABLES_MAX = 1024, FORE_QUERY_COLUMNS_MAX = 16384, FORE_QUERY_TERMS_MAX = 512 };

enum fore_term_role {
    FORE_TERM_TABLE,  /* the query touches table number `column` */
    FORE_TERM_EQUAL,  /* column = value */
    FORE_TERM_LEAST,  /* column >= value */
    FORE_TERM_MOST,   /* column <= value */
    FORE_TERM_READ,   /* column is in the result, or compared with something unknown */
    FORE_TERM_SET,    /* column is assigned to */
    FORE_TERM_INSERT, /* value of a new row */
    FORE_TERM_JOIN,   /* column = column `other` */
};

struct fore_query_term {
    uint64_t hash, order; /* of the value: EQUAL, LEAST, MOST, INSERT */
    uint16_t column, other;
    uint8_t role; /* enum fore_term_role */
    uint8_t row;
};

struct fore_query {
    fore_ns t;      /* since the first query; never decreases */
    size_t term;    /* first of its terms */
    uint32_t bytes; /* 0: not recorded */
    uint16_t terms; /* how many */
    uint8_t op;     /* enum fore_query_type */
    bool adds;      /* it inserts rows */
};

enum fore_width_source { FORE_WIDTH_ASSUMED, FORE_WIDTH_VALUES, FORE_WIDTH_SIZES, FORE_WIDTH_TOLD };

struct fore_query_column {
    const char *name;
    uint16_t table;
    double width; /* bytes; by column_width.h, or told */
    uint8_t width_source;
    uint64_t values, value_bytes; /* seen, and their length as text */
};

struct fore_query_table {
    const char *name; /* "orders", "billing.orders" */
    uint64_t queries, writes, inserts;
};

struct fore_query_log { /* {0}: empty */
    struct fore_query *query;
    struct fore_query_term *term;
    struct fore_query_column *column;
    struct fore_query_table *table;
    size_t query_count, query_room, term_count, term_room;
    uint32_t column_count, column_room, table_count, table_room;
    struct fore_arena names;
    bool has_bytes; /* at least one query says how many */
};

void fore_query_log_fini(struct fore_query_log *log);
/* The number of a table or column, a new one when it is not known; UINT16_MAX: too many. */
uint16_t fore_query_log_table(struct fore_query_log *log, const char *name);
uint16_t fore_query_log_column(struct fore_query_log *log, uint16_t table, const char *name);
/* The same, but UINT16_MAX when there is none. */
uint16_t fore_query_log_find_table(const struct fore_query_log *log, const char *name);
uint16_t fore_query_log_find_column(const struct fore_query_log *log, uint16_t table,
                                    const char *name);

/* A value's two words, into a term. */
void fore_query_log_value(struct fore_query_term *term, const char *text, size_t len);
/* Adds a query: its terms are copied, TABLE terms for tables they mention are added, counts are
 * kept. Terms beyond FORE_QUERY_TERMS_MAX are dropped. Times that go back are held. */
void fore_query_log_add(struct fore_query_log *log, struct fore_query query,
                        const struct fore_query_term *term, size_t terms);
/* Index of the first query at or after t. */
size_t fore_query_log_at(const struct fore_query_log *log, fore_ns t);
/* The end of the log: one past its last query's time. */
fore_ns fore_query_log_span(const struct fore_query_log *log);

#endif
