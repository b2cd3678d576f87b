/* cmd_live.c - `foreshard live`: the engine on a real Redis Cluster until it is told to stop. */
#include "live/cmd_live.h"

#include "core/base/args.h"
#include "live/daemon.h"
#include "live/retrace.h"

#include <signal.h>
#include <stdio.h>

enum { EXIT_DONE, EXIT_NO, EXIT_BAD_INPUT, EXIT_WORLD_FAILED };

static volatile int stop; /* the only way a signal handler has */

static void on_signal(int number)
{
    stop = number;
}

static enum fore_err run_again(const struct live_config *config, const char *tape,
                               const char *journal, struct fore_diag *diag)
{
    struct live_retrace_result result;
    enum fore_err err = live_retrace(config, tape, journal, &result, diag);
    if (result.steps > 0)
        (void)printf("%llu steps, %llu orders, %llu plans, %llu moves done; digest %016llx\n",
                     (unsigned long long)result.steps, (unsigned long long)result.orders,
                     (unsigned long long)result.plans, (unsigned long long)result.moves_done,
                     (unsigned long long)result.digest);
    return err;
}

static enum fore_err run(int argc, char **argv, const struct live_stand_in *simulator,
                         struct fore_arena *arena, bool *retraced, struct fore_diag *diag)
{
    struct fore_strings sets = {0}, operands = {0};
    const char *journal = NULL, *tape = NULL, *retrace = NULL;
    bool adopt = false;
    const struct fore_arg rows[] = {
        {"set",     FORE_ARG_REPEAT, &sets,    "SECTION.NAME=VALUE",
         "an option, as in the file; may be repeated"                                                                   },
        {"journal", FORE_ARG_TEXT,   &journal, "FILE",               "write events, for watch and journal"              },
        {"adopt",   FORE_ARG_FLAG,   &adopt,   NULL,
         "take over moves of slots that others left half done; needs mode auto"                                         },
        {"tape",    FORE_ARG_TEXT,   &tape,    "FILE",               "record all that the engine is told, for --retrace"},
        {"retrace", FORE_ARG_TEXT,   &retrace, "TAPE",
         "run the engine again on what a tape holds, without the cluster, and end"                                      },
    };
    const struct fore_args args = {
        .usage = "foreshard live CLUSTER.cfg [options]",
        .about = "Watches a real Redis Cluster, forecasts, and, if the file says mode = \"auto\", "
                 "moves slots before load hurts. Observes only, unless told otherwise.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 1,
        .operand_max = 1};
    bool help = false;
    FORE_TRY(fore_args_parse(&args, argc, argv, arena, &operands, &help, diag));
    if (help) {
        struct fore_buf text = {0};
        fore_args_help(&args, &text);
        fore_buf_puts(&text, "\n");
        fore_option_explain(&live_section, &text);
        fore_buf_puts(&text, "\n");
        fore_option_explain(&live_api_section, &text);
        fore_buf_puts(&text, "\n");
        fore_option_explain(&live_notify_section, &text);
        fore_buf_puts(&text, "\n");
        fore_option_explain(&live_seed_section, &text);
        (void)fputs(text.data, stdout);
        fore_buf_fini(&text);
        return FORE_E_OK;
    }
    struct live_config config;
    FORE_TRY(live_config_load(operands.item[0], &sets, arena, &config, diag));
    *retraced = retrace != NULL;
    if (retrace != NULL) return run_again(&config, retrace, journal, diag);
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    struct live_run wish = {.config = &config,
                            .journal = journal,
                            .adopt = adopt,
                            .tape = tape,
                            .simulator = simulator,
                            .seed = 1,
                            .stop = &stop};
    return live_daemon_run(&wish, arena, diag);
}

int live_cmd_live(int argc, char **argv, const struct live_stand_in *simulator)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    bool retraced = false;
    enum fore_err err = run(argc, argv, simulator, &arena, &retraced, &diag);
    if (err != FORE_E_OK)
        (void)fprintf(stderr, "foreshard live: %s\n",
                      diag.code != FORE_E_OK ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    if (err == FORE_E_OK) return EXIT_DONE;
    if (retraced && err == FORE_E_CONFLICT) return EXIT_NO; /* it would decide otherwise */
    bool input = err == FORE_E_FORMAT || err == FORE_E_RANGE;
    return input ? EXIT_BAD_INPUT : EXIT_WORLD_FAILED;
}
