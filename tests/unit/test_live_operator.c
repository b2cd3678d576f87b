/* What an operator decides through the API: proposals of the engine's are approved or rejected,
 * moves paused and resumed; each is an order that says who asked. */
#include "tests/live/desk_talk.h"

static void what_the_engine_proposes_can_be_approved_or_rejected(void **state)
{
    (void)state;
    char path[64];
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"propose\"}"), 200);
    assert_string_equal(dc.order, "mode: \"propose\", by test");
    desk_case_run(HOT);
    assert_int_equal(fore_engine_counts(dc.engine).plans_admitted, 0);
    assert_int_equal(get("/v1/plans"), 200);
    const json_t *list = json_object_get(dc.json, "plans");
    const json_t *newest = json_array_get(list, 0), *before = json_array_get(list, 1);
    assert_string_equal(json_string_value(json_object_get(newest, "status")), "proposed");
    assert_true(json_number_value(json_object_get(newest, "total_duration_s")) > 0);
    json_int_t id = json_integer_value(json_object_get(newest, "id"));
    json_int_t older = json_integer_value(json_object_get(before, "id"));
    json_int_t number_of_it = json_integer_value(json_object_get(newest, "engine_plan"));
    (void)snprintf(path, sizeof path, "/v1/plans/%lld", (long long)id);
    assert_int_equal(get(path), 200);
    const json_t *explained = json_object_get(dc.json, "explained");
    const json_t *moves = json_object_get(explained, "moves"), *move;
    size_t i, travel = 0;
    assert_int_equal(json_array_size(moves), number("move_count"));
    json_array_foreach(moves, i, move) if (json_number_value(json_object_get(move, "bytes")) > 0)
    { /* a split's do not */
        assert_non_null(json_string_value(json_object_get(move, "target")));
        travel++;
    }
    assert_true(travel > 0);
    assert_non_null(json_string_value(json_object_get(explained, "reason")));
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/cancel", (long long)older);
    assert_int_equal(change("POST", path, NULL), 200);
    assert_string_equal(member("status"), "cancelled");
    assert_non_null(strstr(dc.order, "rejected, by test"));
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/approve", (long long)older);
    assert_int_equal(change("POST", path, NULL), 409);
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/approve", (long long)id);
    assert_int_equal(change("POST", path, NULL), 202);
    assert_true(number("moves_begun") > 0);
    char said[64];
    (void)snprintf(said, sizeof said, "proposal %lld approved", (long long)number_of_it);
    assert_non_null(strstr(dc.order, said));
    assert_int_equal(fore_engine_counts(dc.engine).plans_admitted, 1);
    assert_int_equal(change("POST", path, NULL), 409); /* once */
    live_desk_publish(dc.desk);
    assert_int_equal(get("/v1/plans"), 200); /* and it is one plan, not two */
    list = json_object_get(dc.json, "plans");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "id")), id);
}

static void a_proposal_is_bound_to_its_state_too(void **state)
{
    (void)state;
    char path[64], owner[FORE_NAME_MAX];
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"propose\"}"), 200);
    desk_case_run(HOT);
    assert_int_equal(get("/v1/plans"), 200);
    const json_t *newest = json_array_get(json_object_get(dc.json, "plans"), 0);
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/approve",
                   (long long)json_integer_value(json_object_get(newest, "id")));
    assert_int_equal(change("POST", "/v1/reshard", move_away(owner)), 202);
    assert_int_equal(change("POST", path, NULL), 409);
    assert_string_equal(code(), "stale");
}

static void a_move_can_be_paused_and_goes_on_where_it_was(void **state)
{
    (void)state;
    char path[64], owner[FORE_NAME_MAX];
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"propose\"}"), 200);
    assert_int_equal(change("POST", "/v1/reshard", move_away(owner)), 202);
    assert_string_equal(dc.order, "resharding asked for, by test");
    desk_case_run(3);
    assert_int_equal(get("/v1/migrations?running=true"), 200);
    const json_t *move = json_array_get(json_object_get(dc.json, "migrations"), 0);
    assert_false(json_is_true(json_object_get(move, "paused")));
    long long ticket = (long long)json_integer_value(json_object_get(move, "ticket"));
    (void)snprintf(path, sizeof path, "/v1/migrations/%lld/pause", ticket);
    assert_int_equal(change("POST", path, NULL), 200);
    assert_string_equal(member("outcome"), "paused");
    assert_non_null(strstr(dc.order, "paused, by test"));
    desk_case_run(1); /* what was under way */
    assert_int_equal(get("/v1/migrations?running=true"), 200);
    move = json_array_get(json_object_get(dc.json, "migrations"), 0);
    assert_true(json_is_true(json_object_get(move, "paused")));
    json_int_t done = json_integer_value(json_object_get(move, "bytes_done"));
    desk_case_run(90);
    assert_int_equal(get("/v1/migrations?running=true"), 200);
    move = json_array_get(json_object_get(dc.json, "migrations"), 0);
    assert_true(json_integer_value(json_object_get(move, "bytes_done")) < done + 1000);
    (void)snprintf(path, sizeof path, "/v1/migrations/%lld/resume", ticket);
    assert_int_equal(change("POST", path, NULL), 200);
    desk_case_run(90);
    assert_int_equal(get("/v1/partitions/40"), 200);
    assert_string_not_equal(json_string_value(json_array_get(json_object_get(dc.json, "nodes"), 0)),
                            owner);
    assert_int_equal(change("POST", path, NULL), 404);
    assert_int_equal(change("POST", "/v1/migrations/x/pause", NULL), 404);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_the_engine_proposes_can_be_approved_or_rejected),
        T(a_proposal_is_bound_to_its_state_too),
        T(a_move_can_be_paused_and_goes_on_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
