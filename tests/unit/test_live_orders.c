/* What operators order through the API: in force from the next step on, told in the journal, on
 * tape, and the same again when the tape is played. */
#include "live/retrace.h"
#include "tests/live/desk_case.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct scratch scratch;
static char tape[256];

static int begin(void **state)
{
    (void)state;
    scratch = scratch_begin();
    (void)snprintf(tape, sizeof tape, "%s", scratch_path(&scratch, "run.tape"));
    desk_case_open_taped(NULL, tape, NULL);
    desk_case_run(10);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scratch_end(&scratch);
    return 0;
}

static uint32_t ask(const char *method, const char *path, const char *body)
{
    return desk_case_ask(method, path, body, desk_case_token);
}

/* What the journal says last about an order. */
static struct {
    struct fore_event_order event;
    char text[600];
    uint32_t count;
} told;

static void hear(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    (void)self;
    (void)at;
    if (kind != FORE_EV_ORDER) return;
    memcpy(&told.event, body, sizeof told.event);
    (void)snprintf(told.text, sizeof told.text, "%s", (const char *)body + sizeof told.event);
    told.count++;
}

static void listen(void)
{
    memset(&told, 0, sizeof told);
    dc.hear = (struct fore_sink){.put = hear};
}

static void expect(enum fore_order_kind kind, bool done, const char *words)
{
    if (told.count != 1 || told.event.kind != kind || (told.event.done != 0) != done ||
        strstr(told.text, words) == NULL)
        fail_msg("%u events; kind %u, done %u: %s, not: %s", told.count, told.event.kind,
                 told.event.done, told.text, words);
    listen();
}

/* The run, ended, played again: its events are those of the run. */
static void replay(const struct live_config *config, uint64_t digest, uint64_t orders_least)
{
    struct live_retrace_result result;
    struct fore_diag diag = {.code = FORE_E_OK};
    if (live_retrace(config, tape, NULL, &result, &diag) != FORE_E_OK)
        fail_msg("%s; %llu steps, %llu orders", diag.text, (unsigned long long)result.steps,
                 (unsigned long long)result.orders);
    assert_true(result.orders >= orders_least);
    assert_true(result.digest == digest);
}

static void close_and_replay(uint64_t orders_least)
{
    uint64_t digest = fore_journal_writer_digest(dc.writer);
    struct live_config config = dc.config; /* its texts outlive the case's end */
    struct fore_arena kept = dc.arena;
    dc.arena = (struct fore_arena){0};
    desk_case_close();
    replay(&config, digest, orders_least);
    fore_arena_fini(&kept);
}

static json_int_t number(const char *name)
{
    return json_integer_value(json_object_get(dc.json, name));
}

/* A move by hand to the first node that takes one. */
static bool reshard_something(uint32_t from)
{
    char body[100];
    for (uint32_t i = 0; i < 40; i++) {
        (void)snprintf(body, sizeof body, "{\"partition\":%u,\"target\":\"node-%02u\"}", from,
                       (from + i) % 8);
        if (ask("POST", "/v1/reshard", body) == 202) return true;
    }
    return false;
}

