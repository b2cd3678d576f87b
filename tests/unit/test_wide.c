/* Rows with columns: what the workload says of them, what the simulator charges for them, and what
 * an engine makes of a whole run. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sim/result.h"
#include "sim/run.h"
#include "sim/wide.h"
#include "tests/support/near.h"
#include "tests/support/sim_world.h"
#include "workloads/wide.h"

/* ---- the workload ---- */

static struct fore_strings list(const char *const *item)
{
    struct fore_strings out = {.item = item};
    while (item[out.count] != NULL)
        out.count++;
    return out;
}

static struct wl_options options_of(const char *const *columns, const char *const *sets)
{
    return (struct wl_options){.row_columns = list(columns), .row_sets = list(sets)};
}

static void columns_and_sets_are_read(void **state)
{
    static const char *const columns[] = {"id=8", "name=24", "photo=4KiB", NULL};
    static const char *const sets[] = {"60% id name", "30%  name photo", "30% *", NULL};
    static const char *const writes[] = {"100% id", NULL};
    struct wl_options options = options_of(columns, sets);
    struct wl_wide wide;
    options.row_writes = list(writes);
    assert_int_equal(wl_wide_parse(&options, &wide, NULL), FORE_E_OK);
    assert_int_equal(wide.columns, 3);
    assert_int_equal(wide.bytes[2], 4096);
    assert_int_equal(wide.reads[0].count, 3);
    assert_int_equal(wide.reads[0].set[0], 3);
    assert_int_equal(wide.reads[0].set[1], 6);
    assert_int_equal(wide.reads[0].set[2], 7);
    expect_near(wide.reads[0].until[0], 0.5, 1e-12);
    expect_near(wide.reads[0].until[2], 1, 0);
    assert_int_equal(wide.writes.set[0], 1);
    struct wl_options none = {.kind = WL_KIND_SYNTHETIC};
    assert_int_equal(wl_wide_parse(&none, &wide, NULL), FORE_E_OK);
    assert_int_equal(wide.columns, 0);
}

static void expect_complaint(struct wl_options options, const char *word)
{
    struct wl_wide wide;
    struct fore_diag diag = {0};
    assert_int_not_equal(wl_wide_parse(&options, &wide, &diag), FORE_E_OK);
    if (strstr(diag.text, word) == NULL) fail_msg("\"%s\" does not say %s", diag.text, word);
}

static void nonsense_is_named(void **state)
{
    static const char *const good[] = {"a=1", "b=2", NULL}, *const set[] = {"1% a", NULL};
    static const char *const none[] = {NULL};
    static const char *const bad_column[][2] = {
        {"a"}, {"=4"}, {"a=0"}, {"a=x"}, {"a b=4"}, {"*=4"}, {"a=1TiB"}, {""},
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad_column); i++)
        expect_complaint(options_of(bad_column[i], none), "row_columns");
    static const char *const twice[] = {"a=1", "a=2", NULL};
    expect_complaint(options_of(twice, none), "twice");
    static const char *const bad_set[][2] = {
        {"a b"}, {"0% a"}, {"-1% a"}, {"x% a"}, {"10%"}, {"%"}, {""}, {"10 a"},
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad_set); i++)
        expect_complaint(options_of(good, bad_set[i]), "row_sets");
    static const char *const stranger[] = {"10% a c", NULL};
    expect_complaint(options_of(good, stranger), "\"c\"");
    expect_complaint(options_of(none, set), "row_columns has none");
    struct wl_options turns = options_of(good, set);
    turns.row_every = FORE_SEC;
    expect_complaint(turns, "row_then");
    turns.row_every = 0;
    turns.row_then = list(set);
    expect_complaint(turns, "row_every");
    const char *many[WL_WIDE_COLUMNS + 2] = {0};
    char name[WL_WIDE_COLUMNS + 1][8];
    for (int c = 0; c <= WL_WIDE_COLUMNS; c++) {
        (void)snprintf(name[c], sizeof name[c], "c%d=1", c);
        many[c] = name[c];
    }
    expect_complaint(options_of(many, none), "more than 32");
}

