/*
 * writer.h - a client that keeps writing while a test does harm: for each of its keys in turn it
 * reads, expects at least what was acknowledged, and writes one more. What it finds lost is counted
 * by when it was found: before the harm, between the harm and the recovery, and after.
 */
#ifndef TEST_LIVE_WRITER_H
#define TEST_LIVE_WRITER_H

#include "tests/live/ground.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WRITER_KEYS = 120 };
enum writer_phase { WRITER_CALM, WRITER_HARMED, WRITER_RECOVERED, WRITER_PHASES };

struct writer {
    struct live_client client;
    struct live_address seed[8];
    char key[WRITER_KEYS][32];
    uint64_t acked[WRITER_KEYS];
    uint64_t acked_ms[WRITER_KEYS];
    atomic_int phase;
    atomic_bool stopping;
    uint64_t writes, failures, lost[WRITER_PHASES];
    uint64_t harmed_ms;  /* when the harm was done; set by the test */
    uint64_t lost_early; /* of the lost: acknowledged more than half a second before the harm */
    pthread_t thread;
};

/* Keys in slots 0, 1, 2 (half of them) and all over. */
void writer_begin(struct writer *writer, struct ground *ground);
void writer_end(struct writer *writer);
/* Keys whose value is less than what was acknowledged, or gone; after writer_end. */
uint32_t writer_missing(struct writer *writer, struct ground *ground);

#endif
