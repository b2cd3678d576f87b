/* The HTTP API without a socket: what is served is what is described, who may do what, and what
 * becomes of plans, moves and settings. */
#include "tests/live/desk_talk.h"
#include "tests/live/json_schema.h"

#include <strings.h>

/* ---- the description ----------------------------------------------------------------------- */

static json_t *describe(void)
{
    assert_int_equal(get("/v1/openapi.json"), 200);
    assert_non_null(dc.json);
    return json_incref(dc.json);
}

static void every_route_served_is_described_and_the_other_way_round(void **state)
{
    (void)state;
    json_t *document = describe(), *paths = json_object_get(document, "paths"), *path, *operation;
    const char *name, *method;
    size_t described = 0;
    assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.1.0");
    for (size_t i = 0; i < live_route_count(); i++) {
        char lower[8] = {0};
        for (size_t k = 0; live_routes[i].method[k] != '\0'; k++)
            lower[k] = (char)(live_routes[i].method[k] | 0x20);
        operation = json_object_get(json_object_get(paths, live_routes[i].path), lower);
        assert_non_null(operation);
        assert_string_equal(json_string_value(json_object_get(operation, "operationId")),
                            live_routes[i].id);
        bool asks = json_array_size(json_object_get(operation, "security")) > 0;
        assert_int_equal(asks, live_routes[i].writes);
        assert_int_equal(strcmp(live_routes[i].method, "GET") != 0, live_routes[i].writes);
    }
    json_object_foreach(paths, name, path)
    {
        json_object_foreach(path, method, operation)
        {
            bool served = false;
            for (size_t i = 0; i < live_route_count(); i++)
                served = served || (strcmp(live_routes[i].path, name) == 0 &&
                                    strcasecmp(live_routes[i].method, method) == 0);
            assert_true(served);
            described++;
        }
    }
    assert_int_equal(described, live_route_count());
    json_decref(document);
}

static void every_name_in_the_description_is_there_once(void **state)
{
    (void)state;
    json_t *document = describe();
    const char *at = dc.text;
    char ref[128];
    for (size_t i = 0; i < live_route_count(); i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(live_routes[i].id, live_routes[j].id);
    size_t refs = 0;
    while ((at = strstr(at, "#/components/schemas/")) != NULL) {
        (void)snprintf(ref, sizeof ref, "%.*s", (int)strcspn(at, "\""), at);
        assert_non_null(json_schema_of(document, ref));
        at++;
        refs++;
    }
    assert_true(refs > 2 * live_route_count() - 5);
    json_decref(document);
}

static void assert_fits(const json_t *document, const char *schema)
{
    char ref[96], why[200] = "";
    (void)snprintf(ref, sizeof ref, "#/components/schemas/%s", schema);
    if (!json_schema_fits(document, json_schema_of(document, ref), dc.json, why, sizeof why))
        fail_msg("%s: %s: %.300s", schema, why, dc.text);
}

static void answers_are_as_described(void **state)
{
    (void)state;
    static const char *const paths[][2] = {
        {"/v1/status",                                                        "Status"         },
        {"/v1/topology",                                                      "Topology"       },
        {"/v1/partitions",                                                    "Partitions"     },
        {"/v1/partitions?limit=3&offset=1&min_rrs=0&table=keys&node=node-00", "Partitions"     },
        {"/v1/partitions/0",                                                  "Partition"      },
        {"/v1/partitions/0/forecast",                                         "Forecast"       },
        {"/v1/recommendations",                                               "Recommendations"},
        {"/v1/plans",                                                         "Plans"          },
        {"/v1/plans/1",                                                       "Plan"           },
        {"/v1/migrations",                                                    "Migrations"     },
        {"/v1/migrations?running=true",                                       "Migrations"     },
        {"/v1/migrations/1",                                                  "Migration"      },
        {"/v1/alerts",                                                        "Alerts"         },
        {"/v1/settings",                                                      "Settings"       },
        {"/v1/settings/mode",                                                 "Setting"        },
        {"/v1/settings/replicas",                                             "Setting"        },
        {"/v1/changes",                                                       "Changes"        },
    };
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"auto\"}"), 200);
    desk_case_run(HOT);
    json_t *document = describe();
    for (size_t i = 0; i < FORE_COUNTOF(paths); i++) {
        if (get(paths[i][0]) != 200) fail_msg("%s: %s", paths[i][0], dc.text);
        assert_fits(document, paths[i][1]);
    }
    assert_int_equal(get("/v1/recommendations"), 200);
    assert_true(json_array_size(json_object_get(dc.json, "act_on")) > 0);
    assert_int_equal(get("/v1/nowhere"), 404);
    assert_fits(document, "Error");
    assert_int_equal(change("POST", "/v1/plans", NULL), 201);
    assert_fits(document, "Plan");
    json_decref(document);
}

