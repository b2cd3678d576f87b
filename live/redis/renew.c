/* renew.c - see renew.h. Views are asked for anew at every step: a picture may be old. */
#include "live/redis/renew.h"

#include "live/base/clock.h"
#include "live/redis/fence.h"

#include <stdio.h>
#include <string.h>

enum { TELL_AGAIN_MS = 10000, SPEAK_AGAIN_MS = 500, SPEAK_MOST = 16, TELL_AT_ONCE = 256 };

/* ---- versions ----------------------------------------------------------------------------- */

bool live_renew_needed(const char *version, size_t len)
{
    uint32_t part[3] = {0};
    size_t parts = 0, digits = 0;
    for (size_t i = 0; i < len && parts < FORE_COUNTOF(part); i++) {
        bool digit = version[i] >= '0' && version[i] <= '9';
        if (digit && part[parts] < 1000)
            part[parts] = part[parts] * 10 + (uint32_t)(version[i] - '0');
        digits += digit;
        if (!digit && version[i] != '.') break;
        parts += !digit;
    }
    if (digits == 0 || parts < 2) return true;
    if (part[0] != 7 || part[1] == 1 || part[1] > 2) return false;
    return part[1] == 0 ? part[2] >= 12 : part[2] <= 3;
}

static enum fore_err has_the_fault(struct live_instance *at, bool *out)
{
    static const char name[] = "redis_version:";
    redisReply *info = live_link_call(&at->link, "INFO server");
    enum fore_err err = live_answer_err(live_reply_kind(info));
    if (err == FORE_E_OK) {
        const char *text = info->type == REDIS_REPLY_STRING ? strstr(info->str, name) : NULL;
        const char *version = text != NULL ? text + sizeof name - 1 : "";
        *out = live_renew_needed(version, strcspn(version, "\r\n"));
    }
    if (info != NULL) freeReplyObject(info);
    return err;
}

/* ---- views -------------------------------------------------------------------------------- */

/* Into the cluster's scratch. */
static enum fore_err view_of(struct live_cluster *cluster, struct live_instance *at)
{
    redisReply *reply = live_link_call(&at->link, "CLUSTER NODES");
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK && reply->type != REDIS_REPLY_STRING) err = FORE_E_FORMAT;
    if (err == FORE_E_OK) err = live_nodes_parse(reply->str, reply->len, cluster->scratch);
    if (reply != NULL) freeReplyObject(reply);
    return err;
}

static const struct live_nodes_line *line_of(const struct live_nodes *view, const char *id)
{
    for (uint32_t i = 0; i < view->line_count; i++)
        if (strcmp(view->line[i].id, id) == 0) return &view->line[i];
    return NULL;
}

/* The primary with the lowest epoch that is neither the owner nor the target. */
static const struct live_nodes_line *third_in(const struct live_nodes *view, const char *owner)
{
    const struct live_nodes_line *best = NULL;
    const uint32_t unfit = LIVE_NODE_MYSELF | LIVE_NODE_PFAIL | LIVE_NODE_FAIL |
                           LIVE_NODE_HANDSHAKE | LIVE_NODE_NOADDR;
    for (uint32_t i = 0; i < view->line_count; i++) {
        const struct live_nodes_line *line = &view->line[i];
        bool fit = (line->flags & LIVE_NODE_PRIMARY) != 0 && (line->flags & unfit) == 0 &&
                   strcmp(line->id, owner) != 0;
        if (fit && (best == NULL || line->config_epoch < best->config_epoch)) best = line;
    }
    return best;
}

/* Does everybody who answers know the owner's epoch for the higher one? `deaf`: who does not. */
static enum fore_err all_rank(struct live_cluster *cluster, const char *owner, const char *third,
                              bool deaf[LIVE_NODES_MAX], bool *out)
{
    *out = true;
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        deaf[i] = false;
        if (!cluster->instance[i].answered) continue;
        FORE_TRY(view_of(cluster, &cluster->instance[i]));
        const struct live_nodes_line *high = line_of(cluster->scratch, owner);
        const struct live_nodes_line *low = line_of(cluster->scratch, third);
        deaf[i] = high == NULL || low == NULL || high->config_epoch <= low->config_epoch;
        *out &= !deaf[i];
    }
    return FORE_E_OK;
}

