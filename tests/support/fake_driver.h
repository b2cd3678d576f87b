/*
 * fake_driver.h - a cluster in memory behind the driver door, for tests of everything above it.
 *
 * Each node holds real keys with values; a partition's content on a node is whatever keys the node
 * holds in the partition's range. So digests compare contents, a copy can be half done, an orphan
 * is a key on a node that has no business with it, and a split or merge moves nothing. The eight
 * bytes of a value are the columns of its row. Time passes
 * only in fake_advance. All capabilities, unless the options take some away.
 */
#ifndef TEST_FAKE_DRIVER_H
#define TEST_FAKE_DRIVER_H

#include "core/cluster/driver.h"
#include "tests/support/fake_store.h"

struct fake_options { /* 0 takes the default */
    uint64_t seed;
    uint32_t node_count;         /* 4 */
    uint32_t nodes_standby;      /* 0: else elastic: the last so many are not in use */
    uint32_t partition_count;    /* 8, of one table with positions 0 .. 2^20 * count - 1 */
    uint32_t partition_cap;      /* twice the count */
    uint32_t replica_count;      /* 1; partition p starts on nodes p, p+1, ... modulo the nodes */
    uint32_t keys_per_partition; /* 16 */
    uint64_t key_bytes;          /* 64 KiB */
    double bandwidth_bytes;      /* of a move, per second: 1 MiB/s */
    fore_ns window_ns;           /* 1 s */
    uint32_t caps_removed;       /* enum fore_driver_caps */
};

struct fake {
    struct fore_driver_ops ops;
    struct fake_options options;
    struct fore_arena arena;
    struct fore_topology topology; /* what is true; tests may look, and set `up` */
    struct fore_topology trial;    /* a copy that judges moves */
    struct fake_store *store;      /* [node_count] */
    struct fake_store *apart;      /* [node_count]: rows of siblings, see fake_columns.h */
    struct fake_store truth;       /* every write acknowledged so far */
    struct fore_content *written;  /* [partition_cap]: only `written` and `rows_written` are used */
    struct fake_move *move;        /* [move_count], ticket - 1 is the index */
    uint32_t move_count, move_cap;
    uint32_t forgotten; /* tickets up to here are from before a restart */
    fore_ns now;
    /* The next sample's contents: tests write what the cluster shall look like from now on. The
     * fake fills in size_bytes, `up` and the totals of requests. */
    struct fore_partition_sample *partition_sample; /* [partition_cap] */
    struct fore_node_sample *node_sample;           /* [node_count] */
    const struct fore_key_sample *key_sample;       /* borrowed */
    uint32_t key_sample_count;
    uint64_t latency_p50_ns, latency_p99_ns;
    fore_ns window_end; /* of the last window that ended */
    bool window_unread;
};

struct fake *fake_create(const struct fake_options *options); /* NULL: all defaults */
void fake_destroy(struct fake *fake);
/* Closing the driver is fake_destroy too: do one of them. */
struct fore_driver fake_driver(struct fake *fake);
struct fake *fake_of(struct fore_driver driver);

/* Lets time pass: moves copy, catch up and become READY; windows end. Down nodes stall moves. */
void fake_advance(struct fake *fake, fore_ns ns);
/* A client's write: every replica has it at once, and a target that is READY follows. */
void fake_write(struct fake *fake, uint64_t position, uint64_t value);
/* True while a move fills `node` with the partition. */
bool fake_receives(const struct fake *fake, uint32_t partition, uint16_t node);
/* The move ends FAILED: source still owns, nothing on the target. Before the cut-over only. */
void fake_fail(struct fake *fake, fore_ticket ticket);
/* The cluster's own book-keeper starts again: unfinished copies are dropped, no ticket is known. */
void fake_restart(struct fake *fake);
/* Changes one value that `node` holds of a partition, so that its digest differs. */
void fake_corrupt(struct fake *fake, uint32_t partition, uint16_t node);
enum fake_damage {
    FAKE_FLIP,
    FAKE_LOSE,
    FAKE_DUPLICATE,
    FAKE_MISPLACE,
    FAKE_STRAY,
    FAKE_DAMAGES, /* of those above, which sums can see */
    FAKE_BLIND = FAKE_DAMAGES
};
/* Harms the `pick`-th row that `node` holds of a partition; false: it holds none. MISPLACE takes it
 * to a node that has no business with it, STRAY puts a second one there, BLIND takes it out of the
 * index that reads go through. `*position` is the row's. */
bool fake_damage(struct fake *fake, enum fake_damage damage, uint32_t partition, uint16_t node,
                 uint32_t pick, uint64_t *position);
/* Is every acknowledged write on every replica of its partition, once, and nowhere else, copies
 * under way left out? */
bool fake_is_sound(const struct fake *fake);
/* Keys that lie on a node which neither hosts nor receives their partition. */
uint64_t fake_orphan_count(const struct fake *fake);

#endif
