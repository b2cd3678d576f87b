/* group.c - see group.h: settle and own; the batches are in group_copy.c. */
#include "live/redis/group.h"

#include "live/base/clock.h"
#include "live/redis/carry.h"
#include "live/redis/epochs.h"
#include "live/redis/fence.h"
#include "live/redis/mark.h"

#include <string.h>

enum { HEAR_MS = 250, HEAR_EVERY_US = 200, OWN_AT_ONCE = 16 };

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

/* ---- versions ------------------------------------------------------------------------------ */

bool live_group_names_at_once(const char *info_server)
{
    static const char name[] = "redis_version:";
    const char *at = strstr(info_server, name);
    if (at == NULL || strstr(info_server, "valkey_version:") != NULL) return false;
    unsigned long major = strtoul(at + sizeof name - 1, NULL, 10);
    return major >= 4 && major <= 7;
}

/* Asked once. */
static void learn_version(struct live_instance *at)
{
    if (at->names != LIVE_NAMES_UNKNOWN) return;
    redisReply *info = live_link_call(&at->link, "INFO server");
    if (info != NULL && info->type == REDIS_REPLY_STRING) {
        at->names = live_group_names_at_once(info->str) ? LIVE_NAMES_AT_ONCE : LIVE_NAMES_EACH;
        at->carries = live_carry_possible(info->str);
    }
    if (info != NULL) freeReplyObject(info);
}

static bool may_name_at_once(struct live_instance *at)
{
    learn_version(at);
    return at->names == LIVE_NAMES_AT_ONCE;
}

static bool may_carry(const struct ends *ends)
{
    learn_version(ends->from);
    learn_version(ends->to);
    return ends->from->carries && ends->to->carries;
}

/* ---- settle ------------------------------------------------------------------------------- */

static bool is_source_s(const struct live_cluster *cluster, uint16_t slot, const struct ends *ends)
{
    int own = cluster->own[slot];
    return own >= 0 && &cluster->instance[own] == ends->from;
}

/* The target takes it in from the source, which does not give it away yet. */
static bool is_half_open(const struct live_cluster *cluster, uint16_t slot, const struct ends *ends)
{
    bool takes = false;
    if (!is_source_s(cluster, slot, ends)) return false;
    for (uint32_t i = 0; i < cluster->open_count; i++) {
        const struct live_open *open = &cluster->open[i];
        const struct live_instance *holder = &cluster->instance[open->holder];
        if (open->slot != slot || (holder != ends->from && holder != ends->to)) continue;
        if (holder == ends->from || strcmp(open->peer_id, ends->from->id) != 0) return false;
        takes = true;
    }
    return takes;
}

static bool given_away(const struct live_cluster *cluster, uint16_t slot, const struct ends *ends)
{
    for (uint32_t i = 0; i < cluster->open_count; i++) {
        const struct live_open *open = &cluster->open[i];
        if (open->slot == slot && !open->importing &&
            &cluster->instance[open->holder] == ends->from)
            return true;
    }
    return false;
}

/* What was copied to the target and has not passed, as the group or a mark tells, goes before
 * anything else. `barred`: it is there still, and the slot must not be given away. */
static enum fore_err take_copies_back(struct live_group *group, const struct ends *ends,
                                      bool barred[LIVE_GROUP_MAX], struct fore_diag *diag)
{
    bool marked[LIVE_GROUP_MAX];
    enum fore_err first = FORE_E_OK;
    live_mark_seen(group, &ends->from->link, marked);
    for (uint32_t i = 0; i < group->count; i++) {
        struct live_group_slot *at = &group->slot[i];
        struct live_slot slot = live_group_at(group, i);
        bool copies = marked[i] || (at->copied && !at->asked);
        barred[i] = copies && is_source_s(group->cluster, at->slot, ends) &&
                    !given_away(group->cluster, at->slot, ends);
        if (!barred[i]) continue;
        enum fore_err err = live_slot_take_in(&slot, diag);
        if (err == FORE_E_OK) err = live_mark_undo(ends->from, ends->to, at->slot, diag);
        barred[i] = at->copied = err != FORE_E_OK;
        keep_first(&first, err);
    }
    return first;
}

/* The source's own, and neither end shows a flag of it. */
static bool is_fresh(const struct live_cluster *cluster, uint16_t slot, const struct ends *ends)
{
    if (!is_source_s(cluster, slot, ends)) return false;
    for (uint32_t i = 0; i < cluster->open_count; i++) {
        const struct live_instance *holder = &cluster->instance[cluster->open[i].holder];
        if (cluster->open[i].slot == slot && (holder == ends->from || holder == ends->to))
            return false;
    }
    return true;
}

