/* The throttle: the law alone, the law in a loop with a queue, and the law on a running copy. */
#include "tests/support/near.h"
#include "tests/support/world.h"

#include "core/act/throttle.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct fore_throttle_law law = {.goal_ms = 100, .floor = 20, .full = 100};

static void it_halves_above_the_goal_and_grows_by_a_tenth_below(void **state)
{
    expect_near(fore_throttle_next(&law, 80, 101), 40, 1e-9);
    expect_near(fore_throttle_next(&law, 40, 50), 50, 1e-9);
    expect_near(fore_throttle_next(&law, 40, 95), 40, 1e-9); /* near the goal it holds */
    expect_near(fore_throttle_next(&law, 25, 500), 20, 1e-9);
    expect_near(fore_throttle_next(&law, 95, 1), 100, 1e-9);
}

static void it_never_leaves_its_bounds(void **state)
{
    struct fore_rng rng = fore_rng_stream(1, "throttle", 0);
    double rate = 100;
    for (int i = 0; i < 10000; i++) {
        double p99 = fore_rng_unit(&rng) * 300;
        double next = fore_throttle_next(&law, rate, p99);
        assert_true(next >= law.floor && next <= law.full);
        assert_true(p99 <= law.goal_ms ? next >= rate : next <= rate);
        rate = next;
    }
}

/* M/M/1: the p99 of a node that serves at 50 % and gives up to 50 % to the copy. */
static double p99_of(double rate)
{
    double utilization = 0.5 + 0.5 * rate / law.full;
    return utilization < 0.99 ? 10 * 4.6 / (1 - utilization) : 4600;
}

static void with_a_queue_it_settles_below_the_goal_and_well_above_the_floor(void **state)
{
    struct fore_throttle_law loop = law;
    loop.goal_ms = p99_of(60);
    loop.floor = 5;
    double rate = 100, sum = 0, above = 0;
    for (int i = 0; i < 1000; i++) {
        rate = fore_throttle_next(&loop, rate, p99_of(rate));
        if (i < 100) continue;
        sum += rate;
        above += p99_of(rate) > loop.goal_ms;
    }
    assert_true(sum / 900 > 0.6 * 60 && sum / 900 <= 60); /* most of what there is to have */
    assert_true(above / 900 < 0.25);
}

/* Chiu and Jain: two copies at one node come to equal shares, wherever they start. */
static void copies_at_one_node_share_alike(void **state)
{
    double a = 95, b = 5;
    struct fore_throttle_law small = {.goal_ms = 100, .floor = 1, .full = 100};
    for (int i = 0; i < 400; i++) {
        double p99 = a + b > 100 ? 200 : 10;
        a = fore_throttle_next(&small, a, p99);
        b = fore_throttle_next(&small, b, p99);
    }
    expect_near(a, b, 1);
}

/* ---- on a running copy --------------------------------------------------------------------- */

static struct world world;
static struct fore_migrate migrate;
static struct fore_act_options options;
static struct fore_migration move;
static double told; /* the rate the driver was last told; -1: none */
static uint32_t calls, events;
static enum fore_err answer;

static enum fore_err t_topology(void *self, const struct fore_topology **out)
{
    *out = &world.topology;
    return FORE_E_OK;
}
static enum fore_err t_throttle(void *self, fore_ticket ticket, double rate)
{
    calls++;
    if (answer == FORE_E_OK) told = rate;
    return answer;
}
static const struct fore_driver_ops ops = {
    .name = "throttle", .caps = FORE_CAP_THROTTLE, .topology = t_topology, .throttle = t_throttle};

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    events++;
}

static int begin(void **state)
{
    world_init(&world);
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &options}, &world.arena);
    options.throttle_p99 = 0.8;
    fore_migrate_init(&migrate, &options, &world.arena, WORLD_NODES);
    migrate.slo_ms = 100;
    migrate.utilization_limit = 0.85;
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        world.topology.node[n].bandwidth_bytes = 1000;
    move = (struct fore_migration){
        .move = {.kind = FORE_MOVE_MOVE, .source = 0, .target = 1},
        .ticket = 7,
        .before_p99_ms = 20
    };
    told = -1;
    calls = events = 0;
    answer = FORE_E_OK;
    return 0;
}

static int end(void **state)
{
    world_fini(&world);
    return 0;
}

static void steer(uint32_t times, double p99_ms)
{
    static fore_ns now = FORE_SEC;
    struct fore_step step = {.migrate = &migrate,
                             .driver = {.ops = &ops},
                             .observe = world.observe,
                             .sink = {.put = put}};
    world.observe->node[1].p99_ms = p99_ms;
    for (uint32_t i = 0; i < times; i++) {
        step.now = now += world.observe->options.now_span;
        fore_throttle_steer(&step, &move);
    }
}

