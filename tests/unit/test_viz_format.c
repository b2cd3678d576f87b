/* Numbers and moments as people read and type them. */
#include "viz/format.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE (60 * FORE_SEC)
#define HOUR   (60 * MINUTE)

static void numbers_have_three_digits_and_a_unit(void **state)
{
    assert_string_equal(viz_format_count(870).s, "870");
    assert_string_equal(viz_format_count(12345).s, "12.3k");
    assert_string_equal(viz_format_count(999600).s, "1.00M");
    assert_string_equal(viz_format_bytes(1.5 * 1024 * 1024).s, "1.50 MiB");
    assert_string_equal(viz_format_bytes(0).s, "0 B");
    assert_string_equal(viz_format_ms(12.34).s, "12.3 ms");
    assert_string_equal(viz_format_ms(1200).s, "1.20 s");
    assert_string_equal(viz_format_ms(0.31).s, "310 \302\265s");
    assert_string_equal(viz_format_limit_ms(25).s, "25 ms");
    assert_string_equal(viz_format_percent(0.874).s, "87 %");
}

static void durations_name_at_most_two_units(void **state)
{
    assert_string_equal(viz_format_duration(51 * HOUR).s, "2 d 3 h");
    assert_string_equal(viz_format_seconds(90).s, "1 min 30 s");
    assert_string_equal(viz_format_seconds(1e32).s, viz_format_seconds(9e9).s);
    assert_string_equal(viz_format_seconds((double)NAN).s, viz_format_seconds(-5).s);
    assert_string_equal(viz_format_duration(48 * HOUR).s, "2 d");
    assert_string_equal(viz_format_duration(80 * MINUTE).s, "1 h 20 min");
    assert_string_equal(viz_format_duration(90 * FORE_SEC).s, "1 min 30 s");
    assert_string_equal(viz_format_duration(250 * FORE_MS).s, "250 ms");
}

static void moments_know_the_calendar(void **state)
{
    const uint64_t leap_day = 951782400; /* 2000-02-29 00:00 UTC */
    assert_string_equal(viz_format_moment(90 * MINUTE, leap_day).s, "2000-02-29 01:30:00 UTC");
    assert_string_equal(viz_format_moment(25 * HOUR, leap_day).s, "2000-03-01 01:00:00 UTC");
    assert_string_equal(viz_format_moment(90 * MINUTE, 0).s, "01:30:00");
    assert_string_equal(viz_format_moment(25 * HOUR, 0).s, "day 1, 01:00:00");
    assert_string_equal(viz_format_tick(24 * HOUR, HOUR, leap_day).s, "Wed 1 Mar");
    assert_string_equal(viz_format_tick(24 * HOUR, HOUR, 0).s, "day 1");
    assert_string_equal(viz_format_tick(HOUR, HOUR, leap_day).s, "01:00");
    assert_string_equal(viz_format_tick(65 * FORE_SEC, 5 * FORE_SEC, 0).s, "00:01:05");
}

static void moments_can_be_typed_in_four_ways(void **state)
{
    fore_ns at = 0, last = 72 * HOUR;
    assert_int_equal(viz_format_parse_moment("45min", 0, last, &at, NULL), FORE_E_OK);
    assert_int_equal(at, 45 * MINUTE);
    assert_int_equal(viz_format_parse_moment("2d3h", 0, last, &at, NULL), FORE_E_OK);
    assert_int_equal(at, 51 * HOUR);
    assert_int_equal(viz_format_parse_moment("50%", 0, last, &at, NULL), FORE_E_OK);
    assert_int_equal(at, 36 * HOUR);
    assert_int_equal(viz_format_parse_moment("end", 0, last, &at, NULL), FORE_E_OK);
    assert_int_equal(at, last);
    assert_int_equal(viz_format_parse_moment("start", HOUR, last, &at, NULL), FORE_E_OK);
    assert_int_equal(at, HOUR);
}

static void a_moment_outside_or_unreadable_is_refused_with_a_sentence(void **state)
{
    static const char *const bad[] = {"",   "noon",  "4d",    "101%", "-1%", "%",
                                      "12", "5min3", "1e99d", "3h x", "2d3"};
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct fore_diag diag = {0};
        fore_ns at = 77;
        assert_int_not_equal(viz_format_parse_moment(bad[i], 0, 72 * HOUR, &at, &diag), FORE_E_OK);
        assert_true(strlen(diag.text) > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_three_digits_and_a_unit),
        cmocka_unit_test(durations_name_at_most_two_units),
        cmocka_unit_test(moments_know_the_calendar),
        cmocka_unit_test(moments_can_be_typed_in_four_ways),
        cmocka_unit_test(a_moment_outside_or_unreadable_is_refused_with_a_sentence),
    };
    return cmocka_run_group_tests_name("viz/format", tests, NULL, NULL);
}
