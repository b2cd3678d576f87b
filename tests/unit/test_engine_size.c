/* The ceiling on what a partition holds, through the whole engine: seen, scored, said, and kept. */
#include "tests/support/engine_case.h"
#include "tests/support/near.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const double MIB = 1024 * 1024;
static double held[64]; /* by partition, MiB */
static uint32_t growing;

static int begin(void **state)
{
    (void)engine_case_begin(state);
    ec.options.decide.size_max = 512 << 20;
    for (size_t p = 0; p < FORE_COUNTOF(held); p++)
        held[p] = 100;
    growing = 3;
    return 0;
}

/* Windows of a second, in which nothing happens but growth: `rate` MiB a second in one partition.
 */
static void run(uint32_t windows, double rate)
{
    for (uint32_t i = 0; i < windows; i++) {
        engine_case_load(0, 0.1);
        held[growing] += rate;
        for (uint32_t p = 0; p < ec.fake->topology.partition_count; p++)
            if (!ec.fake->topology.partition[p].alive) held[p] = 100;
        for (uint32_t p = 0; p < ec.fake->topology.partition_count; p++) {
            ec.fake->partition_sample[p].size_bytes = (uint64_t)(held[p] * MIB);
            ec.fake->topology.partition[p].bytes = (uint64_t)(held[p] * MIB);
        }
        fake_advance(ec.fake, FORE_SEC);
        enum fore_err err = fore_engine_step(ec.engine, fore_driver_now(ec.setup.driver), &ec.diag);
        assert_true(err == FORE_E_OK || err == FORE_E_AGAIN);
    }
}

static const struct fore_score *score_of(uint32_t p)
{
    uint32_t count;
    const struct fore_score *score = fore_engine_scores(ec.engine, &count);
    assert_true(score != NULL && p < count);
    return &score[p];
}

static void one_that_will_pass_the_ceiling_scores(void **state)
{
    engine_case_start();
    fore_engine_hold(ec.engine, true);
    held[3] = 400;
    run(30, 0.5); /* 415; within the horizon of two minutes 60 more */
    assert_true(score_of(3)->rrs < 0.01);
    run(60, 1); /* 475; 120 more if it goes on so */
    assert_int_equal(score_of(3)->limit, FORE_LIMIT_SIZE);
    assert_true(score_of(3)->rrs > 0.9);
    assert_true(score_of(3)->when_s > 20 && score_of(3)->when_s < 80);
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++)
        if (p != 3) assert_true(score_of(p)->limit != FORE_LIMIT_SIZE);
    run(60, 1);
    expect_near(score_of(3)->rrs, 1, 0);
    expect_near(score_of(3)->when_s, 0, 0);
}

static void without_a_ceiling_sizes_are_nothing(void **state)
{
    ec.options.decide.size_max = 0;
    engine_case_start();
    held[3] = 500;
    run(60, 1);
    assert_true(score_of(3)->limit != FORE_LIMIT_SIZE);
    assert_int_equal(engine_case_moves_done(), 0);
    struct fore_buf state_bytes = {0};
    fore_engine_save(ec.engine, &state_bytes);
    size_t without = state_bytes.len;
    fore_engine_destroy(ec.engine);
    ec.options.decide.size_max = 512 << 20;
    engine_case_start(); /* a state from before there was a ceiling */
    assert_int_equal(fore_engine_load(ec.engine, state_bytes.data, without, &ec.diag), FORE_E_OK);
    fore_buf_fini(&state_bytes);
}

static void what_was_seen_of_sizes_outlives_the_engine(void **state)
{
    engine_case_start();
    fore_engine_hold(ec.engine, true);
    held[3] = 400;
    run(100, 1);
    struct fore_buf kept = {0};
    fore_engine_save(ec.engine, &kept);
    for (int ceiling = 1; ceiling >= 0; ceiling--) {
        fore_engine_destroy(ec.engine);
        ec.options.decide.size_max = ceiling > 0 ? 512 << 20 : 0;
        engine_case_start();
        fore_engine_hold(ec.engine, true);
        assert_int_equal(fore_engine_load(ec.engine, kept.data, kept.len, &ec.diag), FORE_E_OK);
        run(1, 1);
        if (ceiling > 0)
            assert_int_equal(score_of(3)->limit, FORE_LIMIT_SIZE);
        else
            assert_true(score_of(3)->limit != FORE_LIMIT_SIZE);
    }
    fore_buf_fini(&kept);
}

/* What the fake cluster holds goes with its splits; growth goes on in the left part. */
static void follow_splits(void)
{
    for (uint32_t p = ENGINE_CASE_PARTITIONS; p < ec.fake->topology.partition_count; p++)
        if (held[p] >= 99) { /* new */
            held[p] = held[growing] / 2;
            held[growing] -= held[p];
        }
}

static void it_is_cut_before_it_passes(void **state)
{
    engine_case_start();
    held[3] = 400;
    double most = 0;
    for (int s = 0; s < 400; s++) {
        run(1, 1);
        follow_splits();
        most = fmax(most, held[3]);
    }
    uint64_t cut = fore_engine_counts(ec.engine).migrate.done[FORE_MOVE_SPLIT];
    assert_in_range(cut, 2, 4); /* from half of the ceiling to nearly all: over four minutes */
    assert_true(most < 512);
    assert_int_equal(fore_engine_counts(ec.engine).migrate.done[FORE_MOVE_MERGE], 0);
    assert_int_equal(ec.raised[FORE_ALERT_PARTITION_TOO_BIG], 0);
}

static void one_that_cannot_be_cut_is_an_alert(void **state)
{
    ec.options.decide.partitions_max = ENGINE_CASE_PARTITIONS;
    engine_case_start();
    held[3] = 400;
    run(105, 1);
    assert_int_equal(engine_case_moves_done(), 0);
    assert_int_equal(ec.raised[FORE_ALERT_PARTITION_TOO_BIG], 1);
    assert_int_equal(ec.raised[FORE_ALERT_NO_PLAN], 0); /* load is no trouble */
    held[3] = 100;
    run(20, 0);
    assert_int_equal(ec.resolved[FORE_ALERT_PARTITION_TOO_BIG], 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, engine_case_end)
    const struct CMUnitTest tests[] = {
        T(one_that_will_pass_the_ceiling_scores),      T(it_is_cut_before_it_passes),
        T(one_that_cannot_be_cut_is_an_alert),         T(without_a_ceiling_sizes_are_nothing),
        T(what_was_seen_of_sizes_outlives_the_engine),
    };
    return cmocka_run_group_tests_name("core/engine_size", tests, NULL, NULL);
}