static void partitions_come_by_score(void **state)
{
    (void)state;
    size_t i;
    json_t *row;
    double last = 1;
    desk_case_run(HOT);
    assert_int_equal(get("/v1/partitions"), 200);
    assert_true(json_array_size(json_object_get(dc.json, "partitions")) > 10);
    json_array_foreach(json_object_get(dc.json, "partitions"), i, row)
    {
        double rrs = json_number_value(json_object_get(row, "rrs"));
        assert_true(rrs <= last);
        last = rrs;
    }
    assert_int_equal(get("/v1/partitions?limit=2"), 200);
    assert_int_equal(json_array_size(json_object_get(dc.json, "partitions")), 2);
    assert_int_equal(get("/v1/partitions?limit=-2"), 400);
    assert_int_equal(get("/v1/partitions?min_rrs=much"), 400);
    assert_int_equal(get("/v1/partitions?colour=red"), 400);
}

static void a_forecast_comes_in_quantiles_with_its_reason(void **state)
{
    (void)state;
    desk_case_run(2400);
    assert_int_equal(get("/v1/partitions/3/forecast"), 200);
    assert_true(json_is_true(json_object_get(dc.json, "ready")));
    size_t steps = (size_t)number("steps");
    assert_true(steps > 10);
    assert_int_equal(json_array_size(json_object_get(dc.json, "q50")), steps);
    for (size_t i = 0; i < steps; i++)
        assert_true(json_number_value(json_array_get(json_object_get(dc.json, "q10"), i)) <=
                    json_number_value(json_array_get(json_object_get(dc.json, "q90"), i)));
    assert_true(strlen(member("reason")) > 5);
    assert_int_equal(get("/v1/partitions/12345/forecast"), 404);
    assert_int_equal(get("/v1/partitions/x/forecast"), 404);
}

/* ---- who may --------------------------------------------------------------------------------- */

static void changes_need_the_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < live_route_count(); i++) {
        if (!live_routes[i].writes) continue;
        assert_int_equal(desk_case_ask(live_routes[i].method, live_routes[i].path, NULL, NULL),
                         401);
        assert_true(dc.response.challenge);
        assert_int_equal(desk_case_ask(live_routes[i].method, live_routes[i].path, NULL, "wrong"),
                         401);
    }
    dc.api.token[0] = '\0';
    assert_int_equal(change("POST", "/v1/plans", NULL), 403);
    assert_int_equal(desk_case_ask("POST", "/v1/plans", NULL, ""), 403);
    assert_string_equal(code(), "no-token-configured");
}

static void beyond_loopback_reads_need_it_too(void **state)
{
    (void)state;
    dc.api.beyond = true;
    assert_int_equal(get("/v1/topology"), 401);
    assert_int_equal(get("/metrics"), 401);
    assert_int_equal(get("/healthz"), 200);
    assert_int_equal(get("/readyz"), 200);
    assert_int_equal(desk_case_ask("GET", "/v1/topology", NULL, desk_case_token), 200);
}

static void tokens_are_compared_whole(void **state)
{
    (void)state;
    assert_true(live_token_equal("abcdefghijklmnop", "abcdefghijklmnop"));
    assert_false(live_token_equal("abcdefghijklmno", "abcdefghijklmnop"));
    assert_false(live_token_equal("abcdefghijklmnopq", "abcdefghijklmnop"));
    assert_false(live_token_equal("abcdefghijklmnoP", "abcdefghijklmnop"));
    assert_false(live_token_equal("", ""));
    assert_false(live_token_equal("", "abcdefghijklmnop"));
}

