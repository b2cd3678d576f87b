/* A past read from a Prometheus, which is a socket of this test's that answers as one would; and
 * one behind TLS, a server of libmicrohttpd's with the certificates of tests/data/tls: they prove
 * that it is 127.0.0.1, and their authority signs nothing else. */
#include "live/seed.h"
#include "tests/support/engine_case.h"
#include "tests/support/slurp.h"

#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <microhttpd.h>

#define TLS "tests/data/tls/"

enum { NOW_S = 2000, UNIX_S = 1795824000, POINTS = 199 };

static int listener;
static char url[64];
static const char *wanted; /* series; NULL: an error */
static char asked[1024];
static pthread_t server;

/* Answers what is asked with a value every ten seconds: 0.8, in each of the series that are wanted.
 */
static void *serve(void *self)
{
    (void)self;
    for (;;) {
        static char answer[1 << 20];
        double from, to;
        int client = accept(listener, NULL, NULL);
        if (client < 0) return NULL;
        ssize_t got = recv(client, asked, sizeof asked - 1, 0);
        asked[got > 0 ? got : 0] = '\0';
        const char *start = strstr(asked, "&start=");
        size_t len = 0;
        if (start == NULL || sscanf(start, "&start=%lf&end=%lf", &from, &to) != 2 ||
            wanted == NULL) {
            len = (size_t)snprintf(
                answer, sizeof answer,
                "HTTP/1.0 400 Bad\r\n\r\n{\"status\":\"error\",\"error\":\"parse error\"}");
        } else {
            len = (size_t)snprintf(
                answer, sizeof answer,
                "HTTP/1.0 200 OK\r\n\r\n{\"status\":\"success\",\"data\":{"
                "\"resultType\":\"matrix\",\"result\":[{\"metric\":%s,\"values\":[",
                wanted);
            for (double t = from; t <= to + 0.1; t += 10)
                len += (size_t)snprintf(answer + len, sizeof answer - len, "%s[%.3f,\"%s\"]",
                                        t > from ? "," : "", t,
                                        t > from + 15 && t < from + 25 ? "NaN" : "0.8");
            len += (size_t)snprintf(answer + len, sizeof answer - len, "]}]}}");
        }
        (void)send(client, answer, len, MSG_NOSIGNAL);
        (void)close(client);
    }
}

/* ---- the same over TLS ----------------------------------------------------------------------- */

static struct MHD_Daemon *secure;
static unsigned secure_port, secure_asked;

static enum MHD_Result answer_tls(void *self, struct MHD_Connection *connection, const char *path,
                                  const char *verb, const char *version, const char *bytes,
                                  size_t *size, void **request)
{
    static char body[1 << 14];
    size_t len = 0;
    (void)self;
    (void)verb;
    (void)version;
    (void)bytes;
    (void)size;
    (void)request;
    const char *start = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "start");
    const char *end = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "end");
    double from = start != NULL ? strtod(start, NULL) : 0, to = end != NULL ? strtod(end, NULL) : 0;
    secure_asked++;
    len += (size_t)snprintf(body, sizeof body,
                            "{\"status\":\"success\",\"data\":{\"result\":[{\"metric\":{},"
                            "\"values\":[");
    for (double t = from; t <= to + 0.1 && len < sizeof body - 64; t += 10)
        len += (size_t)snprintf(body + len, sizeof body - len, "%s[%.3f,\"0.8\"]",
                                t > from ? "," : "", t);
    len += (size_t)snprintf(body + len, sizeof body - len, "]}]}}");
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_COPY);
    bool right = strcmp(path, "/api/v1/query_range") == 0;
    enum MHD_Result rc = MHD_queue_response(connection, right ? 200 : 404, response);
    MHD_destroy_response(response);
    return rc;
}

