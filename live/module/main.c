/*
 * main.c - the Redis module `foreshard_heat`: exact counts of reads, writes and bytes per slot.
 *
 *   loadmodule .../foreshard-heat.so          in redis.conf, or MODULE LOAD where it is allowed
 *   FORESHARD.HEAT                            the counters (counters.h), for live/heat_module.c
 *
 * A command filter sees every command before it is carried out: those of clients, also inside of
 * MULTI, and those of scripts. It changes nothing. So what is counted is what was asked: a command
 * that is then refused (MOVED, no permission) or discarded counts too. The server runs one command
 * at a time, and so does the filter: no locks. One pass is a look-up of the name, a CRC of the key
 * and three additions; `make bench-live` says what that costs.
 */
#include "live/module/api.h"
#include "live/module/counters.h"
#include "live/module/keyspec.h"

#include <string.h>
#include <time.h>

/* The server's functions, filled in at load. */
static struct {
#define X(name, result, parameters) result(*name) parameters;
    REDIS_MODULE_API(X)
#undef X
} redis;

/* What every command needs, in one line of the cache. The rest of a server's work leaves little of
 * ours in the first one, so lines are what the filter costs, not instructions. A slot's counters
 * are mostly further away: they are asked for now and added to when the next command comes, so that
 * the server never waits for them. */
static struct {
    int (*count)(struct redis_asked *asked);
    const struct redis_string *(*argument)(struct redis_asked *asked, int place);
    const char *(*text)(const struct redis_string *string, size_t *len);
    struct live_counter *at; /* NULL: nothing is pending */
    uint64_t read, write, bytes;
} hot __attribute__((aligned(64)));

enum { MODULE_VERSION = 1, ARGS_ASKED_MOST = 256 };
#define HOT __attribute__((hot))

static struct live_counters counters;
static struct live_keyspec spec __attribute__((aligned(64)));
static long long commands_known; /* COMMAND COUNT when the table was filled */
static char told[LIVE_COUNTERS_BYTES];

/* ---- one command -------------------------------------------------------------------------- */

/* Of a length in decimal. */
static uint32_t digits(size_t n)
{
    uint32_t count = 1;
    if (n < 10) return 1;
    if (n < 100) return 2;
    for (; n >= 10; n /= 10)
        count++;
    return count;
}

struct text {
    const char *at;
    size_t len;
};

static inline struct text argument(struct redis_asked *asked, int place)
{
    struct text text;
    text.at = hot.text(hot.argument(asked, place), &text.len);
    return text;
}

/* $3\r\nSET\r\n */
static uint64_t wire_bytes(struct text argument)
{
    return 5 + digits(argument.len) + argument.len;
}

/* The place of the first key by the server's own rules; 0: none. */
static int ask_server(struct redis_asked *asked, int count)
{
    const struct redis_string *arg[ARGS_ASKED_MOST];
    int key_count = 0, first = 0;
    if (count > ARGS_ASKED_MOST) return 0;
    for (int i = 0; i < count; i++)
        arg[i] = redis.CommandFilterArgGet(asked, i);
    int *keys = redis.GetCommandKeys(NULL, arg, count, &key_count);
    if (keys == NULL) return 0;
    if (key_count > 0) first = keys[0];
    redis.Free(keys);
    return first;
}

HOT static const struct live_keyspec_row *row_of(struct redis_asked *asked, struct text name,
                                                 int count)
{
    const struct live_keyspec_row *row = live_keyspec_find(&spec, name.at, name.len);
    if (row != NULL && row->kind == LIVE_KEYSPEC_CONTAINER) {
        if (count < 2) return NULL;
        struct text part = argument(asked, 1);
        row = live_keyspec_part(&spec, row, part.at, part.len);
    }
    if (row == NULL) return NULL;
    bool fits = row->arity >= 0 ? count == row->arity : count >= -row->arity;
    return fits ? row : NULL;
}

static inline void add_pending(void)
{
    if (hot.at == NULL) return;
    hot.at->reads += hot.read;
    hot.at->writes += hot.write;
    hot.at->bytes += hot.bytes;
    hot.at = NULL;
}

/* Each argument is fetched once: the server's functions are most of what this costs. */
HOT static void on_command(struct redis_asked *asked)
{
    int count = hot.count(asked);
    if (count < 2) return;
    struct text key = {.at = NULL}, name = argument(asked, 0);
    const struct live_keyspec_row *row = row_of(asked, name, count);
    if (row == NULL) return;
    int place = row->kind == LIVE_KEYSPEC_FIXED ? row->first : ask_server(asked, count);
    uint64_t bytes = 3 + digits((size_t)count) + wire_bytes(name);
    for (int i = 1; i < count; i++) {
        struct text next = argument(asked, i);
        if (i == place) key = next;
        bytes += wire_bytes(next);
    }
    if (key.at == NULL) return;
    add_pending();
    hot.at = &counters.slot[live_keyspec_slot(key.at, key.len)];
    __builtin_prefetch(hot.at, 1);
    hot.read = !row->write;
    hot.write = row->write;
    hot.bytes = bytes;
}

/* ---- the table of commands ---------------------------------------------------------------- */

