/*
 * group_copy.c - see group.h: batches of keys. Each is listed, weighed, chosen, digested, sent by
 * MIGRATE, and digested at the target: next(), count(), send(), take(), hear().
 *
 * The digest at the source goes before the MIGRATE and not with it in one transaction, because
 * clients wait for the longest stretch that the source does not look up, and a digest lasts half as
 * long as the journey. What they write in between differs at the target, as what they write before
 * the target's digest does, and is counted among the strange. REPLACE only when a batch has met
 * keys at the target, left by an earlier try: while the source owns the slot, what it holds is what
 * counts. Not from the first: a source that was stopped (or swapped out) with a MIGRATE in hand
 * sends it when it goes on, after its replica has taken over and the slot has passed, and would put
 * old values over what clients have written since. One batch is on its way at a time, so that
 * clients have their turn between two. (With a second one waiting on a link of its own the source
 * never rests: no faster where cores are short, and clients wait for both; measured.) At the end
 * the digest's script writes and deletes a short-lived key at the target, because WAIT waits for
 * what its own connection wrote, and the keys came in on another.
 */
#include "live/redis/group.h"

#include "live/base/clock.h"
#include "live/redis/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_MS = 200,
    MIGRATE_MS = 1000,
    ALONE = 1 << 20,
    REST_MOST_MS = 500,
    BATCH_MOST = 2048, /* keys */
    LIST_MOST = 2 * BATCH_MOST,
    LISTS =
        4, /* of slots one behind the other: one in use, one for the next batch, two asked for */
    BATCHES = 4 /* two on their way, one or two that the target adds up */
};

struct list {
    redisReply *reply;
    struct live_keys keys;
    size_t done; /* of them, in batches */
    bool whole;  /* that is all that the source holds of the slot */
    bool here;   /* not only asked for, nor used up */
};

struct batch {
    uint32_t at;       /* of the group's slots */
    redisReply *reply; /* to be freed with the batch: no later one has keys of it */
    bool last;         /* when it has arrived the source holds no more of the slot */
    const redisReply *chosen[BATCH_MOST];
    int64_t number[BATCH_MOST]; /* of each, at the source */
    size_t count;
    bool large; /* it is one key, and too large for the script */
    fore_ns sent;
    struct live_batch out;
};

struct copying {
    struct live_group *group;
    const struct live_slot_options *options;
    const struct live_group_limits *limits;
    struct live_instance *to;
    struct live_link *link; /* to the source */
    struct live_group_copied *out;
    struct fore_diag *diag;
    enum fore_err err;              /* the first: nothing more is sent */
    uint32_t order[LIVE_GROUP_MAX]; /* slots with keys, as far as is known */
    uint32_t count, at, asked;      /* of those: all; in work; listed or asked for */
    struct list list[LISTS];
    struct batch batch[BATCHES];
    uint32_t sent, taken, heard; /* batches: by the source, and by the target */
    uint64_t keys, bytes;        /* sent so far */
    fore_ns began;
};

static struct live_group_slot *slot_of(const struct copying *c, const struct batch *batch)
{
    return &c->group->slot[batch->at];
}

static void keep_first(struct copying *c, enum fore_err err)
{
    if (c->err == FORE_E_OK) c->err = err;
}

/* ---- list --------------------------------------------------------------------------------- */

static uint32_t batch_keys(const struct copying *c)
{
    return c->limits->batch_keys < BATCH_MOST ? c->limits->batch_keys : BATCH_MOST;
}

/* Large keys that wait for the end would hide small ones behind them: look twice as far. */
static uint32_t list_keys(const struct copying *c, uint32_t nth)
{
    return c->group->slot[c->order[nth]].light ? LIST_MOST / 4 : 2 * batch_keys(c);
}

static void ask_list(struct copying *c, uint32_t nth)
{
    live_link_append(c->link, "CLUSTER GETKEYSINSLOT %d %d",
                     (int)c->group->slot[c->order[nth]].slot, (int)list_keys(c, nth));
}

static void take_list(struct copying *c, uint32_t nth)
{
    struct list *list = &c->list[nth % LISTS];
    uint32_t most = list_keys(c, nth);
    live_reply_drop(&list->reply);
    *list = (struct list){.whole = false};
    enum fore_err err = live_keys_take(c->link, most, &list->reply, &list->keys);
    list->here = err == FORE_E_OK;
    list->whole = list->here && list->keys.count < most;
    keep_first(c, err);
}

/* Of the slot in work, with nothing on its way. */
static void list_again(struct copying *c)
{
    ask_list(c, c->at);
    take_list(c, c->at);
}

/* ---- choose ------------------------------------------------------------------------------- */

static uint64_t alone_bytes(const struct live_slot_options *options)
{
    return options->alone_bytes != 0 ? options->alone_bytes : ALONE;
}

