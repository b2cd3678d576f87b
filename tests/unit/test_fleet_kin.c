/* test_fleet_kin.c - parts of what was one partition know each other, until they are one again, and
 * after a restart, too. */
#include "core/base/bytes.h"
#include "tests/support/fleet_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { START = 3 };
static const struct fore_scenario *scenario;

static struct fore_fleet *create(void)
{
    struct fore_forecast_options options = {.model = "naive",
                                            .horizon = STEPS * step,
                                            .refit_every = 100 * step,
                                            .refresh_every = step,
                                            .origins = 8,
                                            .origin_every = step};
    struct fore_fleet *made = fore_fleet_create(&options, &observe, NULL);
    assert_non_null(made);
    return made;
}

static int begin_whole(void **state)
{
    (void)begin(state);
    const float load[CAP] = {1, 1, 1};
    grow(START);
    fleet = create();
    for (int i = 0; i < 4; i++) {
        append(load);
        (void)fore_fleet_refresh(fleet, &observe, &topology, now, &scratch);
    }
    scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    return 0;
}

static uint32_t circle(uint32_t from)
{
    uint32_t count = 1;
    for (uint32_t at = scenario->kin[from]; at != from; at = scenario->kin[at])
        assert_true(++count <= CAP);
    return count;
}

static void everyone_begins_alone(void **state)
{
    (void)state;
    for (uint32_t p = 0; p < START; p++)
        assert_int_equal(circle(p), 1);
}

static void parts_of_parts_are_kin(void **state)
{
    (void)state;
    fore_fleet_split(fleet, 1, 4, 0.5);
    fore_fleet_split(fleet, 4, 5, 0.5);
    fore_fleet_split(fleet, 2, 6, 0.5);
    assert_int_equal(circle(1), 3);
    assert_int_equal(circle(5), 3);
    assert_int_equal(circle(6), 2);
    assert_int_equal(circle(0), 1);
}

static void kin_stay_kin_when_one_of_them_goes(void **state)
{
    (void)state;
    fore_fleet_split(fleet, 1, 4, 0.5);
    fore_fleet_split(fleet, 4, 5, 0.5);
    fore_fleet_merge(fleet, 1, 4);
    assert_int_equal(circle(1), 2);
    assert_int_equal(circle(5), 2);
    assert_int_equal(circle(4), 1);
    fore_fleet_merge(fleet, 1, 5);
    assert_int_equal(circle(1), 1);
}

static void an_index_used_again_has_new_kin(void **state)
{
    (void)state;
    fore_fleet_split(fleet, 1, 4, 0.5);
    fore_fleet_merge(fleet, 1, 4);
    fore_fleet_split(fleet, 2, 4, 0.5);
    assert_int_equal(circle(1), 1);
    assert_int_equal(circle(2), 2);
    assert_int_equal(scenario->kin[4], 2);
}

/* ---- restarts -------------------------------------------------------------------------------- */

static void cut(uint32_t whole, uint32_t part, double share)
{
    fore_history_split(observe.history, whole, part, share);
    fore_fleet_split(fleet, whole, part, share);
    parts[part].alive = true;
    if (part >= topology.partition_count) topology.partition_count = part + 1;
}

/* A fleet that has just been cut, and the one that takes its bytes over; both see the next step. */
static void restart(struct fore_fleet *out[2])
{
    const float load[CAP] = {1, 0.5f, 1, 0, 0.25f, 0.25f};
    struct fore_buf bytes = {0};
    cut(1, 4, 0.5);
    cut(4, 5, 0.5);
    cut(2, 3, 0.5);
    out[0] = fleet;
    fore_fleet_save(out[0], &bytes);
    out[1] = fleet = create();
    assert_int_equal(fore_fleet_load(out[1], bytes.data, bytes.len, NULL), FORE_E_OK);
    fore_buf_fini(&bytes);
    append(load);
    for (int i = 0; i < 2; i++)
        assert_true(fore_fleet_refresh(out[i], &observe, &topology, now, &scratch));
}

static void a_restart_says_the_same_of_parts_bit_for_bit(void **state)
{
    (void)state;
    struct fore_fleet *of[2];
    restart(of);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        const struct fore_scenario *old = fore_fleet_scenario(of[0], (enum fore_scenario_kind)kind);
        scenario = fore_fleet_scenario(of[1], (enum fore_scenario_kind)kind);
        assert_int_equal(circle(1), 3);
        assert_int_equal(circle(2), 2);
        assert_int_equal(circle(0), 1);
        assert_memory_equal(scenario->kin, old->kin, CAP * sizeof *old->kin);
        assert_memory_equal(scenario->mean, old->mean, 6 * STEPS * sizeof *old->mean);
        assert_memory_equal(scenario->common, old->common, 6 * STEPS * sizeof *old->common);
        assert_memory_equal(scenario->own, old->own, 6 * STEPS * sizeof *old->own);
    }
    fore_fleet_destroy(of[0]);
}

