/* test_live_client.c - replies, links and the cluster client, against servers that say what the
 * test wants said: redirections, refusals, lies, silence. */
#include "live/base/clock.h"
#include "live/redis/client.h"
#include "tests/live/fake_resp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

/* ---- two servers that share a cluster ----------------------------------------------------- */

struct world {
    struct fake_resp a, b;
    const char *a_says, *b_says; /* to GET; NULL: hangs up */
    int a_times;                 /* so often, and then +fine */
    atomic_int asking;           /* ASKING seen by b */
    atomic_int gets_a, gets_b;
    char slots[256], text[256]; /* CLUSTER SLOTS of both */
    const char *password;
    bool slots_are_junk;
};

static const char *answer(struct fake_resp *server, int arg_count, const char *const *arg)
{
    struct world *w = server->self;
    bool is_a = server == &w->a;
    if (strcasecmp(arg[0], "AUTH") == 0)
        return w->password != NULL && strcmp(arg[arg_count - 1], w->password) == 0
                   ? "+OK\r\n"
                   : "-WRONGPASS invalid username-password pair\r\n";
    if (strcasecmp(arg[0], "CLUSTER") == 0) return w->slots;
    if (strcasecmp(arg[0], "ASKING") == 0) {
        w->asking++;
        return "+OK\r\n";
    }
    int times = is_a ? ++w->gets_a : ++w->gets_b;
    if (is_a) return times <= w->a_times ? w->a_says : "$4\r\nfine\r\n";
    return w->b_says;
}

/* Every slot belongs to a. */
static struct world *world_begin(void)
{
    struct world *w = calloc(1, sizeof *w);
    w->a.answer = w->b.answer = answer;
    w->a.self = w->b.self = w;
    w->a_times = 1;
    w->b_says = "$1\r\nb\r\n";
    fake_resp_start(&w->a);
    fake_resp_start(&w->b);
    (void)snprintf(w->slots, sizeof w->slots,
                   "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:%d\r\n", w->a.port);
    return w;
}

static void world_end(struct world *w)
{
    fake_resp_stop(&w->a);
    fake_resp_stop(&w->b);
    free(w);
}

static const char *redirect(struct world *w, const char *word)
{
    (void)snprintf(w->text, sizeof w->text, "-%s 12182 127.0.0.1:%d\r\n", word, w->b.port);
    return w->text;
}

static enum fore_err get(struct world *w, struct live_client_counts *counts, char *said,
                         bool idempotent)
{
    static const char *const arg[] = {"GET", "foo"};
    struct live_command command = {.arg = arg, .arg_count = 2, .key = 1, .idempotent = idempotent};
    struct live_address seed = fake_resp_address(&w->a);
    struct live_client_options options = {
        .seed = &seed, .seed_count = 1, .access = {.timeout_ms = 200}, .deadline_ms = 700};
    struct live_client *client = malloc(sizeof *client);
    struct fore_diag diag = {0};
    redisReply *reply = NULL;
    enum fore_err err = live_client_open(client, &options, &diag);
    if (err == FORE_E_OK) {
        err = live_client_call(client, &command, &reply);
        if (counts != NULL) *counts = client->counts;
        live_client_close(client);
    }
    if (said != NULL) (void)snprintf(said, 32, "%s", reply != NULL ? reply->str : "nothing");
    if (reply != NULL) freeReplyObject(reply);
    free(client);
    return err;
}

static void expect(struct world *w, const char *expected, struct live_client_counts *counts)
{
    char said[32];
    assert_int_equal(get(w, counts, said, true), FORE_E_OK);
    assert_string_equal(said, expected);
}

/* ---- replies ------------------------------------------------------------------------------ */

static enum fore_err redirected(const char *text, struct live_redirect *out)
{
    char bytes[128];
    (void)snprintf(bytes, sizeof bytes, "%s", text);
    redisReply reply = {.type = REDIS_REPLY_ERROR, .str = bytes, .len = strlen(bytes)};
    return live_reply_redirect(&reply, out);
}

