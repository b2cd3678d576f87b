/* slot.c - see slot.h: settle, weigh and sweep. What is done to several at once is in group.h. */
#include "live/redis/slot.h"

#include "core/base/hash.h"
#include "live/base/clock.h"
#include "live/redis/fence.h"
#include "live/redis/group.h"
#include "live/redis/renew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGH_CHUNK = 256, KEYS_ALL = 1 << 24, HEAR_MS = 250 };

/* ---- ends --------------------------------------------------------------------------------- */

struct ends {
    struct live_instance *from, *to;
};

static enum fore_err find_ends(const struct live_slot *slot, struct ends *out,
                               struct fore_diag *diag)
{
    out->from = live_cluster_primary(slot->cluster, slot->from);
    out->to = live_cluster_primary(slot->cluster, slot->to);
    if (out->from != NULL && out->to != NULL) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "slot %u: shard %u has no primary that answers",
                        (unsigned)slot->slot,
                        (unsigned)(out->from == NULL ? slot->from : slot->to));
}

/* The flag that `holder` shows for a slot, or NULL. */
static const struct live_open *flag_of(const struct live_cluster *cluster, uint16_t slot,
                                       const struct live_instance *holder, bool importing)
{
    for (uint32_t i = 0; i < cluster->open_count; i++) {
        const struct live_open *open = &cluster->open[i];
        if (open->slot == slot && open->importing == importing &&
            holder == &cluster->instance[open->holder])
            return open;
    }
    return NULL;
}

static bool any_flag(const struct live_cluster *cluster, uint16_t slot,
                     const struct live_instance *holder)
{
    return flag_of(cluster, slot, holder, true) != NULL ||
           flag_of(cluster, slot, holder, false) != NULL;
}

static bool flag_names(const struct live_cluster *cluster, uint16_t slot,
                       const struct live_instance *holder, bool importing, const char *peer)
{
    const struct live_open *flag = flag_of(cluster, slot, holder, importing);
    return flag != NULL && strcmp(flag->peer_id, peer) == 0;
}

static enum fore_err stable(struct live_instance *at, uint16_t slot, struct fore_diag *diag)
{
    return live_link_do(&at->link, diag, "CLUSTER SETSLOT %d STABLE", (int)slot);
}

/* ---- settle ------------------------------------------------------------------------------- */

/* Whom `at` itself takes for the owner of the slot: an id, or "". */
static enum fore_err owner_seen_by(struct live_cluster *cluster, struct live_instance *at,
                                   uint16_t slot, char *id)
{
    redisReply *reply = live_link_call(&at->link, "CLUSTER NODES");
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK) err = live_nodes_parse(reply->str, reply->len, cluster->scratch);
    if (reply != NULL) freeReplyObject(reply);
    if (err != FORE_E_OK) return err;
    int line = cluster->scratch->owner[slot];
    (void)snprintf(id, LIVE_ID_LEN + 1, "%s", line < 0 ? "" : cluster->scratch->line[line].id);
    return FORE_E_OK;
}

/* The target must know who owns the slot before it can take it in. Its old flag goes first: while
 * it shows one, it does not listen. */
static enum fore_err tell_owner(const struct live_slot *slot, const struct ends *ends,
                                struct fore_diag *diag)
{
    char seen[LIVE_ID_LEN + 1];
    if (any_flag(slot->cluster, slot->slot, ends->to)) FORE_TRY(stable(ends->to, slot->slot, diag));
    FORE_TRY(owner_seen_by(slot->cluster, ends->to, slot->slot, seen));
    if (strcmp(seen, ends->from->id) == 0) return FORE_E_OK;
    FORE_TRY(live_link_do(&ends->to->link, diag, "CLUSTER SETSLOT %d NODE %s", (int)slot->slot,
                          ends->from->id));
    return owner_seen_by(slot->cluster, ends->to, slot->slot, seen);
}

static enum fore_err take_in(const struct live_slot *slot, const struct ends *ends,
                             struct fore_diag *diag)
{
    const struct live_cluster *cluster = slot->cluster;
    bool takes = flag_names(cluster, slot->slot, ends->to, true, ends->from->id);
    bool fresh =
        !any_flag(cluster, slot->slot, ends->to) && !any_flag(cluster, slot->slot, ends->from);
    if (takes) return FORE_E_OK;
    if (!fresh) FORE_TRY(tell_owner(slot, ends, diag));
    return live_link_do(&ends->to->link, diag, "CLUSTER SETSLOT %d IMPORTING %s", (int)slot->slot,
                        ends->from->id);
}

enum fore_err live_slot_take_in(const struct live_slot *slot, struct fore_diag *diag)
{
    struct ends ends;
    FORE_TRY(find_ends(slot, &ends, diag));
    FORE_ASSERT(ends.from != NULL && ends.to != NULL);
    return take_in(slot, &ends, diag);
}