static int begin_secure(void)
{
    char *key = slurp(TLS "server.key"), *certificate = slurp(TLS "server.pem");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    secure = MHD_start_daemon(MHD_USE_TLS | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                              answer_tls, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_HTTPS_MEM_KEY,
                              key, MHD_OPTION_HTTPS_MEM_CERT, certificate, MHD_OPTION_END);
    free(key);
    free(certificate);
    if (secure == NULL) return 1;
    secure_port = MHD_get_daemon_info(secure, MHD_DAEMON_INFO_BIND_PORT)->port;
    secure_asked = 0;
    return 0;
}

/* ---- each test ------------------------------------------------------------------------------- */

static int begin(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    if (inet_pton(AF_INET, "127.0.0.1", &at.sin_addr) != 1) return 1;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (const struct sockaddr *)&at, sizeof at) != 0) return 1;
    if (listen(listener, 4) != 0) return 1;
    if (getsockname(listener, (struct sockaddr *)&at, &size) != 0) return 1;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    if (pthread_create(&server, NULL, serve, NULL) != 0) return 1;
    if (engine_case_begin(state) != 0) return 1;
    fake_advance(ec.fake, NOW_S * FORE_SEC);
    engine_case_start();
    return 0;
}

static int end(void **state)
{
    (void)shutdown(listener, SHUT_RDWR);
    (void)pthread_join(server, NULL);
    (void)close(listener);
    return engine_case_end(state);
}

static enum fore_err seed_by(const char *ca_file, uint64_t *points)
{
    struct live_seed_options options = {.prometheus = url,
                                        .ca_file = ca_file,
                                        .query = "sum(rate(x{a=\"b\"}[1m])) by (node)",
                                        .span = NOW_S * FORE_SEC,
                                        .scale = 0.5,
                                        .timeout = 5 * FORE_SEC};
    return live_seed_run(&options, ec.engine, &ec.fake->topology, NOW_S * FORE_SEC,
                         UINT64_C(1000) * UNIX_S, points, &ec.diag);
}

static enum fore_err seed(uint64_t *points)
{
    return seed_by(NULL, points);
}

static float load_of(uint32_t partition, size_t back)
{
    float x[POINTS];
    fore_history_read(fore_engine_observe(ec.engine)->history, 1, FORE_HIST_LOAD, partition, POINTS,
                      x);
    return x[POINTS - 1 - back];
}

static void the_whole_clusters_load_is_shared(void **state)
{
    (void)state;
    uint64_t points;
    wanted = "{}";
    assert_int_equal(seed(&points), FORE_E_OK);
    assert_in_range(points, 195, 199);
    assert_non_null(
        strstr(asked, "GET /api/v1/query_range?query=sum%28rate%28x%7Ba%3D%22b%22%7D%5B1m%5D"));
    assert_non_null(strstr(asked, "&step=10.000"));
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
        assert_true(fabsf(load_of(p, 5) - 0.4f / ENGINE_CASE_PARTITIONS) < 1e-6f);
    engine_case_run(2, 1, 0.2);
    assert_true(fore_fleet_scenario(fore_engine_fleet(ec.engine), FORE_SCENARIO_FORECAST)->ready);
}

static void a_nodes_load_is_its_partitions(void **state)
{
    (void)state;
    uint64_t points;
    static char metric[64];
    uint32_t owned = 0;
    (void)snprintf(metric, sizeof metric, "{\"node\":\"%s\"}", ec.fake->topology.node[1].name);
    wanted = metric;
    assert_int_equal(seed(&points), FORE_E_OK);
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
        owned += ec.fake->topology.partition[p].replica[0] == 1;
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++) {
        bool its = ec.fake->topology.partition[p].replica[0] == 1;
        float x = load_of(p, 5);
        assert_true(its ? fabsf(x - 0.4f / (float)owned) < 1e-6f : isnan(x) || x == 0);
    }
}

static void a_partitions_load_is_its_own(void **state)
{
    (void)state;
    uint64_t points;
    wanted = "{\"partition\":\"3\"}";
    assert_int_equal(seed(&points), FORE_E_OK);
    assert_true(fabsf(load_of(3, 5) - 0.4f) < 1e-6f);
    assert_false(load_of(4, 5) > 0);
}

