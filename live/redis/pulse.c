/* pulse.c - see pulse.h. The link connects and greets; then its socket is used without waiting. */
#include "live/redis/pulse.h"

#include "core/base/hist.h"
#include "live/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { WAITING = 256, CONNECT_MS = 200, EVERY_US = 10000, EVERY_US_LEAST = 200 };

struct place {
    struct live_address address; /* port 0: none */
    bool anew;                   /* another address than the link's */
    struct fore_hist took;
    fore_ns sent[WAITING]; /* of PINGs not answered, a ring */
    uint32_t first, waiting;
    struct live_link link; /* the thread's alone, as far as here */
};

struct live_pulse {
    pthread_t thread;
    pthread_mutex_t lock; /* of everything but the links */
    bool stopping;
    uint32_t every_us;
    struct live_access access;
    struct place place[LIVE_PULSE_PLACES];
};

/* ---- the thread --------------------------------------------------------------------------- */

static void forget(struct place *place)
{
    place->first = place->waiting = 0;
}

/* Connected, or not to be probed now. */
static bool ready(struct live_pulse *pulse, struct place *place)
{
    (void)pthread_mutex_lock(&pulse->lock);
    struct live_address address = place->address;
    bool anew = place->anew, full = place->waiting == WAITING;
    place->anew = false;
    if (anew || place->link.context == NULL) {
        forget(place);
        full = false;
    }
    (void)pthread_mutex_unlock(&pulse->lock);
    if (anew) {
        live_link_close(&place->link);
        live_link_init(&place->link, &address, &pulse->access);
    }
    if (address.port == 0 || full) return false;
    return place->link.context != NULL || live_link_open(&place->link) == FORE_E_OK;
}

static void send_one(struct live_pulse *pulse, struct place *place)
{
    static const char ping[] = "PING\r\n";
    if (!ready(pulse, place)) return;
    fore_ns now = live_clock_now();
    ssize_t sent =
        send(place->link.context->fd, ping, sizeof ping - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != (ssize_t)(sizeof ping - 1)) {
        live_link_lose(&place->link);
        return;
    }
    (void)pthread_mutex_lock(&pulse->lock);
    if (!place->anew) /* else it is no longer asked about whom this went to */
        place->sent[(place->first + place->waiting++) % WAITING] = now;
    (void)pthread_mutex_unlock(&pulse->lock);
}

/* Every answer is one line. */
static void take_answers(struct live_pulse *pulse, struct place *place)
{
    char in[4096];
    ssize_t got = recv(place->link.context->fd, in, sizeof in, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        live_link_lose(&place->link);
        return;
    }
    fore_ns now = live_clock_now();
    (void)pthread_mutex_lock(&pulse->lock);
    for (ssize_t i = 0; i < got && place->waiting > 0; i++) {
        if (in[i] != '\n') continue;
        fore_hist_add(&place->took, now - place->sent[place->first]);
        place->first = (place->first + 1) % WAITING;
        place->waiting--;
    }
    (void)pthread_mutex_unlock(&pulse->lock);
}

static void listen_until(struct live_pulse *pulse, fore_ns until)
{
    for (fore_ns now = live_clock_now(); now < until; now = live_clock_now()) {
        struct pollfd poll_of[LIVE_PULSE_PLACES];
        struct place *of[LIVE_PULSE_PLACES];
        nfds_t count = 0;
        (void)pthread_mutex_lock(&pulse->lock);
        for (uint32_t i = 0; i < LIVE_PULSE_PLACES; i++) {
            struct place *place = &pulse->place[i];
            if (place->link.context == NULL || place->waiting == 0) continue;
            poll_of[count] = (struct pollfd){.fd = place->link.context->fd, .events = POLLIN};
            of[count++] = place;
        }
        (void)pthread_mutex_unlock(&pulse->lock);
        int ms = (int)((until - now + FORE_MS - 1) / FORE_MS); /* a little late is no harm */
        if (poll(poll_of, count, ms) <= 0) continue;
        for (nfds_t i = 0; i < count; i++)
            if (poll_of[i].revents != 0) take_answers(pulse, of[i]);
    }
}

