/*
 * group_copy.c - see group.h: batches of keys. Each is listed, weighed, chosen, digested, sent by
 * MIGRATE, and digested at the target; and while one travels the next one's list is asked for, and
 * the target adds up the one before.
 *
 * The digest at the source and the MIGRATE are one transaction, so it is of exactly what travels.
 * REPLACE always: while the source owns the slot, what it holds is what counts. One command for
 * each slot: clients have their turn between them. At the end the digest's script writes and
 * deletes a short-lived key at the target, because WAIT waits for what its own connection wrote,
 * and the keys came in on another.
 */
#include "live/redis/group.h"

#include "live/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 200, MIGRATE_MS = 1000, ALONE = 1 << 20, LOOK_AT_MOST = 4096 };

struct batch {
    uint32_t at; /* of the group's slots */
    redisReply *list;
    struct live_keys keys;
    size_t listed;
    bool whole; /* that is all that the source holds of the slot */
    const redisReply *chosen[LOOK_AT_MOST];
    int64_t number[LOOK_AT_MOST]; /* of each, at the source */
    size_t count;
    bool large; /* it is one key, and too large for the script */
    struct live_batch out;
};

struct copying {
    struct live_group *group;
    const struct live_slot_options *options;
    const struct live_group_limits *limits;
    struct live_instance *from, *to;
    struct live_group_copied *out;
    struct fore_diag *diag;
    struct batch batch[2]; /* one travels, one is looked at before and after */
    uint64_t keys, bytes;  /* sent so far */
    fore_ns began;
};

static struct live_group_slot *slot_of(const struct copying *c, const struct batch *batch)
{
    return &c->group->slot[batch->at];
}

/* ---- list --------------------------------------------------------------------------------- */

/* Large keys that wait for the end would hide small ones behind them: look twice as far. */
static uint32_t list_keys(const struct copying *c)
{
    uint32_t keys = c->limits->batch_keys;
    return 2 * (keys < LOOK_AT_MOST / 2 ? keys : LOOK_AT_MOST / 2);
}

/* The first slot from `at` on that has keys to send; the group's count: none. */
static uint32_t next_slot(const struct copying *c, uint32_t at)
{
    while (at < c->group->count && (c->group->slot[at].owned || c->group->slot[at].drained))
        at++;
    return at;
}

static void ask_list(struct copying *c, uint32_t at)
{
    live_link_append(&c->from->link, "CLUSTER GETKEYSINSLOT %d %d", (int)c->group->slot[at].slot,
                     (int)list_keys(c));
}

static enum fore_err take_list(struct copying *c, struct batch *batch, uint32_t at)
{
    batch->at = at;
    batch->count = 0;
    batch->large = false;
    batch->out = (struct live_batch){0};
    batch->list = NULL;
    FORE_TRY(live_keys_take(&c->from->link, list_keys(c), &batch->list, &batch->keys));
    batch->listed = batch->keys.count;
    batch->whole = batch->listed < list_keys(c);
    return FORE_E_OK;
}

static void drop(struct batch *batch)
{
    if (batch->list != NULL) freeReplyObject(batch->list);
    batch->list = NULL;
}

/* ---- choose ------------------------------------------------------------------------------- */

static uint64_t alone_bytes(const struct live_slot_options *options)
{
    return options->alone_bytes != 0 ? options->alone_bytes : ALONE;
}

/* As many as can travel; the others too only where a large one is among them. */
static enum fore_err weigh(struct copying *c, struct live_keys *list, uint64_t *bytes)
{
    struct live_keys head = *list, rest = {.key = list->key, .count = 0};
    if (head.count > list_keys(c) / 2) head.count = list_keys(c) / 2;
    FORE_TRY(live_keys_weigh(&c->from->link, head, bytes));
    bool large = false;
    for (size_t i = 0; i < head.count; i++)
        large |= bytes[i] >= alone_bytes(c->options);
    if (!large) list->count = head.count;
    rest.key += head.count;
    rest.count = list->count - head.count;
    return live_keys_weigh(&c->from->link, rest, bytes + head.count);
}

/* What was weighed together is shared out, so that all of it is what it was. */
static void share_out(struct copying *c, const struct batch *batch, uint64_t *bytes)
{
    const struct live_group_slot *slot = slot_of(c, batch);
    uint64_t keys = slot->keys, left = slot->bytes;
    for (size_t i = 0; i < batch->keys.count; i++) {
        bytes[i] = keys > 0 ? left / keys : 0;
        left -= bytes[i];
        keys -= keys > 0;
    }
}

