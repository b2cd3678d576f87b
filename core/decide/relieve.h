/*
 * relieve.h - the kinds of change that may relieve a node, a file each; relieve.c asks them all
 * for everything that could leave it. Internal to decide/.
 */
#ifndef FORE_RELIEVE_H
#define FORE_RELIEVE_H

#include "core/decide/price.h"

struct fore_leaving { /* a partition that could leave the source */
    uint32_t partition;
    double share;      /* of its load that the source sheds */
    double duration_s; /* of its copy, to a node as fast as the source */
    double saved_s;    /* off the source's cost */
    double price_s;
    double load; /* cores it brings, weighted mean over the horizon */
};

/* To another node; cut in two, and one part moved; against a partner (candidate.c). */
void fore_candidate_move(const struct fore_search *search, uint16_t source,
                         const struct fore_leaving *leaving, struct fore_candidate *best);
void fore_candidate_split(const struct fore_search *search, uint16_t source,
                          const struct fore_leaving *leaving, struct fore_candidate *best);
void fore_candidate_swaps(const struct fore_search *search, uint16_t source,
                          const struct fore_leaving *leaving, struct fore_candidate *best);
/* Of cold neighbours on the source, one fewer to keep up (tidy.c). */
void fore_candidate_merge(const struct fore_search *search, uint16_t source,
                          struct fore_candidate *best);
/* Neighbours that may be merged, cold and under the same rules, wherever they are: `left` and
 * *right. *peak: the cores they ask for together, at most. */
bool fore_candidate_neighbours(const struct fore_search *search, uint32_t left, uint32_t *right,
                               double *peak);
bool fore_candidate_may_merge(const struct fore_search *search);
bool fore_candidate_short_of_room(const struct fore_search *search);
/* With so much more to do, would the node still be calm over the whole horizon? */
bool fore_candidate_roomy(const struct fore_search *search, uint16_t node, double more_cores);
/* A cold partition that leaves the source to be merged with a neighbour elsewhere (join.c). */
void fore_candidate_join(const struct fore_search *search, uint16_t source,
                         struct fore_candidate *best);
/* A part cut off that is then read from several nodes (hybrid.c). */
void fore_candidate_hybrid(const struct fore_search *search, uint16_t source,
                           const struct fore_leaving *leaving, struct fore_candidate *best);
/* What a planned one does to the nodes it touches, node by node; how many changes (at most
 * FORE_CANDIDATE_CHANGES). */
uint32_t fore_candidate_hybrid_changes(const struct fore_search *search,
                                       const struct fore_plan_move *m,
                                       struct fore_load_change *out);
/* Where the partition would be cut in two; false: not now, or not in any way that helps. */
bool fore_candidate_cut(const struct fore_search *search, uint16_t source,
                        const struct fore_leaving *leaving, struct fore_keyrange_cut *out);
/* The nodes that would get copies of it, or of that share of its data, best first; how many. */
uint32_t fore_candidate_copy_targets(const struct fore_search *search, uint32_t partition,
                                     double share, uint16_t out[FORE_REPLICAS_MAX]);
/* How many copies it may have more than it has; 0: it is written too much, or has enough. */
uint32_t fore_candidate_copies_room(const struct fore_search *search, uint32_t partition);
/* Why its columns are not split off, in words; NULL: they may be, by *out (column_move.c). */
const char *fore_candidate_columns_refusal(const struct fore_search *search, uint32_t partition,
                                           struct fore_vertical *out, char *text, size_t size);
/* Less to read, here or on another node (column_move.c). */
void fore_candidate_split_columns(const struct fore_search *search, uint16_t source,
                                  const struct fore_leaving *leaving, struct fore_candidate *best);
/* The range that inserts will come to, on another node (candidate_ahead.c). */
void fore_candidate_ahead(const struct fore_search *search, uint16_t source,
                          struct fore_candidate *best);
/* More copies to read from (replica.c). */
void fore_candidate_replicate(const struct fore_search *search, uint16_t source,
                              const struct fore_leaving *leaving, struct fore_candidate *best);

#endif
