/*
 * clients.h - for benches: clients that ask a cluster for keys at a rate, whatever it does
 * (Poisson, uniform keys of 100 bytes, one write in ten; open loop, latencies by
 * live/calibrate/replay.h), from a thread of their own.
 */
#ifndef TESTS_LIVE_CLIENTS_H
#define TESTS_LIVE_CLIENTS_H

#include "core/base/rng.h"
#include "live/calibrate/replay.h"
#include "tests/live/ground.h"

#include <pthread.h>
#include <stdatomic.h>

struct clients_keys {
    const uint32_t *number; /* each key's, of which replay.h makes its name; borrowed */
    uint32_t count;
};

struct clients {
    struct live_replay *replay;
    struct clients_keys keys;
    struct fore_rng rng;
    double rate, at; /* requests per second; when the last one was due */
    uint32_t filled;
    fore_ns span;                     /* of one play */
    struct live_replay_result result; /* of the last one */
    struct fore_diag diag;
    enum fore_err err;
    atomic_bool enough;
    pthread_t thread;
};

/* Writes every key once. */
FORE_MUST_USE enum fore_err clients_begin(struct clients *clients, struct ground *ground,
                                          const struct clients_keys *keys, double rate,
                                          uint64_t seed);
/* They ask for so long; 0: until they are told. False: no thread. */
bool clients_ask(struct clients *clients, fore_ns span);
/* The span is over, or they have been told now. */
FORE_MUST_USE enum fore_err clients_end(struct clients *clients, bool now);
void clients_close(struct clients *clients);

#endif
