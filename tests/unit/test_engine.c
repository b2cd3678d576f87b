/* The pipeline on a cluster in memory: samples go in, and owners change, with every fact an event.
 */
#include "core/engine_state.h"
#include "tests/support/fake_driver.h"
#include "tests/support/near.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOW_S = 1, PARTITIONS = 8, NODES = 4 };

static struct fore_arena arena;
static struct fore_engine_options options;
static struct fore_engine_setup setup;
static struct fake *fake;
static struct fore_engine *engine;
static struct fore_diag diag;
static uint32_t moved[8], moved_count; /* partitions of the first moves */
static uint32_t seen[32];
static uint32_t raised[FORE_ALERT_CODES], resolved[FORE_ALERT_CODES];
static uint64_t stream_sum;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    const unsigned char *byte = body;
    struct fore_event_alert alert;
    struct fore_event_resolved over;
    seen[kind]++;
    if (kind == FORE_EV_MOVE && moved_count < FORE_COUNTOF(moved))
        moved[moved_count++] = ((const struct fore_event_move *)body)->partition;
    if (kind == FORE_EV_ALERT) {
        memcpy(&alert, body, sizeof alert);
        raised[alert.code]++;
    }
    if (kind == FORE_EV_RESOLVED) {
        memcpy(&over, body, sizeof over);
        resolved[over.code]++;
    }
    for (size_t i = 0; i < len; i++)
        stream_sum = (stream_sum ^ byte[i]) * UINT64_C(0x100000001b3);
    stream_sum ^= at;
}

static void defaults(const struct fore_option_section *section, void *target)
{
    fore_option_defaults((struct fore_option_binding){section, target}, &arena);
}

static int begin(void **state)
{
    memset(seen, 0, sizeof seen);
    memset(moved, 0xff, sizeof moved);
    moved_count = 0;
    memset(raised, 0, sizeof raised);
    memset(resolved, 0, sizeof resolved);
    memset(&diag, 0, sizeof diag);
    stream_sum = 0;
    engine = NULL;
    fore_arena_init(&arena);
    defaults(&fore_observe_section, &options.observe);
    defaults(&fore_forecast_section, &options.forecast);
    defaults(&fore_decide_section, &options.decide);
    defaults(&fore_placement_section, &options.placement);
    defaults(&fore_timetable_section, &options.timetable);
    defaults(&fore_policy_section, &options.policy);
    defaults(&fore_act_section, &options.act);
    options.observe.mid_step = 10 * FORE_SEC;
    options.observe.now_span = 3 * FORE_SEC;
    options.forecast.horizon = 120 * FORE_SEC;
    options.decide.plan_every = 5 * FORE_SEC;
    fake = fake_create(&(struct fake_options){.node_count = NODES, .partition_count = PARTITIONS});
    setup = (struct fore_engine_setup){.options = &options,
                                       .policy = "nowcast",
                                       .driver = fake_driver(fake),
                                       .sink = {.put = put},
                                       .seed = 1,
                                       .slo_ns = 10 * FORE_MS,
                                       .journal_every = FORE_SEC,
                                       .keyframe_every = 60 * FORE_SEC};
    return 0;
}

static int end(void **state)
{
    if (engine != NULL) fore_engine_destroy(engine);
    fake_destroy(fake);
    fore_arena_fini(&arena);
    return 0;
}

static void start(void)
{
    assert_int_equal(fore_engine_create(&setup, &engine, &diag), FORE_E_OK);
}