static void a_redirection_is_taken_apart_strictly(void **state)
{
    (void)state;
    struct live_redirect out;
    assert_int_equal(redirected("MOVED 3999 127.0.0.1:6381", &out), FORE_E_OK);
    assert_int_equal(out.slot, 3999);
    assert_int_equal(out.address.port, 6381);
    assert_string_equal(out.address.host, "127.0.0.1");
    assert_int_equal(redirected("ASK 0 [::1]:1", &out), FORE_E_OK);
    assert_string_equal(out.address.host, "::1");
    assert_int_equal(redirected("MOVED 5 :7000", &out), FORE_E_OK);
    assert_string_equal(out.address.host, "");
    static const char *const bad[] = {
        "MOVED",
        "MOVED ",
        "MOVED 1",
        "MOVED x a:1",
        "MOVED 16384 a:1",
        "MOVED 1 a",
        "MOVED 1 a:0",
        "MOVED 1 a:65536",
        "MOVED 1 a:-1",
        "MOVED -1 a:1",
        "MOVED 1  a:",
        "TRYAGAIN 1 a:1",
        "MOVED 1 a:1 ",
        "MOVED 99999999999999999999999 a:1",
        "ASK 1 :",
        "MOVED 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1"};
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++)
        if (redirected(bad[i], &out) == FORE_E_OK) fail_msg("taken: %s", bad[i]);
}

static void every_answer_has_a_kind(void **state)
{
    (void)state;
    char text[] = "MOVEDX 1";
    redisReply reply = {.type = REDIS_REPLY_ERROR, .str = text, .len = sizeof text - 1};
    assert_int_equal(live_reply_kind(NULL), LIVE_LOST);
    assert_int_equal(live_reply_kind(&reply), LIVE_ERROR);
    reply.len = 5;
    assert_int_equal(live_reply_kind(&reply), LIVE_MOVED);
    reply.len = 0;
    assert_int_equal(live_reply_kind(&reply), LIVE_ERROR);
    reply.type = REDIS_REPLY_NIL;
    assert_int_equal(live_reply_kind(&reply), LIVE_FINE);
    assert_int_equal(live_answer_err(LIVE_LOST), FORE_E_UNREACHABLE);
    assert_int_equal(live_answer_err(LIVE_DENIED), FORE_E_REFUSED);
    for (int i = 0; i < LIVE_ANSWERS; i++)
        assert_string_not_equal(live_answer_text((enum live_answer)i), "unknown");
}

/* ---- the client --------------------------------------------------------------------------- */

static void moved_is_followed_and_learned(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_client_counts counts;
    w->a_says = redirect(w, "MOVED");
    expect(w, "b", &counts);
    assert_int_equal(counts.moved, 1);
    assert_int_equal(w->asking, 0);
    world_end(w);
}

static void ask_is_followed_once_with_asking(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_client_counts counts;
    w->a_says = redirect(w, "ASK");
    expect(w, "b", &counts);
    assert_int_equal(counts.ask, 1);
    assert_int_equal(w->asking, 1);
    expect(w, "fine", NULL); /* a again: ASK taught nothing */
    world_end(w);
}

static void what_passes_by_itself_is_waited_out(void **state)
{
    (void)state;
    static const char *const passing[] = {"-TRYAGAIN keys\r\n", "-CLUSTERDOWN no owner\r\n",
                                          "-LOADING data\r\n", "-MASTERDOWN link\r\n",
                                          "-BUSY script\r\n"};
    for (size_t i = 0; i < FORE_COUNTOF(passing); i++) {
        struct world *w = world_begin();
        struct live_client_counts counts;
        w->a_says = passing[i];
        w->a_times = 3;
        expect(w, "fine", &counts);
        assert_int_equal(counts.waited, 3);
        world_end(w);
    }
}

static void waiting_ends_at_the_deadline(void **state)
{
    (void)state;
    struct world *w = world_begin();
    w->a_says = "-CLUSTERDOWN the cluster is down\r\n";
    w->a_times = 1000000;
    uint64_t began = live_clock_ms();
    assert_int_equal(get(w, NULL, NULL, true), FORE_E_AGAIN);
    assert_in_range(live_clock_ms() - began, 600, 2500);
    world_end(w);
}

static void a_lost_reply_is_asked_for_again_only_when_that_is_harmless(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_client_counts counts;
    w->a_says = NULL;
    expect(w, "fine", &counts);
    assert_int_equal(counts.lost, 1);
    w->gets_a = 0;
    assert_int_equal(get(w, NULL, NULL, false), FORE_E_UNREACHABLE);
    assert_int_equal(w->gets_a, 1);
    world_end(w);
}