/* ---- speaking up -------------------------------------------------------------------------- */

/*
 * Nodes speak to one another about once in half the node timeout, which is what all this would
 * wait for. A node that is asked to meet one it knows sends it a message within a tenth of a second
 * (clusterStartHandshake; the answer ends the handshake, "we already know node"), and that message
 * carries its epoch and all its slots. Until the answer, each is one more line of its view: so not
 * too many at once. A refusal is no harm: then gossip brings it.
 */
static enum fore_err speak_to(struct live_cluster *cluster, struct live_instance *owner,
                              const bool listener[LIVE_NODES_MAX])
{
    uint32_t asked = 0;
    FORE_TRY(view_of(cluster, owner)); /* where the owner itself sees them */
    for (uint32_t i = 0; i < cluster->instance_count && asked < SPEAK_MOST; i++) {
        const struct live_nodes_line *line = line_of(cluster->scratch, cluster->instance[i].id);
        bool there = line != NULL && line->address.port != 0 && line->address.host[0] != '\0';
        if (!listener[i] || !there || &cluster->instance[i] == owner) continue;
        if (line->bus_port != 0)
            live_link_append(&owner->link, "CLUSTER MEET %s %d %d", line->address.host,
                             (int)line->address.port, (int)line->bus_port);
        else
            live_link_append(&owner->link, "CLUSTER MEET %s %d", line->address.host,
                             (int)line->address.port);
        asked++;
    }
    for (; asked > 0; asked--) {
        redisReply *reply = live_link_take(&owner->link);
        if (reply != NULL) freeReplyObject(reply);
    }
    return owner->link.context != NULL ? FORE_E_OK : FORE_E_UNREACHABLE;
}

/* Not at every look. */
static bool may_speak(struct live_renewal *renewal)
{
    uint64_t now = live_clock_ms();
    if (now < renewal->spoke_ms + SPEAK_AGAIN_MS) return false;
    renewal->spoke_ms = now;
    return true;
}

static enum fore_err speak_to_target(struct live_cluster *cluster, struct live_instance *owner,
                                     struct live_renewal *renewal)
{
    bool listener[LIVE_NODES_MAX] = {false};
    if (!may_speak(renewal)) return FORE_E_OK;
    listener[renewal->target] = true;
    return speak_to(cluster, owner, listener);
}

/* ---- telling, and waiting ----------------------------------------------------------------- */

static bool seen_as(const struct live_nodes *view, uint32_t slot, const char *owner)
{
    int line = view->owner[slot];
    return line >= 0 && strcmp(view->line[line].id, owner) == 0;
}

/* A slot that the node in the scratch shows a flag of does not listen to anybody. */
static bool shows_flag(const struct live_nodes *view, uint32_t slot)
{
    uint32_t count =
        view->open_count < LIVE_NODES_OPEN_MAX ? view->open_count : LIVE_NODES_OPEN_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (view->open[i].slot == slot) return true;
    return false;
}

/* Those of first..last (1, 2) that the node takes for the owner's (3) and shows no flag of become
 * the third one's (4) in its eyes. One script: nobody opens a slot, or takes it, in between. */
static const char tell_script[] =
    "local owned,open={},{} "
    "for line in redis.call('CLUSTER','NODES'):gmatch('[^\\n]+') do "
    "  local word={} for w in line:gmatch('%S+') do word[#word+1]=w end "
    "  for i=9,#word do "
    "    local flag=word[i]:match('^%[(%d+)%-') "
    "    local from,to=word[i]:match('^(%d+)%-?(%d*)$') "
    "    if flag then open[tonumber(flag)]=true "
    "    elseif from and word[1]==ARGV[3] then "
    "      for s=tonumber(from),tonumber(to) or tonumber(from) do owned[s]=true end end end end "
    "local told=0 "
    "for s=tonumber(ARGV[1]),tonumber(ARGV[2]) do if owned[s] and not open[s] then "
    "  redis.call('CLUSTER','SETSLOT',s,'NODE',ARGV[4]) told=told+1 end end "
    "return told";

