/* remote.c - see remote.h. One connection a request, because a window asks thrice a second. */
#include "viz/remote.h"

#include "core/base/buf.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 8 << 20, PATIENCE_S = 5, FIRST_S = 3 };
#define POLL_NS  300000000
#define AGAIN_NS 1000000000

struct viz_remote {
    char host[256], port[8], token[512];
    int fd;
    uint64_t offset; /* copied so far */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    char trouble[200];
};

bool viz_remote_named(const char *path)
{
    return strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
}

/* "http://host:port/", the port and the path are optional. */
static enum fore_err parse(const char *url, struct viz_remote *r, struct fore_diag *diag)
{
    if (strncmp(url, "http://", 7) != 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: only plain http is spoken here; carry it over ssh -L", url);
    const char *host = url + 7, *slash = host + strcspn(host, "/");
    const char *colon = memchr(host, ':', (size_t)(slash - host)), *end = colon ? colon : slash;
    int n = snprintf(r->host, sizeof r->host, "%.*s", (int)(end - host), host);
    int m = colon != NULL
                ? snprintf(r->port, sizeof r->port, "%.*s", (int)(slash - colon - 1), colon + 1)
                : snprintf(r->port, sizeof r->port, "7420");
    bool digits = r->port[0] != '\0' && r->port[strspn(r->port, "0123456789")] == '\0';
    if (n <= 0 || (size_t)n >= sizeof r->host || m <= 0 || (size_t)m >= sizeof r->port || !digits)
        return fore_err_set(diag, FORE_E_FORMAT, "%.200s: write http://HOST:PORT", url);
    if (strspn(r->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") !=
        strlen(r->host))
        return fore_err_set(diag, FORE_E_FORMAT, "%.200s: this is no name of a host", url);
    return FORE_E_OK;
}

static enum fore_err read_token(struct viz_remote *r, struct fore_diag *diag)
{
    const char *path = getenv("FORESHARD_TOKEN_FILE");
    if (path == NULL || path[0] == '\0') return FORE_E_OK;
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(r->token, sizeof r->token, file) != NULL;
    if (file != NULL) (void)fclose(file);
    r->token[strcspn(r->token, "\r\n")] = '\0';
    if (read && r->token[0] != '\0') return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "FORESHARD_TOKEN_FILE: %.200s cannot be read, or is empty",
                        path);
}

/* ---- one request ----------------------------------------------------------------------------- */

static enum fore_err dial(const struct viz_remote *r, int *out, struct fore_diag *diag)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct addrinfo *list = NULL;
    int failed = getaddrinfo(r->host, r->port, &hints, &list), fd = -1;
    if (failed != 0)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "%s: %s", r->host, gai_strerror(failed));
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd < 0) continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) break;
        failed = errno;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    *out = fd;
    if (fd >= 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s cannot be reached: %s", r->host,
                        r->port, strerror(failed));
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

static bool receive_all(int fd, struct fore_buf *out)
{
    char block[16384];
    for (;;) {
        ssize_t got = recv(fd, block, sizeof block, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        if (out->len + (size_t)got > ANSWER_MAX) return false;
        fore_buf_append(out, block, (size_t)got);
    }
}

/* The body of a whole answer: where it begins in `answer`, and how long it is. */
static enum fore_err body_of(const struct viz_remote *r, const struct fore_buf *answer,
                             const char **body, size_t *len, struct fore_diag *diag)
{
    const char *end = answer->len > 0 ? strstr(answer->data, "\r\n\r\n") : NULL;
    bool http = end != NULL && strncmp(answer->data, "HTTP/1.", 7) == 0;
    unsigned long status = http ? strtoul(answer->data + 8, NULL, 10) : 0;
    if (status < 100 || status > 599)
        return fore_err_set(diag, FORE_E_FORMAT, "http://%s:%s does not answer in HTTP", r->host,
                            r->port);
    *body = end + 4;
    *len = answer->len - (size_t)(*body - answer->data);
    const char *field = strstr(answer->data, "\r\nContent-Length: ");
    unsigned long long said = field != NULL && field < end ? strtoull(field + 18, NULL, 10) : 0;
    if (field == NULL || field > end || said != *len)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s: the answer is cut off",
                            r->host, r->port);
    if (status == 200) return FORE_E_OK;
    if (status == 401 || status == 403)
        return fore_err_set(diag, FORE_E_UNREACHABLE,
                            "http://%s:%s wants a token: name its file in FORESHARD_TOKEN_FILE",
                            r->host, r->port);
    if (status == 404)
        return fore_err_set(diag, FORE_E_UNREACHABLE,
                            "http://%s:%s keeps no journal: start its daemon with --journal FILE",
                            r->host, r->port);
    if (status == 416)
        return fore_err_set(diag, FORE_E_RANGE,
                            "http://%s:%s has begun another journal: open it again", r->host,
                            r->port);
    return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s answers %lu", r->host, r->port,
                        status);
}

