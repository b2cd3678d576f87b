/*
 * key_route.h - under a sharding key, which partitions must a query of the log be sent to?
 *
 * A table lies in FORE_KEY_PARTITIONS partitions: by a hash of all key columns, or in ranges of
 * their values, compared column by column. A column is bound where the query gives it a value, or
 * equates it with a column of another table that is (customers.id = orders.customer_id AND
 * customers.id = 7). By hash all key columns must be bound; a range can use a bound beginning and
 * one comparison after it. A query that binds too little goes to every partition.
 */
#ifndef FORE_KEY_ROUTE_H
#define FORE_KEY_ROUTE_H

#include "core/advise/query_log.h"

enum { FORE_KEY_COLUMNS = 3, FORE_KEY_PARTITIONS = 64 };
enum fore_key_kind {
    FORE_KEY_HASH,
    FORE_KEY_RANGE,
    FORE_KEY_COPY, /* the whole table on every node */
};

struct fore_key {
    uint16_t column[FORE_KEY_COLUMNS];
    uint8_t columns; /* 0: COPY */
    uint8_t kind;    /* enum fore_key_kind */
};
struct fore_key_tuple {
    uint64_t order[FORE_KEY_COLUMNS];
};
struct fore_key_layout { /* of one table */
    struct fore_key key;
    struct fore_key_tuple cut[FORE_KEY_PARTITIONS - 1]; /* RANGE: first value of partition i + 1 */
    uint32_t cuts;
};

/* The partitions as a bit set; all bits when the query does not say enough, or for COPY. */
uint64_t fore_key_route(const struct fore_query_log *log, const struct fore_query *query,
                        const struct fore_key_layout *layout);
/* Every row the query names under all key columns: its hash and its values. Returns how many of
 * `cap`; 0: not all columns are bound. */
struct fore_key_row {
    uint64_t hash;
    struct fore_key_tuple value;
};
size_t fore_key_rows(const struct fore_query_log *log, const struct fore_query *query,
                     const struct fore_key *key, struct fore_key_row *out, size_t cap);
/* Where a query begins in key order, as far as it says: a bound prefix or the low end of a range.
 * False: it says nothing of the first column. */
bool fore_key_beginning(const struct fore_query_log *log, const struct fore_query *query,
                        const struct fore_key *key, struct fore_key_tuple *out);
/* RANGE: cuts that give every partition about the same number of the queries [from, to). */
void fore_key_cut(const struct fore_query_log *log, uint16_t table, size_t from, size_t to,
                  struct fore_key_layout *layout, struct fore_arena *scratch);
bool fore_query_touches(const struct fore_query_log *log, const struct fore_query *query,
                        uint16_t table);

#endif
