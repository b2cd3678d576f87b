/* Settings through the API: checked by what they are for, kept over a restart, journalled. */
#include "tests/live/desk_case.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int begin(void **state)
{
    (void)state;
    desk_case_open(NULL, NULL);
    desk_case_run(10);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_case_close();
    return 0;
}

static uint32_t get(const char *path)
{
    return desk_case_ask("GET", path, NULL, NULL);
}

static uint32_t change(const char *method, const char *path, const char *body)
{
    return desk_case_ask(method, path, body, desk_case_token);
}

static const char *member(const char *name)
{
    return json_string_value(json_object_get(dc.json, name));
}

static void settings_are_checked_by_what_they_are_for(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"mode",           "\"fly\""              },
        {"strategy",       "\"oracle\""           },
        {"strategy",       "\"hope\""             },
        {"replicas",       "99"                   },
        {"replicas",       "\"two\""              },
        {"thresholds",     "\"keys=2\""           },
        {"thresholds",     "\"usres=1\""          },
        {"hints",          "\"keys sometimes x2\""},
        {"quiet",          "\"late\""             },
        {"finish_before",  "\"25:00\""            },
        {"pin",            "\"* -> node-99\""     },
        {"apart",          "\"keys\""             },
        {"forbidden",      "[\"node-00\",7]"      },
        {"replicas_apart", "\"planet\""           },
        {"mode",           "null"                 },
        {"mode",           "{}"                   },
        {"sharding_key",   "\"a\\u0000b\""        },
        {"sharding_key",   "\"a\\u0001b\""        },
    };
    static const char *const good[][2] = {
        {"mode",           "\"propose\""                    },
        {"strategy",       "\"reactive\""                   },
        {"replicas",       "2"                              },
        {"thresholds",     "\"*=0.2, keys:3=0.9\""          },
        {"hints",          "\"keys daily 02:00..02:30 x3\"" },
        {"quiet",          "\"mon-fri 18:00-22:00\""        },
        {"finish_before",  "\"07:00\""                      },
        {"pin",            "[\"keys:3 -> node-01|node-02\"]"},
        {"forbidden",      "[\"node-07\"]"                  },
        {"apart",          "\"\""                           },
        {"replicas_apart", "\"zone\""                       },
        {"sharding_key",   "\"customer_id\""                },
    };
    char path[64], body[200];
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        (void)snprintf(path, sizeof path, "/v1/settings/%s", bad[i][0]);
        (void)snprintf(body, sizeof body, "{\"value\":%s}", bad[i][1]);
        uint32_t status = change("PUT", path, body);
        if (status != 422 && status != 409 && status != 400)
            fail_msg("%s: %u %s", body, status, dc.text);
    }
    assert_int_equal(change("PUT", "/v1/settings/colour", "{\"value\":\"red\"}"), 404);
    assert_int_equal(change("PUT", "/v1/settings/mode", "{}"), 422);
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"auto\",\"x\":1}"), 422);
    for (int i = 0; i < LIVE_SETTINGS; i++)
        assert_string_equal(dc.desk->setting[i], dc.desk->configured[i]);
    for (size_t i = 0; i < FORE_COUNTOF(good); i++) {
        (void)snprintf(path, sizeof path, "/v1/settings/%s", good[i][0]);
        (void)snprintf(body, sizeof body, "{\"value\":%s}", good[i][1]);
        if (change("PUT", path, body) != 200) fail_msg("%s: %s", body, dc.text);
        assert_int_equal(get(path), 200);
    }
}

static void a_partition_has_a_threshold_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(change("PUT", "/v1/settings/thresholds", "{\"value\":\"*=0.25\"}"), 200);
    assert_int_equal(change("PUT", "/v1/partitions/3/threshold", "{\"threshold\":0.5}"), 200);
    assert_int_equal(change("PUT", "/v1/partitions/3/threshold", "{\"threshold\":0.75}"), 200);
    assert_string_equal(member("value"), "*=0.25, keys:3=0.75");
    assert_int_equal(get("/v1/partitions/3"), 200);
    assert_true(json_number_value(json_object_get(dc.json, "threshold")) == 0.75);
    assert_int_equal(get("/v1/partitions/4"), 200);
    assert_true(json_number_value(json_object_get(dc.json, "threshold")) == 0.25);
    assert_int_equal(change("PUT", "/v1/partitions/3/threshold", "{\"threshold\":1.5}"), 422);
    assert_int_equal(change("PUT", "/v1/partitions/3/threshold", "{\"threshold\":\"1\"}"), 422);
    assert_int_equal(change("PUT", "/v1/partitions/900/threshold", "{\"threshold\":0.5}"), 404);
    assert_int_equal(change("DELETE", "/v1/partitions/3/threshold", NULL), 200);
    assert_string_equal(member("value"), "*=0.25");
    assert_int_equal(change("DELETE", "/v1/partitions/3/threshold", NULL), 404);
}

static void settings_are_kept_and_their_changes_told(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    const char *file = scratch_path(&scratch, "memory.db");
    desk_case_close();
    desk_case_open(file, NULL);
    desk_case_run(5);
    assert_int_equal(change("PUT", "/v1/settings/quiet", "{\"value\":\"18:00-19:00\"}"), 200);
    assert_int_equal(change("PUT", "/v1/settings/mode", "{\"value\":\"propose\"}"), 200);
    assert_int_equal(change("PUT", "/v1/settings/replicas", "{\"value\":2}"), 200);
    assert_int_equal(change("DELETE", "/v1/settings/mode", NULL), 200);
    assert_string_equal(member("value"), "auto");
    desk_case_close();
    desk_case_open(file, NULL);
    desk_case_run(5);
    assert_int_equal(get("/v1/settings/quiet"), 200);
    assert_string_equal(member("value"), "18:00-19:00");
    assert_true(json_is_false(json_object_get(dc.json, "as_configured")));
    assert_int_equal(get("/v1/settings/mode"), 200);
    assert_string_equal(member("value"), "auto");
    assert_int_equal(get("/v1/recommendations"), 200);
    assert_true(json_array_size(json_object_get(dc.json, "too_few_replicas")) > 0);
    assert_int_equal(get("/v1/changes"), 200);
    const json_t *changes = json_object_get(dc.json, "changes");
    assert_int_equal(json_array_size(changes), 4);
    const json_t *newest = json_array_get(changes, 0);
    assert_string_equal(json_string_value(json_object_get(newest, "setting")), "mode");
    assert_string_equal(json_string_value(json_object_get(newest, "before")), "propose");
    assert_true(json_is_null(json_object_get(newest, "after")));
    assert_string_equal(json_string_value(json_object_get(newest, "who")), "test");
    assert_int_equal(get("/v1/changes?limit=1"), 200);
    assert_int_equal(json_array_size(json_object_get(dc.json, "changes")), 1);
    desk_case_close();
    scratch_end(&scratch);
    desk_case_open(NULL, NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(settings_are_checked_by_what_they_are_for),
        T(a_partition_has_a_threshold_of_its_own),
        T(settings_are_kept_and_their_changes_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
