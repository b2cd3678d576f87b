#include "experiments/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"

enum { POLICIES = 4, SEEDS = 4 };

/* A comparison as lab_compare_run leaves it, with violations written by hand. */
struct bench {
    struct sim_scenario scenario;
    struct sim_result run[POLICIES * SEEDS];
    struct lab_pool_report report[POLICIES * SEEDS];
    struct lab_tune tune[POLICIES];
    struct lab_compare compare;
};
static const char *const names[POLICIES] = {"static", "reactive", "predictive", "oracle"};
static const char label[] = "composite of A (keys) and B (rate)";
static const double node_min[POLICIES][SEEDS] = {
    {100, 140, 120, 160},
    {50,  70,  60,  80 },
    {20,  34,  26,  40 },
    {10,  14,  12,  16 }
};

static struct bench *bench_create(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->scenario.name = "by-hand";
    bench->compare = (struct lab_compare){
        .scenario = &bench->scenario,
        .policies = {names, POLICIES},
        .seeds = SEEDS,
        .tune = bench->tune,
        .run = bench->run,
        .report = bench->report
    };
    for (size_t p = 0; p < POLICIES; p++)
        for (size_t s = 0; s < SEEDS; s++) {
            struct sim_result *run = &bench->run[p * SEEDS + s];
            memcpy(run->policy, names[p], strlen(names[p]));
            memcpy(run->label, label, sizeof label);
            run->seed = s + 1;
            run->duration_s = 7200;
            run->slo_ns = 5000000;
            run->latency_p99_ns = 1000000 * (POLICIES - p);
            run->slo_violation_node_min = node_min[p][s];
            run->bytes_moved = 1e9 * (double)p;
            run->moves[FORE_MOVE_MOVE] = p;
            run->moves[FORE_MOVE_SPLIT] = s;
        }
    return bench;
}

static void pairs_are_taken_seed_by_seed(void **state)
{
    struct bench *bench = bench_create();
    const struct lab_metric *metric = lab_metric_find(NULL, "slo_violation_node_min");
    struct lab_stats_paired versus = lab_compare_versus(&bench->compare, 2, 1, metric);
    /* -30, -36, -34, -40: sd 4.163, t(3) = 3.1824 */
    assert_int_equal(versus.diff.n, 4);
    expect_near(versus.diff.mean, -35, 1e-12);
    expect_near(versus.diff.high - versus.diff.mean, 3.1824 * 4.1633320 / 2, 1e-3);
    /* Unpaired, the interval of reactive alone is three times as wide. */
    struct lab_stats alone = lab_compare_stats(&bench->compare, 1, metric);
    assert_true(alone.high - alone.low > 2 * (versus.diff.high - versus.diff.low));
    free(bench);
}

static void gap_closed_is_the_way_from_reactive_to_oracle(void **state)
{
    struct bench *bench = bench_create();
    expect_near(lab_compare_gap_closed(&bench->compare, 1), 0, 1e-12);
    expect_near(lab_compare_gap_closed(&bench->compare, 3), 1, 1e-12);
    expect_near(lab_compare_gap_closed(&bench->compare, 2), 35.0 / 52, 1e-12);
    bench->compare.policies.count = 3; /* without the oracle nobody knows */
    assert_true(isnan(lab_compare_gap_closed(&bench->compare, 2)));
    free(bench);
}

static void a_failed_run_leaves_its_pair_and_is_named(void **state)
{
    struct bench *bench = bench_create();
    const struct lab_metric *metric = lab_metric_find(NULL, "slo_violation_node_min");
    bench->report[2 * SEEDS + 1] =
        (struct lab_pool_report){.outcome = LAB_POOL_CRASHED, .diag = {.text = "signal 11"}};
    bench->compare.failed = 1;
    assert_int_equal(lab_compare_stats(&bench->compare, 2, metric).n, 3);
    struct lab_stats_paired versus = lab_compare_versus(&bench->compare, 2, 1, metric);
    assert_int_equal(versus.diff.n, 3);
    expect_near(versus.diff.mean, -104.0 / 3, 1e-9);
    struct fore_buf out = {0};
    lab_compare_text(&bench->compare, &out);
    assert_non_null(strstr(out.data, "failed: predictive, seed 2: signal 11"));
    fore_buf_fini(&out);
    free(bench);
}

static void a_policy_without_a_run_shows_dashes_not_numbers(void **state)
{
    struct bench *bench = bench_create();
    for (size_t s = 0; s < SEEDS; s++)
        bench->report[s].outcome = LAB_POOL_REFUSED;
    struct fore_buf out = {0};
    lab_compare_text(&bench->compare, &out);
    assert_non_null(strstr(out.data, "static"));
    assert_null(strstr(out.data, "nan"));
    fore_buf_fini(&out);
    free(bench);
}

