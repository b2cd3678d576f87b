/*
 * ahead.h - inserts in the order of the key: whose turn is next, and when.
 *
 * The load at the head of such inserts does not stay with the partition it is in: when the head
 * passes the partition's end, what is asked of the newest keys goes on to the next one, wherever
 * that is. That is a change of load known in advance, and it needs no copy: keys that do not exist
 * yet have no bytes. Of a partition with copies each copy's node gives away, and gets, what a copy
 * brings: its part of the reads and all of the writes (load.h). So such a partition is not cut at
 * its median, whose left half would get nothing more; the range ahead of the head is cut off, and
 * placed before the head arrives.
 */
#ifndef FORE_AHEAD_H
#define FORE_AHEAD_H

#include "core/base/arena.h"
#include "core/cluster/topology.h"
#include "core/observe/observe.h"
#include "core/risk/load.h"

enum { FORE_AHEAD_STEPS = 3, FORE_AHEAD_MOVES = FORE_AHEAD_STEPS * FORE_REPLICAS_MAX };

struct fore_arrival {
    uint32_t partition; /* the head is in it */
    uint32_t next;      /* and comes here; FORE_PARTITION_NONE: it is the last of its table */
    double at_s;        /* from now */
    double share;       /* of the partition's load that goes on with the head, in the end */
    /* Little goes at once, what is asked of the rows made last; more as rows are made beyond: */
    double later_s[FORE_AHEAD_STEPS]; /* after the head's arrival ... */
    double
        part[FORE_AHEAD_STEPS]; /* ... so much more of the partition's load; adds up to `share` */
    uint64_t head;
    double keys_per_sec;
    double read_share; /* of the partition's load: where both have copies, these share it */
};
struct fore_arrivals {
    struct fore_arrival *item; /* by partition, ascending */
    uint32_t count;
};

/* Heads of partitions that carry at least a third of their load along. What lies less than
 * `follow_s` behind the head counts as going with it. */
struct fore_arrivals fore_ahead_list(const struct fore_observe *observe,
                                     const struct fore_topology *topology, double follow_s,
                                     struct fore_arena *arena);
/* So much goes on with the head that the left part of a cut at the median would be left idle. */
static inline bool fore_ahead_takes_all(const struct fore_arrival *arrival)
{
    return arrival != NULL && arrival->share > 2.0 / 3;
}
/* NULL: nothing of the kind goes on in it. */
const struct fore_arrival *fore_ahead_of(const struct fore_arrivals *arrivals, uint32_t partition);
/* Where some head arrives within `horizon_s` on another node: moves of load that happen by
 * themselves, into out[FORE_AHEAD_MOVES * arrivals->count]. */
size_t fore_ahead_pending(const struct fore_arrivals *arrivals,
                          const struct fore_topology *topology, double offset_s, double horizon_s,
                          struct fore_load_pending *out);

#endif
