/*
 * size_split.h - partitions that will hold more than they may (decide.size_max) are cut in two in
 * time, also when no load is in trouble; and nothing is merged that would.
 *
 * Such a split is no matter of gain: a store that lets a partition outgrow its ceiling stalls its
 * writes, or cannot move it any more (CockroachDB holds writes back at twice range_max_bytes,
 * MongoDB marks the chunk jumbo). It takes no copy, both parts stay where they are, so it is made
 * as soon as it is likely enough to be needed (decide.size_risk), the most urgent one first, and
 * the planner may then move the parts for their load.
 *
 * Where: in the middle of its keys, not of its load. Keys are taken to lie evenly over the range in
 * which any were seen; where they do not, the fuller part is cut again. Where inserts come in the
 * order of the key (observe/frontier.h), a cut in the middle would leave two halves of which one
 * never grows again; there it lies ahead of the inserts, where the partition will be nearly full,
 * and they fill it up to there.
 */
#ifndef FORE_SIZE_SPLIT_H
#define FORE_SIZE_SPLIT_H

#include "core/decide/candidate.h"

/* Puts such splits at the plan's end, at most `most` of them; how many. `why`: of the first one. */
uint32_t fore_size_split(struct fore_search *search, uint32_t most, struct fore_plan *out,
                         char *why, size_t why_size);
/* Why it cannot be; NULL: it can. */
const char *fore_size_split_refusal(const struct fore_planner_input *input, uint32_t partition);
/* Together they would stay below half of the ceiling, whatever their growth leads to: what is
 * merged is not cut again soon. True where there is no ceiling. */
bool fore_size_split_fits(const struct fore_planner_input *input, uint32_t one, uint32_t other);

#endif
