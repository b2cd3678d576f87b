/* cmd_advise.c - `foreshard advise QUERYLOG`: read, advise, write the report. */
#include <stdio.h>
#include <string.h>

#include "core/base/args.h"
#include "experiments/advise_report.h"
#include "experiments/commands.h"
#include "experiments/outcome.h"
#include "workloads/file.h"
#include "workloads/help.h"
#include "workloads/progress.h"

struct wish {
    struct lab_advise_options advise;
    struct wl_query_read_options read;
    uint64_t nodes, cores;
    const char *utilization, *holdout, *out;
    bool json;
};

static enum fore_err share(const char *name, const char *text, double least, double most,
                           double *out, struct fore_diag *diag)
{
    char number[32] = "";
    size_t len = strlen(text);
    bool percent = len > 0 && text[len - 1] == '%';
    if (len < sizeof number) memcpy(number, text, len - percent);
    if (fore_option_real(number, out) == FORE_E_OK) {
        if (percent) *out /= 100;
        if (*out >= least && *out <= most) return FORE_E_OK;
    }
    return fore_err_set(diag, FORE_E_FORMAT, "--%s: \"%.40s\" is not a share of %g%% to %g%%", name,
                        text, 100 * least, 100 * most);
}

static enum fore_err check(struct wish *wish, struct fore_diag *diag)
{
    struct lab_advise_cluster *cluster = &wish->advise.cluster;
    if (wish->nodes < 2 || wish->nodes > SIM_QUERIES_NODES)
        return fore_err_set(diag, FORE_E_RANGE, "--nodes: %llu; 2 to %d",
                            (unsigned long long)wish->nodes, (int)SIM_QUERIES_NODES);
    if (wish->cores < 1 || wish->cores > 1024)
        return fore_err_set(diag, FORE_E_RANGE, "--cores: %llu; 1 to 1024",
                            (unsigned long long)wish->cores);
    cluster->nodes = (uint32_t)wish->nodes;
    cluster->cores = (uint32_t)wish->cores;
    FORE_TRY(share("utilization", wish->utilization, 0.05, 0.95, &cluster->utilization, diag));
    return share("holdout", wish->holdout, 0, 0.9, &wish->advise.holdout, diag);
}

static void show(void *progress, double done_share)
{
    wl_progress_show(progress, done_share);
}

static enum fore_err work(struct wish *wish, const char *path, struct fore_arena *arena,
                          struct fore_diag *diag)
{
    struct fore_query_log log = {0};
    struct wl_query_read_report read;
    struct lab_advise advice;
    struct wl_progress progress = wl_progress_begin("advise");
    wish->advise.progress = show;
    wish->advise.progress_self = &progress;
    enum fore_err err = wl_query_read(path, &wish->read, &log, &read, diag);
    if (err == FORE_E_OK) {
        fore_column_widths(&log, arena);
        err = lab_advise_run(&log, &wish->advise, arena, &advice, diag);
    }
    wish->advise.progress_self = NULL;
    wl_progress_end(&progress);
    if (err == FORE_E_OK) {
        struct fore_buf text = {0};
        const struct lab_advise_report report = {
            .path = path, .log = &log, .read = &read, .advice = &advice, .only = wish->advise.only};
        (wish->json ? lab_advise_json : lab_advise_markdown)(&report, &text);
        err = wl_out_whole(wish->out != NULL ? wish->out : "-", &text, diag);
        fore_buf_fini(&text);
    }
    fore_query_log_fini(&log);
    return err;
}

int lab_cmd_advise(int argc, char **argv)
{
    struct wish wish = {.nodes = 8,
                        .cores = 2,
                        .utilization = "55%",
                        .holdout = "0%",
                        .read = {.queries_max = 1000000}};
    wish.advise.cluster.seed = 1;
    // clang-format off
    const struct fore_arg rows[] = {
        {"format",      FORE_ARG_TEXT,  &wish.read.format,         "NAME", "auto (default), csv, csvlog or be32"},
        {"table",       FORE_ARG_TEXT,  &wish.advise.only,         "NAME", "report this table only"},
        {"nodes",       FORE_ARG_COUNT, &wish.nodes,               "N",    "of the simulated cluster, 2 to 64; else 8"},
        {"cores",       FORE_ARG_COUNT, &wish.cores,               "N",    "of a node; else 2"},
        {"utilization", FORE_ARG_TEXT,  &wish.utilization,         "55%",  "of all cores in the heaviest stretch, if no query fanned out"},
        {"holdout",     FORE_ARG_TEXT,  &wish.holdout,             "50%",  "keep the end of the log back, then rank all keys on it too"},
        {"queries",     FORE_ARG_COUNT, &wish.read.queries_max,    "N",    "read no more; else 1M; 0: all"},
        {"seed",        FORE_ARG_COUNT, &wish.advise.cluster.seed, "N",    "of the simulations; else 1"},
        {"out",         FORE_ARG_TEXT,  &wish.out,                 "FILE", "where the report goes; else standard output"},
        {"json",        FORE_ARG_FLAG,  &wish.json,                NULL,   "JSON instead of Markdown"},
    };
    // clang-format on
    const struct fore_args args = {
        .usage = "foreshard advise QUERYLOG[.zst|.xz] [options]",
        .about =
            "Sharding keys for every table of a query log, ranked by simulating each of them on "
            "the log, and columns to split off.\n\n"
            "QUERYLOG is one of\n"
            "  csv     a line a query: t,client,table,op,where,columns,join,bytes (by header, t and\n"
            "          table required), for example\n"
            "            0.25,17,orders,read,\"tenant=7 id=912\",id total note,,350\n"
            "            0.31,17,orders,insert,\"tenant=7 id=913 state='on hold'\",,,120\n"
            "            0.40,3,orders,scan,\"at>=100 at<200\",total,customers.id=customer_id,9000\n"
            "          where: column=value, column=a|b, < <= > >=; of an insert the new values.\n"
            "          `#widths TABLE column=BYTES ...` lines tell how wide columns are.\n"
            "  csvlog  PostgreSQL's, with log_statement = all or log_min_duration_statement = 0\n"
            "  be32    32-bit keys of an object-relational mapper: table, row, index",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 1,
        .operand_max = 1,
    };
    struct fore_arena arena = {0};
    struct fore_strings files = {0};
    struct fore_diag diag = {0};
    bool help = false;
    enum fore_err err = fore_args_parse(&args, argc, argv, &arena, &files, &help, &diag);
    if (err == FORE_E_OK && help) {
        wl_help_print(&args);
        fore_arena_fini(&arena);
        return 0;
    }
    if (err == FORE_E_OK) err = check(&wish, &diag);
    if (err == FORE_E_OK) err = work(&wish, files.item[0], &arena, &diag);
    fore_arena_fini(&arena);
    return lab_outcome_exit("advise", err, &diag);
}