#define ROWS                                                                           \
    "workload.row_columns=a=10,b=30,c=952", "workload.row_sets=70% a b,20% c,10% b c", \
        "workload.row_writes=100% a"
#define SMALL                                                                                    \
    "workload.rate=500/s", "workload.span=10min", "workload.keys=1k", "workload.read_share=90%", \
        "cluster.nodes=2", "cluster.cores=2", "cluster.partitions=4",                            \
        "cluster.peak_utilization=50%", "sim.byte_cost=50%", "cluster.partition_bytes=1MiB",     \
        "cluster.bandwidth=10MiB/s", "observe.window=1s", ROWS

static void streams_name_columns_and_change_nothing_else(void **state)
{
    static const char *const with[] = {SMALL, "workload.row_then=100% c", "workload.row_every=5s",
                                       NULL};
    static const char *const without[] = {SMALL,
                                          "workload.row_columns=",
                                          "workload.row_sets=",
                                          "workload.row_writes=",
                                          "sim.byte_cost=0",
                                          NULL};
    struct sim_world a, b;
    sim_world_open(&a, 3, with);
    sim_world_open(&b, 3, without);
    uint32_t seen[8] = {0}, second[8] = {0}, again = 0;
    for (int pass = 0; pass < 2; pass++) {
        struct wl_request x[64], y[64];
        size_t n, m;
        again = 0;
        for (int i = 0; i < 80; i++) {
            assert_int_equal(wl_source_next(&a.source, x, 64, &n, NULL), FORE_E_OK);
            assert_int_equal(wl_source_next(&b.source, y, 64, &m, NULL), FORE_E_OK);
            assert_int_equal(n, m);
            for (size_t k = 0; k < n; k++) {
                assert_true(x[k].t == y[k].t && x[k].key == y[k].key && x[k].op == y[k].op);
                assert_int_equal(y[k].columns, 0);
                assert_true(x[k].columns >= 1 && x[k].columns <= 7);
                again = again * 31 + x[k].columns;
                if (x[k].op == FORE_QUERY_WRITE) assert_int_equal(x[k].columns, 1);
                if (pass > 0 || x[k].op == FORE_QUERY_WRITE) continue;
                (x[k].t / (5 * FORE_SEC) % 2 == 0 ? seen : second)[x[k].columns]++;
            }
        }
        static uint32_t first;
        if (pass == 0) first = again;
        assert_int_equal(again, first); /* rewound, the same */
        assert_int_equal(wl_source_rewind(&a.source, NULL), FORE_E_OK);
        assert_int_equal(wl_source_rewind(&b.source, NULL), FORE_E_OK);
    }
    double reads = seen[3] + seen[4] + seen[6];
    expect_near(seen[3] / reads, 0.7, 0.04);
    expect_near(seen[4] / reads, 0.2, 0.04);
    assert_int_equal(seen[1] + seen[2] + seen[5] + seen[7], 0);
    assert_true(second[4] > 0);
    assert_int_equal(second[3] + second[6], 0);
    sim_world_close(&a);
    sim_world_close(&b);
}

/* ---- the simulator ---- */

