/* heir.c - see heir.h. */
#include "live/redis/heir.h"

#include "live/base/clock.h"
#include "live/redis/mark.h"

#include <string.h>

/* From the first silence until its heir must be there, nobody that is silent is waited for as long
 * as usual: some node timeouts (two to be suspected by all, two for an election that has to be held
 * again). An election is held half a second after the suspicion at the earliest (Redis waits so
 * long), and the look in which the suspicion is not seen yet must be over by then, with the next.
 * Whoever is only slow gets its time again afterwards, as does the heir once it is the primary. */
enum { TIMEOUTS = 4, ELECTION_MS = 5000, SILENT_MS = 100, SUSPECT_MS = 10, REPLICA_MS = 50 };

static bool is_gone(struct live_cluster *cluster, uint16_t shard)
{
    const struct live_instance *at = live_cluster_primary(cluster, shard);
    return at == NULL || at->link.context == NULL || at->pfail || at->fail;
}

static bool is_suspect(const struct live_instance *x)
{
    return x->pfail || x->fail;
}

static bool has_suspect(const struct live_cluster *cluster, uint16_t shard)
{
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        const struct live_instance *x = &cluster->instance[i];
        if (x->listed && x->shard == shard && x->primary && is_suspect(x)) return true;
    }
    return false;
}

/* Its word for it: Redis changes role and owners in one go. */
static bool is_primary_now(struct live_link *link)
{
    redisReply *role = live_link_call(link, "ROLE");
    bool yes = role != NULL && role->type == REDIS_REPLY_ARRAY && role->elements > 0 &&
               role->element[0]->type == REDIS_REPLY_STRING &&
               strcmp(role->element[0]->str, "master") == 0;
    if (role != NULL) freeReplyObject(role);
    return yes;
}

/* Who was asked in a hurry may answer in its own time again: a moment's silence on a busy machine
 * would make a healthy heir count as gone. */
static void give_time(struct live_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        struct live_instance *x = &cluster->instance[i];
        if (!is_suspect(x)) live_link_hurry(&x->link, SUSPECT_MS, 0);
    }
}

/* Anybody's silence would hold up the next look at the heir, not the source's alone: what stops is
 * a machine more often than a process. */
static void take_no_time(struct live_cluster *cluster, uint16_t shard, bool suspected,
                         uint64_t until_ms)
{
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        struct live_instance *x = &cluster->instance[i];
        bool candidate = suspected && x->shard == shard && !x->primary;
        uint32_t ms = candidate                 ? REPLICA_MS
                      : is_suspect(x)           ? SUSPECT_MS
                      : x->link.context == NULL ? SILENT_MS
                                                : 0;
        if (ms > 0) live_link_hurry(&x->link, ms, until_ms);
    }
}

struct live_instance *live_heir_find(struct live_heir *heir, struct live_cluster *cluster,
                                     uint16_t shard, uint32_t node_timeout_ms)
{
    uint64_t now = live_clock_ms();
    bool gone = is_gone(cluster, shard);
    if (!gone && heir->since_ms != 0) {
        heir->since_ms = 0;
        give_time(cluster);
    }
    if (!gone || now == heir->looked_ms) return NULL;
    heir->looked_ms = now;
    if (heir->since_ms == 0) heir->since_ms = now;
    take_no_time(cluster, shard, has_suspect(cluster, shard),
                 heir->since_ms + (uint64_t)TIMEOUTS * node_timeout_ms + ELECTION_MS);
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        struct live_instance *x = &cluster->instance[i];
        if (x->shard == shard && x->listed && !x->primary && is_primary_now(&x->link)) return x;
    }
    return NULL;
}

/* How many said yes. */
static uint32_t give_away(const struct live_group *group, const bool *which,
                          struct live_instance *at, const struct live_instance *to)
{
    uint32_t fine = 0;
    for (uint32_t i = 0; i < group->count; i++)
        if (which[i])
            live_link_append(&at->link, "CLUSTER SETSLOT %d MIGRATING %s", (int)group->slot[i].slot,
                             to->id);
    for (uint32_t i = 0; i < group->count; i++) {
        if (!which[i]) continue;
        redisReply *reply = live_link_take(&at->link);
        fine += live_reply_kind(reply) == LIVE_FINE;
        if (reply != NULL) freeReplyObject(reply);
    }
    return fine;
}

enum fore_err live_heir_tell(const struct live_group *group, struct live_instance *heir)
{
    const struct live_instance *to = live_cluster_primary(group->cluster, group->to);
    bool which[LIVE_GROUP_MAX], asked = false, marked[LIVE_GROUP_MAX];
    if (to == NULL) return FORE_E_UNREACHABLE;
    for (uint32_t i = 0; i < group->count; i++) {
        const struct live_group_slot *slot = &group->slot[i];
        which[i] = !slot->owned && (!slot->whole || slot->asked);
        asked |= which[i] && slot->whole;
    }
    if (asked) live_mark_seen(group, &heir->link, marked);
    for (uint32_t i = 0; i < group->count && asked; i++)
        which[i] &= !group->slot[i].whole || !marked[i];
    (void)give_away(group, which, heir, to);
    return heir->link.context != NULL ? FORE_E_OK : FORE_E_UNREACHABLE;
}

uint32_t live_heir_uncover(const struct live_group *group)
{
    struct live_instance *from = live_cluster_primary(group->cluster, group->from);
    const struct live_instance *to = live_cluster_primary(group->cluster, group->to);
    bool which[LIVE_GROUP_MAX], any = false, marked[LIVE_GROUP_MAX];
    if (from == NULL || to == NULL) return 0;
    for (uint32_t i = 0; i < group->count; i++) {
        struct live_slot slot = live_group_at(group, i);
        which[i] = live_slot_is_hidden(&slot);
        any |= which[i];
    }
    if (any) live_mark_seen(group, &from->link, marked);
    for (uint32_t i = 0; i < group->count && any; i++)
        which[i] &= !marked[i];
    return any ? give_away(group, which, from, to) : 0;
}
