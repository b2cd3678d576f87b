/* Alerts told to others: what is sent when, what is tried again, what is forgotten; URLs; a webhook
 * that fails at first; and what systemd hears. */
#include "live/api/alerts.h"
#include "live/api/notify.h"
#include "live/base/clock.h"
#include "live/base/service.h"
#include "tests/support/scratch.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include <cmocka.h>

static const struct live_notify_options options = {.alertmanager = "",
                                                   .webhook = "",
                                                   .webhook_token_file = "",
                                                   .ca_file = "",
                                                   .cluster = "blue",
                                                   .resend = 60 * FORE_SEC,
                                                   .timeout = FORE_SEC};
static const uint64_t T0 = 1795824000000; /* 2026-11-28T00:00:00Z, milliseconds */

static struct live_notify_book *book;
static struct live_picture *picture;
static bool taken[LIVE_NOTIFY_KNOWN];
static struct fore_buf out;
static json_t *sent;

static int begin(void **state)
{
    (void)state;
    book = calloc(1, sizeof *book);
    picture = live_picture_create();
    picture->alert = FORE_NEW(&picture->arena, struct live_alert, 8);
    picture->node_count = 1;
    picture->node = FORE_NEW(&picture->arena, struct live_picture_node, 1);
    (void)snprintf(picture->node[0].name, FORE_NAME_MAX, "node-00");
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(book);
    live_picture_release(picture);
    fore_buf_fini(&out);
    if (sent != NULL) json_decref(sent);
    sent = NULL;
    return 0;
}

static void stands(uint64_t id)
{
    struct live_alert *alert = &picture->alert[picture->alert_count++];
    *alert = (struct live_alert){.id = id,
                                 .code = FORE_ALERT_NODE_RISK,
                                 .severity = FORE_ALERT_WARNING,
                                 .node = 0,
                                 .partition = FORE_PARTITION_NONE,
                                 .raised_unix_ms = T0};
    (void)snprintf(alert->text, sizeof alert->text, "node-00 \"will\" be full");
}

/* What would go to the Alertmanager at that time; taken if `takes`. */
static uint32_t batch(uint64_t at_ms, bool takes)
{
    fore_buf_reset(&out);
    live_notify_look(book, picture, at_ms);
    uint32_t count = live_notify_batch(book, &options, picture, at_ms, &out, taken);
    for (uint32_t i = 0; i < book->count && takes; i++)
        if (taken[i]) live_notify_taken(book, LIVE_TO_ALERTMANAGER, i, at_ms);
    if (sent != NULL) json_decref(sent);
    sent = json_loads(out.data, 0, NULL);
    assert_int_equal(json_array_size(sent), count);
    return count;
}

static const char *of(const char *object, const char *name)
{
    const json_t *alert = json_array_get(sent, 0);
    if (object != NULL) alert = json_object_get(alert, object);
    return json_string_value(json_object_get(alert, name));
}

static void what_stands_is_sent_again_and_ends_once(void **state)
{
    (void)state;
    static const bool both[LIVE_TARGETS] = {true, false};
    stands(1);
    assert_int_equal(batch(T0 + 1000, true), 1);
    assert_string_equal(of("labels", "alertname"), "ForeshardNodeAtRisk");
    assert_string_equal(of("labels", "severity"), "warning");
    assert_string_equal(of("labels", "cluster"), "blue");
    assert_string_equal(of("labels", "node"), "node-00");
    assert_null(of("labels", "partition"));
    assert_string_equal(of("annotations", "summary"), "node-00 \"will\" be full");
    assert_string_equal(of(NULL, "startsAt"), "2026-11-28T00:00:00.000Z");
    assert_string_equal(of(NULL, "endsAt"), "2026-11-28T00:04:01.000Z"); /* 4 resends on */
    assert_int_equal(batch(T0 + 30000, true), 0);
    assert_int_equal(batch(T0 + 61000, true), 1);
    picture->alert[0].resolved_unix_ms = T0 + 70500;
    assert_int_equal(batch(T0 + 71000, false), 1);
    assert_string_equal(of(NULL, "endsAt"), "2026-11-28T00:01:10.500Z");
    assert_int_equal(batch(T0 + 72000, true), 1); /* it was not taken */
    assert_int_equal(batch(T0 + 73000, true), 0);
    live_notify_forget(book, both, T0 + 74000);
    assert_int_equal(book->count, 0);
    assert_int_equal(batch(T0 + 75000, true), 0); /* and is not news again */
}

