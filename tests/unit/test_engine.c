/* The pipeline on a cluster in memory: samples go in, and owners change, with every fact an event.
 */
#include "tests/support/engine_case.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_calm_cluster_is_left_alone(void **state)
{
    engine_case_start();
    engine_case_run(200, 0, 0.1);
    assert_int_equal(engine_case_moves_done(), 0);
    assert_int_equal(ec.seen[FORE_EV_PLAN], 0);
    assert_int_equal(ec.seen[FORE_EV_MOVE], 0);
    assert_true(ec.seen[FORE_EV_KEYFRAME] >= 3);
    assert_int_equal(ec.seen[FORE_EV_CLUSTER_LOAD], 200);
}

static void heat_leads_to_a_verified_change(void **state)
{
    engine_case_start();
    uint64_t epoch = ec.fake->topology.epoch;
    engine_case_run(120, 0, 0.95);
    assert_true(engine_case_moves_done() >= 1);
    assert_true(ec.fake->topology.epoch > epoch);
    assert_int_equal(fake_orphan_count(ec.fake), 0);
    assert_int_equal(fore_topology_check(&ec.fake->topology, &ec.diag), FORE_E_OK);
    assert_true(ec.seen[FORE_EV_PLAN] >= 1 && ec.seen[FORE_EV_SCORE] >= 1 &&
                ec.seen[FORE_EV_MOVE] >= 4);
    assert_true(ec.seen[FORE_EV_TOPOLOGY] >= 1 && ec.seen[FORE_EV_ALERT] >= 1);
}

static void the_score_names_the_hot_partition(void **state)
{
    ec.setup.policy = "static";
    engine_case_start();
    engine_case_run(60, 3, 0.95);
    uint32_t count, best = 0;
    const struct fore_score *score = fore_engine_scores(ec.engine, &count);
    assert_non_null(score);
    for (uint32_t p = 1; p < count; p++)
        if (score[p].rrs > score[best].rrs) best = p;
    assert_int_equal(best, 3);
    assert_true(score[3].rrs > 0.5);
    assert_int_equal(engine_case_moves_done(), 0);
}

static void nothing_moves_before_it_may_act(void **state)
{
    ec.setup.act_from = 100 * FORE_SEC;
    engine_case_start();
    engine_case_run(90, 0, 0.95);
    assert_int_equal(ec.seen[FORE_EV_MOVE], 0);
    engine_case_run(120, 0, 0.95);
    assert_true(engine_case_moves_done() >= 1);
}

static void equal_runs_give_equal_events(void **state)
{
    engine_case_start();
    engine_case_run(100, 0, 0.95);
    uint64_t first = ec.stream_sum;
    (void)engine_case_end(NULL);
    (void)engine_case_begin(NULL);
    engine_case_start();
    engine_case_run(100, 0, 0.95);
    assert_true(first == ec.stream_sum);
}

static void look_at(struct fore_engine_look *look)
{
    fore_engine_look(ec.engine, &ec.fake->topology, 3600, fore_driver_now(ec.setup.driver), look);
}

static void what_was_split_may_be_split_again_and_what_was_merged_rests(void **state)
{
    struct fore_engine_look look;
    struct fore_topology *topology = &ec.fake->topology;
    engine_case_start();
    engine_case_run(5, 0, 0.1);
    struct fore_migrate_change change = {
        .kind = FORE_MOVE_SPLIT,
        .split_at = topology->partition[0].first +
                    (topology->partition[0].last - topology->partition[0].first) / 2,
        .right_share = 0.5};
    assert_int_equal(fore_topology_split(topology, 0, change.split_at, 0.5, &change.other),
                     FORE_E_OK);
    fore_engine_follow(ec.engine, &change, fore_driver_now(ec.setup.driver));
    look_at(&look);
    assert_true(look.input.partition_split_rest[0] &&
                look.input.partition_split_rest[change.other]);
    assert_false(fore_planner_split_rests(&look.input, 0) ||
                 fore_planner_split_rests(&look.input, change.other));
    change.kind = FORE_MOVE_MERGE;
    assert_int_equal(fore_topology_merge(topology, 0, change.other), FORE_E_OK);
    fore_engine_follow(ec.engine, &change, fore_driver_now(ec.setup.driver));
    look_at(&look);
    assert_true(look.input.partition_split_rest[0] && fore_planner_split_rests(&look.input, 0));
    assert_false(look.input.partition_split_rest[1] || fore_planner_split_rests(&look.input, 1));
}

/* The fake driver tells nothing of splits. */
static void the_operators_word_on_splits_counts_where_the_cluster_has_none(void **state)
{
    struct fore_engine_look look;
    engine_case_start();
    engine_case_run(5, 0, 0.1);
    look_at(&look);
    assert_true(look.input.split_cost.overhead_share == 0 && look.input.split_cost.pause_s == 0);
    ec.options.decide.partition_overhead = 0.01;
    ec.options.decide.split_pause = 2 * FORE_SEC;
    look_at(&look);
    expect_near(look.input.split_cost.overhead_share, 0.01, 1e-12);
    expect_near(look.input.split_cost.pause_s, 2, 1e-12);
    for (uint32_t p = 0; p < 2; p++) /* nodes of unlike numbers, none of which does more for it */
        assert_int_equal(fore_topology_move(&ec.fake->topology, p,
                                            ec.fake->topology.partition[p].replica[0],
                                            ENGINE_CASE_NODES - 1),
                         FORE_E_OK);
    engine_case_run(400, 0, 0.1);
    look_at(&look);
    assert_true(look.input.split_cost.overhead_share < 0.005);
}

