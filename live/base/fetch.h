/*
 * fetch.h - one HTTP or HTTPS request to somebody else's server, as much as pushing alerts and
 * reading a little history takes: libcurl, one connection a request, a bound on time and size. The
 * server's certificate and its name are always checked. Redirections are not followed, and what the
 * environment says about proxies is not heeded. Blocks: never called by the engine's thread but
 * before it runs.
 */
#ifndef LIVE_FETCH_H
#define LIVE_FETCH_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct live_url {
    char text[768]; /* as it was given */
};
/* `field` opens the sentence. FORMAT: it is none of http or https, or holds a password. */
FORE_MUST_USE enum fore_err live_url_parse(const char *text, const char *field,
                                           struct live_url *out, struct fore_diag *diag);
/* Can certificates be read from there? FORMAT; "" and NULL can: the system's
 * are used. */
FORE_MUST_USE enum fore_err live_fetch_check_ca(const char *path, const char *field,
                                                struct fore_diag *diag);

struct live_fetch {
    const char *method; /* GET, or POST where there is a body */
    const struct live_url *url;
    const char *path;    /* appended to the URL's; NULL: nothing */
    const char *token;   /* bearer; NULL, "": none */
    const char *ca_file; /* PEM, of who may sign the server's certificate; NULL, "": the system's */
    const char *body;    /* JSON; NULL: none */
    size_t body_len;
    uint32_t timeout_ms; /* for all of it */
};
enum { LIVE_FETCH_MAX = 64 << 20 };
/* UNREACHABLE: no whole answer in time, or not from who it should be. *status: of HTTP; the
 * answer's body goes to `out`, which may be NULL. */
FORE_MUST_USE enum fore_err live_fetch(const struct live_fetch *fetch, uint32_t *status,
                                       struct fore_buf *out, struct fore_diag *diag);

#endif
