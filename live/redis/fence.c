/* fence.c - see fence.h. */
#include "live/redis/fence.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ARGV: until when, and the commands, each as one text. */
static const char script[] = LIVE_FENCE_LATE
    "local answers={} "
    "for i=2,#ARGV do "
    "  local word={} for w in ARGV[i]:gmatch('%S+') do word[#word+1]=w end "
    "  local answer=redis.pcall('CLUSTER',unpack(word)) "
    "  answers[i-1]=answer if type(answer)=='table' and answer.err then break end end "
    "return answers";

/* ---- the clock ---------------------------------------------------------------------------- */

void live_fence_ask(struct live_link *link)
{
    live_link_append(link, "TIME");
}

enum fore_err live_fence_take(struct live_link *link, struct live_fence *out)
{
    uint64_t part[2] = {0};
    redisReply *reply = live_link_take(link);
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2))
        err = FORE_E_FORMAT;
    for (size_t i = 0; err == FORE_E_OK && i < 2; i++) {
        const redisReply *text = reply->element[i];
        err = text->type == REDIS_REPLY_STRING
                  ? live_reply_number(text->str, text->len, UINT32_MAX, &part[i])
                  : FORE_E_FORMAT;
    }
    if (reply != NULL) freeReplyObject(reply);
    out->until_us = part[0] * 1000000 + part[1] + (uint64_t)LIVE_FENCE_MS * 1000;
    return err;
}

void live_fence_text(const struct live_fence *fence, char out[LIVE_FENCE_LEN])
{
    (void)snprintf(out, LIVE_FENCE_LEN, "%llu", (unsigned long long)fence->until_us);
}

enum fore_err live_fence_told(const redisReply *reply, unsigned slot, struct fore_diag *diag)
{
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK) return err;
    if (reply != NULL && strncmp(reply->str, "LATE ", 5) == 0) err = FORE_E_AGAIN;
    return fore_err_set(diag, err, "slot %u: %.120s", slot, reply != NULL ? reply->str : "lost");
}

/* ---- commands ----------------------------------------------------------------------------- */

void live_fenced_add(struct live_fenced *commands, const char *format, ...)
{
    va_list arguments;
    FORE_ASSERT(commands->count < LIVE_FENCED_MAX);
    va_start(arguments, format);
    int len = vsnprintf(commands->text[commands->count++], LIVE_FENCED_LEN, format, arguments);
    va_end(arguments);
    FORE_ASSERT(len > 0 && len < LIVE_FENCED_LEN);
}

static redisReply *as_script(struct live_link *link, const struct live_fence *fence,
                             const struct live_fenced *commands)
{
    const char *arg[4 + LIVE_FENCED_MAX] = {"EVAL", script, "0"};
    char until[LIVE_FENCE_LEN];
    uint32_t count = 4;
    live_fence_text(fence, until);
    arg[3] = until;
    for (uint32_t i = 0; i < commands->count; i++)
        arg[count++] = commands->text[i];
    struct live_command command = {.arg = arg, .arg_count = count};
    return live_link_send(link, &command);
}

static redisReply *as_transaction(struct live_link *link, const struct live_fenced *commands)
{
    live_link_append(link, "MULTI");
    for (uint32_t i = 0; i < commands->count; i++) {
        char line[16 + LIVE_FENCED_LEN];
        (void)snprintf(line, sizeof line, "CLUSTER %s", commands->text[i]);
        live_link_append(link, line);
    }
    live_link_append(link, "EXEC");
    for (uint32_t i = 0; i <= commands->count; i++) {
        redisReply *queued = live_link_take(link);
        if (queued != NULL) freeReplyObject(queued);
    }
    return live_link_take(link);
}

static bool begins_with(const redisReply *reply, const char *word)
{
    return reply != NULL && reply->type == REDIS_REPLY_ERROR &&
           strncmp(reply->str, word, strlen(word)) == 0;
}

/* EVAL itself is denied, or has another name here. */
static bool no_scripts(const redisReply *reply)
{
    return live_reply_kind(reply) == LIVE_DENIED || begins_with(reply, "ERR unknown command");
}

enum fore_err live_fenced_run(struct live_link *link, const struct live_fence *fence,
                              const struct live_fenced *commands, redisReply **out)
{
    redisReply *done = as_script(link, fence, commands);
    *out = NULL;
    if (no_scripts(done)) {
        freeReplyObject(done);
        done = as_transaction(link, commands);
    }
    if (done == NULL) return FORE_E_UNREACHABLE;
    enum fore_err err = live_answer_err(live_reply_kind(done));
    bool whole =
        done->type == REDIS_REPLY_ARRAY && done->elements > 0 && done->elements <= commands->count;
    if (begins_with(done, "LATE ")) err = FORE_E_AGAIN;
    if (begins_with(done, "EXECABORT")) err = FORE_E_REFUSED;
    if (err == FORE_E_OK && !whole) err = FORE_E_FORMAT;
    if (err == FORE_E_OK)
        *out = done;
    else
        freeReplyObject(done);
    return err;
}

enum fore_err live_fenced_do(struct live_link *link, const struct live_fenced *commands,
                             redisReply **out)
{
    struct live_fence fence;
    *out = NULL;
    live_fence_ask(link);
    FORE_TRY(live_fence_take(link, &fence));
    return live_fenced_run(link, &fence, commands, out);
}

/* "BUMPED 12", or "STILL 12". */
uint64_t live_fence_bump(struct live_link *link)
{
    static const char word[] = "BUMPED ";
    uint64_t epoch = 0;
    redisReply *done = NULL;
    struct live_fenced command = {.count = 0};
    live_fenced_add(&command, "BUMPEPOCH");
    if (live_fenced_do(link, &command, &done) != FORE_E_OK) return 0;
    const redisReply *answer = done->element[0];
    if (answer->type == REDIS_REPLY_STATUS && strncmp(answer->str, word, sizeof word - 1) == 0)
        epoch = strtoull(answer->str + sizeof word - 1, NULL, 10);
    freeReplyObject(done);
    return epoch;
}