/* As many as can travel; the others too only where a large one is among them. Returns how many. */
static size_t weigh(struct copying *c, struct live_keys list, uint64_t *bytes)
{
    struct live_keys head = list, rest = {.key = list.key, .count = 0};
    if (head.count > batch_keys(c)) head.count = batch_keys(c);
    keep_first(c, live_keys_weigh(c->link, head, bytes));
    bool large = false;
    for (size_t i = 0; i < head.count && c->err == FORE_E_OK; i++)
        large |= bytes[i] >= alone_bytes(c->options);
    if (!large) return head.count;
    rest.key += head.count;
    rest.count = list.count - head.count;
    keep_first(c, live_keys_weigh(c->link, rest, bytes + head.count));
    return list.count;
}

/* Small keys as they come; a large one only when no small one is in sight, and then alone. */
static void choose(struct copying *c, struct batch *batch, struct live_keys list,
                   const uint64_t *bytes)
{
    uint64_t room = c->limits->bytes > c->bytes ? c->limits->bytes - c->bytes : 0;
    size_t largest_first = list.count;
    for (size_t i = 0; i < list.count && batch->count < batch_keys(c); i++) {
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

/* Of a slot that is not known to be light: one batch of a list, for it may leave any of it behind.
 */
static void choose_by_weight(struct copying *c, struct batch *batch, struct list *list)
{
    uint64_t bytes[LIST_MOST];
    struct live_keys keys = list->keys;
    keys.count = weigh(c, list->keys, bytes);
    if (c->err == FORE_E_OK) choose(c, batch, keys, bytes);
    list->done = list->keys.count;
    list->whole &= batch->count == list->keys.count;
}

/* No batch of a few that are left over: it would cost nearly as much as a full one. */
static size_t even_share(size_t keys, size_t most)
{
    size_t batches = (keys + most - 1) / most;
    return batches > 0 ? (keys + batches - 1) / batches : 0;
}

/* What was weighed together is shared out, so that all of it is what it was. */
static void choose_light(struct copying *c, struct batch *batch, struct list *list)
{
    struct live_group_slot *slot = slot_of(c, batch);
    uint64_t room = c->limits->bytes > c->bytes ? c->limits->bytes - c->bytes : 0;
    size_t most = even_share(list->keys.count - list->done, batch_keys(c));
    while (list->done < list->keys.count && batch->count < most) {
        uint64_t bytes = slot->keys > 0 ? slot->bytes / slot->keys : 0;
        if (batch->count > 0 && batch->out.bytes + bytes > room) break;
        batch->chosen[batch->count++] = list->keys.key[list->done++];
        batch->out.bytes += bytes;
        slot->bytes -= bytes;
        slot->keys -= slot->keys > 1; /* there may be more by now than were weighed */
    }
}

/* ---- the journey -------------------------------------------------------------------------- */

enum { FIXED_ARGS = 16 };

/* MIGRATE host port "" 0 timeout [REPLACE] [AUTH2 user word | AUTH word] KEYS key... */
static void append_migrate(struct copying *c, const struct batch *batch)
{
    const struct live_access *access = &c->group->cluster->access;
    uint32_t ms = c->options->migrate_ms != 0 ? c->options->migrate_ms : MIGRATE_MS;
    char port[8], timeout[16];
    struct live_words words = live_words_begin(FIXED_ARGS + batch->count);
    (void)snprintf(port, sizeof port, "%u", (unsigned)c->to->link.address.port);
    (void)snprintf(timeout, sizeof timeout, "%u", (unsigned)ms);
    live_word_text(&words, "MIGRATE");
    live_word_text(&words, c->to->link.address.host);
    live_word_text(&words, port);
    live_word_text(&words, "");
    live_word_text(&words, "0");
    live_word_text(&words, timeout);
    if (c->group->replace) live_word_text(&words, "REPLACE");
    if (access->password != NULL) {
        live_word_text(&words, access->user != NULL ? "AUTH2" : "AUTH");
        if (access->user != NULL) live_word_text(&words, access->user);
        live_word_text(&words, access->password);
    }
    live_word_text(&words, "KEYS");
    for (size_t i = 0; i < batch->count; i++)
        live_word(&words, batch->chosen[i]->str, batch->chosen[i]->len);
    live_words_append(c->link, &words);
}

/* MIGRATE passes on what the target said, behind words of its own. */
static bool met_keys(const redisReply *moved)
{
    return moved->type == REDIS_REPLY_ERROR && strstr(moved->str, "BUSYKEY") != NULL;
}

static enum fore_err read_moved(struct copying *c, const struct batch *batch,
                                const redisReply *moved)
{
    enum live_answer answer = live_reply_kind(moved);
    if (moved == NULL) return FORE_E_UNREACHABLE;
    if (answer == LIVE_FINE) return moved->type == REDIS_REPLY_STATUS ? FORE_E_OK : FORE_E_FORMAT;
    enum fore_err err = live_answer_err(answer);
    if (answer == LIVE_ASK) err = FORE_E_AGAIN; /* keys went away since they were listed */
    if (met_keys(moved)) {
        c->group->replace = true;
        err = FORE_E_AGAIN;
    }
    return fore_err_set(c->diag, err, "slot %u: MIGRATE: %s", (unsigned)slot_of(c, batch)->slot,
                        moved->str);
}

static bool digested(const struct copying *c, const struct batch *batch)
{
    return c->options->verify && !batch->large;
}

/* Clients have the source for themselves; the target adds up meanwhile. */
static void rest(const struct copying *c, double stall_ms)
{
    double ms = stall_ms * c->limits->rest;
    if (ms > 0) live_clock_sleep((fore_ns)(fmin(ms, REST_MOST_MS) * 1e6));
}

/* Digests the next batch, and lists a slot that will be needed soon; the source is held up for as
 * long as by a MIGRATE, not longer. False: it shall not be sent. */
static bool count(struct copying *c)
{
    struct batch *batch = &c->batch[c->sent % BATCHES];
    struct live_keys keys = {.key = batch->chosen, .count = batch->count};
    uint32_t carries = LIVE_GROUP_MAX;
    bool digest = digested(c, batch);
    if (digest) live_digest_append(c->link, keys, false, NULL);
    if (c->asked < c->count && c->asked < c->limits->slots && c->asked < c->at + LISTS - 1) {
        carries = c->asked++;
        ask_list(c, carries);
    }
    if (!digest && carries == LIVE_GROUP_MAX) return true;
    live_link_flush(c->link);
    fore_ns began = live_clock_now();
    redisReply *reply = digest ? live_link_take(c->link) : NULL;
    if (digest) keep_first(c, live_digest_read(reply, batch->number, batch->count));
    live_reply_drop(&reply);
    if (carries < LIVE_GROUP_MAX) take_list(c, carries);
    rest(c, (double)(live_clock_now() - began) / 1e6);
    if (c->err != FORE_E_OK) live_reply_drop(&batch->reply);
    return c->err == FORE_E_OK;
}

static void send(struct copying *c)
{
    struct batch *batch = &c->batch[c->sent % BATCHES];
    c->sent++;
    append_migrate(c, batch);
    live_link_flush(c->link);
    batch->sent = live_clock_now();
    c->keys += batch->count;
    c->bytes += batch->out.bytes;
}

/* ---- at the target ------------------------------------------------------------------------ */

static void ask_target(struct copying *c, const struct batch *batch)
{
    struct live_keys keys = {.key = batch->chosen, .count = batch->count};
    if (!digested(c, batch)) return;
    live_digest_append(&c->to->link, keys, true, NULL);
    live_link_flush(&c->to->link);
}

static void take(struct copying *c)
{
    struct batch *batch = &c->batch[c->taken % BATCHES];
    c->taken++;
    redisReply *reply = live_link_take(c->link);
    enum fore_err err = read_moved(c, batch, reply);
    live_reply_drop(&reply);
    batch->out.stall_ms = (double)(live_clock_now() - batch->sent) / 1e6;
    if (err == FORE_E_OK) {
        batch->out.keys = (uint32_t)batch->count;
        slot_of(c, batch)->drained = batch->last && c->err == FORE_E_OK;
        ask_target(c, batch);
    }
    keep_first(c, err);
}

/* With it the batch is through. */
static void hear(struct copying *c)
{
    int64_t at_target[BATCH_MOST];
    struct batch *batch = &c->batch[c->heard++ % BATCHES];
    struct live_batch *out = &batch->out;
    enum fore_err err = out->keys == 0 ? FORE_E_AGAIN : FORE_E_OK; /* it has not even left */
    out->unchecked = batch->large;
    if (digested(c, batch) && err == FORE_E_OK) {
        redisReply *asked = live_link_take(&c->to->link), *reply = live_link_take(&c->to->link);
        err = live_digest_read(reply, at_target, batch->count);
        live_reply_drop(&asked);
        live_reply_drop(&reply);
        for (size_t i = 0; i < batch->count && err == FORE_E_OK; i++) {
            live_digest_put(&out->out, batch->number[i]);
            bool same = at_target[i] == batch->number[i];
            live_digest_put(same ? &out->in : &out->strange, batch->number[i]);
        }
    }
    live_reply_drop(&batch->reply);
    keep_first(c, err);
    if (err == FORE_E_OK) c->out->batch[c->out->count++] = *out;
}

/* At least one replica has it, or says not. */
static void hear_wait(struct copying *c, struct live_link *link)
{
    redisReply *reply = live_link_take(link);
    bool number = reply != NULL && reply->type == REDIS_REPLY_INTEGER;
    if (!number || reply->integer < 1) c->out->unreplicated = true;
    live_reply_drop(&reply);
}

/* One replica of each end, for all that has travelled. */
static void wait_for_replicas(struct copying *c)
{
    char tag[LIVE_TAG_MAX], fence[64];
    struct live_keys none = {.count = 0};
    struct live_link *from = c->link, *to = &c->to->link;
    int ms = (int)(c->options->wait_ms != 0 ? c->options->wait_ms : WAIT_MS);
    live_slot_tag(c->group->slot[c->order[0]].slot, tag);
    (void)snprintf(fence, sizeof fence, "foreshard:%s", tag);
    live_digest_append(to, none, true, fence);
    live_link_append(to, "WAIT 1 %d", ms);
    live_link_append(from, "WAIT 1 %d", ms);
    live_link_flush(to);
    live_link_flush(from);
    redisReply *asked = live_link_take(to), *reply = live_link_take(to);
    keep_first(c, live_digest_read(reply, NULL, 0));
    live_reply_drop(&asked);
    live_reply_drop(&reply);
    hear_wait(c, to);
    hear_wait(c, from);
}

/* ---- one after the other ------------------------------------------------------------------- */

/* May another batch follow? */
static bool goes_on(const struct copying *c)
{
    return c->err == FORE_E_OK && c->at < c->count && c->at < c->limits->slots &&
           c->keys < c->limits->keys && c->bytes < c->limits->bytes && c->sent < LIVE_BATCHES_MAX &&
           live_clock_now() - c->began < (fore_ns)c->limits->ms * FORE_MS;
}

/* Its list has no more: the next slot's turn, unless the source had more than it told. */
static void end_of_list(struct copying *c, struct batch *batch, struct list *list)
{
    batch->reply = list->reply;
    batch->last = list->whole;
    list->reply = NULL;
    list->here = false;
    c->at += list->whole;
}

/* The next batch, to be sent. False: none in this call. */
static bool next(struct copying *c)
{
    struct batch *batch = &c->batch[c->sent % BATCHES];
    while (goes_on(c)) {
        struct list *list = &c->list[c->at % LISTS];
        struct live_group_slot *slot = &c->group->slot[c->order[c->at]];
        bool none = slot->light && slot->keys == 0; /* which is looked at again before the end */
        if (!list->here && !none) list_again(c);
        if (c->asked <= c->at) c->asked = c->at + 1;
        if (c->err != FORE_E_OK) return false;
        if (none || list->keys.count == 0) {
            slot->drained = true;
            list->here = false;
            c->at++;
            continue;
        }
        batch->at = c->order[c->at];
        batch->count = 0;
        batch->large = batch->last = false;
        batch->reply = NULL;
        batch->out = (struct live_batch){0};
        if (slot->light)
            choose_light(c, batch, list);
        else
            choose_by_weight(c, batch, list);
        if (c->err == FORE_E_OK && list->done == list->keys.count) end_of_list(c, batch, list);
        return c->err == FORE_E_OK && batch->count > 0;
    }
    return false;
}

static bool by_migrate(const struct live_group_slot *slot)
{
    return !slot->owned && !slot->drained && !slot->whole;
}

static void copy(struct copying *c)
{
    for (uint32_t i = 0; i < c->group->count; i++)
        if (by_migrate(&c->group->slot[i])) c->order[c->count++] = i;
    while (next(c) && count(c)) {
        send(c);
        take(c);
        rest(c, c->batch[(c->taken - 1) % BATCHES].out.stall_ms);
        if (c->taken - c->heard > 1) hear(c);
    }
    while (c->heard < c->taken)
        hear(c);
    for (uint32_t i = 0; i < LISTS; i++)
        live_reply_drop(&c->list[i].reply);
    if (c->err == FORE_E_OK && c->options->wait_replicas && c->sent > 0) wait_for_replicas(c);
}

enum fore_err live_group_copy(struct live_group *group, const struct live_slot_options *options,
                              const struct live_group_limits *limits, struct live_group_copied *out,
                              struct fore_diag *diag)
{
    struct live_instance *from = live_cluster_primary(group->cluster, group->from);
    struct live_instance *to = live_cluster_primary(group->cluster, group->to);
    out->count = 0;
    out->unreplicated = false;
    if (from == NULL || to == NULL) return FORE_E_UNREACHABLE;
    struct copying *c = calloc(1, sizeof *c);
    FORE_ASSERT(c != NULL);
    c->group = group;
    c->options = options;
    c->limits = limits;
    c->out = out;
    c->diag = diag;
    c->to = to;
    c->began = live_clock_now();
    c->link = &from->link;
    copy(c);
    enum fore_err err = c->err;
    free(c);
    return err;
}
