#include "experiments/grid_claims.h"
#include "experiments/standin.h"
#include "experiments/tune.h"
#include "workloads/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scratch.h"

/* ---- claims ---- */

static struct lab_claim claim_of(struct fore_arena *arena, const char *text)
{
    struct lab_claim claim;
    struct fore_diag diag = {0};
    assert_int_equal(lab_claim_parse(text, arena, &claim, &diag), FORE_E_OK);
    return claim;
}

static void a_claim_names_its_cells_by_words(void **state)
{
    struct fore_arena arena = {0};
    struct lab_claim claim = claim_of(
        &arena, "slow moves : taxi move_time_mean=5min|15min peak=80%: peer : -50% : -75%");
    assert_string_equal(claim.name, "slow moves");
    assert_string_equal(claim.measure, "peer");
    assert_true(lab_claim_matches(&claim, "taxi peak=80% move_time_mean=15min"));
    assert_true(lab_claim_matches(&claim, "taxi move_time_mean=5min peak=80%"));
    assert_false(lab_claim_matches(&claim, "taxi move_time_mean=1min peak=80%"));
    assert_false(lab_claim_matches(&claim, "taxi move_time_mean=15min peak=8%"));
    assert_false(lab_claim_matches(&claim, "taxi_flash move_time_mean=5min peak=80%"));
    assert_false(lab_claim_matches(&claim, "taxi move_time_mean=5min"));
    fore_arena_fini(&arena);
}

static void a_claim_that_cannot_be_read_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "a:b:peer:-50%",
                                      "a:b:peer:much:-75%",
                                      "a:b:peer:-50%:-75% or so",
                                      "a:b:peer:nan:1x"};
    struct fore_arena arena = {0};
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct lab_claim claim;
        struct fore_diag diag = {0};
        assert_int_equal(lab_claim_parse(bad[i], &arena, &claim, &diag), FORE_E_FORMAT);
    }
    fore_arena_fini(&arena);
}

/* Two cells, four policies, three seeds, with violations as given. */
enum { CELLS = 2, POLICIES = 5, SEEDS = 3 };
struct world {
    struct lab_grid grid;
    struct lab_cell cell[CELLS];
    struct lab_grid_entry entry[CELLS * POLICIES];
    bool have[CELLS * POLICIES][SEEDS];
    struct lab_answer answer[CELLS * POLICIES][SEEDS];
};
static const char *const policies[POLICIES] = {"static", "reactive", "slicer", "predictive",
                                               "oracle"};

static struct world *world_create(const double mean[CELLS][POLICIES])
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    const struct lab_metric *metric = lab_metric_find(NULL, "slo_violation_node_min");
    const struct lab_metric *bytes = lab_metric_find(NULL, "bytes_moved");
    world->cell[0].name = "a x=1";
    world->cell[1].name = "a x=2";
    world->grid =
        (struct lab_grid){.cell = world->cell, .cell_count = CELLS, .entry = world->entry};
    world->grid.options.policies = (struct fore_strings){policies, POLICIES};
    world->grid.options.seeds = SEEDS;
    for (size_t e = 0; e < FORE_COUNTOF(world->entry); e++) {
        world->entry[e] = (struct lab_grid_entry){
            .evaluated = true, .have = world->have[e], .answer = world->answer[e]};
        for (size_t s = 0; s < SEEDS; s++) {
            double spread = 1 + .1 * ((double)s - 1);
            world->have[e][s] = true;
            world->answer[e][s].metric[metric - lab_metrics] =
                mean[e / POLICIES][e % POLICIES] * spread;
            world->answer[e][s].metric[bytes - lab_metrics] = (double)(e % POLICIES) * 100;
        }
    }
    return world;
}

static void the_best_peer_is_found_per_cell_and_neither_ours_nor_one_that_knows(void **state)
{
    struct world *world = world_create((const double[CELLS][POLICIES]){
        {1, 50, 60, 20, 0},
        {1, 70, 40, 30, 0}
    });
    assert_int_equal(lab_grid_best_peer(&world->grid, 0), 1);
    assert_int_equal(lab_grid_best_peer(&world->grid, 1), 2);
    free(world);
}

