/* epochs.c - see epochs.h. */
#include "live/redis/epochs.h"

#include "live/base/clock.h"
#include "live/redis/fence.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_EVERY_MS = 20 };

/* A primary that is not there; it is called one, and failed, after its heir has taken its place. */
static const struct live_instance *missing(const struct live_cluster *cluster, uint16_t shard)
{
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        const struct live_instance *x = &cluster->instance[i];
        if (!x->listed || !x->primary || x->shard != (int16_t)shard) continue;
        if (x->fail || x->pfail || x->link.context == NULL) return x;
    }
    return NULL;
}

static bool is_back(const struct live_cluster *cluster, const char *id)
{
    int at = live_cluster_find(cluster, id);
    if (at < 0) return false;
    const struct live_instance *x = &cluster->instance[at];
    return x->listed && !x->fail && !x->pfail && x->link.context != NULL;
}

/* One that has the highest epoch takes no other: the next one is asked. */
static void bump_another(struct live_cluster *cluster, uint16_t shard, struct live_epochs_end *end)
{
    for (uint32_t s = 0; s < cluster->shard_count && end->above == 0; s++) {
        struct live_instance *at = live_cluster_primary(cluster, (uint16_t)s);
        if (s == shard || at == NULL || at->link.context == NULL || at->pfail || at->fail) continue;
        end->above = live_fence_bump(&at->link);
        end->raiser = (uint16_t)s;
    }
}

enum fore_err live_epochs_read(const redisReply *info, const char *name, uint64_t *out)
{
    enum fore_err err = live_answer_err(live_reply_kind(info));
    if (err != FORE_E_OK) return err;
    if (info->type != REDIS_REPLY_STRING) return FORE_E_FORMAT;
    const char *at = strstr(info->str, name);
    if (at == NULL) return FORE_E_FORMAT;
    *out = strtoull(at + strlen(name), NULL, 10);
    return FORE_E_OK;
}

/* It takes a higher one as soon as it has heard of one. */
static bool is_above(struct live_instance *at, uint64_t above)
{
    uint64_t mine = 0, known = 0;
    redisReply *info = live_link_call(&at->link, "CLUSTER INFO");
    bool told = live_epochs_read(info, "cluster_my_epoch:", &mine) == FORE_E_OK &&
                live_epochs_read(info, "cluster_current_epoch:", &known) == FORE_E_OK;
    if (info != NULL) freeReplyObject(info);
    if (told && mine <= above && known > mine) mine = live_fence_bump(&at->link);
    return told && mine > above;
}

bool live_epochs_amiss(const struct live_epochs *epochs, const struct live_cluster *cluster,
                       uint16_t shard)
{
    const struct live_epochs_end *end = &epochs->end[shard];
    const struct live_instance *gone = missing(cluster, shard);
    return gone != NULL ? strcmp(end->lost, gone->id) != 0 || !end->settled : end->lost[0] != '\0';
}

void live_epochs_mind(struct live_epochs *epochs, struct live_cluster *cluster, uint16_t shard)
{
    FORE_ASSERT(shard < LIVE_SHARDS_MAX);
    struct live_epochs_end *end = &epochs->end[shard];
    const struct live_instance *gone = missing(cluster, shard);
    if (gone != NULL && strcmp(end->lost, gone->id) != 0) {
        *end = (struct live_epochs_end){.above = 0};
        memcpy(end->lost, gone->id, sizeof end->lost);
    }
    uint64_t now = live_clock_ms();
    if (!end->settled && now >= end->asked_ms + ASK_EVERY_MS) {
        end->asked_ms = now;
        if (end->above == 0) bump_another(cluster, shard, end);
        struct live_instance *heir = live_cluster_primary(cluster, shard);
        struct live_instance *raiser = live_cluster_primary(cluster, end->raiser);
        bool there = heir != NULL && heir->link.context != NULL && strcmp(heir->id, end->lost) != 0;
        end->settled = end->above > 0 && there && is_above(heir, end->above) &&
                       (raiser == NULL || is_above(raiser, end->above));
    }
    if (gone == NULL && is_back(cluster, end->lost)) *end = (struct live_epochs_end){.above = 0};
}
