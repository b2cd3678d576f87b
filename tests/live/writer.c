/* writer.c - see writer.h. One thread; a turn is one pipeline to each node that has some of the
 * turn's keys: GET and SET of each, and a WAIT. What is redirected goes again alone. */
#include "tests/live/writer.h"

#include "live/base/clock.h"
#include "live/redis/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN = 24, WAIT_MS = 20, WAIT_HARMED_MS = 2, RATE = 5000, FOLLOW_MOST = 4 };

/* ---- judging ------------------------------------------------------------------------------ */

static void lose(struct writer *w, const struct writer_key *key, uint64_t number)
{
    size_t at = number % WRITER_PAST;
    bool known = number + WRITER_PAST > key->tried;
    bool by_victim = known && w->victim >= 0 && key->past[at].node == w->victim;
    bool redis = by_victim && !key->past[at].replicated &&
                 (key->past[at].sent_ms <= w->harmed_ms || w->stopped);
    if (known && key->past[at].node < 0) return; /* it was never acknowledged */
    w->lost_redis += redis;
    w->lost_own += !redis;
    if (redis || w->first_loss[0] != '\0') return;
    (void)snprintf(w->first_loss, sizeof w->first_loss,
                   "%s: number %llu of %llu, sent %lld ms before the harm, to node %d (victim %d), "
                   "%s",
                   key->name, (unsigned long long)number, (unsigned long long)key->acked,
                   (long long)(w->harmed_ms - key->past[at].sent_ms), key->past[at].node, w->victim,
                   key->past[at].replicated ? "replicated" : "not replicated");
}

/* A value was read, in that phase. */
static void judge(struct writer *w, struct writer_key *key, uint64_t value, int phase)
{
    w->reads++;
    if (value >= key->acked) {
        key->doubted = false;
        return;
    }
    w->stale[phase]++;
    key->doubted = true;
    if (phase == WRITER_HARMED) return;
    for (uint64_t number = value + 1; number <= key->acked; number++)
        lose(w, key, number);
    key->acked = value;
    key->doubted = false;
}

/* ---- one key ------------------------------------------------------------------------------ */

static uint64_t value_in(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? strtoull(reply->str, NULL, 10) : 0;
}

static void note_sent(struct writer_key *key)
{
    size_t at = ++key->tried % WRITER_PAST;
    key->past[at].sent_ms = live_clock_ms();
    key->past[at].node = -1;
    key->past[at].replicated = false;
}

static void note_acked(struct writer *w, struct writer_key *key, int node, bool replicated)
{
    size_t at = key->tried % WRITER_PAST;
    key->past[at].node = node;
    key->past[at].replicated = replicated;
    uint64_t now = live_clock_ms(), gap = key->acked_ms > 0 ? now - key->acked_ms : 0;
    if (w->timing && !key->patient && gap > w->outage_ms) w->outage_ms = gap;
    key->acked_ms = now;
    key->acked = key->tried;
    w->writes++;
    w->replicated += replicated;
}

static bool waits(const struct writer_key *key)
{
    return key->patient && key->doubted;
}

static int node_at(const struct writer *w, const struct live_address *address)
{
    for (uint32_t i = 0; i < w->ground->node_count; i++)
        if (live_address_same(&w->ground->node[i].address, address)) return (int)i;
    return -1;
}

static void append(struct writer *w, struct writer_key *key, int node, bool asking)
{
    struct live_link *link = &w->link[node];
    if (asking) live_link_append(link, "ASKING");
    live_link_append(link, "GET %s", key->name);
    if (waits(key)) return;
    if (asking) live_link_append(link, "ASKING");
    live_link_append(link, "SET %s %llu", key->name, (unsigned long long)key->tried);
}

struct outcome {
    bool wrote, lost;
    int next; /* node to go on with; -1: none */
    bool asking;
};

static void look(struct writer *w, const redisReply *reply, struct outcome *out)
{
    struct live_redirect to;
    enum live_answer kind = live_reply_kind(reply);
    out->lost |= kind == LIVE_LOST;
    if (live_reply_redirect(reply, &to) != FORE_E_OK) return;
    out->next = node_at(w, &to.address);
    out->asking = kind == LIVE_ASK;
}

/* The answers to append(), but for WAIT's. A SET behind a GET that was redirected counts if it was
 * carried out all the same. */
static struct outcome take(struct writer *w, struct writer_key *key, int node, bool asking,
                           int phase, bool written)
{
    struct live_link *link = &w->link[node];
    struct outcome out = {.next = -1};
    redisReply *asked = asking ? live_link_take(link) : NULL, *got = live_link_take(link);
    if (live_reply_kind(got) == LIVE_FINE)
        judge(w, key, value_in(got), phase);
    else
        look(w, got, &out);
    if (asked != NULL) freeReplyObject(asked);
    if (got != NULL) freeReplyObject(got);
    if (!written) return out;
    asked = asking ? live_link_take(link) : NULL;
    redisReply *set = live_link_take(link);
    out.wrote = live_reply_kind(set) == LIVE_FINE;
    look(w, set, &out);
    if (asked != NULL) freeReplyObject(asked);
    if (set != NULL) freeReplyObject(set);
    return out;
}

static bool replicated(struct writer *w, int node)
{
    redisReply *reply = live_link_take(&w->link[node]);
    bool yes = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer >= 1;
    if (reply != NULL) freeReplyObject(reply);
    return yes;
}

/* Where the answers lead, for a few corners. While a shard has lost its replica, waiting for it
 * would keep the other keys from being asked for. */