static void *run(void *self)
{
    struct live_pulse *pulse = self;
    fore_ns due = live_clock_now();
    for (;;) {
        (void)pthread_mutex_lock(&pulse->lock);
        bool stopping = pulse->stopping;
        uint32_t every = pulse->every_us;
        (void)pthread_mutex_unlock(&pulse->lock);
        if (stopping) return NULL;
        for (uint32_t i = 0; i < LIVE_PULSE_PLACES; i++)
            send_one(pulse, &pulse->place[i]);
        due += (fore_ns)every * FORE_US;
        if (due < live_clock_now()) due = live_clock_now(); /* held up: nothing is made up for */
        listen_until(pulse, due);
    }
}

/* ---- from outside ------------------------------------------------------------------------- */

struct live_pulse *live_pulse_open(const struct live_access *access)
{
    struct live_pulse *pulse = calloc(1, sizeof *pulse);
    FORE_ASSERT(pulse != NULL);
    pulse->access = *access;
    pulse->access.timeout_ms = CONNECT_MS;
    pulse->every_us = EVERY_US;
    bool locked = pthread_mutex_init(&pulse->lock, NULL) == 0;
    if (locked && pthread_create(&pulse->thread, NULL, run, pulse) == 0) return pulse;
    if (locked) (void)pthread_mutex_destroy(&pulse->lock);
    free(pulse);
    return NULL;
}

void live_pulse_close(struct live_pulse *pulse)
{
    if (pulse == NULL) return;
    (void)pthread_mutex_lock(&pulse->lock);
    pulse->stopping = true;
    (void)pthread_mutex_unlock(&pulse->lock);
    (void)pthread_join(pulse->thread, NULL);
    for (uint32_t i = 0; i < LIVE_PULSE_PLACES; i++)
        live_link_close(&pulse->place[i].link);
    (void)pthread_mutex_destroy(&pulse->lock);
    free(pulse);
}

void live_pulse_aim(struct live_pulse *pulse, uint32_t index, const struct live_address *address)
{
    FORE_ASSERT(index < LIVE_PULSE_PLACES);
    struct place *place = &pulse->place[index];
    (void)pthread_mutex_lock(&pulse->lock);
    bool none = address == NULL;
    bool same = none ? place->address.port == 0 : live_address_same(address, &place->address);
    if (!same) {
        memset(&place->address, 0, sizeof place->address);
        if (!none) place->address = *address;
        place->anew = true;
        fore_hist_clear(&place->took);
        forget(place);
    }
    (void)pthread_mutex_unlock(&pulse->lock);
}

void live_pulse_every(struct live_pulse *pulse, uint32_t us)
{
    (void)pthread_mutex_lock(&pulse->lock);
    pulse->every_us = us > EVERY_US_LEAST ? us : EVERY_US_LEAST;
    (void)pthread_mutex_unlock(&pulse->lock);
}

uint32_t live_pulse_take(struct live_pulse *pulse, uint32_t index, double *p99_ms)
{
    FORE_ASSERT(index < LIVE_PULSE_PLACES);
    struct place *place = &pulse->place[index];
    fore_ns now = live_clock_now();
    (void)pthread_mutex_lock(&pulse->lock);
    struct fore_hist *took = &place->took;
    for (uint32_t i = 0; i < place->waiting; i++)
        fore_hist_add(took, now - place->sent[(place->first + i) % WAITING]);
    uint32_t count = (uint32_t)took->count;
    *p99_ms = (double)fore_hist_quantile(took, 0.99) / 1e6;
    fore_hist_clear(took);
    (void)pthread_mutex_unlock(&pulse->lock);
    return count;
}
