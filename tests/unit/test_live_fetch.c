/* Requests to somebody else's server: over TLS only to who can prove to be it, with a bound on time
 * and size. The server is libmicrohttpd's, the certificates are tests/data/tls's: they prove that
 * it is 127.0.0.1, and their authority signs nothing else. */
#include "live/api/notify.h"
#include "live/base/clock.h"
#include "live/base/fetch.h"
#include "tests/support/slurp.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <microhttpd.h>

#define TLS "tests/data/tls/"

static struct MHD_Daemon *server;
static unsigned port;
static atomic_uint posts;
static _Atomic size_t posted_bytes;
static char method[16], path[64], authorization[64]; /* of the last request */
static size_t reply_len = 5;

static enum MHD_Result answer(void *self, struct MHD_Connection *connection, const char *url,
                              const char *verb, const char *version, const char *bytes,
                              size_t *size, void **request)
{
    static int begun;
    (void)self;
    (void)version;
    (void)bytes;
    if (*request == NULL) {
        *request = &begun;
        return MHD_YES;
    }
    if (*size > 0) {
        posted_bytes += *size;
        *size = 0;
        return MHD_YES;
    }
    const char *told = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    (void)snprintf(method, sizeof method, "%s", verb);
    (void)snprintf(path, sizeof path, "%s", url);
    (void)snprintf(authorization, sizeof authorization, "%s", told != NULL ? told : "");
    posts += strcmp(verb, "POST") == 0;
    char *body = calloc(1, reply_len);
    if (body == NULL) return MHD_NO;
    memset(body, 'x', reply_len);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply_len, body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result rc = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return rc;
}

static int begin(void **state)
{
    (void)state;
    char *key = slurp(TLS "server.key"), *certificate = slurp(TLS "server.pem");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server = MHD_start_daemon(MHD_USE_TLS | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer,
                              NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_HTTPS_MEM_KEY, key,
                              MHD_OPTION_HTTPS_MEM_CERT, certificate, MHD_OPTION_END);
    free(key);
    free(certificate);
    if (server == NULL) return 1;
    port = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port;
    return 0;
}

static int end(void **state)
{
    (void)state;
    MHD_stop_daemon(server);
    return 0;
}

static enum fore_err get(const char *host, const char *ca, struct fore_buf *out, uint32_t *status,
                         struct fore_diag *diag)
{
    char text[100];
    struct live_url url;
    (void)snprintf(text, sizeof text, "https://%s:%u/", host, port);
    FORE_TRY(live_url_parse(text, "f", &url, diag));
    struct live_fetch fetch = {.method = "GET",
                               .url = &url,
                               .path = "/api/v1",
                               .token = "a secret",
                               .ca_file = ca,
                               .timeout_ms = 10000};
    return live_fetch(&fetch, status, out, diag);
}

