/* desk_case.c - see desk_case.h. */
#include "tests/live/desk_case.h"

#include "sim/paced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct desk_case dc;
const char *const desk_case_token = "correct horse battery";

static const struct live_stand_in simulator = {
    .open = sim_paced_open, .window = sim_paced_window, .close = sim_paced_close};

static void load_config(const char *const *sets)
{
    struct fore_diag diag = {.code = FORE_E_OK};
    struct fore_strings list = {.item = sets};
    while (sets != NULL && sets[list.count] != NULL)
        list.count++;
    enum fore_err err =
        live_config_load("live/deploy/demo.cfg", &list, &dc.arena, &dc.config, &diag);
    if (err != FORE_E_OK) (void)fprintf(stderr, "%s\n", diag.text);
    FORE_ASSERT(err == FORE_E_OK);
    dc.config.live.warmup = 0;
    dc.config.live.scenario = "tests/live/desk_case.cfg";
    dc.config.engine.forecast.clock_start = 1795824000; /* a Saturday's midnight */
}

static void keep_note(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                      size_t len)
{
    (void)self;
    (void)at;
    if (kind == FORE_EV_NOTE)
        (void)snprintf(dc.note, sizeof dc.note, "%.*s", (int)len, (const char *)body);
}

void desk_case_open(const char *memory, const char *const *sets)
{
    struct fore_diag diag = {.code = FORE_E_OK};
    memset(&dc, 0, sizeof dc);
    load_config(sets);
    dc.log.file = fopen("/dev/null", "w");
    FORE_ASSERT(dc.log.file != NULL);
    FORE_ASSERT(live_backend_stand_in(&dc.config, &simulator, 7, &dc.backend, &diag) == FORE_E_OK);
    if (memory != NULL) FORE_ASSERT(live_memory_open(memory, &dc.memory, &diag) == FORE_E_OK);
    dc.desk = calloc(1, sizeof *dc.desk);
    FORE_ASSERT(dc.desk != NULL);
    live_desk_open(dc.desk, &dc.config, &dc.backend, &dc.log, dc.memory);
    dc.desk->events = (struct fore_sink){.put = keep_note};
    struct fore_engine_setup setup = {.options = &dc.config.engine,
                                      .driver = dc.backend.door,
                                      .sink = live_desk_sink(dc.desk),
                                      .seed = 7,
                                      .slo_ns = dc.backend.slo,
                                      .act_from = UINT64_MAX,
                                      .keyframe_every = 60 * FORE_SEC};
    FORE_ASSERT(fore_engine_create(&setup, &dc.engine, &diag) == FORE_E_OK);
    live_desk_begin(dc.desk, dc.engine);
    live_openapi(&dc.openapi);
    dc.api = (struct live_api){
        .options = &dc.config.api, .board = &dc.desk->board, .openapi = &dc.openapi};
    (void)snprintf(dc.api.token, sizeof dc.api.token, "%s", desk_case_token);
}

static void forget_answer(void)
{
    live_response_fini(&dc.response);
    dc.response = (struct live_response){.status = 0};
    free(dc.text);
    dc.text = NULL;
    if (dc.json != NULL) json_decref(dc.json);
    dc.json = NULL;
}

void desk_case_close(void)
{
    forget_answer();
    fore_engine_destroy(dc.engine);
    live_desk_close(dc.desk);
    free(dc.desk);
    live_backend_close(&dc.backend);
    if (dc.memory != NULL) live_memory_close(dc.memory);
    fore_buf_fini(&dc.openapi);
    (void)fclose(dc.log.file);
    live_log_fini(&dc.log);
    fore_arena_fini(&dc.arena);
}

void desk_case_run(uint32_t windows)
{
    bool ended = false;
    struct fore_diag diag = {.code = FORE_E_OK};
    for (uint32_t i = 0; i < windows; i++) {
        enum fore_err err =
            dc.backend.ops->pass(dc.backend.self, dc.config.engine.observe.window, &ended, &diag);
        FORE_ASSERT(err == FORE_E_OK && !ended);
        err = fore_engine_step(dc.engine, fore_driver_now(dc.backend.door), &diag);
        FORE_ASSERT(err == FORE_E_OK);
    }
    live_desk_publish(dc.desk);
}

static void split_query(struct live_request *request, char *path)
{
    char *query = strchr(path, '?');
    if (query == NULL) return;
    *query++ = '\0';
    while (query != NULL && *query != '\0') {
        char *next = strchr(query, '&');
        if (next != NULL) *next++ = '\0';
        char *value = strchr(query, '=');
        if (value != NULL) *value++ = '\0';
        live_request_add_query(request, query, value);
        query = next;
    }
}

static void keep_answer(void)
{
    const char *bytes = dc.response.page != NULL ? dc.response.page : dc.response.body.data;
    size_t len = dc.response.page != NULL ? dc.response.page_len : dc.response.body.len;
    dc.status = dc.response.status;
    dc.text = calloc(1, len + 1);
    FORE_ASSERT(dc.text != NULL);
    if (len > 0) memcpy(dc.text, bytes, len);
    dc.json = json_loadb(dc.text, len, JSON_REJECT_DUPLICATES, NULL);
}

uint32_t desk_case_ask(const char *method, const char *path, const char *body, const char *token)
{
    struct live_request request = {.body = body, .body_len = body != NULL ? strlen(body) : 0};
    char header[LIVE_TOKEN_MAX + 16], copy[2 * LIVE_PATH_MAX];
    forget_answer();
    (void)snprintf(copy, sizeof copy, "%s", path);
    split_query(&request, copy);
    (void)snprintf(request.method, sizeof request.method, "%s", method);
    if (strlen(copy) < sizeof request.path)
        (void)snprintf(request.path, sizeof request.path, "%s", copy);
    (void)snprintf(header, sizeof header, "Bearer %s", token != NULL ? token : "");
    if (token != NULL) request.authorization = header;
    request.peer = "test";
    if (live_api_begin(&dc.api, &request, &dc.response) == LIVE_API_FOR_ENGINE) {
        live_api_finish(dc.desk, &request, &dc.response);
        if (dc.desk->touched) live_desk_publish(dc.desk);
    }
    live_request_fini(&request);
    keep_answer();
    return dc.status;
}
