/*
 * placement.h - from keys to positions, and from partitions to their first owners.
 *
 * RANGE keeps key order (position = key). SLOT puts a key into one of 16384 slots (position = slot
 * in the top 14 bits, hash below). RING hashes keys (position = hash) and gives each partition the
 * owner that a consistent-hash ring with virtual nodes names for it (Karger et al. 1997), loads
 * bounded at (1+epsilon) times the weighted mean (Mirrokni, Thorup, Zadimoghaddam 2018).
 */
#ifndef FORE_PLACEMENT_H
#define FORE_PLACEMENT_H

#include "core/cluster/topology.h"

enum fore_placement { FORE_PLACE_RANGE, FORE_PLACE_SLOT, FORE_PLACE_RING };
enum { FORE_SLOT_COUNT = 16384, FORE_SLOT_SHIFT = 50 };

uint64_t fore_placement_position(enum fore_placement placement, uint64_t key);

struct fore_ring {
    struct fore_ring_point {
        uint64_t at;
        uint16_t node;
    } * point; /* ascending by `at` */
    uint32_t point_count;
    uint32_t node_count;
    const double *weight; /* borrowed, by node; NULL: all 1 */
};

/* `points_per_node` virtual nodes for weight 1, in proportion for others. The points of a node do
 * not depend on the other nodes, so adding one moves only what it takes. */
void fore_ring_init(struct fore_ring *ring, struct fore_arena *arena, uint32_t node_count,
                    const double *weight, uint32_t points_per_node, uint64_t seed);
/* First point clockwise of the position. */
uint16_t fore_ring_find(const struct fore_ring *ring, uint64_t position);
/*
 * Owners for `count` items at `position[]` with `load[]` (NULL: 1 each): walk clockwise past nodes
 * that are full, where full is (1+epsilon) * total load * weight share, rounded up to one item.
 * Items are taken in index order; with epsilon = INFINITY this is fore_ring_find.
 */
void fore_ring_assign(const struct fore_ring *ring, struct fore_arena *scratch,
                      const uint64_t *position, const double *load, size_t count, double epsilon,
                      uint16_t *owner);

/*
 * The same when nodes come, go or change weight: as few of the `count` items as possible change
 * their owner (FORE_NODE_NONE: none yet). Every node ends with floor(share / c) to ceil(c * share)
 * items, share = count * its weight's part, c >= 1; of the items that must move each takes the walk
 * of fore_ring_assign, and items whose walk leads to a node that lacks some go there first.
 * `pinned` (NULL: none) names owners that hold whatever the ring says: overrides for hot ranges.
 * Returns how many moved.
 */
size_t fore_ring_rebalance(const struct fore_ring *ring, struct fore_arena *scratch,
                           const uint64_t *position, const uint16_t *pinned, size_t count, double c,
                           uint16_t *owner);

/* Longest processing time first: items in descending load to the least loaded node per weight. */
void fore_placement_balance(struct fore_arena *scratch, const double *load, size_t count,
                            const double *weight, uint32_t node_count, uint16_t *owner);

#endif
