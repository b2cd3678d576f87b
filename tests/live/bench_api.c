/*
 * bench_api.c - does the API hold the engine up? 200 connections read,
 * from a process of their own, while moves run and the engine steps by the clock; how late steps
 * begin is measured without them, with 5,000 requests a second, and with as many as they can.
 *
 *   BENCH_SECONDS=5   of each part
 */
#include "live/api/http.h"
#include "live/base/clock.h"
#include "tests/live/desk_case.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS = 200, STEP_MS = 50, PARTITIONS = 64, LATENCIES = 1 << 20, LATE_MS = 10 };

/* ---- the clients ---------------------------------------------------------------------------- */

static const char *const paths[] = {"/v1/status",   "/v1/partitions",  "/v1/migrations",
                                    "/v1/topology", "/v1/alerts",      "/v1/recommendations",
                                    "/metrics",     "/v1/partitions/3"};

struct client {
    int fd;
    uint32_t turn;
    fore_ns asked;
    size_t have, want; /* bytes of the answer; want 0: its head is not there yet */
    char head[1024];
};
struct outcome {
    uint64_t answers, errors;
    double p50_ms, p99_ms, bytes;
};

static void ask(struct client *client)
{
    char text[160];
    int len = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n",
                       paths[client->turn++ % FORE_COUNTOF(paths)]);
    client->asked = live_clock_now();
    client->have = client->want = 0;
    if (send(client->fd, text, (size_t)len, MSG_NOSIGNAL) != len) client->want = SIZE_MAX;
}

/* True: a whole answer is there. */
static bool take(struct client *client, struct outcome *outcome)
{
    static char bytes[65536];
    ssize_t got = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got <= 0) {
        outcome->errors += got == 0 || errno != EAGAIN;
        return false;
    }
    outcome->bytes += (double)got;
    if (client->want == 0) {
        size_t room = sizeof client->head - 1 - client->have;
        size_t now = (size_t)got < room ? (size_t)got : room;
        memcpy(client->head + client->have, bytes, now);
        client->head[client->have + now] = '\0';
        const char *end = strstr(client->head, "\r\n\r\n");
        const char *length = strstr(client->head, "Content-Length: ");
        if (end != NULL && length != NULL) {
            client->want = (size_t)(end + 4 - client->head) + strtoul(length + 16, NULL, 10);
            outcome->errors += strncmp(client->head, "HTTP/1.1 200", 12) != 0;
        }
    }
    client->have += (size_t)got;
    return client->want > 0 && client->have >= client->want;
}

