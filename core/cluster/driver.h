/*
 * driver.h - the one door between the engine and a cluster.
 *
 * The simulator, Redis Cluster and PostgreSQL each implement these operations; the engine cannot
 * tell them apart. Every call returns at once: work that takes time is begun and then polled, so
 * the engine's own step stays a plain function of (state, samples, now). tests/contract/ holds the
 * suite that every driver passes.
 *
 * A ticket's life:  begin -> QUEUED -> COPYING -> CATCHING_UP -> READY -> cutover -> SWEEPING
 *                   -> sweep -> DONE;  cancel before cutover -> CANCELLED;  FAILED at any point
 *                   before cutover leaves the source the owner and nothing on the target.
 * READY means: the target holds every acknowledged write and follows; digests may be compared.
 * A vertical split copies the columns it names to a sibling (topology_columns.h), on another node
 * or on the same; its sweep drops them from the base's rows. A vertical merge copies them back.
 * Split, merge, drop-replica and remove-node move no data: they are READY at the first poll. A
 * split's new partition index is in the status from the cutover on. An added node is READY once it
 * has booted, and in use from the cutover on; a node is removed when it holds nothing any more.
 *
 * A ticket outlives its caller: an engine that starts again polls the tickets it had. A driver that
 * was itself started again answers RANGE for those it no longer knows, has dropped their unfinished
 * copies, and never gives a number out twice.
 */
#ifndef FORE_DRIVER_H
#define FORE_DRIVER_H

#include "core/base/err.h"
#include "core/cluster/sample.h"
#include "core/cluster/topology.h"

typedef uint64_t fore_ticket; /* names one move for the driver's lifetime; 0 is none */

enum fore_driver_caps {
    FORE_CAP_MOVE = 1u << 0,     /* move a partition's replica between nodes */
    FORE_CAP_SPLIT = 1u << 1,    /* split and merge by key range */
    FORE_CAP_REPLICA = 1u << 2,  /* add and drop replicas */
    FORE_CAP_THROTTLE = 1u << 3, /* cap a running move's bytes per second */
    FORE_CAP_CANCEL = 1u << 4,   /* abandon a move; the source keeps ownership */
    FORE_CAP_DIGEST = 1u << 5,   /* content digest of a partition on a node, for verify */
    FORE_CAP_KEYS = 1u << 6,     /* samples carry keys, not only counters */
    FORE_CAP_NODES = 1u << 7,    /* take standby nodes into use, and empty ones out of it */
    FORE_CAP_CONTENT = 1u << 8,  /* sums of what any node holds of a partition, and of its writes */
    FORE_CAP_PROBE = 1u << 9,    /* one key, read on one node */
    FORE_CAP_VERTICAL = 1u << 10, /* split and merge by column; samples of keys name columns */
    FORE_CAP_TICKETS = 1u << 11,  /* what is under way can be listed */
};

#define FORE_MOVE_KIND_MAP(X)           \
    X(MOVE, "move")                     \
    X(SPLIT, "split")                   \
    X(MERGE, "merge")                   \
    X(ADD_REPLICA, "replicate")         \
    X(DROP_REPLICA, "drop-replica")     \
    X(ADD_NODE, "add-node")             \
    X(REMOVE_NODE, "remove-node")       \
    X(VERTICAL_SPLIT, "vertical-split") \
    X(VERTICAL_MERGE, "vertical-merge")

enum fore_move_kind {
#define X(name, text) FORE_MOVE_##name,
    FORE_MOVE_KIND_MAP(X)
#undef X
        FORE_MOVE_KINDS
};
const char *fore_move_kind_text(enum fore_move_kind kind);
/* About a node and not about a partition: its `partition` is FORE_PARTITION_NONE. */
static inline bool fore_move_of_node(enum fore_move_kind kind)
{
    return kind == FORE_MOVE_ADD_NODE || kind == FORE_MOVE_REMOVE_NODE;
}

static inline bool fore_move_of_columns(enum fore_move_kind kind)
{
    return kind == FORE_MOVE_VERTICAL_SPLIT || kind == FORE_MOVE_VERTICAL_MERGE;
}
/* Joins two partitions: `other` is the one that goes. */
static inline bool fore_move_joins(enum fore_move_kind kind)
{
    return kind == FORE_MOVE_MERGE || kind == FORE_MOVE_VERTICAL_MERGE;
}

