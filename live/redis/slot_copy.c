/*
 * slot_copy.c - one batch of a slot's keys: list, weigh, choose, digest, MIGRATE, digest, WAIT.
 *
 * The digest at the source and the MIGRATE are one transaction, so it is of exactly what travels.
 * REPLACE always: while the source owns the slot, what it holds is what counts. The digest's script
 * writes and deletes a short-lived key at the target, because WAIT waits for what its own
 * connection wrote, and the keys came in on another.
 */
#include "live/redis/slot.h"

#include "live/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 200, MIGRATE_MS = 1000, ALONE = 1 << 20, LOOK_AT_MOST = 4096 };

struct batch {
    const struct live_slot *slot;
    const struct live_slot_options *options;
    struct live_instance *from, *to;
    const redisReply *chosen[LOOK_AT_MOST];
    int64_t number[LOOK_AT_MOST]; /* of each, at the source */
    size_t count;
    bool large; /* it is one key, and too large for the script */
    struct live_batch *out;
};

static uint64_t alone_bytes(const struct live_slot_options *options)
{
    return options->alone_bytes != 0 ? options->alone_bytes : ALONE;
}

/* ---- choose ------------------------------------------------------------------------------- */

/* As many as can travel; the others too only where a large one is among them. */
static enum fore_err weigh(struct batch *batch, struct live_keys *list, uint64_t *bytes,
                           uint32_t keys_max)
{
    struct live_keys head = *list, rest = {.key = list->key, .count = 0};
    if (head.count > keys_max) head.count = keys_max;
    FORE_TRY(live_keys_weigh(&batch->from->link, head, bytes));
    bool large = false;
    for (size_t i = 0; i < head.count; i++)
        large |= bytes[i] >= alone_bytes(batch->options);
    if (!large) list->count = head.count;
    rest.key += head.count;
    rest.count = list->count - head.count;
    return live_keys_weigh(&batch->from->link, rest, bytes + head.count);
}

/* Small keys as they come; a large one only when no small one is in sight, and then alone. */
static void choose(struct batch *batch, struct live_keys list, const uint64_t *bytes,
                   uint32_t keys_max, uint64_t bytes_max)
{
    size_t largest_first = list.count;
    for (size_t i = 0; i < list.count && batch->count < keys_max; i++) {
        if (bytes[i] >= alone_bytes(batch->options)) {
            if (largest_first == list.count) largest_first = i;
            continue;
        }
        if (batch->count > 0 && batch->out->bytes + bytes[i] > bytes_max) break;
        batch->chosen[batch->count++] = list.key[i];
        batch->out->bytes += bytes[i];
    }
    if (batch->count > 0 || largest_first == list.count) return;
    batch->chosen[batch->count++] = list.key[largest_first];
    batch->out->bytes = bytes[largest_first];
    batch->large = true;
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
static void append_migrate(struct batch *batch)
{
    const struct live_access *access = &batch->slot->cluster->access;
    uint32_t ms = batch->options->migrate_ms != 0 ? batch->options->migrate_ms : MIGRATE_MS;
    char port[8], timeout[16];
    size_t most = FIXED_ARGS + batch->count;
    struct words words = {.arg = calloc(most, sizeof(char *)), .len = calloc(most, sizeof(size_t))};
    FORE_ASSERT(words.arg != NULL && words.len != NULL);
    (void)snprintf(port, sizeof port, "%u", (unsigned)batch->to->link.address.port);
    (void)snprintf(timeout, sizeof timeout, "%u", (unsigned)ms);
    word_text(&words, "MIGRATE");
    word_text(&words, batch->to->link.address.host);
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
    live_link_append_command(&batch->from->link, &command);
    free(words.arg);
    free(words.len);
}

/* What EXEC brought: [digest, MIGRATE's answer], or an error; the first error counts. */
static enum fore_err read_exec(struct batch *batch, const redisReply *exec, struct fore_diag *diag)
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
    return fore_err_set(diag, err, "slot %u: MIGRATE: %s", (unsigned)batch->slot->slot, moved->str);
}

