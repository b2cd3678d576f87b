/*
 * desk_case.h - the live daemon's inside without its loop: an engine on the simulated cluster of
 * the demo, and a desk in front of it. One case at a time, in `dc`. For tests of the API, and for
 * its fuzz harness.
 */
#ifndef TEST_DESK_CASE_H
#define TEST_DESK_CASE_H

#include "live/api/api.h"
#include "live/api/desk.h"

struct desk_case {
    struct fore_arena arena;
    struct live_config config;
    struct live_backend backend;
    struct live_log log;
    struct fore_engine *engine;
    struct live_memory *memory; /* NULL unless asked for */
    struct live_desk *desk;
    struct live_api api;
    struct fore_buf openapi;
    char note[400]; /* the newest NOTE that went to the journal; "" before the first */
    /* Of the last desk_case_ask(). */
    uint32_t status;
    struct live_response response;
    char *text;   /* its body */
    json_t *json; /* the same, when it is JSON */
};
extern struct desk_case dc;

/* `memory`: a file name, or NULL. Settings: "section.name=value", NULL-ended; may be NULL. */
void desk_case_open(const char *memory, const char *const *sets);
void desk_case_close(void);
/* Windows of a second; loads rise, so that there is something to plan. */
void desk_case_run(uint32_t windows);
/* A whole request, engine's part included; `body` may be NULL, `token` too. Returns the status. */
uint32_t desk_case_ask(const char *method, const char *path, const char *body, const char *token);
extern const char *const desk_case_token;

#endif
