/*
 * link.h - one connection to one Redis instance, which may go at any moment.
 *
 * A link connects when it is first used, authenticates, and after a loss waits longer and longer
 * (50 ms, doubling, to 2 s) before it tries again; until then every call fails at once, so that a
 * dead node never holds its caller up. Commands may be sent one by one or as a pipeline: append as
 * many as you like, then take as many replies. After a loss the replies not yet taken are LOST.
 *
 * Calls block, for timeout_ms at most, and less for who has just been silent, or while there is no
 * time for that. The password is never printed.
 */
#ifndef LIVE_LINK_H
#define LIVE_LINK_H

#include "live/redis/reply.h"

struct live_access {      /* how to get in, shared by all links of a cluster */
    const char *user;     /* NULL: the default user */
    const char *password; /* NULL: none */
    uint32_t timeout_ms;  /* to connect, and for each reply; 0: 1000 */
};

struct live_link {
    struct live_address address;
    const struct live_access *access; /* borrowed */
    redisContext *context;            /* NULL: not connected */
    uint64_t retry_at_ms;             /* no attempt before */
    uint32_t failures;                /* in a row, since it last answered */
    uint64_t hurry_until_ms;          /* see live_link_hurry() */
    uint32_t hurry_ms;
    bool hurried;     /* the connection has the short timeout */
    uint32_t pending; /* replies appended for and not yet taken */
    bool denied;      /* the last attempt failed at the password */
};

/* A command as bytes. `key` is the argument that names the slot. */
struct live_command {
    const char *const *arg;
    const size_t *arg_len; /* NULL: arguments end with a NUL */
    uint32_t arg_count;
    uint32_t key;
    bool idempotent; /* may be sent again when its reply was lost */
};

void live_link_init(struct live_link *link, const struct live_address *address,
                    const struct live_access *access);
void live_link_close(struct live_link *link);
/* OK when connected, else UNREACHABLE, or REFUSED when the password or user is wrong. */
FORE_MUST_USE enum fore_err live_link_open(struct live_link *link);
/* Until then (live_clock_ms()) it is waited for `ms` at most, whatever the access says. */
void live_link_hurry(struct live_link *link, uint32_t ms, uint64_t until_ms);
/* Drops the connection; the next use makes a new one, after the pause that is due. */
void live_link_lose(struct live_link *link);

/* One command and its reply; NULL when lost. Free it with freeReplyObject. */
redisReply *live_link_call(struct live_link *link, const char *format, ...);
redisReply *live_link_send(struct live_link *link, const struct live_command *command);
/* As live_link_call, but only whether the answer was fine; an error's text goes to `diag`. */
FORE_MUST_USE enum fore_err live_link_do(struct live_link *link, struct fore_diag *diag,
                                         const char *format, ...);

/* A pipeline. Nothing is sent by append that a lost link would not lose. */
void live_link_append(struct live_link *link, const char *format, ...);
void live_link_append_command(struct live_link *link, const struct live_command *command);
redisReply *live_link_take(struct live_link *link);
/* Sends what was appended, without waiting for an answer. */
void live_link_flush(struct live_link *link);

#endif