static enum fore_err send_away(struct batch *batch, struct fore_diag *diag)
{
    struct live_link *link = &batch->from->link;
    bool digest = batch->options->verify && !batch->large;
    struct live_keys keys = {.key = batch->chosen, .count = batch->count};
    uint32_t skipped = digest ? 3 : 0; /* OK, QUEUED, QUEUED */
    if (digest) {
        live_link_append(link, "MULTI");
        live_digest_append(link, keys, false, NULL);
    }
    fore_ns began = live_clock_now();
    append_migrate(batch);
    if (digest) live_link_append(link, "EXEC");
    redisReply *refused = NULL; /* what was not even queued says why, EXEC only that */
    for (uint32_t i = 0; i < skipped; i++) {
        redisReply *reply = live_link_take(link);
        if (refused == NULL && reply != NULL && reply->type == REDIS_REPLY_ERROR)
            refused = reply;
        else if (reply != NULL)
            freeReplyObject(reply);
    }
    redisReply *reply = live_link_take(link);
    batch->out->stall_ms = (double)(live_clock_now() - began) / 1e6;
    enum fore_err err = read_exec(batch, refused != NULL ? refused : reply, diag);
    if (refused != NULL) freeReplyObject(refused);
    if (reply != NULL) freeReplyObject(reply);
    if (err == FORE_E_OK) batch->out->keys = (uint32_t)batch->count;
    return err;
}

/* At least one replica of each end has it, or says not. */
static void wait_for_replicas(struct batch *batch, struct live_link *link)
{
    redisReply *reply = live_link_take(link);
    bool number = reply != NULL && reply->type == REDIS_REPLY_INTEGER;
    if (!number || reply->integer < 1) batch->out->unreplicated = true;
    if (reply != NULL) freeReplyObject(reply);
}

static void compare(struct batch *batch, const int64_t *at_target)
{
    struct live_batch *out = batch->out;
    for (size_t i = 0; i < batch->count; i++) {
        live_digest_put(&out->out, batch->number[i]);
        bool same = at_target[i] == batch->number[i];
        live_digest_put(same ? &out->in : &out->strange, batch->number[i]);
    }
}

static void append_fence(struct batch *batch, struct live_keys keys)
{
    char tag[LIVE_TAG_MAX], fence[64];
    live_slot_tag(batch->slot->slot, tag);
    (void)snprintf(fence, sizeof fence, "foreshard:%s", tag);
    live_digest_append(&batch->to->link, keys, true, fence);
}

static enum fore_err look_after(struct batch *batch)
{
    struct live_link *from = &batch->from->link, *to = &batch->to->link;
    bool wait = batch->options->wait_replicas, digest = batch->options->verify && !batch->large;
    int ms = (int)(batch->options->wait_ms != 0 ? batch->options->wait_ms : WAIT_MS);
    struct live_keys keys = {.key = batch->chosen, .count = digest ? batch->count : 0};
    int64_t at_target[LOOK_AT_MOST];
    if (!digest && !wait) return FORE_E_OK;
    if (wait) {
        append_fence(batch, keys);
        live_link_append(to, "WAIT 1 %d", ms);
        live_link_append(from, "WAIT 1 %d", ms);
    } else {
        live_digest_append(to, keys, true, NULL);
    }
    redisReply *asked = live_link_take(to), *reply = live_link_take(to);
    enum fore_err err = live_digest_read(reply, at_target, keys.count);
    if (digest && err == FORE_E_OK) compare(batch, at_target);
    if (asked != NULL) freeReplyObject(asked);
    if (reply != NULL) freeReplyObject(reply);
    if (wait) {
        wait_for_replicas(batch, to);
        wait_for_replicas(batch, from);
    }
    return err;
}

enum fore_err live_slot_copy(const struct live_slot *slot, const struct live_slot_options *options,
                             uint32_t keys_max, uint64_t bytes_max, struct live_batch *out,
                             struct fore_diag *diag)
{
    struct batch batch = {.slot = slot, .options = options, .out = out};
    *out = (struct live_batch){0};
    batch.from = live_cluster_primary(slot->cluster, slot->from);
    batch.to = live_cluster_primary(slot->cluster, slot->to);
    if (batch.from == NULL || batch.to == NULL) return FORE_E_UNREACHABLE;
    if (keys_max > LOOK_AT_MOST / 2) keys_max = LOOK_AT_MOST / 2;

    /* Large keys that wait for the end would hide small ones behind them: look twice as far. */
    redisReply *reply = NULL;
    struct live_keys list = {.count = 0};
    uint64_t bytes[LOOK_AT_MOST];
    bool whole = false;
    FORE_TRY(live_keys_list(&batch.from->link, slot->slot, (size_t)keys_max * 2, &reply, &list));
    size_t listed = list.count;
    out->empty = listed == 0;
    enum fore_err err = FORE_E_OK;
    if (!out->empty) {
        whole = list.count < (size_t)keys_max * 2;
        err = weigh(&batch, &list, bytes, keys_max);
        if (err == FORE_E_OK) choose(&batch, list, bytes, keys_max, bytes_max);
        if (err == FORE_E_OK) err = send_away(&batch, diag);
        if (err == FORE_E_OK) err = look_after(&batch);
        out->last = whole && batch.count == listed;
        out->unchecked = batch.large && err == FORE_E_OK;
    }
    freeReplyObject(reply);
    return err;
}