static void what_was_over_before_we_came_is_nobodys_news(void **state)
{
    (void)state;
    stands(1);
    picture->alert[0].resolved_unix_ms = T0 + 500;
    assert_int_equal(batch(T0 + 1000, true), 0);
    stands(2); /* raised and resolved between two looks: that is news */
    picture->alert[1].resolved_unix_ms = T0 + 1500;
    assert_int_equal(batch(T0 + 2000, true), 1);
}

static void an_alert_that_vanishes_is_ended(void **state)
{
    (void)state;
    stands(1);
    assert_int_equal(batch(T0, true), 1);
    picture->alert_count = 0;
    assert_int_equal(batch(T0 + 5000, true), 1);
    assert_string_equal(of(NULL, "endsAt"), "2026-11-28T00:00:05.000Z");
}

static void nobody_who_is_gone_is_remembered_for_ever(void **state)
{
    (void)state;
    static const bool wanted[LIVE_TARGETS] = {true, true};
    stands(1);
    live_notify_look(book, picture, T0);
    picture->alert[0].resolved_unix_ms = T0 + 1000;
    live_notify_look(book, picture, T0 + 1000);
    live_notify_forget(book, wanted, T0 + 60000);
    assert_int_equal(book->count, 1);
    live_notify_forget(book, wanted, T0 + 3700000);
    assert_int_equal(book->count, 0);
}

static void a_webhook_hears_each_change_once(void **state)
{
    (void)state;
    stands(1);
    live_notify_look(book, picture, T0);
    assert_int_equal(live_notify_change(book, &options, picture, &out), 0);
    assert_non_null(strstr(out.data, "\"event\":\"raised\""));
    live_notify_taken(book, LIVE_TO_WEBHOOK, 0, T0);
    assert_int_equal(live_notify_change(book, &options, picture, &out), -1);
    picture->alert[0].resolved_unix_ms = T0 + 1000;
    live_notify_look(book, picture, T0 + 1000);
    fore_buf_reset(&out);
    assert_int_equal(live_notify_change(book, &options, picture, &out), 0);
    assert_non_null(strstr(out.data, "\"event\":\"resolved\""));
    live_notify_taken(book, LIVE_TO_WEBHOOK, 0, T0 + 1000);
    assert_int_equal(live_notify_change(book, &options, picture, &out), -1);
    stands(2); /* both at once: raised first, then resolved */
    picture->alert[1].resolved_unix_ms = T0 + 2000;
    live_notify_look(book, picture, T0 + 2000);
    assert_int_equal(live_notify_change(book, &options, picture, &out), 1);
    live_notify_taken(book, LIVE_TO_WEBHOOK, 1, T0 + 2000);
    assert_int_equal(live_notify_change(book, &options, picture, &out), 1);
    live_notify_taken(book, LIVE_TO_WEBHOOK, 1, T0 + 2000);
    assert_int_equal(live_notify_change(book, &options, picture, &out), -1);
}

/* ---- over a socket --------------------------------------------------------------------------- */

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &at.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* One request, answered; false: none in time. */
static bool serve_one(int fd, int patience_ms, const char *reply, char *request, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    request[0] = '\0';
    if (poll(&ready, 1, patience_ms) <= 0) return false;
    int client = accept(fd, NULL, NULL);
    while (strstr(request, "\"text\"") == NULL && len + 1 < size) {
        ssize_t got = recv(client, request + len, size - 1 - len, 0);
        if (got <= 0) break;
        len += (size_t)got;
        request[len] = '\0';
    }
    (void)send(client, reply, strlen(reply), MSG_NOSIGNAL);
    (void)close(client);
    return len > 0;
}