static void parts_join_after_a_restart_as_they_would_have(void **state)
{
    (void)state;
    struct fore_fleet *of[2];
    const struct fore_scenario *said[2];
    restart(of);
    for (int i = 0; i < 2; i++) {
        fore_fleet_merge(of[i], 1, 4); /* kin: their errors go together */
        said[i] = fore_fleet_scenario(of[i], FORE_SCENARIO_FORECAST);
    }
    assert_memory_equal(said[0]->own, said[1]->own, 6 * STEPS * sizeof(float));
    assert_int_equal(said[1]->kin[1], 5);
    assert_int_equal(said[1]->kin[4], 4);
    fore_fleet_destroy(of[0]);
}

/* The saved bytes with `count` numbers of 32 bits in place of what is said of kin: of the one pair
 * 1 and 4, which is five numbers. */
static enum fore_err load_with(const uint32_t *number, size_t count, struct fore_diag *diag)
{
    struct fore_buf bytes = {0}, other = {0}, framed = {0};
    struct fore_bytes_cursor c;
    cut(1, 4, 0.5);
    fore_fleet_save(fleet, &bytes);
    assert_int_equal(fore_frame_read("fleet", bytes.data, bytes.len, &c, NULL), FORE_E_OK);
    fore_buf_append(&other, c.at, (size_t)(c.end - c.at) - 5 * sizeof(uint32_t));
    for (size_t i = 0; i < count; i++)
        fore_bytes_put_u32(&other, number[i]);
    fore_frame_write("fleet", &other, &framed);
    fore_fleet_destroy(fleet);
    fleet = create();
    scenario = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    enum fore_err err = fore_fleet_load(fleet, framed.data, framed.len, diag);
    fore_buf_fini(&bytes);
    fore_buf_fini(&other);
    fore_buf_fini(&framed);
    return err;
}

static void state_from_before_kin_were_kept_is_taken_without_them(void **state)
{
    (void)state;
    assert_int_equal(load_with(NULL, 0, NULL), FORE_E_OK);
    const float load[CAP] = {1, 0.5f, 1, 0, 0.5f};
    append(load);
    assert_true(fore_fleet_refresh(fleet, &observe, &topology, now, &scratch));
    for (uint32_t p = 0; p < CAP; p++)
        assert_int_equal(circle(p), 1);
}

static void what_is_no_circle_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t number[8];
        size_t count;
    } bad[] = {
        {{2, 1, 4},             3}, /* cut short */
        {{1, 1, 4},             3}, /* a way out and none back */
        {{1, 1, 1},             3}, /* its own kin */
        {{2, 1, 4, 4, CAP},     5}, /* nobody there */
        {{2, 1, 4, 4, 3},       5}, /* 1 is nobody's next */
        {{2, 4, 1, 1, 4},       5}, /* not in order */
        {{3, 0, 1, 1, 4, 4, 1}, 7}, /* two have the same next */
        {{2, 1, 7, 7, 1},       5}, /* a partition of which nothing is known */
        {{2, 1, 4, 4, 1, 0},    6}, /* more than there should be */
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct fore_diag diag = {0};
        void *none = NULL;
        assert_int_equal(load_with(bad[i].number, bad[i].count, &diag), FORE_E_FORMAT);
        assert_non_null(strstr(diag.text, "do not fit together"));
        (void)end(&none);
        (void)begin_whole(&none);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everyone_begins_alone, begin_whole, end),
        cmocka_unit_test_setup_teardown(parts_of_parts_are_kin, begin_whole, end),
        cmocka_unit_test_setup_teardown(kin_stay_kin_when_one_of_them_goes, begin_whole, end),
        cmocka_unit_test_setup_teardown(an_index_used_again_has_new_kin, begin_whole, end),
        cmocka_unit_test_setup_teardown(a_restart_says_the_same_of_parts_bit_for_bit, begin_whole,
                                        end),
        cmocka_unit_test_setup_teardown(parts_join_after_a_restart_as_they_would_have, begin_whole,
                                        end),
        cmocka_unit_test_setup_teardown(state_from_before_kin_were_kept_is_taken_without_them,
                                        begin_whole, end),
        cmocka_unit_test_setup_teardown(what_is_no_circle_is_refused, begin_whole, end),
    };
    return cmocka_run_group_tests_name("core/forecast/fleet, kin", tests, NULL, NULL);
}
