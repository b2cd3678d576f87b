/*
 * replay.c - see replay.h: the loop. What is due is handed to its node's next connection; what has
 * come is settled; between, the process sleeps until the next moment or the next answer.
 */
#include "live/calibrate/replay.h"

#include "live/base/clock.h"
#include "live/calibrate/replay_wire.h"
#include "live/redis/slot.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    BATCH = 512,
    BYTES = 100,
    BYTES_MOST = 64 << 10,
    PENDING_MOST = 200000,
    EVENTS = 64,
    RETRY_MOST = 1 << 16,
    AT_ONCE = 1024,
    LOOK_MS = 100,
    PRIORITY = 5
};

struct node {
    struct live_replay_wire wire[LIVE_REPLAY_CONNECTIONS];
    uint32_t turn;
};

struct retry {
    struct live_replay_ask ask;
    uint64_t at_ms;
};

struct live_replay {
    struct live_replay_options options;
    struct live_client client;            /* its slot map is used, and it keeps addresses */
    struct node *node[LIVE_CLIENT_NODES]; /* as the client's; NULL: never used */
    struct retry retry[RETRY_MOST];
    uint32_t retry_count, pending;
    char *filler; /* [bytes_most] */
    int waiter, timer;
    struct wl_request batch[BATCH];
    size_t batch_at, batch_count;
    fore_ns began;
    const struct live_replay_play *play;
    struct live_replay_result *result;
};

struct live_client *live_replay_client(struct live_replay *replay)
{
    return &replay->client;
}

uint32_t live_replay_bytes(const struct live_replay *replay, uint32_t asked)
{
    const struct live_replay_options *o = &replay->options;
    uint32_t bytes = asked != 0 ? asked : o->bytes;
    return bytes < o->bytes_most ? bytes : o->bytes_most;
}

uint16_t live_replay_slot(uint64_t key)
{
    return (uint16_t)(fore_placement_position(FORE_PLACE_SLOT, key) >> FORE_SLOT_SHIFT);
}

const char *live_replay_prefix(const struct live_replay *replay)
{
    return replay->options.prefix;
}

size_t live_replay_name(const char *prefix, uint64_t key, char out[LIVE_REPLAY_NAME])
{
    char tag[LIVE_TAG_MAX];
    live_slot_tag(live_replay_slot(key), tag);
    return (size_t)snprintf(out, LIVE_REPLAY_NAME, "%.24s%s:%llu", prefix, tag,
                            (unsigned long long)key);
}

/* ---- open and close ----------------------------------------------------------------------- */

static void set_defaults(struct live_replay_options *o)
{
    if (o->connections == 0) o->connections = 8;
    if (o->connections > LIVE_REPLAY_CONNECTIONS) o->connections = LIVE_REPLAY_CONNECTIONS;
    if (o->prefix == NULL) o->prefix = "foreshard:";
    if (o->bytes == 0) o->bytes = BYTES;
    if (o->bytes_most == 0) o->bytes_most = BYTES_MOST;
    if (o->bytes > o->bytes_most) o->bytes = o->bytes_most;
    if (o->pending_most == 0) o->pending_most = PENDING_MOST;
    if (o->give_up_after == 0) o->give_up_after = 10 * FORE_SEC;
}

enum fore_err live_replay_open(struct live_replay **out, const struct live_replay_options *options,
                               struct fore_diag *diag)
{
    char warm[LIVE_TAG_MAX];
    struct live_replay *replay = calloc(1, sizeof *replay);
    FORE_ASSERT(replay != NULL);
    replay->options = *options;
    set_defaults(&replay->options);
    live_slot_tag(0, warm); /* its table is made here, and only read from then on */
    replay->filler = malloc(replay->options.bytes_most);
    FORE_ASSERT(replay->filler != NULL);
    memset(replay->filler, 'v', replay->options.bytes_most);
    replay->waiter = epoll_create1(EPOLL_CLOEXEC);
    replay->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    bool made = replay->waiter >= 0 && replay->timer >= 0 &&
                epoll_ctl(replay->waiter, EPOLL_CTL_ADD, replay->timer, &event) == 0;
    enum fore_err err =
        made ? FORE_E_OK : fore_err_set(diag, FORE_E_IO, "replay: no epoll or no timer");
    struct live_client_options client = {.seed = replay->options.seed,
                                         .seed_count = replay->options.seed_count,
                                         .access = replay->options.access,
                                         .deadline_ms = 10000};
    if (err == FORE_E_OK) err = live_client_open(&replay->client, &client, diag);
    if (err != FORE_E_OK) {
        live_replay_close(replay);
        replay = NULL;
    }
    *out = replay;
    return err;
}