/* Small keys as they come; a large one only when no small one is in sight, and then alone. */
static void choose(struct copying *c, struct batch *batch, const uint64_t *bytes)
{
    struct live_keys list = batch->keys;
    uint64_t room = c->limits->bytes > c->bytes ? c->limits->bytes - c->bytes : 0;
    size_t largest_first = list.count;
    for (size_t i = 0; i < list.count && batch->count < list_keys(c) / 2; i++) {
        if (bytes[i] >= alone_bytes(c->options)) {
            if (largest_first == list.count) largest_first = i;
            continue;
        }
        if (batch->count > 0 && batch->out.bytes + bytes[i] > room) break;
        batch->chosen[batch->count++] = list.key[i];
        batch->out.bytes += bytes[i];
    }
    if (batch->count > 0 || largest_first == list.count) return;
    batch->chosen[batch->count++] = list.key[largest_first];
    batch->out.bytes = bytes[largest_first];
    batch->large = true;
}

static enum fore_err prepare(struct copying *c, struct batch *batch)
{
    uint64_t bytes[LOOK_AT_MOST];
    struct live_keys list = batch->keys;
    if (slot_of(c, batch)->light)
        share_out(c, batch, bytes);
    else
        FORE_TRY(weigh(c, &list, bytes));
    batch->keys.count = list.count;
    choose(c, batch, bytes);
    return FORE_E_OK;
}

/* ---- the journey -------------------------------------------------------------------------- */

enum { FIXED_ARGS = 16 };

struct words {
    const char **arg;
    size_t *len;
    uint32_t count;
};

static void word(struct words *words, const char *text, size_t len)
{
    words->arg[words->count] = text;
    words->len[words->count++] = len;
}

static void word_text(struct words *words, const char *text)
{
    word(words, text, strlen(text));
}

/* MIGRATE host port "" 0 timeout REPLACE [AUTH2 user word | AUTH word] KEYS key... */
static void append_migrate(struct copying *c, struct batch *batch)
{
    const struct live_access *access = &c->group->cluster->access;
    uint32_t ms = c->options->migrate_ms != 0 ? c->options->migrate_ms : MIGRATE_MS;
    char port[8], timeout[16];
    size_t most = FIXED_ARGS + batch->count;
    struct words words = {.arg = calloc(most, sizeof(char *)), .len = calloc(most, sizeof(size_t))};
    FORE_ASSERT(words.arg != NULL && words.len != NULL);
    (void)snprintf(port, sizeof port, "%u", (unsigned)c->to->link.address.port);
    (void)snprintf(timeout, sizeof timeout, "%u", (unsigned)ms);
    word_text(&words, "MIGRATE");
    word_text(&words, c->to->link.address.host);
    word_text(&words, port);
    word_text(&words, "");
    word_text(&words, "0");
    word_text(&words, timeout);
    word_text(&words, "REPLACE");
    if (access->password != NULL) {
        word_text(&words, access->user != NULL ? "AUTH2" : "AUTH");
        if (access->user != NULL) word_text(&words, access->user);
        word_text(&words, access->password);
    }
    word_text(&words, "KEYS");
    for (size_t i = 0; i < batch->count; i++)
        word(&words, batch->chosen[i]->str, batch->chosen[i]->len);
    struct live_command command = {
        .arg = words.arg, .arg_len = words.len, .arg_count = words.count};
    live_link_append_command(&c->from->link, &command);
    free(words.arg);
    free(words.len);
}

/* What EXEC brought: [digest, MIGRATE's answer], or an error; the first error counts. */
static enum fore_err read_exec(struct copying *c, struct batch *batch, const redisReply *exec)
{
    const redisReply *moved = exec;
    if (exec != NULL && exec->type == REDIS_REPLY_ARRAY && exec->elements == 2) {
        enum fore_err err = live_digest_read(exec->element[0], batch->number, batch->count);
        if (err != FORE_E_OK) return err;
        moved = exec->element[1];
    }
    enum live_answer answer = live_reply_kind(moved);
    if (moved == NULL) return FORE_E_UNREACHABLE;
    if (answer == LIVE_FINE) return moved->type == REDIS_REPLY_STATUS ? FORE_E_OK : FORE_E_FORMAT;
    enum fore_err err = live_answer_err(answer);
    if (answer == LIVE_ASK) err = FORE_E_AGAIN; /* keys went away since they were listed */
    return fore_err_set(c->diag, err, "slot %u: MIGRATE: %s", (unsigned)slot_of(c, batch)->slot,
                        moved->str);
}

