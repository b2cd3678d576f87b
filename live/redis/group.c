/* group.c - see group.h: settle and own; the batches are in group_copy.c. */
#include "live/redis/group.h"

#include "live/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { HEAR_MS = 250, HEAR_AT_ONCE = 10, OWN_AT_ONCE = 8 };

struct live_slot live_group_at(const struct live_group *group, uint32_t i)
{
    FORE_ASSERT(i < group->count);
    return (struct live_slot){.cluster = group->cluster,
                              .slot = group->slot[i].slot,
                              .from = group->from,
                              .to = group->to};
}

bool live_group_has(const struct live_group *group, uint16_t slot)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (group->slot[i].slot == slot) return true;
    return false;
}

bool live_group_drained(const struct live_group *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (!group->slot[i].owned && !group->slot[i].drained) return false;
    return true;
}

bool live_group_owned(const struct live_group *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (!group->slot[i].owned) return false;
    return true;
}

/* ---- pipelines ---------------------------------------------------------------------------- */

struct ends {
    struct live_instance *from, *to;
};

static enum fore_err find_ends(const struct live_group *group, struct ends *out,
                               struct fore_diag *diag)
{
    out->from = live_cluster_primary(group->cluster, group->from);
    out->to = live_cluster_primary(group->cluster, group->to);
    if (out->from != NULL && out->to != NULL) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "shard %u has no primary that answers",
                        (unsigned)(out->from == NULL ? group->from : group->to));
}

static void keep_first(enum fore_err *first, enum fore_err err)
{
    if (*first == FORE_E_OK) *first = err;
}

/* SETSLOT of those that are wanted, in one pipeline; each one's answer to `err`. */
static void setslot(const struct live_group *group, struct live_instance *at, const char *what,
                    const char *id, const bool *wanted, enum fore_err *err, struct fore_diag *diag)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (wanted[i])
            live_link_append(&at->link, "CLUSTER SETSLOT %d %s %s", (int)group->slot[i].slot, what,
                             id);
    for (uint32_t i = 0; i < group->count; i++) {
        err[i] = FORE_E_OK;
        if (!wanted[i]) continue;
        redisReply *reply = live_link_take(&at->link);
        err[i] = live_answer_err(live_reply_kind(reply));
        if (err[i] != FORE_E_OK)
            err[i] = fore_err_set(diag, err[i], "%s:%u: slot %u: %s", at->link.address.host,
                                  (unsigned)at->link.address.port, (unsigned)group->slot[i].slot,
                                  reply != NULL ? reply->str : "lost");
        if (reply != NULL) freeReplyObject(reply);
    }
}

/* ---- settle ------------------------------------------------------------------------------- */

/* The source's own, and neither end shows a flag of it. */
static bool is_fresh(const struct live_cluster *cluster, uint16_t slot, const struct ends *ends)
{
    int own = cluster->own[slot];
    if (own < 0 || &cluster->instance[own] != ends->from) return false;
    for (uint32_t i = 0; i < cluster->open_count; i++) {
        const struct live_instance *holder = &cluster->instance[cluster->open[i].holder];
        if (cluster->open[i].slot == slot && (holder == ends->from || holder == ends->to))
            return false;
    }
    return true;
}

/* The target takes them in before the source gives them away. */
static enum fore_err open_fresh(struct live_group *group, const struct ends *ends,
                                const bool *fresh, struct fore_diag *diag)
{
    enum fore_err first = FORE_E_OK, err[LIVE_GROUP_MAX];
    bool taken[LIVE_GROUP_MAX];
    setslot(group, ends->to, "IMPORTING", ends->from->id, fresh, err, diag);
    for (uint32_t i = 0; i < group->count; i++) {
        taken[i] = fresh[i] && err[i] == FORE_E_OK;
        keep_first(&first, err[i]);
    }
    setslot(group, ends->from, "MIGRATING", ends->to->id, taken, err, diag);
    for (uint32_t i = 0; i < group->count; i++)
        keep_first(&first, err[i]);
    return first;
}

