/* mark.c - see mark.h. */
#include "live/redis/mark.h"

#include "live/redis/fence.h"

#include <stdio.h>

enum { UNDO_KEYS = 128 };

/* ARGV: until when; the slot; how many at most. */
static const char undo_script[] =
    LIVE_FENCE_LATE "local keys=redis.call('CLUSTER','GETKEYSINSLOT',ARGV[2],ARGV[3]) "
                    "for i=1,#keys do redis.call('UNLINK',keys[i]) end return #keys";

void live_mark_name(uint16_t slot, char out[LIVE_MARK_LEN])
{
    char tag[LIVE_TAG_MAX];
    live_slot_tag(slot, tag);
    (void)snprintf(out, LIVE_MARK_LEN, "foreshard:copied:%s", tag);
}

/* As unlink_some, where scripts are not permitted. */
static enum fore_err unlink_without(struct live_link *to, uint16_t slot, long long *gone)
{
    uint64_t count = 0;
    enum fore_err err = live_slot_unlink(to, slot, &count);
    *gone = (long long)count;
    return err;
}

/* The target takes the slot in, or it would not touch what it has of it. */
static enum fore_err unlink_some(struct live_link *to, uint16_t slot, long long *gone,
                                 struct fore_diag *diag)
{
    struct live_fence fence;
    char until[LIVE_FENCE_LEN];
    *gone = 0;
    live_fence_ask(to);
    FORE_TRY(live_fence_take(to, &fence));
    live_fence_text(&fence, until);
    live_link_append(to, "ASKING");
    live_link_append(to, "EVAL %s 0 %s %d %d", undo_script, until, (int)slot, (int)UNDO_KEYS);
    redisReply *asked = live_link_take(to), *reply = live_link_take(to);
    enum fore_err err = live_fence_told(reply, slot, diag);
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER) *gone = reply->integer;
    if (asked != NULL) freeReplyObject(asked);
    if (reply != NULL) freeReplyObject(reply);
    return err == FORE_E_REFUSED ? unlink_without(to, slot, gone) : err;
}

static enum fore_err remove_copies(struct live_link *to, uint16_t slot, struct fore_diag *diag)
{
    enum fore_err err = FORE_E_OK;
    for (long long gone = 1; gone > 0 && err == FORE_E_OK;)
        err = unlink_some(to, slot, &gone, diag);
    return err;
}

/* The mark changes first: nothing from before can pass the slot any more. */
enum fore_err live_mark_undo(struct live_instance *from, struct live_instance *to, uint16_t slot,
                             struct fore_diag *diag)
{
    char mark[LIVE_MARK_LEN];
    live_mark_name(slot, mark);
    FORE_TRY(live_link_do(&from->link, diag, "SET %s 0 XX PX " LIVE_MARK_MS, mark));
    FORE_TRY(remove_copies(&to->link, slot, diag));
    return live_link_do(&from->link, diag, "DEL %s", mark);
}

void live_mark_seen(const struct live_group *group, struct live_link *source,
                    bool out[LIVE_GROUP_MAX])
{
    char mark[LIVE_MARK_LEN];
    for (uint32_t i = 0; i < group->count; i++) {
        live_mark_name(group->slot[i].slot, mark);
        live_link_append(source, "EXISTS %s", mark);
    }
    for (uint32_t i = 0; i < group->count; i++) {
        redisReply *reply = live_link_take(source);
        out[i] = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
        if (reply != NULL) freeReplyObject(reply);
    }
}