static bool digested(const struct copying *c, const struct batch *batch)
{
    return c->options->verify && !batch->large;
}

/* To the source: the batch, and what is to be listed next. */
static void append_batch(struct copying *c, struct batch *batch)
{
    struct live_keys keys = {.key = batch->chosen, .count = batch->count};
    if (digested(c, batch)) {
        live_link_append(&c->from->link, "MULTI");
        live_digest_append(&c->from->link, keys, false, NULL);
    }
    append_migrate(c, batch);
    if (digested(c, batch)) live_link_append(&c->from->link, "EXEC");
}

static enum fore_err take_batch(struct copying *c, struct batch *batch, fore_ns sent)
{
    struct live_link *link = &c->from->link;
    redisReply *refused = NULL; /* what was not even queued says why, EXEC only that */
    for (uint32_t i = 0; i < (digested(c, batch) ? 3 : 0); i++) { /* OK, QUEUED, QUEUED */
        redisReply *reply = live_link_take(link);
        if (refused == NULL && reply != NULL && reply->type == REDIS_REPLY_ERROR)
            refused = reply;
        else if (reply != NULL)
            freeReplyObject(reply);
    }
    redisReply *reply = live_link_take(link);
    batch->out.stall_ms = (double)(live_clock_now() - sent) / 1e6;
    enum fore_err err = read_exec(c, batch, refused != NULL ? refused : reply);
    if (refused != NULL) freeReplyObject(refused);
    if (reply != NULL) freeReplyObject(reply);
    return err;
}

/* ---- at the target ------------------------------------------------------------------------ */

static void ask_target(struct copying *c, const struct batch *batch)
{
    struct live_keys keys = {.key = batch->chosen, .count = batch->count};
    if (!digested(c, batch)) return;
    live_digest_append(&c->to->link, keys, true, NULL);
    live_link_flush(&c->to->link);
}

/* With it the batch is through. */
static enum fore_err hear_target(struct copying *c, struct batch *batch)
{
    int64_t at_target[LOOK_AT_MOST];
    struct live_batch *out = &batch->out;
    out->unchecked = batch->large;
    if (digested(c, batch)) {
        redisReply *asked = live_link_take(&c->to->link), *reply = live_link_take(&c->to->link);
        enum fore_err err = live_digest_read(reply, at_target, batch->count);
        if (asked != NULL) freeReplyObject(asked);
        if (reply != NULL) freeReplyObject(reply);
        if (err != FORE_E_OK) return err;
        for (size_t i = 0; i < batch->count; i++) {
            live_digest_put(&out->out, batch->number[i]);
            bool same = at_target[i] == batch->number[i];
            live_digest_put(same ? &out->in : &out->strange, batch->number[i]);
        }
    }
    c->out->batch[c->out->count++] = *out;
    return FORE_E_OK;
}

/* At least one replica has it, or says not. */
static void hear_wait(struct copying *c, struct live_link *link)
{
    redisReply *reply = live_link_take(link);
    bool number = reply != NULL && reply->type == REDIS_REPLY_INTEGER;
    if (!number || reply->integer < 1) c->out->unreplicated = true;
    if (reply != NULL) freeReplyObject(reply);
}

/* One replica of each end, for all that has travelled. */
static enum fore_err wait_for_replicas(struct copying *c, uint32_t at)
{
    char tag[LIVE_TAG_MAX], fence[64];
    struct live_keys none = {.count = 0};
    struct live_link *from = &c->from->link, *to = &c->to->link;
    int ms = (int)(c->options->wait_ms != 0 ? c->options->wait_ms : WAIT_MS);
    live_slot_tag(c->group->slot[at].slot, tag);
    (void)snprintf(fence, sizeof fence, "foreshard:%s", tag);
    live_digest_append(to, none, true, fence);
    live_link_append(to, "WAIT 1 %d", ms);
    live_link_append(from, "WAIT 1 %d", ms);
    live_link_flush(to);
    live_link_flush(from);
    redisReply *asked = live_link_take(to), *reply = live_link_take(to);
    enum fore_err err = live_digest_read(reply, NULL, 0);
    if (asked != NULL) freeReplyObject(asked);
    if (reply != NULL) freeReplyObject(reply);
    hear_wait(c, to);
    hear_wait(c, from);
    return err;
}