static enum fore_err open_both(const struct live_slot *slot, const struct ends *ends,
                               struct fore_diag *diag)
{
    bool gives = flag_names(slot->cluster, slot->slot, ends->from, false, ends->to->id);
    FORE_TRY(take_in(slot, ends, diag));
    if (!gives)
        FORE_TRY(live_link_do(&ends->from->link, diag, "CLUSTER SETSLOT %d MIGRATING %s",
                              (int)slot->slot, ends->to->id));
    return FORE_E_OK;
}

/* The target owns the slot: flags that are left at either end go. */
static enum fore_err close_both(const struct live_slot *slot, const struct ends *ends,
                                struct fore_diag *diag)
{
    if (any_flag(slot->cluster, slot->slot, ends->to)) FORE_TRY(stable(ends->to, slot->slot, diag));
    if (any_flag(slot->cluster, slot->slot, ends->from))
        FORE_TRY(stable(ends->from, slot->slot, diag));
    return FORE_E_OK;
}

bool live_slot_is_closed(const struct live_slot *slot)
{
    struct ends ends;
    if (find_ends(slot, &ends, NULL) != FORE_E_OK) return false;
    int own = slot->cluster->own[slot->slot];
    return own >= 0 && &slot->cluster->instance[own] == ends.from &&
           flag_of(slot->cluster, slot->slot, ends.to, true) == NULL;
}

bool live_slot_is_hidden(const struct live_slot *slot)
{
    struct ends ends;
    if (find_ends(slot, &ends, NULL) != FORE_E_OK) return false;
    FORE_ASSERT(ends.from != NULL && ends.to != NULL);
    int own = slot->cluster->own[slot->slot];
    return own >= 0 && &slot->cluster->instance[own] == ends.from &&
           flag_of(slot->cluster, slot->slot, ends.to, true) != NULL &&
           !flag_names(slot->cluster, slot->slot, ends.to, true, ends.from->id) &&
           !flag_names(slot->cluster, slot->slot, ends.from, false, ends.to->id);
}

/* Taking a slot in and owning it gives the claim a new epoch, which settles it for everybody. All
 * at one moment; `gives`: and so is giving it away to the other, so that no client finds a key
 * missing. */
static enum fore_err claim(const struct live_slot *slot, struct live_instance *at,
                           const struct live_instance *other, bool gives, struct fore_diag *diag)
{
    unsigned number = slot->slot;
    struct live_fenced commands = {.count = 0};
    redisReply *done = NULL;
    live_fenced_add(&commands, "SETSLOT %u STABLE", number);
    live_fenced_add(&commands, "SETSLOT %u IMPORTING %s", number, other->id);
    live_fenced_add(&commands, "SETSLOT %u NODE %s", number, at->id);
    if (gives) live_fenced_add(&commands, "SETSLOT %u MIGRATING %s", number, other->id);
    enum fore_err err = live_fenced_do(&at->link, &commands, &done);
    bool whole = err == FORE_E_OK && done->elements == commands.count &&
                 done->element[commands.count - 1]->type == REDIS_REPLY_STATUS;
    if (done != NULL) freeReplyObject(done);
    if (whole || err == FORE_E_UNREACHABLE) return err;
    return fore_err_set(diag, FORE_E_AGAIN, "slot %u: %s:%u cannot claim it", number,
                        at->link.address.host, (unsigned)at->link.address.port);
}

/*
 * A slot had passed to the target, which died before its replica heard of it. The heir has the keys
 * and takes the source for the owner, which has been saying that it is not; so on the versions that
 * renew.h tells of it keeps the bit that costs the keys as soon as the dead one comes back with its
 * old nodes.conf (all of a slot was lost that way). So it is not told to claim the slot, but to
 * think that a third one has it; the source claims it, which clears the bit, and hands it over once
 * more, with no key to send.
 */
static enum fore_err pass_again(const struct live_slot *slot, const struct ends *ends,
                                const char *third, struct fore_diag *diag)
{
    char seen[LIVE_ID_LEN + 1] = "";
    FORE_TRY(stable(ends->to, slot->slot, diag));
    FORE_TRY(
        live_link_do(&ends->to->link, diag, "CLUSTER SETSLOT %d NODE %s", (int)slot->slot, third));
    FORE_TRY(claim(slot, ends->from, ends->to, true, diag));
    uint64_t until = live_clock_ms() + HEAR_MS;
    while (strcmp(seen, ends->from->id) != 0) {
        if (live_clock_ms() > until)
            return fore_err_set(diag, FORE_E_AGAIN, "slot %u: its heir has not heard of its source",
                                (unsigned)slot->slot);
        if (seen[0] != '\0') live_clock_sleep_ms(1);
        FORE_TRY(owner_seen_by(slot->cluster, ends->to, slot->slot, seen));
    }
    FORE_TRY(live_link_do(&ends->to->link, diag, "CLUSTER SETSLOT %d IMPORTING %s", (int)slot->slot,
                          ends->from->id));
    return live_slot_own(slot, diag);
}