/* `cores` on one partition, a tenth of a core on every other one. */
static void load(uint32_t hot, double cores)
{
    for (uint32_t n = 0; n < NODES; n++)
        fake->node_sample[n] = (struct fore_node_sample){.up = true};
    for (uint32_t p = 0; p < fake->topology.partition_count; p++) {
        const struct fore_partition *part = &fake->topology.partition[p];
        if (!part->alive) continue;
        double x = p == hot ? cores : 0.1;
        struct fore_partition_sample *s = &fake->partition_sample[p];
        *s = (struct fore_partition_sample){.reads = (uint64_t)(1000 * x),
                                            .busy_read_ns = (uint64_t)(x * WINDOW_S * 1e9)};
        for (uint32_t r = 0; r < part->replica_count; r++) {
            struct fore_node_sample *n = &fake->node_sample[part->replica[r]];
            n->requests += s->reads / part->replica_count;
            n->busy_ns += s->busy_read_ns / part->replica_count;
            n->utilization += x / part->replica_count / fake->topology.node[part->replica[r]].cores;
        }
    }
}

static void run(uint32_t windows, uint32_t hot, double cores)
{
    for (uint32_t i = 0; i < windows; i++) {
        load(hot, cores * fake->topology.node[0].cores);
        fake_advance(fake, WINDOW_S * FORE_SEC);
        enum fore_err err = fore_engine_step(engine, fore_driver_now(setup.driver), &diag);
        assert_true(err == FORE_E_OK || err == FORE_E_AGAIN);
    }
}

static uint64_t moves_done(void)
{
    struct fore_engine_counts counts = fore_engine_counts(engine);
    uint64_t sum = 0;
    for (int k = 0; k < FORE_MOVE_KINDS; k++)
        sum += counts.migrate.done[k];
    return sum;
}

static void a_calm_cluster_is_left_alone(void **state)
{
    start();
    run(200, 0, 0.1);
    assert_int_equal(moves_done(), 0);
    assert_int_equal(seen[FORE_EV_PLAN], 0);
    assert_int_equal(seen[FORE_EV_MOVE], 0);
    assert_true(seen[FORE_EV_KEYFRAME] >= 3);
    assert_int_equal(seen[FORE_EV_CLUSTER_LOAD], 200);
}

static void heat_leads_to_a_verified_change(void **state)
{
    start();
    uint64_t epoch = fake->topology.epoch;
    run(120, 0, 0.95);
    assert_true(moves_done() >= 1);
    assert_true(fake->topology.epoch > epoch);
    assert_int_equal(fake_orphan_count(fake), 0);
    assert_int_equal(fore_topology_check(&fake->topology, &diag), FORE_E_OK);
    assert_true(seen[FORE_EV_PLAN] >= 1 && seen[FORE_EV_SCORE] >= 1 && seen[FORE_EV_MOVE] >= 4);
    assert_true(seen[FORE_EV_TOPOLOGY] >= 1 && seen[FORE_EV_ALERT] >= 1);
}

static void the_score_names_the_hot_partition(void **state)
{
    setup.policy = "static";
    start();
    run(60, 3, 0.95);
    uint32_t count, best = 0;
    const struct fore_score *score = fore_engine_scores(engine, &count);
    assert_non_null(score);
    for (uint32_t p = 1; p < count; p++)
        if (score[p].rrs > score[best].rrs) best = p;
    assert_int_equal(best, 3);
    assert_true(score[3].rrs > 0.5);
    assert_int_equal(moves_done(), 0);
}

static void nothing_moves_before_it_may_act(void **state)
{
    setup.act_from = 100 * FORE_SEC;
    start();
    run(90, 0, 0.95);
    assert_int_equal(seen[FORE_EV_MOVE], 0);
    run(120, 0, 0.95);
    assert_true(moves_done() >= 1);
}

static void equal_runs_give_equal_events(void **state)
{
    start();
    run(100, 0, 0.95);
    uint64_t first = stream_sum;
    (void)end(NULL);
    (void)begin(NULL);
    start();
    run(100, 0, 0.95);
    assert_true(first == stream_sum);
}

static void an_unknown_policy_is_named_with_its_nearest(void **state)
{
    setup.policy = "predictve";
    assert_int_not_equal(fore_engine_create(&setup, &engine, &diag), FORE_E_OK);
    assert_non_null(strstr(diag.text, "predictive"));
    engine = NULL;
}

