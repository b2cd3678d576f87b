/*
 * renew.h - a target is made to hear anew who owns the slots that it is going to take.
 *
 * Redis 7.0.12 to 7.0.15 and 7.2.0 to 7.2.3 keep a bit for every slot, "its owner does not claim it
 * any more" (redis/redis#12344), and forget to clear it when the slot changes hands by SETSLOT
 * (mended by #12564). A message that a former owner had sent before it got the slot, read after
 * SETSLOT named it the owner, sets that bit for good. Once the node with the bit has taken the slot
 * itself, any message that claims it - one that comes late, or the first of a killed source that
 * comes back with its old nodes.conf - takes it away whatever the epochs, the node throws the keys
 * away as not its own, and nobody owns the slot. The bit shows nowhere.
 *
 * What does clear it is a claim of the owner that is news to the node. So before it takes slots,
 * the target is told that a third primary has them, one with a lower epoch than the owner's, which
 * the owner's next message corrects. A target that thinks so tells nobody: nodes speak of others'
 * slots only to those with a lower epoch. Where no third primary has a lower epoch, the owner takes
 * a new one first. The owner's next message need not be waited for: CLUSTER MEET makes it send one
 * (measured: 0.2 s for all of it instead of 1.5 to 3.5 s). Clients that ask the target meanwhile
 * are sent round one more corner.
 *
 * Between the two the target has the bit: the third one's next message sets it. So a slot that was
 * told must not be taken in before the owner was heard, however long that lasts: IMPORTING keeps
 * the owner's claim from being read, SETSLOT NODE does not clear the bit, and a late message would
 * then take slot and keys (see live_renew.c, where source and target are cut from one another). For
 * the same reason looking and telling are one script, with nobody in between; and where others open
 * a slot after the telling, the owner is named again at once, and another slot of the range is
 * told, so that the owner's next message, being news, clears the bit of all.
 */
#ifndef LIVE_RENEW_H
#define LIVE_RENEW_H

#include "live/redis/cluster.h"

struct live_renewal {            /* zeroed: not begun */
    int16_t target;              /* instance index; another one has to be told as well */
    bool begun;                  /* with that target */
    bool told, done;             /* the target has been told; it has heard from the owner since */
    char third[LIVE_ID_LEN + 1]; /* who was named */
    uint64_t begun_ms, told_ms;
    uint64_t spoke_ms; /* the owner was last asked to speak up then */
};

struct live_renew_range {
    uint16_t first, last; /* slots, all of shard `from` */
    uint16_t from, to;    /* shards */
};

/* Makes one step. OK: done, or not needed. AGAIN: come again in a while. CONFLICT: there is no
 * third primary to name, and none was. Call it for slots that the target shows no flag of, on a
 * healthy cluster. */
FORE_MUST_USE enum fore_err live_renew(struct live_cluster *cluster,
                                       const struct live_renew_range *range,
                                       struct live_renewal *renewal, struct fore_diag *diag);
/* Does the target, right now, take one of these slots for a third shard's? Then it was told so, by
 * whomever, and has not heard of the owner: it must not take them in. */
FORE_MUST_USE enum fore_err live_renew_waits(struct live_cluster *cluster,
                                             const struct live_renew_range *range, bool *out);
/* The id of a primary that `at` takes for neither suspected nor the owner, of the lowest epoch, to
 * be named for a moment. CONFLICT: there is none. */
FORE_MUST_USE enum fore_err live_renew_third(struct live_cluster *cluster, struct live_instance *at,
                                             const char *owner, char id[LIVE_ID_LEN + 1]);
/* Has that version of Redis the fault? "7.0.15"; what is no version has. */
bool live_renew_needed(const char *version, size_t len);

#endif