enum fore_err live_group_settle(struct live_group *group, struct fore_diag *diag)
{
    struct ends ends;
    bool fresh[LIVE_GROUP_MAX] = {false};
    enum fore_err first = FORE_E_OK;
    FORE_TRY(find_ends(group, &ends, diag));
    for (uint32_t i = 0; i < group->count; i++) {
        struct live_group_slot *at = &group->slot[i];
        at->owned = at->drained = at->named = false;
        fresh[i] = is_fresh(group->cluster, at->slot, &ends);
        if (fresh[i]) continue;
        struct live_slot slot = live_group_at(group, i);
        keep_first(&first, live_slot_settle(&slot, &at->owned, diag));
    }
    keep_first(&first, open_fresh(group, &ends, fresh, diag));
    return first;
}

/* ---- own ---------------------------------------------------------------------------------- */

/*
 * Which slots has a node heard to be no longer its own, by a message of the target? It answers ASK
 * for as long as it thinks that it gives them away, and MOVED then. Told by SETSLOT before that, it
 * might read a message that the target sent earlier, and on some versions of Redis keep a bit that
 * costs the slot's keys when it comes back (see renew.h). The other nodes are told nothing at all:
 * the target sends a message to each as soon as it is the owner.
 */
static bool have_heard(const struct live_group *group, struct live_link *at, bool *waiting)
{
    bool all = true;
    for (uint32_t i = 0; i < group->count; i++) {
        char tag[LIVE_TAG_MAX];
        if (!waiting[i]) continue;
        live_slot_tag(group->slot[i].slot, tag);
        live_link_append(at, "EXISTS %s", tag);
    }
    for (uint32_t i = 0; i < group->count; i++) {
        if (!waiting[i]) continue;
        redisReply *reply = live_link_take(at);
        waiting[i] = live_reply_kind(reply) != LIVE_MOVED;
        all &= !waiting[i];
        if (reply != NULL) freeReplyObject(reply);
    }
    return all;
}

/* Clients lose nothing while this waits: the source sends them on to the target. */
static void wait_until_heard(const struct live_group *group, struct live_link *at, bool *waiting)
{
    uint64_t until = live_clock_ms() + HEAR_MS;
    for (int tries = 1; !have_heard(group, at, waiting); tries++) {
        if (at->context == NULL || live_clock_ms() > until) return;
        if (tries > HEAR_AT_ONCE) live_clock_sleep_ms(1);
    }
}

static enum fore_err epoch_in(const redisReply *info, const char *name, uint64_t *out)
{
    enum fore_err err = live_answer_err(live_reply_kind(info));
    if (err != FORE_E_OK) return err;
    if (info->type != REDIS_REPLY_STRING) return FORE_E_FORMAT;
    const char *at = strstr(info->str, name);
    if (at == NULL) return FORE_E_FORMAT;
    *out = strtoull(at + strlen(name), NULL, 10);
    return FORE_E_OK;
}

/*
 * A target that takes ownership gives itself an epoch above all it has heard of, if it has not the
 * highest already. Two things must not be. It has not yet heard of the source's (which took this
 * slot, or another, a moment ago): its own would be lower, the source's next message would take the
 * slot away from it while the source, told by us, gives it up, and each would say that the other
 * has it (seen when a slot goes forth and back within a second). Or both have the same, which
 * happens when two take epochs at once and lasts until one gives way: should the source die now,
 * its heir, not knowing that the slot is gone, would be elected with it, take it back by its new
 * epoch, and the target would throw the keys away as not its own. So we wait until neither is so.
 */
static enum fore_err epochs_in_order(const struct ends *ends, struct fore_diag *diag)
{
    uint64_t known = 0, target = 0, source = 0;
    live_link_append(&ends->to->link, "CLUSTER INFO");
    live_link_append(&ends->from->link, "CLUSTER INFO");
    live_link_flush(&ends->to->link);
    redisReply *from = live_link_take(&ends->from->link), *to = live_link_take(&ends->to->link);
    enum fore_err err = epoch_in(to, "cluster_current_epoch:", &known);
    if (err == FORE_E_OK) err = epoch_in(to, "cluster_my_epoch:", &target);
    if (err == FORE_E_OK) err = epoch_in(from, "cluster_my_epoch:", &source);
    if (to != NULL) freeReplyObject(to);
    if (from != NULL) freeReplyObject(from);
    if (err != FORE_E_OK || (known >= source && target != source)) return err;
    return fore_err_set(diag, FORE_E_AGAIN,
                        "epochs are not settled: source %llu, target %llu, which has heard of %llu",
                        (unsigned long long)source, (unsigned long long)target,
                        (unsigned long long)known);
}

