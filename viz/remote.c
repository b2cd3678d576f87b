/* remote.c - see remote.h. */
#include "viz/remote.h"

#include "viz/http.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_S = 3 };
#define POLL_NS  300000000
#define AGAIN_NS 1000000000

struct viz_remote {
    struct viz_http http;
    int fd;
    uint64_t offset; /* copied so far */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    char trouble[200];
};

/* Bytes of the journal came, or what to do about it. */
static enum fore_err judge(const struct viz_http *http, unsigned status, struct fore_diag *diag)
{
    if (status == 200) return FORE_E_OK;
    if (status == 401 || status == 403)
        return fore_err_set(diag, FORE_E_UNREACHABLE,
                            "http://%s:%s wants a token: name its file with --token-file, or in "
                            "FORESHARD_TOKEN_FILE",
                            http->host, http->port);
    if (status == 404)
        return fore_err_set(diag, FORE_E_UNREACHABLE,
                            "http://%s:%s keeps no journal: start its daemon with --journal FILE",
                            http->host, http->port);
    if (status == 503)
        return fore_err_set(diag, FORE_E_AGAIN, "http://%s:%s is not ready yet", http->host,
                            http->port);
    if (status == 416)
        return fore_err_set(diag, FORE_E_RANGE,
                            "http://%s:%s has begun another journal: open it again", http->host,
                            http->port);
    return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s answers %u", http->host, http->port,
                        status);
}

static enum fore_err append(struct viz_remote *r, const char *bytes, size_t len,
                            struct fore_diag *diag)
{
    for (size_t at = 0; at < len;) {
        ssize_t put = pwrite(r->fd, bytes + at, len - at, (off_t)(r->offset + at));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0)
            return fore_err_set(diag, FORE_E_IO, "copying the journal: %s", strerror(errno));
        at += (size_t)put;
    }
    r->offset += len;
    return FORE_E_OK;
}

/* The next bytes into the file; *got is how many. */
static enum fore_err fetch(struct viz_remote *r, size_t *got, struct fore_diag *diag)
{
    char path[64];
    struct viz_http_answer answer;
    *got = 0;
    (void)snprintf(path, sizeof path, "/v1/journal?offset=%llu", (unsigned long long)r->offset);
    FORE_TRY(viz_http_ask(&r->http, "GET", path, NULL, &answer, diag));
    enum fore_err err = judge(&r->http, answer.status, diag);
    if (err == FORE_E_OK) err = append(r, answer.body, answer.len, diag);
    if (err == FORE_E_OK) *got = answer.len;
    viz_http_answer_fini(&answer);
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
                       err == FORE_E_UNREACHABLE || err == FORE_E_AGAIN ? "; trying again" : "");
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
        enum fore_err err = fetch(r, &got, diag); /* a daemon that has just been started may take
                                                     a moment to its first step */
        if (err != FORE_E_OK && err != FORE_E_AGAIN) return err;
        if (got == 0 && r->offset > 0) return FORE_E_OK;
        if (got == 0) (void)nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    if (r->offset > 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s: its journal is empty so far",
                        r->http.host, r->http.port);
}

enum fore_err viz_remote_open(const char *url, int fd, struct viz_remote **out,
                              struct fore_diag *diag)
{
    struct viz_remote *r = calloc(1, sizeof *r);
    FORE_ASSERT(r != NULL);
    r->fd = fd;
    enum fore_err err = viz_http_parse(url, &r->http, diag);
    if (err == FORE_E_OK) err = viz_http_token(&r->http, diag);
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
