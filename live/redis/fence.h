/*
 * fence.h - what gives a node a new epoch is done at once or never.
 *
 * A process that was stopped goes on with what lies in its sockets: first perhaps with the gossip
 * of the meantime, from which it learns the epoch its heir was elected with and not yet the heir,
 * and then with a command of ours, of which nobody remembers anything: to take slots, or an epoch.
 * It takes one above its heir's, and whatever the heir was told since is thrown away (a stopped
 * target with the naming of its slots in its socket: in 1 of 4 times all of the shard; see
 * live_fence.c). Closing the connection does not help, what has arrived is read all the same.
 *
 * So such commands go as a script that looks at the node's clock first, which was asked for it a
 * moment ago; too late, it does nothing. Where scripts are not permitted they go as a transaction,
 * which is executed however late it is.
 */
#ifndef LIVE_FENCE_H
#define LIVE_FENCE_H

#include "live/redis/link.h"

enum {
    LIVE_FENCE_MS = 500, /* less than it takes to be thought dead */
    LIVE_FENCED_MAX = 32,
    LIVE_FENCED_LEN = 72
};

struct live_fence {
    uint64_t until_us; /* by the node's clock */
};

/* TIME, as a part of a pipeline, and its answer. */
void live_fence_ask(struct live_link *link);
FORE_MUST_USE enum fore_err live_fence_take(struct live_link *link, struct live_fence *out);

/* Of a script: ends it when its first argument, until when, has passed. */
#define LIVE_FENCE_LATE                           \
    "local now=redis.call('TIME') "               \
    "if now[1]*1000000+now[2]>tonumber(ARGV[1]) " \
    "then return redis.error_reply('LATE by the clock') end "
enum { LIVE_FENCE_LEN = 24 };
void live_fence_text(const struct live_fence *fence, char out[LIVE_FENCE_LEN]);
/* An answer as an error, with the server's words for it; LATE is AGAIN. */
FORE_MUST_USE enum fore_err live_fence_told(const redisReply *reply, unsigned slot,
                                            struct fore_diag *diag);

struct live_fenced { /* words behind CLUSTER; zeroed: none */
    char text[LIVE_FENCED_MAX][LIVE_FENCED_LEN];
    uint32_t count;
};

void live_fenced_add(struct live_fenced *commands, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * All of them with nothing in between. `out`, to be freed: an array of their answers; a script ends
 * with the first error, which is the last of the array then. Else NULL, and nothing was done unless
 * the link was lost. AGAIN: too late. REFUSED: not permitted.
 */
FORE_MUST_USE enum fore_err live_fenced_run(struct live_link *link, const struct live_fence *fence,
                                            const struct live_fenced *commands, redisReply **out);
/* The two above one after the other, where there is no pipeline. */
FORE_MUST_USE enum fore_err live_fenced_do(struct live_link *link,
                                           const struct live_fenced *commands, redisReply **out);
/* BUMPEPOCH: the new epoch; 0: the node has the highest it knows of already, or does not answer. */
uint64_t live_fence_bump(struct live_link *link);

#endif