static void an_unknown_policy_is_named_with_its_nearest(void **state)
{
    ec.setup.policy = "predictve";
    assert_int_not_equal(fore_engine_create(&ec.setup, &ec.engine, &ec.diag), FORE_E_OK);
    assert_non_null(strstr(ec.diag.text, "predictive"));
    ec.engine = NULL;
}

static void an_oracle_needs_a_future(void **state)
{
    ec.setup.policy = "oracle";
    assert_int_equal(fore_engine_create(&ec.setup, &ec.engine, &ec.diag), FORE_E_UNSUPPORTED);
    ec.engine = NULL;
}

static void a_cluster_that_fails_some_calls_still_ends_well(void **state)
{
    struct fore_driver_fault fault = {.inner = fake_driver(ec.fake), .failure = FORE_E_UNREACHABLE};
    ec.setup.driver = fore_driver_faulty(&fault);
    engine_case_start();
    for (uint32_t i = 0; i < 40; i++) { /* every 7th call fails */
        fault.fail_at = fault.calls + 7;
        engine_case_run(8, 0, 0.95);
    }
    fault.fail_at = 0;
    engine_case_run(200, 0, 0.1);
    struct fore_engine_counts counts = fore_engine_counts(ec.engine);
    assert_int_equal(counts.moves_running, 0);
    assert_int_equal(fake_orphan_count(ec.fake), 0);
    assert_int_equal(fore_topology_check(&ec.fake->topology, &ec.diag), FORE_E_OK);
}

static void what_is_wrong_with_the_cluster_is_said_once_and_then_that_it_is_over(void **state)
{
    struct fore_driver_fault fault = {.inner = fake_driver(ec.fake), .failure = FORE_E_UNREACHABLE};
    ec.setup.driver = fore_driver_faulty(&fault);
    engine_case_start();
    engine_case_run(5, 0, 0.1);
    ec.fake->topology.node[2].up = false;
    engine_case_run(10, 0, 0.1);
    assert_int_equal(ec.raised[FORE_ALERT_NODE_DOWN], 1);
    assert_int_equal(ec.resolved[FORE_ALERT_NODE_DOWN], 0);
    ec.fake->topology.node[2].up = true;
    engine_case_run(10, 0, 0.1);
    assert_int_equal(ec.resolved[FORE_ALERT_NODE_DOWN], 1);
    for (int i = 0; i < 5; i++) {
        fault.fail_at = fault.calls + 1;
        engine_case_run(1, 0, 0.1);
    }
    assert_int_equal(ec.raised[FORE_ALERT_DRIVER], 1);
    assert_int_equal(ec.resolved[FORE_ALERT_DRIVER], 0);
    engine_case_run(2, 0, 0.1);
    assert_int_equal(ec.resolved[FORE_ALERT_DRIVER], 1);
}

/* A new ec.engine after every window: only the bytes of the moves go from one to the next. */
static void moves_outlive_their_engine(void **state)
{
    struct fore_buf bytes = {0};
    engine_case_start();
    uint64_t epoch = ec.fake->topology.epoch;
    for (uint32_t i = 0; i < 300 && fore_engine_counts(ec.engine).moves_running == 0; i++)
        engine_case_run(1, 0, 0.95);
    assert_int_equal(fore_engine_counts(ec.engine).moves_running, 1);
    for (uint32_t i = 0; i < 200 && fore_engine_counts(ec.engine).moves_running > 0; i++) {
        fore_buf_reset(&bytes);
        fore_engine_save_moves(ec.engine, &bytes);
        fore_engine_destroy(ec.engine);
        engine_case_start();
        assert_int_equal(fore_engine_load_moves(ec.engine, bytes.data, bytes.len, &ec.diag),
                         FORE_E_OK);
        engine_case_run(1, 0, 0.1);
    }
    assert_int_equal(engine_case_moves_done(), 1);
    assert_true(ec.fake->topology.epoch == epoch + 1);
    assert_true(fake_is_sound(ec.fake));
    fore_buf_fini(&bytes);
}

static void an_engine_without_bytes_takes_over_what_the_cluster_does(void **state)
{
    engine_case_start();
    for (uint32_t i = 0; i < 300 && fore_engine_counts(ec.engine).moves_running == 0; i++)
        engine_case_run(1, 0, 0.95);
    fore_engine_destroy(ec.engine);
    engine_case_start();
    assert_int_equal(fore_engine_load_moves(ec.engine, NULL, 0, &ec.diag), FORE_E_OK);
    engine_case_run(150, 0, 0.1);
    assert_int_equal(engine_case_moves_done(), 1);
    assert_true(fake_is_sound(ec.fake));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, engine_case_begin, engine_case_end)
    const struct CMUnitTest tests[] = {
        T(a_calm_cluster_is_left_alone),
        T(heat_leads_to_a_verified_change),
        T(the_score_names_the_hot_partition),
        T(nothing_moves_before_it_may_act),
        T(equal_runs_give_equal_events),
        T(what_was_split_may_be_split_again_and_what_was_merged_rests),
        T(the_operators_word_on_splits_counts_where_the_cluster_has_none),
        T(an_unknown_policy_is_named_with_its_nearest),
        T(an_oracle_needs_a_future),
        T(a_cluster_that_fails_some_calls_still_ends_well),
        T(what_is_wrong_with_the_cluster_is_said_once_and_then_that_it_is_over),
        T(moves_outlive_their_engine),
        T(an_engine_without_bytes_takes_over_what_the_cluster_does),
    };
    return cmocka_run_group_tests_name("core/engine", tests, NULL, NULL);
}
