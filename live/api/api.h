/*
 * api.h - the HTTP API as a table of routes: what is served, by whom, to whom.
 *
 *   PICTURE   answered from the newest picture by whichever thread asks; never waits
 *   ENGINE    handed to the engine's thread, answered between two of its steps
 *   STREAM    server-sent events
 *
 * Reads are free on loopback; writes need the bearer token, and so does everything else when we
 * listen beyond loopback. Nothing here knows sockets: http.c carries requests in and replies out,
 * and a fuzz harness calls the same two functions. What is served is described at
 * /v1/openapi.json, made from the same table.
 */
#ifndef LIVE_API_H
#define LIVE_API_H

#include "core/base/option.h"
#include "live/api/request.h"
#include "live/api/response.h"

struct live_desk;
struct live_picture;

struct live_api_options {                  /* the "api" section */
    const char *listen;                    /* "127.0.0.1:7420"; "": no API */
    const char *token_file;                /* "": no writes */
    const char *tls_certificate, *tls_key; /* PEM files; "": plain */
    uint64_t connections;
    double rate;       /* requests a second from one address */
    double write_rate; /* changes a second, all together */
    fore_ns patience;  /* for a whole request to arrive, and for a reply to be taken */
    uint64_t top;      /* partitions with metrics of their own */
};
extern const struct fore_option_section live_api_section;

enum live_route_by { LIVE_BY_PICTURE, LIVE_BY_ENGINE, LIVE_BY_STREAM };

struct live_route {
    const char *method, *path; /* "/v1/partitions/{partition}" */
    const char *id, *about;    /* operationId; one line */
    enum live_route_by by;
    bool open;   /* even beyond loopback: probes of health */
    bool writes; /* needs the token */
    void (*picture)(const struct live_picture *picture, struct live_request *request,
                    struct live_response *reply);
    void (*engine)(struct live_desk *desk, struct live_request *request,
                   struct live_response *reply);
    const char *body;  /* name of the schema of its body; NULL: none is read */
    const char *reply; /* name of the schema of its answer */
    const char *query; /* names of its query parameters, with blanks between; NULL: none */
    const char *type;  /* NULL: application/json */
};
extern const struct live_route live_routes[];
size_t live_route_count(void);

struct live_api {
    const struct live_api_options *options;
    struct live_board *board;
    char token[LIVE_TOKEN_MAX]; /* "": none */
    bool beyond;                /* we listen beyond loopback */
    const struct fore_buf *openapi;
};

enum live_api_answer { LIVE_API_ANSWERED, LIVE_API_FOR_ENGINE, LIVE_API_FOR_STREAM };
/* Finds the route, checks token, query and body; what a picture answers is answered. */
enum live_api_answer live_api_begin(struct live_api *api, struct live_request *request,
                                    struct live_response *reply);
/* Before the body is there: may this request have one, and of that size? False: answered. */
bool live_api_admits(struct live_api *api, struct live_request *request, uint64_t body_len,
                     struct live_response *reply);
/* The rest, on the engine's thread. */
void live_api_finish(struct live_desk *desk, struct live_request *request,
                     struct live_response *reply);
/* In a time that does not tell where they differ. */
bool live_token_equal(const char *given, const char *token);
/* REFUSED, IO: no token in it. */
FORE_MUST_USE enum fore_err live_token_read(const char *path, char token[LIVE_TOKEN_MAX],
                                            struct fore_diag *diag);
/* The whole document. */
void live_openapi(struct fore_buf *out);

/* Pages (api_pages.c, metrics.c). */
#define LIVE_PICTURE_HANDLER(name)                                                         \
    void live_api_##name(const struct live_picture *picture, struct live_request *request, \
                         struct live_response *reply)
LIVE_PICTURE_HANDLER(status);
LIVE_PICTURE_HANDLER(topology);
LIVE_PICTURE_HANDLER(partitions);
LIVE_PICTURE_HANDLER(partition);
LIVE_PICTURE_HANDLER(recommendations);
LIVE_PICTURE_HANDLER(plans);
LIVE_PICTURE_HANDLER(plan);
LIVE_PICTURE_HANDLER(migrations);
LIVE_PICTURE_HANDLER(migration);
LIVE_PICTURE_HANDLER(alerts);
LIVE_PICTURE_HANDLER(journal);
LIVE_PICTURE_HANDLER(settings);
LIVE_PICTURE_HANDLER(setting);
LIVE_PICTURE_HANDLER(metrics);
LIVE_PICTURE_HANDLER(healthz);
LIVE_PICTURE_HANDLER(readyz);

#endif
