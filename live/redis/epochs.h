/*
 * epochs.h - the heir of a dead primary is elected above whatever epoch the dead one has taken.
 *
 * A node that takes in a slot gives itself an epoch above all it has heard of, without asking
 * anybody (SETSLOT NODE, BUMPEPOCH), and has it on disk before any message says so. Where it dies
 * between the two, its replica, which knows nothing of it, is elected with the very same epoch; and
 * when the dead one comes back with its old nodes.conf, ids decide which of the two takes a new one
 * and wins. If that is the one come back, it has everything that its heir was told since thrown
 * away (kill matrix: 6 acknowledged writes in 1 of 80 kills of a target, and all data of the shard
 * where nothing is on disk). It can have taken one such epoch only: then it has the highest it
 * knows.
 *
 * So while an end of a move is missing, another primary takes a new epoch, which makes the next
 * election end above the one the dead may have; and where the heir is not above it all the same,
 * for it was elected before it heard, it takes one more.
 */
#ifndef LIVE_EPOCHS_H
#define LIVE_EPOCHS_H

#include "live/redis/cluster.h"

struct live_epochs { /* zeroed: nobody is missing */
    struct live_epochs_end {
        char lost[LIVE_ID_LEN + 1]; /* who is missing; "": nobody */
        uint64_t above;             /* what its heir's epoch has to be above; 0: not known yet */
        uint16_t raiser;            /* the shard whose primary has taken that one */
        bool settled;               /* nobody has it any more, and the heir is above it */
        uint64_t asked_ms;
    } end[LIVE_SHARDS_MAX];
};

/* A primary of the shard is missing, or was and its heir is not known to be above it. */
bool live_epochs_amiss(const struct live_epochs *epochs, const struct live_cluster *cluster,
                       uint16_t shard);
/* Does what is to be done for that now; to be called until nothing is amiss. */
void live_epochs_mind(struct live_epochs *epochs, struct live_cluster *cluster, uint16_t shard);
/* A number in the answer to CLUSTER INFO, by its name with the colon. FORMAT: it is not there. */
enum fore_err live_epochs_read(const redisReply *info, const char *name, uint64_t *out);

#endif
