/* The API on a socket: limits, clients that dawdle, lie or go away, listeners, and the hand-over to
 * the engine's thread. The test is the engine's thread and the client at once. */
#include "live/api/http.h"
#include "live/api/limits.h"
#include "live/base/clock.h"
#include "tests/live/desk_case.h"
#include "tests/support/scratch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct live_http *http;
static struct live_api_options options;
static struct scratch scratch;
static char token_file[256], answer[1 << 16];
static const char auth[] = "Authorization: Bearer correct horse battery\r\n";

static void open_http(void)
{
    struct fore_diag diag = {.code = FORE_E_OK};
    if (live_http_open(&http, &options, dc.desk, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
}

static int begin(void **state)
{
    (void)state;
    desk_case_open(NULL, NULL);
    desk_case_run(30);
    scratch = scratch_begin();
    (void)snprintf(token_file, sizeof token_file, "%s",
                   scratch_text(&scratch, "token", "correct horse battery\n"));
    options = dc.config.api;
    options.listen = "127.0.0.1:0";
    options.token_file = token_file;
    options.patience = FORE_SEC;
    open_http();
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (http != NULL) live_http_close(http);
    http = NULL;
    desk_case_close();
    scratch_end(&scratch);
    return 0;
}

/* ---- a client ------------------------------------------------------------------------------ */

static int dial(void)
{
    unsigned port = 0;
    const char *colon = strrchr(live_http_url(http), ':');
    assert_non_null(colon);
    assert_int_equal(sscanf(colon, ":%u", &port), 1);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* Reads until `until` is there (NULL: until it is closed), the engine's thread serving meanwhile;
 * false: neither within five seconds. */
static bool hear(int fd, const char *until)
{
    size_t len = 0;
    uint64_t began = live_clock_ms();
    answer[0] = '\0';
    while (live_clock_ms() - began < 5000) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        live_http_serve(http);
        live_http_sweep(http);
        if (poll(&ready, 1, 20) == 0) continue;
        ssize_t got = recv(fd, answer + len, sizeof answer - 1 - len, 0);
        if (got <= 0) return until == NULL;
        len += (size_t)got;
        answer[len] = '\0';
        if (until != NULL && strstr(answer, until) != NULL) return true;
    }
    return false;
}

static int status_of(const char *request)
{
    int fd = dial(), status = 0;
    say(fd, request);
    assert_true(hear(fd, "\r\n\r\n"));
    assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &status), 1);
    (void)close(fd);
    return status;
}

/* ---- requests ------------------------------------------------------------------------------ */

