/* api.c - see api.h: the table, and what is checked before a handler sees a request. */
#include "live/api/api.h"

#include "live/api/desk.h"

#include <stdio.h>
#include <string.h>

#define SELF LIVE_BY_PICTURE
#define ASK  LIVE_BY_ENGINE

/* clang-format off */
const struct live_route live_routes[] = {
    {"GET", "/v1/openapi.json", "getOpenapi", "this description", SELF, .reply = "Openapi"},
    {"GET", "/v1/status", "getStatus", "the daemon: mode, state, time, health", SELF,
     .picture = live_api_status, .reply = "Status"},
    {"GET", "/v1/topology", "getTopology", "nodes, tables, and what each node holds", SELF,
     .picture = live_api_topology, .reply = "Topology"},
    {"GET", "/v1/partitions", "listPartitions", "partitions, highest RRS first", SELF,
     .picture = live_api_partitions, .reply = "Partitions", .query = "limit offset table node min_rrs"},
    {"GET", "/v1/partitions/{partition}", "getPartition", "one partition: load, score, reason, threshold", SELF,
     .picture = live_api_partition, .reply = "Partition"},
    {"GET", "/v1/partitions/{partition}/forecast", "getForecast",
     "its coming load in quantiles, and how the forecast is made", ASK,
     .engine = live_desk_forecast, .reply = "Forecast"},
    {"PUT", "/v1/partitions/{partition}/threshold", "putThreshold", "from which RRS on this partition is acted on", ASK,
     .writes = true, .engine = live_desk_put_threshold, .body = "ThresholdBody", .reply = "Setting"},
    {"DELETE", "/v1/partitions/{partition}/threshold", "deleteThreshold", "the general threshold again", ASK,
     .writes = true, .engine = live_desk_delete_threshold, .reply = "Setting"},
    {"GET", "/v1/recommendations", "getRecommendations", "partitions over their threshold, why, and what the newest plan does about it", SELF,
     .picture = live_api_recommendations, .reply = "Recommendations"},
    {"GET", "/v1/plans", "listPlans", "dry runs and plans of the engine's own, newest first", SELF,
     .picture = live_api_plans, .reply = "Plans"},
    {"POST", "/v1/plans", "createPlan", "a dry run: what would be done now, at what price; bound to the state it names", ASK,
     .writes = true, .engine = live_desk_plan, .body = "StateBody", .reply = "Plan"},
    {"GET", "/v1/plans/{plan}", "getPlan", "one plan, explained", SELF,
     .picture = live_api_plan, .reply = "Plan"},
    {"POST", "/v1/plans/{plan}/approve", "approvePlan", "carries a dry run, or what the engine has proposed, out, unless the state has passed", ASK,
     .writes = true, .engine = live_desk_approve, .body = "StateBody", .reply = "PlanOutcome"},
    {"POST", "/v1/plans/{plan}/cancel", "cancelPlan", "forgets a dry run or a proposal, or cancels its moves that have not changed owners", ASK,
     .writes = true, .engine = live_desk_cancel_plan, .reply = "PlanOutcome"},
    {"GET", "/v1/migrations", "listMigrations", "moves, newest first, with progress and expected time left", SELF,
     .picture = live_api_migrations, .reply = "Migrations", .query = "running"},
    {"GET", "/v1/migrations/{ticket}", "getMigration", "one move", SELF,
     .picture = live_api_migration, .reply = "Migration"},
    {"POST", "/v1/migrations/{ticket}/cancel", "cancelMigration", "cancels a move before its cut-over", ASK,
     .writes = true, .engine = live_desk_cancel_move, .reply = "Outcome"},
    {"POST", "/v1/migrations/{ticket}/pause", "pauseMigration", "a move before its cut-over rests: it keeps what it has copied, and its slot", ASK,
     .writes = true, .engine = live_desk_pause_move, .reply = "Outcome"},
    {"POST", "/v1/migrations/{ticket}/resume", "resumeMigration", "a move that was paused goes on", ASK,
     .writes = true, .engine = live_desk_resume_move, .reply = "Outcome"},
    {"POST", "/v1/reshard", "reshard", "plans and begins at once: what the planner finds, or the move that is named", ASK,
     .writes = true, .engine = live_desk_reshard, .body = "ReshardBody", .reply = "PlanOutcome"},
    {"GET", "/v1/settings", "listSettings", "mode, strategy, sharding key, replicas, thresholds, hints, schedule, placement", SELF,
     .picture = live_api_settings, .reply = "Settings"},
    {"GET", "/v1/settings/{setting}", "getSetting", "one setting", SELF,
     .picture = live_api_setting, .reply = "Setting"},
    {"PUT", "/v1/settings/{setting}", "putSetting", "validated, put in force, kept, and journalled", ASK,
     .writes = true, .engine = live_desk_put_setting, .body = "SettingBody", .reply = "Setting"},
    {"DELETE", "/v1/settings/{setting}", "deleteSetting", "as configured again", ASK,
     .writes = true, .engine = live_desk_delete_setting, .reply = "Setting"},
    {"GET", "/v1/changes", "listChanges", "who changed which setting, newest first", ASK,
     .engine = live_desk_changes, .reply = "Changes", .query = "limit"},
    {"GET", "/v1/alerts", "listAlerts", "alerts that stand, and those resolved lately", SELF,
     .picture = live_api_alerts, .reply = "Alerts"},
    {"GET", "/v1/events", "streamEvents", "server-sent events; Last-Event-ID goes on where one left off", LIVE_BY_STREAM,
     .reply = "Event", .type = "text/event-stream"},
    {"GET", "/v1/journal", "getJournal", "bytes of the event journal from an offset on; empty at its end so far", SELF,
     .picture = live_api_journal, .reply = "Text", .query = "offset", .type = "application/octet-stream"},
    {"GET", "/metrics", "getMetrics", "Prometheus text 0.0.4, or OpenMetrics 1.0 by Accept", SELF,
     .picture = live_api_metrics, .reply = "Text", .type = "text/plain"},
    {"GET", "/healthz", "getHealth", "the process lives", SELF, .open = true,
     .picture = live_api_healthz, .reply = "Text", .type = "text/plain"},
    {"GET", "/readyz", "getReady", "the cluster is seen, and steps are made; 503 when not", SELF, .open = true,
     .picture = live_api_readyz, .reply = "Text", .type = "text/plain"},
};
/* clang-format on */

