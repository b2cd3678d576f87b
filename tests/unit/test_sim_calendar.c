#include "sim/calendar.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/rng.h"

static void events_come_out_by_time_then_priority_then_sequence(void **state)
{
    (void)state;
    struct sim_calendar calendar = {0};
    struct fore_rng rng = fore_rng_stream(1, "calendar", 0);
    enum { COUNT = 5000 };
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t at = fore_rng_below(&rng, 50), priority = fore_rng_below(&rng, 3);
        sim_calendar_push(&calendar, (uint8_t)priority,
                          (struct sim_event){.at = at, .subject = i, .kind = (uint16_t)priority});
    }
    struct sim_event last = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(sim_calendar_next(&calendar), calendar.event[0].at);
        struct sim_event event = sim_calendar_pop(&calendar);
        if (i > 0) {
            bool later = event.at > last.at;
            bool lower = event.at == last.at && event.kind > last.kind;
            bool newer =
                event.at == last.at && event.kind == last.kind && event.subject > last.subject;
            assert_true(later || lower || newer);
        }
        last = event;
    }
    assert_int_equal(calendar.count, 0);
    sim_calendar_fini(&calendar);
}

static void pushes_between_pops_keep_the_order(void **state)
{
    (void)state;
    struct sim_calendar calendar = {0};
    struct fore_rng rng = fore_rng_stream(2, "calendar", 0);
    fore_ns now = 0;
    for (int i = 0; i < 20000; i++) {
        uint32_t ahead = fore_rng_below(&rng, 1000), burst = fore_rng_below(&rng, 3);
        for (uint32_t k = 0; k < burst; k++)
            sim_calendar_push(&calendar, 0, (struct sim_event){.at = now + ahead + k});
        if (calendar.count == 0) continue;
        struct sim_event event = sim_calendar_pop(&calendar);
        assert_true(event.at >= now);
        now = event.at;
    }
    sim_calendar_fini(&calendar);
}

static void an_empty_calendar_is_never_due(void **state)
{
    (void)state;
    struct sim_calendar calendar = {0};
    assert_int_equal(sim_calendar_next(&calendar), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_out_by_time_then_priority_then_sequence),
        cmocka_unit_test(pushes_between_pops_keep_the_order),
        cmocka_unit_test(an_empty_calendar_is_never_due),
    };
    return cmocka_run_group_tests_name("sim/calendar", tests, NULL, NULL);
}