static void an_oracle_needs_a_future(void **state)
{
    setup.policy = "oracle";
    assert_int_equal(fore_engine_create(&setup, &engine, &diag), FORE_E_UNSUPPORTED);
    engine = NULL;
}

static void a_cluster_that_fails_some_calls_still_ends_well(void **state)
{
    struct fore_driver_fault fault = {.inner = fake_driver(fake), .failure = FORE_E_UNREACHABLE};
    setup.driver = fore_driver_faulty(&fault);
    start();
    for (uint32_t i = 0; i < 40; i++) { /* every 7th call fails */
        fault.fail_at = fault.calls + 7;
        run(8, 0, 0.95);
    }
    fault.fail_at = 0;
    run(200, 0, 0.1);
    struct fore_engine_counts counts = fore_engine_counts(engine);
    assert_int_equal(counts.moves_running, 0);
    assert_int_equal(fake_orphan_count(fake), 0);
    assert_int_equal(fore_topology_check(&fake->topology, &diag), FORE_E_OK);
}

static void rule(const char *name, const char *text)
{
    assert_int_equal(
        fore_option_set((struct fore_option_binding){&fore_placement_section, &options.placement},
                        &arena, name, text, "test", &diag),
        FORE_E_OK);
}

static void rules_that_cannot_hold_are_refused_at_once(void **state)
{
    const char *name = fake->topology.node[1].name;
    rule("pin", "* -> node-9");
    assert_int_equal(fore_engine_create(&setup, &engine, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "no such node"));
    diag.code = FORE_E_OK;
    rule("pin", fore_arena_printf(&arena, "* -> %s", name));
    rule("forbidden", name);
    assert_int_equal(fore_engine_create(&setup, &engine, &diag), FORE_E_REFUSED);
    assert_non_null(strstr(diag.text, "these cannot all hold"));
}

static void a_rule_is_put_right_and_its_loss_is_said_once(void **state)
{
    rule("pin", fore_arena_printf(&arena, "p0 -> %s", fake->topology.node[3].name));
    assert_int_not_equal(fake->topology.partition[0].replica[0], 3);
    start();
    run(120, 0, 0.1);
    assert_int_equal(fake->topology.partition[0].replica[0], 3);
    assert_int_equal(moves_done(), 1);
    assert_int_equal(raised[FORE_ALERT_PLACEMENT], 0);
    fake->topology.node[3].up = false;
    run(60, 0, 0.1);
    assert_int_equal(raised[FORE_ALERT_PLACEMENT], 1);
    fake->topology.node[3].up = true;
    run(60, 0, 0.1);
    fake->topology.node[3].up = false;
    run(60, 0, 0.1);
    assert_int_equal(raised[FORE_ALERT_PLACEMENT], 2);
}

static void schedule(const char *name, const char *text)
{
    assert_int_equal(
        fore_option_set((struct fore_option_binding){&fore_timetable_section, &options.timetable},
                        &arena, name, text, "test", &diag),
        FORE_E_OK);
}

static void nothing_moves_while_it_must_be_quiet(void **state)
{
    schedule("quiet", "00:00-00:10");
    rule("pin", fore_arena_printf(&arena, "p0 -> %s", fake->topology.node[3].name));
    start();
    run(590, 1, 2.0);
    assert_int_equal(seen[FORE_EV_PLAN], 0);
    assert_int_equal(moves_done(), 0);
    run(120, 1, 2.0);
    assert_true(moves_done() > 0);
    assert_int_equal(fake->topology.partition[0].replica[0], 3);
}

static void a_copy_that_is_late_is_abandoned(void **state)
{
    schedule("finish_before", "00:02");
    rule("pin", fore_arena_printf(&arena, "p0 -> %s", fake->topology.node[3].name));
    fake->options.bandwidth_bytes = 1; /* it will take for ever, and nobody knows beforehand */
    start();
    run(119, 0, 0.1);
    assert_true(fore_engine_counts(engine).moves_running > 0);
    assert_int_equal(fore_engine_counts(engine).migrate.cancelled, 0);
    run(2, 0, 0.1);
    assert_int_equal(fore_engine_counts(engine).migrate.cancelled, 1);
    assert_int_not_equal(fake->topology.partition[0].replica[0], 3);
}

