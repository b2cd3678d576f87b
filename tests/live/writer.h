/*
 * writer.h - clients that write while a test does harm, and know afterwards what was lost and whose
 * fault that is. Every key has a sequence number that only grows; each turn reads it, expects at
 * least what was acknowledged, and writes one more, with WAIT for one replica behind it. So of each
 * acknowledged write it is known which node acknowledged it and whether a replica had it.
 *
 * A write that is gone is Redis' own loss only if the node that was killed had acknowledged it, no
 * replica had, and it was sent before the kill; or, if that node was only stopped, also if it was
 * sent later, because when it goes on it does not know yet that it has an heir. Every other one is
 * ours.
 *
 * Between the harm and the recovery a read may find less than was acknowledged (the heir of a
 * source does not know where keys went); that is counted as stale. A patient key is then left alone
 * until the recovery, to see whether it is lost or only was not found; the others are written again
 * where clients are sent to, and the newer write has to survive. After the recovery a read that
 * finds less is a loss, and judged.
 */
#ifndef TEST_LIVE_WRITER_H
#define TEST_LIVE_WRITER_H

#include "tests/live/ground.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WRITER_KEYS = 240, WRITER_PAST = 128 };
enum writer_phase { WRITER_CALM, WRITER_HARMED, WRITER_RECOVERED, WRITER_PHASES };

struct writer_key {
    char name[32];
    int node;       /* whom to ask first */
    bool patient;   /* is not written while it is doubted */
    bool doubted;   /* less than acknowledged was read since the harm */
    uint64_t tried; /* the last number sent */
    uint64_t acked; /* the last one that was acknowledged */
    uint64_t acked_ms;
    struct {
        uint64_t sent_ms;
        int node; /* -1: not acknowledged */
        bool replicated;
    } past[WRITER_PAST]; /* of number n at n % WRITER_PAST */
};

struct writer {
    struct ground *ground; /* addresses of its nodes */
    struct live_access access;
    struct live_link link[GROUND_NODES];
    struct writer_key key[WRITER_KEYS];
    uint32_t rate; /* writes a second; 0: as fast as it goes */
    atomic_int phase;
    atomic_bool stopping, timing;
    uint64_t harmed_ms; /* when the harm was done, and to whom; set by the test before the phase */
    int victim;         /* node index; -1: none */
    bool stopped;       /* it was not killed */
    uint64_t began_ms, ended_ms;
    uint64_t writes, replicated, failures, reads;
    uint64_t stale[WRITER_PHASES]; /* reads that found less than was acknowledged */
    uint64_t lost_own, lost_redis; /* acknowledged writes that are gone */
    uint64_t
        outage_ms; /* while `timing`: the longest that an impatient key had no acknowledgement */
    char first_loss[160];
    pthread_t thread;
};

/* Keys in slots 0, 1, 2 (half of them) and all over. LIVE_WRITES=N: so many a second (5000). */
void writer_begin(struct writer *writer, struct ground *ground);
/* The harm has just been done, to the node with that address; NULL: to none. */
void writer_harm(struct writer *writer, const struct live_address *victim, bool stopped);
/* Stops and judges every key once more. */
void writer_end(struct writer *writer);

#endif
