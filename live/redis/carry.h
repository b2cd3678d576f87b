/*
 * carry.h - light slots handed over whole: copied while their source still answers for them, and
 * passed in one moment.
 *
 * MIGRATE holds its source up until the target has answered, which is two processes' turns to run
 * and a round trip for every few keys, and clients wait for it. So the keys of a slot that is light
 * and has few of them are carried by us instead: the source is asked for them (DUMP, and when they
 * expire), the target puts them down (RESTORE) and says whether they are the same byte for byte,
 * and nobody waits for anybody else. The target takes the slot in (IMPORTING), but the source does
 * not give it away (MIGRATING) yet, so no client comes to the copies. Then one transaction at the
 * source deletes the keys and gives the slot away: from that moment on all of them are the
 * target's. The keys were WATCHed before they were read, so it is not executed if any was written,
 * or expired, since; then the copies are removed, it is tried again, and a slot that is written all
 * the time goes the way of group.h, by MIGRATE. What came into the slot meanwhile does so too.
 *
 * A copy that nobody has taken back is worse than none: were the slot given away some other way, a
 * key deleted since would be back. So there is a mark (mark.h) while there are copies. What a mover
 * that was stopped sends late does nothing (fence.h).
 */
#ifndef LIVE_CARRY_H
#define LIVE_CARRY_H

#include "live/redis/group.h"

/* So many keys pass in less than 2 ms (measured: 2.8 us each), and are watched at 7 us each, which
 * grows with how many are watched already. */
enum { LIVE_CARRY_KEYS = 640, LIVE_CARRY_BYTES = 256 << 10 };

/* By what INFO server says: Redis 7, which has PEXPIRETIME, and SETSLOT in a script. */
bool live_carry_possible(const char *info_server);
/* Is a slot as weighed light and small enough? */
bool live_carry_suits(const struct live_group_slot *slot);
/* Slots of the group that are `whole` are copied and passed, some at a time. Those that are passed
 * are not whole any more, and drained unless keys have come meanwhile; nor are those that go by
 * MIGRATE from here on. With an error copies may be left: live_group_settle() takes them back. */
FORE_MUST_USE enum fore_err live_carry(struct live_group *group,
                                       const struct live_slot_options *options,
                                       const struct live_group_limits *limits,
                                       struct live_group_copied *out, struct fore_diag *diag);
bool live_carry_due(const struct live_group *group);
/* What the next slot weighs; 0: there is none. */
uint64_t live_carry_bytes(const struct live_group *group);

#endif
