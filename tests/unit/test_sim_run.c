/* test_sim_run.c - whole runs: equal seeds are equal, policies see the same traffic, faults heal.
 */
#include "sim/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sim/result.h"
#include "tests/support/near.h"
#include "tests/support/sim_world.h"

#define BASE                                                                                      \
    "workload.rate=1500/s", "workload.span=4min", "workload.keys=20k", "workload.drift_load=50%", \
        "workload.drift_period=4min", "cluster.nodes=4", "cluster.partitions=32",                 \
        "cluster.peak_utilization=80%", "cluster.move_time_mean=3s", "observe.window=1s",         \
        "observe.mid_step=5s", "policy.reactive_hold=3s", "policy.reactive_every=1s",             \
        "decide.plan_every=5s", "forecast.refresh_every=5s"

static const struct fore_journal_out nowhere = {0};
static const char *const fidelities[] = {"sim.fidelity=request", "sim.fidelity=fluid"};

static void equal_seeds_give_equal_digests_and_others_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *const sets[] = {BASE, fidelities[i], NULL};
        struct sim_result a = sim_world_run("reactive", 5, sets, nowhere);
        struct sim_result b = sim_world_run("reactive", 5, sets, nowhere);
        struct sim_result c = sim_world_run("reactive", 6, sets, nowhere);
        assert_true(a.digest == b.digest);
        assert_true(a.digest != c.digest);
        assert_int_equal(a.requests, b.requests);
    }
}

static void policies_see_the_same_requests_with_the_same_work(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, NULL};
    struct sim_result idle = sim_world_run("static", 5, sets, nowhere);
    struct sim_result busy = sim_world_run("reactive", 5, sets, nowhere);
    assert_true(busy.moves[FORE_MOVE_MOVE] > 0);
    assert_int_equal(idle.requests, busy.requests);
    assert_int_equal(idle.moves[FORE_MOVE_MOVE], 0);
    expect_near(idle.bytes_moved, 0, 0);
}

/* Without moves' own work the sums of service would be equal; check that on the requests. */
static void service_does_not_depend_on_where_a_request_goes(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, NULL};
    struct sim_world a, b;
    sim_world_open(&a, 9, sets);
    sim_world_open(&b, 9, sets);
    for (uint32_t p = 0; p < 32; p += 3) {
        uint16_t from = b.cluster.topology.partition[p].replica[0];
        assert_int_equal(
            fore_topology_move(&b.cluster.topology, p, from, (uint16_t)((from + 1) % 4)),
            FORE_E_OK);
    }
    for (int i = 0; i < 30; i++) {
        const struct fore_sample *x = sim_world_step(&a), *y = sim_world_step(&b);
        assert_int_equal(x->requests, y->requests);
        for (uint32_t p = 0; p < 32; p++) {
            assert_int_equal(x->partition[p].busy_read_ns, y->partition[p].busy_read_ns);
            assert_int_equal(x->partition[p].busy_write_ns, y->partition[p].busy_write_ns);
        }
    }
    sim_world_close(&a);
    sim_world_close(&b);
}

static enum fore_err append(void *self, const void *bytes, size_t len)
{
    fore_buf_append(self, bytes, len);
    return FORE_E_OK;
}
static size_t read_at(void *self, uint64_t offset, void *out, size_t len)
{
    const struct fore_buf *buf = self;
    if (offset >= buf->len) return 0;
    size_t got = buf->len - offset < len ? buf->len - offset : len;
    memcpy(out, buf->data + offset, got);
    return got;
}
static uint64_t size_of(void *self)
{
    return ((const struct fore_buf *)self)->len;
}