static void every_order_is_an_event_that_says_who(void **state)
{
    (void)state;
    char path[64];
    listen();
    assert_int_equal(ask("PUT", "/v1/settings/strategy", "{\"value\":\"reactive\"}"), 200);
    expect(FORE_ORDER_STRATEGY, true, "strategy: \"reactive\", by test");
    assert_string_equal(fore_engine_policy(dc.engine)->name, "reactive");
    assert_int_equal(ask("PUT", "/v1/settings/strategy", "{\"value\":\"hope\"}"), 422);
    expect(FORE_ORDER_STRATEGY, false, "refused");
    assert_int_equal(ask("PUT", "/v1/settings/hints", "{\"value\":\"keys sometimes\"}"), 422);
    expect(FORE_ORDER_HINTS, false, "refused");
    assert_int_equal(ask("PUT", "/v1/partitions/3/threshold", "{\"threshold\":0.5}"), 200);
    expect(FORE_ORDER_THRESHOLDS, true, "keys:3=0.5");
    assert_int_equal(ask("PUT", "/v1/settings/quiet", "{\"value\":\"18:00-19:00\"}"), 200);
    expect(FORE_ORDER_TIMETABLE, true, "18:00-19:00");
    assert_int_equal(ask("PUT", "/v1/settings/pin", "{\"value\":\"keys:3 -> node-01\"}"), 200);
    expect(FORE_ORDER_PLACEMENT, true, "pin");
    assert_int_equal(ask("DELETE", "/v1/settings/pin", NULL), 200);
    expect(FORE_ORDER_PLACEMENT, true, "pin");
    assert_int_equal(ask("PUT", "/v1/settings/mode", "{\"value\":\"observe\"}"), 200);
    expect(FORE_ORDER_MODE, true, "observe");
    assert_int_equal(ask("PUT", "/v1/settings/mode", "{\"value\":\"propose\"}"), 200);
    expect(FORE_ORDER_MODE, true, "propose");
    assert_int_equal(ask("PUT", "/v1/settings/replicas", "{\"value\":2}"), 200);
    expect(FORE_ORDER_SETTING, true, "replicas");
    live_desk_hold(dc.desk, true);
    expect(FORE_ORDER_HOLD, true, "kill file is there");
    live_desk_hold(dc.desk, false);
    expect(FORE_ORDER_HOLD, true, "gone");
    desk_case_run(5);
    assert_int_equal(ask("POST", "/v1/plans", "{}"), 201);
    (void)snprintf(path, sizeof path, "/v1/plans/%lld/cancel", (long long)number("id"));
    assert_int_equal(told.count, 0);
    assert_int_equal(ask("POST", path, NULL), 200);
    expect(FORE_ORDER_CANCEL_PLAN, true, "rejected, by test");
    while (told.count == 0 && !reshard_something(5))
        desk_case_run(1);
    told.count = told.count > 0 && told.event.done ? 1 : 0; /* those before were refused */
    expect(FORE_ORDER_RESHARD, true, "resharding asked for, by test");
    assert_true(told.event.plan == 0);
    desk_case_run(1);
    const struct fore_migrate *moves = fore_engine_moves(dc.engine);
    assert_true(moves->running > 0 && moves->migration[0].ticket != 0);
    (void)snprintf(path, sizeof path, "/v1/migrations/%llu/cancel",
                   (unsigned long long)moves->migration[0].ticket);
    listen();
    assert_int_equal(ask("POST", path, NULL), 200);
    expect(FORE_ORDER_CANCEL_MOVE, true, "cancelled, by test");
    assert_int_equal(ask("POST", path, NULL), 404);
    desk_case_run(3);
    close_and_replay(15);
}

static void a_sharding_key_says_that_it_is_advice(void **state)
{
    (void)state;
    assert_int_equal(ask("PUT", "/v1/settings/sharding_key", "{\"value\":\"cart:{user}:*\"}"), 200);
    assert_string_equal(json_string_value(json_object_get(dc.json, "in_force")), "as advice");
    const char *reason = json_string_value(json_object_get(dc.json, "reason"));
    assert_non_null(strstr(reason, "\"user\""));
    assert_non_null(strstr(reason, "none is renamed or moved"));
    assert_int_equal(ask("GET", "/v1/settings/sharding_key", NULL), 200);
    assert_non_null(json_object_get(dc.json, "reason"));
    assert_int_equal(ask("PUT", "/v1/settings/sharding_key", "{\"value\":\"user_id\"}"), 200);
    reason = json_string_value(json_object_get(dc.json, "reason"));
    assert_non_null(strstr(reason, "{user_id}"));
    assert_int_equal(ask("PUT", "/v1/settings/sharding_key", "{\"value\":\"a{}b\"}"), 422);
    assert_int_equal(ask("PUT", "/v1/settings/sharding_key", "{\"value\":\"a{b\"}"), 422);
    desk_case_close();
}

