/*
 * topology_index.c - keeps the sorted entries and the guide over them; see topology_index.h.
 *
 * A change moves O(n) entries and rebuilds the guide: some microseconds for a thousand partitions,
 * paid once per split or merge, so that the lookup, paid per request, has nothing to check.
 */
#include "core/cluster/topology_index.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_PER_ENTRY = 4, BUCKETS_MIN = 64, BUCKETS_MAX = 1 << 16 };

static uint32_t bucket_cap_for(uint32_t entry_cap)
{
    uint32_t cap = BUCKETS_MIN;
    while (cap < BUCKETS_MAX && cap / BUCKETS_PER_ENTRY < entry_cap)
        cap *= 2;
    return cap;
}

struct fore_topology_index *fore_topology_index_create(struct fore_arena *arena, uint32_t cap)
{
    struct fore_topology_index *index = FORE_NEW(arena, struct fore_topology_index, 1);
    index->entry_cap = cap;
    index->entry = FORE_NEW(arena, struct fore_topology_entry, cap);
    index->bucket_cap = bucket_cap_for(cap);
    index->guide = FORE_NEW(arena, uint32_t, index->bucket_cap + 1);
    return index;
}

void fore_topology_index_clear(struct fore_topology_index *index)
{
    index->entry_count = index->group0_count = index->bucket_count = 0;
}

void fore_topology_index_push(struct fore_topology_index *index, struct fore_topology_entry entry)
{
    FORE_ASSERT(index->entry_count < index->entry_cap);
    index->entry[index->entry_count++] = entry;
}

/* The partition index breaks ties, so that bad input sorts the same way everywhere. */
static int entry_order(const void *left, const void *right)
{
    const struct fore_topology_entry *a = left, *b = right;
    if (a->column_group != b->column_group) return a->column_group < b->column_group ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return (a->partition > b->partition) - (a->partition < b->partition);
}

void fore_topology_index_sort(struct fore_topology_index *index)
{
    if (index->entry_count > 1)
        qsort(index->entry, index->entry_count, sizeof index->entry[0], entry_order);
}

static uint32_t count_group0(const struct fore_topology_index *index)
{
    uint32_t low = 0, high = index->entry_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->entry[middle].column_group == 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void build_guide(struct fore_topology_index *index)
{
    uint64_t span = index->entry[index->group0_count - 1].last - index->base;
    index->bucket_shift = 0;
    while ((span >> index->bucket_shift) >= index->bucket_cap)
        index->bucket_shift++;
    index->bucket_count = (uint32_t)(span >> index->bucket_shift) + 1;
    uint32_t at = 0;
    for (uint32_t b = 0; b < index->bucket_count; b++) {
        uint64_t start = index->base + ((uint64_t)b << index->bucket_shift);
        while (at + 1 < index->group0_count && index->entry[at + 1].first <= start)
            at++;
        index->guide[b] = at;
    }
    index->guide[index->bucket_count] = index->group0_count - 1;
}

void fore_topology_index_build(struct fore_topology_index *index)
{
    index->group0_count = count_group0(index);
    index->bucket_count = 0;
    if (index->group0_count == 0) return;
    index->base = index->entry[0].first;
    build_guide(index);
}

void fore_topology_index_copy(struct fore_topology_index *out,
                              const struct fore_topology_index *from)
{
    FORE_ASSERT(out->entry_cap == from->entry_cap);
    struct fore_topology_entry *entry = out->entry;
    uint32_t *guide = out->guide;
    memcpy(entry, from->entry, from->entry_count * sizeof entry[0]);
    if (from->bucket_count > 0)
        memcpy(guide, from->guide, (from->bucket_count + (size_t)1) * sizeof guide[0]);
    *out = *from;
    out->entry = entry;
    out->guide = guide;
}

/* True when `entry` starts behind (column_group, position). */
static bool starts_after(const struct fore_topology_entry *entry, uint64_t position,
                         uint16_t column_group)
{
    if (entry->column_group != column_group) return entry->column_group > column_group;
    return entry->first > position;
}

uint32_t fore_topology_index_search(const struct fore_topology_index *index, uint64_t position,
                                    uint16_t column_group)
{
    uint32_t low = 0, high = index->entry_count; /* low: entries that start at or before */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (starts_after(&index->entry[middle], position, column_group))
            high = middle;
        else
            low = middle + 1;
    }
    if (low == 0) return index->entry_count;
    const struct fore_topology_entry *entry = &index->entry[low - 1];
    bool holds = entry->column_group == column_group && position <= entry->last;
    return holds ? low - 1 : index->entry_count;
}

void fore_topology_index_split(struct fore_topology_index *index, uint32_t at, uint64_t position,
                               uint32_t partition)
{
    FORE_ASSERT(at < index->entry_count);
    FORE_ASSERT(index->entry_count < index->entry_cap);
    struct fore_topology_entry *left = &index->entry[at];
    FORE_ASSERT(left->first < position && position <= left->last);
    memmove(left + 2, left + 1, (index->entry_count - at - 1) * sizeof *left);
    left[1] = (struct fore_topology_entry){.first = position,
                                           .last = left->last,
                                           .partition = partition,
                                           .column_group = left->column_group};
    left->last = position - 1;
    index->entry_count++;
    if (left->column_group == 0) fore_topology_index_build(index);
}

void fore_topology_index_merge(struct fore_topology_index *index, uint32_t at)
{
    FORE_ASSERT(index->entry_count >= 2 && at < index->entry_count - 1);
    struct fore_topology_entry *left = &index->entry[at];
    FORE_ASSERT(left[1].column_group == left->column_group);
    FORE_ASSERT(left[1].first == left->last + 1);
    left->last = left[1].last;
    memmove(left + 1, left + 2, (index->entry_count - at - 2) * sizeof *left);
    index->entry_count--;
    if (left->column_group == 0) fore_topology_index_build(index);
}
