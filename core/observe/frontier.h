/*
 * frontier.h - keys that only ever grow: where the next insert goes, and how fast that moves.
 *
 * Of every partition the highest position written is kept. Where writes land above all that came
 * in windows before, one after another, they are inserts in the order of the key (a clock, a
 * sequence): random keys do so less and less often. Order within a window is not known and not
 * needed. Counts are halved every half-life, the speed is the way the head has come over the time
 * that took, both decayed alike. A head that has been silent for much longer than it usually is has
 * stopped, or gone on: counts alone would keep it in a partition that nobody writes to any more. A
 * position above which nothing comes, though there are writes, is forgotten again.
 */
#ifndef FORE_FRONTIER_H
#define FORE_FRONTIER_H

#include "core/base/base.h"

struct fore_insertion {
    uint64_t head;       /* highest position written so far */
    double keys_per_sec; /* how fast it grows */
    double share;        /* of the writes that went above all before */
};

struct fore_frontier;
struct fore_frontier *fore_frontier_create(uint32_t partition_cap, fore_ns half_life);
void fore_frontier_destroy(struct fore_frontier *frontier);
/* A write that was sampled; and the end of the window it was in. */
void fore_frontier_note(struct fore_frontier *frontier, uint32_t partition, uint64_t position);
void fore_frontier_close(struct fore_frontier *frontier, fore_ns end);
/* True: nearly all its writes are inserts in order, seen often enough to say so. */
bool fore_frontier_of(const struct fore_frontier *frontier, uint32_t partition,
                      struct fore_insertion *out);
/* The head stays where it is; the right part, ahead of it, expects it. */
void fore_frontier_split(struct fore_frontier *frontier, uint32_t left, uint32_t right,
                         uint64_t at);
void fore_frontier_merge(struct fore_frontier *frontier, uint32_t left, uint32_t right);
void fore_frontier_forget(struct fore_frontier *frontier, uint32_t partition);
size_t fore_frontier_bytes(const struct fore_frontier *frontier);

#endif
