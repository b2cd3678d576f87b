/*
 * cmd_compare.c - `foreshard compare --sim-vs-live`: the same workload, policy and seed on a real
 * cluster and in the simulator, and how far they are apart.
 *
 * The scenario includes a calibration (`foreshard calibrate`). What is there and needs no guess is
 * taken from the cluster itself: how many nodes and partitions, which node has which slots first,
 * how large a partition is. The cluster is asked to be as cluster_up.sh leaves it: slots in runs.
 */
#include "both/commands.h"
#include "both/live_play.h"
#include "both/sim_play.h"

#include "core/base/args.h"
#include "core/base/json.h"
#include "core/policy/policy.h"
#include "workloads/help.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE, EXIT_NO, EXIT_BAD_INPUT, EXIT_WORLD_FAILED };

struct wish {
    bool sim_vs_live, json, realtime, help;
    const char *policy;
    uint64_t seed;
    struct fore_strings sets, live_sets, operands;
};

struct row {
    const char *name, *unit;
    double sim, live, bound; /* bound: of the relative error; of what differs for decisions */
    double error;            /* NAN: there is nothing to compare */
};
enum { ROWS = 5 };

static enum fore_err parse(int argc, char **argv, struct wish *wish, struct fore_arena *arena,
                           struct fore_diag *diag)
{
    const struct fore_arg rows[] = {
        {"sim-vs-live", FORE_ARG_FLAG,   &wish->sim_vs_live, NULL,                 "what this is"                         },
        {"policy",      FORE_ARG_TEXT,   &wish->policy,      "NAME",               "instead of the scenario's policy.name"},
        {"seed",        FORE_ARG_COUNT,  &wish->seed,        "N",                  "of every random choice, default 1"    },
        {"set",         FORE_ARG_REPEAT, &wish->sets,        "SECTION.NAME=VALUE",
         "an option of the scenario; repeatable"                                                                          },
        {"live-set",    FORE_ARG_REPEAT, &wish->live_sets,   "SECTION.NAME=VALUE",
         "an option of the cluster; repeatable"                                                                           },
        {"realtime",    FORE_ARG_FLAG,   &wish->realtime,    NULL,                 "real-time priority for the sender"    },
        {"json",        FORE_ARG_FLAG,   &wish->json,        NULL,                 "as JSON"                              },
    };
    const struct fore_args args = {
        .usage = "foreshard compare --sim-vs-live CLUSTER.cfg SCENARIO.cfg [options]",
        .about = "Runs the scenario's workload, policy and seed on a real Redis Cluster and in the "
                 "simulator, and prints how far apart they are. Let the scenario include what "
                 "`foreshard calibrate` wrote. Ends with 1 when an error is above its bound.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 2,
        .operand_max = 2};
    FORE_TRY(fore_args_parse(&args, argc, argv, arena, &wish->operands, &wish->help, diag));
    if (!wish->help) return FORE_E_OK;
    wl_help_print(&args);
    return FORE_E_OK;
}

/* ---- the table ---------------------------------------------------------------------------- */

static double relative(double sim, double live)
{
    return live > 0 && sim > 0 ? fabs(sim / live - 1) : (double)NAN;
}

static void fill_rows(const struct both_live_result *live, const struct both_sim_result *sim,
                      struct row row[ROWS])
{
    double seconds = (double)live->play.span / 1e9;
    row[0] = (struct row){"throughput",
                          "/s",
                          (double)sim->run.requests / sim->run.duration_s,
                          (double)live->play.counts.answered / seconds,
                          0.05,
                          0};
    row[1] = (struct row){"p50",
                          "ms",
                          (double)sim->run.latency_p50_ns / 1e6,
                          (double)fore_hist_quantile(&live->play.latency, 0.5) / 1e6,
                          0.15,
                          0};
    row[2] = (struct row){"p99",
                          "ms",
                          (double)sim->run.latency_p99_ns / 1e6,
                          (double)fore_hist_quantile(&live->play.latency, 0.99) / 1e6,
                          0.3,
                          0};
    row[3] = (struct row){
        "move time", "s", both_moves_mean_s(&sim->moves), both_moves_mean_s(&live->moves), 0.2, 0};
    for (int i = 0; i < 4; i++)
        row[i].error = relative(row[i].sim, row[i].live);
    row[4] = (struct row){"decisions",
                          "moves",
                          sim->moves.count,
                          live->moves.count,
                          0,
                          1 - both_moves_alike(&sim->moves, &live->moves, live->node_rank)};
}

