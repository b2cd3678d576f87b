/* keys.c - see keys.h. */
#include "live/redis/keys.h"

enum fore_err live_keys_count(struct live_link *link, uint16_t slot, uint64_t *out)
{
    redisReply *reply = live_link_call(link, "CLUSTER COUNTKEYSINSLOT %d", (int)slot);
    *out = 0;
    if (reply == NULL) return FORE_E_UNREACHABLE;
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK && (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0))
        err = FORE_E_FORMAT;
    if (err == FORE_E_OK) *out = (uint64_t)reply->integer;
    freeReplyObject(reply);
    return err;
}

static bool all_strings(const redisReply *list, size_t most)
{
    if (list->type != REDIS_REPLY_ARRAY || list->elements > most) return false;
    for (size_t i = 0; i < list->elements; i++)
        if (list->element[i]->type != REDIS_REPLY_STRING) return false;
    return true;
}

enum fore_err live_keys_list(struct live_link *link, uint16_t slot, size_t most, redisReply **reply,
                             struct live_keys *keys)
{
    FORE_ASSERT(link->pending == 0);
    live_link_append(link, "CLUSTER GETKEYSINSLOT %d %lld", (int)slot, (long long)most);
    return live_keys_take(link, most, reply, keys);
}

enum fore_err live_keys_take(struct live_link *link, size_t most, redisReply **reply,
                             struct live_keys *keys)
{
    redisReply *list = live_link_take(link);
    enum fore_err err = live_answer_err(live_reply_kind(list));
    if (err == FORE_E_OK && !all_strings(list, most)) err = FORE_E_FORMAT;
    if (err != FORE_E_OK) {
        if (list != NULL) freeReplyObject(list);
        return err;
    }
    *reply = list;
    *keys = (struct live_keys){.key = (const redisReply *const *)list->element,
                               .count = list->elements};
    return FORE_E_OK;
}

enum fore_err live_keys_weigh(struct live_link *link, struct live_keys keys, uint64_t *bytes)
{
    enum fore_err err = FORE_E_OK;
    for (size_t i = 0; i < keys.count; i++)
        live_link_append(link, "MEMORY USAGE %b", keys.key[i]->str, keys.key[i]->len);
    for (size_t i = 0; i < keys.count; i++) {
        redisReply *reply = live_link_take(link);
        if (reply == NULL) err = FORE_E_UNREACHABLE;
        bool number = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer > 0;
        bytes[i] = number ? (uint64_t)reply->integer : 0;
        if (reply != NULL) freeReplyObject(reply);
    }
    return err;
}