static void a_copy_slows_down_to_its_floor_and_recovers(void **state)
{
    steer(1, 50);
    assert_int_equal(calls, 0); /* full speed is what it has */
    steer(1, 90);
    expect_near(told, 500, 1e-9);
    assert_true(move.throttled);
    steer(20, 400);
    expect_near(told, 200, 1e-9); /* never to a stop */
    steer(20, 50);
    expect_near(told, 0, 0); /* no cap any more */
    assert_false(move.throttled);
    assert_int_equal(events, calls);
}

static void the_cap_of_the_options_is_its_full_speed(void **state)
{
    migrate.options.move_bandwidth = 300;
    steer(1, 90);
    expect_near(told, 150, 1e-9);
    steer(20, 50);
    expect_near(told, 300, 1e-9);
}

static void a_copy_answers_only_for_what_it_adds(void **state)
{
    move.before_p99_ms = 150;
    steer(10, 140);
    assert_int_equal(calls, 0);
    steer(1, 160);
    expect_near(told, 500, 1e-9);
}

static void where_clients_suffer_anyway_the_cure_is_not_delayed(void **state)
{
    world.observe->node[0].utilization = 0.95;
    world.observe->node[0].move_utilization = 0.05;
    steer(10, 500);
    assert_int_equal(calls, 0);
    world.observe->node[0].move_utilization = 0.3; /* now it is the copy's doing */
    steer(1, 500);
    expect_near(told, 500, 1e-9);
}

static void it_is_off_unless_asked_for_and_where_nothing_is_known(void **state)
{
    migrate.options.throttle_p99 = 0;
    steer(10, 500);
    migrate.options.throttle_p99 = 0.8;
    migrate.slo_ms = 0;
    steer(10, 500);
    assert_int_equal(calls, 0);
}

static void room_is_what_other_work_leaves(void **state)
{
    expect_near(fore_throttle_room(0.75, 0.5, 0.07, 0.2), 1, 1e-9);
    expect_near(fore_throttle_room(0.75, 0.715, 0.07, 0.2), 0.5, 1e-9);
    expect_near(fore_throttle_room(0.75, 0.8, 0.07, 0.2), 0.2, 1e-9);
    expect_near(fore_throttle_room(0.75, 0.8, 0, 0.2), 1, 1e-9); /* a copy that costs nothing */
}

static void a_copy_keeps_to_the_room_of_the_fuller_end(void **state)
{
    options.throttle_p99 = 0;
    options.throttle_room = 0.75;
    migrate.options = options;
    migrate.move_utilization = 0.1;
    world.observe->node[0].utilization = 0.75; /* 0.05 of it the copy's own */
    world.observe->node[0].move_utilization = 0.05;
    world.observe->node[1].utilization = 0.4;
    world.observe->node[1].move_utilization = 0.05;
    steer(1, 20);
    expect_near(told, 500, 1e-6);
    steer(3, 20);
    assert_int_equal(calls, 1); /* nothing has changed */
    world.observe->node[0].utilization = 0.7;
    steer(1, 20);
    expect_near(told, 0, 1e-9); /* full speed: left to the driver's own cap */
    world.observe->node[0].utilization = 0.95; /* beyond help: the copy is the cure */
    calls = 0;
    steer(2, 20);
    assert_int_equal(calls, 0);
}

static void a_driver_that_does_not_answer_is_asked_again(void **state)
{
    answer = FORE_E_UNREACHABLE;
    steer(3, 90);
    assert_int_equal(calls, 3);
    assert_int_equal(events, 0);
    answer = FORE_E_OK;
    steer(1, 90);
    expect_near(told, 500, 1e-9);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_halves_above_the_goal_and_grows_by_a_tenth_below),
        cmocka_unit_test(it_never_leaves_its_bounds),
        cmocka_unit_test(with_a_queue_it_settles_below_the_goal_and_well_above_the_floor),
        cmocka_unit_test(copies_at_one_node_share_alike),
        T(a_copy_slows_down_to_its_floor_and_recovers),
        T(the_cap_of_the_options_is_its_full_speed),
        T(a_copy_answers_only_for_what_it_adds),
        T(where_clients_suffer_anyway_the_cure_is_not_delayed),
        T(it_is_off_unless_asked_for_and_where_nothing_is_known),
        cmocka_unit_test(room_is_what_other_work_leaves),
        T(a_copy_keeps_to_the_room_of_the_fuller_end),
        T(a_driver_that_does_not_answer_is_asked_again),
    };
    return cmocka_run_group_tests_name("core/act: throttle", tests, NULL, NULL);
}