/* One of everything that may be ordered, good or bad. */
static void order_something(struct fore_rng *rng)
{
    static const char *const bodies[][2] = {
        {"strategy",   "reactive"                  },
        {"strategy",   "nowcast"                   },
        {"strategy",   "predictive"                },
        {"strategy",   "slicer"                    },
        {"mode",       "auto"                      },
        {"mode",       "propose"                   },
        {"mode",       "observe"                   },
        {"mode",       "auto"                      },
        {"hints",      "keys daily 00:02..00:30 x3"},
        {"hints",      ""                          },
        {"thresholds", "*=0.01"                    },
        {"thresholds", "*=0.9, keys:3=0.1"         },
        {"thresholds", "keys=2"                    },
        {"quiet",      "00:03-00:04"               },
        {"quiet",      ""                          },
        {"pin",        "keys:3 -> node-01|node-02" },
        {"pin",        "* -> node-99"              },
        {"pin",        ""                          },
        {"forbidden",  "node-07"                   },
        {"forbidden",  ""                          },
    };
    char path[80], body[120];
    uint32_t what = fore_rng_below(rng, FORE_COUNTOF(bodies) + 6);
    if (what < FORE_COUNTOF(bodies)) {
        (void)snprintf(path, sizeof path, "/v1/settings/%s", bodies[what][0]);
        (void)snprintf(body, sizeof body, "{\"value\":\"%s\"}", bodies[what][1]);
        (void)ask("PUT", path, body);
        return;
    }
    if (what < FORE_COUNTOF(bodies) + 3) {
        bool made = ask("POST", "/v1/plans", "{}") == 201;
        if (!made) return;
        bool approve = fore_rng_below(rng, 3) > 0;
        (void)snprintf(path, sizeof path, "/v1/plans/%lld/%s", (long long)number("id"),
                       approve ? "approve" : "cancel");
        (void)ask("POST", path, approve ? "{}" : NULL);
        return;
    }
    const struct fore_migrate *moves = fore_engine_moves(dc.engine);
    if (what == FORE_COUNTOF(bodies) + 3 && moves->running > 0) {
        (void)snprintf(path, sizeof path, "/v1/migrations/%llu/cancel",
                       (unsigned long long)moves->migration[0].ticket);
        (void)ask("POST", path, NULL);
        return;
    }
    (void)reshard_something(fore_rng_below(rng, 60));
}

static void any_orders_are_played_again_bit_for_bit(void **state)
{
    (void)state;
    desk_case_close();
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "test.orders", 0);
        print_message("seed %llu\n", (unsigned long long)seed);
        desk_case_open_taped(NULL, tape, NULL);
        for (int i = 0; i < 60; i++) {
            desk_case_run(fore_rng_below(&rng, 8));
            order_something(&rng);
        }
        assert_true(fore_engine_counts(dc.engine).plans_admitted > 0);
        close_and_replay(60);
    }
}

/* Kept settings are ordered before the first step, and so they are on the tape. */
static void what_was_kept_is_played_again_too(void **state)
{
    (void)state;
    char memory[256];
    (void)snprintf(memory, sizeof memory, "%s", scratch_path(&scratch, "memory.db"));
    desk_case_close();
    desk_case_open(memory, NULL);
    desk_case_run(2);
    assert_int_equal(ask("PUT", "/v1/settings/strategy", "{\"value\":\"reactive\"}"), 200);
    assert_int_equal(ask("PUT", "/v1/settings/thresholds", "{\"value\":\"*=0.01\"}"), 200);
    desk_case_close();
    desk_case_open_taped(memory, tape, NULL);
    assert_string_equal(fore_engine_policy(dc.engine)->name, "reactive");
    desk_case_run(100);
    assert_int_equal(ask("GET", "/v1/settings/strategy", NULL), 200);
    assert_true(json_is_false(json_object_get(dc.json, "as_configured")));
    assert_int_equal(ask("DELETE", "/v1/settings/strategy", NULL), 200);
    assert_string_equal(fore_engine_policy(dc.engine)->name, "predictive");
    desk_case_run(20);
    close_and_replay(3);
}

static void orders_as_bytes(void **state)
{
    (void)state;
    static struct live_order order, back;
    struct fore_buf bytes = {0};
    desk_case_close();
    order = (struct live_order){
        .kind = FORE_ORDER_RESHARD,
        .now = 7,
        .ticket = 8,
        .plan_id = 9,
        .text = {NULL, "two"},
        .said = "said"
    };
    order.plan.move_count = 2;
    live_order_write(&order, &bytes);
    assert_int_equal(live_order_read(bytes.data, bytes.len, &back), FORE_E_OK);
    assert_int_equal(back.plan.move_count, 2);
    assert_null(back.text[0]);
    assert_string_equal(back.text[1], "two");
    assert_string_equal(back.said, "said");
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(live_order_read(bytes.data, len, &back), FORE_E_FORMAT);
    fore_buf_puts(&bytes, "x");
    assert_int_equal(live_order_read(bytes.data, bytes.len, &back), FORE_E_FORMAT);
    fore_buf_fini(&bytes);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(every_order_is_an_event_that_says_who),
        T(a_sharding_key_says_that_it_is_advice),
        T(any_orders_are_played_again_bit_for_bit),
        T(what_was_kept_is_played_again_too),
        T(orders_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
