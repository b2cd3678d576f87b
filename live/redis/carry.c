/* carry.c - see carry.h: which slots, and how they pass. While one bundle passes the next one's
 * keys are listed. */
#include "live/redis/carry_inside.h"

#include "live/base/clock.h"
#include "live/redis/mark.h"
#include "live/redis/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUNDLE_KEYS = 80,
    LIST_MOST = LIVE_CARRY_KEYS + 1,
    TRIES = 2,
    WAIT_MS = 200,
    REST_MOST_MS = 500
};

/* ARGV: until when; the target; of each slot its number, how many names, and those: the mark and
 * the keys. All of it or nothing: flags first, which can be refused. Keys left in each. */
static const char pass_script[] = LIVE_FENCE_LATE
    "local call,try,left,flag,at=redis.call,redis.pcall,{},{},3 "
    "while at<=#ARGV do "
    "  local no=try('CLUSTER','SETSLOT',ARGV[at],'MIGRATING',ARGV[2]) "
    "  if no.err then for i=1,#flag do call('CLUSTER','SETSLOT',flag[i],'STABLE') end "
    "    return redis.error_reply('NOPASS '..no.err) end "
    "  flag[#flag+1]=ARGV[at] at=at+2+tonumber(ARGV[at+1]) end "
    "at=3 "
    "while at<=#ARGV do local names=tonumber(ARGV[at+1]) "
    "  for i=at+2,at+1+names,16 do local last=math.min(i+15,at+1+names) "
    "    local done=try('DEL',unpack(ARGV,i,last)) "
    "    if type(done)=='table' then for k=i,last do try('DEL',ARGV[k]) end end end "
    "  left[#left+1]=call('CLUSTER','COUNTKEYSINSLOT',ARGV[at]) at=at+2+names end "
    "return left";

bool live_carry_possible(const char *info_server)
{
    static const char name[] = "redis_version:7.";
    return strstr(info_server, name) != NULL && strstr(info_server, "valkey_version:") == NULL;
}

bool live_carry_suits(const struct live_group_slot *slot)
{
    return slot->light && slot->keys <= LIVE_CARRY_KEYS && slot->bytes <= LIVE_CARRY_BYTES;
}

static bool is_due(const struct live_group_slot *slot)
{
    return slot->whole && !slot->owned;
}

bool live_carry_due(const struct live_group *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (is_due(&group->slot[i])) return true;
    return false;
}

uint64_t live_carry_bytes(const struct live_group *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (is_due(&group->slot[i])) return group->slot[i].bytes;
    return 0;
}

static void keep_first(enum fore_err *first, enum fore_err err)
{
    if (*first == FORE_E_OK) *first = err;
}

/* ---- bundles ------------------------------------------------------------------------------ */

static void leave_out_from(struct live_bundle *b, uint32_t first)
{
    for (uint32_t i = first; i < b->count; i++)
        live_reply_drop(&b->part[i].list);
    if (first < b->count) b->count = first;
}

static bool is_in(const struct live_bundle *b, const struct live_group_slot *slot)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (b->part[i].slot == slot) return true;
    return false;
}

/* What comes after `busy`. One that was tried in vain goes alone: it would take the others back
 * with it. */
static void choose(const struct live_carrying *c, struct live_bundle *b,
                   const struct live_bundle *busy)
{
    uint64_t keys = 0;
    *b = (struct live_bundle){.count = 0};
    for (uint32_t i = 0; i < c->group->count && b->count < LIVE_BUNDLE_SLOTS; i++) {
        struct live_group_slot *slot = &c->group->slot[i];
        if (!is_due(slot) || is_in(busy, slot)) continue;
        keys += slot->keys;
        if (b->count > 0 && (keys > BUNDLE_KEYS || slot->tries > 0)) break;
        b->part[b->count++].slot = slot;
        if (slot->tries > 0) break;
    }
}

/* From here on by MIGRATE. Nothing of it is at the target. */
static enum fore_err forgo(struct live_carrying *c, struct live_group_slot *slot)
{
    slot->whole = slot->light = false;
    return live_link_do(&c->from->link, c->diag, "CLUSTER SETSLOT %d MIGRATING %s", (int)slot->slot,
                        c->to->id);
}

/* ---- list --------------------------------------------------------------------------------- */

/* And the source's clock. */
static void ask_lists(struct live_carrying *c, const struct live_bundle *b)
{
    live_fence_ask(&c->from->link);
    for (uint32_t i = 0; i < b->count; i++)
        live_link_append(&c->from->link, "CLUSTER GETKEYSINSLOT %d %d", (int)b->part[i].slot->slot,
                         (int)LIST_MOST);
}

static enum fore_err take_lists(struct live_carrying *c, struct live_bundle *b)
{
    enum fore_err err = live_fence_take(&c->from->link, &c->from_fence);
    for (uint32_t i = 0; i < b->count; i++) {
        struct live_carried *part = &b->part[i];
        keep_first(&err, live_keys_take(&c->from->link, LIST_MOST, &part->list, &part->keys));
    }
    return err;
}

