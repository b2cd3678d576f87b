/* What is asked of a daemon and what its answers are made into, against a server that says one
 * thing, or nothing, or half of it. */
#include "viz/answer.h"
#include "viz/control.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the server ------------------------------------------------------------------------------ */

enum { CALLS = 4 };
static struct server {
    int fd;
    struct viz_http http;
    pthread_t thread;
    const char *answer[CALLS]; /* whole answers, one a connection; NULL: it closes */
    char heard[CALLS][2048];
    int calls, wanted;
} server;

static void *serve(void *self)
{
    (void)self;
    for (int i = 0; i < server.wanted; i++) {
        int fd = accept(server.fd, NULL, NULL);
        if (fd < 0) return NULL;
        size_t used = 0;
        char *heard = server.heard[i];
        for (;;) { /* all headers, and the body they announce */
            ssize_t got = recv(fd, heard + used, sizeof server.heard[i] - 1 - used, 0);
            if (got <= 0) break;
            used += (size_t)got;
            heard[used] = '\0';
            const char *end = strstr(heard, "\r\n\r\n");
            const char *length = strstr(heard, "Content-Length: ");
            size_t body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
            if (end != NULL && used >= (size_t)(end + 4 - heard) + body) break;
        }
        server.calls++;
        const char *answer = server.answer[i];
        if (answer != NULL) (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void listen_for(int calls, const char *first, const char *second)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    memset(&server, 0, sizeof server);
    server.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server.fd >= 0);
    assert_int_equal(bind(server.fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(server.fd, 4), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&at, &len), 0);
    snprintf(server.http.host, sizeof server.http.host, "127.0.0.1");
    snprintf(server.http.port, sizeof server.http.port, "%u", (unsigned)ntohs(at.sin_port));
    snprintf(server.http.token, sizeof server.http.token, "correct-horse");
    server.answer[0] = first;
    server.answer[1] = second;
    server.wanted = calls;
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void hang_up(void)
{
    pthread_join(server.thread, NULL);
    close(server.fd);
}

static char text[2][4096];
static const char *reply(int slot, int status, const char *body)
{
    snprintf(text[slot], sizeof text[slot],
             "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             status, strlen(body), body);
    return text[slot];
}

static struct viz_outcome did(struct viz_deed deed)
{
    struct viz_outcome out;
    viz_control_do(&server.http, &deed, &out);
    hang_up();
    return out;
}

#define PLAN                                                                                      \
    "{\"state\":\"s-1\",\"id\":7,\"status\":\"proposed\",\"for_state\":\"s-1\",\"origin\":"       \
    "\"engine\",\"engine_plan\":18,\"move_count\":2,\"total_bytes\":2048,\"total_duration_s\":9," \
    "\"explained\":{\"reason\":\"p3 is hot\",\"moves\":[{\"kind\":\"move\",\"partition\":3,"      \
    "\"source\":\"n1\",\"target\":\"n2\",\"gain_s\":4.5,\"bytes\":2048,\"duration_s\":9}]}}"
#define PLANS                                                                      \
    "{\"state\":\"s-1\",\"plans\":["                                               \
    "{\"id\":9,\"status\":\"dry-run\",\"for_state\":\"s-1\",\"engine_plan\":null," \
    "\"move_count\":0},"                                                           \
    "{\"id\":8,\"status\":\"proposed\",\"for_state\":\"s-0\",\"engine_plan\":19,"  \
    "\"move_count\":1},"                                                           \
    "{\"id\":7,\"status\":\"proposed\",\"for_state\":\"s-1\",\"engine_plan\":18,"  \
    "\"move_count\":2}]}"

/* ---- deeds ----------------------------------------------------------------------------------- */

static void the_plan_that_can_be_approved_is_found_and_told(void **state)
{
    (void)state;
    listen_for(2, reply(0, 200, PLANS), reply(1, 200, PLAN));
    struct viz_outcome out = did((struct viz_deed){.kind = VIZ_DEED_FIND_PLAN});
    assert_true(out.done && out.has_plan);
    assert_non_null(strstr(server.heard[1], "GET /v1/plans/7 HTTP/1.1\r\n"));
    assert_int_equal(out.plan.id, 7);
    assert_int_equal(out.plan.engine_plan, 18);
    assert_int_equal(out.plan.move_count, 2);
    assert_int_equal(out.plan.moves_told, 1);
    assert_string_equal(out.plan.move[0].target, "n2");
    assert_string_equal(out.plan.reason, "p3 is hot");
    assert_true(out.plan.bytes > 2047 && out.plan.bytes < 2049);
}

static void a_plan_by_the_engines_number_is_found_or_said_to_be_forgotten(void **state)
{
    (void)state;
    listen_for(2, reply(0, 200, PLANS), reply(1, 200, PLAN));
    struct viz_outcome out = did((struct viz_deed){.kind = VIZ_DEED_FIND_PLAN, .id = 19});
    assert_non_null(strstr(server.heard[1], "GET /v1/plans/8 "));
    listen_for(1, reply(0, 200, PLANS), NULL);
    out = did((struct viz_deed){.kind = VIZ_DEED_FIND_PLAN, .id = 4});
    assert_false(out.done);
    assert_non_null(strstr(out.text, "does not remember plan 4"));
    listen_for(1, reply(0, 200, "{\"state\":\"s\",\"plans\":[]}"), NULL);
    out = did((struct viz_deed){.kind = VIZ_DEED_FIND_PLAN});
    assert_string_equal(out.text, "no plan waits for an answer now");
}

static void approving_sends_token_and_state_and_tells_what_was_begun(void **state)
{
    (void)state;
    listen_for(1,
               reply(0, 202,
                     "{\"id\":7,\"status\":\"approved\",\"engine_plan\":20,\"moves_begun\":1,"
                     "\"left_out\":\"move p9: node cap\"}"),
               NULL);
    struct viz_outcome out =
        did((struct viz_deed){.kind = VIZ_DEED_APPROVE, .id = 7, .state = "s-1"});
    assert_true(out.done);
    assert_int_equal(out.status, 202);
    assert_string_equal(out.text,
                        "carried out as plan 20: 1 move begun; left out: move p9: node cap");
    assert_non_null(strstr(server.heard[0], "POST /v1/plans/7/approve HTTP/1.1\r\n"));
    assert_non_null(strstr(server.heard[0], "Authorization: Bearer correct-horse\r\n"));
    assert_non_null(strstr(server.heard[0], "\r\n\r\n{\"state\":\"s-1\"}"));
}

static void what_is_refused_is_told_in_the_daemons_words(void **state)
{
    (void)state;
    static const char body[] = "{\"error\":{\"code\":\"stale\",\"message\":\"the plan was made for "
                               "state a; it is b now: make a new one\"}}";
    listen_for(1, reply(0, 409, body), NULL);
    struct viz_outcome out = did((struct viz_deed){.kind = VIZ_DEED_APPROVE, .id = 7});
    assert_false(out.done);
    assert_int_equal(out.status, 409);
    assert_string_equal(out.text, "the plan was made for state a; it is b now: make a new one");
}

static void a_bad_token_is_told_with_what_to_do(void **state)
{
    (void)state;
    listen_for(1,
               reply(0, 401, "{\"error\":{\"code\":\"unauthorized\",\"message\":\"this needs\"}}"),
               NULL);
    struct viz_outcome out = did((struct viz_deed){.kind = VIZ_DEED_CANCEL, .id = 3});
    assert_false(out.done);
    assert_non_null(strstr(out.text, "--token-file"));
    listen_for(1, reply(0, 403, "{\"error\":{\"message\":\"no api.token_file\\n\"}}"), NULL);
    out = did((struct viz_deed){.kind = VIZ_DEED_CANCEL, .id = 3});
    assert_string_equal(out.text, "no api.token_file "); /* one line */
}

static void moves_are_paused_resumed_and_cancelled_by_ticket(void **state)
{
    (void)state;
    static const struct {
        enum viz_deed_kind kind;
        const char *line;
    } rows[] = {
        {VIZ_DEED_PAUSE,  "POST /v1/migrations/12/pause HTTP/1.1\r\n" },
        {VIZ_DEED_RESUME, "POST /v1/migrations/12/resume HTTP/1.1\r\n"},
        {VIZ_DEED_CANCEL, "POST /v1/migrations/12/cancel HTTP/1.1\r\n"},
        {VIZ_DEED_REJECT, "POST /v1/plans/12/cancel HTTP/1.1\r\n"     }
    };
    for (size_t i = 0; i < FORE_COUNTOF(rows); i++) {
        listen_for(1, reply(0, 200, "{\"ticket\":12,\"outcome\":\"x\"}"), NULL);
        struct viz_outcome out = did((struct viz_deed){.kind = rows[i].kind, .id = 12});
        assert_true(out.done);
        assert_non_null(strstr(server.heard[0], rows[i].line));
        assert_non_null(strstr(server.heard[0], "Content-Length: 0\r\n"));
    }
}

static void thresholds_go_to_a_partition_or_into_the_general_setting(void **state)
{
    (void)state;
    listen_for(1, reply(0, 200, "{\"setting\":\"thresholds\",\"value\":\"x\"}"), NULL);
    struct viz_outcome out =
        did((struct viz_deed){.kind = VIZ_DEED_THRESHOLD, .id = 41, .threshold = 0.25});
    assert_string_equal(out.text, "p41's threshold is now 0.25");
    assert_non_null(strstr(server.heard[0], "PUT /v1/partitions/41/threshold HTTP/1.1\r\n"));
    assert_non_null(strstr(server.heard[0], "{\"threshold\":0.25}"));
    listen_for(2, reply(0, 200, "{\"setting\":\"thresholds\",\"value\":\"orders:17=0.9, *=0.2\"}"),
               reply(1, 200, "{\"setting\":\"thresholds\",\"value\":\"x\"}"));
    out = did(
        (struct viz_deed){.kind = VIZ_DEED_THRESHOLD, .id = VIZ_THRESHOLD_ALL, .threshold = 0.4});
    assert_true(out.done);
    assert_non_null(strstr(server.heard[1], "PUT /v1/settings/thresholds HTTP/1.1\r\n"));
    assert_non_null(strstr(server.heard[1], "{\"value\":\"orders:17=0.9, *=0.4\"}"));
}

static void a_server_gone_midway_leaves_it_open_whether_it_was_done(void **state)
{
    (void)state;
    static const char half[] = "HTTP/1.1 202 X\r\nContent-Length: 900\r\n\r\n{\"id\":7,";
    listen_for(1, half, NULL);
    struct viz_outcome out = did((struct viz_deed){.kind = VIZ_DEED_APPROVE, .id = 7});
    assert_false(out.done);
    assert_int_equal(out.status, 0);
    assert_non_null(strstr(out.text, "it is not known whether it was done"));
    listen_for(1, NULL, NULL); /* heard, and not one byte said */
    out = did((struct viz_deed){.kind = VIZ_DEED_PAUSE, .id = 7});
    assert_false(out.done);
    assert_non_null(strstr(out.text, "not known"));
    listen_for(2, reply(0, 200, "{\"value\":\"\"}"), NULL); /* read, gone before the change */
    out = did(
        (struct viz_deed){.kind = VIZ_DEED_THRESHOLD, .id = VIZ_THRESHOLD_ALL, .threshold = 0.4});
    assert_non_null(strstr(out.text, "not known"));
    listen_for(1, half, NULL); /* a question changes nothing */
    out = did((struct viz_deed){.kind = VIZ_DEED_FIND_PLAN});
    assert_null(strstr(out.text, "not known"));
}

static void nobody_there_means_that_nothing_was_done(void **state)
{
    (void)state;
    listen_for(0, NULL, NULL);
    hang_up();
    struct viz_outcome out;
    struct viz_deed deed = {.kind = VIZ_DEED_APPROVE, .id = 7};
    viz_control_do(&server.http, &deed, &out);
    assert_false(out.done);
    assert_non_null(strstr(out.text, "cannot be reached"));
    assert_null(strstr(out.text, "not known"));
}

static void answers_that_make_no_sense_are_no_plans(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "{",
        "{\"id\":-3,\"status\":\"proposed\"}",
        "{\"id\":\"7\",\"status\":7}",
        "{\"id\":1e300,\"status\":\"proposed\"}",
        "{\"explained\":{\"moves\":{\"a\":1}}}",
    };
    for (size_t i = 0; i < FORE_COUNTOF(bodies); i++) {
        listen_for(1, reply(0, 201, bodies[i]), NULL);
        struct viz_outcome out = did((struct viz_deed){.kind = VIZ_DEED_ASK_PLAN});
        assert_false(out.done || out.has_plan);
        assert_true(out.text[0] != '\0');
        listen_for(1, reply(0, 500, bodies[i]), NULL);
        out = did((struct viz_deed){.kind = VIZ_DEED_APPROVE, .id = 1});
        assert_false(out.done);
        assert_non_null(strstr(out.text, "500"));
    }
    listen_for(1,
               reply(0, 201,
                     "{\"id\":1,\"status\":\"dry-run\",\"move_count\":99999999999,"
                     "\"explained\":{\"moves\":[1,null,{\"partition\":-1,\"bytes\":\"x\"},"
                     "{},{},{},{},{},{},{}]}}"),
               NULL);
    struct viz_outcome out = did((struct viz_deed){.kind = VIZ_DEED_ASK_PLAN});
    assert_true(out.has_plan); /* odd, but a plan */
    assert_int_equal(out.plan.moves_told, VIZ_CONTROL_MOVES);
    listen_for(1, "SSH-2.0-x\r\n\r\n", NULL);
    out = did((struct viz_deed){.kind = VIZ_DEED_ASK_PLAN});
    assert_non_null(strstr(out.text, "does not answer in HTTP"));
}

static void the_general_threshold_takes_its_own_place_only(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"",                       "*=0.3"                  },
        {"*=0.2",                  "*=0.3"                  },
        {" * =0.2, users=0.5 ",    "users=0.5 , *=0.3"      },
        {"users=0.5,,a:1=0, *=.1", "users=0.5, a:1=0, *=0.3"},
        {"*x=0.4",                 "*x=0.4, *=0.3"          }
    };
    for (size_t i = 0; i < FORE_COUNTOF(rows); i++) {
        struct fore_buf out = {0};
        viz_answer_with_general(rows[i].before, 0.3, &out);
        assert_string_equal(out.data, rows[i].after);
        fore_buf_fini(&out);
    }
}

