/* A past read from a Prometheus, which is a socket of this test's that answers as one would. */
#include "live/seed.h"
#include "tests/support/engine_case.h"

#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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

static enum fore_err seed(uint64_t *points)
{
    struct live_seed_options options = {.prometheus = url,
                                        .query = "sum(rate(x{a=\"b\"}[1m])) by (node)",
                                        .span = NOW_S * FORE_SEC,
                                        .scale = 0.5,
                                        .timeout = 5 * FORE_SEC};
    return live_seed_run(&options, ec.engine, &ec.fake->topology, NOW_S * FORE_SEC,
                         UINT64_C(1000) * UNIX_S, points, &ec.diag);
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(the_whole_clusters_load_is_shared),
        T(a_nodes_load_is_its_partitions),
        T(a_partitions_load_is_its_own),
        T(what_is_not_here_any_more_is_left_out),
        T(a_refusal_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
