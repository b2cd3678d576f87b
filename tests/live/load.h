/*
 * load.h - a closed loop of clients for benches: so many connections, each with one command on its
 * way, on keys "k<n>" drawn by Zipf's law. What was asked of each slot is counted: the truth that
 * an estimate is held against. One thread; nothing is allocated while it runs.
 */
#ifndef TEST_LIVE_LOAD_H
#define TEST_LIVE_LOAD_H

#include "tests/live/ground.h"

#include "core/base/rng.h"

#include <stdatomic.h>

enum { LOAD_CONNECTIONS = 64, LOAD_BYTES = 100 };

struct load_options {
    uint32_t keys, connections; /* of each node */
    double zipf_s, write_share;
    uint64_t seed;
};

struct load {
    struct load_options options;
    struct load_peer {
        int descriptor, shard;
        uint32_t due; /* bytes of the reply still to come */
        uint32_t key; /* of the next command, drawn for this node */
    } peer[LOAD_CONNECTIONS];
    uint32_t peer_count;
    int waiter; /* epoll */
    struct fore_rng rng;
    double *cumulated; /* [keys] */
    uint16_t *slot;    /* [keys] */
    int8_t shard_of[FORE_SLOT_COUNT];
    atomic_uint_least64_t reads[FORE_SLOT_COUNT], writes[FORE_SLOT_COUNT];
    atomic_uint_least64_t done;
    atomic_bool stopping;
};

/* Connects to the primaries and writes every key once. */
void load_begin(struct load *load, struct ground *ground, const struct load_options *options);
void load_end(struct load *load);
/* For so long. */
void load_run(struct load *load, uint32_t ms);
/* So many commands, and some that are on their way then. */
void load_do(struct load *load, uint64_t commands);
/* Until `stopping`; a thread's function. */
void *load_thread(void *load);

#endif