static void who_can_prove_it_is_asked(void **state)
{
    (void)state;
    struct fore_buf body = {0};
    struct fore_diag diag = {.code = FORE_E_OK};
    uint32_t status = 0;
    if (get("127.0.0.1", TLS "ca.pem", &body, &status, &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
    assert_int_equal(status, 200);
    assert_int_equal(body.len, 5);
    assert_memory_equal(body.data, "xxxxx", 5);
    assert_string_equal(path, "/api/v1"); /* one slash */
    assert_string_equal(authorization, "Bearer a secret");
    fore_buf_fini(&body);
}

static void who_cannot_gets_nothing(void **state)
{
    (void)state;
    struct fore_diag diag = {.code = FORE_E_OK};
    uint32_t status = 0;
    authorization[0] = '\0';
    assert_int_equal(get("127.0.0.1", NULL, NULL, &status, &diag), FORE_E_UNREACHABLE);
    assert_non_null(strstr(diag.text, "certificate"));
    assert_int_equal(get("127.0.0.1", TLS "other.pem", NULL, &status, &diag), FORE_E_UNREACHABLE);
    /* The right authority, and another name than the certificate's. */
    assert_int_equal(get("localhost", TLS "ca.pem", NULL, &status, &diag), FORE_E_UNREACHABLE);
    assert_int_equal(get("127.0.0.1", TLS "nowhere.pem", NULL, &status, &diag), FORE_E_UNREACHABLE);
    assert_int_equal(status, 0);
    assert_string_equal(authorization, ""); /* the token has not been shown to it */
}

static void plain_text_is_no_tls(void **state)
{
    (void)state;
    char text[100];
    uint32_t status = 0;
    struct live_url url;
    (void)snprintf(text, sizeof text, "http://127.0.0.1:%u", port);
    assert_int_equal(live_url_parse(text, "f", &url, NULL), FORE_E_OK);
    struct live_fetch fetch = {.method = "GET", .url = &url, .timeout_ms = 5000};
    enum fore_err err = live_fetch(&fetch, &status, NULL, NULL);
    assert_true(err == FORE_E_UNREACHABLE || status / 100 == 4);
}

static void what_is_too_long_is_cut_off(void **state)
{
    (void)state;
    struct fore_buf body = {0};
    uint32_t status = 0;
    reply_len = (size_t)LIVE_FETCH_MAX + 1;
    assert_int_equal(get("127.0.0.1", TLS "ca.pem", &body, &status, NULL), FORE_E_UNREACHABLE);
    reply_len = 5;
    assert_true(body.len <= LIVE_FETCH_MAX);
    fore_buf_fini(&body);
}

/* ---- alerts over TLS ------------------------------------------------------------------------- */

static void push(const char *ca, uint64_t delivered, uint64_t failed)
{
    char alertmanager[64], webhook[64];
    struct live_notify *notify = NULL;
    struct live_board board;
    struct live_picture *picture = live_picture_create();
    (void)snprintf(alertmanager, sizeof alertmanager, "https://127.0.0.1:%u/", port);
    (void)snprintf(webhook, sizeof webhook, "https://127.0.0.1:%u/hook", port);
    const struct live_notify_options to = {.alertmanager = alertmanager,
                                           .webhook = webhook,
                                           .webhook_token_file = "",
                                           .ca_file = ca,
                                           .cluster = "",
                                           .resend = 60 * FORE_SEC,
                                           .timeout = 5 * FORE_SEC};
    picture->alert = FORE_NEW(&picture->arena, struct live_alert, 1);
    picture->alert_count = 1;
    picture->alert[0] = (struct live_alert){.id = 1,
                                            .code = FORE_ALERT_NODE_RISK,
                                            .severity = FORE_ALERT_WARNING,
                                            .node = FORE_NODE_NONE,
                                            .partition = FORE_PARTITION_NONE,
                                            .raised_unix_ms = 1795824000000};
    live_board_init(&board);
    live_board_publish(&board, picture);
    assert_int_equal(live_notify_open(&notify, &to, &board, NULL), FORE_E_OK);
    struct live_notify_counts counts = {0};
    for (int i = 0; i < 1500 && counts.delivered + counts.failed < delivered + failed; i++) {
        live_clock_sleep_ms(20);
        counts = live_notify_counts(notify);
    }
    live_notify_close(notify);
    live_board_fini(&board);
    assert_int_equal(counts.delivered, delivered);
    assert_true(failed == 0 ? counts.failed == 0 : counts.failed >= failed);
}

static void alerts_go_to_who_can_prove_it_and_to_nobody_else(void **state)
{
    (void)state;
    posts = 0;
    posted_bytes = 0;
    push(TLS "ca.pem", 2, 0);
    assert_int_equal(posts, 2);
    assert_true(posted_bytes > 50);
    push(TLS "other.pem", 0, 2);
    push("", 0, 2);
    assert_int_equal(posts, 2);
}

static void a_file_of_no_certificates_is_refused(void **state)
{
    (void)state;
    struct fore_diag diag = {.code = FORE_E_OK};
    assert_int_equal(live_fetch_check_ca("", "f", &diag), FORE_E_OK);
    assert_int_equal(live_fetch_check_ca(TLS "ca.pem", "f", &diag), FORE_E_OK);
    assert_int_equal(live_fetch_check_ca("Makefile", "f", &diag), FORE_E_FORMAT);
    assert_int_equal(live_fetch_check_ca("nowhere.pem", "f", &diag), FORE_E_FORMAT);
    assert_int_equal(live_fetch_check_ca("tests", "f", &diag), FORE_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_can_prove_it_is_asked),
        cmocka_unit_test(who_cannot_gets_nothing),
        cmocka_unit_test(plain_text_is_no_tls),
        cmocka_unit_test(what_is_too_long_is_cut_off),
        cmocka_unit_test(alerts_go_to_who_can_prove_it_and_to_nobody_else),
        cmocka_unit_test(a_file_of_no_certificates_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
