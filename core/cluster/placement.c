/*
 * placement.c - key to position, and the balanced first assignment of items to nodes.
 *
 * The balance is Graham's LPT rule (1969): heaviest item first, each to the node that will be least
 * loaded with it. With equal weights its makespan is within 4/3 - 1/(3n) of the best. The ring's
 * part of placement.h lives in ring.c.
 */
#include "core/cluster/placement.h"

#include "core/base/hash.h"

#include <stdlib.h>

/* Salts are part of what a seed means: changing them moves every simulated key. */
#define SALT_SLOT UINT64_C(0x736c6f74)
#define SALT_RING UINT64_C(0x72696e67)

uint64_t fore_placement_position(enum fore_placement placement, uint64_t key)
{
    switch (placement) {
    case FORE_PLACE_RANGE: return key;
    /* A simulated key is a number without a text to take Redis's CRC-16 of, and any even hash
     * fills slots alike; live drivers know the text and use fore_hash_slot. */
    case FORE_PLACE_SLOT: return fore_hash_u64(key, SALT_SLOT);
    case FORE_PLACE_RING: break;
    }
    FORE_ASSERT(placement == FORE_PLACE_RING);
    return fore_hash_u64(key, SALT_RING);
}

struct item {
    double load;
    size_t index;
};

/* Descending load; index breaks ties, so the order is the same with every qsort. */
static int item_order(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->load != b->load) return a->load > b->load ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

struct bin {
    double load;
    size_t count;
};

/* Weighted load with the item, then fewest items (loads may all be zero), then lowest index. */
static uint16_t lightest(const struct bin *bin, const double *weight, uint32_t node_count,
                         double item_load)
{
    uint16_t best = FORE_NODE_NONE;
    double best_load = 0, best_count = 0;
    for (uint32_t n = 0; n < node_count; n++) {
        double share = weight == NULL ? 1.0 : weight[n];
        if (!(share > 0.0)) continue;
        double load = (bin[n].load + item_load) / share;
        double count = (double)bin[n].count / share;
        bool better =
            best == FORE_NODE_NONE || load < best_load || (load == best_load && count < best_count);
        if (!better) continue;
        best = (uint16_t)n;
        best_load = load;
        best_count = count;
    }
    return best;
}

void fore_placement_balance(struct fore_arena *scratch, const double *load, size_t count,
                            const double *weight, uint32_t node_count, uint16_t *owner)
{
    FORE_ASSERT(node_count > 0 && node_count < FORE_NODE_NONE);
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct item *item = FORE_NEW(scratch, struct item, count);
    struct bin *bin = FORE_NEW(scratch, struct bin, node_count);
    for (size_t i = 0; i < count; i++)
        item[i] = (struct item){.load = load[i], .index = i};
    if (count > 1) qsort(item, count, sizeof *item, item_order);
    for (size_t i = 0; i < count; i++) {
        uint16_t node = lightest(bin, weight, node_count, item[i].load);
        FORE_ASSERT(node != FORE_NODE_NONE); /* some weight is positive */
        bin[node].load += item[i].load;
        bin[node].count++;
        owner[item[i].index] = node;
    }
    fore_arena_reset(scratch, mark);
}
