/* slot_stats.c - see slot_stats.h. RESP2: [[slot, [name, value, name, value, ...]], ...] */
#include "live/redis/slot_stats.h"

#include <string.h>

/* The value behind a name in a flat list of pairs; NULL if it is not there. */
static const redisReply *value_of(const redisReply *pairs, const char *name)
{
    for (size_t i = 0; i + 1 < pairs->elements; i += 2) {
        const redisReply *key = pairs->element[i];
        if (key->type == REDIS_REPLY_STRING && key->len == strlen(name) &&
            memcmp(key->str, name, key->len) == 0)
            return pairs->element[i + 1];
    }
    return NULL;
}

static enum fore_err read_row(const redisReply *row, uint64_t *cpu_us, bool *found)
{
    if (row->type != REDIS_REPLY_ARRAY || row->elements != 2) return FORE_E_FORMAT;
    const redisReply *slot = row->element[0], *pairs = row->element[1];
    if (slot->type != REDIS_REPLY_INTEGER || slot->integer < 0 ||
        slot->integer >= FORE_SLOT_COUNT || pairs->type != REDIS_REPLY_ARRAY)
        return FORE_E_FORMAT;
    const redisReply *cpu = value_of(pairs, "cpu-usec");
    if (cpu == NULL) return FORE_E_OK;
    if (cpu->type != REDIS_REPLY_INTEGER || cpu->integer < 0) return FORE_E_FORMAT;
    cpu_us[slot->integer] = (uint64_t)cpu->integer;
    *found = true;
    return FORE_E_OK;
}

static enum fore_err ask(struct live_link *link, uint64_t *cpu_us, bool *found)
{
    redisReply *reply = live_link_call(link, "CLUSTER SLOT-STATS SLOTSRANGE 0 16383");
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK && reply->type != REDIS_REPLY_ARRAY) err = FORE_E_FORMAT;
    for (size_t i = 0; err == FORE_E_OK && i < reply->elements; i++)
        err = read_row(reply->element[i], cpu_us, found);
    if (reply != NULL) freeReplyObject(reply);
    return err;
}

bool live_slot_stats_there(struct live_link *link)
{
    uint64_t cpu_us[FORE_SLOT_COUNT];
    bool found = false;
    return ask(link, cpu_us, &found) == FORE_E_OK && found;
}

enum fore_err live_slot_stats_read(struct live_link *link, uint64_t cpu_us[FORE_SLOT_COUNT])
{
    bool found = false;
    return ask(link, cpu_us, &found);
}