void live_replay_close(struct live_replay *replay)
{
    for (uint32_t n = 0; n < LIVE_CLIENT_NODES; n++) {
        if (replay->node[n] == NULL) continue;
        for (uint32_t i = 0; i < replay->options.connections; i++)
            live_replay_wire_fini(&replay->node[n]->wire[i]);
        free(replay->node[n]);
    }
    live_client_close(&replay->client);
    if (replay->waiter >= 0) (void)close(replay->waiter);
    if (replay->timer >= 0) (void)close(replay->timer);
    free(replay->filler);
    free(replay);
}

/* ---- sending ------------------------------------------------------------------------------ */

static struct node *node_of(struct live_replay *replay, uint32_t index)
{
    if (replay->node[index] != NULL) return replay->node[index];
    struct node *node = calloc(1, sizeof *node);
    FORE_ASSERT(node != NULL);
    for (uint32_t i = 0; i < replay->options.connections; i++)
        live_replay_wire_init(&node->wire[i], &replay->client.node[index].address,
                              &replay->client.options.access, replay->options.prefix);
    return replay->node[index] = node;
}

static void fail(struct live_replay *replay, const struct live_replay_ask *ask)
{
    replay->pending--;
    if (ask->counts) replay->result->counts.failed++;
}

/* Once more, after a moment; too late, or too many: failed. */
static void again(struct live_replay *replay, struct live_replay_ask ask, uint32_t ms)
{
    bool late = live_clock_now() > ask.due + replay->options.give_up_after;
    if (late || replay->retry_count == RETRY_MOST) {
        fail(replay, &ask);
        return;
    }
    replay->retry[replay->retry_count++] =
        (struct retry){.ask = ask, .at_ms = live_clock_ms() + ms};
}

/* The connection is gone, and every answer that was to come over it. */
static void lose(struct live_replay *replay, struct live_replay_wire *wire)
{
    struct live_replay_ask ask;
    live_link_lose(&wire->link); /* closing takes it out of the epoll set */
    fore_buf_reset(&wire->out);
    wire->sent = 0;
    replay->client.stale = true;
    while (live_replay_wire_drop(wire, &ask)) {
        if (ask.asking) continue;
        if (ask.counts) replay->result->counts.lost++;
        again(replay, ask, 20);
    }
}

static bool open_wire(struct live_replay *replay, struct live_replay_wire *wire)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = wire};
    if (wire->link.context != NULL) return true;
    return live_replay_wire_open(wire) == FORE_E_OK &&
           epoll_ctl(replay->waiter, EPOLL_CTL_ADD, wire->link.context->fd, &event) == 0;
}

static void send_to(struct live_replay *replay, uint32_t index, const struct live_replay_ask *ask,
                    bool asking)
{
    struct node *node = node_of(replay, index);
    struct live_replay_wire *wire = &node->wire[node->turn++ % replay->options.connections];
    if (open_wire(replay, wire)) {
        live_replay_wire_put(wire, ask, replay->filler, asking);
        return;
    }
    replay->client.stale = true;
    again(replay, *ask, 20);
}

static void send_home(struct live_replay *replay, const struct live_replay_ask *ask)
{
    int16_t owner = replay->client.owner[live_replay_slot(ask->key)];
    send_to(replay, owner >= 0 ? (uint32_t)owner : 0, ask, false);
}

/* The next request of the source, or NULL at its end. */
static enum fore_err peek(struct live_replay *replay, const struct wl_request **out,
                          struct fore_diag *diag)
{
    *out = NULL;
    if (replay->batch_at == replay->batch_count) {
        replay->batch_at = 0;
        FORE_TRY(
            wl_source_next(replay->play->source, replay->batch, BATCH, &replay->batch_count, diag));
        if (replay->batch_count == 0) return FORE_E_OK;
    }
    const struct wl_request *next = &replay->batch[replay->batch_at];
    if (replay->play->span == 0 || next->t < replay->play->span) *out = next;
    return FORE_E_OK;
}

static struct live_replay_ask ask_of(const struct live_replay *replay,
                                     const struct wl_request *request)
{
    return (struct live_replay_ask){.due = replay->began + request->t,
                                    .key = request->key,
                                    .bytes = live_replay_bytes(replay, request->bytes),
                                    .op = request->op,
                                    .counts = request->t >= replay->play->count_from};
}

