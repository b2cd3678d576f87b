/*
 * topology_index.h - from a position to its partition in a few nanoseconds; topology.h keeps it.
 *
 * Entries are sorted by (column group, first), so group 0, which every simulated request asks for,
 * is a prefix. Over that prefix lies a guide: bucket b of equal width holds the last entry that
 * starts at or before the bucket's first position. The answer to a lookup lies between its own
 * bucket's entry and the next bucket's; with several buckets a partition these are mostly the
 * same one, and when keys are crowded into few buckets the rest is a binary search.
 */
#ifndef FORE_TOPOLOGY_INDEX_H
#define FORE_TOPOLOGY_INDEX_H

#include "core/base/arena.h"

struct fore_topology_entry {
    uint64_t first, last; /* positions, both included */
    uint32_t partition;
    uint16_t column_group;
};

struct fore_topology_index {
    struct fore_topology_entry *entry; /* ascending by (column_group, first) */
    uint32_t *guide;                   /* [bucket_cap + 1], the last one a sentinel */
    uint64_t base;                     /* first position of group 0 */
    uint32_t entry_count;              /* 0: not built, every lookup misses */
    uint32_t entry_cap;
    uint32_t group0_count; /* entries of column group 0 */
    uint32_t bucket_count;
    uint32_t bucket_cap;
    uint32_t bucket_shift;
};

/* Empty, with room for `cap` entries. */
struct fore_topology_index *fore_topology_index_create(struct fore_arena *arena, uint32_t cap);
/* Forgets every entry; lookups miss until the next build. */
void fore_topology_index_clear(struct fore_topology_index *index);
/* Appends in any order; sort and build make the index usable. */
void fore_topology_index_push(struct fore_topology_index *index, struct fore_topology_entry entry);
void fore_topology_index_sort(struct fore_topology_index *index);
void fore_topology_index_build(struct fore_topology_index *index);
/* `out` has the same capacity. */
void fore_topology_index_copy(struct fore_topology_index *out,
                              const struct fore_topology_index *from);
/* Number of the entry that holds a position of a column group; entry_count if none does. */
uint32_t fore_topology_index_search(const struct fore_topology_index *index, uint64_t position,
                                    uint16_t column_group);
/* Entry `at` ends before `position`; a new one behind it owns the rest for `partition`. */
void fore_topology_index_split(struct fore_topology_index *index, uint32_t at, uint64_t position,
                               uint32_t partition);
/* Entry `at` takes over what entry at+1 held, which goes. */
void fore_topology_index_merge(struct fore_topology_index *index, uint32_t at);

static inline uint32_t fore_topology_index_find(const struct fore_topology_index *index,
                                                uint64_t position)
{
    uint64_t bucket = (position - index->base) >> index->bucket_shift;
    if (position < index->base || bucket >= index->bucket_count) return UINT32_MAX;
    uint32_t low = index->guide[bucket], high = index->guide[bucket + 1];
    while (low < high) { /* the last entry in low..high that starts at or before the position */
        uint32_t middle = low + (high - low + 1) / 2;
        if (index->entry[middle].first <= position)
            low = middle;
        else
            high = middle - 1;
    }
    const struct fore_topology_entry *entry = &index->entry[low];
    return position <= entry->last ? entry->partition : UINT32_MAX;
}

#endif
