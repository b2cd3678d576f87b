/*
 * reply.h - what a Redis reply means to us. Every reply goes through live_reply_kind(), also the
 * one that never came: hiredis says NULL when a link is lost, and that is LIVE_LOST here.
 *
 * Error replies begin with a word; the words are those of Redis 7.0 (cluster.c, server.c). What a
 * server sends is not trusted: a redirection is taken apart strictly or not at all.
 */
#ifndef LIVE_REPLY_H
#define LIVE_REPLY_H

#include "core/base/err.h"

#include <hiredis/hiredis.h>

enum { LIVE_HOST_MAX = 64 };

struct live_address {
    char host[LIVE_HOST_MAX]; /* a name or a number, without brackets */
    uint16_t port;
};

#define LIVE_ANSWER_MAP(X)                                                  \
    X(FINE, "fine")               /* anything that is not an error */       \
    X(MOVED, "moved")             /* the slot has another owner */          \
    X(ASK, "ask")                 /* this key, this once: over there */     \
    X(TRYAGAIN, "tryagain")       /* keys of one command on two nodes */    \
    X(CLUSTERDOWN, "clusterdown") /* no owner, or no quorum */              \
    X(LOADING, "loading")         /* reading its data in */                 \
    X(BUSY, "busy")               /* a script runs */                       \
    X(READONLY, "readonly")       /* a write sent to a replica */           \
    X(MASTERDOWN, "masterdown")   /* a replica without its primary */       \
    X(BUSYKEY, "busykey")         /* MIGRATE, RESTORE: it is there */       \
    X(IOERR, "ioerr")             /* MIGRATE: the target, not the source */ \
    X(DENIED, "denied")           /* password or permission */              \
    X(ERROR, "error")             /* any other error */                     \
    X(LOST, "lost")               /* no reply: the link is gone */

enum live_answer {
#define X(name, text) LIVE_##name,
    LIVE_ANSWER_MAP(X)
#undef X
        LIVE_ANSWERS
};
const char *live_answer_text(enum live_answer answer);

/* Frees what is there, and leaves NULL. */
void live_reply_drop(redisReply **reply);
enum live_answer live_reply_kind(const redisReply *reply);
/* The same as an error of the house: FINE is OK, what passes by itself is AGAIN, a wrong view of
 * the cluster is CONFLICT, DENIED is REFUSED, LOST is UNREACHABLE, the others are IO. */
enum fore_err live_answer_err(enum live_answer answer);

struct live_redirect {
    struct live_address address; /* host "": the one that answered */
    uint16_t slot;
};
/* Of a MOVED or ASK; FORMAT when it is not one word for word. */
FORE_MUST_USE enum fore_err live_reply_redirect(const redisReply *reply, struct live_redirect *out);
/* "HOST:PORT", the last colon counts; FORMAT when there is no port in 1..65535. */
FORE_MUST_USE enum fore_err live_address_parse(const char *text, size_t len,
                                               struct live_address *out);
bool live_address_same(const struct live_address *a, const struct live_address *b);
/* A whole number in text of `len` bytes, no sign, no blanks; FORMAT, RANGE above `max`. */
FORE_MUST_USE enum fore_err live_reply_number(const char *text, size_t len, uint64_t max,
                                              uint64_t *out);

#endif