static void a_connection_serves_many_requests(void **state)
{
    (void)state;
    int fd = dial();
    for (int i = 0; i < 20; i++) {
        say(fd, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_true(hear(fd, "\"late_max_ms\""));
        assert_non_null(strstr(answer, "200 OK"));
        assert_non_null(strstr(answer, "application/json"));
    }
    say(fd, "HEAD /v1/topology HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear(fd, "\r\n\r\n"));
    assert_null(strchr(strstr(answer, "\r\n\r\n"), '{'));
    (void)close(fd);
}

static void the_engines_answers_come_from_its_own_thread(void **state)
{
    (void)state;
    char text[400];
    assert_int_equal(status_of("GET /v1/partitions/3/forecast HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    (void)snprintf(text, sizeof text,
                   "PUT /v1/settings/quiet HTTP/1.1\r\nHost: x\r\n%sContent-Length: 23\r\n\r\n"
                   "{\"value\":\"18:00-19:00\"}",
                   auth);
    assert_int_equal(status_of(text), 200);
    assert_string_equal(dc.desk->setting[LIVE_SET_QUIET], "18:00-19:00");
    (void)snprintf(text, sizeof text,
                   "PUT /v1/settings/quiet HTTP/1.1\r\nHost: x\r\n%s"
                   "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"val\r\n7\r\nue\":\"\"}\r\n0\r\n\r\n",
                   auth);
    assert_int_equal(status_of(text), 200);
    assert_string_equal(dc.desk->setting[LIVE_SET_QUIET], "");
    assert_int_equal(status_of("POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
                     401);
    assert_non_null(strstr(answer, "WWW-Authenticate: Bearer"));
    assert_int_equal(status_of("DELETE /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    assert_non_null(strstr(answer, "Allow: GET, HEAD"));
}

static void who_asks_and_goes_away_hurts_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        say(fd, "GET /v1/changes HTTP/1.1\r\nHost: x\r\n\r\n");
        if (i % 2 == 0) live_clock_sleep_ms(5);
        (void)close(fd);
    }
    assert_int_equal(status_of("GET /v1/changes HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

/* ---- hostile ------------------------------------------------------------------------------- */

static void a_gigantic_body_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    char text[400];
    (void)snprintf(text, sizeof text,
                   "POST /v1/plans HTTP/1.1\r\nHost: x\r\n%sContent-Length: 1073741824\r\n\r\n",
                   auth);
    assert_int_equal(status_of(text), 413);
    (void)snprintf(
        text, sizeof text,
        "POST /v1/plans HTTP/1.1\r\nHost: x\r\n%sContent-Length: 99999999999999999999\r\n\r\n",
        auth);
    int status = status_of(text);
    assert_true(status == 413 || status == 400);
}

static void a_body_that_never_ends_is_cut_off(void **state)
{
    (void)state;
    char text[400], chunk[4200];
    int fd = dial();
    (void)snprintf(text, sizeof text,
                   "POST /v1/plans HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n",
                   auth);
    say(fd, text);
    (void)snprintf(chunk, sizeof chunk, "1000\r\n%4096s\r\n", "x");
    size_t sent = 0;
    bool cut = false;
    while (sent < (8u << 20) && !cut) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        (void)poll(&ready, 1, 1000);
        ssize_t now = send(fd, chunk, strlen(chunk), MSG_NOSIGNAL | MSG_DONTWAIT);
        cut = now < 0 && errno != EAGAIN;
        sent += now > 0 ? (size_t)now : 0;
    }
    assert_true(cut);
    (void)close(fd);
}

/* One byte every 100 ms: never idle, never done. */
static void a_request_that_trickles_in_is_ended(void **state)
{
    (void)state;
    static const char request[] =
        "GET /v1/status HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    int fd = dial();
    uint64_t began = live_clock_ms();
    bool cut = false;
    for (size_t i = 0; i < sizeof request - 1 && !cut; i++) {
        cut = send(fd, &request[i], 1, MSG_NOSIGNAL) < 0;
        live_clock_sleep_ms(100);
        live_http_sweep(http);
        char byte;
        cut = cut || recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
    }
    assert_true(cut);
    assert_true(live_clock_ms() - began < 3500);
    (void)close(fd);
    assert_int_equal(status_of("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

static void nonsense_is_answered_or_hung_up_on(void **state)
{
    (void)state;
    static const char *const nonsense[] = {
        "\r\n\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /v1/status HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01",
        "GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/partitions/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    for (size_t i = 0; i < FORE_COUNTOF(nonsense); i++) {
        int fd = dial();
        say(fd, nonsense[i]);
        (void)shutdown(fd, SHUT_WR);
        assert_true(hear(fd, NULL) || strstr(answer, "HTTP/1.") != NULL);
        assert_null(strstr(answer, "200 OK"));
        (void)close(fd);
    }
    assert_int_equal(status_of("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

static void too_many_requests_are_told_to_wait(void **state)
{
    (void)state;
    int last = 0;
    live_http_close(http);
    options.rate = 5;
    open_http();
    for (int i = 0; i < 8; i++)
        last = status_of("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(last, 429);
    assert_non_null(strstr(answer, "Retry-After: 1"));
}

static void buckets_fill_again_and_are_one_an_address(void **state)
{
    (void)state;
    struct live_limits limits = {.rate = 10, .write_rate = 2};
    uint32_t admitted = 0;
    for (int i = 0; i < 50; i++)
        admitted += live_limits_admit(&limits, 1, false, FORE_SEC);
    assert_int_equal(admitted, 10);
    assert_true(live_limits_admit(&limits, 2, false, FORE_SEC));
    assert_true(live_limits_admit(&limits, 1, false, FORE_SEC + 200 * FORE_MS));
    admitted = 0;
    for (uint64_t who = 10; who < 20; who++) /* changes are counted together */
        admitted += live_limits_admit(&limits, who, true, FORE_SEC);
    assert_int_equal(admitted, 2);
}

static void connections_are_bounded(void **state)
{
    (void)state;
    int fd[16];
    live_http_close(http);
    options.connections = 4;
    open_http();
    for (size_t i = 0; i < FORE_COUNTOF(fd); i++)
        fd[i] = dial(); /* the kernel takes them; the server does not */
    uint32_t served = 0;
    for (size_t i = 0; i < FORE_COUNTOF(fd); i++)
        say(fd[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    live_clock_sleep_ms(300);
    for (size_t i = 0; i < FORE_COUNTOF(fd); i++)
        served += recv(fd[i], answer, sizeof answer, MSG_DONTWAIT) > 0;
    for (size_t i = 0; i < FORE_COUNTOF(fd); i++)
        (void)close(fd[i]);
    assert_in_range(served, 1, 4);
}

/* ---- listeners ----------------------------------------------------------------------------- */

static void listeners_hear_what_happens(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear(fd, "retry: 2000"));
    assert_non_null(strstr(answer, "text/event-stream"));
    live_log_say(&dc.log, "info", "one", "first");
    assert_true(hear(fd, "\"text\":\"first\""));
    assert_non_null(strstr(answer, "event: one"));
    live_log_say(&dc.log, "info", "two", "second");
    assert_true(hear(fd, "\"text\":\"second\""));
    (void)close(fd);
    live_log_say(&dc.log, "info", "three", "third");
    fd = dial(); /* comes back, and missed one */
    char text[128];
    (void)snprintf(text, sizeof text,
                   "GET /v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: %llu\r\n\r\n",
                   (unsigned long long)(live_stream_count(&dc.desk->stream) - 1));
    say(fd, text);
    assert_true(hear(fd, "\"text\":\"third\""));
    assert_null(strstr(answer, "second"));
    (void)close(fd);
}

static void a_listener_that_fell_behind_is_told_of_the_gap(void **state)
{
    (void)state;
    uint64_t seen = live_stream_count(&dc.desk->stream);
    struct fore_buf out = {0};
    for (int i = 0; i < LIVE_STREAM_LINES + 10; i++)
        live_stream_put(&dc.desk->stream, "x", "{}", 2);
    assert_true(live_stream_read(&dc.desk->stream, &seen, 1000, &out));
    assert_non_null(strstr(out.data, "event: gap\ndata: {\"missed\":10}"));
    while (live_stream_read(&dc.desk->stream, &seen, 1000, &out))
        ;
    assert_int_equal(seen, live_stream_count(&dc.desk->stream));
    seen = 1u << 30; /* a number of an earlier daemon's */
    assert_true(live_stream_read(&dc.desk->stream, &seen, 1000, &out));
    fore_buf_fini(&out);
}

static void the_end_answers_everybody(void **state)
{
    (void)state;
    int listener = dial(), asker = dial();
    say(listener, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear(listener, "retry"));
    say(asker, "GET /v1/changes HTTP/1.1\r\nHost: x\r\n\r\n");
    live_clock_sleep_ms(200); /* it waits for the engine, which does not come by any more */
    live_http_close(http);
    http = NULL;
    ssize_t got = recv(asker, answer, sizeof answer - 1, 0);
    answer[got > 0 ? got : 0] = '\0';
    assert_true(got <= 0 || strstr(answer, "503") != NULL);
    (void)close(listener);
    (void)close(asker);
}

/* ---- opening ------------------------------------------------------------------------------- */

static void what_cannot_be_served_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"here:80", "127.0.0.1", "127.0.0.1:99999", "1.2.3:7"};
    struct live_http *other = NULL;
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct live_api_options wrong = options;
        struct fore_diag diag = {.code = FORE_E_OK};
        wrong.listen = bad[i];
        assert_int_not_equal(live_http_open(&other, &wrong, dc.desk, &diag), FORE_E_OK);
        assert_true(strlen(diag.text) > 10);
    }
    struct live_api_options wrong = options;
    wrong.listen = "0.0.0.0:0"; /* beyond loopback */
    wrong.token_file = "";
    assert_int_equal(live_http_open(&other, &wrong, dc.desk, NULL), FORE_E_RANGE);
    wrong = options;
    wrong.token_file = "no/such/file";
    assert_int_equal(live_http_open(&other, &wrong, dc.desk, NULL), FORE_E_IO);
    wrong.token_file = scratch_text(&scratch, "short", "hunter2\n");
    assert_int_equal(live_http_open(&other, &wrong, dc.desk, NULL), FORE_E_RANGE);
    wrong = options;
    wrong.tls_certificate = token_file;
    wrong.tls_key = token_file;
    assert_int_equal(live_http_open(&other, &wrong, dc.desk, NULL), FORE_E_IO);
    wrong = options;
    wrong.listen = strchr(live_http_url(http), '1'); /* taken */
    assert_int_equal(live_http_open(&other, &wrong, dc.desk, NULL), FORE_E_IO);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_connection_serves_many_requests),
        T(the_engines_answers_come_from_its_own_thread),
        T(who_asks_and_goes_away_hurts_nobody),
        T(a_gigantic_body_is_refused_before_it_is_sent),
        T(a_body_that_never_ends_is_cut_off),
        T(a_request_that_trickles_in_is_ended),
        T(nonsense_is_answered_or_hung_up_on),
        T(too_many_requests_are_told_to_wait),
        T(buckets_fill_again_and_are_one_an_address),
        T(connections_are_bounded),
        T(listeners_hear_what_happens),
        T(a_listener_that_fell_behind_is_told_of_the_gap),
        T(the_end_answers_everybody),
        T(what_cannot_be_served_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
