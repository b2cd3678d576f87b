/* test_live_calm.c - the mover's throttle on a synthetic p99: it settles, does not swing, does not
 * stop for ever, and goes back to full speed. */
#include "core/base/rng.h"
#include "live/redis/calm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A cluster whose p99 is `idle` and rises with the ease; noise is a share of it. */
struct plant {
    struct live_calm calm;
    struct fore_rng rng;
    double idle, slope, power, noise;
    double ease_min, ease_max, ease_sum;
    uint32_t turns, over; /* windows above the goal */
};

static struct plant plant_begin(double idle, double slope, double noise, double slo_ms)
{
    struct plant plant = {.idle = idle, .slope = slope, .power = 1, .noise = noise};
    plant.rng = fore_rng_stream(7, "test.calm", (uint32_t)(slope * 10));
    live_calm_init(&plant.calm, &(struct live_calm_options){.over = 1.3, .slo_ms = slo_ms});
    for (int i = 0; i < 20; i++)
        live_calm_rest(&plant.calm, 3, idle * (1 + noise * (fore_rng_unit(&plant.rng) - 0.5)));
    live_calm_begin(&plant.calm);
    return plant;
}

static double p99_now(struct plant *plant)
{
    double p99 = plant->idle + plant->slope * pow(plant->calm.ease, plant->power);
    return p99 * (1 + plant->noise * (fore_rng_unit(&plant->rng) - 0.5));
}

static void plant_run(struct plant *plant, int windows)
{
    plant->ease_min = 1e9;
    plant->ease_max = plant->ease_sum = 0;
    plant->over = plant->turns = 0;
    for (int i = 0; i < windows; i++) {
        struct live_calm_felt felt = {.shard = 3, .p99_ms = p99_now(plant)};
        plant->over += felt.p99_ms > live_calm_goal_ms(&plant->calm, 3);
        double before = plant->calm.ease, ease = live_calm_turn(&plant->calm, &felt, 1);
        plant->turns += fabs(ease - before) > 1e-9;
        plant->ease_min = fmin(plant->ease_min, ease);
        plant->ease_max = fmax(plant->ease_max, ease);
        plant->ease_sum += ease;
    }
}

static void it_settles_where_the_goal_is_and_does_not_swing(void **state)
{
    (void)state;
    /* 1 ms idle, goal 1.3 ms: the ease that meets it exactly is 0.3 / slope. */
    static const double slope[] = {0.4, 0.75, 1.5, 3};
    for (size_t i = 0; i < FORE_COUNTOF(slope); i++) {
        struct plant plant = plant_begin(1, slope[i], 0, 0);
        plant_run(&plant, 60);
        plant_run(&plant, 400);
        double best = 0.3 / slope[i];
        assert_true(plant.over <= 400 / 10);
        assert_true(plant.ease_max <= best * 1.35 + 0.1);
        assert_true(plant.ease_sum / 400 > 0.45 * fmin(best, 1));
        assert_true(plant.ease_min >= best * 0.4);
        assert_true(plant.turns < 400 / 4);
    }
}

static void noise_does_not_drive_it_down(void **state)
{
    (void)state;
    struct plant plant = plant_begin(1, 0.02, 0.3, 0); /* moves hardly show */
    plant_run(&plant, 100);
    plant_run(&plant, 300);
    assert_true(plant.ease_sum / 300 > 0.8);
    assert_true(plant.ease_min > 0.3);
}

static void one_bad_window_changes_nothing(void **state)
{
    (void)state;
    struct plant plant = plant_begin(1, 0.1, 0, 0);
    plant_run(&plant, 50);
    assert_true(plant.calm.ease == 1);
    struct live_calm_felt bad = {.shard = 3, .p99_ms = 500};
    assert_true(live_calm_turn(&plant.calm, &bad, 1) == 1);
    plant_run(&plant, 10);
    assert_true(plant.calm.ease == 1 && plant.calm.eased == 0);
}

static void it_goes_down_under_strain_and_comes_back(void **state)
{
    (void)state;
    struct plant plant = plant_begin(1, 0.1, 0, 0);
    plant_run(&plant, 30);
    assert_true(plant.calm.ease == 1);
    plant.slope = 5;
    plant_run(&plant, 30);
    assert_true(plant.calm.ease < 0.15);
    plant.slope = 0.1;
    plant_run(&plant, 60);
    assert_true(plant.calm.ease > 0.9);
}

