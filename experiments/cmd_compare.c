/*
 * cmd_compare.c - `foreshard compare`: policies x seeds on one scenario, in parallel processes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/args.h"
#include "experiments/commands.h"
#include "experiments/compare.h"
#include "experiments/outcome.h"
#include "workloads/file.h"
#include "workloads/help.h"
#include "workloads/progress.h"

struct wish {
    const char *policies, *out;
    uint64_t seeds, jobs;
    struct fore_strings sets;
    bool json;
};

static void show(void *self, double share)
{
    wl_progress_show(self, share);
}

/* "a, b" as the list that experiment.policies would be. */
static enum fore_err read_list(const char *text, struct fore_arena *perm, struct fore_strings *out,
                               struct fore_diag *diag)
{
    static const struct fore_option row = {"policies", FORE_OPT_LIST,        0, "", 0, 0,
                                           NULL,       "policies to compare"};
    static const struct fore_option_section section = {"compare", "", &row, 1};
    *out = (struct fore_strings){0};
    if (text == NULL) return FORE_E_OK;
    struct fore_option_binding binding = {&section, out};
    FORE_TRY(fore_option_set(binding, perm, "policies", text, "--policies", diag));
    if (out->count == 0) return fore_err_set(diag, FORE_E_FORMAT, "--policies: name at least one");
    return FORE_E_OK;
}

static enum fore_err print(const struct wish *wish, const struct lab_compare *compare,
                           struct fore_diag *diag)
{
    struct fore_buf json = {0}, text = {0};
    struct fore_json writer = fore_json_begin(&json, true);
    fore_json_object(&writer, NULL);
    lab_compare_json(compare, &writer);
    fore_json_object_end(&writer);
    fore_buf_puts(&json, "\n");
    lab_compare_text(compare, &text);
    const struct fore_buf *shown = wish->json ? &json : &text;
    (void)fwrite(shown->data, 1, shown->len, stdout);
    enum fore_err err = wish->out != NULL ? wl_out_whole(wish->out, &json, diag) : FORE_E_OK;
    fore_buf_fini(&text);
    fore_buf_fini(&json);
    return err;
}

static enum fore_err run(const struct wish *wish, const char *path, struct fore_arena *perm,
                         size_t *failed, struct fore_diag *diag)
{
    struct sim_scenario *scenario = FORE_NEW(perm, struct sim_scenario, 1);
    struct lab_compare compare;
    struct lab_compare_plan plan = {
        .scenario = scenario, .seeds = wish->seeds, .jobs = wish->jobs, .progress = show};
    FORE_TRY(sim_scenario_load(path, &wish->sets, perm, scenario, diag));
    FORE_TRY(read_list(wish->policies, perm, &plan.policies, diag));
    struct wl_progress progress = wl_progress_begin("compare");
    plan.progress_self = &progress;
    enum fore_err err = lab_compare_run(&plan, perm, &compare, diag);
    wl_progress_end(&progress);
    FORE_TRY(err);
    *failed = compare.failed;
    return print(wish, &compare, diag);
}

int lab_cmd_compare(int argc, char **argv)
{
    struct wish wish = {0};
    const struct fore_arg rows[] = {
        {"policies", FORE_ARG_TEXT,   &wish.policies, "A,B,...",
         "policies to compare; without it experiment.policies of the scenario"                                          },
        {"seeds",    FORE_ARG_COUNT,  &wish.seeds,    "N",                  "seeds 1..N; without it experiment.seeds"   },
        {"jobs",     FORE_ARG_COUNT,  &wish.jobs,     "N",                  "runs at once; without it one per processor"},
        {"set",      FORE_ARG_REPEAT, &wish.sets,     "SECTION.NAME=VALUE", "override an option"                        },
        {"json",     FORE_ARG_FLAG,   &wish.json,     NULL,                 "print JSON instead of the table"           },
        {"out",      FORE_ARG_TEXT,   &wish.out,      "FILE",               "also write the JSON to a file"             },
    };
    const struct fore_args args = {
        .usage = "foreshard compare SCENARIO.cfg [options]",
        .about =
            "Runs policies x seeds on one scenario, in parallel processes. Every policy sees the "
            "same traffic under a seed, so differences are taken in pairs. Exit code 3: some "
            "runs failed; the others are shown.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 1,
        .operand_max = 1};
    struct fore_arena perm;
    struct fore_diag diag = {.code = FORE_E_OK};
    struct fore_strings operands = {0};
    bool help = false;
    size_t failed = 0;
    fore_arena_init(&perm);
    enum fore_err err = fore_args_parse(&args, argc, argv, &perm, &operands, &help, &diag);
    if (help)
        wl_help_print(&args);
    else if (err == FORE_E_OK)
        err = run(&wish, operands.item[0], &perm, &failed, &diag);
    int code = help ? 0 : lab_outcome_exit("compare", err, &diag);
    fore_arena_fini(&perm);
    return code == 0 && failed > 0 ? 3 : code;
}
