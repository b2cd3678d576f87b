/* test_live_calibration.c - what `foreshard calibrate` writes is a scenario's sections, whatever
 * was measured, and says of splits what is known of them. */
#include "live/calibrate/calibrate.h"
#include "sim/scenario.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct live_calibration measured(void)
{
    return (struct live_calibration){
        .nodes = 3,
        .round_trip_us = 60,
        .capacity = 120000,
        .cost = {{.bytes = 100, .read_us = 4, .write_us = 5, .scan_us = 20}},
        .fit = { .service_us = 6,
                 .sigma = 0.4,
                 .delay_us = 40,
                 .stretch = {{0.00249, 1}, {0.00351, 0.8}, {1, 2}},
                 .stretch_count = 3},
        .write_cost = 1.25,
        .scan_cost = 5,
        .why_not = "no run of slots without keys",
    };
}

static void expect_scenario(const struct live_calibration *calibration, double bandwidth)
{
    struct live_calibrate_options options = {.bytes = 0};
    struct scratch scratch = scratch_begin();
    struct fore_arena arena;
    struct fore_buf text = {0};
    struct fore_diag diag = {.code = FORE_E_OK};
    static const char *const load[] = {"workload.rate=5k/s", "workload.span=1h"};
    struct fore_strings sets = {load, FORE_COUNTOF(load)};
    struct sim_scenario *scenario = calloc(1, sizeof *scenario);
    FORE_ASSERT(scenario != NULL);
    fore_arena_init(&arena);
    live_calibrate_print(calibration, &options, &text);
    const char *path = scratch_put(&scratch, "real.cfg", text.data, text.len);
    if (sim_scenario_load(path, &sets, &arena, scenario, &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
    assert_true(scenario->cluster.partition_overhead <= 0);
    assert_int_equal(scenario->cluster.split_pause, 0);
    assert_int_equal(scenario->cluster.nodes, 3);
    assert_int_equal(scenario->cluster.link_stretch.count, 3); /* knots that are near stay apart */
    if (bandwidth > 0) assert_true(strstr(text.data, "bandwidth = \"25000000B/s\"") != NULL);
    assert_non_null(strstr(text.data, "split_pause = \"0s\"")); /* said, not left out */
    assert_non_null(strstr(text.data, "partition_overhead = \"0\""));
    assert_non_null(strstr(text.data, "nothing to measure"));
    fore_buf_fini(&text);
    fore_arena_fini(&arena);
    free(scenario);
    scratch_end(&scratch);
}

static void a_calibration_is_a_scenarios_sections(void **state)
{
    (void)state;
    struct live_calibration calibration = measured();
    calibration.moved = true;
    calibration.move_bytes_per_sec = 25e6;
    calibration.start_ms = 12;
    calibration.slot_ms = 3.5;
    calibration.move_cpu = 0.2;
    expect_scenario(&calibration, 25e6);
}

static void so_is_one_without_moves(void **state)
{
    (void)state;
    struct live_calibration calibration = measured();
    expect_scenario(&calibration, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calibration_is_a_scenarios_sections),
        cmocka_unit_test(so_is_one_without_moves),
    };
    return cmocka_run_group_tests_name("live/calibrate: the file", tests, NULL, NULL);
}
