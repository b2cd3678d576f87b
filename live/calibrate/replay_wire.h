/*
 * replay_wire.h - inside of the open-loop client: one connection that is never waited for. What is
 * to be sent piles up in a buffer and goes when the socket takes it; answers come in the order of
 * the requests, which are kept in a ring meanwhile.
 */
#ifndef LIVE_REPLAY_WIRE_H
#define LIVE_REPLAY_WIRE_H

#include "core/base/buf.h"
#include "live/redis/link.h"
#include "workloads/source.h"

struct live_replay_ask { /* one request on its way */
    fore_ns due;         /* by the clock */
    uint64_t key;
    uint32_t bytes;
    uint8_t op;         /* enum fore_query_type */
    uint8_t redirected; /* so often, one after the other */
    bool counts;
    bool asking; /* the answer to an ASKING, which nobody waits for */
};

struct live_replay_wire {
    struct live_link link;
    const char *prefix; /* of names; borrowed */
    struct fore_buf out;
    size_t sent; /* of `out` */
    struct live_replay_ask *ring;
    uint32_t first, count, cap; /* cap: a power of two, or 0 */
};

void live_replay_wire_init(struct live_replay_wire *wire, const struct live_address *address,
                           const struct live_access *access, const char *prefix);
void live_replay_wire_fini(struct live_replay_wire *wire);
/* Connects if need be; its descriptor is then non-blocking. */
FORE_MUST_USE enum fore_err live_replay_wire_open(struct live_replay_wire *wire);
/* Appends a request's bytes and remembers it; `asking` sends ASKING before it. */
void live_replay_wire_put(struct live_replay_wire *wire, const struct live_replay_ask *ask,
                          const char *filler, bool asking);
/* Sends what the socket takes: OK when all of it, AGAIN when some is left, UNREACHABLE. */
FORE_MUST_USE enum fore_err live_replay_wire_flush(struct live_replay_wire *wire);
/* Reads what has come, once. */
FORE_MUST_USE enum fore_err live_replay_wire_fill(struct live_replay_wire *wire);
/* The next whole answer and what it answers; false: none yet. UNREACHABLE: it is not RESP. */
FORE_MUST_USE enum fore_err live_replay_wire_take(struct live_replay_wire *wire,
                                                  struct live_replay_ask *ask, redisReply **reply);
/* The oldest request whose answer will not come any more; false: none. */
bool live_replay_wire_drop(struct live_replay_wire *wire, struct live_replay_ask *ask);

#endif