static void other_errors_belong_to_the_caller(void **state)
{
    (void)state;
    struct world *w = world_begin();
    char said[32];
    w->a_says = "-WRONGTYPE no\r\n";
    assert_int_equal(get(w, NULL, said, true), FORE_E_OK);
    assert_string_equal(said, "WRONGTYPE no");
    world_end(w);
}

/* Redirections to nowhere, in circles, out of range, and slot maps that are not ones. */
static void lies_end_at_the_deadline_and_break_nothing(void **state)
{
    (void)state;
    static const char *const lies[] = {"-MOVED 99999 127.0.0.1:1\r\n", "-MOVED 1\r\n",
                                       "-ASK 1 127.0.0.1:1\r\n", "-MOVED 12182 256.1.1.1:1\r\n"};
    for (size_t i = 0; i < FORE_COUNTOF(lies); i++) {
        struct world *w = world_begin();
        w->a_says = lies[i];
        w->a_times = 1000000;
        assert_int_not_equal(get(w, NULL, NULL, true), FORE_E_OK);
        world_end(w);
    }
    static const char *const maps[] = {
        "*0\r\n",
        "+OK\r\n",
        ":7\r\n",
        "*1\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\nx\r\n:1\r\n",
        "*1\r\n*3\r\n:-5\r\n:7\r\n*2\r\n$1\r\nx\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:7\r\n*2\r\n$1\r\nx\r\n:70000\r\n",
        "*1\r\n*3\r\n:0\r\n:7\r\n*1\r\n$1\r\nx\r\n",
        "*1\r\n*3\r\n$1\r\n0\r\n:7\r\n:1\r\n",
    };
    for (size_t i = 0; i < FORE_COUNTOF(maps); i++) {
        struct world *w = world_begin();
        w->a_times = 0;
        (void)snprintf(w->slots, sizeof w->slots, "%s", maps[i]);
        (void)get(w, NULL, NULL, true);
        world_end(w);
    }
}

static void a_wrong_password_is_refused_at_once_and_said(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_address seed = fake_resp_address(&w->a);
    struct live_client_options options = {
        .seed = &seed,
        .seed_count = 1,
        .access = {.user = "shard", .password = "secret-word", .timeout_ms = 200}
    };
    struct live_client *client = malloc(sizeof *client);
    struct fore_diag diag = {0};
    w->password = "other";
    assert_int_equal(live_client_open(client, &options, &diag), FORE_E_REFUSED);
    assert_non_null(strstr(diag.text, "password"));
    assert_null(strstr(diag.text, "secret-word"));
    w->password = "secret-word";
    assert_int_equal(live_client_open(client, &options, &diag), FORE_E_OK);
    live_client_close(client);
    free(client);
    world_end(w);
}

static void a_batch_goes_out_in_pipelines_and_redirections_are_repaired(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    struct world *w = world_begin();
    struct live_address seed = fake_resp_address(&w->a);
    struct live_client_options options = {
        .seed = &seed, .seed_count = 1, .access = {.timeout_ms = 500}, .deadline_ms = 1000};
    struct live_client *client = malloc(sizeof *client);
    static const char *const arg[] = {"GET", "foo"};
    struct live_command command[COUNT];
    redisReply *reply[COUNT];
    for (int i = 0; i < COUNT; i++)
        command[i] = (struct live_command){.arg = arg, .arg_count = 2, .key = 1};
    w->a_says = redirect(w, "MOVED");
    w->a_times = 10;
    assert_int_equal(live_client_open(client, &options, NULL), FORE_E_OK);
    assert_int_equal(live_client_batch(client, command, COUNT, reply), FORE_E_OK);
    for (int i = 0; i < COUNT; i++) {
        assert_string_equal(reply[i]->str, i < 10 ? "b" : "fine");
        freeReplyObject(reply[i]);
    }
    assert_int_equal(w->gets_a, COUNT);
    assert_int_equal(w->gets_b, 10);
    live_client_close(client);
    free(client);
    world_end(w);
}

/* ---- a link ------------------------------------------------------------------------------- */

static void a_link_to_nobody_backs_off(void **state)
{
    (void)state;
    struct live_address nobody = {.host = "127.0.0.1", .port = 1};
    struct live_access access = {.timeout_ms = 200};
    struct live_link link;
    live_link_init(&link, &nobody, &access);
    for (int i = 0; i < 100; i++)
        assert_null(live_link_call(&link, "PING"));
    assert_in_range(link.failures, 1, 3); /* the others did not even try */
    assert_true(link.retry_at_ms > live_clock_ms());
    live_link_append(&link, "PING");
    live_link_append(&link, "PING");
    assert_null(live_link_take(&link));
    assert_null(live_link_take(&link));
    live_link_close(&link);
}