static void what_is_not_served_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(get("/"), 404);
    assert_int_equal(get("/v1"), 404);
    assert_int_equal(get("/v1/topology/"), 404);
    assert_int_equal(get("//v1/topology"), 404);
    assert_int_equal(get("/v1/partitions//forecast"), 404);
    assert_int_equal(change("POST", "/v1/topology", NULL), 405);
    assert_string_equal(dc.response.allow, "GET, HEAD");
    assert_int_equal(change("PATCH", "/v1/settings/mode", NULL), 405);
    assert_string_equal(dc.response.allow, "GET, HEAD, PUT, DELETE");
    assert_int_equal(change("GET", "/v1/plans/1/approve", NULL), 405);
    assert_string_equal(dc.response.allow, "POST");
    assert_int_equal(change("BREW", "/v1/plans", NULL), 405);
    assert_string_equal(dc.response.allow, "GET, HEAD, POST");
}

static void bodies_that_are_not_understood_change_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"{",        "[]",
                                      "7",        "\"x\"",
                                      "{} {}",    "{\"state\":1,\"state\":2}",
                                      "\xff\xfe", "{\"a\":\"\\ud800\"}"};
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        assert_int_equal(change("POST", "/v1/plans", bad[i]), 400);
        assert_string_equal(code(), "bad-body");
    }
    char *deep = malloc(60001);
    assert_non_null(deep);
    memset(deep, '[', 60000);
    deep[60000] = '\0';
    assert_int_equal(change("POST", "/v1/plans", deep), 400);
    free(deep);
    assert_int_equal(change("POST", "/v1/plans", "{\"states\":\"x\"}"), 422);
    assert_int_equal(change("POST", "/v1/plans", "{\"state\":7}"), 422);
    assert_int_equal(change("POST", "/v1/plans/1/cancel", "{}"), 400);
    assert_int_equal(get("/v1/plans"), 200);
    assert_int_equal(json_array_size(json_object_get(dc.json, "plans")), 0);
    struct live_request request = {
        .method = "POST", .path = "/v1/plans", .authorization = "Bearer correct horse battery"};
    struct live_response response = {.status = 0};
    assert_false(live_api_admits(&dc.api, &request, UINT64_C(1) << 30, &response));
    assert_int_equal(response.status, 413);
    live_response_fini(&response);
}

/* ---- plans and moves ------------------------------------------------------------------------- */

static void a_plan_is_bound_to_its_state(void **state)
{
    (void)state;
    char path[64], body[128], first[64];
    desk_case_run(HOT);
    assert_int_equal(change("POST", "/v1/plans", "{\"state\":\"of-yesterday\"}"), 409);
    assert_string_equal(code(), "stale");
    assert_int_equal(change("POST", "/v1/plans", NULL), 201);
    assert_string_equal(member("status"), "dry-run");
    assert_true(number("move_count") > 0);
    const json_t *explained = json_object_get(dc.json, "explained");
    const json_t *node = json_array_get(json_object_get(explained, "nodes"), 0);
    assert_non_null(json_object_get(json_object_get(node, "after"), "p99_ms_high"));
    json_int_t id = number("id");
    (void)snprintf(first, sizeof first, "%s", member("for_state"));
    (void)snprintf(body, sizeof body, "{\"state\":\"%s\"}", first);
    assert_int_equal(fore_engine_counts(dc.engine).moves_running, 0);
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/approve", (long long)id);
    assert_int_equal(change("POST", path, "{\"state\":\"another\"}"), 409);
    assert_int_equal(change("POST", path, body), 202);
    assert_true(number("moves_begun") > 0);
    assert_true(fore_engine_counts(dc.engine).moves_running > 0);
    assert_string_not_equal(member("state"), first);
    assert_int_equal(change("POST", path, NULL), 409);
    assert_string_equal(code(), "not-a-dry-run");
    assert_int_equal(change("POST", "/v1/plans/99999/approve", NULL), 404);
}

static void a_plan_for_a_state_that_has_passed_is_refused(void **state)
{
    (void)state;
    desk_case_run(HOT);
    assert_int_equal(change("POST", "/v1/plans", NULL), 201);
    char path[64];
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/approve", (long long)number("id"));
    char owner[FORE_NAME_MAX];
    assert_int_equal(change("POST", "/v1/reshard", move_away(owner)), 202);
    assert_int_equal(change("POST", path, NULL), 409);
    assert_string_equal(code(), "stale");
}

