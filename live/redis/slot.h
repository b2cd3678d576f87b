/*
 * slot.h - one slot handed over from one shard to another while clients use it.
 *
 *   settle:  the target takes the slot in (IMPORTING), then the source gives it away (MIGRATING)
 *   copy:    batches of MIGRATE ... KEYS, source to target; each key is on exactly one of them, and
 *            the source answers for those it has and sends clients on with ASK for the others
 *   own:     SETSLOT NODE on the target, which tells everybody; then, once the source has heard of
 *            it that way, on the source, to lower its flag
 *
 * Whatever happened before, settle() brings the flags of both ends to where copy() can go on, or
 * finds that the target owns the slot already; so a hand-over cut short at any point is finished by
 * doing it again. Three cases, all measured: the mover died (flags stay); the target's primary died
 * (its heir takes no slot in, the source gives to a dead id); the source's primary died (its heir
 * gives nothing away, and the target, still taking in, may have lost the slot's owner, so that its
 * flag has to go before it hears who the owner is). A key that is on both ends after that is the
 * source's: clients have been talking to it.
 */
#ifndef LIVE_SLOT_H
#define LIVE_SLOT_H

#include "live/redis/cluster.h"
#include "live/redis/digest.h"
#include "live/redis/pace.h"

struct live_slot { /* the hand-over */
    struct live_cluster *cluster;
    uint16_t slot;
    uint16_t from, to; /* shards */
};

struct live_slot_options {
    bool verify;          /* digests of every batch before and after it travels */
    bool migrate_only;    /* every key by MIGRATE, see carry.h */
    bool wait_replicas;   /* WAIT for one replica of each end after every call */
    uint32_t wait_ms;     /* so long; 0: 200 */
    uint32_t migrate_ms;  /* timeout of MIGRATE between the nodes; 0: 1000 */
    uint64_t alone_bytes; /* a key this large travels alone, after the small ones; 0: 1 MiB */
};

struct live_slot_size {
    uint64_t keys, bytes, largest;
};

struct live_batch { /* keys of one slot that travelled together: see group.h */
    uint32_t keys;
    uint64_t bytes; /* as MEMORY USAGE sees them */
    double stall_ms;
    /* With verify: `out` is what left, `in` those of it that were the same at the target, and
     * `strange` the others: written or gone in between, by clients if all is well. */
    struct live_digest out, in, strange;
    uint32_t unchecked; /* keys too large for the digest's script */
};

/* Counts and weighs the keys that a node holds of slots one behind the other (MEMORY USAGE of
 * each), in one pipeline; out[count]. */
enum { LIVE_WEIGH_MAX = 16 };
FORE_MUST_USE enum fore_err live_slot_weigh(struct live_link *link, uint16_t first, uint32_t count,
                                            struct live_slot_size *out);
/* AGAIN: the nodes have not heard of one another's changes; CONFLICT: a third one owns it. */
FORE_MUST_USE enum fore_err live_slot_settle(const struct live_slot *slot, bool *owned,
                                             struct fore_diag *diag);
/* The first half of it, for a slot that the source owns: the target hears who that is, and takes it
 * in. */
FORE_MUST_USE enum fore_err live_slot_take_in(const struct live_slot *slot, struct fore_diag *diag);
/* Does the source own it, and the target show no sign of taking it in? By the last picture. */
bool live_slot_is_closed(const struct live_slot *slot);
/* Does the source own it and not give it away, while the target takes it in from another? Then the
 * source is an heir, and may answer nil for what has travelled. By the last picture. */
bool live_slot_is_hidden(const struct live_slot *slot);
/* For a slot that nobody claims: it becomes the target's if it had `passed` to it, else the
 * source's. AGAIN: it is claimed by now, or open and on its way: to be settled. */
FORE_MUST_USE enum fore_err live_slot_claim(const struct live_slot *slot, bool passed,
                                            struct fore_diag *diag);
/* AGAIN: the target has not heard of the source's epoch, or the source holds keys of it (again). */
FORE_MUST_USE enum fore_err live_slot_own(const struct live_slot *slot, struct fore_diag *diag);
/* Removes some of the keys that a node holds of a slot which it takes in; adds how many. */
FORE_MUST_USE enum fore_err live_slot_unlink(struct live_link *link, uint16_t slot,
                                             uint64_t *orphans);
/* Removes what `shard` holds of a slot that another shard owns. CONFLICT: its owner does not say so
 * itself, or says it is `shard`'s. */
FORE_MUST_USE enum fore_err live_slot_sweep(struct live_cluster *cluster, uint16_t slot,
                                            uint16_t shard, uint64_t *orphans);
/* A short name that hashes to the slot: "{n}". Not for several threads at once. */
enum { LIVE_TAG_MAX = 16 };
void live_slot_tag(uint16_t slot, char out[LIVE_TAG_MAX]);

#endif
