/*
 * fake_resp.h - a server that speaks just enough RESP to say whatever a test wants said. It runs in
 * a thread of the test, on a free port of 127.0.0.1; a function of the test answers each command.
 */
#ifndef TEST_FAKE_RESP_H
#define TEST_FAKE_RESP_H

#include "live/redis/reply.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FAKE_RESP_ARGS = 64, FAKE_RESP_CONNECTIONS = 16 };

struct fake_resp {
    /* Bytes to send back, in static memory or `text`; NULL hangs up without an answer. */
    const char *(*answer)(struct fake_resp *server, int arg_count, const char *const *arg);
    void *self;
    uint16_t port;
    char text[65536]; /* for the answer function */
    atomic_int commands;
    int descriptor;
    atomic_bool stopping;
    pthread_t thread;
    struct fake_resp_peer {
        int descriptor;
        size_t len;
        char in[65536];
    } peer[FAKE_RESP_CONNECTIONS];
};

void fake_resp_start(struct fake_resp *server);
void fake_resp_stop(struct fake_resp *server);
struct live_address fake_resp_address(const struct fake_resp *server);

#endif
