/* link.c - see link.h. Every way out of hiredis that says NULL ends in live_link_lose(). */
#include "live/redis/link.h"

#include "live/base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/time.h>

enum {
    PAUSE_FIRST_MS = 50,
    PAUSE_MOST_MS = 2000,
    TIMEOUT_MS = 1000,
    PATIENCE_LEAST_MS = 200,
    ELEMENTS_MOST = 1 << 24
};

/* ---- how large a reply may say it is --------------------------------------------------------- */

#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#else
typedef int array_size;
#endif

static redisReplyObjectFunctions theirs, bounded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* hiredis makes room for as many elements as an array is said to have before one of them has come:
 * "*268435455" alone costs 2 GiB. What is larger than any list of keys we ask for is no reply. */
static void *create_array(const redisReadTask *task, array_size elements)
{
    uint64_t sum = (uint64_t)elements;
    for (const redisReadTask *above = task->parent; above != NULL; above = above->parent)
        sum += (uint64_t)above->elements;
    return sum <= ELEMENTS_MOST ? theirs.createArray(task, elements) : NULL;
}

static void make_bounded(void)
{
    redisReader *reader = redisReaderCreate();
    FORE_ASSERT(reader != NULL);
    theirs = bounded = *reader->fn;
    bounded.createArray = create_array;
    redisReaderFree(reader);
}

/* ---- open and close ------------------------------------------------------------------------- */

void live_link_init(struct live_link *link, const struct live_address *address,
                    const struct live_access *access)
{
    *link = (struct live_link){.address = *address, .access = access};
}

static void drop(struct live_link *link)
{
    if (link->context != NULL) redisFree(link->context);
    link->context = NULL;
}

void live_link_close(struct live_link *link)
{
    drop(link);
    link->pending = 0;
}

void live_link_lose(struct live_link *link)
{
    drop(link);
    uint32_t doublings = link->failures < 6 ? link->failures : 6;
    uint64_t pause = (uint64_t)PAUSE_FIRST_MS << doublings;
    link->failures++;
    link->retry_at_ms = live_clock_ms() + (pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS);
}

/* Authenticates where there is a password. */
static enum fore_err greet(struct live_link *link)
{
    const struct live_access *access = link->access;
    if (access->password == NULL) return FORE_E_OK;
    redisReply *reply =
        access->user != NULL
            ? redisCommand(link->context, "AUTH %s %s", access->user, access->password)
            : redisCommand(link->context, "AUTH %s", access->password);
    enum live_answer answer = live_reply_kind(reply);
    if (reply != NULL) freeReplyObject(reply);
    if (answer == LIVE_FINE) return FORE_E_OK;
    return answer == LIVE_LOST ? FORE_E_UNREACHABLE : FORE_E_REFUSED;
}