size_t live_route_count(void)
{
    return FORE_COUNTOF(live_routes);
}

/* ---- token --------------------------------------------------------------------------------- */

bool live_token_equal(const char *given, const char *token)
{
    size_t given_len = strlen(given), len = strlen(token);
    volatile unsigned differs = (unsigned)(given_len ^ len) | (len == 0);
    for (size_t i = 0; i < LIVE_TOKEN_MAX; i++) { /* as many steps whatever the texts are */
        unsigned a = i < given_len ? (unsigned char)given[i] : 0;
        unsigned b = i < len ? (unsigned char)token[i] : 0;
        differs = differs | (a ^ b);
    }
    return differs == 0;
}

enum fore_err live_token_read(const char *path, char token[LIVE_TOKEN_MAX], struct fore_diag *diag)
{
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(token, LIVE_TOKEN_MAX, file) != NULL;
    if (file != NULL) (void)fclose(file);
    if (!read)
        return fore_err_set(diag, FORE_E_IO, "api.token_file: %s cannot be read, or is empty",
                            path);
    token[strcspn(token, "\r\n")] = '\0';
    if (strlen(token) < 16)
        return fore_err_set(diag, FORE_E_RANGE,
                            "api.token_file: %s: a token of less than 16 characters is guessed",
                            path);
    return FORE_E_OK;
}

static bool authorized(struct live_api *api, const struct live_request *request,
                       struct live_response *reply)
{
    const struct live_route *route = request->route;
    if (!route->writes && (!api->beyond || route->open)) return true;
    if (api->token[0] == '\0') {
        live_response_error(reply, 403, "no-token-configured",
                            "changes are refused: the daemon has no api.token_file");
        return false;
    }
    const char *given = request->authorization;
    static const char scheme[] = "Bearer ";
    bool bearer = given != NULL && strncmp(given, scheme, sizeof scheme - 1) == 0;
    if (bearer && live_token_equal(given + sizeof scheme - 1, api->token)) return true;
    live_response_error(reply, 401, "unauthorized",
                        "this needs the token: Authorization: Bearer ...");
    reply->challenge = true;
    return false;
}

/* ---- route --------------------------------------------------------------------------------- */

/* A segment of a path: up to the next '/' or the end. */
static size_t segment(const char *text)
{
    return strcspn(text, "/");
}

static bool matches(const char *pattern, const char *path, char param[LIVE_PARAMS][LIVE_PARAM_MAX])
{
    uint32_t params = 0;
    while (*pattern == '/' && *path == '/') {
        size_t want = segment(++pattern), have = segment(++path);
        if (pattern[0] == '{') {
            if (have == 0 || have >= LIVE_PARAM_MAX || params == LIVE_PARAMS) return false;
            memcpy(param[params], path, have);
            param[params++][have] = '\0';
        } else if (want != have || memcmp(pattern, path, want) != 0) {
            return false;
        }
        pattern += want;
        path += have;
    }
    return *pattern == '\0' && *path == '\0';
}

