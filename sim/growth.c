/* growth.c - see growth.h. */
#include "sim/growth.h"

void sim_growth_init(struct sim_growth *growth, double insert_bytes, uint32_t partition_cap,
                     struct fore_arena *arena)
{
    *growth = (struct sim_growth){.insert_bytes = insert_bytes};
    if (!(insert_bytes > 0)) return;
    growth->top = FORE_NEW(arena, uint64_t, partition_cap);
    growth->inserted = FORE_NEW(arena, uint32_t, partition_cap);
}

void sim_growth_close(const struct sim_growth *growth, struct fore_topology *topology)
{
    for (uint32_t p = 0; growth->top != NULL && p < topology->partition_count; p++) {
        topology->partition[p].bytes +=
            (uint64_t)((double)growth->inserted[p] * growth->insert_bytes);
        growth->inserted[p] = 0;
    }
}

double sim_growth_share(const struct sim_growth *growth, const struct fore_topology *topology,
                        uint32_t partition, uint64_t at, double otherwise)
{
    if (growth->top == NULL) return otherwise;
    const struct fore_partition *part = &topology->partition[partition];
    uint64_t top = growth->top[partition] > 0 ? growth->top[partition] : part->last;
    if (at > top || at <= part->first) return at > top ? 0 : 1;
    return (double)(top - at) / (double)(top - part->first);
}

void sim_growth_split(const struct sim_growth *growth, uint32_t left, uint32_t right, uint64_t at)
{
    if (growth->top == NULL) return;
    bool passed = growth->top[left] >= at;
    growth->top[right] = passed ? growth->top[left] : growth->top[left] > 0 ? at - 1 : 0;
    growth->inserted[right] = 0;
    if (passed) growth->top[left] = at - 1;
}

void sim_growth_merge(const struct sim_growth *growth, uint32_t left, uint32_t right)
{
    if (growth->top == NULL) return;
    if (growth->top[right] > growth->top[left]) growth->top[left] = growth->top[right];
    growth->inserted[left] += growth->inserted[right];
    growth->top[right] = 0;
    growth->inserted[right] = 0;
}