/* The next bytes into the file; *got is how many. */
static enum fore_err fetch(struct viz_remote *r, size_t *got, struct fore_diag *diag)
{
    struct fore_buf text = {0}, answer = {0};
    const char *body = NULL;
    *got = 0;
    int fd = -1;
    FORE_TRY(dial(r, &fd, diag));
    fore_buf_printf(&text, "GET /v1/journal?offset=%llu HTTP/1.1\r\nHost: %s:%s\r\n",
                    (unsigned long long)r->offset, r->host, r->port);
    if (r->token[0] != '\0') fore_buf_printf(&text, "Authorization: Bearer %s\r\n", r->token);
    fore_buf_puts(&text, "Connection: close\r\n\r\n");
    bool done = send_all(fd, text.data, text.len) && receive_all(fd, &answer);
    close(fd);
    enum fore_err err = done ? body_of(r, &answer, &body, got, diag)
                             : fore_err_set(diag, FORE_E_UNREACHABLE,
                                            "http://%s:%s does not answer", r->host, r->port);
    if (err != FORE_E_OK) *got = 0;
    for (size_t at = 0; at < *got;) {
        ssize_t put = pwrite(r->fd, body + at, *got - at, (off_t)(r->offset + at));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            err = fore_err_set(diag, FORE_E_IO, "copying the journal: %s", strerror(errno));
            break;
        }
        at += (size_t)put;
    }
    if (err == FORE_E_OK) r->offset += *got;
    fore_buf_fini(&text);
    fore_buf_fini(&answer);
    return err;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void rest(struct viz_remote *r, long ns)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ns;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!r->stop && pthread_cond_timedwait(&r->wake, &r->lock, &until) == 0)
        ;
}

static void *follow(void *self)
{
    struct viz_remote *r = self;
    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        struct fore_diag diag = {0};
        size_t got = 0;
        pthread_mutex_unlock(&r->lock);
        enum fore_err err = fetch(r, &got, &diag);
        pthread_mutex_lock(&r->lock);
        (void)snprintf(r->trouble, sizeof r->trouble, "%.*s%s", (int)(sizeof r->trouble - 24),
                       err == FORE_E_OK ? "" : diag.text,
                       err == FORE_E_UNREACHABLE ? "; trying again" : "");
        if (err == FORE_E_RANGE) break; /* nothing more will come of it */
        if (got == 0) rest(r, err == FORE_E_OK ? POLL_NS : AGAIN_NS);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static enum fore_err fetch_first(struct viz_remote *r, struct fore_diag *diag)
{
    struct timespec now;
    size_t got;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (time_t until = now.tv_sec + FIRST_S; now.tv_sec <= until;) {
        FORE_TRY(fetch(r, &got, diag));
        if (got == 0 && r->offset > 0) return FORE_E_OK;
        if (got == 0) (void)nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    if (r->offset > 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s: its journal is empty so far",
                        r->host, r->port);
}

enum fore_err viz_remote_open(const char *url, int fd, struct viz_remote **out,
                              struct fore_diag *diag)
{
    struct viz_remote *r = calloc(1, sizeof *r);
    FORE_ASSERT(r != NULL);
    r->fd = fd;
    enum fore_err err = parse(url, r, diag);
    if (err == FORE_E_OK) err = read_token(r, diag);
    if (err == FORE_E_OK) err = fetch_first(r, diag);
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->wake, NULL);
    if (err == FORE_E_OK && pthread_create(&r->thread, NULL, follow, r) != 0)
        err = fore_err_set(diag, FORE_E_UNREACHABLE, "no thread to follow %.200s", url);
    *out = err == FORE_E_OK ? r : NULL;
    if (err != FORE_E_OK) free(r);
    return err;
}

void viz_remote_close(struct viz_remote *remote)
{
    if (remote == NULL) return;
    pthread_mutex_lock(&remote->lock);
    remote->stop = true;
    pthread_cond_signal(&remote->wake);
    pthread_mutex_unlock(&remote->lock);
    (void)pthread_join(remote->thread, NULL);
    (void)pthread_mutex_destroy(&remote->lock);
    (void)pthread_cond_destroy(&remote->wake);
    free(remote);
}

void viz_remote_trouble(struct viz_remote *remote, char *out, size_t size)
{
    pthread_mutex_lock(&remote->lock);
    (void)snprintf(out, size, "%s", remote->trouble);
    pthread_mutex_unlock(&remote->lock);
}