static void a_claim_is_judged_by_all_cells_and_by_the_worst(void **state)
{
    struct world *world = world_create((const double[CELLS][POLICIES]){
        {100, 50, 60, 10, 0},
        {100, 70, 40, 30, 0}
    });
    struct fore_arena arena = {0};
    struct lab_claim claim = claim_of(&arena, "c: a: peer: -50%: -75%");
    struct lab_claim_result result = lab_claim_judge(&world->grid, &claim);
    assert_int_equal(result.cells, 2);
    assert_true(fabs(result.value - 40.0 / 90) < 1e-9);
    assert_true(fabs(result.worst - .75) < 1e-9);
    assert_string_equal(result.worst_cell, "a x=2");
    assert_int_equal(result.verdict, LAB_MET_ON_THE_WHOLE);
    assert_true(result.low <= result.value && result.value <= result.high);
    claim = claim_of(&arena, "c: a x=1: peer: -50%: -75%");
    assert_int_equal(lab_claim_judge(&world->grid, &claim).verdict, LAB_STRETCH_MET);
    claim = claim_of(&arena, "c: a x=2: peer: -50%: -75%");
    assert_int_equal(lab_claim_judge(&world->grid, &claim).verdict, LAB_MISSED);
    claim = claim_of(&arena, "c: a: gap: 60%: 85%");
    assert_true(fabs(lab_claim_judge(&world->grid, &claim).value - .8) < 1e-9);
    assert_int_equal(lab_claim_judge(&world->grid, &claim).verdict, LAB_MET);
    claim = claim_of(&arena, "c: a: peer-bytes: 0.25x: 0.1x");
    assert_true(fabs(lab_claim_judge(&world->grid, &claim).value - 600.0 / 300) < 1e-9);
    claim = claim_of(&arena, "c: b: peer: -50%: -75%");
    assert_int_equal(lab_claim_judge(&world->grid, &claim).verdict, LAB_NOT_PLAYED);
    fore_arena_fini(&arena);
    free(world);
}

/* The score is judged where nothing is done, and where our policy acts. */
static void the_score_is_asked_of_static_and_of_ours(void **state)
{
    struct world *world = world_create((const double[CELLS][POLICIES]){{0}});
    const struct lab_metric *here = lab_metric_find("rrs", "ece");
    const struct lab_metric *idle = lab_metric_find("rrs_idle", "ece");
    for (size_t e = 0; e < FORE_COUNTOF(world->entry); e++)
        for (size_t s = 0; s < SEEDS; s++) {
            world->answer[e][s].metric[here - lab_metrics] = .01 * (double)(e % POLICIES);
            world->answer[e][s].metric[idle - lab_metrics] = .02 * (double)(e % POLICIES);
        }
    struct fore_arena arena = {0};
    struct lab_claim claim = claim_of(&arena, "c: a: rrs.ece: 0.01: 0.004");
    struct lab_claim_result result = lab_claim_judge(&world->grid, &claim);
    assert_true(fabs(result.value) < 1e-9);
    assert_int_equal(result.verdict, LAB_STRETCH_MET);
    claim = claim_of(&arena, "c: a: rrs_idle.ece: 0.01: 0.004");
    result = lab_claim_judge(&world->grid, &claim);
    assert_true(fabs(result.value - .06) < 1e-9);
    assert_int_equal(result.verdict, LAB_MISSED);
    fore_arena_fini(&arena);
    free(world);
}

static void nothing_against_nothing_is_not_compared(void **state)
{
    struct world *world = world_create((const double[CELLS][POLICIES]){
        {100, .1, .2, .3, 0},
        {100, 0,  40, 10, 0}
    });
    struct fore_arena arena = {0};
    struct lab_claim claim = claim_of(&arena, "c: a: peer: 1.05x: 0.5x");
    struct lab_claim_result result = lab_claim_judge(&world->grid, &claim);
    assert_int_equal(result.cells, 1); /* the second: 10 against a peer's 0 */
    assert_true(isinf(result.value));
    assert_int_equal(result.verdict, LAB_MISSED);
    fore_arena_fini(&arena);
    free(world);
}

/* ---- the cache ---- */