static struct timeval timeout_of(uint32_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

static uint32_t patience_ms(const struct live_link *link)
{
    return link->access->timeout_ms != 0 ? link->access->timeout_ms : TIMEOUT_MS;
}

/* A stopped process takes connections and is silent, and each look at all instances would wait for
 * it as long as the first did. Who has not answered is waited for half as long each time, and every
 * fourth time as long as ever: it may be slow and no more. */
static uint32_t patience_left_ms(const struct live_link *link)
{
    uint32_t most = patience_ms(link), ms = most >> link->failures % 4;
    uint32_t least = most < PATIENCE_LEAST_MS ? most : PATIENCE_LEAST_MS;
    return ms > least ? ms : least;
}

static bool in_a_hurry(const struct live_link *link)
{
    return live_clock_ms() < link->hurry_until_ms;
}

static uint32_t in_haste_ms(const struct live_link *link, uint32_t ms)
{
    return in_a_hurry(link) && ms > link->hurry_ms ? link->hurry_ms : ms;
}

/* An open connection has the timeout that fits the moment. */
static void keep_time(struct live_link *link)
{
    if (link->context == NULL || link->hurried == in_a_hurry(link)) return;
    link->hurried = !link->hurried;
    (void)redisSetTimeout(link->context, timeout_of(in_haste_ms(link, patience_ms(link))));
}

void live_link_hurry(struct live_link *link, uint32_t ms, uint64_t until_ms)
{
    FORE_ASSERT(ms > 0);
    link->hurry_ms = ms;
    link->hurry_until_ms = until_ms;
}

enum fore_err live_link_open(struct live_link *link)
{
    if (link->context != NULL) return FORE_E_OK;
    if (live_clock_ms() < link->retry_at_ms)
        return link->denied ? FORE_E_REFUSED : FORE_E_UNREACHABLE;
    struct timeval timeout = timeout_of(in_haste_ms(link, patience_left_ms(link)));
    link->denied = false;
    link->hurried = in_a_hurry(link);
    /* hiredis writes to sockets that may be closed: that is an error to see, not a reason to die.
     */
    (void)signal(SIGPIPE, SIG_IGN);
    link->context = redisConnectWithTimeout(link->address.host, link->address.port, timeout);
    bool there = link->context != NULL && link->context->err == 0 &&
                 redisSetTimeout(link->context, timeout) == REDIS_OK;
    (void)pthread_once(&once, make_bounded);
    if (there) link->context->reader->fn = &bounded;
    enum fore_err err = there ? greet(link) : FORE_E_UNREACHABLE;
    if (err != FORE_E_OK) {
        link->denied = err == FORE_E_REFUSED;
        live_link_lose(link);
        return err;
    }
    return FORE_E_OK;
}

static void answered(struct live_link *link)
{
    if (link->failures > 0) {
        link->hurried = in_a_hurry(link);
        (void)redisSetTimeout(link->context, timeout_of(in_haste_ms(link, patience_ms(link))));
    }
    link->failures = 0;
}

/* What was appended before a link was there, or after it went, is answered with NULL. */
redisReply *live_link_take(struct live_link *link)
{
    void *reply = NULL;
    FORE_ASSERT(link->pending > 0);
    link->pending--;
    if (link->context == NULL) return NULL;
    if (redisGetReply(link->context, &reply) == REDIS_OK && reply != NULL) {
        answered(link);
        return reply;
    }
    live_link_lose(link);
    return NULL;
}

/* A new pipeline may open the link; one that has lost commands stays lost to its end. */
static bool ready_to_append(struct live_link *link)
{
    if (link->pending == 0) keep_time(link);
    bool ready = link->pending == 0 ? live_link_open(link) == FORE_E_OK : link->context != NULL;
    link->pending++;
    return ready;
}

static void append_list(struct live_link *link, const char *format, va_list arguments)
{
    if (!ready_to_append(link)) return;
    if (redisvAppendCommand(link->context, format, arguments) != REDIS_OK) live_link_lose(link);
}

void live_link_append(struct live_link *link, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_list(link, format, arguments);
    va_end(arguments);
}

void live_link_append_command(struct live_link *link, const struct live_command *command)
{
    if (!ready_to_append(link)) return;
    /* hiredis takes its arguments as const char **, though it only reads them. */
    union {
        const char *const *ours;
        const char **theirs;
    } arg = {.ours = command->arg};
    if (redisAppendCommandArgv(link->context, (int)command->arg_count, arg.theirs,
                               command->arg_len) != REDIS_OK)
        live_link_lose(link);
}

/* hiredis would write when the first reply is taken. */
void live_link_flush(struct live_link *link)
{
    for (int done = 0; link->context != NULL && done == 0;)
        if (redisBufferWrite(link->context, &done) != REDIS_OK) live_link_lose(link);
}

redisReply *live_link_call(struct live_link *link, const char *format, ...)
{
    va_list arguments;
    FORE_ASSERT(link->pending == 0);
    va_start(arguments, format);
    append_list(link, format, arguments);
    va_end(arguments);
    return live_link_take(link);
}

redisReply *live_link_send(struct live_link *link, const struct live_command *command)
{
    FORE_ASSERT(link->pending == 0);
    live_link_append_command(link, command);
    return live_link_take(link);
}

enum fore_err live_link_do(struct live_link *link, struct fore_diag *diag, const char *format, ...)
{
    va_list arguments;
    FORE_ASSERT(link->pending == 0);
    va_start(arguments, format);
    append_list(link, format, arguments);
    va_end(arguments);
    redisReply *reply = live_link_take(link);
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err != FORE_E_OK)
        err =
            fore_err_set(diag, err, "%s:%u: %.*s", link->address.host, (unsigned)link->address.port,
                         reply != NULL ? (int)reply->len : 4, reply != NULL ? reply->str : "lost");
    if (reply != NULL) freeReplyObject(reply);
    return err;
}
