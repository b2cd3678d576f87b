/*
 * fetch.h - one HTTP request to somebody else's server, as much as pushing alerts and reading a
 * little history takes: HTTP/1.0, one connection a request, a bound on time and size. Plain only;
 * https is refused with a sentence. Blocks: never called by the engine's thread but before it runs.
 */
#ifndef LIVE_FETCH_H
#define LIVE_FETCH_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct live_url {
    char host[128], port[8], path[512]; /* path begins with '/', query included */
};
/* `field` opens the sentence. FORMAT, UNSUPPORTED (https). */
FORE_MUST_USE enum fore_err live_url_parse(const char *text, const char *field,
                                           struct live_url *out, struct fore_diag *diag);

struct live_fetch {
    const char *method;
    const struct live_url *url;
    const char *path;  /* appended to the URL's; NULL: nothing */
    const char *token; /* bearer; NULL: none */
    const char *body;  /* JSON; NULL: none */
    size_t body_len;
    uint32_t timeout_ms; /* for all of it */
};
enum { LIVE_FETCH_MAX = 64 << 20 };
/* UNREACHABLE: no whole answer in time. *status: of HTTP; the answer's body goes to `out`. */
FORE_MUST_USE enum fore_err live_fetch(const struct live_fetch *fetch, uint32_t *status,
                                       struct fore_buf *out, struct fore_diag *diag);

#endif
