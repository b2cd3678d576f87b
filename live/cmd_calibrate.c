/* cmd_calibrate.c - `foreshard calibrate`: a real cluster's costs as a file for the simulator. */
#include "live/cmd_calibrate.h"

#include "core/base/args.h"
#include "live/calibrate/calibrate.h"
#include "live/entry.h"
#include "workloads/file.h"
#include "workloads/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE, EXIT_NO, EXIT_BAD_INPUT, EXIT_WORLD_FAILED };

struct wish {
    const char *out, *seconds, *bytes, *keys_per_slot;
    struct fore_strings sets, operands;
    bool quiet, realtime, help;
};

static enum fore_err number(const char *name, const char *text, double most, double *out,
                            struct fore_diag *diag)
{
    char *end = NULL;
    *out = 0;
    if (text == NULL) return FORE_E_OK;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out > 0 && *out <= most) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT, "--%s %.40s: give a number above 0, at most %g", name,
                        text, most);
}

static enum fore_err parse(int argc, char **argv, struct wish *wish, struct fore_arena *arena,
                           struct fore_diag *diag)
{
    const struct fore_arg rows[] = {
        {"out",           FORE_ARG_TEXT,   &wish->out,           "FILE",               "write there instead of to standard output"},
        {"seconds",       FORE_ARG_TEXT,   &wish->seconds,       "N",                  "of each load, default 15"                 },
        {"bytes",         FORE_ARG_TEXT,   &wish->bytes,         "N",                  "of a value, default 100"                  },
        {"keys-per-slot", FORE_ARG_TEXT,   &wish->keys_per_slot, "N",
         "in the slots that are moved, default 2000; up to 256 they pass whole"                                                   },
        {"set",           FORE_ARG_REPEAT, &wish->sets,          "SECTION.NAME=VALUE",
         "an option, as in the file; may be repeated"                                                                             },
        {"realtime",      FORE_ARG_FLAG,   &wish->realtime,      NULL,
         "real-time priority for the sender; servers should have it too, or it starves them"                                      },
        {"quiet",         FORE_ARG_FLAG,   &wish->quiet,         NULL,                 "do not say what is done"                  },
    };
    const struct fore_args args = {
        .usage = "foreshard calibrate CLUSTER.cfg [options]",
        .about =
            "Measures a real Redis Cluster with keys of its own (\"foreshard:calibrate:\"), "
            "which are removed, and by moving empty slots forth and back; prints the file that "
            "makes the simulator like it.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 1,
        .operand_max = 1};
    FORE_TRY(fore_args_parse(&args, argc, argv, arena, &wish->operands, &wish->help, diag));
    if (!wish->help) return FORE_E_OK;
    wl_help_print(&args);
    return FORE_E_OK;
}

static void say(void *self, const char *what)
{
    const struct wish *wish = self;
    if (!wish->quiet) (void)fprintf(stderr, "calibrate: %s\n", what);
}

static enum fore_err hand_out(const struct wish *wish, const struct fore_buf *text,
                              struct fore_diag *diag)
{
    if (wish->out != NULL) return wl_out_whole(wish->out, text, diag);
    bool written = fwrite(text->data, 1, text->len, stdout) == text->len && fflush(stdout) == 0;
    return written ? FORE_E_OK : fore_err_set(diag, FORE_E_IO, "standard output cannot be written");
}

static enum fore_err run(int argc, char **argv, struct fore_arena *arena, struct fore_diag *diag)
{
    struct wish wish = {0};
    struct live_config config;
    struct live_entry target;
    double seconds, bytes, keys;
    FORE_TRY(parse(argc, argv, &wish, arena, diag));
    if (wish.help) return FORE_E_OK;
    FORE_TRY(number("seconds", wish.seconds, 600, &seconds, diag));
    FORE_TRY(number("bytes", wish.bytes, 65536, &bytes, diag));
    FORE_TRY(number("keys-per-slot", wish.keys_per_slot, 100000, &keys, diag));
    FORE_TRY(live_config_load(wish.operands.item[0], &wish.sets, arena, &config, diag));
    enum fore_err err = live_entry_open(&config.live, "calibrate", &target, diag);
    struct live_calibrate_options options = {
        .seed = target.seed,
        .seed_count = target.seed_count,
        .access = target.access,
        .journal = config.live.state,
        .holder = target.holder,
        .mover = {.pace = {.stall_ms = (double)config.live.stall / 1e6},
                  .slot = {.verify = config.live.verify},
                  .need_replica = config.live.replicas},
        .realtime = wish.realtime,
        .seconds = seconds,
        .bytes = (uint32_t)bytes,
        .keys_per_slot = (uint32_t)keys,
        .told = say,
        .self = &wish,
    };
    struct live_calibration *calibration = calloc(1, sizeof *calibration);
    struct fore_buf text = {0};
    FORE_ASSERT(calibration != NULL);
    if (err == FORE_E_OK) err = live_calibrate(&options, calibration, diag);
    if (err == FORE_E_OK) live_calibrate_print(calibration, &options, &text);
    if (err == FORE_E_OK) err = hand_out(&wish, &text, diag);
    fore_buf_fini(&text);
    free(calibration);
    live_entry_close(&target);
    return err;
}

int live_cmd_calibrate(int argc, char **argv)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    enum fore_err err = run(argc, argv, &arena, &diag);
    if (err != FORE_E_OK)
        (void)fprintf(stderr, "foreshard calibrate: %s\n",
                      diag.code != FORE_E_OK ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    if (err == FORE_E_OK) return EXIT_DONE;
    bool input = err == FORE_E_FORMAT || err == FORE_E_RANGE;
    return input ? EXIT_BAD_INPUT : EXIT_WORLD_FAILED;
}