/* The target takes them in before the source gives them away, which carry.h does later. */
static enum fore_err open_fresh(struct live_group *group, const struct ends *ends,
                                const bool *fresh, struct fore_diag *diag)
{
    enum fore_err first = FORE_E_OK, err[LIVE_GROUP_MAX];
    bool taken[LIVE_GROUP_MAX];
    setslot(group, ends->to, "IMPORTING", ends->from->id, fresh, err, diag);
    for (uint32_t i = 0; i < group->count; i++) {
        taken[i] = fresh[i] && err[i] == FORE_E_OK;
        keep_first(&first, err[i]);
        taken[i] &= !group->slot[i].whole;
    }
    setslot(group, ends->from, "MIGRATING", ends->to->id, taken, err, diag);
    for (uint32_t i = 0; i < group->count; i++)
        keep_first(&first, err[i]);
    return first;
}

enum fore_err live_group_settle(struct live_group *group, struct fore_diag *diag)
{
    struct ends ends;
    bool fresh[LIVE_GROUP_MAX] = {false}, barred[LIVE_GROUP_MAX] = {false};
    FORE_TRY(find_ends(group, &ends, diag));
    enum fore_err first = take_copies_back(group, &ends, barred, diag);
    bool carries = group->carries && may_carry(&ends);
    for (uint32_t i = 0; i < group->count; i++) {
        struct live_group_slot *at = &group->slot[i];
        at->owned = at->drained = at->named = at->heard = false;
        fresh[i] = !barred[i] && is_fresh(group->cluster, at->slot, &ends);
        bool half = at->whole && !at->asked && is_half_open(group->cluster, at->slot, &ends);
        at->whole = (fresh[i] || half) && carries && live_carry_suits(at);
        if (fresh[i] || at->whole || barred[i]) continue;
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
static bool have_heard(struct live_group *group, struct live_link *at)
{
    bool all = true, waiting[LIVE_GROUP_MAX];
    for (uint32_t i = 0; i < group->count; i++) {
        char tag[LIVE_TAG_MAX];
        waiting[i] = group->slot[i].named && !group->slot[i].heard;
        if (!waiting[i]) continue;
        live_slot_tag(group->slot[i].slot, tag);
        live_link_append(at, "EXISTS %s", tag);
    }
    for (uint32_t i = 0; i < group->count; i++) {
        if (!waiting[i]) continue;
        redisReply *reply = live_link_take(at);
        group->slot[i].heard = live_reply_kind(reply) == LIVE_MOVED;
        all &= group->slot[i].heard;
        if (reply != NULL) freeReplyObject(reply);
    }
    return all;
}

bool live_group_named(const struct live_group *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (group->slot[i].named) return true;
    return false;
}

/* Clients lose nothing while this waits: the source sends them on to the target. */
bool live_group_heard(struct live_group *group, uint32_t ms)
{
    struct ends ends;
    uint64_t until = live_clock_ms() + ms, late = group->named_ms + HEAR_MS;
    if (find_ends(group, &ends, NULL) != FORE_E_OK) return true;
    while (!have_heard(group, &ends.from->link)) {
        if (ends.from->link.context == NULL || live_clock_ms() > late) return true;
        if (live_clock_ms() >= until) return false;
        live_clock_sleep((fore_ns)HEAR_EVERY_US * FORE_US);
    }
    return true;
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
static enum fore_err epochs_in_order(const struct ends *ends, struct live_fence *fence,
                                     struct fore_diag *diag)
{
    uint64_t known = 0, target = 0, source = 0;
    live_fence_ask(&ends->to->link);
    live_link_append(&ends->to->link, "CLUSTER INFO");
    live_link_append(&ends->from->link, "CLUSTER INFO");
    live_link_flush(&ends->to->link);
    redisReply *from = live_link_take(&ends->from->link);
    enum fore_err err = live_fence_take(&ends->to->link, fence);
    redisReply *to = live_link_take(&ends->to->link);
    if (err == FORE_E_OK) err = live_epochs_read(to, "cluster_current_epoch:", &known);
    if (err == FORE_E_OK) err = live_epochs_read(to, "cluster_my_epoch:", &target);
    if (err == FORE_E_OK) err = live_epochs_read(from, "cluster_my_epoch:", &source);
    if (to != NULL) freeReplyObject(to);
    if (from != NULL) freeReplyObject(from);
    if (err != FORE_E_OK || (known >= source && target != source)) return err;
    return fore_err_set(diag, FORE_E_AGAIN,
                        "epochs are not settled: source %llu, target %llu, which has heard of %llu",
                        (unsigned long long)source, (unsigned long long)target,
                        (unsigned long long)known);
}

/* The epoch comes before the slots, as SETSLOT would have it. */
static void list_naming(const struct live_group *group, const struct live_instance *to,
                        const bool *wanted, uint32_t last, struct live_fenced *out)
{
    live_fenced_add(out, "BUMPEPOCH");
    for (uint32_t i = 0; i < group->count; i++) {
        if (!wanted[i]) continue;
        if (i != last) live_fenced_add(out, "SETSLOT %u STABLE", (unsigned)group->slot[i].slot);
        live_fenced_add(out, "SETSLOT %u NODE %s", (unsigned)group->slot[i].slot, to->id);
    }
}

/* Of all answers, the part of one slot. AGAIN: what came before it went wrong. */
static enum fore_err read_named(const struct live_group *group, uint32_t i,
                                const struct live_link *link, const redisReply *all, size_t at,
                                struct fore_diag *diag)
{
    if (at >= all->elements) return FORE_E_AGAIN;
    const redisReply *one = all->element[at];
    enum fore_err err = live_answer_err(live_reply_kind(one));
    if (err == FORE_E_OK) return err;
    return fore_err_set(diag, err, "%s:%u: slot %u: %s", link->address.host,
                        (unsigned)link->address.port, (unsigned)group->slot[i].slot, one->str);
}

static void all_are(enum fore_err *err, const bool *wanted, enum fore_err what)
{
    for (uint32_t i = 0; i < LIVE_GROUP_MAX; i++)
        err[i] = wanted[i] ? what : FORE_E_OK;
}

/*
 * The target becomes the owner of all of them at one moment, and says so once: a slot that it takes
 * in has it send a message to every node as soon as it is named, so all but the last are first
 * taken in no longer. (Eight messages one after the other to all nodes, each with a look at all
 * slots, had every node busy for a millisecond.) False: it was refused, and nothing is done.
 */
static bool name_at_once(struct live_group *group, struct live_instance *to, const bool *wanted,
                         const struct live_fence *fence, enum fore_err *err, struct fore_diag *diag)
{
    uint32_t last = LIVE_GROUP_MAX;
    struct live_fenced commands = {.count = 0};
    redisReply *done = NULL;
    for (uint32_t i = 0; i < group->count; i++)
        if (wanted[i]) last = i;
    all_are(err, wanted, FORE_E_OK);
    if (last == LIVE_GROUP_MAX) return true;
    list_naming(group, to, wanted, last, &commands);
    enum fore_err all = live_fenced_run(&to->link, fence, &commands, &done);
    bool refused = all == FORE_E_REFUSED || (done != NULL && done->elements > 0 &&
                                             live_reply_kind(done->element[0]) != LIVE_FINE);
    if (refused) to->names = LIVE_NAMES_EACH; /* from now on */
    all_are(err, wanted, all);
    for (uint32_t i = 0, at = 1; i < group->count && done != NULL && !refused; i++) {
        if (!wanted[i]) continue;
        at += i != last; /* STABLE's */
        err[i] = read_named(group, i, &to->link, done, at++, diag);
    }
    if (done != NULL) freeReplyObject(done);
    return !refused;
}

void live_group_next(const struct live_group *group, bool which[LIVE_GROUP_MAX])
{
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < LIVE_GROUP_MAX; i++) {
        const struct live_group_slot *slot = &group->slot[i];
        which[i] = i < group->count && chosen < OWN_AT_ONCE && slot->drained && !slot->named &&
                   !slot->owned;
        chosen += which[i];
    }
    /* Not now these and in a moment those: a message of the same length as the one before is
     * acknowledged at once, one of another length may be after 40 ms (Linux), and the next is held
     * back until then (measured: every tenth naming, a third of all the time). */
    if (chosen < OWN_AT_ONCE && !live_group_drained(group))
        memset(which, false, LIVE_GROUP_MAX * sizeof which[0]);
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
    struct live_fence fence;
    live_group_next(group, next);
    FORE_TRY(find_ends(group, &ends, diag));
    FORE_TRY(epochs_in_order(&ends, &fence, diag));
    enum fore_err first = keep_bare(group, &ends, next, diag);
    if (!may_name_at_once(ends.to) || !name_at_once(group, ends.to, next, &fence, err, diag))
        setslot(group, ends.to, "NODE", ends.to->id, next, err, diag);
    for (uint32_t i = 0; i < group->count; i++) {
        keep_first(&first, err[i]);
        group->slot[i].named |= next[i] && err[i] == FORE_E_OK;
    }
    group->named_ms = live_clock_ms();
    return first;
}

enum fore_err live_group_own(struct live_group *group, struct fore_diag *diag)
{
    struct ends ends;
    bool named[LIVE_GROUP_MAX], heard[LIVE_GROUP_MAX];
    enum fore_err err[LIVE_GROUP_MAX], first = FORE_E_OK;
    if (!live_group_named(group)) return FORE_E_OK;
    (void)live_group_heard(group, HEAR_MS);
    for (uint32_t i = 0; i < group->count; i++) {
        named[i] = group->slot[i].named;
        heard[i] = group->slot[i].heard;
        group->slot[i].named = group->slot[i].heard = false;
    }
    FORE_TRY(find_ends(group, &ends, diag));
    setslot(group, ends.from, "NODE", ends.to->id, named, err, NULL);
    for (uint32_t i = 0; i < group->count; i++) {
        /* One that has lost its last slot that way is a replica by now and refuses. */
        bool told = err[i] == FORE_E_OK || (heard[i] && err[i] == FORE_E_IO);
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
