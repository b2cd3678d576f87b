/*
 * cmd_grid.c - `foreshard grid`: a batch experiment from its file to its report.
 */
#include <stdio.h>

#include "core/base/args.h"
#include "experiments/commands.h"
#include "experiments/grid.h"
#include "experiments/outcome.h"
#include "workloads/file.h"
#include "workloads/help.h"
#include "workloads/progress.h"

struct wish {
    const char *data, *work, *budget, *out;
    uint64_t jobs;
    struct fore_strings sets;
    bool json;
};

struct bar {
    struct wl_progress progress;
    const char *what;
};

static void show(void *self, const char *what, double share)
{
    struct bar *bar = self;
    if (bar->what != what) {
        wl_progress_end(&bar->progress);
        bar->progress = wl_progress_begin(what);
        bar->what = what;
    }
    wl_progress_show(&bar->progress, share);
}

static enum fore_err print(const struct wish *wish, const struct lab_grid *grid,
                           const char *command, struct fore_diag *diag)
{
    struct fore_buf text = {0}, page = {0};
    if (wish->json) {
        struct fore_json json = fore_json_begin(&text, true);
        fore_json_object(&json, NULL);
        lab_grid_json(grid, &json);
        fore_json_object_end(&json);
        fore_buf_puts(&text, "\n");
    } else {
        lab_grid_markdown(grid, command, &text);
    }
    (void)fwrite(text.data, 1, text.len, stdout);
    enum fore_err err = FORE_E_OK;
    if (wish->out != NULL) {
        lab_grid_markdown(grid, command, &page);
        err = wl_out_whole(wish->out, &page, diag);
    }
    fore_buf_fini(&page);
    fore_buf_fini(&text);
    return err;
}

static enum fore_err run(const struct wish *wish, const char *path, struct fore_arena *perm,
                         size_t *failed, struct fore_diag *diag)
{
    struct lab_grid grid;
    struct bar bar = {.progress = wl_progress_begin("grid")};
    struct lab_grid_plan plan = {.path = path,
                                 .sets = wish->sets,
                                 .data = wish->data,
                                 .work = wish->work != NULL ? wish->work : "grid.work",
                                 .jobs = (size_t)wish->jobs,
                                 .progress = show,
                                 .progress_self = &bar};
    fore_ns budget = 0;
    if (wish->budget != NULL && fore_option_duration(wish->budget, &budget) != FORE_E_OK)
        return fore_err_set(diag, FORE_E_FORMAT, "--budget: '%.40s' is no time; as in 2h or 40min",
                            wish->budget);
    plan.budget_s = (double)budget / 1e9;
    FORE_TRY(lab_grid_load(&plan, perm, &grid, diag));
    enum fore_err err = lab_grid_run(&plan, perm, &grid, diag);
    wl_progress_end(&bar.progress);
    FORE_TRY(err);
    *failed = grid.failed;
    (void)fprintf(stderr, "%zu answers were known, %zu runs played\n", grid.reused, grid.played);
    return print(wish, &grid, fore_arena_printf(perm, "foreshard grid %s", path), diag);
}

static void help_text(const struct fore_args *args)
{
    struct fore_buf text = {0};
    wl_help_print(args);
    fore_buf_puts(&text, "\n");
    fore_option_explain(&lab_grid_section, &text);
    (void)fwrite(text.data, 1, text.len, stdout);
    fore_buf_fini(&text);
}

int lab_cmd_grid(int argc, char **argv)
{
    struct wish wish = {0};
    const struct fore_arg rows[] = {
        {"jobs",   FORE_ARG_COUNT,  &wish.jobs,   "N",                  "runs at once; without it one per processor"},
        {"budget", FORE_ARG_TEXT,   &wish.budget, "TIME",
         "begin no run after so long, as in 2h; fewer seeds, not fewer cells"                                       },
        {"data",   FORE_ARG_TEXT,   &wish.data,   "DIR",
         "folder that stands for ../shared/data; what is missing gets a synthetic stand-in"                         },
        {"work",   FORE_ARG_TEXT,   &wish.work,   "DIR",
         "where answers are kept, so that a grid goes on where it was; without it grid.work"                        },
        {"set",    FORE_ARG_REPEAT, &wish.sets,   "SECTION.NAME=VALUE",
         "override an option of the grid (grid.seeds=3) or of every scenario"                                       },
        {"json",   FORE_ARG_FLAG,   &wish.json,   NULL,                 "print JSON instead of Markdown"            },
        {"out",    FORE_ARG_TEXT,   &wish.out,    "FILE",               "also write the Markdown to a file"         },
    };
    const struct fore_args args = {
        .usage = "foreshard grid GRID.cfg [options]",
        .about = "Plays every cell of a grid (scenarios with options varied) with every policy, "
                 "each tuned per cell on the time before the evaluation, and says which of the "
                 "grid's claims hold. Exit code 3: some runs failed; the others are shown.",
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
        help_text(&args);
    else if (err == FORE_E_OK)
        err = run(&wish, operands.item[0], &perm, &failed, &diag);
    int code = help ? 0 : lab_outcome_exit("grid", err, &diag);
    fore_arena_fini(&perm);
    return code == 0 && failed > 0 ? 3 : code;
}
