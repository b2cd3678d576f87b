/* commands.c - see commands.h. Rows are few and looked up a few thousand times a second at most. */
#include "live/commands.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const struct live_command_row *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool is_load(const char *name)
{
    static const char *const none[] = {"migrate", "restore", "restore-asking", "dump",
                                       "object",  "memory",  "pfselftest"};
    for (size_t i = 0; i < FORE_COUNTOF(none); i++)
        if (strcmp(none[i], name) == 0) return false;
    return true;
}

/* [name, arity, [flags], first key, last key, step, ...] */
static void take_row(struct live_commands *commands, const redisReply *row)
{
    if (row->type != REDIS_REPLY_ARRAY || row->elements < 6) return;
    const redisReply *name = row->element[0], *flags = row->element[2], *first = row->element[3];
    bool text = name->type == REDIS_REPLY_STRING && name->len > 0 && name->len < LIVE_COMMAND_NAME;
    if (!text || flags->type != REDIS_REPLY_ARRAY || first->type != REDIS_REPLY_INTEGER) return;
    if (first->integer < 1 || first->integer > 16 || commands->count == LIVE_COMMANDS_MAX) return;
    struct live_command_row *out = &commands->row[commands->count];
    *out = (struct live_command_row){.first_key = (uint16_t)first->integer};
    for (size_t i = 0; i < name->len; i++) {
        char c = name->str[i];
        out->name[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    for (size_t i = 0; i < flags->elements; i++) {
        const redisReply *flag = flags->element[i];
        if ((flag->type == REDIS_REPLY_STATUS || flag->type == REDIS_REPLY_STRING) &&
            flag->len == 5 && memcmp(flag->str, "write", 5) == 0)
            out->write = true;
    }
    commands->count += is_load(out->name);
}

enum fore_err live_commands_load(struct live_commands *commands, struct live_link *link)
{
    commands->count = 0;
    redisReply *reply = live_link_call(link, "COMMAND");
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK && reply->type != REDIS_REPLY_ARRAY) err = FORE_E_FORMAT;
    for (size_t i = 0; err == FORE_E_OK && i < reply->elements; i++)
        take_row(commands, reply->element[i]);
    if (reply != NULL) freeReplyObject(reply);
    qsort(commands->row, commands->count, sizeof commands->row[0], by_name);
    return err == FORE_E_OK && commands->count == 0 ? FORE_E_FORMAT : err;
}

const struct live_command_row *live_commands_find(const struct live_commands *commands,
                                                  const char *name, size_t len)
{
    struct live_command_row key = {.first_key = 0};
    if (len == 0 || len >= LIVE_COMMAND_NAME) return NULL;
    for (size_t i = 0; i < len; i++)
        key.name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    return bsearch(&key, commands->row, commands->count, sizeof commands->row[0], by_name);
}
