/* /metrics in both formats, and that rules and dashboard speak of nothing that is not there. (What
 * promtool says of it all is asked in tests/live/api.sh.) */
#include "live/api/metrics.h"
#include "tests/live/desk_case.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOT = 400 };

static int begin(void **state)
{
    (void)state;
    desk_case_open(NULL, NULL);
    desk_case_run(HOT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_case_close();
    return 0;
}

/* The page, to be freed. */
static char *page(bool open_metrics)
{
    struct fore_buf out = {0};
    const struct live_picture *picture = live_board_hold(&dc.desk->board);
    assert_non_null(picture);
    live_metrics_write(picture, open_metrics, &out);
    live_picture_release(picture);
    return out.data;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        n++;
    return n;
}

/* Name of a sample or of a comment's family, into `out`. */
static size_t name_at(const char *at, char out[128])
{
    size_t n = 0;
    while ((isalnum((unsigned char)at[n]) || at[n] == '_' || at[n] == ':') && n < 127)
        n++;
    memcpy(out, at, n);
    out[n] = '\0';
    return n;
}

/* Every sample belongs to the family declared before it, has a number, and comes once. */
static void check_page(char *text, bool open_metrics)
{
    char family[128] = "", name[128];
    const char *line = text;
    size_t samples = 0;
    for (; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_non_null(strchr(line, '\n'));
        if (strncmp(line, "# TYPE ", 7) == 0) {
            (void)name_at(line + 7, family);
            continue;
        }
        if (line[0] == '#') continue;
        size_t len = name_at(line, name);
        assert_true(len > strlen("foreshard_"));
        assert_int_equal(strncmp(name, family, strlen(family)), 0);
        const char *rest = name + strlen(family);
        if (!open_metrics) assert_string_equal(rest, "");
        if (open_metrics)
            assert_true(rest[0] == '\0' || strcmp(rest, "_total") == 0 ||
                        strcmp(rest, "_info") == 0);
        const char *space = strchr(line + len, ' ');
        if (line[len] == '{') space = strstr(line, "} ") + 1;
        char *after;
        (void)strtod(space + 1, &after);
        assert_true(after > space + 1 && *after == '\n');
        samples++;
    }
    assert_true(samples > 100);
}

static void both_formats_are_well_formed(void **state)
{
    (void)state;
    char *text = page(false), *open_metrics = page(true);
    check_page(text, false);
    check_page(open_metrics, true);
    assert_null(strstr(text, "# EOF"));
    assert_string_equal(open_metrics + strlen(open_metrics) - 6, "# EOF\n");
    assert_non_null(strstr(text, "# TYPE foreshard_moved_bytes_total counter\n"));
    assert_non_null(strstr(open_metrics, "# TYPE foreshard_moved_bytes counter\n"
                                         "# UNIT foreshard_moved_bytes bytes\n"
                                         "foreshard_moved_bytes_total "));
    assert_non_null(strstr(open_metrics, "# TYPE foreshard_build info\nforeshard_build_info{"));
    assert_int_equal(count(text, "# TYPE "), live_metric_count());
    assert_int_equal(count(text, "# HELP "), live_metric_count());
    free(text);
    free(open_metrics);
}

static void the_format_goes_by_what_was_asked_for(void **state)
{
    (void)state;
    struct live_request request = {.method = "GET", .path = "/metrics", .open_metrics = true};
    struct live_response response = {.status = 0};
    assert_int_equal(live_api_begin(&dc.api, &request, &response), LIVE_API_ANSWERED);
    assert_non_null(strstr(response.type, "application/openmetrics-text; version=1.0.0"));
    live_response_fini(&response);
    assert_int_equal(desk_case_ask("GET", "/metrics", NULL, NULL), 200);
    assert_non_null(strstr(dc.response.type, "text/plain; version=0.0.4"));
}

static void families_have_names_of_their_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < live_metric_count(); i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(live_metrics[i].name, live_metrics[j].name);
}

static void only_the_top_partitions_have_series(void **state)
{
    (void)state;
    static const char *const few[] = {"api.top=3", NULL};
    char *text = page(false);
    assert_int_equal(count(text, "\nforeshard_partition_rrs{"), 20);
    free(text);
    desk_case_close();
    desk_case_open(NULL, few);
    desk_case_run(5);
    text = page(false);
    assert_int_equal(count(text, "\nforeshard_partition_rrs{"), 3);
    assert_int_equal(count(text, "partition=\""), 6 * 3);
    free(text);
}

static void hostile_names_stay_inside_their_labels(void **state)
{
    (void)state;
    struct live_picture *picture = live_picture_create();
    picture->node_count = 1;
    picture->node = FORE_NEW(&picture->arena, struct live_picture_node, 1);
    (void)snprintf(picture->node[0].name, sizeof picture->node[0].name, "a\"} 1\n\\x");
    picture->driver = picture->policy = picture->mode = "x";
    picture->health.frozen = "";
    struct fore_buf out = {0};
    live_metrics_write(picture, false, &out);
    assert_non_null(strstr(out.data, "foreshard_node_up{node=\"a\\\"} 1\\n\\\\x\"} 0\n"));
    fore_buf_fini(&out);
    live_picture_release(picture);
}

/* ---- what else names metrics ----------------------------------------------------------------- */

static char *read_file(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    assert_true(len > 100 && len < sizeof text - 1);
    text[len] = '\0';
    return text;
}

static bool exported(const char *metrics, const char *name)
{
    char sample[160];
    size_t len = strlen(name);
    (void)snprintf(sample, sizeof sample, "\n%s", name);
    for (const char *at = strstr(metrics, sample); at != NULL; at = strstr(at + 1, sample))
        if (at[1 + len] == '{' || at[1 + len] == ' ') return true;
    return false;
}

/* Every foreshard_... is a sample's name; foreshard:... is a recording rule's. */
static size_t check_names(const char *text, const char *metrics)
{
    char name[128];
    size_t names = 0;
    for (const char *at = strstr(text, "foreshard_"); at != NULL; at = strstr(at, "foreshard_")) {
        size_t len = name_at(at, name);
        if (!exported(metrics, name)) fail_msg("%s is not exported", name);
        at += len;
        names++;
    }
    return names;
}

static void rules_name_what_is_exported(void **state)
{
    (void)state;
    char *metrics = page(false);
    assert_true(check_names(read_file("live/deploy/prometheus_rules.yml"), metrics) > 10);
    free(metrics);
}

static void the_dashboard_is_json_and_asks_for_what_is_exported(void **state)
{
    (void)state;
    char *metrics = page(false);
    const char *text = read_file("live/deploy/grafana_dashboard.json");
    json_t *dashboard = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *panel, *target;
    size_t i, j, queries = 0;
    assert_non_null(dashboard);
    json_array_foreach(json_object_get(dashboard, "panels"), i, panel)
    {
        assert_int_equal(json_integer_value(json_object_get(panel, "id")), i + 1);
        json_array_foreach(json_object_get(panel, "targets"), j, target)
        {
            const char *query = json_string_value(json_object_get(target, "expr"));
            assert_non_null(query);
            assert_true(check_names(query, metrics) > 0);
            queries++;
        }
    }
    assert_true(queries > 20);
    json_decref(dashboard);
    free(metrics);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(both_formats_are_well_formed),
        T(the_format_goes_by_what_was_asked_for),
        T(families_have_names_of_their_own),
        T(only_the_top_partitions_have_series),
        T(hostile_names_stay_inside_their_labels),
        T(rules_name_what_is_exported),
        T(the_dashboard_is_json_and_asks_for_what_is_exported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
