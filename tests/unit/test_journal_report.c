#include "experiments/journal_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/act/migrate.h"
#include "tests/support/near.h"

static struct lab_report *report_create(void)
{
    struct lab_report *report = malloc(sizeof *report);
    assert_non_null(report);
    lab_report_init(report);
    return report;
}

static void report_destroy(struct lab_report *report)
{
    lab_report_fini(report);
    free(report);
}

static void put(struct lab_report *report, fore_ns at, enum fore_event_kind kind, const void *body,
                size_t len)
{
    struct fore_journal_record record = {.at = at, .kind = kind, .body = body, .len = len};
    lab_report_add(report, &record);
}

static void put_move(struct lab_report *report, fore_ns at, uint64_t ticket, uint8_t state)
{
    struct fore_event_move move = {.ticket = ticket,
                                   .plan = 1,
                                   .partition = 9,
                                   .source = 2,
                                   .target = 3,
                                   .bytes_done = 5000000000,
                                   .state = state};
    put(report, at, FORE_EV_MOVE, &move, sizeof move);
}

static void a_moves_many_events_are_one_row_with_its_reason(void **state)
{
    struct lab_report *report = report_create();
    struct {
        struct fore_event_plan plan;
        struct fore_event_plan_move move;
        char why[32];
    } plan = {
        .plan = {.plan = 1, .move_count = 1, .admitted = 1},
          .why = "node 2 runs hot"
    };
    put(report, 60 * FORE_SEC, FORE_EV_PLAN, &plan, sizeof plan);
    put_move(report, 60 * FORE_SEC, 1, FORE_MIGRATE_QUEUED);
    put_move(report, 61 * FORE_SEC, 1, FORE_MIGRATE_COPY);
    put_move(report, 90 * FORE_SEC, 2, FORE_MIGRATE_COPY);
    put_move(report, 120 * FORE_SEC, 1, FORE_MIGRATE_DONE);
    struct fore_event_verify verify = {.ticket = 1, .digests_equal = 1};
    put(report, 121 * FORE_SEC, FORE_EV_VERIFY, &verify, sizeof verify);
    assert_int_equal(report->move_count, 2);
    assert_int_equal(report->move[0].ended - report->move[0].first_seen, 60 * FORE_SEC);
    assert_int_equal(report->move[1].ended, 0);
    assert_true(report->move[0].verified);
    struct fore_buf out = {0};
    struct fore_journal_header header = {.seed = 7};
    lab_report_print(report, &header, &out);
    assert_non_null(strstr(out.data, "seed 7"));
    assert_non_null(strstr(out.data, "node 2 runs hot"));
    assert_non_null(strstr(out.data, "5.0 GB"));
    assert_non_null(strstr(out.data, "1 min"));
    fore_buf_fini(&out);
    report_destroy(report);
}

static void the_hottest_partition_is_named_first(void **state)
{
    struct lab_report *report = report_create();
    struct fore_event_cluster_load cluster = {.window_ns = FORE_SEC, .requests = 100};
    struct fore_event_partition_load load[2] = {
        {.partition = 3,  .load_cores = .5f},
        {.partition = 70, .load_cores = 2  }
    };
    for (int i = 0; i < 4; i++) {
        put(report, (fore_ns)i * FORE_SEC, FORE_EV_CLUSTER_LOAD, &cluster, sizeof cluster);
        put(report, (fore_ns)i * FORE_SEC, FORE_EV_PARTITION_LOAD, load, sizeof load);
    }
    expect_near(report->partition[70].load_sum, 8, 1e-9);
    struct fore_buf out = {0};
    struct fore_journal_header header = {.seed = 1};
    lab_report_print(report, &header, &out);
    const char *hottest = strstr(out.data, "\n         70  ");
    const char *second = strstr(out.data, "\n          3  ");
    assert_true(hottest != NULL && second != NULL && hottest < second);
    fore_buf_fini(&out);
    report_destroy(report);
}

static void an_alert_is_counted_from_its_cause_to_its_end(void **state)
{
    struct lab_report *report = report_create();
    struct fore_event_alert risk = {.severity = 1, .code = FORE_ALERT_NODE_RISK, .node = 2};
    struct fore_event_resolved over = {
        .raised_ns = 10 * FORE_SEC, .severity = 1, .code = FORE_ALERT_NODE_RISK, .node = 2};
    put(report, 10 * FORE_SEC, FORE_EV_ALERT, &risk, sizeof risk);
    put(report, 50 * FORE_SEC, FORE_EV_ALERT, &risk, sizeof risk); /* a reminder */
    over.partition = risk.partition;
    put(report, 70 * FORE_SEC, FORE_EV_RESOLVED, &over, sizeof over);
    risk.node = 3;
    put(report, 80 * FORE_SEC, FORE_EV_ALERT, &risk, sizeof risk);
    const struct lab_report_alert *alert = &report->alert[FORE_ALERT_NODE_RISK];
    assert_int_equal(alert->count, 3);
    assert_int_equal(alert->raised, 2);
    assert_int_equal(alert->resolved, 1);
    assert_int_equal(report->open_count, 1);
    struct fore_buf out = {0};
    struct fore_journal_header header = {.seed = 1};
    lab_report_print(report, &header, &out);
    assert_non_null(strstr(out.data, "x3, 1 resolved after 1 min on average, 1 standing"));
    fore_buf_fini(&out);
    report_destroy(report);
}