struct fore_move {
    enum fore_move_kind kind;
    uint32_t partition;       /* MERGE: the left one; ADD_NODE, REMOVE_NODE: none */
    uint32_t other;           /* MERGE: the right one; VERTICAL_MERGE: the sibling */
    uint16_t source;          /* MOVE, DROP_REPLICA: the node that loses it; REMOVE_NODE: it */
    uint16_t target;          /* MOVE, ADD_REPLICA: the node that gains it; ADD_NODE: it */
    uint64_t split_at;        /* SPLIT: first position of the right part */
    double split_right_share; /* SPLIT: the right part's expected share of data, 0..1 */
    double bytes_per_sec_max; /* 0: no cap beyond the nodes' bandwidth */
    /* VERTICAL_SPLIT: from the base's node to the sibling's, which may be the same;
     * VERTICAL_MERGE: from the sibling's node to the base's. */
    uint64_t columns; /* VERTICAL_SPLIT: bit set of those that go; split_right_share: of the data */
    float load_base, load_apart; /* VERTICAL_*: expected load of the parts / of whole rows */
};

#define FORE_MOVE_PHASE_MAP(X)    \
    X(QUEUED, "queued")           \
    X(COPYING, "copying")         \
    X(CATCHING_UP, "catching-up") \
    X(READY, "ready")             \
    X(SWEEPING, "sweeping")       \
    X(DONE, "done")               \
    X(CANCELLED, "cancelled")     \
    X(FAILED, "failed")

enum fore_move_phase {
#define X(name, text) FORE_PHASE_##name,
    FORE_MOVE_PHASE_MAP(X)
#undef X
        FORE_MOVE_PHASES
};
const char *fore_move_phase_text(enum fore_move_phase phase);

struct fore_move_status {
    enum fore_move_phase phase;
    uint64_t bytes_done;
    uint64_t bytes_total;   /* 0: not known yet */
    uint32_t partition_new; /* (VERTICAL_)SPLIT after cutover; else FORE_PARTITION_NONE */
};

struct fore_driver_ticket { /* a row of the list of what is under way */
    fore_ticket ticket;
    struct fore_move move; /* as it was begun */
};

/*
 * What a node holds of a partition's range, as sums that writes can be added to: `sum` is over the
 * hashes of (key, value) of every row found there, `written` over the hashes that acknowledged
 * writes put in minus those they replaced, kept where writes are acknowledged, not by looking at
 * the rows. So for every replica, between any two readings, sum - written stands still; a split
 * divides it between its parts, a merge adds it up (with VERTICAL a row's hash is a sum over its
 * columns, so this holds for vertical splits too; both parts count every row) (AdHash: Bellare and
 * Micciancio, 1997). All arithmetic is modulo 2^64. It is not secret-keyed: it finds faults, not
 * forgers.
 */
struct fore_content {
    uint64_t sum, rows;
    uint64_t written, rows_written; /* the same on every node: they belong to the partition */
};

/*
 * What it costs to have a key range in more parts than one, as the cluster tells it: a partition
 * is never free to hold, and cutting one takes a moment. All zero: free, or nothing is known. A
 * figure of the cluster's operator, not a promise; what it comes to is watched
 * (decide/split_cost.h).
 */
struct fore_split_cost {
    double overhead_share;   /* of a node's capacity, for every replica it holds */
    double pause_s;          /* a split's or a merge's requests wait so long */
    uint64_t part_bytes_min; /* a split that leaves less on either side is REFUSED */
};

struct fore_driver_ops {
    const char *name;
    uint32_t caps; /* enum fore_driver_caps, or-ed */