/* Some at a time, so that it does not hold the node up. IO: it lets nobody run scripts. */
static enum fore_err tell_by_script(const struct live_renew_range *range,
                                    struct live_instance *target, const char *owner,
                                    const char *third)
{
    enum fore_err err = FORE_E_OK;
    for (uint32_t first = range->first; err == FORE_E_OK && first <= range->last;
         first += TELL_AT_ONCE) {
        uint32_t last =
            first + TELL_AT_ONCE - 1 < range->last ? first + TELL_AT_ONCE - 1 : range->last;
        redisReply *reply = live_link_call(&target->link, "EVAL %s 0 %d %d %s %s", tell_script,
                                           (int)first, (int)last, owner, third);
        err = live_answer_err(live_reply_kind(reply));
        if (reply != NULL) freeReplyObject(reply);
    }
    return err;
}

/* Where there are no scripts: a look, and then one command a slot. */
static enum fore_err tell_one_by_one(struct live_cluster *cluster,
                                     const struct live_renew_range *range,
                                     struct live_instance *target, const char *owner,
                                     const char *third)
{
    enum fore_err err = FORE_E_OK;
    uint32_t asked = 0;
    FORE_TRY(view_of(cluster, target));
    for (uint32_t slot = range->first; slot <= range->last; slot++) {
        if (!seen_as(cluster->scratch, slot, owner) || shows_flag(cluster->scratch, slot)) continue;
        live_link_append(&target->link, "CLUSTER SETSLOT %d NODE %s", (int)slot, third);
        asked++;
    }
    for (; asked > 0; asked--) {
        redisReply *reply = live_link_take(&target->link);
        if (err == FORE_E_OK) err = live_answer_err(live_reply_kind(reply));
        if (reply != NULL) freeReplyObject(reply);
    }
    return err;
}

static enum fore_err tell(struct live_cluster *cluster, const struct live_renew_range *range,
                          struct live_instance *target, const char *owner, const char *third)
{
    enum fore_err err = tell_by_script(range, target, owner, third);
    if (err == FORE_E_OK || err == FORE_E_UNREACHABLE) return err;
    return tell_one_by_one(cluster, range, target, owner, third);
}

/* Slots that were told, and that others have opened since: the owner is named again. */
static enum fore_err mend(struct live_cluster *cluster, const struct live_renew_range *range,
                          const struct live_instance *owner, struct live_instance *target,
                          struct live_renewal *renewal)
{
    for (uint32_t slot = range->first; slot <= range->last; slot++) {
        bool hurt =
            seen_as(cluster->scratch, slot, renewal->third) && shows_flag(cluster->scratch, slot);
        if (!hurt) continue;
        FORE_TRY(
            live_link_do(&target->link, NULL, "CLUSTER SETSLOT %d NODE %s", (int)slot, owner->id));
        renewal->told_ms = 0; /* the others are told again, for the news to come */
    }
    return FORE_E_OK;
}

