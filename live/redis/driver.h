/*
 * driver.h - a Redis Cluster behind the engine's door (core/cluster/driver.h).
 *
 * A node of the engine is a shard, known by its lineage (cluster.h); a partition is a run of slots,
 * position = slot in the top 14 bits (placement.h). Redis replicates whole shards, so a partition
 * has one replica here, and the driver does not offer ADD_REPLICA and DROP_REPLICA.
 *
 * What differs from other drivers, because MIGRATE takes a key away when it gives it: while a
 * partition moves, its slots pass to the target one after the other, and until the cut-over the
 * topology still calls the source the owner. READY means that all have passed; the cut-over makes
 * it official; cancelling brings the slots back, which takes as long as it took (AGAIN when longer
 * than cancel_wait_ms; it goes on by itself). The digests of source and target of a moving
 * partition are of the keys as they left and as they arrived, taken with each batch, so that
 * writes to the target since do not matter.
 *
 * Slots that other hands move, failovers and restarts are followed: a partition whose slots have
 * come to two owners is split where the owner changes. Shards that appear after the start are not
 * seen until the next one.
 *
 * Nothing here runs by itself: live_driver_run() does the work, for as long as it is told to.
 */
#ifndef LIVE_DRIVER_H
#define LIVE_DRIVER_H

#include "core/cluster/driver.h"
#include "live/redis/heat.h"
#include "live/redis/mover.h"
#include "live/redis/speed.h"

enum { LIVE_TICKETS_MAX = 4096 };

struct live_cut { /* a partition of an earlier run: its index, and its slots, both included */
    uint32_t index;
    uint16_t first, last;
};

struct live_driver_options {
    const struct live_address *seed;
    size_t seed_count;
    struct live_access access;
    const char *journal;    /* file name */
    const char *holder;     /* this process, for people */
    uint32_t lease_ms;      /* 0: 10 s */
    uint32_t partitions;    /* about so many at the start, cut where owners change; 0: 256 */
    uint32_t partition_cap; /* 0: twice as many, and 64 */
    /* As an earlier run had it: by index, ascending, every slot in one; NULL: cut anew. Where the
     * owner changes inside one since, it is cut there too. */
    const struct live_cut *cut;
    uint32_t cut_count;
    fore_ns now;             /* the driver's time begins here */
    fore_ns window;          /* of samples; 0: 1 s */
    bool makes_up;           /* its caller makes up for lost time with short windows: see heat.h */
    uint32_t cancel_wait_ms; /* 0: 200 */
    double bandwidth_bytes;  /* of a move, until one was seen; 0: 40 MB/s */
    struct live_mover_options mover;
    struct live_heat_options heat;
};

struct live_ticket;

struct live_driver {
    struct fore_driver_ops ops;
    struct live_driver_options options;
    struct live_cluster cluster;
    struct live_journal *journal;
    struct live_mover mover;
    struct live_heat heat;
    struct fore_arena arena;
    struct fore_topology topology, trial;
    struct live_ticket *ticket; /* [LIVE_TICKETS_MAX]; the n-th of this life is at n modulo that */
    uint64_t ticket_count;
    struct live_speed speed;         /* of moves that are over */
    int16_t lineage[LIVE_NODES_MAX]; /* shard of each instance as the journal has it; -1 */
    uint64_t followed;               /* cluster.changes the topology has taken in */
    fore_ns now, window_end;
    fore_ns counted_at; /* by the clock: when counters were last read */
    bool window_unread;
    uint64_t size_due_ms; /* when keys are counted again */
    struct fore_sample sample;
};

/* Reads the cluster, takes the lease, takes up what an earlier run left unfinished. UNREACHABLE,
 * REFUSED (password; another mover), CONFLICT (slots without owner), IO (journal). */
FORE_MUST_USE enum fore_err live_driver_open(struct live_driver **out,
                                             const struct live_driver_options *options,
                                             struct fore_diag *diag);
struct fore_driver live_driver_door(struct live_driver *driver);
struct live_driver *live_driver_of(struct fore_driver door);
/* Works and waits for so long by the clock; the driver's time goes on by exactly that. */
void live_driver_run(struct live_driver *driver, fore_ns span);
/* Its two halves, for a caller with other things to do in between: work for so long, as often as
 * wanted; then let the driver's time go on. */
void live_driver_work(struct live_driver *driver, fore_ns span);
void live_driver_pass(struct live_driver *driver, fore_ns span);
/* Slots first..last of a partition. */
void live_driver_slots(const struct fore_partition *partition, uint32_t *first, uint32_t *last);

#endif