/* Everything that is due; *next: the moment of the first that is not, 0: there is none. */
static enum fore_err send_due(struct live_replay *replay, fore_ns *next, struct fore_diag *diag)
{
    const struct wl_request *request = NULL;
    fore_ns now = live_clock_now();
    for (;;) {
        FORE_TRY(peek(replay, &request, diag));
        *next = request != NULL ? replay->began + request->t : 0;
        if (request == NULL || *next > now) return FORE_E_OK;
        if (replay->pending >= replay->options.pending_most)
            return fore_err_set(
                diag, FORE_E_UNREACHABLE,
                "replay: %u requests wait for answers: the cluster does not keep up",
                replay->pending);
        struct live_replay_ask ask = ask_of(replay, request);
        replay->batch_at++;
        replay->pending++;
        if (ask.counts) {
            replay->result->counts.sent++;
            fore_hist_add(&replay->result->late, now - ask.due);
        }
        send_home(replay, &ask);
    }
}

static void send_retries(struct live_replay *replay)
{
    uint64_t now = live_clock_ms();
    uint32_t count = replay->retry_count, kept = 0;
    if (count == 0) return;
    /* Where that fails, the owners of before are tried again. */
    if (replay->client.stale && live_client_refresh(&replay->client, NULL) != FORE_E_OK)
        replay->client.stale = true;
    struct retry due[AT_ONCE];
    uint32_t due_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (replay->retry[i].at_ms <= now && due_count < AT_ONCE)
            due[due_count++] = replay->retry[i];
        else
            replay->retry[kept++] = replay->retry[i];
    }
    replay->retry_count = kept;
    for (uint32_t i = 0; i < due_count; i++)
        send_home(replay, &due[i].ask);
}

static void flush_all(struct live_replay *replay)
{
    for (uint32_t n = 0; n < replay->client.node_count; n++) {
        if (replay->node[n] == NULL) continue;
        for (uint32_t i = 0; i < replay->options.connections; i++) {
            struct live_replay_wire *wire = &replay->node[n]->wire[i];
            if (wire->out.len == 0) continue;
            enum fore_err err = live_replay_wire_flush(wire);
            if (err == FORE_E_UNREACHABLE) lose(replay, wire);
        }
    }
}

/* ---- answers ------------------------------------------------------------------------------ */

static void note(struct live_replay *replay, const struct live_replay_ask *ask)
{
    struct live_replay_result *r = replay->result;
    fore_ns took = live_clock_now() - ask->due;
    replay->pending--;
    if (!ask->counts) return;
    r->counts.answered++;
    r->slow += replay->play->slo_ns > 0 && took > replay->play->slo_ns;
    fore_hist_add(&r->latency, took);
    fore_hist_add(ask->op == FORE_QUERY_WRITE  ? &r->write
                  : ask->op == FORE_QUERY_SCAN ? &r->scan
                                               : &r->read,
                  took);
}

/* A redirection leads to a node that the client knows or learns; -1: to none that can be used. */
static int follow(struct live_replay *replay, const struct live_replay_wire *wire,
                  const redisReply *reply, uint16_t *slot)
{
    struct live_redirect to;
    struct live_client *client = &replay->client;
    if (live_reply_redirect(reply, &to) != FORE_E_OK) return -1;
    if (to.address.host[0] == '\0')
        memcpy(to.address.host, wire->link.address.host, sizeof to.address.host);
    *slot = to.slot;
    for (uint32_t i = 0; i < client->node_count; i++)
        if (live_address_same(&client->node[i].address, &to.address)) return (int)i;
    client->stale = true;
    return -1;
}

static void settle(struct live_replay *replay, const struct live_replay_wire *wire,
                   struct live_replay_ask ask, const redisReply *reply)
{
    struct live_replay_counts unused = {0};
    struct live_replay_counts *counts = ask.counts ? &replay->result->counts : &unused;
    enum live_answer answer = live_reply_kind(reply);
    uint16_t slot = 0;
    if (ask.asking) return;
    if (answer == LIVE_FINE) {
        note(replay, &ask);
    } else if (answer == LIVE_MOVED || answer == LIVE_ASK) {
        int to = follow(replay, wire, reply, &slot);
        *(answer == LIVE_ASK ? &counts->ask : &counts->moved) += 1;
        if (to >= 0 && answer == LIVE_MOVED) replay->client.owner[slot] = (int16_t)to;
        if (to < 0 || ++ask.redirected > 5) {
            ask.redirected = 0;
            again(replay, ask, 2);
        } else
            send_to(replay, (uint32_t)to, &ask, answer == LIVE_ASK);
    } else if (live_answer_err(answer) == FORE_E_AGAIN || answer == LIVE_READONLY) {
        counts->waited++;
        replay->client.stale |= answer != LIVE_TRYAGAIN;
        again(replay, ask, 5);
    } else {
        fail(replay, &ask);
    }
}