static enum fore_err begin(struct live_cluster *cluster, const struct live_renew_range *range,
                           struct live_instance *owner, struct live_instance *target,
                           struct live_renewal *renewal, struct fore_diag *diag)
{
    bool ranked = false, deaf[LIVE_NODES_MAX];
    char third[LIVE_ID_LEN + 1];
    FORE_TRY(view_of(cluster, target));
    const struct live_nodes_line *line = third_in(cluster->scratch, owner->id);
    if (line == NULL)
        return fore_err_set(diag, renewal->told ? FORE_E_AGAIN : FORE_E_CONFLICT,
                            "slots %u to %u: no third primary to name", (unsigned)range->first,
                            (unsigned)range->last);
    memcpy(third, line->id, sizeof third);
    const struct live_nodes_line *high = line_of(cluster->scratch, owner->id);
    if (high == NULL || high->config_epoch <= line->config_epoch)
        (void)live_fence_bump(&owner->link); /* if it has not the highest; looked at below */
    FORE_TRY(all_rank(cluster, owner->id, third, deaf, &ranked));
    if (!ranked && may_speak(renewal)) FORE_TRY(speak_to(cluster, owner, deaf));
    if (!ranked)
        return fore_err_set(diag, FORE_E_AGAIN,
                            "slots %u to %u: the owner's epoch is not known yet",
                            (unsigned)range->first, (unsigned)range->last);
    renewal->told = true; /* and if it is only some of them: again */
    memcpy(renewal->third, third, sizeof third);
    FORE_TRY(tell(cluster, range, target, owner->id, third));
    renewal->told_ms = live_clock_ms();
    renewal->spoke_ms = 0; /* what it said before that does not count */
    FORE_TRY(speak_to_target(cluster, owner, renewal));
    return FORE_E_AGAIN;
}

static enum fore_err heard(struct live_cluster *cluster, const struct live_renew_range *range,
                           const struct live_instance *owner, struct live_instance *target,
                           struct live_renewal *renewal)
{
    FORE_TRY(view_of(cluster, target));
    FORE_TRY(mend(cluster, range, owner, target, renewal));
    renewal->done = renewal->told_ms != 0;
    for (uint32_t slot = range->first; slot <= range->last && renewal->done; slot++)
        renewal->done =
            seen_as(cluster->scratch, slot, owner->id) || shows_flag(cluster->scratch, slot);
    return FORE_E_OK;
}

enum fore_err live_renew(struct live_cluster *cluster, const struct live_renew_range *range,
                         struct live_renewal *renewal, struct fore_diag *diag)
{
    struct live_instance *owner = live_cluster_primary(cluster, range->from);
    struct live_instance *target = live_cluster_primary(cluster, range->to);
    if (owner == NULL || target == NULL) return FORE_E_UNREACHABLE;
    int16_t index = (int16_t)(target - cluster->instance);
    if (!renewal->begun || renewal->target != index) {
        bool fault = true;
        FORE_TRY(has_the_fault(target, &fault));
        *renewal = (struct live_renewal){
            .target = index, .begun = true, .done = !fault, .begun_ms = live_clock_ms()};
    }
    if (renewal->done || range->first > range->last) return FORE_E_OK;
    if (!renewal->told || live_clock_ms() > renewal->told_ms + TELL_AGAIN_MS)
        return begin(cluster, range, owner, target, renewal, diag);
    FORE_TRY(heard(cluster, range, owner, target, renewal));
    if (renewal->done) return FORE_E_OK;
    FORE_TRY(speak_to_target(cluster, owner, renewal));
    return fore_err_set(diag, FORE_E_AGAIN, "slots %u to %u: the target has not heard of the owner",
                        (unsigned)range->first, (unsigned)range->last);
}

enum fore_err live_renew_waits(struct live_cluster *cluster, const struct live_renew_range *range,
                               bool *out)
{
    struct live_instance *target = live_cluster_primary(cluster, range->to);
    if (target == NULL) return FORE_E_UNREACHABLE;
    FORE_TRY(view_of(cluster, target));
    *out = false;
    for (uint32_t slot = range->first; slot <= range->last && !*out; slot++) {
        int line = cluster->scratch->owner[slot];
        int seen = line < 0 ? -1 : live_cluster_find(cluster, cluster->scratch->line[line].id);
        int shard = seen < 0 ? -1 : cluster->instance[seen].shard;
        *out = shard >= 0 && shard != range->from && shard != range->to;
    }
    return FORE_E_OK;
}

enum fore_err live_renew_third(struct live_cluster *cluster, struct live_instance *at,
                               const char *owner, char id[LIVE_ID_LEN + 1])
{
    FORE_TRY(view_of(cluster, at));
    const struct live_nodes_line *line = third_in(cluster->scratch, owner);
    if (line == NULL) return FORE_E_CONFLICT;
    memcpy(id, line->id, LIVE_ID_LEN + 1);
    return FORE_E_OK;
}
