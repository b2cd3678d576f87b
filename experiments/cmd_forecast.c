/*
 * cmd_forecast.c - `foreshard forecast`: quantile forecasts of any load series, or, with
 * --backtest, how good they would have been.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/args.h"
#include "experiments/commands.h"
#include "experiments/forecast_output.h"
#include "experiments/forecast_plot.h"
#include "experiments/outcome.h"
#include "workloads/file.h"
#include "workloads/help.h"

struct wish {
    struct lab_forecast_wish run;
    struct lab_forecast_reading reading;
    const char *out, *report, *plot, *step, *row_step;
    bool json;
};

static void note_input(const struct lab_forecast_input *input, struct fore_buf *notes)
{
    const struct {
        uint64_t count;
        const char *text;
    } row[] = {
        {input->missing,    "steps without a value: treated as unknown"},
        {input->negative,   "negative values: treated as unknown"      },
        {input->duplicates, "repeated times: the last value was taken" },
        {input->unsorted,   "rows out of order: sorted"                },
        {input->resets,     "resets of a counter"                      },
    };
    for (size_t i = 0; i < FORE_COUNTOF(row); i++)
        if (row[i].count > 0)
            fore_buf_printf(notes, "%llu %s\n", (unsigned long long)row[i].count, row[i].text);
}

static enum fore_err seconds(const char *name, const char *text, double *out,
                             struct fore_diag *diag)
{
    fore_ns ns = 0;
    if (text == NULL) return FORE_E_OK;
    if (fore_option_duration(text, &ns) != FORE_E_OK || ns == 0)
        return fore_err_set(diag, FORE_E_FORMAT, "--%s: \"%.40s\" is not a duration such as 5min",
                            name, text);
    *out = (double)ns / 1e9;
    return FORE_E_OK;
}

static enum fore_err give(const struct wish *wish, struct lab_forecast_run *run,
                          const struct lab_forecast_input *input, struct fore_diag *diag)
{
    struct fore_buf text = {0};
    enum fore_err err = FORE_E_OK;
    note_input(input, &run->notes);
    if (!run->options.forecast) {
        if (wish->json)
            lab_forecast_scores_json(run, input, &text);
        else
            lab_forecast_scores_text(run, input, &text);
        err = wl_out_whole("-", &text, diag);
    } else {
        lab_forecast_csv(run, input, &text);
        err = wl_out_whole(wish->out ? wish->out : "-", &text, diag);
    }
    fore_buf_reset(&text);
    if (err == FORE_E_OK && wish->plot)
        err = lab_forecast_plot(run, input, wish->run.model, wish->plot, diag);
    if (err == FORE_E_OK && wish->report) {
        lab_forecast_report(run, input, &text);
        err = wl_out_whole(wish->report, &text, diag);
    } else if (!wish->json && run->notes.len > 0) {
        (void)fputs(run->notes.data, stderr);
    }
    fore_buf_fini(&text);
    return err;
}

static enum fore_err work(const struct wish *wish, const struct fore_strings *files,
                          struct fore_diag *diag)
{
    struct lab_forecast_input input = {0};
    struct lab_forecast_run run = {0};
    enum fore_err err = FORE_E_OK;
    for (size_t i = 0; i < files->count && err == FORE_E_OK; i++)
        err = lab_forecast_read(files->item[i], &wish->reading, &input, diag);
    if (err == FORE_E_OK) err = lab_forecast_finish(&wish->reading, &input, diag);
    if (err == FORE_E_OK) err = lab_forecast_run(&wish->run, &input, &run, diag);
    if (err == FORE_E_OK) err = give(wish, &run, &input, diag);
    lab_forecast_run_fini(&run);
    lab_forecast_input_fini(&input);
    return err;
}

static enum fore_err check(struct wish *wish, struct fore_diag *diag)
{
    if (wish->run.origins == 0 && wish->json)
        return fore_err_set(diag, FORE_E_FORMAT, "--json prints scores: it goes with --backtest");
    if (wish->run.origins > 0 && wish->out)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "--out takes forecasts, --backtest makes scores: give one of them");
    if (wish->run.origins > 0 && wish->run.hints)
        return fore_err_set(diag, FORE_E_FORMAT, "--hints changes forecasts: not with --backtest");
    FORE_TRY(seconds("step", wish->step, &wish->reading.step_s, diag));
    return seconds("row-step", wish->row_step, &wish->reading.unit_s, diag);
}

int lab_cmd_forecast(int argc, char **argv)
{
    struct wish wish = {
        .run = {.model = "ensemble", .period = "auto", .seed = 1}
    };
    uint64_t horizon = 0, origins = 0, origin_step = 0, warm = 0, jobs = 0;
    const struct fore_arg rows[] = {
        {"horizon",     FORE_ARG_COUNT, &horizon,              "N",        "steps to look ahead; needed"                       },
        {"model",       FORE_ARG_TEXT,  &wish.run.model,       "NAME",     "one model, or ensemble (default)"                  },
        {"members",     FORE_ARG_TEXT,  &wish.run.members,     "A,B",      "of the ensemble; else all that pay"                },
        {"period",      FORE_ARG_TEXT,  &wish.run.period,      "P",
         "auto (default), none, or numbers of steps: 24,168"                                                                   },
        {"hints",       FORE_ARG_TEXT,  &wish.run.hints,       "FILE",
         "what the application announces: reports, sales, growth"                                                              },
        {"out",         FORE_ARG_TEXT,  &wish.out,             "FILE.csv", "where forecasts go; else standard output"          },
        {"backtest",    FORE_ARG_COUNT, &origins,              "N",        "score the N newest origins instead"                },
        {"origin-step", FORE_ARG_COUNT, &origin_step,          "N",        "steps between origins"                             },
        {"warm",        FORE_ARG_COUNT, &warm,                 "N",        "earlier origins that only teach weights and errors"},
        {"json",        FORE_ARG_FLAG,  &wish.json,            NULL,       "scores as JSON"                                    },
        {"report",      FORE_ARG_TEXT,  &wish.report,          "FILE",     "periods, weights and reasons per series"           },
        {"plot",        FORE_ARG_TEXT,  &wish.plot,            "FILE.png",
         "history, fan and what came, of the first series; .svg and .pdf too"                                                  },
        {"models",      FORE_ARG_TEXT,  &wish.run.models,      "DIR",
         "take learned nets from this folder, keep new ones there"                                                             },
        {"series",      FORE_ARG_TEXT,  &wish.reading.only,    "A,B",      "only these series"                                 },
        {"step",        FORE_ARG_TEXT,  &wish.step,            "5min",     "aggregate to steps of this length (sums)"          },
        {"mean",        FORE_ARG_FLAG,  &wish.reading.mean,    NULL,       "aggregate by means"                                },
        {"row-step",    FORE_ARG_TEXT,  &wish.row_step,        "1s",       "of rows without times; else 1h"                    },
        {"counter",     FORE_ARG_FLAG,  &wish.reading.counter, NULL,
         "values are counters that only grow until a reset"                                                                    },
        {"jobs",        FORE_ARG_COUNT, &jobs,                 "N",        "threads; else one per processor"                   },
        {"seed",        FORE_ARG_COUNT, &wish.run.seed,        "N",        "of the nets' training; else 1"                     },
    };
    const struct fore_args args = {
        .usage = "foreshard forecast SERIES.csv[.zst|.xz]... --horizon N [options]",
        .about = "Quantile forecasts of load series. Layouts are recognised: a column a series, "
                 "a row a point (series_id,time,value), a row a series (M4), one number a line.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 1,
        .operand_max = 4096,
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
    wish.run.horizon = (size_t)horizon;
    wish.run.origins = (size_t)origins;
    wish.run.origin_step = (size_t)origin_step;
    wish.run.warm = (size_t)warm;
    wish.run.jobs = (size_t)jobs;
    if (err == FORE_E_OK) err = check(&wish, &diag);
    if (err == FORE_E_OK) err = work(&wish, &files, &diag);
    fore_arena_fini(&arena);
    return lab_outcome_exit("forecast", err, &diag);
}