static void the_journal_begins_with_a_note_and_ends_with_the_result(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, NULL};
    struct fore_buf file = {0};
    struct fore_journal_out out = {.write = append, .self = &file};
    struct sim_result result = sim_world_run("reactive", 5, sets, out);
    assert_true(result.digest == sim_world_run("reactive", 5, sets, nowhere).digest);
    struct fore_journal_in in = {.read_at = read_at, .size = size_of, .self = &file};
    struct fore_journal_reader *reader;
    struct fore_diag diag = {0};
    assert_int_equal(fore_journal_reader_open(in, &reader, &diag), FORE_E_OK);
    struct fore_journal_record record;
    enum fore_event_kind first = 0, last = 0;
    uint64_t count = 0;
    while (fore_journal_reader_next(reader, &record, &diag) == FORE_E_OK) {
        if (count++ == 0) first = record.kind;
        last = record.kind;
    }
    assert_int_equal(first, FORE_EV_NOTE);
    assert_int_equal(last, FORE_EV_RESULT);
    assert_true(fore_journal_reader_digest(reader) == result.digest);
    assert_int_equal(fore_journal_reader_header(reader)->slo_ns, result.slo_ns);
    fore_journal_reader_close(reader);
    fore_buf_fini(&file);
}

/* Also under splits, merges and replicas, and while a node fails: nothing is corrupt, and nothing
 * is said to be; and a move that is checked more moves no other bytes. */
static void sums_of_content_agree_all_through_a_run(void **state)
{
    (void)state;
    static const char *const policies[] = {"reactive", "nowcast"};
    for (size_t i = 0; i < 4; i++) {
        const char *const sets[] = {BASE, fidelities[i % 2], "sim.content=true",
                                    "sim.faults=node1 down 2min 20s", NULL};
        struct fore_buf file = {0};
        struct fore_journal_out out = {.write = append, .self = &file};
        struct sim_result result = sim_world_run(policies[i / 2], 5, sets, out);
        struct fore_journal_in in = {.read_at = read_at, .size = size_of, .self = &file};
        struct fore_journal_reader *reader;
        struct fore_diag diag = {0};
        struct fore_journal_record record;
        assert_int_equal(fore_journal_reader_open(in, &reader, &diag), FORE_E_OK);
        while (fore_journal_reader_next(reader, &record, &diag) == FORE_E_OK) {
            struct fore_event_alert alert;
            if (record.kind != FORE_EV_ALERT) continue;
            memcpy(&alert, record.body, sizeof alert);
            assert_int_not_equal(alert.code, FORE_ALERT_DIGEST_MISMATCH);
        }
        uint64_t moved = 0;
        for (int kind = 0; kind < FORE_MOVE_KINDS; kind++)
            moved += result.moves[kind];
        assert_true(moved > 0);
        fore_journal_reader_close(reader);
        fore_buf_fini(&file);
    }
}

static void open_engine(struct sim_world *world, const char *policy, struct fore_engine **out)
{
    struct fore_diag diag = {0};
    struct fore_engine_setup setup = {.options = &world->scenario.engine,
                                      .policy = policy,
                                      .driver = sim_driver_door(&world->driver),
                                      .seed = 3,
                                      .slo_ns = world->cluster.slo_ns,
                                      .journal_every = FORE_SEC,
                                      .keyframe_every = 60 * FORE_SEC};
    sim_world_must(fore_engine_create(&setup, out, &diag), &diag);
}

/* Every window the engine dies with chance 1 in 6, its bytes being 3 windows old. The last one
 * moves nothing of its own, so in the end nothing may be under way. */
static void engines_come_and_go_and_every_move_is_brought_to_its_end(void **state)
{
    (void)state;
    enum { WINDOWS = 230, KEPT = 4 };
    for (size_t i = 0; i < 2; i++) {
        const char *const sets[] = {
            BASE, fidelities[i], "sim.content=true", "act.watch=5s", "cluster.move_time_mean=8s",
            NULL};
        struct sim_world world;
        struct fore_engine *engine;
        struct fore_diag diag = {0};
        struct fore_buf kept[KEPT] = {{0}};
        struct fore_rng rng = fore_rng_stream(4, "engines", i);
        uint32_t deaths = 0, under_way = 1, last = WINDOWS - 60;
        sim_world_open(&world, 3, sets);
        open_engine(&world, "reactive", &engine);
        uint64_t epoch = world.cluster.topology.epoch;
        for (uint32_t w = 0; w < WINDOWS; w++) {
            bool dies = w == last || (w > KEPT && w < last && fore_rng_below(&rng, 6) == 0);
            (void)sim_world_step(&world);
            if (dies) {
                const struct fore_buf *bytes = &kept[(w - 3) % KEPT];
                fore_engine_destroy(engine);
                open_engine(&world, w == last ? "static" : "reactive", &engine);
                sim_world_must(fore_engine_load_moves(engine, bytes->data, bytes->len, &diag),
                               &diag);
                deaths++;
            }
            sim_world_must(fore_engine_step(engine, world.driver.now, &diag), &diag);
            fore_buf_reset(&kept[w % KEPT]);
            fore_engine_save_moves(engine, &kept[w % KEPT]);
        }
        struct fore_engine_counts counts = fore_engine_counts(engine);
        assert_true(deaths >= 15);
        assert_true(world.cluster.topology.epoch > epoch + 10);
        assert_int_equal(fore_topology_check(&world.cluster.topology, &diag), FORE_E_OK);
        assert_int_equal(counts.migrate.corrupt, 0);
        assert_int_equal(counts.moves_running, 0);
        assert_int_equal(sim_moves_tickets(&world.moves, NULL, 0, &under_way), FORE_E_OK);
        assert_int_equal(under_way, 0);
        fore_engine_destroy(engine);
        for (uint32_t k = 0; k < KEPT; k++)
            fore_buf_fini(&kept[k]);
        sim_world_close(&world);
    }
}