static void what_is_not_here_any_more_is_left_out(void **state)
{
    (void)state;
    uint64_t points;
    wanted = "{\"partition\":\"3000\"}";
    assert_int_equal(seed(&points), FORE_E_OK);
    assert_int_equal(points, 0);
    wanted = "{\"node\":\"elsewhere\"}";
    assert_int_equal(seed(&points), FORE_E_OK);
    assert_int_equal(points, 0);
    wanted = "[1,{}]";
    assert_int_equal(seed(&points), FORE_E_OK);
    engine_case_run(2, 1, 0.2);
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    uint64_t points;
    wanted = NULL;
    assert_int_equal(seed(&points), FORE_E_FORMAT);
    assert_non_null(strstr(ec.diag.text, "parse error"));
    assert_int_equal(points, 0);
    ec.diag.code = FORE_E_OK;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:1");
    assert_int_equal(seed(&points), FORE_E_UNREACHABLE);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:1");
    assert_int_equal(seed(&points), FORE_E_UNREACHABLE);
    engine_case_run(2, 1, 0.2); /* it works without */
}

static int begin_both(void **state)
{
    return begin_secure() == 0 ? begin(state) : 1;
}

static int end_both(void **state)
{
    MHD_stop_daemon(secure);
    return end(state);
}

static void over_tls_who_can_prove_it_is_believed(void **state)
{
    (void)state;
    uint64_t points;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", secure_port);
    if (seed_by(TLS "ca.pem", &points) != FORE_E_OK) fail_msg("%s", ec.diag.text);
    assert_in_range(points, 195, 199);
    assert_true(secure_asked > 0);
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
        assert_true(fabsf(load_of(p, 5) - 0.4f / ENGINE_CASE_PARTITIONS) < 1e-6f);
    engine_case_run(2, 1, 0.2);
}

/* With a reason each time, and nothing taken. */
static void over_tls_who_cannot_is_not_even_asked(void **state)
{
    static const struct {
        const char *host, *ca, *reason;
    } cases[] = {
        {"127.0.0.1", TLS "other.pem", "certificate"}, /* of another authority */
        {"127.0.0.1", NULL,            "certificate"}, /* the system's know nothing of it */
        {"127.0.0.1", "",              "certificate"},
        {"localhost", TLS "ca.pem",    "localhost"  }, /* the certificate is 127.0.0.1's */
    };
    (void)state;
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        uint64_t points = 7;
        ec.diag = (struct fore_diag){.code = FORE_E_OK};
        (void)snprintf(url, sizeof url, "https://%s:%u", cases[i].host, secure_port);
        assert_int_equal(seed_by(cases[i].ca, &points), FORE_E_UNREACHABLE);
        if (strstr(ec.diag.text, cases[i].reason) == NULL) fail_msg("%s", ec.diag.text);
        assert_int_equal(points, 0);
    }
    assert_int_equal(secure_asked, 0);
    engine_case_run(2, 1, 0.2); /* it works without */
}

static void a_file_of_no_certificates_is_refused_by_its_setting(void **state)
{
    (void)state;
    static const char *const files[] = {"Makefile", TLS "nowhere.pem"};
    for (size_t i = 0; i < FORE_COUNTOF(files); i++) {
        uint64_t points = 7;
        ec.diag = (struct fore_diag){.code = FORE_E_OK};
        (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", secure_port);
        assert_int_equal(seed_by(files[i], &points), FORE_E_FORMAT);
        assert_non_null(strstr(ec.diag.text, "seed.ca_file"));
        assert_int_equal(points, 0);
    }
    assert_int_equal(secure_asked, 0);
}

int main(void)
{
#define S(name) cmocka_unit_test_setup_teardown(name, begin_both, end_both)
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(the_whole_clusters_load_is_shared),
        T(a_nodes_load_is_its_partitions),
        T(a_partitions_load_is_its_own),
        T(what_is_not_here_any_more_is_left_out),
        T(a_refusal_is_told),
        S(over_tls_who_can_prove_it_is_believed),
        S(over_tls_who_cannot_is_not_even_asked),
        S(a_file_of_no_certificates_is_refused_by_its_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