static void a_move_by_hand_is_checked_carried_out_and_cancelled(void **state)
{
    (void)state;
    static const char *const bad[] = {"{\"partition\":40}",
                                      "{\"target\":\"node-07\"}",
                                      "{\"partition\":40,\"target\":\"node-99\"}",
                                      "{\"partition\":4000,\"target\":\"node-07\"}",
                                      "{\"partition\":-1,\"target\":\"node-07\"}",
                                      "{\"partition\":\"40\",\"target\":\"node-07\"}",
                                      "{\"partition\":40,\"target\":7}"};
    char path[64], owner[FORE_NAME_MAX], target[FORE_NAME_MAX] = "", body[160];
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++)
        assert_int_equal(change("POST", "/v1/reshard", bad[i]), 422);
    (void)snprintf(body, sizeof body, "%s", move_away(owner));
    (void)sscanf(body, "{\"partition\":40,\"target\":\"%23[^\"]", target);
    assert_int_equal(change("POST", "/v1/reshard", body), 202);
    json_int_t plan = number("id");
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/cancel", (long long)plan);
    assert_int_equal(change("POST", path, NULL), 409); /* it has no ticket yet */
    assert_string_equal(code(), "not-yet");
    desk_case_run(3);
    assert_int_equal(get("/v1/migrations?running=true"), 200);
    const json_t *move = json_array_get(json_object_get(dc.json, "migrations"), 0);
    assert_true(json_number_value(json_object_get(move, "eta_s")) > 0);
    assert_true(json_number_value(json_object_get(move, "progress")) > 0);
    assert_string_equal(json_string_value(json_object_get(move, "target")), target);
    (void)snprintf(path, sizeof path, "/v1/migrations/%lld/cancel",
                   (long long)json_integer_value(json_object_get(move, "ticket")));
    assert_int_equal(change("POST", path, NULL), 200);
    assert_int_equal(change("POST", path, NULL), 404);
    assert_int_equal(change("POST", "/v1/migrations/0/cancel", NULL), 404);
    desk_case_run(30);
    assert_int_equal(get("/v1/partitions/40"), 200);
    assert_string_equal(json_string_value(json_array_get(json_object_get(dc.json, "nodes"), 0)),
                        owner);
}

static void nothing_is_moved_while_only_observing_or_held(void **state)
{
    (void)state;
    static const char move[] = "{\"partition\":40,\"target\":\"node-07\"}";
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"observe\"}"), 200);
    desk_case_run(HOT);
    assert_int_equal(fore_engine_counts(dc.engine).plans, 0);
    assert_int_equal(change("POST", "/v1/reshard", move), 409);
    assert_string_equal(code(), "observing");
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"propose\"}"), 200);
    live_desk_hold(dc.desk, true);
    assert_int_equal(change("POST", "/v1/reshard", move), 409);
    assert_string_equal(code(), "held");
    live_desk_hold(dc.desk, false);
    desk_case_run(20);
    assert_true(fore_engine_counts(dc.engine).plans > 0); /* it proposes */
    assert_int_equal(fore_engine_counts(dc.engine).plans_admitted, 0);
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"auto\"}"), 200);
    desk_case_run(60);
    assert_true(fore_engine_counts(dc.engine).plans_admitted > 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(every_route_served_is_described_and_the_other_way_round),
        T(every_name_in_the_description_is_there_once),
        T(answers_are_as_described),
        T(partitions_come_by_score),
        T(a_forecast_comes_in_quantiles_with_its_reason),
        T(changes_need_the_token),
        T(beyond_loopback_reads_need_it_too),
        T(tokens_are_compared_whole),
        T(what_is_not_served_is_refused_by_name),
        T(bodies_that_are_not_understood_change_nothing),
        T(a_plan_is_bound_to_its_state),
        T(a_plan_for_a_state_that_has_passed_is_refused),
        T(a_move_by_hand_is_checked_carried_out_and_cancelled),
        T(nothing_is_moved_while_only_observing_or_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
