/* Any request at any route, body and all, by the same two functions that serve a socket, in front
 * of an engine on a small simulated cluster. The input: method, path, query and body, each ended by
 * a zero; the token is always the right one, so that nothing is out of reach. */
#include "tests/live/desk_case.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looking the workload over takes longer than a thousand requests: the same cluster serves as long
 * as its workload lasts, and its settings are put back much more often. */
enum { INPUT_MAX = 70000, RUNS_A_WINDOW = 256, RUNS_A_RESET = 1024, WINDOWS_MOST = 6000 };

static const char *part(const uint8_t **at, const uint8_t *end, char *out, size_t room)
{
    size_t n = 0;
    while (*at < end && **at != '\0') {
        if (n + 1 < room) out[n++] = (char)**at;
        ++*at;
    }
    if (*at < end) ++*at;
    out[n] = '\0';
    return out;
}

static void ask(struct live_request *request)
{
    struct live_response response = {.status = 0};
    enum live_api_answer answer = LIVE_API_ANSWERED;
    if (live_api_admits(&dc.api, request, request->body_len, &response))
        answer = live_api_begin(&dc.api, request, &response);
    if (answer == LIVE_API_FOR_ENGINE) {
        live_api_finish(dc.desk, request, &response);
        if (dc.desk->touched) live_desk_publish(dc.desk);
    }
    FORE_ASSERT(answer == LIVE_API_FOR_STREAM || (response.status >= 200 && response.status < 600));
    if (response.type != NULL && strcmp(response.type, "application/json") == 0) {
        const char *bytes = response.page != NULL ? response.page : response.body.data;
        size_t len = response.page != NULL ? response.page_len : response.body.len;
        json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
        FORE_ASSERT(json != NULL); /* whatever was asked, the answer is JSON */
        json_decref(json);
    }
    live_request_fini(request);
    live_response_fini(&response);
}

static void open_case(void)
{
    static const char *const sets[] = {"live.mode=propose", NULL};
    if (dc.engine != NULL) desk_case_close();
    desk_case_open(NULL, sets);
    desk_case_run(50);
}

static void reset(void)
{
    for (enum live_setting s = 0; s < LIVE_SETTINGS; s++)
        FORE_ASSERT(live_desk_set(dc.desk, s, NULL, "fuzz", NULL) == FORE_E_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t runs;
    char header[LIVE_TOKEN_MAX], name[64], value[128];
    const uint8_t *at = data, *end = data + size;
    if (size > INPUT_MAX) return 0;
    if (runs % (RUNS_A_WINDOW * WINDOWS_MOST) == 0) open_case();
    if (++runs % RUNS_A_RESET == 0) reset();
    struct live_request request = {.peer = "fuzz", .authorization = header};
    (void)snprintf(header, sizeof header, "Bearer %s", desk_case_token);
    (void)part(&at, end, request.method, sizeof request.method);
    (void)part(&at, end, request.path, sizeof request.path);
    for (uint8_t queries = at < end ? *at++ & 7 : 0; queries > 0 && at < end; queries--) {
        (void)part(&at, end, name, sizeof name);
        (void)part(&at, end, value, sizeof value);
        live_request_add_query(&request, name, value);
    }
    request.body = at;
    request.body_len = (size_t)(end - at);
    ask(&request);
    if (runs % RUNS_A_WINDOW == 0) desk_case_run(1); /* what was asked for has consequences */
    return 0;
}