/* Slots may have more keys than when they were weighed: the first goes by MIGRATE then, the others
 * wait for another bundle. */
static enum fore_err leave_out(struct live_carrying *c, struct live_bundle *b)
{
    size_t keys = 0;
    if (b->count > 0 && b->part[0].keys.count > LIVE_CARRY_KEYS) {
        leave_out_from(b, 0);
        return forgo(c, b->part[0].slot);
    }
    for (uint32_t i = 0; i < b->count; i++) {
        keys += b->part[i].keys.count;
        if (keys > LIVE_CARRY_KEYS) leave_out_from(b, i);
    }
    return FORE_E_OK;
}

static enum fore_err first_lists(struct live_carrying *c, struct live_bundle *b)
{
    live_fence_ask(&c->to->link);
    live_link_flush(&c->to->link);
    ask_lists(c, b);
    enum fore_err err = take_lists(c, b);
    keep_first(&err, live_fence_take(&c->to->link, &c->to_fence));
    return err;
}

/* ---- pass --------------------------------------------------------------------------------- */

static void ask_pass(struct live_carrying *c, const struct live_bundle *b)
{
    char mark[LIVE_BUNDLE_SLOTS][LIVE_MARK_LEN], number[LIVE_BUNDLE_SLOTS][8];
    char names[LIVE_BUNDLE_SLOTS][8], until[LIVE_FENCE_LEN];
    size_t keys = 0;
    for (uint32_t i = 0; i < b->count; i++)
        keys += b->part[i].keys.count;
    struct live_words words = live_words_begin(5 + 3 * LIVE_BUNDLE_SLOTS + keys);
    live_fence_text(&c->from_fence, until);
    live_word_text(&words, "EVAL");
    live_word(&words, pass_script, sizeof pass_script - 1);
    live_word_text(&words, "0");
    live_word_text(&words, until);
    live_word_text(&words, c->to->id);
    for (uint32_t i = 0; i < b->count; i++) {
        const struct live_carried *part = &b->part[i];
        part->slot->asked = true;
        live_mark_name(part->slot->slot, mark[i]);
        (void)snprintf(number[i], sizeof number[i], "%u", (unsigned)part->slot->slot);
        (void)snprintf(names[i], sizeof names[i], "%u", (unsigned)part->keys.count + 1);
        live_word_text(&words, number[i]);
        live_word_text(&words, names[i]);
        live_word_text(&words, mark[i]);
        for (size_t k = 0; k < part->keys.count; k++)
            live_word(&words, part->keys.key[k]->str, part->keys.key[k]->len);
    }
    live_link_append(&c->from->link, "MULTI");
    live_words_append(&c->from->link, &words);
    live_link_append(&c->from->link, "EXEC");
}

/* With keys that came meanwhile, which MIGRATE takes. */
static enum fore_err passed(struct live_bundle *b, const redisReply *left)
{
    if (left->type != REDIS_REPLY_ARRAY || left->elements != b->count) return FORE_E_FORMAT;
    for (uint32_t i = 0; i < b->count; i++) {
        const redisReply *one = left->element[i];
        struct live_group_slot *slot = b->part[i].slot;
        slot->whole = slot->copied = slot->light = false;
        slot->drained = one->type == REDIS_REPLY_INTEGER && one->integer == 0;
    }
    return FORE_E_OK;
}

/* `dirty`: a key was written since it was read, so that nothing was done. */
static enum fore_err take_pass(struct live_carrying *c, struct live_bundle *b, bool *dirty)
{
    unsigned first = b->part[0].slot->slot;
    redisReply *multi = live_link_take(&c->from->link), *queued = live_link_take(&c->from->link);
    redisReply *done = live_link_take(&c->from->link);
    enum fore_err err = live_fence_told(done, first, c->diag);
    *dirty = err == FORE_E_OK && done->type == REDIS_REPLY_NIL;
    for (uint32_t i = 0; i < b->count && done != NULL; i++)
        b->part[i].slot->asked = false; /* whatever it was, it was answered */
    if (err == FORE_E_OK && !*dirty) {
        bool one = done->type == REDIS_REPLY_ARRAY && done->elements == 1;
        err = one ? live_fence_told(done->element[0], first, c->diag) : FORE_E_FORMAT;
        if (err == FORE_E_OK) err = passed(b, done->element[0]);
    }
    live_reply_drop(&multi);
    live_reply_drop(&queued);
    live_reply_drop(&done);
    return err;
}

/* What is written all the time goes by MIGRATE after some tries. */
static enum fore_err take_back(struct live_carrying *c, struct live_bundle *b)
{
    enum fore_err err = FORE_E_OK;
    for (uint32_t i = 0; i < b->count && err == FORE_E_OK; i++) {
        struct live_group_slot *slot = b->part[i].slot;
        err = live_mark_undo(c->from, c->to, slot->slot, c->diag);
        slot->copied = err != FORE_E_OK;
        if (err == FORE_E_OK && ++slot->tries >= TRIES) err = forgo(c, slot);
    }
    return err;
}

