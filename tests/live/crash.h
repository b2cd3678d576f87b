/*
 * crash.h - one round of harm: a range of slots moves on a real cluster while clients write
 * (writer.h); its mover, or the primary of one of its ends, is killed or stopped at a step that the
 * journal knows or at any instant; and when the cluster is in order again, with nobody's help,
 * nothing may be missing. What goes wrong fails the test that asked for the round.
 *
 * LIVE_STALLS=1: all servers are stopped for moments all the time, as on a starved machine.
 */
#ifndef TEST_LIVE_CRASH_H
#define TEST_LIVE_CRASH_H

#include "live/redis/journal.h"
#include "tests/live/writer.h"

enum {
    CRASH_SLOTS = 3,
    CRASH_STEPS = 3 * 2, /* of one slot: open, copy, own; before and after each */
    CRASH_NODE_TIMEOUT_MS = 2000,
    CRASH_CUT_MS = 2 * CRASH_NODE_TIMEOUT_MS,
    CRASH_LIMIT_MS = CRASH_NODE_TIMEOUT_MS + 5000 /* to be in order again */
};
enum crash_victim { CRASH_MOVER, CRASH_SOURCE, CRASH_TARGET };
enum crash_harm {
    CRASH_KILL,
    CRASH_STOP,   /* it goes on when its heir has its place */
    CRASH_CUT,    /* the two ends cannot hear one another for CRASH_CUT_MS; all others can */
    CRASH_UNHEARD /* a target is killed when it owns the last slot, which its heir has not heard */
};

struct crash_outcome { /* what came of one harm */
    int step;          /* enum live_step: the last that the mover had begun or ended; -1: none */
    uint16_t slot;
    bool ended; /* that step */
    uint64_t recovered_ms,
        outage_ms; /* all in order again; the longest any key waited for an ack */
    uint64_t writes, began_ms, ended_ms; /* acknowledged, and between when and when */
    uint64_t stale, stale_after;      /* reads that found too little: before, after the recovery */
    uint64_t lost_redis, lost, wrong; /* acknowledged writes; keys that nobody wrote */
};

struct crash { /* who, and at which call of the mover's hook or how long after the first one */
    enum crash_victim victim;
    enum crash_harm harm;
    int at_call;
    uint64_t after_us; /* 0: at a call */
    int calls;
    atomic_bool begun, done, over;
    uint64_t done_ms;
    struct live_address source, target, heir; /* heir: the target's replica */
    const struct live_address *address;       /* of the victim; NULL: there is no such node */
    struct writer *writer;
    bool tolerant; /* what was lost is told, and fails no test */
    struct crash_outcome outcome;
};

/* A cluster for all rounds of a program; arguments of cluster_up.sh. What is cut needs -b 127.0.1,
 * in a network of the program's own where `ip rule` 10 is the local table. */
void crash_begin(const char *arguments);
void crash_end(void);
/* True: it was harmed in time. False: all was over before. */
bool crash_mover(struct crash *crash);
bool crash_node(struct crash *crash);
/* A line of numbers about all rounds so far. */
void crash_tell(void);

#endif
