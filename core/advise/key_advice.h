/*
 * key_advice.h - which columns could be a table's sharding key, and what can be said of them
 * without simulating anything.
 *
 * Candidates are the columns that queries bind by value, alone or up to three together where enough
 * queries bind them together, each by hash and by range, and a copy of the table on every node.
 * What is measured (facts) prunes the hopeless, always with a reason; the rest is for a simulation
 * to judge.
 */
#ifndef FORE_KEY_ADVICE_H
#define FORE_KEY_ADVICE_H

#include "core/advise/key_route.h"

struct fore_key_facts {
    uint64_t queries; /* that touch the table */
    uint64_t bound;   /* of them: that give every key column a value */
    double distinct;  /* values seen */
    bool distinct_exact;
    double top_share;    /* of the bound queries, those of the most frequent value */
    double monotone;     /* Spearman's rank correlation of the first column's value with time over
                            inserts, else over all; NaN: nothing to measure */
    double insert_share; /* of the queries */
    double write_share;
};

enum { FORE_KEY_REASON_BYTES = 120, FORE_KEY_CANDIDATES = 48 };
struct fore_key_candidate {
    struct fore_key key;
    struct fore_key_facts facts;
    bool pruned;
    char reason[FORE_KEY_REASON_BYTES]; /* why it was pruned */
};

struct fore_key_request {
    const struct fore_query_log *log;
    uint16_t table;
    size_t from, to; /* the queries looked at */
    uint32_t nodes;
};
/* Candidates with their facts, those bound by most queries first; returns how many (at most
 * FORE_KEY_CANDIDATES). At least one is left unpruned where there is any. */
size_t fore_key_candidates(const struct fore_key_request *request, struct fore_key_candidate *out,
                           struct fore_arena *scratch);
struct fore_key_facts fore_key_measure(const struct fore_key_request *request,
                                       const struct fore_key *key, struct fore_arena *scratch);

#endif
