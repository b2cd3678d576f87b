/* carry_inside.h - between carry.c (which slots, and how they pass) and carry_copy.c (how their
 * keys come to the target); for nobody else. */
#ifndef LIVE_CARRY_INSIDE_H
#define LIVE_CARRY_INSIDE_H

#include "live/redis/carry.h"
#include "live/redis/fence.h"

enum { LIVE_BUNDLE_SLOTS = 4 };

struct live_carrying { /* one call of live_carry() */
    struct live_group *group;
    const struct live_slot_options *options;
    struct live_instance *from, *to;
    struct live_fence from_fence, to_fence; /* asked anew with every piece */
    struct fore_diag *diag;
};

struct live_carried { /* a slot in work */
    struct live_group_slot *slot;
    redisReply *list;
    struct live_keys keys; /* in it */
    struct live_batch batch;
};

struct live_bundle { /* slots that pass together */
    struct live_carried part[LIVE_BUNDLE_SLOTS];
    uint32_t count;
    double source_ms; /* that the source was at work for it */
};

/* Has the source watch the keys and tell what they are, and puts them down at the target, which has
 * to say that they are the same. */
FORE_MUST_USE enum fore_err live_carry_copy(struct live_carrying *c, struct live_bundle *b);

#endif
