/*
 * grain.h - partitions that usually bring too much of a node are cut, so that a placement for long
 * can be even.
 *
 * What makes a node stray from its mean is its few large parts: of n equal ones that err by
 * themselves, a share sigma each, a node strays by sigma / sqrt(n), and a tide in one of them is a
 * tide of the node. Cut fine and spread, every node has a little of everything, and the tides of
 * districts and tenants even out by themselves: no move is faster than that (many small virtual
 * nodes: Stoica et al., "Chord", SIGCOMM 2001, section 4; small ranges beside a placement by load:
 * Adya et al., "Slicer", OSDI 2016). A cut takes no copy; where the parts go is for the slow loop
 * (policy/slow.h) to say. What is fine enough is a question of what partitions cost
 * (split_cost.h), so the grain is told.
 */
#ifndef FORE_GRAIN_H
#define FORE_GRAIN_H

#include "core/decide/planner.h"

/* Puts cuts in two halves of equal load at the plan's end, the coarsest partitions first, until
 * the plan has `most` moves. Only partitions with one copy that at their busiest bring more than
 * input->grain cores (input->usual). Returns how many there are, those now cut included; 0: all is
 * as fine as it can be. What is only kept from a cut for now (it moves, or rests) counts. */
uint32_t fore_grain_cut(const struct fore_planner_input *input, uint32_t most,
                        struct fore_plan *out);
/* Merged, these two would be too coarse; false where there is no grain. */
bool fore_grain_keeps(const struct fore_planner_input *input, uint32_t one, uint32_t other);

#endif
