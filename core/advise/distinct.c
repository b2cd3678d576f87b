/* distinct.c - both counters run from the start; the exact one is believed while it has room. */
#include "core/advise/distinct.h"

#include <math.h>

enum { CELLS = 2 * FORE_DISTINCT_EXACT, REGISTERS = 1 << FORE_DISTINCT_BITS };

struct fore_distinct fore_distinct_make(struct fore_arena *arena)
{
    return (struct fore_distinct){.exact = FORE_NEW(arena, uint64_t, CELLS),
                                  .rank = FORE_NEW(arena, uint8_t, REGISTERS)};
}

static bool add_exact(struct fore_distinct *distinct, uint64_t hash)
{
    if (distinct->count > FORE_DISTINCT_EXACT) return false;
    if (hash == 0) hash = 1;
    size_t at = hash % CELLS;
    for (; distinct->exact[at] != 0; at = (at + 1) % CELLS)
        if (distinct->exact[at] == hash) return false;
    if (++distinct->count > FORE_DISTINCT_EXACT) return true; /* one too many: no longer exact */
    distinct->exact[at] = hash;
    return true;
}

bool fore_distinct_add(struct fore_distinct *distinct, uint64_t hash)
{
    uint64_t rest = hash << FORE_DISTINCT_BITS | UINT64_C(1) << (FORE_DISTINCT_BITS - 1);
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *cell = &distinct->rank[hash >> (64 - FORE_DISTINCT_BITS)];
    if (rank > *cell) *cell = rank;
    return add_exact(distinct, hash);
}

bool fore_distinct_is_exact(const struct fore_distinct *distinct)
{
    return distinct->count <= FORE_DISTINCT_EXACT;
}

double fore_distinct_count(const struct fore_distinct *distinct)
{
    if (fore_distinct_is_exact(distinct)) return distinct->count;
    double sum = 0, m = REGISTERS;
    uint32_t empty = 0;
    for (int i = 0; i < REGISTERS; i++) {
        sum += ldexp(1, -(int)distinct->rank[i]);
        empty += distinct->rank[i] == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    if (estimate < 2.5 * m && empty > 0) return m * log(m / empty); /* linear counting */
    return estimate;
}