static void a_timetable_too_tight_for_any_move_is_refused(void **state)
{
    schedule("quiet", "00:01-24:00");
    start();
    fore_engine_destroy(engine);
    engine = NULL;
    for (uint32_t p = 0; p < PARTITIONS; p++)
        fake->topology.partition[p].bytes = UINT64_C(1) << 50;
    assert_int_equal(fore_engine_create(&setup, &engine, &diag), FORE_E_REFUSED);
    assert_non_null(strstr(diag.text, "leave 60 s at a time"));
    options.timetable = (struct fore_timetable_options){0};
    schedule("quiet", "mon-sun 00:00-24:00");
    diag.code = FORE_E_OK;
    assert_int_equal(fore_engine_create(&setup, &engine, &diag), FORE_E_REFUSED);
    assert_non_null(strstr(diag.text, "no time in the week"));
}

static void heated(const char *thresholds, uint32_t windows)
{
    start();
    assert_int_equal(fore_engine_set_thresholds(engine, thresholds, &diag), FORE_E_OK);
    run(windows, 0, 0.95);
}

static void a_threshold_of_one_is_never(void **state)
{
    heated("*=1", 120);
    assert_int_equal(seen[FORE_EV_PLAN], 0);
    assert_int_equal(fore_engine_set_thresholds(engine, "", &diag), FORE_E_OK);
    run(120, 0, 0.95);
    assert_true(seen[FORE_EV_PLAN] > 0);
}

static void a_threshold_of_zero_always_looks(void **state)
{
    uint32_t count;
    options.decide.rrs_threshold = 1;
    heated("p5=0", 120); /* p5's own risk is small, the gate is open all the same */
    assert_true(seen[FORE_EV_PLAN] > 0);
    assert_non_null(fore_engine_scores(engine, &count));
}

static void a_named_partition_waits_for_its_own_threshold(void **state)
{
    heated("p0=1", 120);
    for (uint32_t i = 0; i < 8; i++) /* the hot one stays; its neighbours may go */
        if (moved[i] != UINT32_MAX) assert_int_not_equal(moved[i], 0);
}

static void thresholds_are_taken_whole_or_not_at_all(void **state)
{
    heated("*=1", 10);
    static const char *const wrong[] = {"p0=0.1, p1=1.5", "p0",          "=0.5",    "p0=high",
                                        "p99=0.1",        "nothing=0.1", "p0=-0.1", "p0=nan"};
    for (size_t i = 0; i < FORE_COUNTOF(wrong); i++) {
        diag = (struct fore_diag){.code = FORE_E_OK};
        assert_int_not_equal(fore_engine_set_thresholds(engine, wrong[i], &diag), FORE_E_OK);
        assert_non_null(strstr(diag.text, "thresholds"));
    }
    run(110, 0, 0.95);
    assert_int_equal(seen[FORE_EV_PLAN], 0);
}

static uint32_t explained;
static void take_note(void *self, const struct fore_whatif *whatif)
{
    assert_true(whatif->taken > 0 && whatif->plan.id > 0 && whatif->node_count > 0);
    explained++;
}

