/* What an engine has learned outlives it: history and fleet as bytes, and what is refused. */
#include "core/base/bytes.h"
#include "tests/support/engine_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POINTS = 200 };
static float before[ENGINE_CASE_PARTITIONS][POINTS], after[ENGINE_CASE_PARTITIONS][POINTS];

static void read_points(float out[ENGINE_CASE_PARTITIONS][POINTS])
{
    const struct fore_history *history = fore_engine_observe(ec.engine)->history;
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
        fore_history_read(history, 1, FORE_HIST_LOAD, p, POINTS, out[p]);
}

/* A new engine in front of the same cluster. */
static void restart(void)
{
    fore_engine_destroy(ec.engine);
    ec.engine = NULL;
    engine_case_start();
}

static struct fore_buf learned(void)
{
    struct fore_buf state = {0};
    engine_case_start();
    for (int wave = 0; wave < 20; wave++) {
        engine_case_run(30, 1, 0.2);
        engine_case_run(30, 1, 0.6);
    }
    fore_engine_save(ec.engine, &state);
    read_points(before);
    return state;
}

static void the_past_survives_the_engine(void **state)
{
    (void)state;
    struct fore_buf kept = learned();
    fore_ns end = fore_history_end(fore_engine_observe(ec.engine)->history, 1);
    restart();
    assert_int_equal(fore_engine_load(ec.engine, kept.data, kept.len, &ec.diag), FORE_E_OK);
    assert_int_equal(fore_history_end(fore_engine_observe(ec.engine)->history, 1), end);
    read_points(after);
    size_t known = 0;
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
        for (int i = 0; i < POINTS; i++) {
            assert_true(after[p][i] == before[p][i] || (isnan(after[p][i]) && isnan(before[p][i])));
            known += !isnan(after[p][i]);
        }
    assert_true(known >= 119 * ENGINE_CASE_PARTITIONS);
    engine_case_run(1, 1, 0.2);
    const struct fore_scenario *s =
        fore_fleet_scenario(fore_engine_fleet(ec.engine), FORE_SCENARIO_FORECAST);
    assert_true(s->ready); /* at once, not after a while of its own */
    fore_buf_fini(&kept);
}

static void a_pause_is_a_gap_and_not_more(void **state)
{
    (void)state;
    struct fore_buf kept = learned();
    restart();
    assert_int_equal(fore_engine_load(ec.engine, kept.data, kept.len, &ec.diag), FORE_E_OK);
    fake_advance(ec.fake, 300 * FORE_SEC); /* nobody was there */
    engine_case_run(60, 1, 0.4);
    read_points(after);
    uint32_t missing = 0;
    for (int i = POINTS - 36; i < POINTS; i++)
        missing += isnan(after[1][i]);
    assert_in_range(missing, 28, 31);
    for (int i = 0; i < POINTS - 40; i++) /* what was before has moved on by the time that passed */
        assert_true(after[1][i] == before[1][i + 36] ||
                    (isnan(after[1][i]) && isnan(before[1][i + 36])));
    fore_buf_fini(&kept);
}

static void an_engine_that_was_never_asked_keeps_nothing(void **state)
{
    (void)state;
    struct fore_buf kept = {0};
    engine_case_start();
    fore_engine_save(ec.engine, &kept);
    restart();
    assert_int_equal(fore_engine_load(ec.engine, kept.data, kept.len, &ec.diag), FORE_E_OK);
    engine_case_run(20, 1, 0.2);
    assert_int_equal(fore_history_count(fore_engine_observe(ec.engine)->history, 0), 20);
    fore_buf_fini(&kept);
}

