/* writer.c - see writer.h. */
#include "tests/live/writer.h"

#include "live/clock.h"
#include "live/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value; 0 when there is none. False: no answer. */
static bool get(struct live_client *client, const char *key, uint64_t *value)
{
    const char *arg[] = {"GET", key};
    struct live_command command = {.arg = arg, .arg_count = 2, .key = 1, .idempotent = true};
    redisReply *reply = NULL;
    if (live_client_call(client, &command, &reply) != FORE_E_OK) return false;
    bool fine = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_NIL;
    *value = reply->type == REDIS_REPLY_STRING ? strtoull(reply->str, NULL, 10) : 0;
    freeReplyObject(reply);
    return fine;
}

static bool set(struct live_client *client, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    const char *arg[] = {"SET", key, text};
    struct live_command command = {.arg = arg, .arg_count = 3, .key = 1, .idempotent = true};
    redisReply *reply = NULL;
    if (live_client_call(client, &command, &reply) != FORE_E_OK) return false;
    bool fine = reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    return fine;
}

static void one_turn(struct writer *w, int i)
{
    uint64_t value = 0;
    int phase = w->phase; /* as it was when the question was asked */
    bool answered = get(&w->client, w->key[i], &value);
    if (answered && value < w->acked[i]) {
        w->lost[phase]++;
        w->lost_early += w->harmed_ms == 0 || w->acked_ms[i] + 500 < w->harmed_ms;
    }
    if (set(&w->client, w->key[i], w->acked[i] + 1)) {
        w->acked[i]++;
        w->acked_ms[i] = live_clock_ms();
        w->writes++;
    } else {
        w->failures++;
    }
}

static void *run(void *self)
{
    struct writer *w = self;
    for (int i = 0; !w->stopping; i = (i + 1) % WRITER_KEYS)
        one_turn(w, i);
    return NULL;
}

void writer_begin(struct writer *w, struct ground *ground)
{
    memset(w, 0, sizeof *w);
    size_t seeds = ground->node_count < 8 ? ground->node_count : 8;
    for (size_t i = 0; i < seeds; i++)
        w->seed[i] = ground->node[i].address;
    for (int i = 0; i < WRITER_KEYS; i++) {
        char tag[LIVE_TAG_MAX];
        live_slot_tag((uint16_t)(i % 2 == 0 ? i / 2 % 3 : i * 131), tag);
        (void)snprintf(w->key[i], sizeof w->key[i], "%sw%d", tag, i);
    }
    struct live_client_options options = {
        .seed = w->seed, .seed_count = seeds, .access = {.timeout_ms = 300}, .deadline_ms = 15000};
    struct fore_diag diag = {0};
    if (live_client_open(&w->client, &options, &diag) != FORE_E_OK) {
        (void)fprintf(stderr, "writer: %s\n", diag.text);
        exit(3);
    }
    if (pthread_create(&w->thread, NULL, run, w) != 0) abort();
}

void writer_end(struct writer *w)
{
    w->stopping = true;
    (void)pthread_join(w->thread, NULL);
    live_client_close(&w->client);
}

uint32_t writer_missing(struct writer *w, struct ground *ground)
{
    uint32_t missing = 0;
    for (int i = 0; i < WRITER_KEYS; i++) {
        uint64_t value = 0;
        missing += !get(&ground->client, w->key[i], &value) || value < w->acked[i];
    }
    return missing;
}