static void what_moves_saved_is_set_against_what_was_promised(void **state)
{
    struct lab_report *report = report_create();
    static const float realised[] = {0, 100, 50, -100, 100};
    for (uint64_t i = 0; i < FORE_COUNTOF(realised); i++) {
        put_move(report, i * FORE_SEC, i + 1, FORE_MIGRATE_COPY);
        struct fore_event_gain gain = {.ticket = i + 1,
                                       .plan = 1 + i / 2, /* two moves a plan */
                                       .predicted_s = i == 4 ? 0.25f : 100,
                                       .realised_s = realised[i],
                                       .worse = realised[i] < 0};
        put(report, i * FORE_SEC, FORE_EV_GAIN, &gain, sizeof gain);
    }
    struct fore_event_gain nobodys = {.ticket = 99, .predicted_s = 1e6f};
    put(report, 9 * FORE_SEC, FORE_EV_GAIN, &nobodys, sizeof nobodys);
    struct fore_buf out = {0};
    struct fore_journal_header header = {.seed = 1};
    lab_report_print(report, &header, &out);
    assert_non_null(strstr(out.data, "5 copies measured, 1 of them made things worse"));
    assert_non_null(strstr(out.data, "400 predicted, 150 realised"));
    /* Ratios 0, 1, 0.5, -1; a promise of a quarter second has none. Plans: 100/200, -50/200. */
    assert_non_null(strstr(out.data, "median 0.25, quartiles -0.25 to 0.62, over 4 moves"));
    assert_non_null(strstr(out.data, "median 0.12, quartiles -0.06 to 0.31, over 2 plans"));
    fore_buf_fini(&out);
    report_destroy(report);
}

static void hostile_payloads_are_skipped_and_counted(void **state)
{
    struct lab_report *report = report_create();
    unsigned char junk[64];
    memset(junk, 0xff, sizeof junk);
    for (uint16_t kind = 0; kind < 40; kind++)
        for (size_t len = 0; len <= sizeof junk; len++)
            put(report, 0, (enum fore_event_kind)kind, junk, len);
    assert_true(report->skipped > 0);
    struct fore_buf out = {0};
    struct fore_journal_header header = {.seed = 1};
    lab_report_print(report, &header, &out);
    assert_true(out.len > 0);
    fore_buf_fini(&out);
    report_destroy(report);
}

static void an_empty_journal_has_a_report_too(void **state)
{
    struct lab_report *report = report_create();
    struct fore_buf out = {0};
    struct fore_journal_header header = {.seed = 1};
    lab_report_print(report, &header, &out);
    assert_non_null(strstr(out.data, "load       none was journalled"));
    fore_buf_fini(&out);
    report_destroy(report);
}

static void put_fallback(struct lab_report *report, fore_ns at, bool active, const char *text)
{
    char body[sizeof(struct fore_event_fallback) + 64] = {0};
    struct fore_event_fallback event = {.active = active, .weight = 0.7f};
    memcpy(body, &event, sizeof event);
    memcpy(body + sizeof event, text, strlen(text) + 1);
    put(report, at, FORE_EV_FALLBACK, body, sizeof body);
}

static void fallbacks_are_counted_and_their_time_added_up(void **state)
{
    struct lab_report *report = report_create();
    struct fore_journal_header header = {.seed = 1};
    struct fore_buf text = {0};
    put_fallback(report, 100 * FORE_SEC, true, "first");
    put_fallback(report, 160 * FORE_SEC, false, "over");
    put_fallback(report, 400 * FORE_SEC, true, "node-03 carries more");
    put(report, 420 * FORE_SEC, FORE_EV_NOTE, "x", 2);
    assert_int_equal(report->fallback.count, 2);
    assert_int_equal(report->fallback.lasted, 60 * FORE_SEC);
    lab_report_print(report, &header, &text);
    assert_non_null(strstr(text.data, "to the present load 2 times, 1 min 20 s in all, and still"));
    assert_non_null(strstr(text.data, "at 00:06:40: node-03 carries more"));
    put(report, 500 * FORE_SEC, FORE_EV_FALLBACK, "x", 1); /* too short for its kind */
    assert_int_equal(report->skipped, 1);
    fore_buf_fini(&text);
    report_destroy(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fallbacks_are_counted_and_their_time_added_up),
        cmocka_unit_test(a_moves_many_events_are_one_row_with_its_reason),
        cmocka_unit_test(the_hottest_partition_is_named_first),
        cmocka_unit_test(an_alert_is_counted_from_its_cause_to_its_end),
        cmocka_unit_test(what_moves_saved_is_set_against_what_was_promised),
        cmocka_unit_test(hostile_payloads_are_skipped_and_counted),
        cmocka_unit_test(an_empty_journal_has_a_report_too),
    };
    return cmocka_run_group_tests_name("experiments/journal_report", tests, NULL, NULL);
}
