/* Looks as text, what is typed to find something, and what was drawn where. */
#include "tests/support/near.h"
#include "viz/find.h"
#include "viz/hits.h"
#include "viz/look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_look_goes_through_text_and_back(void **state)
{
    static const char *const text[] = {
        "",
        "metric=latency,palette=inferno",
        "quantile=q90,overlay=error,tab=why,select=p41",
        "palette=night,tab=events,select=n3,rows=0.25-0.5,text=1.2,motion=reduced",
        "metric=rrs,quantile=q10,select=#17",
    };
    for (size_t i = 0; i < FORE_COUNTOF(text); i++) {
        struct viz_look look = viz_look_usual;
        struct fore_diag diag = {0};
        char again[256];
        assert_int_equal(viz_look_parse(text[i], &look, &diag), FORE_E_OK);
        viz_look_print(&look, again, sizeof again);
        assert_string_equal(again, text[i]);
    }
}

static void a_look_that_makes_no_sense_changes_nothing(void **state)
{
    static const char *const text[] = {
        "metric=heat",    "palette=jet",   "colour=red",
        "metric",         "quantile=q50.", "select=41",
        "select=p",       "select=p-1",    "rows=0.5-0.25",
        "rows=0.5",       "rows=0-2",      "text=9",
        "text=1x",        "tab=5",         "overlay=maybe",
        "metric=reads,x", "motion=quick",  "select=p99999999999",
        "text=nan",
    };
    for (size_t i = 0; i < FORE_COUNTOF(text); i++) {
        struct viz_look look = viz_look_usual;
        struct fore_diag diag = {0};
        assert_int_equal(viz_look_parse(text[i], &look, &diag), FORE_E_FORMAT);
        assert_non_null(strstr(diag.text, "--look"));
        assert_memory_equal(&look, &viz_look_usual, sizeof look);
    }
}

static void zooming_rows_keeps_the_row_under_the_cursor(void **state)
{
    struct viz_look look = viz_look_usual;
    viz_look_zoom_rows(&look, 0.5, 0.25);
    expect_near(look.row_from + 0.25 * (look.row_to - look.row_from), 0.25, 1e-12);
    expect_near(look.row_to - look.row_from, 0.5, 1e-12);
    viz_look_pan_rows(&look, 100);
    expect_near(look.row_to, 1, 1e-12);
    expect_near(look.row_to - look.row_from, 0.5, 1e-12);
    for (int i = 0; i < 100; i++)
        viz_look_zoom_rows(&look, 0.5, 1);
    assert_true(look.row_to > look.row_from);
    for (int i = 0; i < 100; i++)
        viz_look_zoom_rows(&look, 2, 0.7);
    expect_near(look.row_from, 0, 1e-12);
    expect_near(look.row_to, 1, 1e-12);
}

static void metrics_have_names_and_fit_the_matrix(void **state)
{
    const struct fore_event_partition_load load = {.reads_per_sec = 30,
                                                   .writes_per_sec = 10,
                                                   .bytes_per_sec = 4e6f,
                                                   .load_cores = 0.5f,
                                                   .p99_ms = 12};
    const double value[VIZ_METRICS] = {0.5, 40, 30, 10, 4e6, 12, 0};
    for (int m = 0; m < VIZ_METRICS; m++) {
        enum viz_metric found;
        assert_true(viz_metric_named(viz_metric_row[m].name, &found));
        assert_int_equal(found, m);
        expect_near(viz_metric_of(found, &load), value[m], 1e-6 * (1 + value[m]));
        double cell = viz_metric_cell(found, value[m]);
        expect_near(viz_metric_value(found, cell), value[m], 1e-9 * (1 + value[m]));
        if (m != VIZ_METRIC_RRS) assert_true(cell > 1e-3 && cell < 1e3);
    }
    enum viz_metric none;
    assert_false(viz_metric_named("temperature", &none));
    assert_string_equal(viz_metric_format(VIZ_METRIC_BYTES, 1048576).s, "1.00 MiB/s");
    assert_string_equal(viz_metric_tick(VIZ_METRIC_REQUESTS, 20000).s, "20k");
    assert_string_equal(viz_metric_tick(VIZ_METRIC_BYTES, 5e6).s, "5 MB");
}

