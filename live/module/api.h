/*
 * api.h - the part of the Redis module API that our module uses, declared by ourselves.
 *
 * A module is a shared library with one exported function, RedisModule_OnLoad(context, arguments,
 * count). The first word behind `context` is the server's GetApi(name, &pointer), which hands out
 * every other function by its name: nothing is linked. Types are opaque. What each function does
 * and takes is in the API's reference (redis.io, "Modules API reference", version 1); only what is
 * listed here may be called. Valkey gives the same functions under the same names.
 */
#ifndef LIVE_MODULE_API_H
#define LIVE_MODULE_API_H

#include <stddef.h>

struct redis_context; /* RedisModuleCtx */
struct redis_string;  /* RedisModuleString */
struct redis_reply;   /* RedisModuleCallReply */
struct redis_filter;  /* RedisModuleCommandFilter */
struct redis_asked;   /* RedisModuleCommandFilterCtx: one command before it is carried out */

enum { REDIS_MODULE_OK = 0, REDIS_MODULE_ERR = 1, REDIS_MODULE_API_VERSION = 1 };
enum { REDIS_IS_STRING = 0, REDIS_IS_ERROR = 1, REDIS_IS_INTEGER = 2, REDIS_IS_ARRAY = 3 };

typedef int redis_command_fn(struct redis_context *context, struct redis_string **arg, int count);
typedef void redis_filter_fn(struct redis_asked *asked);

/* name, result, parameters: RedisModule_<name> */
#define REDIS_MODULE_API(X)                                                                        \
    X(SetModuleAttribs, void,                                                                      \
      (struct redis_context * context, const char *name, int version, int api_version))            \
    X(IsModuleNameBusy, int, (const char *name))                                                   \
    X(CreateCommand, int,                                                                          \
      (struct redis_context * context, const char *name, redis_command_fn *run, const char *flags, \
       int first_key, int last_key, int step))                                                     \
    X(RegisterCommandFilter, struct redis_filter *,                                                \
      (struct redis_context * context, redis_filter_fn * filter, int flags))                       \
    X(CommandFilterArgsCount, int, (struct redis_asked * asked))                                   \
    X(CommandFilterArgGet, const struct redis_string *, (struct redis_asked * asked, int place))   \
    X(StringPtrLen, const char *, (const struct redis_string *string, size_t *len))                \
    X(GetCommandKeys, int *,                                                                       \
      (struct redis_context * context, const struct redis_string *const *arg, int count,           \
       int *key_count))                                                                            \
    X(Free, void, (void *memory))                                                                  \
    X(Call, struct redis_reply *,                                                                  \
      (struct redis_context * context, const char *command, const char *format, ...))              \
    X(CallReplyType, int, (struct redis_reply * reply))                                            \
    X(CallReplyLength, size_t, (struct redis_reply * reply))                                       \
    X(CallReplyInteger, long long, (struct redis_reply * reply))                                   \
    X(CallReplyStringPtr, const char *, (struct redis_reply * reply, size_t * len))                \
    X(CallReplyArrayElement, struct redis_reply *, (struct redis_reply * reply, size_t place))     \
    X(FreeCallReply, void, (struct redis_reply * reply))                                           \
    X(ReplyWithStringBuffer, int, (struct redis_context * context, const char *text, size_t len))  \
    X(WrongArity, int, (struct redis_context * context))

#endif
