/*
 * hotkeys.h - the hottest keys of the cluster, in fixed memory.
 *
 * Space-Saving (Metwally, Agrawal, El Abbadi 2005) with k counters over weighted keys: every key
 * with more than 1/k of the weight is kept, and a count is too high by at most `error`, itself
 * at most total/k. Counts decay by half every `half_life`, so it follows the present.
 */
#ifndef FORE_HOTKEYS_H
#define FORE_HOTKEYS_H

#include "core/base/base.h"

struct fore_hotkey {
    uint64_t position;
    double count; /* upper bound of its decayed weight */
    double error; /* count - error is a lower bound */
};

struct fore_hotkeys;
struct fore_hotkeys *fore_hotkeys_create(uint32_t counters, fore_ns half_life);
void fore_hotkeys_destroy(struct fore_hotkeys *hot);
void fore_hotkeys_add(struct fore_hotkeys *hot, fore_ns now, uint64_t position, double weight);
/* The up to `n` heaviest, heaviest first; returns how many. */
size_t fore_hotkeys_top(const struct fore_hotkeys *hot, struct fore_hotkey *out, size_t n);
double fore_hotkeys_total(const struct fore_hotkeys *hot); /* decayed weight seen */
size_t fore_hotkeys_bytes(const struct fore_hotkeys *hot); /* memory held, fixed at create */

#endif