/* ---- the thread, and tokens ------------------------------------------------------------------ */

static int woken;
static void wake(void *self)
{
    (void)self;
    __atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
}

static void write_token(const char *bytes)
{
    char path[] = "/tmp/test_viz_control.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(fd);
    setenv("FORESHARD_TOKEN_FILE", path, 1);
}

static void forget_token(void)
{
    unlink(getenv("FORESHARD_TOKEN_FILE"));
    unsetenv("FORESHARD_TOKEN_FILE");
}

static void a_thread_does_one_deed_at_a_time_and_nobody_waits(void **state)
{
    (void)state;
    char url[64];
    struct viz_control *control = NULL;
    struct viz_outcome out;
    struct viz_deed deed = {.kind = VIZ_DEED_PAUSE, .id = 5};
    struct fore_diag diag = {0};
    listen_for(1, reply(0, 200, "{\"ticket\":5}"), NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%s/", server.http.port);
    write_token("0123456789abcdef\nsecond line\n");
    woken = 0;
    assert_int_equal(viz_control_open(url, wake, NULL, &control, &diag), FORE_E_OK);
    assert_true(viz_control_armed(control));
    assert_false(viz_control_take(control, &out));
    assert_true(viz_control_ask(control, &deed));
    assert_false(viz_control_ask(control, &deed)); /* not before the outcome is taken */
    for (int i = 0; i < 500 && __atomic_load_n(&woken, __ATOMIC_SEQ_CST) == 0; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_int_equal(woken, 1);
    assert_true(viz_control_take(control, &out));
    assert_true(out.done);
    assert_false(viz_control_take(control, &out));
    assert_non_null(strstr(server.heard[0], "Authorization: Bearer 0123456789abcdef\r\n"));
    viz_control_close(control);
    hang_up();
    forget_token();
}

static void a_token_that_is_none_is_refused_and_none_is_told(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "\nabc", "two words\n", "a\tb\n", "h\xc3\xa4\n"};
    struct viz_control *control = NULL;
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct fore_diag diag = {0};
        write_token(bad[i]);
        assert_int_equal(viz_control_open("http://127.0.0.1:9", NULL, NULL, &control, &diag),
                         FORE_E_IO);
        assert_null(control);
        assert_true(diag.text[0] != '\0');
        forget_token();
    }
    struct fore_diag diag = {0};
    assert_int_equal(viz_control_open("http://127.0.0.1:9", NULL, NULL, &control, &diag),
                     FORE_E_OK);
    assert_false(viz_control_armed(control));
    viz_control_close(control);
    assert_int_equal(viz_control_open("https://x", NULL, NULL, &control, &diag), FORE_E_FORMAT);
}

int main(void)
{
    unsetenv("FORESHARD_TOKEN_FILE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_that_can_be_approved_is_found_and_told),
        cmocka_unit_test(a_plan_by_the_engines_number_is_found_or_said_to_be_forgotten),
        cmocka_unit_test(approving_sends_token_and_state_and_tells_what_was_begun),
        cmocka_unit_test(what_is_refused_is_told_in_the_daemons_words),
        cmocka_unit_test(a_bad_token_is_told_with_what_to_do),
        cmocka_unit_test(moves_are_paused_resumed_and_cancelled_by_ticket),
        cmocka_unit_test(thresholds_go_to_a_partition_or_into_the_general_setting),
        cmocka_unit_test(a_server_gone_midway_leaves_it_open_whether_it_was_done),
        cmocka_unit_test(nobody_there_means_that_nothing_was_done),
        cmocka_unit_test(answers_that_make_no_sense_are_no_plans),
        cmocka_unit_test(the_general_threshold_takes_its_own_place_only),
        cmocka_unit_test(a_thread_does_one_deed_at_a_time_and_nobody_waits),
        cmocka_unit_test(a_token_that_is_none_is_refused_and_none_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