static void a_link_comes_back_after_a_loss(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_address address = fake_resp_address(&w->a);
    struct live_access access = {.timeout_ms = 200};
    struct live_link link;
    w->a_says = NULL;
    live_link_init(&link, &address, &access);
    assert_null(live_link_call(&link, "GET x"));
    live_clock_sleep_ms(120);
    redisReply *reply = live_link_call(&link, "GET x");
    assert_non_null(reply);
    freeReplyObject(reply);
    live_link_close(&link);
    world_end(w);
}

static void a_silent_server_costs_the_timeout_and_no_more(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_address address = fake_resp_address(&w->a);
    struct live_access access = {.timeout_ms = 150};
    struct live_link link;
    w->a_says = "";
    live_link_init(&link, &address, &access);
    uint64_t began = live_clock_ms();
    assert_null(live_link_call(&link, "GET x"));
    assert_in_range(live_clock_ms() - began, 100, 1000);
    live_link_close(&link);
    world_end(w);
}

/* Also where it is open already; and only for so long. */
static void who_is_in_a_hurry_waits_less(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_address address = fake_resp_address(&w->a);
    struct live_access access = {.timeout_ms = 1200};
    struct live_link link;
    w->a_times = 1000;
    w->a_says = "$4\r\nfine\r\n";
    live_link_init(&link, &address, &access);
    redisReply *reply = live_link_call(&link, "GET x");
    assert_non_null(reply);
    freeReplyObject(reply);
    w->a_says = "";
    uint64_t began = live_clock_ms();
    live_link_hurry(&link, 20, began + 600);
    assert_null(live_link_call(&link, "GET x"));
    assert_in_range(live_clock_ms() - began, 15, 400);
    live_clock_sleep_ms(began + 650 - live_clock_ms());
    began = live_clock_ms();
    assert_null(live_link_call(&link, "GET x"));
    assert_in_range(live_clock_ms() - began, 500, 1150); /* as before: half of it, once silent */
    live_link_close(&link);
    world_end(w);
}

/* What answered in haste has the usual time again afterwards. */
static void a_hurry_passes(void **state)
{
    (void)state;
    struct world *w = world_begin();
    struct live_address address = fake_resp_address(&w->a);
    struct live_access access = {.timeout_ms = 400};
    struct live_link link;
    w->a_times = 1000;
    w->a_says = "$4\r\nfine\r\n";
    live_link_init(&link, &address, &access);
    live_link_hurry(&link, 20, live_clock_ms() + 300);
    redisReply *reply = live_link_call(&link, "GET x");
    assert_non_null(reply);
    freeReplyObject(reply);
    live_clock_sleep_ms(320);
    w->a_says = "";
    uint64_t began = live_clock_ms();
    assert_null(live_link_call(&link, "GET x"));
    assert_in_range(live_clock_ms() - began, 350, 1200);
    live_link_close(&link);
    world_end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirection_is_taken_apart_strictly),
        cmocka_unit_test(every_answer_has_a_kind),
        cmocka_unit_test(moved_is_followed_and_learned),
        cmocka_unit_test(ask_is_followed_once_with_asking),
        cmocka_unit_test(what_passes_by_itself_is_waited_out),
        cmocka_unit_test(waiting_ends_at_the_deadline),
        cmocka_unit_test(a_lost_reply_is_asked_for_again_only_when_that_is_harmless),
        cmocka_unit_test(other_errors_belong_to_the_caller),
        cmocka_unit_test(lies_end_at_the_deadline_and_break_nothing),
        cmocka_unit_test(a_wrong_password_is_refused_at_once_and_said),
        cmocka_unit_test(a_batch_goes_out_in_pipelines_and_redirections_are_repaired),
        cmocka_unit_test(a_link_to_nobody_backs_off),
        cmocka_unit_test(a_link_comes_back_after_a_loss),
        cmocka_unit_test(a_silent_server_costs_the_timeout_and_no_more),
        cmocka_unit_test(who_is_in_a_hurry_waits_less),
        cmocka_unit_test(a_hurry_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