static const char *allowed(unsigned methods)
{
    static const char *const text[] = {"",     "GET, HEAD",      "PUT", "GET, HEAD, PUT",
                                       "POST", "GET, HEAD, POST"};
    static const char *const with_delete[] = {"DELETE", "GET, HEAD, DELETE", "PUT, DELETE",
                                              "GET, HEAD, PUT, DELETE"};
    return (methods & 8) != 0 ? with_delete[methods & 3] : text[methods < 6 ? methods : 0];
}

static bool find_route(struct live_request *request, struct live_response *reply)
{
    static const char *const names[] = {"GET", "PUT", "POST", "DELETE"};
    unsigned methods = 0;
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    for (size_t i = 0; i < FORE_COUNTOF(live_routes); i++) {
        const struct live_route *route = &live_routes[i];
        if (!matches(route->path, request->path, request->param)) continue;
        for (unsigned m = 0; m < FORE_COUNTOF(names); m++)
            if (strcmp(route->method, names[m]) == 0) methods |= 1u << m;
        if (strcmp(route->method, method) != 0) continue;
        request->route = route;
        return true;
    }
    if (methods == 0) {
        live_response_error(reply, 404, "not-found",
                            "nothing is served there; /v1/openapi.json says what is");
        return false;
    }
    live_response_error(reply, 405, "method-not-allowed", "this path does not take that method");
    reply->allow = allowed(methods);
    return false;
}

bool live_api_admits(struct live_api *api, struct live_request *request, uint64_t body_len,
                     struct live_response *reply)
{
    if (!find_route(request, reply)) return false;
    if (!authorized(api, request, reply)) return false; /* before a byte of a body is read */
    if (body_len <= LIVE_BODY_MAX) return true;
    live_response_error(reply, 413, "body-too-large", "a body may have %d bytes", LIVE_BODY_MAX);
    return false;
}

/* ---- query and body ------------------------------------------------------------------------ */

static bool known_query(const struct live_route *route, const char *name)
{
    const char *at = route->query;
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, " ");
        if (strlen(name) == len && memcmp(at, name, len) == 0) return true;
        at += len + (at[len] == ' ');
    }
    return false;
}

static bool check_query(const struct live_request *request, struct live_response *reply)
{
    if (request->query_overflow) {
        live_response_error(reply, 400, "bad-query", "too many query parameters, or one too long");
        return false;
    }
    for (uint32_t i = 0; i < request->query_count; i++)
        if (!known_query(request->route, request->query[i].name)) {
            live_response_error(reply, 400, "bad-query",
                                "a query parameter that this path does not know; it knows: %s",
                                request->route->query != NULL ? request->route->query : "none");
            return false;
        }
    return true;
}

/* jansson bounds the depth; the size was bounded before. */
static bool read_body(struct live_request *request, struct live_response *reply)
{
    if (request->body_len == 0) return true;
    if (request->route->body == NULL) {
        live_response_error(reply, 400, "bad-body", "this takes no body");
        return false;
    }
    json_error_t error;
    request->json = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, &error);
    if (request->json == NULL) {
        live_response_error(reply, 400, "bad-body", "the body is no JSON: line %d, column %d",
                            error.line, error.column);
        return false;
    }
    if (json_is_object(request->json)) return true;
    live_response_error(reply, 400, "bad-body", "the body must be a JSON object");
    return false;
}

static void from_picture(struct live_api *api, struct live_request *request,
                         struct live_response *reply)
{
    if (request->route->picture == NULL) { /* the description, which needs none */
        reply->status = 200;
        reply->type = "application/json";
        reply->page = api->openapi->data;
        reply->page_len = api->openapi->len;
        return;
    }
    reply->keep = live_board_hold(api->board);
    if (reply->keep == NULL && request->route->picture != live_api_healthz) {
        live_response_error(reply, 503, "not-yet", "nothing has been observed yet");
        reply->retry_after_s = 1;
        return;
    }
    reply->status = 200;
    reply->type = "application/json";
    request->route->picture(reply->keep, request, reply);
}

enum live_api_answer live_api_begin(struct live_api *api, struct live_request *request,
                                    struct live_response *reply)
{
    if (request->route == NULL && !live_api_admits(api, request, request->body_len, reply))
        return LIVE_API_ANSWERED;
    if (!check_query(request, reply) || !read_body(request, reply)) return LIVE_API_ANSWERED;
    if (request->route->by == LIVE_BY_ENGINE) return LIVE_API_FOR_ENGINE;
    if (request->route->by == LIVE_BY_STREAM) return LIVE_API_FOR_STREAM;
    from_picture(api, request, reply);
    return LIVE_API_ANSWERED;
}

void live_api_finish(struct live_desk *desk, struct live_request *request,
                     struct live_response *reply)
{
    reply->status = 200;
    reply->type = "application/json";
    request->route->engine(desk, request, reply);
}
