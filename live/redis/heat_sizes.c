/*
 * heat_sizes.c - how much each slot holds: its keys, counted, times what a key weighs.
 *
 * All questions to a node go out together, three times: counts, lists of some keys, their weights.
 * A full node answers after tens of milliseconds, and whoever asks stands still meanwhile: asked
 * one slot after the other, 64 slots took seconds. The largest slots have a mean of their own,
 * because theirs are the moves that matter, until the number of their keys has changed; the others
 * have the mean of what was drawn at random on their node.
 */
#include "live/redis/heat.h"
#include "live/redis/keys.h"

#include <math.h>

enum { LARGEST = 8, DRAWN = 64, PICKED = LARGEST + DRAWN, KEYS_EACH = 8 };
static const double changed = 0.25; /* share of its keys: then its mean is forgotten */

struct pick {
    uint16_t slot;
    bool drawn; /* counts for the node's mean */
    redisReply *list;
    size_t count; /* keys in it */
};

static bool owned(const struct live_heat *heat, uint32_t slot, uint32_t shard)
{
    return live_cluster_shard_of(heat->cluster, (uint16_t)slot) == (int)shard;
}

static size_t pick_largest(const struct live_heat *heat, uint32_t shard, struct pick *pick)
{
    size_t count = 0;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        if (heat->keys[slot] == 0 || !owned(heat, slot, shard)) continue;
        if (count == LARGEST && heat->keys[slot] <= heat->keys[pick[count - 1].slot]) continue;
        size_t at = count < LARGEST ? count++ : LARGEST - 1;
        for (; at > 0 && heat->keys[pick[at - 1].slot] < heat->keys[slot]; at--)
            pick[at] = pick[at - 1];
        pick[at] = (struct pick){.slot = (uint16_t)slot};
    }
    return count;
}

static size_t draw(struct live_heat *heat, uint32_t shard, struct pick *pick)
{
    uint32_t from = fore_rng_below(&heat->rng, FORE_SLOT_COUNT), keys = 0;
    size_t count = 0;
    for (uint32_t i = 0; i < FORE_SLOT_COUNT && count < DRAWN && keys < DRAWN; i++) {
        uint32_t slot = (from + i) % FORE_SLOT_COUNT;
        if (heat->keys[slot] == 0 || !owned(heat, slot, shard)) continue;
        keys += heat->keys[slot] < KEYS_EACH ? heat->keys[slot] : KEYS_EACH;
        pick[count++] = (struct pick){.slot = (uint16_t)slot, .drawn = true};
    }
    return count;
}

static void list_all(struct live_link *link, struct pick *pick, size_t count)
{
    for (size_t i = 0; i < count; i++)
        live_link_append(link, "CLUSTER GETKEYSINSLOT %d %d", (int)pick[i].slot, (int)KEYS_EACH);
    for (size_t i = 0; i < count; i++) {
        pick[i].list = live_link_take(link);
        const redisReply *list = pick[i].list;
        bool sound = list != NULL && list->type == REDIS_REPLY_ARRAY && list->elements <= KEYS_EACH;
        for (size_t k = 0; sound && k < list->elements; k++)
            sound = list->element[k]->type == REDIS_REPLY_STRING;
        pick[i].count = sound ? list->elements : 0;
    }
}

static void ask_weights(struct live_link *link, const struct pick *pick, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < pick[i].count; k++)
            live_link_append(link, "MEMORY USAGE %b", pick[i].list->element[k]->str,
                             pick[i].list->element[k]->len);
}

/* What its keys weigh together, and how many of them were weighed. */
static double take_weights(struct live_link *link, const struct pick *pick, double *count)
{
    double bytes = 0;
    *count = 0;
    for (size_t k = 0; k < pick->count; k++) {
        redisReply *reply = live_link_take(link);
        if (reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer > 0) {
            bytes += (double)reply->integer;
            *count += 1;
        }
        if (reply != NULL) freeReplyObject(reply);
    }
    return bytes;
}

static void weigh_some(struct live_heat *heat, uint32_t shard, struct live_link *link)
{
    struct pick pick[PICKED];
    size_t count = pick_largest(heat, shard, pick);
    double bytes = 0, keys = 0;
    count += draw(heat, shard, pick + count);
    list_all(link, pick, count);
    ask_weights(link, pick, count);
    for (size_t i = 0; i < count; i++) {
        double weighed, sum = take_weights(link, &pick[i], &weighed);
        if (pick[i].list != NULL) freeReplyObject(pick[i].list);
        if (!(weighed > 0)) continue;
        heat->slot_key_bytes[pick[i].slot] = (float)(sum / weighed);
        heat->weighed[pick[i].slot] = heat->keys[pick[i].slot];
        bytes += pick[i].drawn ? sum : 0;
        keys += pick[i].drawn ? weighed : 0;
    }
    if (keys > 0) heat->key_bytes[shard] = (float)(bytes / keys);
}

static enum fore_err count_keys(struct live_heat *heat, uint32_t shard, struct live_link *link)
{
    enum fore_err err = FORE_E_OK;
    for (int send = 1; send >= 0; send--)
        for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
            if (!owned(heat, slot, shard)) continue;
            if (send) {
                live_link_append(link, "CLUSTER COUNTKEYSINSLOT %d", (int)slot);
                continue;
            }
            redisReply *reply = live_link_take(link);
            bool number = reply != NULL && reply->type == REDIS_REPLY_INTEGER;
            if (number) heat->keys[slot] = (uint32_t)reply->integer;
            if (!number) err = FORE_E_UNREACHABLE;
            if (reply != NULL) freeReplyObject(reply);
        }
    return err;
}

/* Means of slots that are not what they were. */
static void forget_changed(struct live_heat *heat)
{
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        if (fabs((double)heat->keys[slot] - heat->weighed[slot]) > changed * heat->weighed[slot])
            heat->slot_key_bytes[slot] = 0;
}

enum fore_err live_heat_sizes(struct live_heat *heat)
{
    enum fore_err worst = FORE_E_OK;
    for (uint32_t s = 0; s < heat->cluster->shard_count; s++) {
        struct live_instance *at = live_cluster_primary(heat->cluster, (uint16_t)s);
        if (at == NULL) continue;
        enum fore_err err = count_keys(heat, s, &at->link);
        if (err == FORE_E_OK) weigh_some(heat, s, &at->link);
        if (err != FORE_E_OK) worst = err;
    }
    heat->keys_total = 0;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        heat->keys_total += heat->keys[slot];
    forget_changed(heat);
    return worst;
}

uint64_t live_heat_bytes(const struct live_heat *heat, uint32_t first_slot, uint32_t last_slot)
{
    double bytes = 0;
    for (uint32_t slot = first_slot; slot <= last_slot; slot++) {
        int shard = live_cluster_shard_of(heat->cluster, (uint16_t)slot);
        float own = heat->slot_key_bytes[slot];
        if (shard >= 0)
            bytes += (double)heat->keys[slot] * (double)(own > 0 ? own : heat->key_bytes[shard]);
    }
    return (uint64_t)bytes;
}
