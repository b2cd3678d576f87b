/* commands.c - see commands.h. Rows are few and looked up a few thousand times a second at most. */
#include "live/redis/commands.h"

#include "live/module/keyspec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PLACE_MOST = 64 };

static int by_name(const void *a, const void *b)
{
    const struct live_command_row *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
}

static bool is_word(const redisReply *reply, const char *word)
{
    return is_text(reply) && reply->len == strlen(word) &&
           memcmp(reply->str, word, reply->len) == 0;
}

/* ---- key specifications: flat lists of names and values ----------------------------------- */

static const redisReply *value_of(const redisReply *list, const char *name)
{
    if (list == NULL || list->type != REDIS_REPLY_ARRAY) return NULL;
    for (size_t i = 0; i + 1 < list->elements; i += 2)
        if (is_word(list->element[i], name)) return list->element[i + 1];
    return NULL;
}

static uint16_t place_of(const redisReply *list, const char *name)
{
    const redisReply *value = value_of(list, name);
    bool fits = value != NULL && value->type == REDIS_REPLY_INTEGER && value->integer > 0 &&
                value->integer <= PLACE_MOST;
    return fits ? (uint16_t)value->integer : 0;
}

/* begin_search: {index} or {keyword, startfrom}; find_keys: {range ...} or {keynumidx, firstkey}.
 */
static bool take_spec(struct live_command_row *out, const redisReply *specs)
{
    if (specs->type != REDIS_REPLY_ARRAY || specs->elements == 0) return false;
    const redisReply *begin = value_of(value_of(specs->element[0], "begin_search"), "spec");
    const redisReply *find = value_of(specs->element[0], "find_keys");
    const redisReply *keyword = value_of(begin, "keyword");
    const redisReply *kind = value_of(find, "type");
    if (begin == NULL || kind == NULL) return false;
    out->first_key = place_of(begin, "index");
    if (keyword != NULL) {
        if (!is_text(keyword) || keyword->len >= LIVE_COMMAND_WORD) return false;
        memcpy(out->keyword, keyword->str, keyword->len);
        out->keyword_from = place_of(begin, "startfrom");
        out->first_key = 1;
        return out->keyword_from > 0;
    }
    if (out->first_key == 0) return false;
    if (!is_word(kind, "keynum")) return is_word(kind, "range");
    const redisReply *numbers = value_of(find, "spec");
    out->count_at = (uint16_t)(out->first_key + place_of(numbers, "keynumidx"));
    out->first_key = (uint16_t)(out->first_key + place_of(numbers, "firstkey"));
    return out->first_key > out->count_at;
}

/* ---- rows --------------------------------------------------------------------------------- */

static bool has_flag(const redisReply *flags, const char *word)
{
    for (size_t i = 0; i < flags->elements; i++)
        if (is_word(flags->element[i], word)) return true;
    return false;
}

/* [name, arity, [flags], first key, last key, step, ..., [8] key specs, [9] parts] */
static void take_row(struct live_commands *commands, const redisReply *row)
{
    if (row->type != REDIS_REPLY_ARRAY || row->elements < 6) return;
    const redisReply *name = row->element[0], *flags = row->element[2], *first = row->element[3];
    bool text = name->type == REDIS_REPLY_STRING && name->len > 0 && name->len < LIVE_COMMAND_NAME;
    if (!text || flags->type != REDIS_REPLY_ARRAY || first->type != REDIS_REPLY_INTEGER) return;
    if (commands->count == LIVE_COMMANDS_MAX) return;
    struct live_command_row *out = &commands->row[commands->count];
    *out = (struct live_command_row){.write = has_flag(flags, "write")};
    for (size_t i = 0; i < name->len; i++) {
        char c = name->str[i];
        out->name[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    const redisReply *parts = row->elements > 9 ? row->element[9] : NULL;
    bool container = parts != NULL && parts->type == REDIS_REPLY_ARRAY && parts->elements > 0;
    bool keyed = true;
    if (first->integer >= 1 && first->integer <= PLACE_MOST)
        out->first_key = (uint16_t)first->integer;
    else if (!container)
        keyed = row->elements > 8 && take_spec(out, row->element[8]);
    commands->count += keyed && live_keyspec_is_load(out->name);
    for (size_t i = 0; container && i < parts->elements; i++)
        if (parts->element[i]->type == REDIS_REPLY_ARRAY && parts->element[i]->elements <= 10)
            take_row(commands, parts->element[i]);
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

/* ---- keys --------------------------------------------------------------------------------- */

static const struct live_command_row *part_of(const struct live_commands *commands,
                                              const struct live_command_row *container,
                                              const struct live_command_words *words)
{
    char name[LIVE_COMMAND_NAME];
    const char *part = NULL;
    size_t head = strlen(container->name), len = 0;
    if (!words->take(words->self, 1, &part, &len) || head + 1 + len >= sizeof name) return NULL;
    memcpy(name, container->name, head);
    name[head] = '|';
    memcpy(name + head + 1, part, len);
    const struct live_command_row *row = live_commands_find(commands, name, head + 1 + len);
    return row != NULL && row->first_key > 0 ? row : NULL;
}

static uint16_t behind_keyword(const struct live_command_row *row,
                               const struct live_command_words *words)
{
    const char *text = NULL;
    size_t len = 0;
    for (uint16_t at = row->keyword_from; words->take(words->self, at, &text, &len); at++)
        if (len == strlen(row->keyword) && strncasecmp(text, row->keyword, len) == 0)
            return (uint16_t)(at + row->first_key);
    return 0;
}

uint16_t live_commands_key(const struct live_commands *commands,
                           const struct live_command_words *words,
                           const struct live_command_row **row)
{
    const char *text = NULL;
    size_t len = 0;
    if (!words->take(words->self, 0, &text, &len)) return 0;
    *row = live_commands_find(commands, text, len);
    if (*row != NULL && (*row)->first_key == 0) *row = part_of(commands, *row, words);
    if (*row == NULL) return 0;
    if ((*row)->keyword[0] != '\0') return behind_keyword(*row, words);
    if ((*row)->count_at > 0) {
        bool told = words->take(words->self, (*row)->count_at, &text, &len);
        if (!told || (len == 1 && text[0] == '0')) return 0; /* no keys */
    }
    return (*row)->first_key;
}
