/*
 * request.h - a request as the API sees it: values, without a connection behind them, so that tests
 * and the fuzz harness may make them up.
 */
#ifndef LIVE_REQUEST_H
#define LIVE_REQUEST_H

#include "core/base/base.h"

#include <jansson.h>

enum {
    LIVE_PATH_MAX = 256,
    LIVE_PARAM_MAX = 64,
    LIVE_PARAMS = 2,
    LIVE_QUERIES = 8,
    LIVE_BODY_MAX = 64 * 1024,
    LIVE_TOKEN_MAX = 512
};

struct live_query {
    char name[24], value[LIVE_PARAM_MAX];
};

struct live_route;
struct live_request {
    char method[8], path[LIVE_PATH_MAX]; /* without the query; a HEAD is a GET */
    const struct live_route *route;      /* set by live_api_begin() */
    char param[LIVE_PARAMS][LIVE_PARAM_MAX];
    struct live_query query[LIVE_QUERIES];
    uint32_t query_count;
    bool query_overflow;       /* more or longer ones than there is room for */
    bool open_metrics;         /* Accept names application/openmetrics-text */
    const char *authorization; /* NULL: none */
    const char *peer;          /* address, for the log; NULL: none */
    const void *body;
    size_t body_len;
    json_t *json; /* the body, once it is understood; NULL: there was none */
};
void live_request_fini(struct live_request *request);
/* Room or not, it is counted: too many or too long ones are an error later. */
void live_request_add_query(struct live_request *request, const char *name, const char *value);
const char *live_request_query(const struct live_request *request, const char *name); /* NULL */
/* A whole number of at most `max`; `fallback` where it is not given; false: it is none. */
bool live_request_number(const struct live_request *request, const char *name, uint64_t fallback,
                         uint64_t max, uint64_t *out);
bool live_number(const char *text, uint64_t max, uint64_t *out);

#endif
