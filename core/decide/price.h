/* price.h - what the files of candidates share. Internal to decide/. */
#ifndef FORE_PRICE_H
#define FORE_PRICE_H

#include "core/decide/candidate.h"

struct fore_leaving { /* a partition that could leave the source */
    uint32_t partition;
    double share;      /* of its load that the source sheds */
    double duration_s; /* of its copy, to a node as fast as the source */
    double saved_s;    /* off the source's cost */
    double price_s;
    double load; /* cores it brings, weighted mean over the horizon */
};

double fore_price_seconds(fore_ns t);
/* The time that `share` of the partition's data takes between two nodes, what is written to it
 * meanwhile and has to be caught up with included; a month where that is as much as can be copied.
 */
double fore_price_copy_s(const struct fore_search *search, uint32_t partition, uint16_t from,
                         uint16_t to, double share);
/* Violation seconds that moving that much must save. */
double fore_price_move(const struct fore_search *search, uint32_t partition, double share);
/* May `node` get a replica of it, or that share of one, while the one on `from` (NONE: none) goes?
 */
bool fore_price_open(const struct fore_search *search, uint32_t partition, uint16_t from,
                     uint16_t node, double share);
struct fore_load_change fore_price_change(const struct fore_search *search, uint16_t node,
                                          uint32_t partition, double share, double due_s);
/* The same where a whole replica comes or goes with it: `replicas` of them. */
struct fore_load_change fore_price_change_held(const struct fore_search *search, uint16_t node,
                                               uint32_t partition, double share, double due_s,
                                               double replicas);
/* Violation seconds that one more partition must save: a preference, and what the moment of a split
 * costs those who wait. */
double fore_price_split(const struct fore_search *search);
/* What the node's cost rises by under the changes, all of them at it. */
double fore_price_rise(const struct fore_search *search, const struct fore_load_change *change,
                       size_t count);
void fore_price_offer(struct fore_candidate *best, const struct fore_candidate *candidate);
struct fore_plan_move fore_price_plan(const struct fore_search *search, enum fore_move_kind kind,
                                      uint32_t partition, uint16_t source, uint16_t target,
                                      double duration_s);

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
