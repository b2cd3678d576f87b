/*
 * ring_rebalance.c - the ring's owners after a change of nodes, with as few moves as there can be.
 *
 * What must move: items on nodes that may hold less now (excess E), and as many as nodes lack
 * (deficit D). No assignment inside the bounds moves fewer than max(E, D) items that are not
 * pinned; this one moves exactly so many. Which ones, the ring decides (Mirrokni, Thorup,
 * Zadimoghaddam 2018: clockwise past nodes that are full).
 */
#include "core/cluster/placement.h"

#include <math.h>

struct balance {
    const struct fore_ring *ring;
    const uint64_t *position;
    const uint16_t *pinned;
    uint16_t *owner;
    size_t count, moved;
    size_t *held, *least, *most; /* by node */
};

static bool is_pinned(const struct balance *b, size_t i)
{
    return b->pinned != NULL && b->pinned[i] != FORE_NODE_NONE;
}

/* Whole numbers of items that together always admit all of them. Sums of shares are inexact in the
 * last bits, so the rounding forgives as much. */
static void set_bounds(struct balance *b, double c)
{
    double sum = 0;
    for (uint32_t n = 0; n < b->ring->node_count; n++)
        sum += b->ring->weight == NULL ? 1.0 : fmax(b->ring->weight[n], 0);
    for (uint32_t n = 0; n < b->ring->node_count; n++) {
        double weight = b->ring->weight == NULL ? 1.0 : fmax(b->ring->weight[n], 0);
        double share = (double)b->count * weight / sum;
        b->most[n] = (size_t)ceil(c * share - 1e-9);
        b->least[n] = (size_t)floor(share / c + 1e-9);
    }
}

static void give(struct balance *b, size_t i, uint16_t node)
{
    if (b->owner[i] != FORE_NODE_NONE) b->held[b->owner[i]]--;
    b->held[node]++;
    b->moved += b->owner[i] != node;
    b->owner[i] = node;
}

static uint32_t first_point(const struct fore_ring *ring, uint64_t position)
{
    uint32_t low = 0, high = ring->point_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ring->point[middle].at < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low == ring->point_count ? 0 : low;
}

/* Clockwise to the first node with fewer than its limit; FORE_NODE_NONE when there is none. */
static uint16_t walk(const struct balance *b, size_t i, const size_t *limit)
{
    const struct fore_ring *ring = b->ring;
    uint32_t at = first_point(ring, b->position[i]);
    for (uint32_t step = 0; step < ring->point_count; step++) {
        uint16_t node = ring->point[at].node;
        if (b->held[node] < limit[node]) return node;
        at = at + 1 == ring->point_count ? 0 : at + 1;
    }
    return FORE_NODE_NONE;
}

static void pin(struct balance *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (is_pinned(b, i))
            give(b, i, b->pinned[i]);
        else if (b->owner[i] != FORE_NODE_NONE && b->most[b->owner[i]] == 0) {
            b->held[b->owner[i]]--; /* its node has gone; counted when it gets another */
            b->owner[i] = FORE_NODE_NONE;
        }
    }
}

/* An item without a node, or on one that holds too many: to a node that lacks some, else to one
 * with room. */
static void place(struct balance *b, size_t i)
{
    uint16_t node = walk(b, i, b->least);
    if (node == FORE_NODE_NONE) node = walk(b, i, b->most);
    if (node == FORE_NODE_NONE) node = b->ring->point[first_point(b->ring, b->position[i])].node;
    give(b, i, node); /* all are full only when pins crowd them */
}

/* Those that the ring would put elsewhere leave an overfull node first. */
static void shed(struct balance *b)
{
    for (int strangers = 1; strangers >= 0; strangers--)
        for (size_t i = 0; i < b->count; i++) {
            uint16_t at = b->owner[i];
            if (is_pinned(b, i)) continue;
            bool stays = at != FORE_NODE_NONE &&
                         (b->held[at] <= b->most[at] ||
                          (strangers == 1 && fore_ring_find(b->ring, b->position[i]) == at));
            if (!stays) place(b, i);
        }
}

/* What is still lacking comes from nodes that can spare it, the ring's own choices first. */
static void fill(struct balance *b)
{
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < b->count; i++) {
            uint16_t at = b->owner[i];
            if (is_pinned(b, i) || b->held[at] <= b->least[at]) continue;
            uint16_t home = fore_ring_find(b->ring, b->position[i]);
            if (own == 1 && b->held[home] >= b->least[home]) continue;
            uint16_t node = own == 1 ? home : walk(b, i, b->least);
            if (node != FORE_NODE_NONE) give(b, i, node);
        }
}

/* `owner` is written through the struct. */
size_t fore_ring_rebalance(const struct fore_ring *ring, struct fore_arena *scratch,
                           const uint64_t *position, const uint16_t *pinned, size_t count, double c,
                           uint16_t *owner) /* NOLINT(readability-non-const-parameter) */
{
    FORE_ASSERT(c >= 1.0);
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct balance b = {.ring = ring,
                        .position = position,
                        .pinned = pinned,
                        .owner = owner,
                        .count = count,
                        .held = FORE_NEW(scratch, size_t, ring->node_count),
                        .least = FORE_NEW(scratch, size_t, ring->node_count),
                        .most = FORE_NEW(scratch, size_t, ring->node_count)};
    for (size_t i = 0; i < count; i++) {
        if (owner[i] == FORE_NODE_NONE) continue;
        FORE_ASSERT(owner[i] < ring->node_count);
        b.held[owner[i]]++;
    }
    set_bounds(&b, c);
    pin(&b);
    shed(&b);
    fill(&b);
    fore_arena_reset(scratch, mark);
    return b.moved;
}