static void a_request_visits_the_parts_it_needs(void **state)
{
    static const char *const sets[] = {SMALL, NULL};
    struct sim_world world;
    struct sim_wide wide;
    struct sim_wide_visit visit[2];
    sim_world_open(&world, 1, sets);
    struct fore_topology *topology = &world.cluster.topology;
    sim_wide_init(&wide, topology, 0.5, &world.arena);
    sim_wide_update(&wide);
    assert_int_equal(sim_wide_visits(&wide, 1, 1, visit), 1); /* whole rows, whatever is asked */
    assert_int_equal(visit[0].bytes, 1000);
    expect_near(visit[0].work, 1, 0);
    uint32_t sibling;
    assert_int_equal(fore_topology_columns_split(topology, 1, 3, 0.05, 0, &sibling), FORE_E_OK);
    sim_wide_update(&wide);
    assert_int_equal(sim_wide_visits(&wide, 1, 1, visit), 1);
    assert_int_equal(visit[0].partition, sibling);
    assert_int_equal(visit[0].bytes, 48);
    expect_near(visit[0].work, 0.5 + 0.5 * 0.048, 1e-12);
    assert_int_equal(sim_wide_visits(&wide, 1, 4, visit), 1);
    assert_int_equal(visit[0].partition, 1);
    assert_int_equal(visit[0].bytes, 960);
    assert_int_equal(sim_wide_visits(&wide, 1, 6, visit), 2);
    expect_near(visit[0].work + visit[1].work, 1 + 0.5 * 1.008, 1e-12); /* the key twice */
    assert_int_equal(sim_wide_visits(&wide, 1, 0, visit), 2);
    assert_int_equal(sim_wide_visits(&wide, 0, 3, visit), 1);
    sim_world_close(&world);
}

