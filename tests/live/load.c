/* load.c - see load.h. Replies are not parsed: how long each will be is known from the command. */
#include "tests/live/load.h"

#include "core/base/hash.h"
#include "live/base/clock.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(3);
}

static int connect_to(const struct live_address *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, address->host, &to.sin_addr) != 1) die(address->host);
    if (connect(descriptor, (const struct sockaddr *)&to, sizeof to) != 0) die("connect");
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

static uint32_t draw_key(struct load *load)
{
    double u = fore_rng_unit(&load->rng) * load->cumulated[load->options.keys - 1];
    uint32_t low = 0, high = load->options.keys - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (load->cumulated[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int key_text(uint32_t key, char *out, size_t cap)
{
    return snprintf(out, cap, "k%u", key);
}

/* Keys are drawn for all nodes alike; a connection takes the next one that is its node's. */
static void send_next(struct load *load, struct load_peer *peer)
{
    char out[256], name[16];
    uint32_t key;
    do
        key = draw_key(load);
    while (load->shard_of[load->slot[key]] != peer->shard);
    bool write_it = fore_rng_unit(&load->rng) < load->options.write_share;
    int name_len = key_text(key, name, sizeof name);
    int len = write_it
                  ? snprintf(out, sizeof out, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%0*d\r\n",
                             name_len, name, LOAD_BYTES, LOAD_BYTES, 7)
                  : snprintf(out, sizeof out, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", name_len, name);
    if (write(peer->descriptor, out, (size_t)len) != len) die("write");
    peer->due = write_it ? 5 : 6 + LOAD_BYTES + 2; /* +OK, $100 */
    atomic_fetch_add_explicit(write_it ? &load->writes[load->slot[key]]
                                       : &load->reads[load->slot[key]],
                              1, memory_order_relaxed);
}

static void fill(struct load *load, struct ground *ground)
{
    enum { BATCH = 500 };
    static char name[BATCH][16], value[LOAD_BYTES + 1];
    const char *arg[BATCH][3];
    struct live_command command[BATCH];
    redisReply *reply[BATCH];
    (void)snprintf(value, sizeof value, "%0*d", LOAD_BYTES, 7);
    for (uint32_t key = 0; key < load->options.keys; key += BATCH) {
        uint32_t count = load->options.keys - key < BATCH ? load->options.keys - key : BATCH;
        for (uint32_t i = 0; i < count; i++) {
            (void)key_text(key + i, name[i], sizeof name[i]);
            arg[i][0] = "SET";
            arg[i][1] = name[i];
            arg[i][2] = value;
            command[i] = (struct live_command){.arg = arg[i], .arg_count = 3, .key = 1};
        }
        if (live_client_batch(&ground->client, command, count, reply) != FORE_E_OK) die("fill");
        for (uint32_t i = 0; i < count; i++)
            freeReplyObject(reply[i]);
    }
}

void load_begin(struct load *load, struct ground *ground, const struct load_options *options)
{
    memset(load, 0, sizeof *load);
    load->options = *options;
    load->rng = fore_rng_stream(options->seed, "bench.load", 0);
    load->cumulated = malloc(options->keys * sizeof load->cumulated[0]);
    load->slot = malloc(options->keys * sizeof load->slot[0]);
    load->waiter = epoll_create1(0);
    if (load->cumulated == NULL || load->slot == NULL || load->waiter < 0) die("load");
    double sum = 0;
    for (uint32_t key = 0; key < options->keys; key++) {
        char name[16];
        sum += pow(key + 1, -options->zipf_s);
        load->cumulated[key] = sum;
        load->slot[key] = fore_hash_slot(name, (size_t)key_text(key, name, sizeof name));
    }
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        load->shard_of[slot] = (int8_t)live_cluster_shard_of(&ground->cluster, (uint16_t)slot);
    fill(load, ground);
    for (uint32_t s = 0; s < ground->cluster.shard_count; s++) {
        const struct live_instance *at = live_cluster_primary(&ground->cluster, (uint16_t)s);
        for (uint32_t i = 0; at != NULL && i < options->connections; i++) {
            struct load_peer *peer = &load->peer[load->peer_count++];
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
            *peer =
                (struct load_peer){.descriptor = connect_to(&at->link.address), .shard = (int)s};
            if (epoll_ctl(load->waiter, EPOLL_CTL_ADD, peer->descriptor, &event) != 0) die("epoll");
        }
    }
}

void load_end(struct load *load)
{
    for (uint32_t i = 0; i < load->peer_count; i++)
        (void)close(load->peer[i].descriptor);
    (void)close(load->waiter);
    free(load->cumulated);
    free(load->slot);
}

/* Takes what has come; what is answered whole is followed by the next command, or by none. */
static void turn(struct load *load, bool go_on)
{
    struct epoll_event event[LOAD_CONNECTIONS];
    char in[512];
    int ready = epoll_wait(load->waiter, event, LOAD_CONNECTIONS, 1);
    for (int i = 0; i < ready; i++) {
        struct load_peer *peer = event[i].data.ptr;
        ssize_t got = read(peer->descriptor, in, sizeof in);
        if (got <= 0 || in[0] == '-' || (uint32_t)got > peer->due) {
            (void)fprintf(stderr, "load: %zd bytes instead of %u: %.*s\n", got, peer->due,
                          got > 0 ? (int)got : 0, in);
            exit(3);
        }
        peer->due -= (uint32_t)got;
        if (peer->due > 0) continue;
        atomic_fetch_add_explicit(&load->done, 1, memory_order_relaxed);
        if (go_on) send_next(load, peer);
    }
}

static bool on_the_way(const struct load *load)
{
    for (uint32_t i = 0; i < load->peer_count; i++)
        if (load->peer[i].due > 0) return true;
    return false;
}

static void start_all(struct load *load)
{
    for (uint32_t i = 0; i < load->peer_count; i++)
        send_next(load, &load->peer[i]);
}

void load_run(struct load *load, uint32_t ms)
{
    uint64_t until = live_clock_ms() + ms;
    start_all(load);
    while (live_clock_ms() < until)
        turn(load, true);
    while (on_the_way(load))
        turn(load, false);
}

void load_do(struct load *load, uint64_t commands)
{
    uint64_t until = load->done + commands;
    start_all(load);
    while (load->done < until)
        turn(load, true);
    while (on_the_way(load))
        turn(load, false);
}

void *load_thread(void *self)
{
    struct load *load = self;
    start_all(load);
    while (!atomic_load(&load->stopping))
        turn(load, true);
    while (on_the_way(load))
        turn(load, false);
    return NULL;
}
