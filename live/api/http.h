/*
 * http.h - the API on a socket (libmicrohttpd): connections, limits, and the way to the engine.
 *
 * Threads of the server answer what pictures answer. What needs the engine is queued, its
 * connection suspended, and answered when the engine's thread comes by: live_http_serve(), between
 * two steps. Neither ever waits for the other.
 *
 * Limits: connections in all; requests a second from one address; changes a second; bytes of a
 * body; and `patience` for the whole of a request to arrive, by the clock and not by how often a
 * byte trickles in.
 */
#ifndef LIVE_HTTP_H
#define LIVE_HTTP_H

#include "live/api/api.h"
#include "live/api/desk.h"

struct live_http;

/* Borrows all; the token is read here. IO: the port is taken; RANGE: listening beyond loopback
 * without a token. */
FORE_MUST_USE enum fore_err live_http_open(struct live_http **out,
                                           const struct live_api_options *options,
                                           struct live_desk *desk, struct fore_diag *diag);
/* Everything under way is answered, with 503 where need be. */
void live_http_close(struct live_http *http);
/* Answers what waits for the engine; the engine's thread. */
void live_http_serve(struct live_http *http);
/* Ends what has run out of patience; any thread, once a second or so. */
void live_http_sweep(struct live_http *http);
const char *live_http_url(const struct live_http *http); /* "http://127.0.0.1:7420" */

#endif