static void answers_outlive_the_cache_and_a_line_cut_off_is_passed_over(void **state)
{
    struct scratch scratch = scratch_begin();
    const char *path = scratch_path(&scratch, "answers.jsonl");
    struct fore_diag diag = {0};
    struct lab_cache *cache = NULL;
    struct lab_answer a = {.label = "one \"quoted\""}, b = {.label = "two"}, back;
    a.metric[3] = .1;
    a.metric[5] = (double)NAN;
    b.metric[2] = 1e300;
    const struct lab_run_id id = {.policy = "static", .seed = LAB_TUNE_SEED};
    assert_int_equal(lab_cache_open(path, &cache, &diag), FORE_E_OK);
    assert_int_equal(lab_cache_add(cache, 17, "cell", &id, &a), FORE_E_OK);
    lab_cache_close(cache);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    (void)fputs("{\"key\": \"0000000000000012\", \"label\": \"cut o", file);
    (void)fclose(file);
    assert_int_equal(lab_cache_open(path, &cache, &diag), FORE_E_OK);
    assert_int_equal(lab_cache_count(cache), 1);
    assert_int_equal(lab_cache_add(cache, UINT64_MAX, "cell", &id, &b), FORE_E_OK);
    lab_cache_close(cache);
    assert_int_equal(lab_cache_open(path, &cache, &diag), FORE_E_OK);
    assert_int_equal(lab_cache_count(cache), 2);
    assert_true(lab_cache_find(cache, 17, &back));
    assert_string_equal(back.label, a.label);
    assert_true(back.metric[3] == .1 && isnan(back.metric[5]));
    assert_true(lab_cache_find(cache, UINT64_MAX, &back));
    assert_true(back.metric[2] == 1e300);
    assert_false(lab_cache_find(cache, 18, &back));
    lab_cache_close(cache);
    scratch_end(&scratch);
}

/* ---- the file ---- */

static enum fore_err load(struct scratch *scratch, const char *text, struct fore_arena *perm,
                          struct lab_grid *grid, struct fore_diag *diag)
{
    struct lab_grid_plan plan = {.work = scratch->folder};
    const char *path = fore_arena_strdup(perm, scratch_text(scratch, "grid.cfg", text));
    plan.path = path;
    return lab_grid_load(&plan, perm, grid, diag);
}

static void every_combination_becomes_a_cell_with_its_options_in_force(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_arena perm = {0};
    struct lab_grid grid;
    struct fore_diag diag = {0};
    assert_int_equal(
        load(&scratch,
             "grid: { cells = \"workloads/scenarios/steady.cfg cluster.nodes=4|8 "
             "cluster.cores=2|3|5 workload.rate=300/s\"; policies = \"static, predictive\"; };",
             &perm, &grid, &diag),
        FORE_E_OK);
    assert_int_equal(grid.cell_count, 6);
    for (size_t c = 0; c < grid.cell_count; c++)
        for (size_t k = 0; k < c; k++)
            assert_string_not_equal(grid.cell[c].name, grid.cell[k].name);
    assert_string_equal(grid.cell[0].name, "steady nodes=4 cores=2 rate=300/s");
    assert_int_equal(grid.cell[5].in_force->cluster.nodes, 8);
    assert_int_equal(grid.cell[5].in_force->cluster.cores, 5);
    fore_arena_fini(&perm);
    scratch_end(&scratch);
}

static void a_grid_that_cannot_be_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"grid: { };",                                                                              "names no scenario"},
        {"grid: { cells = \"nowhere.cfg\"; };",                                                     "nowhere.cfg"      },
        {"grid: { cells = \"workloads/scenarios/steady.cfg nodes\"; };",                            "nodes"            },
        {"grid: { cells = \"workloads/scenarios/steady.cfg cluster.x=1|2\"; };",                    "cluster"          },
        {"grid: { cells = \"workloads/scenarios/steady.cfg\"; policies = \"best\"; };",             "best"             },
        {"grid: { cells = \"workloads/scenarios/steady.cfg\"; claims = \"a:b:c:1x:1x\"; };",
         "measures nothing known"                                                                                      },
        {"grid: { cells = \"workloads/scenarios/steady.cfg\"; claims = \"a:b:rrs_idle.x:1:1\"; };",
         "measures nothing known"                                                                                      },
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct scratch scratch = scratch_begin();
        struct fore_arena perm = {0};
        struct lab_grid grid;
        struct fore_diag diag = {0};
        assert_int_not_equal(load(&scratch, bad[i].text, &perm, &grid, &diag), FORE_E_OK);
        assert_non_null(strstr(diag.text, bad[i].says));
        fore_arena_fini(&perm);
        scratch_end(&scratch);
    }
}