static void asking_changes_nothing(void **state)
{
    static struct fore_whatif whatif;
    start();
    assert_int_equal(fore_engine_what_if(engine, FORE_SEC, &whatif, &diag), FORE_E_AGAIN);
    run(120, 0, 0.95);
    uint64_t quiet = stream_sum, before = fore_engine_counts(engine).plans;
    assert_true(before > 0);
    assert_int_equal(end(state), 0);
    assert_int_equal(begin(state), 0);
    explained = 0;
    setup.explain.told = take_note;
    start();
    for (uint32_t i = 0; i < 120; i++) {
        run(1, 0, 0.95);
        fore_ns now = fore_driver_now(setup.driver);
        assert_int_equal(fore_engine_what_if(engine, now, &whatif, &diag), FORE_E_OK);
        assert_true(whatif.at == now && whatif.taken == 0 && whatif.plan.id == 0);
    }
    assert_true(stream_sum == quiet); /* every event, bit for bit */
    assert_int_equal(explained, fore_engine_counts(engine).plans_admitted);
}

static void a_dry_run_plans_what_may_not_be_done_yet(void **state)
{
    static struct fore_whatif whatif;
    setup.act_from = 3600 * FORE_SEC;
    start();
    run(60, 0, 0.95);
    fore_ns now = fore_driver_now(setup.driver);
    assert_int_equal(fore_engine_what_if(engine, now, &whatif, &diag), FORE_E_OK);
    assert_true(whatif.plan.move_count > 0);
    assert_true(whatif.risk_after < whatif.risk_before);
    assert_int_equal(moves_done(), 0);
}

static void a_dry_run_in_a_quiet_time_says_so(void **state)
{
    static struct fore_whatif whatif;
    schedule("quiet", "00:00-23:00");
    start();
    run(60, 0, 0.95);
    fore_ns now = fore_driver_now(setup.driver);
    assert_int_equal(fore_engine_what_if(engine, now, &whatif, &diag), FORE_E_OK);
    assert_int_equal(whatif.plan.move_count, 0);
    assert_non_null(strstr(whatif.refused, "planner.quiet"));
    assert_true(whatif.risk_before > 0.5);
}

/* The terms that a policy would give, in a look that is otherwise the engine's own. */
static void lead(struct fore_engine_look *look, double present, fore_ns now)
{
    look->load.term_count = 2;
    look->load.term[0] = (struct fore_load_term){look->view.forecast, 1 - present};
    look->load.term[1] = (struct fore_load_term){look->view.nowcast, present};
    fore_engine_watch_fallback(engine, look, now);
}

static void going_over_to_the_present_load_is_said_and_so_is_the_way_back(void **state)
{
    start();
    run(20, 0, 0.1);
    struct fore_engine_look look;
    fore_engine_look(engine, &fake->topology, HUGE_VAL, 20 * FORE_SEC, &look);
    look.view.skill = 1.3;
    assert_int_equal(seen[FORE_EV_FALLBACK], 0);
    lead(&look, 0.3, 21 * FORE_SEC);
    assert_int_equal(seen[FORE_EV_FALLBACK], 0);
    lead(&look, 0.7, 22 * FORE_SEC);
    lead(&look, 0.7, 23 * FORE_SEC);
    lead(&look, 0.45, 24 * FORE_SEC); /* not far enough back */
    assert_int_equal(seen[FORE_EV_FALLBACK], 1);
    lead(&look, 0.2, 25 * FORE_SEC);
    assert_int_equal(seen[FORE_EV_FALLBACK], 2);
    options.decide.nowcast_weight = 0.9; /* as asked for: no fallback */
    lead(&look, 0.9, 26 * FORE_SEC);
    assert_int_equal(seen[FORE_EV_FALLBACK], 2);
}

static void a_policy_that_never_asks_the_forecast_does_not_fall_back(void **state)
{
    start(); /* nowcast */
    run(120, 0, 0.95);
    assert_int_equal(seen[FORE_EV_FALLBACK], 0);
}

