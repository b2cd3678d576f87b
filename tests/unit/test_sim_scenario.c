/* test_sim_scenario.c - files into scenarios, and one clear sentence for everything impossible. */
#include "sim/scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/scratch.h"

static const char good[] = "workload: { rate = \"100/s\"; span = \"1h\"; };\n";

static enum fore_err load(const char *text, const char *set, struct sim_scenario *out,
                          struct fore_arena *arena, struct fore_diag *diag)
{
    struct scratch scratch = scratch_begin();
    const char *path = scratch_text(&scratch, "case.cfg", text);
    struct fore_strings sets = {.item = &set, .count = set != NULL};
    enum fore_err err = sim_scenario_load(path, &sets, arena, out, diag);
    scratch_end(&scratch);
    return err;
}

static void a_small_file_is_enough(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    assert_int_equal(load(good, "experiment.evaluate_from=10min", &scenario, &arena, &diag),
                     FORE_E_OK);
    assert_string_equal(scenario.name, "case");
    assert_int_equal(scenario.sim.window, scenario.engine.observe.window);
    assert_int_equal(scenario.experiment.act_from, 600 * FORE_SEC);
    fore_arena_fini(&arena);
}

static void the_impossible_gets_one_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        enum fore_err err;
        const char *says;
    } cases[] = {
        {"cluster.replicas=8",                     FORE_E_OK,     ""              },
        {"cluster.nodes=3",                        FORE_E_OK,     ""              },
        {"cluster.partitions=1000000000",          FORE_E_RANGE,  "GiB"           },
        {"cluster.partitions=4000000000000000000", FORE_E_RANGE,  "limit"         },
        {"cluster.partitions_max=10",              FORE_E_RANGE,  "partitions_max"},
        {"workload.rate=0",                        FORE_E_RANGE,  "workload.rate" },
        {"workload.span=0s",                       FORE_E_RANGE,  "workload.span" },
        {"workload.span=500ms",                    FORE_E_RANGE,  "window"        },
        {"observe.window=7s",                      FORE_E_RANGE,  "multiple"      },
        {"experiment.evaluate_from=2h",            FORE_E_RANGE,  "evaluate_from" },
        {"experiment.policies=static, reactiv",    FORE_E_FORMAT, "reactive"      },
        {"policy.name=predictiv",                  FORE_E_FORMAT, "predictive"    },
        {"forecast.model=spar-lgo",                FORE_E_FORMAT, "spar-log"      },
        {"sim.faults=node3 up 1h 2h",              FORE_E_FORMAT, "node3 down"    },
        {"sim.faults=node99 down 1h 2h",           FORE_E_FORMAT, "node below 16" },
        {"sim.windw=1s",                           FORE_E_FORMAT, "sim"           },
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        struct fore_arena arena = {0};
        struct fore_diag diag = {0};
        struct sim_scenario scenario;
        enum fore_err err = load(good, cases[i].set, &scenario, &arena, &diag);
        if (err != cases[i].err || strstr(diag.text, cases[i].says) == NULL)
            fail_msg("%s: %d \"%s\"", cases[i].set, (int)err, diag.text);
        fore_arena_fini(&arena);
    }
}

static void more_replicas_than_nodes_are_refused(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    const char *text = "workload: { rate = \"100/s\"; span = \"1h\"; };\n"
                       "cluster: { nodes = \"2\"; replicas = \"3\"; };\n";
    assert_int_equal(load(text, NULL, &scenario, &arena, &diag), FORE_E_RANGE);
    assert_non_null(strstr(diag.text, "cluster.replicas"));
    fore_arena_fini(&arena);
}

static void a_trace_gets_defaults_of_its_own_and_sets_win(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    const char *set = "cluster.nodes=5";
    struct fore_strings sets = {.item = &set, .count = 1};
    assert_int_equal(sim_scenario_load("some/access.csv.zst", &sets, &arena, &scenario, &diag),
                     FORE_E_OK);
    assert_int_equal(scenario.workload.kind, WL_KIND_TRACE);
    assert_string_equal(scenario.workload.trace, "some/access.csv.zst");
    assert_int_equal(scenario.cluster.nodes, 5);
    assert_true(scenario.cluster.peak_utilization > 0);
    fore_arena_fini(&arena);
}

static void a_dump_loads_back_to_the_same(void **state)
{
    (void)state;
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario first, second;
    struct fore_buf a = {0}, b = {0};
    assert_int_equal(load(good, "cluster.nodes=7", &first, &arena, &diag), FORE_E_OK);
    sim_scenario_dump(&first, &a);
    assert_int_equal(load(a.data, NULL, &second, &arena, &diag), FORE_E_OK);
    sim_scenario_dump(&second, &b);
    assert_string_equal(a.data, b.data);
    assert_int_equal(second.cluster.nodes, 7);
    fore_buf_fini(&a);
    fore_buf_fini(&b);
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_is_enough),
        cmocka_unit_test(the_impossible_gets_one_sentence),
        cmocka_unit_test(more_replicas_than_nodes_are_refused),
        cmocka_unit_test(a_trace_gets_defaults_of_its_own_and_sets_win),
        cmocka_unit_test(a_dump_loads_back_to_the_same),
    };
    return cmocka_run_group_tests_name("sim/scenario", tests, NULL, NULL);
}