static int dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    FORE_ASSERT(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr) == 1);
    FORE_ASSERT(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static int by_size(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* At `rate` a second, all together; 0: each as soon as it has its answer. */
static void read_for(uint16_t port, fore_ns span, double rate, struct outcome *outcome)
{
    static struct client client[CONNECTIONS];
    static uint32_t idle[CONNECTIONS];
    uint32_t idle_count = 0;
    uint64_t asked = CONNECTIONS;
    float *latency = calloc(LATENCIES, sizeof *latency);
    int poll = epoll_create1(0);
    FORE_ASSERT(latency != NULL && poll >= 0);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        client[i] = (struct client){.fd = dial(port), .turn = i};
        FORE_ASSERT(epoll_ctl(poll, EPOLL_CTL_ADD, client[i].fd, &event) == 0);
        ask(&client[i]);
    }
    fore_ns began = live_clock_now();
    while (live_clock_now() - began < span) {
        struct epoll_event event[64];
        for (; idle_count > 0 && (double)asked < rate * (double)(live_clock_now() - began) / 1e9;
             asked++)
            ask(&client[idle[--idle_count]]);
        int count = epoll_wait(poll, event, 64, rate > 0 ? 1 : 100);
        for (int i = 0; i < count; i++) {
            struct client *c = &client[event[i].data.u32];
            if (!take(c, outcome)) continue;
            if (outcome->answers < LATENCIES)
                latency[outcome->answers] = (float)((double)(live_clock_now() - c->asked) / 1e6);
            outcome->answers++;
            if (rate > 0)
                idle[idle_count++] = event[i].data.u32;
            else
                ask(c);
        }
    }
    size_t n = outcome->answers < LATENCIES ? outcome->answers : LATENCIES;
    qsort(latency, n, sizeof *latency, by_size);
    outcome->p50_ms = n > 0 ? (double)latency[n / 2] : 0;
    outcome->p99_ms = n > 0 ? (double)latency[n * 99 / 100] : 0;
    free(latency);
}

/* ---- the engine ----------------------------------------------------------------------------- */

struct lateness {
    double p50_ms, p99_ms, max_ms, step_max_ms;
    uint32_t steps, late, moving;
};

/* A move, if none is under way. */
static void keep_moving(uint32_t *turn)
{
    char body[96];
    if (fore_engine_moves(dc.engine)->running > 0) return;
    (void)snprintf(body, sizeof body, "{\"partition\":%u,\"target\":\"node-%02u\"}",
                   (*turn * 7) % PARTITIONS, *turn % 8);
    ++*turn;
    (void)desk_case_ask("POST", "/v1/reshard", body, desk_case_token);
}

static struct lateness step_for(struct live_http *http, fore_ns span, uint32_t *turn)
{
    static float late_ms[1 << 16];
    struct lateness out = {.steps = 0};
    fore_ns began = live_clock_now();
    for (fore_ns due = began; due - began < span; due += STEP_MS * FORE_MS) {
        while (live_clock_now() < due) {
            live_http_serve(http);
            fore_ns now = live_clock_now();
            if (now < due) live_clock_sleep_ms((due - now) / FORE_MS > 2 ? 2 : 1);
        }
        fore_ns at = live_clock_now();
        bool ended = false;
        FORE_ASSERT(dc.backend.ops->pass(dc.backend.self, 0, &ended, NULL) == FORE_E_OK && !ended);
        keep_moving(turn);
        FORE_ASSERT(fore_engine_step(dc.engine, fore_driver_now(dc.backend.door), NULL) ==
                    FORE_E_OK);
        double step_ms = (double)(live_clock_now() - at) / 1e6;
        live_desk_stepped(dc.desk, step_ms / 1e3, (double)(at - due) / 1e9);
        float late = (float)((double)(at - due) / 1e6);
        out.moving += fore_engine_moves(dc.engine)->running > 0;
        out.late += late > LATE_MS;
        if (step_ms > out.step_max_ms) out.step_max_ms = step_ms;
        late_ms[out.steps++] = late;
    }
    qsort(late_ms, out.steps, sizeof *late_ms, by_size);
    out.p50_ms = (double)late_ms[out.steps / 2];
    out.p99_ms = (double)late_ms[out.steps * 99 / 100];
    out.max_ms = (double)late_ms[out.steps - 1];
    return out;
}

static void print(const char *what, const struct lateness *l)
{
    (void)printf("%-14s %5u steps, %5u with moves; late: p50 %.2f ms, p99 %.2f ms, max %.2f ms, "
                 "%u over %d ms; longest step %.2f ms\n",
                 what, l->steps, l->moving, l->p50_ms, l->p99_ms, l->max_ms, l->late, LATE_MS,
                 l->step_max_ms);
}

static void under_load(const char *what, struct live_http *http, fore_ns span, double rate,
                       uint32_t *turn)
{
    struct outcome outcome = {.answers = 0};
    int pipe_fd[2];
    uint16_t port = (uint16_t)strtoul(strrchr(live_http_url(http), ':') + 1, NULL, 10);
    FORE_ASSERT(pipe(pipe_fd) == 0);
    (void)fflush(stdout);
    pid_t child = fork();
    FORE_ASSERT(child >= 0);
    if (child == 0) {
        read_for(port, span, rate, &outcome);
        _exit(write(pipe_fd[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : 1);
    }
    struct lateness loaded = step_for(http, span, turn);
    FORE_ASSERT(read(pipe_fd[0], &outcome, sizeof outcome) == sizeof outcome);
    FORE_ASSERT(waitpid(child, NULL, 0) == child);
    (void)close(pipe_fd[0]);
    (void)close(pipe_fd[1]);
    print(what, &loaded);
    (void)printf("%-14s %.0f requests/s, %llu errors, p50 %.2f ms, p99 %.2f ms, %.1f MB/s\n", "",
                 (double)outcome.answers * 1e9 / (double)span, (unsigned long long)outcome.errors,
                 outcome.p50_ms, outcome.p99_ms, outcome.bytes * 1e3 / (double)span);
}

int main(void)
{
    static const char *const sets[] = {"live.mode=propose", "api.listen=127.0.0.1:0",
                                       "api.rate=1000k/s", NULL};
    const char *seconds = getenv("BENCH_SECONDS");
    fore_ns span = (seconds != NULL ? strtoull(seconds, NULL, 10) : 5) * FORE_SEC;
    struct live_http *http = NULL;
    uint32_t turn = 0;
    desk_case_open(NULL, sets);
    desk_case_run(300);
    FORE_ASSERT(live_http_open(&http, &dc.config.api, dc.desk, NULL) == FORE_E_OK);
    struct lateness alone = step_for(http, span, &turn);
    print("nobody reads", &alone);
    under_load("5,000 a second", http, span, 5000, &turn);
    under_load("flat out", http, span, 0, &turn);
    live_http_close(http);
    desk_case_close();
    return 0;
}