static void what_is_wrong_with_the_cluster_is_said_once_and_then_that_it_is_over(void **state)
{
    struct fore_driver_fault fault = {.inner = fake_driver(fake), .failure = FORE_E_UNREACHABLE};
    setup.driver = fore_driver_faulty(&fault);
    start();
    run(5, 0, 0.1);
    fake->topology.node[2].up = false;
    run(10, 0, 0.1);
    assert_int_equal(raised[FORE_ALERT_NODE_DOWN], 1);
    assert_int_equal(resolved[FORE_ALERT_NODE_DOWN], 0);
    fake->topology.node[2].up = true;
    run(10, 0, 0.1);
    assert_int_equal(resolved[FORE_ALERT_NODE_DOWN], 1);
    for (int i = 0; i < 5; i++) {
        fault.fail_at = fault.calls + 1;
        run(1, 0, 0.1);
    }
    assert_int_equal(raised[FORE_ALERT_DRIVER], 1);
    assert_int_equal(resolved[FORE_ALERT_DRIVER], 0);
    run(2, 0, 0.1);
    assert_int_equal(resolved[FORE_ALERT_DRIVER], 1);
}

/* A new engine after every window: only the bytes of the moves go from one to the next. */
static void moves_outlive_their_engine(void **state)
{
    struct fore_buf bytes = {0};
    start();
    uint64_t epoch = fake->topology.epoch;
    for (uint32_t i = 0; i < 300 && fore_engine_counts(engine).moves_running == 0; i++)
        run(1, 0, 0.95);
    assert_int_equal(fore_engine_counts(engine).moves_running, 1);
    for (uint32_t i = 0; i < 200 && fore_engine_counts(engine).moves_running > 0; i++) {
        fore_buf_reset(&bytes);
        fore_engine_save_moves(engine, &bytes);
        fore_engine_destroy(engine);
        start();
        assert_int_equal(fore_engine_load_moves(engine, bytes.data, bytes.len, &diag), FORE_E_OK);
        run(1, 0, 0.1);
    }
    assert_int_equal(moves_done(), 1);
    assert_true(fake->topology.epoch == epoch + 1);
    assert_true(fake_is_sound(fake));
    fore_buf_fini(&bytes);
}

static void an_engine_without_bytes_takes_over_what_the_cluster_does(void **state)
{
    start();
    for (uint32_t i = 0; i < 300 && fore_engine_counts(engine).moves_running == 0; i++)
        run(1, 0, 0.95);
    fore_engine_destroy(engine);
    start();
    assert_int_equal(fore_engine_load_moves(engine, NULL, 0, &diag), FORE_E_OK);
    run(150, 0, 0.1);
    assert_int_equal(moves_done(), 1);
    assert_true(fake_is_sound(fake));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_calm_cluster_is_left_alone),
        T(heat_leads_to_a_verified_change),
        T(the_score_names_the_hot_partition),
        T(nothing_moves_before_it_may_act),
        T(equal_runs_give_equal_events),
        T(an_unknown_policy_is_named_with_its_nearest),
        T(rules_that_cannot_hold_are_refused_at_once),
        T(a_rule_is_put_right_and_its_loss_is_said_once),
        T(nothing_moves_while_it_must_be_quiet),
        T(a_copy_that_is_late_is_abandoned),
        T(a_timetable_too_tight_for_any_move_is_refused),
        T(a_threshold_of_one_is_never),
        T(a_threshold_of_zero_always_looks),
        T(a_named_partition_waits_for_its_own_threshold),
        T(thresholds_are_taken_whole_or_not_at_all),
        T(going_over_to_the_present_load_is_said_and_so_is_the_way_back),
        T(a_policy_that_never_asks_the_forecast_does_not_fall_back),
        T(asking_changes_nothing),
        T(a_dry_run_plans_what_may_not_be_done_yet),
        T(a_dry_run_in_a_quiet_time_says_so),
        T(what_is_wrong_with_the_cluster_is_said_once_and_then_that_it_is_over),
        T(moves_outlive_their_engine),
        T(an_engine_without_bytes_takes_over_what_the_cluster_does),
        T(an_oracle_needs_a_future),
        T(a_cluster_that_fails_some_calls_still_ends_well),
    };
    return cmocka_run_group_tests_name("core/engine", tests, NULL, NULL);
}