enum fore_err live_slot_claim(const struct live_slot *slot, bool passed, struct fore_diag *diag)
{
    struct ends ends;
    char seen[LIVE_ID_LEN + 1], third[LIVE_ID_LEN + 1];
    FORE_TRY(find_ends(slot, &ends, diag));
    FORE_ASSERT(ends.from != NULL && ends.to != NULL);
    struct live_instance *at = passed ? ends.to : ends.from;
    /* It may have learned since the picture was made; whoever takes it away then takes the keys. */
    FORE_TRY(owner_seen_by(slot->cluster, at, slot->slot, seen));
    if (strcmp(seen, at->id) == 0)
        return fore_err_set(diag, FORE_E_AGAIN, "slot %u: is claimed by now", (unsigned)slot->slot);
    if (passed && live_renew_third(slot->cluster, ends.to, ends.from->id, third) == FORE_E_OK)
        return pass_again(slot, &ends, third, diag);
    return claim(slot, at, passed ? ends.from : ends.to, false, diag);
}

enum fore_err live_slot_settle(const struct live_slot *slot, bool *owned, struct fore_diag *diag)
{
    struct ends ends;
    const struct live_cluster *cluster = slot->cluster;
    FORE_TRY(find_ends(slot, &ends, diag));
    FORE_ASSERT(ends.from != NULL && ends.to != NULL);
    int own = cluster->own[slot->slot];
    const struct live_instance *owner = own < 0 ? NULL : &cluster->instance[own];
    *owned = owner == ends.to;
    if (*owned) return close_both(slot, &ends, diag);
    if (owner == ends.from) return open_both(slot, &ends, diag);
    if (owner != NULL)
        return fore_err_set(diag, FORE_E_CONFLICT, "slot %u: belongs to neither shard %u nor %u",
                            (unsigned)slot->slot, (unsigned)slot->from, (unsigned)slot->to);
    /* Nobody claims it. If it is said to be the target's, ownership had been passed, and all keys
     * had; else the source keeps it, and the rest goes its usual way. */
    bool passed = live_cluster_shard_of(cluster, slot->slot) == slot->to;
    FORE_TRY(live_slot_claim(slot, passed, diag));
    return fore_err_set(diag, FORE_E_AGAIN, "slot %u: nobody claimed it; shard %u was told to",
                        (unsigned)slot->slot, (unsigned)(passed ? slot->to : slot->from));
}

/* ---- own ---------------------------------------------------------------------------------- */

enum fore_err live_slot_own(const struct live_slot *slot, struct fore_diag *diag)
{
    struct live_group one = {
        .cluster = slot->cluster, .from = slot->from, .to = slot->to, .count = 1};
    one.slot[0].slot = slot->slot;
    one.slot[0].drained = true;
    FORE_TRY(live_group_name(&one, diag));
    return live_group_own(&one, diag);
}

/* ---- weigh -------------------------------------------------------------------------------- */

static enum fore_err weigh_by_name(struct live_link *link, uint16_t slot,
                                   struct live_slot_size *out)
{
    redisReply *list = NULL;
    struct live_keys all = {.count = 0};
    *out = (struct live_slot_size){0};
    FORE_TRY(live_keys_list(link, slot, KEYS_ALL, &list, &all));
    enum fore_err err = FORE_E_OK;
    for (size_t done = 0; err == FORE_E_OK && done < all.count; done += WEIGH_CHUNK) {
        uint64_t bytes[WEIGH_CHUNK];
        size_t left = all.count - done;
        struct live_keys part = {.key = all.key + done,
                                 .count = left < WEIGH_CHUNK ? left : WEIGH_CHUNK};
        err = live_keys_weigh(link, part, bytes);
        for (size_t i = 0; err == FORE_E_OK && i < part.count; i++) {
            out->keys += bytes[i] > 0;
            out->bytes += bytes[i];
            if (bytes[i] > out->largest) out->largest = bytes[i];
        }
    }
    freeReplyObject(list);
    return err;
}

/* Where the keys are, without their names going over the wire (measured: 61 keys in a third of the
 * time). A slot with more keys than would hold the node up for half a millisecond is not told, nor
 * any where scripts may not ask. */
static const char weigh_script[] =
    "local keys=redis.call('CLUSTER','GETKEYSINSLOT',ARGV[1],ARGV[2]) "
    "if #keys==tonumber(ARGV[2]) then return false end "
    "local n,sum,most=0,0,0 for i=1,#keys do "
    "  local b=redis.call('MEMORY','USAGE',keys[i]) "
    "  if b then n=n+1 sum=sum+b if b>most then most=b end end end "
    "return {n,sum,most}";

