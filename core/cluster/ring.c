/*
 * ring.c - the consistent-hash ring of placement.h.
 *
 * A node's points are hashes of (seed, node, number), so they do not depend on who else is on the
 * ring: a new node takes what its points now precede, about its share, and nothing else moves. A
 * bounded assignment walks on from a full node to the next point; a node is full once its load has
 * reached the limit, so it exceeds the limit by less than one item.
 */
#include "core/cluster/placement.h"

#include "core/base/hash.h"

#include <math.h>
#include <stdlib.h>

static double weight_of(const struct fore_ring *ring, uint32_t node)
{
    return ring->weight == NULL ? 1.0 : ring->weight[node];
}

/* A node with any weight has a point, or it could never own anything. */
static uint32_t points_of(const struct fore_ring *ring, uint32_t node, uint32_t points_per_node)
{
    double weight = weight_of(ring, node);
    if (!(weight > 0.0)) return 0;
    double points = round(weight * (double)points_per_node);
    FORE_ASSERT(points < 1e9);
    return points < 1.0 ? 1 : (uint32_t)points;
}

static int point_order(const void *left, const void *right)
{
    const struct fore_ring_point *a = left, *b = right;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

void fore_ring_init(struct fore_ring *ring, struct fore_arena *arena, uint32_t node_count,
                    const double *weight, uint32_t points_per_node, uint64_t seed)
{
    FORE_ASSERT(node_count < FORE_NODE_NONE);
    *ring = (struct fore_ring){.node_count = node_count, .weight = weight};
    uint64_t total = 0;
    for (uint32_t n = 0; n < node_count; n++)
        total += points_of(ring, n, points_per_node);
    FORE_ASSERT(total > 0 && total < UINT32_MAX);
    ring->point = FORE_NEW(arena, struct fore_ring_point, (size_t)total);
    for (uint32_t n = 0; n < node_count; n++) {
        uint32_t points = points_of(ring, n, points_per_node);
        uint64_t salt = fore_hash_u64(n, seed);
        for (uint32_t i = 0; i < points; i++)
            ring->point[ring->point_count++] =
                (struct fore_ring_point){.at = fore_hash_u64(i, salt), .node = (uint16_t)n};
    }
    qsort(ring->point, ring->point_count, sizeof ring->point[0], point_order);
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
    return low == ring->point_count ? 0 : low; /* behind the last point the ring closes */
}

uint16_t fore_ring_find(const struct fore_ring *ring, uint64_t position)
{
    return ring->point[first_point(ring, position)].node;
}

/* What each node may hold before it is full. Sums of shares are inexact in the last bits; a limit
 * that should be a whole number of items must not admit one more for that. */
static double *limits(const struct fore_ring *ring, struct fore_arena *scratch, double total,
                      double epsilon)
{
    double weight_sum = 0;
    for (uint32_t n = 0; n < ring->node_count; n++)
        weight_sum += weight_of(ring, n);
    double *limit = FORE_NEW(scratch, double, ring->node_count);
    for (uint32_t n = 0; n < ring->node_count; n++)
        limit[n] = (1.0 + epsilon) * (total * weight_of(ring, n) / weight_sum) * (1.0 - 1e-12);
    return limit;
}

/* NOLINTNEXTLINE(readability-function-size): the items are three parallel arrays */
void fore_ring_assign(const struct fore_ring *ring, struct fore_arena *scratch,
                      const uint64_t *position, const double *load, size_t count, double epsilon,
                      uint16_t *owner)
{
    FORE_ASSERT(epsilon >= 0.0);
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += load == NULL ? 1.0 : load[i];
    double *limit = limits(ring, scratch, total, epsilon);
    double *held = FORE_NEW(scratch, double, ring->node_count);
    for (size_t i = 0; i < count; i++) {
        uint32_t start = first_point(ring, position[i]), at = start;
        /* No loads at all make limits of 0, or of NaN under an infinite epsilon: nobody is full. */
        while (total > 0.0 && held[ring->point[at].node] >= limit[ring->point[at].node]) {
            at = at + 1 == ring->point_count ? 0 : at + 1;
            if (at == start) break; /* all full: only by rounding, or an item without load */
        }
        owner[i] = ring->point[at].node;
        held[owner[i]] += load == NULL ? 1.0 : load[i];
    }
    fore_arena_reset(scratch, mark);
}
