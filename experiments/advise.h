/*
 * advise.h - a query log -> for every table its keys, ranked by simulation, and its columns, split
 * or not.
 *
 * Tables are decided one after the other, heaviest first, the others keeping the best key known so
 * far, and once more when queries join tables. The first third of what is known places (cuts,
 * owners), the rest is played; so a key whose hot spot moves is seen to move.
 *
 * Order of the ranking: least time in violation, then p99 of the table's queries, then imbalance,
 * then parts per query, then fewer columns, hash before range. Differences within a tolerance (3 %
 * of the time, 25 % of p99, 15 % of imbalance) count as none and pass the question on.
 */
#ifndef LAB_ADVISE_H
#define LAB_ADVISE_H

#include "core/advise/column_advice.h"
#include "core/advise/key_advice.h"
#include "core/base/err.h"
#include "experiments/advise_judge.h"

struct lab_advise_key { /* a candidate that may have been played */
    struct fore_key_candidate candidate;
    struct lab_advise_verdict verdict; /* of the known part; not when pruned */
    struct lab_advise_verdict later;   /* of the part held back */
    uint32_t rank, rank_later;         /* from 1; 0: not played */
};
enum lab_advise_word {
    LAB_ADVISE_GOOD, /* shard by the best key */
    LAB_ADVISE_COPY, /* replicate the table */
    LAB_ADVISE_FAIR, /* the best there is, and what is wrong with it */
    LAB_ADVISE_NONE, /* no candidate, or none worth having */
};
struct lab_advise_result { /* of one table */
    uint16_t table;
    size_t key_count;
    struct lab_advise_key *key; /* best first, pruned ones last */
    enum lab_advise_word word;
    const char *why; /* FAIR, NONE */
    struct fore_column_advice split;
    uint32_t picked_later_rank; /* of key[0] in the later simulation; 0: nothing was held back */
};
struct lab_advise_options {
    struct lab_advise_cluster cluster; /* nodes, cores, utilization, seed */
    double holdout;   /* share of the log's time kept back for a later simulation */
    const char *only; /* this table; NULL: all */
    void (*progress)(void *self, double done_share); /* may be NULL */
    void *progress_self;
};
struct lab_advise {
    struct lab_advise_cluster cluster;
    struct lab_advise_part known, later;
    struct lab_advise_result *result; /* heaviest table first */
    size_t result_count, played;      /* played: simulations */
};
/* Results live in `arena`. FORE_E_FORMAT: no such table, with the nearest name. */
FORE_MUST_USE enum fore_err lab_advise_run(const struct fore_query_log *log,
                                           const struct lab_advise_options *options,
                                           struct fore_arena *arena, struct lab_advise *out,
                                           struct fore_diag *diag);
/* Ranks by the order above: order[0] is the index of the best. */
void lab_advise_rank(const struct lab_advise_verdict *const *verdict,
                     const struct fore_key *const *key, size_t count, size_t *order);
/* "hash(tenant, id)", "range(at)", "a copy on every node". */
const char *lab_advise_key_name(const struct fore_query_log *log, const struct fore_key *key,
                                struct fore_arena *arena);

#endif