static void bytes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    struct fore_buf kept = learned();
    ec.options.observe.mid_step = 20 * FORE_SEC;
    restart();
    assert_int_equal(fore_engine_load(ec.engine, kept.data, kept.len, &ec.diag), FORE_E_FORMAT);
    assert_non_null(strstr(ec.diag.text, "other steps"));
    ec.options.observe.mid_step = 10 * FORE_SEC;
    for (size_t len = 0; len < kept.len; len += 1 + kept.len / 50) {
        restart();
        assert_int_equal(fore_engine_load(ec.engine, kept.data, len, NULL), FORE_E_FORMAT);
    }
    for (size_t at = 0; at < kept.len; at += 1 + kept.len / 50) {
        restart();
        kept.data[at] = (char)(kept.data[at] ^ 0x10);
        assert_int_equal(fore_engine_load(ec.engine, kept.data, kept.len, NULL), FORE_E_FORMAT);
        kept.data[at] = (char)(kept.data[at] ^ 0x10);
    }
    fore_buf_fini(&kept);
}

/* Bytes inside the history's frame changed, and the frame sealed again: no crash, whatever it is.
 */
static void hostile_histories_are_refused_or_harmless(void **state)
{
    (void)state;
    const struct fore_history_shape shape = {
        .step = {FORE_SEC, 10 * FORE_SEC, 100 * FORE_SEC},
          .length = {20,       30,            10            }
    };
    struct fore_buf kept = {0}, bad = {0};
    struct fore_history *history = fore_history_create(&shape, 20);
    float row[20];
    const float *const value[FORE_HIST_METRICS] = {row, row, row, row};
    for (uint64_t s = 1; s <= 500; s++) {
        for (int p = 0; p < 20; p++)
            row[p] = (float)s;
        fore_history_append(history, s * FORE_SEC, value, 20);
    }
    fore_history_save(history, &kept);
    fore_history_destroy(history);
    struct fore_bytes_cursor c;
    assert_int_equal(fore_frame_read("history", kept.data, kept.len, &c, NULL), FORE_E_OK);
    size_t len = (size_t)(c.end - c.at);
    unsigned char *payload = malloc(len);
    assert_non_null(payload);
    for (size_t at = 0; at < len; at += at < 400 ? 1 : 97)
        for (int bit = 0; bit < 8; bit += 3) {
            memcpy(payload, c.at, len);
            payload[at] ^= (unsigned char)(1 << bit);
            struct fore_buf inside = {.data = (char *)payload, .len = len, .cap = len};
            fore_buf_reset(&bad);
            fore_frame_write("history", &inside, &bad);
            history = fore_history_create(&shape, 20);
            if (fore_history_load(history, bad.data, bad.len, NULL) == FORE_E_OK)
                fore_history_append(history, fore_history_end(history, 1) + 700 * FORE_SEC, value,
                                    20);
            fore_history_destroy(history);
        }
    free(payload);
    fore_buf_fini(&kept);
    fore_buf_fini(&bad);
}

static void a_seeded_past_is_what_forecasts_are_made_of(void **state)
{
    (void)state;
    float load[ENGINE_CASE_PARTITIONS];
    engine_case_start();
    fake_advance(ec.fake, 2000 * FORE_SEC);
    for (uint64_t s = 10; s <= 1990; s += 10) {
        for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
            load[p] = s / 10 % 6 < 3 ? 0.2f : 0.6f;
        fore_engine_seed(ec.engine, s * FORE_SEC, load, ENGINE_CASE_PARTITIONS);
    }
    engine_case_run(2, 1, 0.2);
    read_points(after);
    assert_true(after[3][POINTS - 3] == load[0] || after[3][POINTS - 3] == 0.2f);
    const struct fore_scenario *s =
        fore_fleet_scenario(fore_engine_fleet(ec.engine), FORE_SCENARIO_FORECAST);
    assert_true(s->ready);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, engine_case_begin, engine_case_end)
    const struct CMUnitTest tests[] = {
        T(the_past_survives_the_engine),
        T(a_pause_is_a_gap_and_not_more),
        T(an_engine_that_was_never_asked_keeps_nothing),
        T(bytes_that_do_not_fit_are_refused),
        T(hostile_histories_are_refused_or_harmless),
        T(a_seeded_past_is_what_forecasts_are_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
