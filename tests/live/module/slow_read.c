/*
 * slow_read.c - a Redis module for benches: SLOW.READ key, a read that keeps the server's one
 * thread for four milliseconds without using the machine's CPU, as a read from a slow store behind
 * it would. So a node is full at some 235 reads a second, a whole cluster of full nodes fits on two
 * cores, and everything else (queues, MIGRATE, redirects, counters) is the real server's.
 */
#include "live/module/api.h"

#include <time.h>

enum { HELD_NS = 4000000 };

static int (*reply_with)(struct redis_context *, const char *, size_t);
static int (*wrong_arity)(struct redis_context *);

static int slow_read(struct redis_context *context, struct redis_string **arg, int count)
{
    struct timespec held = {.tv_nsec = HELD_NS};
    (void)arg;
    if (count != 2) return wrong_arity(context);
    (void)nanosleep(&held, NULL);
    return reply_with(context, "read", 4);
}

__attribute__((visibility("default"))) int RedisModule_OnLoad(struct redis_context *context,
                                                              struct redis_string **arg, int count);

int RedisModule_OnLoad(struct redis_context *context, struct redis_string **arg, int count)
{
    typedef int get_api_fn(const char *, void *);
    get_api_fn *get_api = *(get_api_fn **)(void *)context;
    void (*attribs)(struct redis_context *, const char *, int, int);
    int (*create)(struct redis_context *, const char *, redis_command_fn *, const char *, int, int,
                  int);
    (void)arg;
    (void)count;
    if (get_api("RedisModule_SetModuleAttribs", (void *)&attribs) != REDIS_MODULE_OK ||
        get_api("RedisModule_CreateCommand", (void *)&create) != REDIS_MODULE_OK ||
        get_api("RedisModule_WrongArity", (void *)&wrong_arity) != REDIS_MODULE_OK ||
        get_api("RedisModule_ReplyWithStringBuffer", (void *)&reply_with) != REDIS_MODULE_OK)
        return REDIS_MODULE_ERR;
    attribs(context, "slow_read", 1, REDIS_MODULE_API_VERSION);
    return create(context, "slow.read", slow_read, "readonly", 1, 1, 1);
}
