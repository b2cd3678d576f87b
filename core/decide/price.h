/* price.h - the words every candidate is priced in. Internal to decide/. */
#ifndef FORE_PRICE_H
#define FORE_PRICE_H

#include "core/decide/candidate.h"

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

#endif
