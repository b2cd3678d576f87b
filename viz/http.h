/*
 * http.h - one request to a daemon and its whole answer (live/api): what remote.c fetches journals
 * with and control.c asks for changes with. It blocks for at most some seconds, so only threads
 * beside the window call it. One connection a request: a window asks a few times a second at most.
 *
 * Plain HTTP only: the daemon listens on loopback; elsewhere `ssh -L` carries it.
 */
#ifndef VIZ_HTTP_H
#define VIZ_HTTP_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct viz_http { /* a daemon */
    char host[256], port[8];
    char token[512]; /* "": none */
};
bool viz_http_named(const char *path); /* "http://..." */
/* "http://host:port/", port and path optional. FORE_E_FORMAT: it is no such thing. */
FORE_MUST_USE enum fore_err viz_http_parse(const char *url, struct viz_http *out,
                                           struct fore_diag *diag);
/* The first line of the file that the environment names as FORESHARD_TOKEN_FILE; where nothing is
 * named there is no token. FORE_E_IO: it cannot be read, holds none, or one that is no token. */
FORE_MUST_USE enum fore_err viz_http_token(struct viz_http *http, struct fore_diag *diag);

struct viz_http_answer {
    struct fore_buf bytes;
    unsigned status;  /* 100..599 */
    const char *body; /* within `bytes` */
    size_t len;
};
/* Reads `bytes` of an answer that has come to its end: status, and where its body is. */
FORE_MUST_USE enum fore_err viz_http_split(const struct viz_http *http,
                                           struct viz_http_answer *answer, struct fore_diag *diag);
void viz_http_answer_fini(struct viz_http_answer *answer);
/* `body` is JSON, or NULL. Whatever the status, a whole answer is FORE_E_OK. UNREACHABLE: nobody
 * answers, or the answer is cut off (the request may have been heard); FORMAT: no HTTP. */
FORE_MUST_USE enum fore_err viz_http_ask(const struct viz_http *http, const char *method,
                                         const char *path, const char *body,
                                         struct viz_http_answer *answer, struct fore_diag *diag);

#endif