    fore_ns (*now)(void *self);
    /* A view that stays valid and unchanged until the next call on this driver. */
    enum fore_err (*topology)(void *self, const struct fore_topology **out);
    /* The window that ended last; arrays as the topology view. AGAIN: none since the last call. */
    enum fore_err (*sample)(void *self, struct fore_sample *out);
    enum fore_err (*begin)(void *self, const struct fore_move *move, fore_ticket *out);
    enum fore_err (*poll)(void *self, fore_ticket ticket, struct fore_move_status *out);
    enum fore_err (*throttle)(void *self, fore_ticket ticket, double bytes_per_sec_max);
    enum fore_err (*cancel)(void *self, fore_ticket ticket);
    /* Content of a partition as `node` holds it. FORE_E_RANGE: it holds none. */
    enum fore_err (*digest)(void *self, uint32_t partition, uint16_t node, uint64_t *out);
    /* CONTENT. Any node may be asked. FORE_E_RANGE: it holds no row and is no replica. */
    enum fore_err (*content)(void *self, uint32_t partition, uint16_t node,
                             struct fore_content *out);
    /* PROBE. A hash of the value a read of this position returns there; 0: no such row. */
    enum fore_err (*probe)(void *self, uint64_t position, uint32_t partition, uint16_t node,
                           uint64_t *out);
    /* TICKETS. Those that are not DONE, CANCELLED or FAILED, oldest first, up to `cap` of them;
     * *count is how many there are. */
    enum fore_err (*tickets)(void *self, struct fore_driver_ticket *out, uint32_t cap,
                             uint32_t *count);
    /* VERTICAL, READY. Digests of the columns on their way: in the rows they come from, and in the
     * copy. CONFLICT: the ticket is not READY, or of another kind. */
    enum fore_err (*compare)(void *self, fore_ticket ticket, uint64_t *rows, uint64_t *copy);
    /* READY -> SWEEPING (data moved) or DONE (metadata only). Atomic: owner changes here. */
    enum fore_err (*cutover)(void *self, fore_ticket ticket);
    /* SWEEPING -> DONE: remove what the source still holds; idempotent; *orphans = keys found. */
    enum fore_err (*sweep)(void *self, fore_ticket ticket, uint64_t *orphans);
    /* What splits cost here. NULL: nothing is told. */
    void (*split_cost)(void *self, struct fore_split_cost *out);
    void (*close)(void *self);
};

struct fore_driver {
    const struct fore_driver_ops *ops;
    void *self;
};

/*
 * Checked calls: they assert the contract before and after, on every driver alike. Any of them
 * may return UNREACHABLE (try again later); begin may return CONFLICT (topology changed),
 * REFUSED (a cap or constraint of the cluster) or UNSUPPORTED (no capability bit).
 */
fore_ns fore_driver_now(struct fore_driver driver);
FORE_MUST_USE enum fore_err fore_driver_topology(struct fore_driver driver,
                                                 const struct fore_topology **out);
FORE_MUST_USE enum fore_err fore_driver_sample(struct fore_driver driver, struct fore_sample *out);
FORE_MUST_USE enum fore_err fore_driver_begin(struct fore_driver driver,
                                              const struct fore_move *move, fore_ticket *out);
FORE_MUST_USE enum fore_err fore_driver_poll(struct fore_driver driver, fore_ticket ticket,
                                             struct fore_move_status *out);
FORE_MUST_USE enum fore_err fore_driver_throttle(struct fore_driver driver, fore_ticket ticket,
                                                 double bytes_per_sec_max);
FORE_MUST_USE enum fore_err fore_driver_cancel(struct fore_driver driver, fore_ticket ticket);
FORE_MUST_USE enum fore_err fore_driver_digest(struct fore_driver driver, uint32_t partition,
                                               uint16_t node, uint64_t *out);
FORE_MUST_USE enum fore_err fore_driver_content(struct fore_driver driver, uint32_t partition,
                                                uint16_t node, struct fore_content *out);
FORE_MUST_USE enum fore_err fore_driver_probe(struct fore_driver driver, uint64_t position,
                                              uint32_t partition, uint16_t node, uint64_t *out);
FORE_MUST_USE enum fore_err fore_driver_tickets(struct fore_driver driver,
                                                struct fore_driver_ticket *out, uint32_t cap,
                                                uint32_t *count);
FORE_MUST_USE enum fore_err fore_driver_compare(struct fore_driver driver, fore_ticket ticket,
                                                uint64_t *rows, uint64_t *copy);
FORE_MUST_USE enum fore_err fore_driver_cutover(struct fore_driver driver, fore_ticket ticket);
FORE_MUST_USE enum fore_err fore_driver_sweep(struct fore_driver driver, fore_ticket ticket,
                                              uint64_t *orphans);
struct fore_split_cost fore_driver_split_cost(struct fore_driver driver);
void fore_driver_close(struct fore_driver driver);
bool fore_driver_can(struct fore_driver driver, uint32_t caps);
/* What a driver must be able to for such a move; no kind of move: more than any can. */
uint32_t fore_driver_caps_for(enum fore_move_kind kind);

/* A decorator: forwards to `inner`, but the `fail_at`-th call (from 1; 0: never) of the
 * operations that return an error answers `failure` instead, without reaching the cluster. */
struct fore_driver_fault {
    struct fore_driver inner;
    uint64_t calls;
    uint64_t fail_at;
    enum fore_err failure;
    struct fore_driver_ops ops; /* filled in by fore_driver_faulty: the name and caps of `inner` */
};
struct fore_driver fore_driver_faulty(struct fore_driver_fault *fault);

#endif
