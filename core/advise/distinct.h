/*
 * distinct.h - how many different values there are: exact up to 4,096, then HyperLogLog (Flajolet,
 * Fusy, Gandouet, Meunier 2007) with 4,096 registers, whose standard error is 1.04 / sqrt(4096) =
 * 1.6 %. 36 KiB, whatever comes.
 */
#ifndef FORE_DISTINCT_H
#define FORE_DISTINCT_H

#include "core/base/arena.h"

enum { FORE_DISTINCT_EXACT = 4096, FORE_DISTINCT_BITS = 12 };

struct fore_distinct {
    uint64_t *exact; /* open addressing, twice as many cells as values; 0 marks a free one */
    uint32_t count;  /* of the exact values */
    uint8_t *rank;   /* [1 << FORE_DISTINCT_BITS] */
};

struct fore_distinct fore_distinct_make(struct fore_arena *arena);
/* `hash` must be spread over all 64 bits. True: it was not there before (while exact). */
bool fore_distinct_add(struct fore_distinct *distinct, uint64_t hash);
bool fore_distinct_is_exact(const struct fore_distinct *distinct);
double fore_distinct_count(const struct fore_distinct *distinct);

#endif