static void a_delivery_that_fails_is_tried_again(void **state)
{
    (void)state;
    unsigned port;
    char url[64], request[4096];
    int fd = listen_somewhere(&port);
    struct scratch scratch = scratch_begin();
    struct live_notify_options to = options;
    struct live_notify *notify = NULL;
    struct live_board board;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/hook?x=1", port);
    to.webhook = url;
    to.webhook_token_file = scratch_text(&scratch, "token", "a token of the webhook's\n");
    stands(1);
    live_board_init(&board);
    live_board_publish(&board, picture);
    (void)__atomic_add_fetch(&picture->holders, 1, __ATOMIC_RELAXED);
    assert_int_equal(live_notify_open(&notify, &to, &board, NULL), FORE_E_OK);
    assert_true(serve_one(fd, 20000, "HTTP/1.1 500 No\r\n\r\n", request, sizeof request));
    assert_non_null(strstr(request, "POST /hook?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "Authorization: Bearer a token of the webhook's\r\n"));
    assert_true(serve_one(fd, 20000, "nonsense", request, sizeof request));
    assert_true(serve_one(fd, 20000, "HTTP/1.1 204 Yes\r\n\r\n", request, sizeof request));
    for (int i = 0; i < 500 && live_notify_counts(notify).delivered == 0; i++)
        live_clock_sleep_ms(20);
    assert_int_equal(live_notify_counts(notify).delivered, 1);
    assert_int_equal(live_notify_counts(notify).failed, 2);
    assert_false(serve_one(fd, 2500, "", request, sizeof request)); /* it is not told twice */
    live_notify_close(notify);
    live_board_fini(&board);
    (void)close(fd);
    scratch_end(&scratch);
}

static void urls_are_understood_or_refused(void **state)
{
    (void)state;
    struct live_url url;
    static const char *const bad[] = {
        "",        "127.0.0.1:80", "http://",           "http://:80",    "https://",
        "ftp://a", "http://a b/",  "http://a/\r\nX: y", "http://[::1/x", "http://a:1234567890"};
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++)
        if (live_url_parse(bad[i], "f", &url, NULL) == FORE_E_OK) fail_msg("%s", bad[i]);
    static const char *const good[] = {"http://a", "http://a.b:93/x?y", "http://[::1]:9/",
                                       "https://a.b/hook", "https://[::1]:9093"};
    for (size_t i = 0; i < FORE_COUNTOF(good); i++) {
        if (live_url_parse(good[i], "f", &url, NULL) != FORE_E_OK) fail_msg("%s", good[i]);
        assert_string_equal(url.text, good[i]);
    }
    assert_int_equal(live_url_parse("https://me:secret@a/", "f", &url, NULL), FORE_E_FORMAT);
}

static void who_does_not_answer_holds_nobody_up(void **state)
{
    (void)state;
    unsigned port;
    char text[64];
    uint32_t status = 0;
    struct live_url url;
    int fd = listen_somewhere(&port); /* takes the connection, says nothing */
    (void)snprintf(text, sizeof text, "http://127.0.0.1:%u/", port);
    assert_int_equal(live_url_parse(text, "f", &url, NULL), FORE_E_OK);
    struct live_fetch fetch = {.method = "GET", .url = &url, .timeout_ms = 200};
    uint64_t began = live_clock_ms();
    assert_int_equal(live_fetch(&fetch, &status, NULL, NULL), FORE_E_UNREACHABLE);
    assert_in_range(live_clock_ms() - began, 150, 2000);
    (void)close(fd);
    assert_int_equal(live_fetch(&fetch, &status, NULL, NULL), FORE_E_UNREACHABLE);
}

/* ---- systemd --------------------------------------------------------------------------------- */

static void systemd_hears_what_it_listens_for(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct live_service service;
    char text[64];
    (void)unsetenv("NOTIFY_SOCKET");
    live_service_open(&service);
    assert_false(live_service_say(&service, "READY=1"));
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%.100s", scratch_path(&scratch, "notify"));
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    (void)setenv("NOTIFY_SOCKET", at.sun_path, 1);
    (void)setenv("WATCHDOG_USEC", "2000000", 1);
    live_service_open(&service);
    assert_true(live_service_say(&service, "READY=1"));
    assert_int_equal(recv(fd, text, sizeof text, 0), 7);
    assert_memory_equal(text, "READY=1", 7);
    live_service_beat(&service, 10 * FORE_SEC);
    live_service_beat(&service, 10 * FORE_SEC + 900 * FORE_MS);
    live_service_beat(&service, 11 * FORE_SEC);
    assert_int_equal(recv(fd, text, sizeof text, 0), 10);
    assert_memory_equal(text, "WATCHDOG=1", 10);
    assert_int_equal(recv(fd, text, sizeof text, 0), 10);
    assert_int_equal(recv(fd, text, sizeof text, MSG_DONTWAIT), -1);
    (void)setenv("WATCHDOG_PID", "1", 1); /* meant for somebody else */
    live_service_open(&service);
    assert_int_equal(service.beat, 0);
    (void)unsetenv("WATCHDOG_PID");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("NOTIFY_SOCKET");
    (void)close(fd);
    scratch_end(&scratch);
}

/* ---- the book of alerts ------------------------------------------------------------------------
 */

static void raise_one(struct live_alerts *alerts, uint8_t code, uint32_t partition, uint64_t at)
{
    struct {
        struct fore_event_alert event;
        char text[16];
    } body = {
        .event = {.severity = 1, .code = code, .node = FORE_NODE_NONE, .partition = partition},
        .text = "text"
    };
    assert_true(live_alerts_fold(alerts, at, FORE_EV_ALERT, &body, sizeof body.event + 5));
}

static void an_alert_raised_again_is_the_same_one(void **state)
{
    (void)state;
    struct live_alerts *alerts = calloc(1, sizeof *alerts);
    struct fore_event_resolved resolved = {.code = 3, .node = FORE_NODE_NONE, .partition = 7};
    assert_non_null(alerts);
    raise_one(alerts, 3, 7, T0);
    raise_one(alerts, 3, 8, T0 + 1);
    raise_one(alerts, 3, 7, T0 + 2);
    assert_int_equal(alerts->count, 2);
    assert_int_equal(alerts->standing[0].raised_unix_ms, T0);
    assert_string_equal(alerts->standing[0].text, "text");
    assert_true(live_alerts_fold(alerts, T0 + 5, FORE_EV_RESOLVED, &resolved, sizeof resolved));
    assert_int_equal(alerts->count, 1);
    assert_int_equal(alerts->standing[0].partition, 8);
    assert_int_equal(alerts->resolved[0].resolved_unix_ms, T0 + 5);
    raise_one(alerts, 3, 7, T0 + 9);
    assert_int_equal(alerts->standing[1].id, 3); /* a new one */
    assert_false(live_alerts_fold(alerts, T0, FORE_EV_ALERT, &resolved, 3));
    for (uint32_t p = 100; p < 100 + LIVE_ALERTS_STANDING; p++)
        raise_one(alerts, 3, p, T0);
    assert_int_equal(alerts->count, LIVE_ALERTS_STANDING);
    assert_int_equal(alerts->lost, 2);
    free(alerts);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_stands_is_sent_again_and_ends_once), T(what_was_over_before_we_came_is_nobodys_news),
        T(an_alert_that_vanishes_is_ended),         T(nobody_who_is_gone_is_remembered_for_ever),
        T(a_webhook_hears_each_change_once),        T(a_delivery_that_fails_is_tried_again),
        T(urls_are_understood_or_refused),          T(who_does_not_answer_holds_nobody_up),
        T(systemd_hears_what_it_listens_for),       T(an_alert_raised_again_is_the_same_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