static void what_is_not_its_doing_does_not_stop_it(void **state)
{
    (void)state;
    struct plant plant = plant_begin(1, 0.1, 0, 0);
    plant_run(&plant, 20);
    plant.idle = 10; /* the clients ask for more now */
    plant_run(&plant, 30);
    assert_true(plant.ease_min >= plant.calm.options.floor);
    plant_run(&plant, 100);
    assert_true(plant.calm.relearned >= 1);
    assert_true(plant.calm.ease > 0.9);
    plant.idle = 1; /* and in the evening less: idle sinks with them */
    plant_run(&plant, 200);
    assert_true(live_calm_goal_ms(&plant.calm, 3) < 3);
}

static void the_slo_is_a_goal_too(void **state)
{
    (void)state;
    struct plant plant = plant_begin(9, 3, 0, 10); /* 1.3 times idle would be 11.7 ms */
    assert_true(fabs(live_calm_goal_ms(&plant.calm, 3) - 10) < 1e-9);
    plant_run(&plant, 60);
    plant_run(&plant, 200);
    assert_true(plant.over < 20 && plant.ease_max < 0.5);
    struct plant lost = plant_begin(20, 1, 0, 10); /* broken without us: 1.3 times it is */
    assert_true(fabs(live_calm_goal_ms(&lost.calm, 3) - 26) < 1e-9);
}

static void a_small_excess_is_let_pass(void **state)
{
    (void)state;
    struct live_calm calm;
    live_calm_init(&calm, &(struct live_calm_options){.over = 1.3, .slo_ms = 10, .slack_ms = 0.5});
    live_calm_rest(&calm, 0, 0.2);
    live_calm_rest(&calm, 1, 5);
    live_calm_rest(&calm, 2, 9.8);
    assert_true(fabs(live_calm_goal_ms(&calm, 0) - 0.7) < 1e-9);
    assert_true(fabs(live_calm_goal_ms(&calm, 1) - 6.5) < 1e-9);
    assert_true(fabs(live_calm_goal_ms(&calm, 2) - 10) < 1e-9);
    assert_true(live_calm_goal_ms(&calm, 3) == 0 && live_calm_goal_ms(&calm, 999) == 0);
}

static void the_worst_end_counts_and_nonsense_does_not(void **state)
{
    (void)state;
    struct live_calm calm;
    live_calm_init(&calm, &(struct live_calm_options){.over = 1.3});
    live_calm_rest(&calm, 0, 1);
    live_calm_rest(&calm, 1, 1);
    live_calm_rest(&calm, 1, NAN);
    live_calm_rest(&calm, 999, 1);
    live_calm_begin(&calm);
    struct live_calm_felt felt[] = {
        {.shard = 0,   .p99_ms = 1  },
        {.shard = 1,   .p99_ms = 2  },
        {.shard = 999, .p99_ms = 1e9}
    };
    for (int i = 0; i < 10; i++)
        (void)live_calm_turn(&calm, felt, 3);
    assert_true(calm.ease < 0.3 && calm.eased > 0);
    double before = calm.ease;
    assert_true(live_calm_turn(&calm, felt, 0) == before);
    felt[0].p99_ms = felt[1].p99_ms = NAN;
    assert_true(live_calm_turn(&calm, felt, 2) >= calm.options.floor);
}

static void switched_off_it_is_always_one(void **state)
{
    (void)state;
    struct live_calm calm;
    struct live_calm_felt felt = {.shard = 0, .p99_ms = 100};
    live_calm_init(&calm, &(struct live_calm_options){.over = 0});
    live_calm_rest(&calm, 0, 1);
    live_calm_begin(&calm);
    assert_true(live_calm_turn(&calm, &felt, 1) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_settles_where_the_goal_is_and_does_not_swing),
        cmocka_unit_test(noise_does_not_drive_it_down),
        cmocka_unit_test(one_bad_window_changes_nothing),
        cmocka_unit_test(it_goes_down_under_strain_and_comes_back),
        cmocka_unit_test(what_is_not_its_doing_does_not_stop_it),
        cmocka_unit_test(the_slo_is_a_goal_too),
        cmocka_unit_test(a_small_excess_is_let_pass),
        cmocka_unit_test(the_worst_end_counts_and_nonsense_does_not),
        cmocka_unit_test(switched_off_it_is_always_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