static void a_failed_node_costs_its_requests_until_it_is_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *even = "workload.popularity=uniform", *still = "workload.drift_load=0%";
        const char *const fault[] = {
            BASE, fidelities[i], even, still, "sim.faults=node2 down 1min 30s", NULL};
        const char *const none[] = {BASE, fidelities[i], even, still, NULL};
        struct sim_result hurt = sim_world_run("static", 5, fault, nowhere);
        struct sim_result well = sim_world_run("static", 5, none, nowhere);
        double extra = hurt.slo_violation_request_share - well.slo_violation_request_share;
        expect_near(extra, 0.25 * 30 / 240, 0.007); /* a quarter of the load for 30 of 240 s */
        assert_true(hurt.nodes_mean < well.nodes_mean);
    }
}

static void a_follower_takes_over(void **state)
{
    (void)state;
    const char *const sets[] = {BASE, "cluster.replicas=3", "cluster.peak_utilization=40%",
                                "sim.faults=node2 down 1min 30s", NULL};
    struct sim_result result = sim_world_run("static", 5, sets, nowhere);
    assert_true(result.slo_violation_request_share < 0.01);
}

static void results_count_from_evaluate_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *const sets[] = {BASE, fidelities[i], "experiment.evaluate_from=3min", NULL};
        struct sim_result result = sim_world_run("static", 5, sets, nowhere);
        expect_near(result.duration_s, 60, 0);
        expect_near((double)result.requests, 1500 * 60, 3000);
    }
}

static void impossible_runs_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *set, *says;
    } cases[] = {
        {"experiment.evaluate_from=1h", "evaluate_from"},
        {"workload.span=100ms",         "window"       },
        {"workload.rate=0",             "rate"         },
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        const char *const sets[] = {BASE, cases[i].set, NULL};
        struct fore_arena arena = {0};
        struct fore_diag diag = {0};
        struct sim_scenario scenario;
        struct sim_result result;
        sim_world_scenario(&scenario, &arena, sets);
        struct sim_run_request request = {.scenario = &scenario, .seed = 1};
        assert_int_not_equal(sim_run(&request, &result, &diag), FORE_E_OK);
        assert_non_null(strstr(diag.text, cases[i].says));
        fore_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_seeds_give_equal_digests_and_others_differ),
        cmocka_unit_test(policies_see_the_same_requests_with_the_same_work),
        cmocka_unit_test(service_does_not_depend_on_where_a_request_goes),
        cmocka_unit_test(the_journal_begins_with_a_note_and_ends_with_the_result),
        cmocka_unit_test(sums_of_content_agree_all_through_a_run),
        cmocka_unit_test(engines_come_and_go_and_every_move_is_brought_to_its_end),
        cmocka_unit_test(a_failed_node_costs_its_requests_until_it_is_back),
        cmocka_unit_test(a_follower_takes_over),
        cmocka_unit_test(results_count_from_evaluate_from),
        cmocka_unit_test(impossible_runs_say_why),
    };
    return cmocka_run_group_tests_name("sim/run", tests, NULL, NULL);
}