/* ---- one after the other ------------------------------------------------------------------- */

/* May another batch follow, with those that are under way? */
static bool goes_on(const struct copying *c, uint32_t under_way)
{
    return c->keys < c->limits->keys && c->bytes < c->limits->bytes &&
           c->out->count + under_way < LIVE_BATCHES_MAX &&
           live_clock_now() - c->began < (fore_ns)c->limits->ms * FORE_MS;
}

static void has_left(struct copying *c, struct batch *batch)
{
    struct live_group_slot *slot = slot_of(c, batch);
    batch->out.keys = (uint32_t)batch->count;
    slot->keys -= batch->count < slot->keys ? batch->count : slot->keys;
    slot->bytes -= batch->out.bytes < slot->bytes ? batch->out.bytes : slot->bytes;
}

/* Sends `now` away, takes in what the target says of `before`, and lists `*next`: false, there is
 * none, or not in this call. */
static enum fore_err send_one(struct copying *c, struct batch *now, struct batch **before,
                              uint32_t *next)
{
    struct live_group_slot *slot = slot_of(c, now);
    slot->drained = now->whole && now->count == now->listed; /* if it arrives */
    c->keys += now->count;
    c->bytes += now->out.bytes;
    *next = goes_on(c, *before != NULL ? 2 : 1) ? next_slot(c, now->at) : c->group->count;
    append_batch(c, now);
    fore_ns sent = live_clock_now();
    if (*next < c->group->count) ask_list(c, *next);
    enum fore_err err = take_batch(c, now, sent), heard = FORE_E_OK;
    if (*before != NULL) heard = hear_target(c, *before);
    *before = NULL;
    if (err == FORE_E_OK) has_left(c, now);
    if (err != FORE_E_OK) slot->drained = false;
    if (err == FORE_E_OK) ask_target(c, now);
    if (err == FORE_E_OK) *before = now;
    return err != FORE_E_OK ? err : heard;
}

/* Where `at` is the first slot with keys: its list has been asked for. */
static enum fore_err send_all(struct copying *c, uint32_t at, struct batch **before)
{
    for (uint32_t turn = 0; at < c->group->count; turn++) {
        struct batch *now = &c->batch[turn % 2];
        FORE_TRY(take_list(c, now, at));
        if (now->keys.count == 0) {
            slot_of(c, now)->drained = true;
            drop(now);
            at = next_slot(c, at);
            turn++; /* the other one is still before us */
            if (at < c->group->count) ask_list(c, at);
            continue;
        }
        struct batch *was = *before;
        enum fore_err err = prepare(c, now);
        if (err == FORE_E_OK) err = send_one(c, now, before, &at);
        if (was != NULL) drop(was);
        if (err != FORE_E_OK && *before != now) drop(now);
        FORE_TRY(err);
    }
    return FORE_E_OK;
}

static enum fore_err copy(struct copying *c)
{
    struct batch *before = NULL;
    uint32_t at = next_slot(c, 0), sent_of = at;
    if (at == c->group->count) return FORE_E_OK;
    ask_list(c, at);
    enum fore_err err = send_all(c, at, &before);
    if (before != NULL) {
        enum fore_err heard = hear_target(c, before);
        if (err == FORE_E_OK) err = heard;
        drop(before);
    }
    while (c->from->link.pending > 0) { /* a list that nobody waits for any more */
        redisReply *reply = live_link_take(&c->from->link);
        if (reply != NULL) freeReplyObject(reply);
    }
    if (err == FORE_E_OK && c->options->wait_replicas && c->keys > 0)
        err = wait_for_replicas(c, sent_of);
    return err;
}

enum fore_err live_group_copy(struct live_group *group, const struct live_slot_options *options,
                              const struct live_group_limits *limits, struct live_group_copied *out,
                              struct fore_diag *diag)
{
    struct copying *c = malloc(sizeof *c);
    FORE_ASSERT(c != NULL);
    c->group = group;
    c->options = options;
    c->limits = limits;
    c->out = out;
    c->diag = diag;
    c->keys = c->bytes = 0;
    c->began = live_clock_now();
    c->from = live_cluster_primary(group->cluster, group->from);
    c->to = live_cluster_primary(group->cluster, group->to);
    out->count = 0;
    out->unreplicated = false;
    enum fore_err err = c->from == NULL || c->to == NULL ? FORE_E_UNREACHABLE : copy(c);
    free(c);
    return err;
}