static void follow(struct writer *w, struct writer_key *key, struct outcome out)
{
    for (int i = 0; i < FOLLOW_MOST && out.next >= 0 && !out.wrote; i++) {
        int node = out.next, phase = w->phase;
        bool asking = out.asking, write = !waits(key);
        if (!asking) key->node = node;
        append(w, key, node, asking);
        live_link_append(&w->link[node], "WAIT 1 %d",
                         phase == WRITER_HARMED ? WAIT_HARMED_MS : WAIT_MS);
        out = take(w, key, node, asking, phase, write);
        bool safe = replicated(w, node);
        if (out.wrote) note_acked(w, key, node, safe);
        if (!write && out.next < 0) return;
    }
    w->failures += !out.wrote;
    if (out.lost) key->node = (key->node + 1) % (int)w->ground->node_count;
}

/* ---- turns -------------------------------------------------------------------------------- */

static void turn(struct writer *w, uint32_t first)
{
    struct outcome out[TURN];
    bool write[TURN];
    int node[TURN], phase = w->phase; /* as it was when the questions were asked */
    for (uint32_t i = 0; i < TURN; i++) {
        struct writer_key *key = &w->key[(first + i) % WRITER_KEYS];
        node[i] = key->node;
        write[i] = !waits(key);
        if (write[i]) note_sent(key);
        append(w, key, node[i], false);
    }
    for (uint32_t n = 0; n < w->ground->node_count; n++) {
        bool any = false;
        for (uint32_t i = 0; i < TURN; i++)
            any |= node[i] == (int)n;
        if (any) live_link_append(&w->link[n], "WAIT 1 %d", WAIT_MS);
    }
    bool safe[GROUND_NODES] = {false}, waited[GROUND_NODES] = {false};
    uint32_t left[GROUND_NODES] = {0};
    for (uint32_t i = 0; i < TURN; i++)
        left[node[i]]++;
    for (uint32_t i = 0; i < TURN; i++) {
        struct writer_key *key = &w->key[(first + i) % WRITER_KEYS];
        out[i] = take(w, key, node[i], false, phase, write[i]);
        if (--left[node[i]] == 0 && !waited[node[i]]) {
            waited[node[i]] = true;
            safe[node[i]] = replicated(w, node[i]);
        }
    }
    for (uint32_t i = 0; i < TURN; i++) {
        struct writer_key *key = &w->key[(first + i) % WRITER_KEYS];
        if (out[i].wrote) note_acked(w, key, node[i], safe[node[i]]);
        if (!out[i].wrote && (write[i] || out[i].next >= 0 || out[i].lost)) follow(w, key, out[i]);
    }
}

static void *run(void *self)
{
    struct writer *w = self;
    w->began_ms = live_clock_ms();
    for (uint64_t turns = 0; !w->stopping; turns++) {
        turn(w, (uint32_t)(turns * TURN % WRITER_KEYS));
        uint64_t due = w->rate > 0 ? w->began_ms + turns * TURN * 1000 / w->rate : 0;
        uint64_t now = live_clock_ms();
        if (now < due) live_clock_sleep_ms((uint32_t)(due - now));
        if (now > due + 1000) w->began_ms += now - due; /* an outage is not made up for */
    }
    w->ended_ms = live_clock_ms();
    return NULL;
}

void writer_begin(struct writer *w, struct ground *ground)
{
    const char *rate = getenv("LIVE_WRITES");
    memset(w, 0, sizeof *w);
    w->ground = ground;
    w->victim = -1;
    w->rate = rate != NULL ? (uint32_t)strtoul(rate, NULL, 10) : RATE;
    w->access = ground->access;
    w->access.timeout_ms = 300;
    for (uint32_t i = 0; i < ground->node_count; i++)
        live_link_init(&w->link[i], &ground->node[i].address, &w->access);
    for (int i = 0; i < WRITER_KEYS; i++) {
        char tag[LIVE_TAG_MAX];
        live_slot_tag((uint16_t)(i % 2 == 0 ? i / 2 % 3 : i * 68), tag);
        (void)snprintf(w->key[i].name, sizeof w->key[i].name, "%sw%d", tag, i);
        w->key[i].patient = i / 2 % 2 == 0;
    }
    if (pthread_create(&w->thread, NULL, run, w) != 0) abort();
}

void writer_harm(struct writer *w, const struct live_address *victim, bool stopped)
{
    w->harmed_ms = live_clock_ms();
    w->victim = victim != NULL ? node_at(w, victim) : -1;
    w->stopped = stopped;
    w->timing = true;
    w->phase = WRITER_HARMED;
}

static bool get(struct ground *ground, const char *name, uint64_t *value)
{
    const char *arg[] = {"GET", name};
    struct live_command command = {.arg = arg, .arg_count = 2, .key = 1, .idempotent = true};
    redisReply *reply = NULL;
    if (live_client_call(&ground->client, &command, &reply) != FORE_E_OK) return false;
    bool fine = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_NIL;
    *value = value_in(reply);
    freeReplyObject(reply);
    return fine;
}

void writer_end(struct writer *w)
{
    w->stopping = true;
    (void)pthread_join(w->thread, NULL);
    for (uint32_t i = 0; i < w->ground->node_count; i++)
        live_link_close(&w->link[i]);
    for (int i = 0; i < WRITER_KEYS; i++) {
        uint64_t value = 0;
        if (get(w->ground, w->key[i].name, &value))
            judge(w, &w->key[i], value, WRITER_RECOVERED);
        else
            w->lost_own++;
    }
}