static bool read_size(const redisReply *reply, struct live_slot_size *out)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) return false;
    for (size_t i = 0; i < 3; i++)
        if (reply->element[i]->type != REDIS_REPLY_INTEGER || reply->element[i]->integer < 0)
            return false;
    *out = (struct live_slot_size){.keys = (uint64_t)reply->element[0]->integer,
                                   .bytes = (uint64_t)reply->element[1]->integer,
                                   .largest = (uint64_t)reply->element[2]->integer};
    return true;
}

enum fore_err live_slot_weigh(struct live_link *link, uint16_t first, uint32_t count,
                              struct live_slot_size *out)
{
    bool told[LIVE_WEIGH_MAX];
    FORE_ASSERT(count <= LIVE_WEIGH_MAX);
    for (uint32_t i = 0; i < count; i++)
        live_link_append(link, "EVAL %s 0 %d %d", weigh_script, (int)(first + i), (int)WEIGH_CHUNK);
    for (uint32_t i = 0; i < count; i++) {
        redisReply *reply = live_link_take(link);
        told[i] = read_size(reply, &out[i]);
        if (reply != NULL) freeReplyObject(reply);
    }
    for (uint32_t i = 0; i < count; i++)
        if (!told[i]) FORE_TRY(weigh_by_name(link, (uint16_t)(first + i), &out[i]));
    return FORE_E_OK;
}

/* ---- sweep -------------------------------------------------------------------------------- */

enum fore_err live_slot_unlink(struct live_link *link, uint16_t slot, uint64_t *orphans)
{
    redisReply *list = NULL;
    struct live_keys keys = {.count = 0};
    FORE_TRY(live_keys_list(link, slot, 1000, &list, &keys));
    enum fore_err err = FORE_E_OK;
    for (size_t i = 0; err == FORE_E_OK && i < keys.count; i++) {
        live_link_append(link, "ASKING");
        live_link_append(link, "UNLINK %b", keys.key[i]->str, keys.key[i]->len);
        redisReply *asked = live_link_take(link), *gone = live_link_take(link);
        err = live_answer_err(live_reply_kind(gone));
        *orphans += err == FORE_E_OK;
        if (asked != NULL) freeReplyObject(asked);
        if (gone != NULL) freeReplyObject(gone);
    }
    freeReplyObject(list);
    return err;
}

/* A node touches keys of a slot it does not own only when it takes the slot in: so it does, from
 * the owner, for as long as this lasts. */
enum fore_err live_slot_sweep(struct live_cluster *cluster, uint16_t slot, uint16_t shard,
                              uint64_t *orphans)
{
    struct live_instance *at = live_cluster_primary(cluster, shard);
    int owner = live_cluster_shard_of(cluster, slot);
    *orphans = 0;
    if (at == NULL || owner < 0) return FORE_E_UNREACHABLE;
    /* What is said of an owner that does not say so itself may be wrong, and these be all the keys.
     */
    if (owner == shard || cluster->own[slot] != cluster->owner[slot]) return FORE_E_CONFLICT;
    uint64_t left = 0;
    FORE_TRY(live_keys_count(&at->link, slot, &left));
    if (left == 0) return FORE_E_OK;
    FORE_TRY(live_link_do(&at->link, NULL, "CLUSTER SETSLOT %d IMPORTING %s", (int)slot,
                          cluster->instance[cluster->owner[slot]].id));
    enum fore_err err = FORE_E_OK;
    while (err == FORE_E_OK && left > 0) {
        err = live_slot_unlink(&at->link, slot, orphans);
        if (err == FORE_E_OK) err = live_keys_count(&at->link, slot, &left);
    }
    enum fore_err closed = stable(at, slot, NULL);
    return err != FORE_E_OK ? err : closed;
}

/* ---- tags --------------------------------------------------------------------------------- */

/* The last slot is met after some 160 thousand numbers, so they are looked for once. */
static const uint32_t *numbers(void)
{
    static uint32_t number_of[FORE_SLOT_COUNT];
    static uint32_t found;
    char text[16];
    for (uint32_t n = 1; found < FORE_SLOT_COUNT; n++) {
        int len = snprintf(text, sizeof text, "%u", n);
        uint32_t *at = &number_of[fore_hash_slot(text, (size_t)len)];
        found += *at == 0;
        if (*at == 0) *at = n;
    }
    return number_of;
}

void live_slot_tag(uint16_t slot, char out[LIVE_TAG_MAX])
{
    (void)snprintf(out, LIVE_TAG_MAX, "{%u}", numbers()[slot]);
}