void live_group_next(const struct live_group *group, bool which[LIVE_GROUP_MAX])
{
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < LIVE_GROUP_MAX; i++) {
        which[i] = i < group->count && chosen < OWN_AT_ONCE && group->slot[i].drained &&
                   !group->slot[i].owned;
        chosen += which[i];
    }
}

/* Of those that are wanted, the ones of which the source holds no key; the others are not drained,
 * nor what they were when they were weighed. */
static enum fore_err keep_bare(struct live_group *group, const struct ends *ends, bool *wanted,
                               struct fore_diag *diag)
{
    struct live_link *from = &ends->from->link;
    enum fore_err first = FORE_E_OK;
    for (uint32_t i = 0; i < group->count; i++)
        if (wanted[i])
            live_link_append(from, "CLUSTER COUNTKEYSINSLOT %d", (int)group->slot[i].slot);
    for (uint32_t i = 0; i < group->count; i++) {
        if (!wanted[i]) continue;
        redisReply *left = live_link_take(from);
        enum fore_err err = live_answer_err(live_reply_kind(left));
        wanted[i] = err == FORE_E_OK && left->type == REDIS_REPLY_INTEGER && left->integer == 0;
        if (err == FORE_E_OK && !wanted[i]) {
            group->slot[i].drained = group->slot[i].light = false;
            err = fore_err_set(diag, FORE_E_AGAIN, "slot %u: its source holds keys of it again",
                               (unsigned)group->slot[i].slot);
        }
        keep_first(&first, err);
        if (left != NULL) freeReplyObject(left);
    }
    return first;
}

enum fore_err live_group_name(struct live_group *group, struct fore_diag *diag)
{
    struct ends ends;
    bool next[LIVE_GROUP_MAX];
    enum fore_err err[LIVE_GROUP_MAX];
    live_group_next(group, next);
    FORE_TRY(find_ends(group, &ends, diag));
    FORE_TRY(epochs_in_order(&ends, diag));
    enum fore_err first = keep_bare(group, &ends, next, diag);
    setslot(group, ends.to, "NODE", ends.to->id, next, err, diag);
    for (uint32_t i = 0; i < group->count; i++) {
        keep_first(&first, err[i]);
        group->slot[i].named = next[i] && err[i] == FORE_E_OK;
    }
    return first;
}

enum fore_err live_group_own(struct live_group *group, struct fore_diag *diag)
{
    struct ends ends;
    bool named[LIVE_GROUP_MAX], deaf[LIVE_GROUP_MAX], any = false;
    enum fore_err err[LIVE_GROUP_MAX], first = FORE_E_OK;
    for (uint32_t i = 0; i < group->count; i++) {
        named[i] = deaf[i] = group->slot[i].named;
        group->slot[i].named = false;
        any |= named[i];
    }
    if (!any) return FORE_E_OK;
    FORE_TRY(find_ends(group, &ends, diag));
    wait_until_heard(group, &ends.from->link, deaf);
    setslot(group, ends.from, "NODE", ends.to->id, named, err, NULL);
    for (uint32_t i = 0; i < group->count; i++) {
        /* One that has lost its last slot that way is a replica by now and refuses. */
        bool told = err[i] == FORE_E_OK || (!deaf[i] && err[i] == FORE_E_IO);
        if (!named[i]) continue;
        if (!told) {
            keep_first(&first, fore_err_set(diag, err[i], "slot %u: the source was not told",
                                            (unsigned)group->slot[i].slot));
            continue;
        }
        group->slot[i].owned = true;
        live_cluster_now_owns(group->cluster, group->slot[i].slot, group->to);
    }
    return first;
}