/* ---- stand-ins ---- */

static void a_stand_in_has_the_size_of_what_it_stands_for(void **state)
{
    static const struct {
        const char *path;
        size_t lines, columns;
    } want[] = {
        {"x/nyc_taxi_zone_hourly_01_03.csv.zst",      2161,  74  },
        {"x/azure_functions_per_minute_1day.csv.zst", 835,   1443},
        {"x/worldcup98_per_minute.csv.zst",           72151, 2   },
    };
    struct scratch scratch = scratch_begin();
    for (size_t i = 0; i < FORE_COUNTOF(want); i++) {
        struct fore_diag diag = {0};
        struct wl_file *file = NULL;
        char *line;
        size_t len, lines = 0;
        const char *out = scratch_path(&scratch, "stand-in.csv");
        assert_int_equal(lab_standin_write(want[i].path, out, &diag), FORE_E_OK);
        assert_int_equal(wl_file_open(out, &file, &diag), FORE_E_OK);
        while (wl_file_line(file, &line, &len, &diag) == FORE_E_OK && line != NULL) {
            size_t columns = 1;
            for (size_t k = 0; k < len; k++)
                columns += line[k] == ',';
            assert_int_equal(columns, want[i].columns);
            lines++;
        }
        assert_int_equal(lines, want[i].lines);
        wl_file_close(file);
    }
    struct fore_diag diag = {0};
    assert_int_equal(lab_standin_write("secret.csv", scratch_path(&scratch, "x"), &diag),
                     FORE_E_UNSUPPORTED);
    scratch_end(&scratch);
}

/* Combination 7 is the best by its one lucky seed, and by the mean of two it is not. */
static void more_seeds_say_more_than_one(void **state)
{
    (void)state;
    struct lab_trials trials = {.count = 0};
    struct lab_tune tune = {.done = false};
    assert_false(lab_trials_choose(&trials, &tune));
    lab_trials_add(&trials, LAB_TUNE_OWN, 100, 9);
    lab_trials_add(&trials, 7, 90, 5);
    lab_trials_add(&trials, 8, 95, 5);
    lab_trials_add(&trials, 3, 95, 5);
    lab_trials_sort(&trials);
    assert_true(trials.trial[0].combination == 7 && trials.trial[1].combination == 8);
    assert_true(trials.trial[2].combination == 3); /* level with 8, which came earlier */
    lab_trials_add(&trials, 7, 150, 5);
    lab_trials_add(&trials, 8, 105, 7);
    assert_true(lab_trials_choose(&trials, &tune));
    assert_true(tune.done && tune.best == 8 && tune.seeds == 2 && tune.settings == 4);
    assert_true(fabs(tune.violation_node_min - 100) < 1e-9 && fabs(tune.bytes_moved - 6) < 1e-9);
    assert_true(fabs(tune.worst_node_min - 120) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_seeds_say_more_than_one),
        cmocka_unit_test(a_claim_names_its_cells_by_words),
        cmocka_unit_test(a_claim_that_cannot_be_read_is_refused),
        cmocka_unit_test(the_best_peer_is_found_per_cell_and_neither_ours_nor_one_that_knows),
        cmocka_unit_test(a_claim_is_judged_by_all_cells_and_by_the_worst),
        cmocka_unit_test(the_score_is_asked_of_static_and_of_ours),
        cmocka_unit_test(nothing_against_nothing_is_not_compared),
        cmocka_unit_test(answers_outlive_the_cache_and_a_line_cut_off_is_passed_over),
        cmocka_unit_test(every_combination_becomes_a_cell_with_its_options_in_force),
        cmocka_unit_test(a_grid_that_cannot_be_is_refused_with_its_reason),
        cmocka_unit_test(a_stand_in_has_the_size_of_what_it_stands_for),
    };
    return cmocka_run_group_tests_name("experiments/grid", tests, NULL, NULL);
}
