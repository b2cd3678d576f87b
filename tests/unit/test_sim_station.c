/* test_sim_station.c - the recursions against a naive event calendar, departure by departure. */
#include "sim/station.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "sim/calendar.h"

enum { COUNT = 20000, CORES_MAX = 40 };
enum { ARRIVE, LEAVE };

struct job {
    fore_ns arrival, service, departure;
};

/* The textbook: a queue of waiting jobs, a number of idle servers, an event for everything. */
static void serve_by_events(struct job *job, uint32_t cores)
{
    static uint32_t queue[COUNT];
    size_t head = 0, tail = 0;
    uint32_t idle = cores;
    struct sim_calendar calendar = {0};
    for (uint32_t i = 0; i < COUNT; i++)
        sim_calendar_push(&calendar, 1,
                          (struct sim_event){.at = job[i].arrival, .subject = i, .kind = ARRIVE});
    while (calendar.count > 0) {
        struct sim_event event = sim_calendar_pop(&calendar);
        if (event.kind == ARRIVE)
            queue[tail++] = event.subject;
        else
            idle++;
        while (idle > 0 && head < tail) {
            uint32_t next = queue[head++];
            idle--;
            job[next].departure = event.at + job[next].service;
            sim_calendar_push(&calendar, 0,
                              (struct sim_event){.at = job[next].departure, .kind = LEAVE});
        }
    }
    sim_calendar_fini(&calendar);
}

static void departures_equal_those_of_an_event_calendar(void **state)
{
    (void)state;
    static const uint32_t cores[] = {1, 2, 3, 4, 7, 8, 9, 10, 16, 33, CORES_MAX};
    static struct job job[COUNT];
    for (size_t c = 0; c < FORE_COUNTOF(cores); c++) {
        struct fore_arena arena = {0};
        struct sim_station station;
        sim_station_init(&station, &arena, cores[c], 1);
        struct fore_rng rng = fore_rng_stream(5, "station", cores[c]);
        fore_ns now = 0;
        for (size_t i = 0; i < COUNT; i++) {
            double gap = 1000 * fore_dist_exp(&rng), service = 950.0 * cores[c];
            now += (fore_ns)gap;
            job[i] =
                (struct job){.arrival = now, .service = (fore_ns)(service * fore_dist_exp(&rng))};
        }
        serve_by_events(job, cores[c]);
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(sim_station_serve(&station, job[i].arrival, job[i].service),
                             job[i].departure);
        fore_arena_fini(&arena);
    }
}

static void a_slow_node_takes_longer(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct sim_station station;
    sim_station_init(&station, &arena, 1, 2.5);
    assert_int_equal(sim_station_serve(&station, 100, 40), 200);
    fore_arena_fini(&arena);
}

static void backlog_is_the_work_left_per_core(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct sim_station station;
    sim_station_init(&station, &arena, 2, 1);
    (void)sim_station_serve(&station, 0, 1000);
    (void)sim_station_serve(&station, 0, 500);
    (void)sim_station_serve(&station, 0, 500); /* waits for the second core */
    assert_int_equal(sim_station_backlog(&station, 0), 1000);
    assert_int_equal(sim_station_backlog(&station, 600), 400);
    assert_int_equal(sim_station_backlog(&station, 5000), 0);
    fore_arena_fini(&arena);
}

/* Nobody is served while it is held; what is there already is done first, on one core or many. */
static void a_held_station_serves_later(void **state)
{
    (void)state;
    static const uint32_t cores[] = {1, 3, 12};
    for (size_t i = 0; i < FORE_COUNTOF(cores); i++) {
        struct fore_arena arena = {0};
        struct sim_station station;
        sim_station_init(&station, &arena, cores[i], 1);
        (void)sim_station_serve(&station, 0, 500);
        sim_station_hold(&station, 100, 1000);
        for (uint32_t c = 1; c < cores[i]; c++)
            assert_int_equal(sim_station_serve(&station, 200, 50), 1150);
        /* The next is the first core's: at 500 it was done, and then held. */
        fore_ns leaves = sim_station_serve(&station, 200, 600);
        assert_int_equal(leaves, cores[i] == 1 ? 2100 : 1750);
        fore_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(departures_equal_those_of_an_event_calendar),
        cmocka_unit_test(a_slow_node_takes_longer),
        cmocka_unit_test(a_held_station_serves_later),
        cmocka_unit_test(backlog_is_the_work_left_per_core),
    };
    return cmocka_run_group_tests_name("sim/station", tests, NULL, NULL);
}
