/* replay_wire.c - see replay_wire.h. The link's own blocking calls are used to connect and greet,
 * and then never again: hiredis' reader alone takes answers apart. */
#include "live/calibrate/replay_wire.h"

#include "live/calibrate/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MGET_KEYS = 10, READ_BYTES = 65536 };

void live_replay_wire_init(struct live_replay_wire *wire, const struct live_address *address,
                           const struct live_access *access, const char *prefix)
{
    *wire = (struct live_replay_wire){.prefix = prefix};
    live_link_init(&wire->link, address, access);
}

void live_replay_wire_fini(struct live_replay_wire *wire)
{
    live_link_close(&wire->link);
    fore_buf_fini(&wire->out);
    free(wire->ring);
    wire->ring = NULL;
}

enum fore_err live_replay_wire_open(struct live_replay_wire *wire)
{
    if (wire->link.context != NULL) return FORE_E_OK;
    FORE_TRY(live_link_open(&wire->link));
    int descriptor = wire->link.context->fd, one = 1;
    int flags = fcntl(descriptor, F_GETFL);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0) return FORE_E_OK;
    live_link_lose(&wire->link);
    return FORE_E_UNREACHABLE;
}

static void remember(struct live_replay_wire *wire, const struct live_replay_ask *ask)
{
    if (wire->count == wire->cap) {
        uint32_t cap = wire->cap == 0 ? 64 : 2 * wire->cap;
        struct live_replay_ask *ring = malloc(cap * sizeof *ring);
        FORE_ASSERT(ring != NULL);
        for (uint32_t i = 0; i < wire->count; i++)
            ring[i] = wire->ring[(wire->first + i) & (wire->cap - 1)];
        free(wire->ring);
        wire->ring = ring;
        wire->first = 0;
        wire->cap = cap;
    }
    wire->ring[(wire->first + wire->count++) & (wire->cap - 1)] = *ask;
}

bool live_replay_wire_drop(struct live_replay_wire *wire, struct live_replay_ask *ask)
{
    if (wire->count == 0) return false;
    *ask = wire->ring[wire->first];
    wire->first = (wire->first + 1) & (wire->cap - 1);
    wire->count--;
    return true;
}

static void put_name(struct fore_buf *out, const char *name, size_t len)
{
    fore_buf_printf(out, "$%zu\r\n", len);
    fore_buf_append(out, name, len);
    fore_buf_append(out, "\r\n", 2);
}

void live_replay_wire_put(struct live_replay_wire *wire, const struct live_replay_ask *ask,
                          const char *filler, bool asking)
{
    char name[LIVE_REPLAY_NAME];
    size_t len = live_replay_name(wire->prefix, ask->key, name);
    struct fore_buf *out = &wire->out;
    if (asking) {
        remember(wire, &(struct live_replay_ask){.asking = true});
        fore_buf_puts(out, "*1\r\n$6\r\nASKING\r\n");
    }
    if (ask->op == FORE_QUERY_WRITE) {
        fore_buf_puts(out, "*3\r\n$3\r\nSET\r\n");
        put_name(out, name, len);
        fore_buf_printf(out, "$%u\r\n", ask->bytes);
        fore_buf_append(out, filler, ask->bytes);
        fore_buf_append(out, "\r\n", 2);
    } else if (ask->op == FORE_QUERY_SCAN) {
        fore_buf_printf(out, "*%d\r\n$4\r\nMGET\r\n", MGET_KEYS + 1);
        for (int i = 0; i < MGET_KEYS; i++)
            put_name(out, name, len);
    } else {
        fore_buf_puts(out, "*2\r\n$3\r\nGET\r\n");
        put_name(out, name, len);
    }
    remember(wire, ask);
}

enum fore_err live_replay_wire_flush(struct live_replay_wire *wire)
{
    if (wire->link.context == NULL) return FORE_E_UNREACHABLE;
    while (wire->sent < wire->out.len) {
        ssize_t n = send(wire->link.context->fd, wire->out.data + wire->sent,
                         wire->out.len - wire->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN)) return FORE_E_AGAIN;
        if (n <= 0) return FORE_E_UNREACHABLE;
        wire->sent += (size_t)n;
    }
    fore_buf_reset(&wire->out);
    wire->sent = 0;
    return FORE_E_OK;
}

enum fore_err live_replay_wire_fill(struct live_replay_wire *wire)
{
    char bytes[READ_BYTES];
    if (wire->link.context == NULL) return FORE_E_UNREACHABLE;
    ssize_t got = recv(wire->link.context->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return FORE_E_AGAIN;
    if (got <= 0) return FORE_E_UNREACHABLE;
    bool fed = redisReaderFeed(wire->link.context->reader, bytes, (size_t)got) == REDIS_OK;
    return fed ? FORE_E_OK : FORE_E_UNREACHABLE;
}

enum fore_err live_replay_wire_take(struct live_replay_wire *wire, struct live_replay_ask *ask,
                                    redisReply **reply)
{
    void *next = NULL;
    if (redisReaderGetReply(wire->link.context->reader, &next) != REDIS_OK)
        return FORE_E_UNREACHABLE;
    if (next == NULL) return FORE_E_AGAIN;
    *reply = next;
    if (live_replay_wire_drop(wire, ask)) return FORE_E_OK;
    freeReplyObject(next); /* an answer to nothing */
    return FORE_E_UNREACHABLE;
}
