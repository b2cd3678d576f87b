/*
 * counters.h - what the module counts per slot, and how it tells: one string of bytes.
 *
 *   "FSH1", then numbers in LEB128 (7 bits a byte, low ones first, the top bit says "more"):
 *   start (a number drawn when the module was loaded), and then a group
 *   for every slot that was ever used, in order: slots since the last one listed (the first: since
 *   -1), reads, writes, bytes.
 *
 * Counters only grow; who reads them takes differences, and starts anew when `start` has changed.
 * `bytes` are those of the commands as they came (RESP), not of the replies. Sixteen thousand slots
 * with a million commands each are 180 kB.
 */
#ifndef LIVE_MODULE_COUNTERS_H
#define LIVE_MODULE_COUNTERS_H

#include "core/base/err.h"
#include "core/cluster/placement.h"

struct live_counter {
    uint64_t reads, writes, bytes, spare; /* 32 bytes: never over two cache lines */
};

struct live_counters {
    uint64_t start;
    struct live_counter slot[FORE_SLOT_COUNT];
};

/* Enough for any counters. */
enum { LIVE_COUNTERS_BYTES = 4 + 10 + FORE_SLOT_COUNT * (3 + 3 * 10) };

size_t live_counters_write(const struct live_counters *counters, char *out);
/* All of *out is set, or, when the bytes are not well formed, FORMAT is returned. */
FORE_MUST_USE enum fore_err live_counters_read(const char *bytes, size_t len,
                                               struct live_counters *out);

#endif
