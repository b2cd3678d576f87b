/* fake_resp.c - see fake_resp.h. A poll loop; commands arrive as RESP arrays of bulk strings. */
#include "tests/live/fake_resp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One whole command at the front of `in`: its length, 0 when more must come. Arguments get a NUL
 * where their \r was. */
static size_t parse(char *in, size_t len, int *arg_count, const char **arg)
{
    char *at = in, *end = in + len;
    char *line = memchr(at, '\n', len);
    if (line == NULL || *at != '*') return 0;
    int count = atoi(at + 1);
    if (count > FAKE_RESP_ARGS) abort();
    at = line + 1;
    for (int i = 0; i < count; i++) {
        line = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (line == NULL) return 0;
        long bytes = atol(at + 1);
        at = line + 1;
        if (end - at < bytes + 2) return 0;
        arg[i] = at;
        at += bytes + 2;
    }
    *arg_count = count;
    char *cut = in;
    for (int i = 0; i < count; i++) { /* now that it is whole, cut it up */
        cut = memchr(cut, '$', (size_t)(end - cut));
        long bytes = atol(cut + 1);
        cut = in + (arg[i] - in) + bytes;
        *cut = '\0';
    }
    return (size_t)(at - in);
}

static void hang_up(struct fake_resp_peer *peer)
{
    (void)close(peer->descriptor);
    peer->descriptor = -1;
}

static void serve(struct fake_resp *server, struct fake_resp_peer *peer)
{
    ssize_t got = read(peer->descriptor, peer->in + peer->len, sizeof peer->in - peer->len);
    if (got <= 0) {
        hang_up(peer);
        return;
    }
    peer->len += (size_t)got;
    const char *arg[FAKE_RESP_ARGS];
    int arg_count = 0;
    for (size_t used; peer->len > 0 && (used = parse(peer->in, peer->len, &arg_count, arg)) > 0;) {
        server->commands++;
        const char *answer = server->answer(server, arg_count, arg);
        size_t len = answer != NULL ? strlen(answer) : 0;
        if (answer == NULL || send(peer->descriptor, answer, len, MSG_NOSIGNAL) != (ssize_t)len) {
            hang_up(peer);
            return;
        }
        memmove(peer->in, peer->in + used, peer->len - used);
        peer->len -= used;
    }
}

static void welcome(struct fake_resp *server)
{
    int descriptor = accept(server->descriptor, NULL, NULL);
    for (int i = 0; i < FAKE_RESP_CONNECTIONS && descriptor >= 0; i++)
        if (server->peer[i].descriptor < 0) {
            server->peer[i].descriptor = descriptor;
            server->peer[i].len = 0;
            return;
        }
    if (descriptor >= 0) (void)close(descriptor);
}

static void *run(void *self)
{
    struct fake_resp *server = self;
    while (!server->stopping) {
        struct pollfd poll_for[FAKE_RESP_CONNECTIONS + 1];
        poll_for[0] = (struct pollfd){.fd = server->descriptor, .events = POLLIN};
        for (int i = 0; i < FAKE_RESP_CONNECTIONS; i++)
            poll_for[i + 1] = (struct pollfd){.fd = server->peer[i].descriptor, .events = POLLIN};
        if (poll(poll_for, FAKE_RESP_CONNECTIONS + 1, 10) <= 0) continue;
        for (int i = 0; i < FAKE_RESP_CONNECTIONS; i++)
            if (poll_for[i + 1].fd >= 0 && poll_for[i + 1].revents != 0)
                serve(server, &server->peer[i]);
        if (poll_for[0].revents != 0) welcome(server);
    }
    return NULL;
}

void fake_resp_start(struct fake_resp *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    server->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    for (int i = 0; i < FAKE_RESP_CONNECTIONS; i++)
        server->peer[i].descriptor = -1;
    if (server->descriptor < 0 ||
        bind(server->descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->descriptor, 16) != 0 ||
        getsockname(server->descriptor, (struct sockaddr *)&address, &len) != 0)
        abort();
    server->port = ntohs(address.sin_port);
    server->stopping = false;
    if (pthread_create(&server->thread, NULL, run, server) != 0) abort();
}

void fake_resp_stop(struct fake_resp *server)
{
    server->stopping = true;
    (void)pthread_join(server->thread, NULL);
    for (int i = 0; i < FAKE_RESP_CONNECTIONS; i++)
        if (server->peer[i].descriptor >= 0) (void)close(server->peer[i].descriptor);
    (void)close(server->descriptor);
}

struct live_address fake_resp_address(const struct fake_resp *server)
{
    return (struct live_address){.host = "127.0.0.1", .port = server->port};
}
