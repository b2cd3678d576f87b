/* heat_module.c - see heat_module.h. */
#include "live/redis/heat_module.h"

#include <string.h>

static enum fore_err ask(struct live_link *link, struct live_counters *out)
{
    redisReply *reply = live_link_call(link, "FORESHARD.HEAT");
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK && reply->type != REDIS_REPLY_STRING) err = FORE_E_FORMAT;
    if (err == FORE_E_OK) err = live_counters_read(reply->str, reply->len, out);
    if (reply != NULL) freeReplyObject(reply);
    return err;
}

bool live_heat_module_there(struct live_link *link)
{
    static struct live_counters counters; /* large; only whether it can be read matters */
    return ask(link, &counters) == FORE_E_OK;
}

static uint64_t since(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

static void add(struct live_counter *grown, const struct live_counter *now,
                const struct live_counter *before)
{
    grown->reads += since(now->reads, before->reads);
    grown->writes += since(now->writes, before->writes);
    grown->bytes += since(now->bytes, before->bytes);
}

/* What a slot's owner counted, and what its owner of before did. */
static void take_in(struct live_heat_module *module, const struct live_cluster *cluster,
                    uint32_t shard)
{
    const struct live_counters *now = &module->now, *before = &module->last[shard];
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        bool owns = live_cluster_shard_of(cluster, (uint16_t)slot) == (int)shard;
        if (owns || module->owner[slot] == (int8_t)shard)
            add(&module->grown[slot], &now->slot[slot], &before->slot[slot]);
    }
}

void live_heat_module_read(struct live_heat_module *module, struct live_cluster *cluster)
{
    memset(module->grown, 0, sizeof module->grown);
    for (uint32_t s = 0; s < cluster->shard_count; s++) {
        struct live_instance *at = live_cluster_primary(cluster, (uint16_t)s);
        if (at == NULL || ask(&at->link, &module->now) != FORE_E_OK) continue;
        bool same =
            strcmp(module->id[s], at->id) == 0 && module->last[s].start == module->now.start;
        if (same) take_in(module, cluster, s);
        memcpy(module->id[s], at->id, sizeof at->id);
        module->last[s] = module->now;
    }
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        module->owner[slot] = (int8_t)live_cluster_shard_of(cluster, (uint16_t)slot);
}
