/* far_end.c - see far_end.h. */
#include "tests/fuzz/far_end.h"

#include "core/base/base.h"
#include "live/base/clock.h"

#include <hiredis/hiredis.h>
#include <hiredis/sds.h>

enum { CHUNK = 96 }; /* answers come in pieces, as they do */

static const uint8_t *at, *end;
static fore_ns now;

void far_end_says(const uint8_t *bytes, size_t size)
{
    at = bytes;
    end = bytes + size;
    now = 1000 * FORE_SEC;
}

uint8_t far_end_byte(void)
{
    return at < end ? *at++ : 0;
}

fore_ns live_clock_now(void)
{
    return now;
}

uint64_t live_clock_ms(void)
{
    return now / FORE_MS;
}

void live_clock_sleep_ms(uint64_t ms)
{
    now += (ms > 0 ? ms : 1) * FORE_MS;
}

redisContext *redisConnectWithTimeout(const char *host, int port, const struct timeval timeout)
{
    (void)host;
    (void)port;
    (void)timeout;
    return redisConnectFd(-1);
}

int redisSetTimeout(redisContext *context, const struct timeval timeout)
{
    (void)context;
    (void)timeout;
    return REDIS_OK;
}

/* What was appended goes nowhere. */
static void send_all(redisContext *context)
{
    sdssetlen(context->obuf, 0);
    context->obuf[0] = '\0';
}

int redisGetReply(redisContext *context, void **reply)
{
    *reply = NULL;
    now += FORE_MS / 10;
    send_all(context);
    while (redisReaderGetReply(context->reader, reply) == REDIS_OK && *reply == NULL) {
        size_t left = (size_t)(end - at), size = left < CHUNK ? left : CHUNK;
        if (size == 0) return REDIS_ERR;
        if (redisReaderFeed(context->reader, (const char *)at, size) != REDIS_OK) return REDIS_ERR;
        at += size;
    }
    return *reply != NULL ? REDIS_OK : REDIS_ERR;
}