/* Passes one bundle, and lists the keys of another. */
static enum fore_err pass(struct live_carrying *c, struct live_bundle *b, struct live_bundle *next)
{
    bool dirty = false;
    ask_pass(c, b);
    ask_lists(c, next);
    live_link_flush(&c->from->link);
    fore_ns began = live_clock_now();
    enum fore_err err = take_pass(c, b, &dirty);
    enum fore_err listed = take_lists(c, next);
    b->source_ms += (double)(live_clock_now() - began) / 1e6;
    if (err == FORE_E_OK && dirty) err = take_back(c, b);
    if (dirty) leave_out_from(b, 0);
    return err != FORE_E_OK ? err : listed;
}

/* ---- one bundle after the other ----------------------------------------------------------- */

struct so_far {
    fore_ns began;
    uint64_t keys, bytes;
};

static void tell(const struct live_bundle *b, struct live_group_copied *out, struct so_far *so_far)
{
    for (uint32_t i = 0; i < b->count; i++) {
        struct live_batch batch = b->part[i].batch;
        const struct live_group_slot *slot = b->part[i].slot;
        if (batch.keys == 0) continue;
        batch.bytes = slot->keys > 0 ? slot->bytes * batch.keys / slot->keys : 0;
        so_far->keys += batch.keys;
        so_far->bytes += batch.bytes;
        out->batch[out->count++] = batch;
    }
}

static bool has_time(const struct live_group_limits *limits, const struct so_far *so_far)
{
    return live_clock_now() - so_far->began < (fore_ns)limits->ms * FORE_MS;
}

static bool goes_on(const struct live_group_limits *limits, const struct live_group_copied *out,
                    const struct so_far *so_far)
{
    return out->count + LIVE_BUNDLE_SLOTS <= LIVE_BATCHES_MAX && so_far->keys < limits->keys &&
           so_far->bytes < limits->bytes && has_time(limits, so_far);
}

static void rest(const struct live_bundle *b, const struct live_group_limits *limits)
{
    double ms = b->source_ms * limits->rest;
    if (ms > 0) live_clock_sleep((fore_ns)(fmin(ms, REST_MOST_MS) * 1e6));
}

static enum fore_err carry(struct live_carrying *c, const struct live_group_limits *limits,
                           struct live_group_copied *out)
{
    struct so_far so_far = {.began = live_clock_now()};
    struct live_bundle bundle[2] = {{.count = 0}}, *b = &bundle[0], *next = &bundle[1];
    choose(c, b, next);
    enum fore_err err = first_lists(c, b);
    while (err == FORE_E_OK && b->count > 0) {
        err = leave_out(c, b);
        if (err != FORE_E_OK || b->count == 0) break;
        fore_ns began = live_clock_now();
        err = live_carry_copy(c, b);
        if (err != FORE_E_OK) break;
        b->source_ms = (double)(live_clock_now() - began) / 1e6;
        *next = (struct live_bundle){.count = 0};
        if (has_time(limits, &so_far)) choose(c, next, b);
        err = pass(c, b, next);
        if (err == FORE_E_OK) tell(b, out, &so_far);
        rest(b, limits);
        leave_out_from(b, 0);
        if (!goes_on(limits, out, &so_far)) break;
        struct live_bundle *other = b;
        b = next;
        next = other;
    }
    leave_out_from(b, 0);
    leave_out_from(next, 0);
    if (err != FORE_E_OK) (void)!live_link_do(&c->from->link, NULL, "UNWATCH");
    return err;
}

static bool is_replicated(struct live_link *link)
{
    redisReply *reply = live_link_take(link);
    bool one = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer >= 1;
    live_reply_drop(&reply);
    return one;
}

/* One of each end, for all that was written by these links. */
static bool wait_for_replicas(struct live_carrying *c)
{
    int ms = (int)(c->options->wait_ms != 0 ? c->options->wait_ms : WAIT_MS);
    live_link_append(&c->to->link, "WAIT 1 %d", ms);
    live_link_append(&c->from->link, "WAIT 1 %d", ms);
    live_link_flush(&c->to->link);
    live_link_flush(&c->from->link);
    bool to = is_replicated(&c->to->link), from = is_replicated(&c->from->link);
    return to && from;
}

enum fore_err live_carry(struct live_group *group, const struct live_slot_options *options,
                         const struct live_group_limits *limits, struct live_group_copied *out,
                         struct fore_diag *diag)
{
    struct live_carrying c = {.group = group,
                              .options = options,
                              .from = live_cluster_primary(group->cluster, group->from),
                              .to = live_cluster_primary(group->cluster, group->to),
                              .diag = diag};
    out->count = 0;
    out->unreplicated = false;
    if (c.from == NULL || c.to == NULL) return FORE_E_UNREACHABLE;
    enum fore_err err = carry(&c, limits, out);
    if (err == FORE_E_OK && options->wait_replicas) out->unreplicated = !wait_for_replicas(&c);
    if (err != FORE_E_OK) group->carries = false;
    if (err == FORE_E_REFUSED) c.from->carries = c.to->carries = false; /* not permitted here */
    return err;
}