static struct redis_reply *element(struct redis_reply *row, size_t place, int type)
{
    struct redis_reply *at = redis.CallReplyArrayElement(row, place);
    return at != NULL && redis.CallReplyType(at) == type ? at : NULL;
}

static bool has_flag(struct redis_reply *flags, const char *word)
{
    size_t len = 0;
    for (size_t i = 0; i < redis.CallReplyLength(flags); i++) {
        struct redis_reply *flag = element(flags, i, REDIS_IS_STRING);
        const char *text = flag != NULL ? redis.CallReplyStringPtr(flag, &len) : NULL;
        if (text != NULL && len == strlen(word) && memcmp(text, word, len) == 0) return true;
    }
    return false;
}

/* [name, arity, [flags], first key, ..., [9] parts]; parts only since 7.0. */
static bool take_row(struct redis_reply *row)
{
    struct redis_reply *name = element(row, 0, REDIS_IS_STRING),
                       *arity = element(row, 1, REDIS_IS_INTEGER),
                       *flags = element(row, 2, REDIS_IS_ARRAY),
                       *first = element(row, 3, REDIS_IS_INTEGER);
    if (name == NULL || arity == NULL || flags == NULL || first == NULL) return false;
    struct redis_reply *parts =
        redis.CallReplyLength(row) > 9 ? element(row, 9, REDIS_IS_ARRAY) : NULL;
    struct live_keyspec_command command = {
        .arity = (int)redis.CallReplyInteger(arity),
        .first_key = (int)redis.CallReplyInteger(first),
        .write = has_flag(flags, "write"),
        .movable = has_flag(flags, "movablekeys"),
        .container = parts != NULL && redis.CallReplyLength(parts) > 0,
    };
    command.name = redis.CallReplyStringPtr(name, &command.name_len);
    live_keyspec_add(&spec, &command);
    return command.container;
}

static void take_list(struct redis_reply *list)
{
    for (size_t i = 0; i < redis.CallReplyLength(list); i++) {
        struct redis_reply *row = element(list, i, REDIS_IS_ARRAY);
        if (row == NULL || !take_row(row)) continue;
        struct redis_reply *parts = element(row, 9, REDIS_IS_ARRAY);
        for (size_t k = 0; k < redis.CallReplyLength(parts); k++) {
            struct redis_reply *part = element(parts, k, REDIS_IS_ARRAY);
            if (part != NULL) (void)take_row(part);
        }
    }
}

/* Filled again when another module has brought commands of its own. */
static void learn(struct redis_context *context)
{
    struct redis_reply *known = redis.Call(context, "COMMAND", "c", "COUNT");
    long long have = known != NULL && redis.CallReplyType(known) == REDIS_IS_INTEGER
                         ? redis.CallReplyInteger(known)
                         : 0;
    if (known != NULL) redis.FreeCallReply(known);
    if (have == commands_known) return;
    struct redis_reply *list = redis.Call(context, "COMMAND", "");
    if (list == NULL) return;
    if (redis.CallReplyType(list) == REDIS_IS_ARRAY) {
        memset(&spec, 0, sizeof spec);
        take_list(list);
        commands_known = have;
    }
    redis.FreeCallReply(list);
}

/* ---- telling, loading --------------------------------------------------------------------- */

static int tell(struct redis_context *context, struct redis_string **arg, int count)
{
    (void)arg;
    if (count != 1) return redis.WrongArity(context);
    learn(context);
    add_pending();
    return redis.ReplyWithStringBuffer(context, told, live_counters_write(&counters, told));
}

static bool find_functions(struct redis_context *context)
{
    int (*get)(const char *, void *);
    void *first;
    memcpy(&first, (const void *)context, sizeof first); /* its first word */
    memcpy(&get, &first, sizeof get);
#define X(name, result, parameters) \
    if (get("RedisModule_" #name, &redis.name) != REDIS_MODULE_OK) return false;
    REDIS_MODULE_API(X)
#undef X
    return true;
}

__attribute__((visibility("default"))) int RedisModule_OnLoad(struct redis_context *context,
                                                              struct redis_string **arg, int count);

int RedisModule_OnLoad(struct redis_context *context, struct redis_string **arg, int arg_count)
{
    struct timespec now;
    (void)arg;
    (void)arg_count;
    if (!find_functions(context) || redis.IsModuleNameBusy("foreshard_heat"))
        return REDIS_MODULE_ERR;
    redis.SetModuleAttribs(context, "foreshard_heat", MODULE_VERSION, REDIS_MODULE_API_VERSION);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    counters.start = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    hot.count = redis.CommandFilterArgsCount;
    hot.argument = redis.CommandFilterArgGet;
    hot.text = redis.StringPtrLen;
    learn(context);
    if (spec.count == 0) return REDIS_MODULE_ERR;
    if (redis.CreateCommand(context, "foreshard.heat", tell, "readonly allow-stale", 0, 0, 0) !=
        REDIS_MODULE_OK)
        return REDIS_MODULE_ERR;
    return redis.RegisterCommandFilter(context, on_command, 0) != NULL ? REDIS_MODULE_OK
                                                                       : REDIS_MODULE_ERR;
}