static void the_table_says_what_it_compares(void **state)
{
    struct bench *bench = bench_create();
    struct fore_buf out = {0};
    lab_compare_text(&bench->compare, &out);
    assert_non_null(strstr(out.data, "by-hand: 4 policies x 4 seeds, 2 h each, SLO p99 < 5.00 ms"));
    assert_non_null(strstr(out.data, "composite of A (keys) and B (rate)"));
    assert_non_null(strstr(out.data, "67 %")); /* gap closed by predictive */
    assert_non_null(strstr(out.data, "-35.0 \xc2\xb1"
                                     "6.62*"));
    fore_buf_fini(&out);
    free(bench);
}

static void json_nests_as_replay_does_and_keeps_every_run(void **state)
{
    struct bench *bench = bench_create();
    struct fore_buf out = {0};
    struct fore_json json = fore_json_begin(&out, false);
    fore_json_object(&json, NULL);
    lab_compare_json(&bench->compare, &json);
    fore_json_object_end(&json);
    assert_non_null(strstr(out.data, "\"scenario\":\"by-hand\""));
    assert_non_null(strstr(out.data, "\"latency_ns\":{\"p50\":{\"mean\":0,"));
    assert_non_null(strstr(out.data, "\"moves\":{\"total\":{\"mean\":"));
    assert_non_null(strstr(out.data, "\"regret_to_oracle\":{"));
    size_t runs = 0;
    for (const char *at = out.data; (at = strstr(at, "\"digest\":")) != NULL; at++)
        runs++;
    assert_int_equal(runs, POLICIES * SEEDS);
    fore_buf_fini(&out);
    free(bench);
}

static void one_seed_has_means_and_null_intervals(void **state)
{
    struct bench *bench = bench_create();
    bench->compare.seeds = 1;
    struct fore_buf out = {0};
    struct fore_json json = fore_json_begin(&out, false);
    fore_json_object(&json, NULL);
    lab_compare_json(&bench->compare, &json);
    fore_json_object_end(&json);
    assert_non_null(strstr(out.data, "\"ci95\":null"));
    assert_null(strstr(out.data, "nan"));
    fore_buf_fini(&out);
    free(bench);
}

static void unknown_and_doubled_policies_are_refused_by_name(void **state)
{
    static const char *const wrong[] = {"static", "reactiv"};
    static const char *const twice[] = {"static", "static"};
    struct fore_arena perm;
    struct fore_diag diag = {0};
    struct lab_compare compare;
    struct bench *bench = bench_create();
    fore_arena_init(&perm);
    struct lab_compare_plan plan = {
        .scenario = &bench->scenario, .policies = {wrong, 2},
             .seeds = 1
    };
    assert_int_equal(lab_compare_run(&plan, &perm, &compare, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "did you mean reactive"));
    diag = (struct fore_diag){0};
    plan.policies = (struct fore_strings){twice, 2};
    assert_int_equal(lab_compare_run(&plan, &perm, &compare, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "named twice"));
    fore_arena_fini(&perm);
    free(bench);
}

static void the_lower_bound_is_the_mean_over_the_seeds(void **state)
{
    struct bench *bench = bench_create();
    struct sim_bound bound[] = {
        {.node_min = 1, .whole_node_min = 4},
        {.node_min = 3, .whole_node_min = 8}
    };
    struct fore_buf text = {0};
    lab_compare_text(&bench->compare, &text);
    assert_null(strstr(text.data, "lower bound")); /* not known */
    fore_buf_fini(&text);
    bench->compare.bound = bound;
    bench->compare.bounds = 2;
    expect_near(lab_compare_bound(&bench->compare, false).mean, 2, 1e-12);
    expect_near(lab_compare_bound(&bench->compare, true).mean, 6, 1e-12);
    text = (struct fore_buf){0};
    lab_compare_text(&bench->compare, &text);
    assert_non_null(strstr(text.data, "lower bound: 2"));
    fore_buf_fini(&text);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_taken_seed_by_seed),
        cmocka_unit_test(gap_closed_is_the_way_from_reactive_to_oracle),
        cmocka_unit_test(a_failed_run_leaves_its_pair_and_is_named),
        cmocka_unit_test(a_policy_without_a_run_shows_dashes_not_numbers),
        cmocka_unit_test(the_table_says_what_it_compares),
        cmocka_unit_test(json_nests_as_replay_does_and_keeps_every_run),
        cmocka_unit_test(one_seed_has_means_and_null_intervals),
        cmocka_unit_test(unknown_and_doubled_policies_are_refused_by_name),
        cmocka_unit_test(the_lower_bound_is_the_mean_over_the_seeds),
    };
    return cmocka_run_group_tests_name("experiments/compare", tests, NULL, NULL);
}