static void receive(struct live_replay *replay, struct live_replay_wire *wire)
{
    struct live_replay_ask ask;
    redisReply *reply = NULL;
    if (wire->link.context == NULL) return;
    enum fore_err err = live_replay_wire_fill(wire);
    while (err == FORE_E_OK) {
        err = live_replay_wire_take(wire, &ask, &reply);
        if (err != FORE_E_OK) break;
        settle(replay, wire, ask, reply);
        freeReplyObject(reply);
    }
    if (err == FORE_E_UNREACHABLE) lose(replay, wire);
}

/* ---- the loop ----------------------------------------------------------------------------- */

/* Sleeps until `next`, an answer, or 1 ms where something is to be tried again. */
static void wait_for(struct live_replay *replay, fore_ns next)
{
    struct epoll_event event[EVENTS];
    bool retries = replay->retry_count > 0;
    fore_ns now = live_clock_now(), until = now + (retries ? FORE_MS : 20 * FORE_MS);
    if (next != 0 && next < until) until = next;
    if (until <= now) until = now + 1; /* zero would disarm the timer */
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(until / FORE_SEC), .tv_nsec = (long)(until % FORE_SEC)}
    };
    (void)timerfd_settime(replay->timer, TFD_TIMER_ABSTIME, &at, NULL);
    int ready = epoll_wait(replay->waiter, event, EVENTS, 100);
    for (int i = 0; i < ready; i++)
        if (event[i].data.ptr != NULL) receive(replay, event[i].data.ptr);
}

static enum fore_err loop(struct live_replay *replay, struct fore_diag *diag)
{
    const struct live_replay_play *play = replay->play;
    fore_ns next = 1, look_at = 0, ended = 0;
    for (;;) {
        if (next != 0) FORE_TRY(send_due(replay, &next, diag));
        send_retries(replay);
        flush_all(replay);
        fore_ns now = live_clock_now();
        if (next == 0 && ended == 0) ended = now;
        if (next == 0 && replay->pending == 0) return FORE_E_OK;
        if (next == 0 && now > ended + replay->options.give_up_after) {
            replay->result->counts.failed += replay->pending;
            replay->result->counts.silent += replay->pending;
            return FORE_E_OK;
        }
        wait_for(replay, next);
        if (play->look == NULL || now < look_at) continue;
        look_at = now + LOOK_MS * FORE_MS;
        if (!play->look(play->self, now - replay->began)) next = 0;
    }
}

/* What is still on its way belongs to a play that is over: its connections go with it. */
static void forget_all(struct live_replay *replay)
{
    struct live_replay_ask ask;
    for (uint32_t n = 0; n < LIVE_CLIENT_NODES; n++) {
        if (replay->node[n] == NULL) continue;
        for (uint32_t i = 0; i < replay->options.connections; i++) {
            struct live_replay_wire *wire = &replay->node[n]->wire[i];
            if (wire->count > 0) live_link_close(&wire->link);
            if (wire->count > 0) fore_buf_reset(&wire->out);
            if (wire->count > 0) wire->sent = 0;
            while (live_replay_wire_drop(wire, &ask))
                ;
        }
    }
    replay->pending = replay->retry_count = 0;
}

enum fore_err live_replay_run(struct live_replay *replay, const struct live_replay_play *play,
                              struct live_replay_result *out, struct fore_diag *diag)
{
    memset(out, 0, sizeof *out);
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* of this thread: 50 us are too many */
    replay->play = play;
    replay->result = out;
    replay->batch_at = replay->batch_count = 0;
    replay->pending = replay->retry_count = 0;
    replay->began = live_clock_now() + 5 * FORE_MS;
    struct sched_param before = {.sched_priority = 0}, raised = {.sched_priority = PRIORITY};
    int policy = SCHED_OTHER;
    bool raise = play->realtime && pthread_getschedparam(pthread_self(), &policy, &before) == 0 &&
                 pthread_setschedparam(pthread_self(), SCHED_FIFO, &raised) == 0;
    enum fore_err err = loop(replay, diag);
    if (raise) (void)pthread_setschedparam(pthread_self(), policy, &before);
    if (replay->pending > 0) forget_all(replay);
    FORE_TRY(err);
    fore_ns ran = live_clock_now() - replay->began;
    out->elapsed = ran;
    fore_ns span = play->span > 0 && play->span < ran ? play->span : ran;
    out->span = span > play->count_from ? span - play->count_from : 0;
    return FORE_E_OK;
}
