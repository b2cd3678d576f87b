/*
 * calibrate.h - what a real cluster costs, in the simulator's terms.
 *
 * Everything is measured from outside, by clients and by the cluster's own counters, with keys of
 * our own ("foreshard:calibrate:"), which are removed again, and by moving slots that hold no key
 * of anybody else's, forth and back, with the mover that real moves use (its journal, its lease).
 *
 * The loads are of our own choosing: uniform keys, nine reads to a write, one size of value. What
 * the simulator's node is, and how its numbers are fitted to what clients and servers' CPU clocks
 * said at these loads, is in calibrate_fit.h. What commands and bytes cost is measured one by one.
 *
 * What is not measured is the cost of a split (cluster.partition_overhead and split_pause;
 * core/cluster/driver.h: struct fore_split_cost). Elsewhere a partition is a replica with timers
 * and heartbeats of its own, and a cut stops what it cuts. Here it is a run of slots in the
 * daemon's book: a server knows 16,384 slots, as many with one partition as with a thousand, and
 * no command is sent for a split or a merge (tests/live/live_split.c). What a cut-over costs is
 * the mover's, is paid by moves, and is measured as theirs: `start_ms`, `slot_ms`, the stalls. So
 * the file says 0 of both, as figures that are known, and the driver tells the engine none.
 */
#ifndef LIVE_CALIBRATE_H
#define LIVE_CALIBRATE_H

#include "core/base/buf.h"
#include "live/calibrate/calibrate_fit.h"
#include "live/redis/cluster.h"
#include "live/redis/mover.h"

enum { LIVE_CALIBRATE_SIZES = 3, LIVE_CALIBRATE_BATCHES = 5 };

struct live_calibrate_options {
    const struct live_address *seed;
    size_t seed_count;
    struct live_access access;
    const char *journal, *holder; /* the mover's */
    struct live_mover_options mover;
    bool realtime;                              /* of the thread that sends: live/replay.h */
    double seconds;                             /* of each probe of a load, all rounds; 0: 15 */
    uint32_t bytes;                             /* of a value; 0: 100 */
    uint64_t keys;                              /* probes use so many; 0: 20000 */
    uint32_t slots, keys_per_slot;              /* of a move; 0: 64 and 2000 */
    void (*told)(void *self, const char *what); /* progress, for people; may be NULL */
    void *self;
};

struct live_calibrate_cost { /* server CPU per command, all its work included */
    uint32_t bytes;
    double read_us, write_us, scan_us;
};

struct live_calibrate_batch { /* MIGRATE of so many keys at once */
    uint32_t keys;
    double keys_per_sec, stall_mean_ms, stall_max_ms;
};

struct live_calibration {
    uint32_t nodes;       /* shards with slots */
    double round_trip_us; /* PING, median, one at a time */
    double capacity;      /* requests per second, all nodes, at the settings below */
    struct live_calibrate_cost cost[LIVE_CALIBRATE_SIZES]; /* [0] is of `bytes` */
    struct live_fit_probe probe[LIVE_FIT_PROBES];
    struct live_fit fit;
    double kib_service_us, kib_way_us; /* of a KiB of value: on the server, and beside it */
    double late_us; /* the sender behind its own schedule: p99, at the load where that was worst */
    double unrest;  /* largest p99 over the least among a load's rounds: what else went on */
    double write_cost, scan_cost; /* over a read's */
    bool moved;                   /* the rest is known */
    char why_not[160];
    struct live_calibrate_batch batch[LIVE_CALIBRATE_BATCHES];
    double start_ms;           /* of a move, before its first slot */
    double slot_ms;            /* of a slot without keys: flags, journal, ownership */
    double move_bytes_per_sec; /* of what is in the slots, beside slot_ms */
    double move_cpu;           /* cores' share that a move took, mean of both ends */
    uint64_t move_bytes;
};

FORE_MUST_USE enum fore_err live_calibrate(const struct live_calibrate_options *options,
                                           struct live_calibration *out, struct fore_diag *diag);
/* Moves, costs and stalls; part of the above. */
FORE_MUST_USE enum fore_err live_calibrate_moves(const struct live_calibrate_options *options,
                                                 struct live_cluster *cluster,
                                                 struct live_calibration *out,
                                                 struct fore_diag *diag);
/* CPU time of a server since its start, microseconds; 0 when it does not answer. */
double live_calibrate_cpu_us(struct live_link *link);
/* As a file that a scenario can include: sections "cluster" and "sim", the rest as comments. */
void live_calibrate_print(const struct live_calibration *calibration,
                          const struct live_calibrate_options *options, struct fore_buf *out);

#endif