static void print_text(const struct row row[ROWS], struct fore_buf *out)
{
    fore_buf_printf(out, "%-11s %14s %14s %9s %7s\n", "", "simulator", "real", "error", "bound");
    for (int i = 0; i < ROWS; i++) {
        fore_buf_printf(out, "%-11s %14.4g %14.4g ", row[i].name, row[i].sim, row[i].live);
        if (isnan(row[i].error))
            fore_buf_printf(out, "%9s", "-");
        else
            fore_buf_printf(out, "%7.1f %%", row[i].error * 100);
        if (row[i].bound > 0)
            fore_buf_printf(out, " %5.0f %%%s", row[i].bound * 100,
                            row[i].error > row[i].bound ? "  above" : "");
        fore_buf_printf(out, "  %s\n", row[i].unit);
    }
}

static void print_json(const struct row row[ROWS], struct fore_buf *out)
{
    struct fore_json json = fore_json_begin(out, true);
    fore_json_object(&json, NULL);
    for (int i = 0; i < ROWS; i++) {
        fore_json_object(&json, row[i].name);
        fore_json_f64(&json, "sim", row[i].sim);
        fore_json_f64(&json, "live", row[i].live);
        if (!isnan(row[i].error)) fore_json_f64(&json, "error", row[i].error);
        if (row[i].bound > 0) fore_json_f64(&json, "bound", row[i].bound);
        fore_json_object_end(&json);
    }
    fore_json_object_end(&json);
    fore_buf_puts(out, "\n");
}

/* ---- both runs ---------------------------------------------------------------------------- */

struct runs {
    struct both_live_result live;
    struct both_sim_result sim;
};

static enum fore_err run_both(const struct wish *wish, struct live_config *config,
                              struct sim_scenario *scenario, struct runs *runs,
                              struct fore_diag *diag)
{
    const char *policy = wish->policy != NULL ? wish->policy : scenario->engine.policy.name;
    uint64_t slo_ns = scenario->sim.slo != 0 ? scenario->sim.slo : config->live.slo;
    if (fore_policy_find(policy) == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "--policy %.40s: unknown", policy);
    if (scenario->workload.span == 0)
        return fore_err_set(diag, FORE_E_RANGE, "workload.span is 0s: say how long to play");
    scenario->sim.slo = slo_ns;
    struct both_live_request live = {.scenario = scenario,
                                     .config = config,
                                     .policy = policy,
                                     .seed = wish->seed,
                                     .slo_ns = slo_ns,
                                     .realtime = wish->realtime};
    FORE_TRY(both_live_play(&live, &runs->live, diag));
    struct both_sim_request sim = {.scenario = scenario,
                                   .policy = policy,
                                   .seed = wish->seed,
                                   .nodes = runs->live.nodes,
                                   .partitions = runs->live.partitions,
                                   .partition_bytes = runs->live.partition_bytes};
    return both_sim_play(&sim, &runs->sim, diag);
}

static enum fore_err run(int argc, char **argv, struct fore_arena *arena, bool *within,
                         struct fore_diag *diag)
{
    struct wish wish = {.seed = 1};
    struct live_config config;
    struct sim_scenario scenario;
    struct row row[ROWS];
    struct fore_buf text = {0};
    *within = true;
    FORE_TRY(parse(argc, argv, &wish, arena, diag));
    if (wish.help) return FORE_E_OK;
    FORE_TRY(live_config_load(wish.operands.item[0], &wish.live_sets, arena, &config, diag));
    FORE_TRY(sim_scenario_load(wish.operands.item[1], &wish.sets, arena, &scenario, diag));
    struct runs *runs = calloc(1, sizeof *runs);
    FORE_ASSERT(runs != NULL);
    enum fore_err err = run_both(&wish, &config, &scenario, runs, diag);
    if (err == FORE_E_OK) {
        fill_rows(&runs->live, &runs->sim, row);
        if (wish.json)
            print_json(row, &text);
        else
            print_text(row, &text);
        for (int i = 0; i < ROWS; i++)
            *within &= !(row[i].bound > 0 && row[i].error > row[i].bound);
        bool written = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
        if (!written) err = fore_err_set(diag, FORE_E_IO, "standard output cannot be written");
    }
    fore_buf_fini(&text);
    free(runs);
    return err;
}

int both_cmd_compare(int argc, char **argv)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    bool within;
    enum fore_err err = run(argc, argv, &arena, &within, &diag);
    if (err != FORE_E_OK)
        (void)fprintf(stderr, "foreshard compare: %s\n",
                      diag.code != FORE_E_OK ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    if (err == FORE_E_OK) return within ? EXIT_DONE : EXIT_NO;
    bool input = err == FORE_E_FORMAT || err == FORE_E_RANGE;
    return input ? EXIT_BAD_INPUT : EXIT_WORLD_FAILED;
}
