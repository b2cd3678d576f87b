/*
 * group.h - several slots handed over together from one shard to another: slot.h's three steps,
 * each for all of them.
 *
 *   settle:  IMPORTING of all in one pipeline on the target, then MIGRATING of all on the source
 *            (not yet of those that carry.h hands over: most of them, where it can)
 *   copy:    slot by slot; while the source sends one batch away it has been asked for the next
 *            one's keys, and the target adds up what came before; one WAIT for all
 *   own:     name, NODE on the target, a few slots at a time, while those behind them are still
 *            copied: for when they are through the source has heard of it, and is told itself
 *
 * What a slot costs beside its keys is round trips, nodes.conf written anew by every node, and the
 * journal's wait for the disk: a group pays them once (measured with 61 keys a slot: a third of the
 * time of slots one by one). The price is that a death in the middle leaves as many slots in work,
 * and that commands on several keys of slots that go by MIGRATE hear TRYAGAIN for as long as the
 * group takes, some 20 ms; so a group's keys are bounded as well (mover.h). Every function works
 * from any state of each of the slots, as slot.h's do.
 */
#ifndef LIVE_GROUP_H
#define LIVE_GROUP_H

#include "live/redis/slot.h"

/* No more than LIVE_GROUP_OPEN_MAX where they do not suit carry.h. */
enum { LIVE_GROUP_MAX = 64, LIVE_GROUP_OPEN_MAX = 16, LIVE_BATCHES_MAX = 32 };

struct live_group_slot {
    uint16_t slot;
    bool owned;   /* it is the target's, and no flag is left */
    bool drained; /* the source has sent all its keys away */
    bool named;   /* the target has been told that it is the owner: live_group_own() is due */
    bool heard;   /* named, and the source says so too */
    bool counted; /* by whoever has the group */
    /* It was weighed a moment ago and has no large key: keys of it are not weighed again, each is
     * taken for the mean of those that are left. */
    bool light;
    uint64_t keys, bytes; /* light: still to come */
    bool whole;           /* to be handed over by carry.h: the source does not give it away yet */
    bool copied;          /* whole: the target may hold copies */
    bool asked;           /* copied: the source was asked to pass it, and did not answer */
    uint32_t tries;       /* whole: in vain, so far */
};

struct live_group {
    struct live_cluster *cluster;
    uint16_t from, to; /* shards */
    uint32_t count;
    bool replace; /* the target holds keys of an earlier try: what the source has counts */
    bool carries; /* slots that suit are handed over whole: carry.h; until something goes wrong */
    uint64_t named_ms; /* the last of them was named then */
    struct live_group_slot slot[LIVE_GROUP_MAX];
};

struct live_group_limits { /* of one call of live_group_copy() */
    uint32_t slots;        /* no further slot after so many */
    uint32_t batch_keys;   /* of a batch */
    uint32_t keys;         /* no further batch when so many have travelled */
    uint32_t ms;           /* nor after so long */
    uint64_t bytes;        /* of all; but one key may travel at least */
    double rest;           /* pause after a batch, as a multiple of its stall */
};

struct live_group_copied {
    struct live_batch batch[LIVE_BATCHES_MAX];
    uint32_t count;
    bool unreplicated; /* WAIT ran out: the ends' replicas lag */
};

struct live_slot live_group_at(const struct live_group *group, uint32_t i);
/* Sets `owned` of all. The first error is told, after the others have been tried: see
 * live_slot_settle. A slot that is not owned afterwards is not drained either. */
FORE_MUST_USE enum fore_err live_group_settle(struct live_group *group, struct fore_diag *diag);
/* Batches from the slots that are not drained, and marks those that are. With an error `out` tells
 * those that were through before it. */
FORE_MUST_USE enum fore_err live_group_copy(struct live_group *group,
                                            const struct live_slot_options *options,
                                            const struct live_group_limits *limits,
                                            struct live_group_copied *out, struct fore_diag *diag);
/* The next few to be named: drained, neither named nor owned. */
void live_group_next(const struct live_group *group, bool which[LIVE_GROUP_MAX]);
/* Makes the target the owner of these, with one message to every node where its version is known to
 * allow that. Else each is a message of its own, and many at once hold all nodes up (measured: a
 * p99 of clients of 2.1 ms with 32 at once, 1.3 with 16 or fewer); with few at once every node
 * writes its nodes.conf more often (4: a fifth slower). AGAIN: the target
 * has not heard of the source's epoch, or the source holds keys of a slot (again), which then is
 * not drained any more; others may be named. */
FORE_MUST_USE enum fore_err live_group_name(struct live_group *group, struct fore_diag *diag);
/* By what INFO server says: may slots be named all at one moment (fence.h), with one message for
 * all? Redis 4 to 7. Later ones, and Valkey, have SETSLOT wait for replicas, which a script cannot;
 * there, and where BUMPEPOCH is not permitted, nothing keeps SETSLOT from coming late. */
bool live_group_names_at_once(const char *info_server);
bool live_group_named(const struct live_group *group);
/* Has the source heard of all that was named? Asks until it has, for `ms` at most. The message is
 * on its way for a tenth of a millisecond, or, one time in ten, for 40 (it waits for TCP's delayed
 * acknowledgement of the one before): other slots are copied meanwhile. True also when it is not to
 * be waited for any longer. */
bool live_group_heard(struct live_group *group, uint32_t ms);
/* Closes what was named, when the source has heard of it, which is waited for. Always to be called
 * after that, and before the cluster is looked at: between the two, each end says that the slots
 * are its own. */
FORE_MUST_USE enum fore_err live_group_own(struct live_group *group, struct fore_diag *diag);
bool live_group_has(const struct live_group *group, uint16_t slot);
bool live_group_drained(const struct live_group *group);
bool live_group_owned(const struct live_group *group);

#endif
