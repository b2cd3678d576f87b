/*
 * room.h - what nodes can hold: fore_node.data_bytes_max, the memory of a cache or a data disk.
 *
 * A node that runs out of it refuses writes, or throws away what it holds (Redis: OOM, or eviction,
 * past maxmemory), which no placement for the load makes good. So it is no matter of gain: nothing
 * is brought to a node that would then be filled beyond decide.node_fill_max, and a node that is,
 * or will be within the horizon by what its partitions are expected to grow to (forecast/size.h),
 * sheds some first, as if a rule of placement were broken (repair.c).
 *
 * A copy takes its room from when it is planned, and its source is relieved only once it is gone.
 */
#ifndef FORE_ROOM_H
#define FORE_ROOM_H

#include "core/decide/planner.h"

struct fore_search;
struct fore_candidate;

struct fore_room {
    double *left; /* by node: bytes that may come; NULL: no node is limited */
    double *over; /* by node: bytes that must go beside those under way; <= 0: none */
};

/* For the placement and the moves under way of `input`. Memory from `arena`. */
void fore_room_begin(struct fore_room *room, const struct fore_planner_input *input,
                     struct fore_arena *arena);
/* What the partition will hold at the horizon, at least what it holds. */
double fore_room_bytes(const struct fore_planner_input *input, uint32_t partition);
static inline bool fore_room_fits(const struct fore_room *room, uint16_t node, double bytes)
{
    return room->left == NULL || bytes <= room->left[node];
}
/* The candidate is chosen: it takes its room. */
void fore_room_take(struct fore_search *search, const struct fore_candidate *candidate);
/* Of the nodes that must shed something, the move that does least harm for the bytes it takes
 * away (room_relief.c). True: found one. */
bool fore_room_relieve(struct fore_search *search, struct fore_candidate *best);

#endif