/* What an oracle is told of parts is what the simulator will charge for them. */
static void the_future_of_parts_is_what_they_will_be_charged(void **state)
{
    static const char *const sets[] = {SMALL, "workload.row_then=100% c", "workload.row_every=5s",
                                       NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    const struct sim_cluster *cluster = &world.cluster;
    const struct fore_table *table = &cluster->topology.table[0];
    struct sim_wide_work first = sim_wide_expect(&cluster->wide, table, 0.5, 3, FORE_SEC, 0.9);
    expect_near(first.apart, (0.9 * 0.8 + 0.1) * 0.524, 1e-9);
    expect_near(first.base, 0.9 * 0.3 * 0.98, 1e-9);
    struct sim_wide_work then = sim_wide_expect(&cluster->wide, table, 0.5, 3, 6 * FORE_SEC, 0.9);
    expect_near(then.apart, 0.1 * 0.524, 1e-9);
    expect_near(then.base, 0.9 * 0.98, 1e-9);
    struct wl_wide none = {.columns = 3};
    struct sim_wide_work all = sim_wide_expect(&none, table, 0.5, 3, 0, 0.9);
    expect_near(all.base + all.apart, 0.524 + 0.98, 1e-9);
    sim_world_close(&world);
}

static void sum_window(struct sim_world *world, double *bytes, double *busy, uint64_t *requests)
{
    for (int i = 0; i < 30; i++) {
        const struct fore_sample *sample = sim_world_step(world);
        uint64_t served = 0;
        for (uint32_t p = 0; p < sample->partition_count; p++)
            *bytes += (double)sample->partition[p].bytes_read;
        for (uint32_t n = 0; n < sample->node_count; n++) {
            *busy += (double)sample->node[n].busy_ns;
            served += sample->node[n].requests;
        }
        assert_true(served == sample->requests); /* a request that visits two parts is one */
        *requests += sample->requests;
        for (uint32_t k = 0; k < sample->key_count; k++)
            assert_true(sample->key[k].columns >= 1 && sample->key[k].columns <= 7);
    }
}

static void what_is_read_and_done_is_charged_to_the_byte(void **state)
{
    static const char *const sets[] = {SMALL, NULL};
    double bytes[2] = {0}, busy[2] = {0};
    uint64_t requests[2] = {0};
    for (int split = 0; split < 2; split++) {
        struct sim_world world;
        sim_world_open(&world, 1, sets);
        for (uint32_t p = 0; split && p < 4; p++)
            assert_int_equal(fore_topology_columns_split(&world.cluster.topology, p, 3, 0.05,
                                                         (uint16_t)(p % 2), NULL),
                             FORE_E_OK);
        sum_window(&world, &bytes[split], &busy[split], &requests[split]);
        sim_world_close(&world);
    }
    assert_true(requests[0] == requests[1]);
    double reads = bytes[0] / 1000; /* whole rows */
    expect_near(reads, 0.9 * (double)requests[0], 0.02 * (double)requests[0]);
    expect_near(bytes[1] / reads, 0.7 * 48 + 0.2 * 960 + 0.1 * 1008, 12);
    double read_work = 0.7 * 0.524 + 0.2 * 0.98 + 0.1 * 1.504;
    expect_near(busy[1] / busy[0], 0.9 * read_work + 0.1 * 0.524, 0.01);
}

/* ---- a whole run ---- */

static struct sim_result run_wide(const char *vertical)
{
    const char *const sets[] = {"workload.span=40min", "workload.row_every=15min",
                                "experiment.evaluate_from=10min", vertical, NULL};
    struct fore_strings given = list(sets);
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    struct sim_result result;
    sim_world_must(
        sim_scenario_load("workloads/scenarios/wide_rows.cfg", &given, &arena, &scenario, &diag),
        &diag);
    struct sim_run_request request = {.scenario = &scenario, .policy = "predictive", .seed = 1};
    sim_world_must(sim_run(&request, &result, &diag), &diag);
    fore_arena_fini(&arena);
    return result;
}

/* The measure: 40 % fewer bytes, a p99 25 % lower; here twice that is asked for. */
static void wide_rows_are_split_and_cut_anew(void **state)
{
    struct sim_result whole = run_wide("decide.vertical=off");
    struct sim_result split = run_wide("decide.vertical=on");
    assert_true(whole.columns && split.columns);
    assert_true(whole.requests == split.requests);
    assert_int_equal(whole.moves[FORE_MOVE_VERTICAL_SPLIT], 0);
    assert_true(split.moves[FORE_MOVE_VERTICAL_MERGE] > 0);
    assert_true(split.moves[FORE_MOVE_VERTICAL_SPLIT] > 0);
    assert_true(split.moves_failed == 0);
    assert_true(split.bytes_read < 0.4 * whole.bytes_read);
    assert_true((double)split.latency_p99_ns < 0.6 * (double)whole.latency_p99_ns);
    assert_true(split.slo_violation_node_min <= whole.slo_violation_node_min);
}

static void fluid_mode_says_that_it_knows_no_columns(void **state)
{
    static const char *const fluid[] = {"sim.fidelity=fluid", NULL};
    static const char *const bytes[] = {"workload.row_columns=", "workload.row_sets=",
                                        "workload.row_then=",    "workload.row_every=0s",
                                        "workload.row_writes=",  NULL};
    const char *const *const sets[] = {fluid, bytes};
    static const char *const word[] = {"sim.fidelity", "sim.byte_cost"};
    for (size_t i = 0; i < 2; i++) {
        struct fore_strings given = list(sets[i]);
        struct fore_arena arena = {0};
        struct fore_diag diag = {0};
        struct sim_scenario scenario;
        assert_int_not_equal(sim_scenario_load("workloads/scenarios/wide_rows.cfg", &given, &arena,
                                               &scenario, &diag),
                             FORE_E_OK);
        assert_non_null(strstr(diag.text, word[i]));
        fore_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_and_sets_are_read),
        cmocka_unit_test(nonsense_is_named),
        cmocka_unit_test(streams_name_columns_and_change_nothing_else),
        cmocka_unit_test(a_request_visits_the_parts_it_needs),
        cmocka_unit_test(the_future_of_parts_is_what_they_will_be_charged),
        cmocka_unit_test(what_is_read_and_done_is_charged_to_the_byte),
        cmocka_unit_test(wide_rows_are_split_and_cut_anew),
        cmocka_unit_test(fluid_mode_says_that_it_knows_no_columns),
    };
    return cmocka_run_group_tests_name("rows with columns", tests, NULL, NULL);
}