/* Three partitions of a table of Redis slots, on two nodes. */
static void small_model(struct viz_model *model)
{
    static struct fore_partition partition[3];
    static struct fore_node node[2];
    static struct fore_table table[1];
    *model = (struct viz_model){0};
    struct fore_topology *t = &model->snapshot.topology;
    model->snapshot.has_topology = true;
    memset(partition, 0, sizeof partition);
    for (uint32_t p = 0; p < 3; p++) {
        partition[p].first = p * 6000;
        partition[p].last = p == 2 ? 16383 : p * 6000 + 5999;
        partition[p].alive = true;
    }
    strcpy(node[0].name, "node-00");
    strcpy(node[1].name, "east");
    strcpy(table[0].name, "slots");
    table[0].last = 16383;
    t->partition = partition;
    t->partition_count = 3;
    t->node = node;
    t->node_count = 2;
    t->table = table;
    t->table_count = 1;
}

static void what_is_typed_is_found(void **state)
{
    static const struct {
        const char *text;
        uint32_t partition, node;
    } cases[] = {
        {"p2",          2,          UINT32_MAX},
        {"6000",        1,          UINT32_MAX},
        {"5999",        0,          UINT32_MAX},
        {"slots:16383", 2,          UINT32_MAX},
        {"n1",          UINT32_MAX, 1         },
        {"east",        UINT32_MAX, 1         },
        {"node-00",     UINT32_MAX, 0         },
        {"foo",         2,          UINT32_MAX}, /* slot 12182 */
        {"{foo}bar",    2,          UINT32_MAX},
        {"123456789",   UINT32_MAX, UINT32_MAX},
        {"p3",          UINT32_MAX, UINT32_MAX},
        {"n2",          0,          UINT32_MAX}, /* no such node: a key, of slot 3431 or another */
    };
    struct viz_model model;
    small_model(&model);
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        struct viz_found found;
        bool any = viz_find(&model, cases[i].text, &found);
        if (i + 1 == FORE_COUNTOF(cases)) {
            assert_true(any && found.partition == viz_find_slot("n2") / 6000);
            break;
        }
        assert_int_equal(found.partition, cases[i].partition);
        assert_int_equal(found.node, cases[i].node);
        assert_int_equal(any, cases[i].partition != UINT32_MAX || cases[i].node != UINT32_MAX);
        assert_true(found.said[0] != '\0');
    }
    model.snapshot.has_topology = false;
    struct viz_found none;
    assert_false(viz_find(&model, "p0", &none));
}

/* From the Redis Cluster specification, appendix A. */
static void slots_are_those_of_redis(void **state)
{
    assert_int_equal(viz_find_slot("123456789"), 0x31c3);
    assert_int_equal(viz_find_slot("foo"), 12182);
    assert_int_equal(viz_find_slot("{user1000}.following"), viz_find_slot("user1000"));
    assert_int_equal(viz_find_slot("foo{}{bar}"), viz_find_slot("foo{}{bar}"));
    assert_int_not_equal(viz_find_slot("foo{}{bar}"), viz_find_slot("bar"));
}

static void the_topmost_of_what_was_drawn_is_hit(void **state)
{
    struct viz_hits hits = {.count = 0};
    viz_hits_add(NULL, VIZ_HIT_NODE, (struct viz_rect){0, 0, 10, 10}, 1);
    viz_hits_add(&hits, VIZ_HIT_NODE, (struct viz_rect){0, 0, 10, 10}, 1);
    viz_hits_add(&hits, VIZ_HIT_PARTITION, (struct viz_rect){5, 5, 2, 2}, 7);
    assert_int_equal(viz_hits_at(&hits, 5, 5).id, 7);
    assert_int_equal(viz_hits_at(&hits, 7, 7).kind, VIZ_HIT_NODE);
    assert_int_equal(viz_hits_at(&hits, 10, 5).kind, VIZ_HIT_NONE);
    for (int i = 0; i < 2 * VIZ_HITS; i++)
        viz_hits_add(&hits, VIZ_HIT_NODE, (struct viz_rect){0, 0, 1, 1}, 1);
    assert_int_equal(hits.count, VIZ_HITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_goes_through_text_and_back),
        cmocka_unit_test(a_look_that_makes_no_sense_changes_nothing),
        cmocka_unit_test(zooming_rows_keeps_the_row_under_the_cursor),
        cmocka_unit_test(metrics_have_names_and_fit_the_matrix),
        cmocka_unit_test(what_is_typed_is_found),
        cmocka_unit_test(slots_are_those_of_redis),
        cmocka_unit_test(the_topmost_of_what_was_drawn_is_hit),
    };
    return cmocka_run_group_tests_name("viz/look", tests, NULL, NULL);
}
