/*
 * mark.h - a key at a slot's source that is there just as long as what the target holds of the slot
 * are copies (carry.h), and how they are taken back.
 *
 * It is set before the first copy is made, and deleted in the transaction that passes the slot.
 * Replicas get it and lose it in the order of all else, so an heir knows as well. Whoever finds a
 * mark where the source does not give the slot away changes it, so that no transaction from before,
 * which watches it, can be executed any more; then removes the copies; then the mark. It expires
 * after a day.
 */
#ifndef LIVE_MARK_H
#define LIVE_MARK_H

#include "live/redis/group.h"

enum { LIVE_MARK_LEN = 48 };
#define LIVE_MARK_MS "86400000"

void live_mark_name(uint16_t slot, char out[LIVE_MARK_LEN]);
/* Which slots of the group have their mark at `source`, or at its heir. */
void live_mark_seen(const struct live_group *group, struct live_link *source,
                    bool out[LIVE_GROUP_MAX]);
/* Takes the copies of a slot back that the source owns, and the target takes in from it
 * (live_slot_take_in), or it would not touch them. */
FORE_MUST_USE enum fore_err live_mark_undo(struct live_instance *from, struct live_instance *to,
                                           uint16_t slot, struct fore_diag *diag);

#endif
