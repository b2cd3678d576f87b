/*
 * moves.h - data on its way between nodes: tickets, their phases, and what each replica holds.
 *
 * A copy runs at the slower end's bandwidth, shared evenly by the moves at that end, below the
 * ticket's own cap. Writes to the partition meanwhile make dirty bytes, caught up after the copy;
 * once none are left the target follows the source. Copying costs work on both ends: move_cpu of a
 * node's capacity at full bandwidth, in proportion below.
 *
 * Progress is made a window at a time: sim_moves_advance() carries every ticket through a window
 * exactly (phases may change inside it) and says which node works for moves from when to when. The
 * window's own writes are taken to be as many as in the one before. Both fidelities use this.
 *
 * Splits are not free (cluster.partition_overhead, split_pause, partition_bytes_min; off by
 * default). Every replica takes a share of its node all the time, asked for or not: heartbeats,
 * timers, bookkeeping. A CockroachDB node with 50,000 idle replicas that do not quiesce used 60 %
 * of 8 cores (github.com/cockroachdb/cockroach issue 94592; 54 % and 32 % for two intervals of
 * ticks in pull request 98584), a hundred microseconds of a core a second for each: 0.0025 % of a
 * node of 4 cores. Asleep they cost a fifth of that (issue 122528). A cut that takes hold stops
 * what it cuts for a moment, as does a merge: "usually within 1 second" (github.com/tikv/tikv issue
 * 6387; "a second or so" is expected in issue 14355). TiKV merges what is below 20 MiB (by default,
 * up to 8.3), so parts smaller than that make no sense to it. HBase's advice of a hundred regions a
 * server is about memory, 2 MiB each at least, which is not modelled.
 *
 * A vertical split sends the columns it names, at most a node's bandwidth to itself; a merge brings
 * them back.
 *
 * What a replica holds is a digest of (identity of the partition's content, writes applied). A
 * target's equals its source's only when everything arrived. Where the cluster sums up content, a
 * replica's sum is its partition's base plus what was written, and a copy under way holds the part
 * of both that has arrived.
 */
#ifndef SIM_MOVES_H
#define SIM_MOVES_H

#include "core/cluster/driver.h"

struct sim_cluster;

struct sim_ticket {
    struct fore_move move;
    enum fore_move_phase phase;
    uint16_t from; /* node the data comes from; FORE_NODE_NONE: metadata only */
    uint16_t to;
    uint32_t subject; /* partition whose data travels */
    uint32_t partition_new;
    double copy_left, dirty, done, total; /* bytes */
    fore_ns ready_at;                     /* ADD_NODE: it is QUEUED, booting, until then */
    fore_ns flows_at;                     /* nothing travels before: cluster.move_start */
};

struct sim_move_work { /* `cores` of nominal work per second at `node` from begin to end */
    uint16_t node;
    bool upkeep; /* of what the node holds, not of a move */
    fore_ns begin, end;
    double cores;
};

struct sim_moves {
    struct sim_cluster *cluster; /* borrowed: topology, bandwidth */
    struct sim_ticket *ticket;   /* index = number - 1 */
    size_t ticket_count, ticket_cap;
    size_t *active; /* tickets that are not over, oldest first */
    size_t active_count, active_cap;
    uint64_t *identity; /* [partition_cap]: what the content descends from */
    struct fore_content
        *held;          /* [partition_cap]: sum and rows are the base, less what is written */
    uint64_t *writes;   /* [partition_cap]: applied at the owner */
    uint64_t *orphans;  /* [partition_cap]: writes that reached a node which no longer holds it */
    double *dirty_rate; /* [partition_cap]: bytes written per second in the last window */
    fore_ns *paused_until;      /* [partition_cap]: no request is served before; 0: never paused */
    fore_ns pause_end;          /* the latest of them */
    uint32_t *node_load;        /* [node_count]: transfers at that end, scratch of advance */
    struct sim_move_work *work; /* of the window advanced last */
    size_t work_count, work_cap;
    double bytes_moved; /* so far */
    fore_ns now;        /* end of the window advanced last */
};

void sim_moves_init(struct sim_moves *moves, struct sim_cluster *cluster, uint64_t seed,
                    struct fore_arena *perm);
void sim_moves_fini(struct sim_moves *moves);
void sim_moves_advance(struct sim_moves *moves, fore_ns begin, fore_ns end);
/* Nodes that boot: paid for, and not yet in use. */
uint32_t sim_moves_booting(const struct sim_moves *moves);
/* The window's writes by partition: they change digests and dirty what is being copied. */
void sim_moves_wrote(struct sim_moves *moves, uint32_t partition, uint64_t writes, double bytes,
                     double window_s);

/* The driver's operations; see core/cluster/driver.h for what they promise. */
FORE_MUST_USE enum fore_err sim_moves_begin(struct sim_moves *moves, const struct fore_move *move,
                                            fore_ticket *out);
FORE_MUST_USE enum fore_err sim_moves_poll(struct sim_moves *moves, fore_ticket number,
                                           struct fore_move_status *out);
FORE_MUST_USE enum fore_err sim_moves_throttle(struct sim_moves *moves, fore_ticket number,
                                               double bytes_per_sec_max);
FORE_MUST_USE enum fore_err sim_moves_cancel(struct sim_moves *moves, fore_ticket number);
FORE_MUST_USE enum fore_err sim_moves_digest(struct sim_moves *moves, uint32_t partition,
                                             uint16_t node, uint64_t *out);
FORE_MUST_USE enum fore_err sim_moves_content(const struct sim_moves *moves, uint32_t partition,
                                              uint16_t node, struct fore_content *out);
FORE_MUST_USE enum fore_err sim_moves_tickets(const struct sim_moves *moves,
                                              struct fore_driver_ticket *out, uint32_t cap,
                                              uint32_t *count);
FORE_MUST_USE enum fore_err sim_moves_compare(struct sim_moves *moves, fore_ticket number,
                                              uint64_t *rows, uint64_t *copy);
FORE_MUST_USE enum fore_err sim_moves_cutover(struct sim_moves *moves, fore_ticket number);
FORE_MUST_USE enum fore_err sim_moves_sweep(struct sim_moves *moves, fore_ticket number,
                                            uint64_t *orphans);

#endif
