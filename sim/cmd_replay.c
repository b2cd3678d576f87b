/*
 * cmd_replay.c - `foreshard replay`: one scenario or trace, one policy, one seed.
 *
 * The result goes to stdout, what a person wants to know meanwhile to stderr; a journal is written
 * whole or not at all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/args.h"
#include "sim/commands.h"
#include "sim/result.h"
#include "workloads/file.h"
#include "workloads/help.h"
#include "workloads/progress.h"

enum { EXIT_DONE, EXIT_NO, EXIT_BAD_INPUT, EXIT_WORLD_FAILED };

struct wish {
    const char *policy, *journal, *seed, *explain_at;
    struct fore_strings sets;
    bool json, quiet, explain;
};

static enum fore_err random_seed(uint64_t *out, struct fore_diag *diag)
{
    FILE *file = fopen("/dev/urandom", "rb");
    uint64_t word = 0;
    size_t got = file != NULL ? fread(&word, sizeof word, 1, file) : 0;
    if (file != NULL) (void)fclose(file);
    if (got != 1)
        return fore_err_set(diag, FORE_E_IO, "/dev/urandom cannot be read: give --seed a number");
    *out = word >> 32; /* short enough to type */
    (void)fprintf(stderr, "seed %" PRIu64 "\n", *out);
    return FORE_E_OK;
}

static enum fore_err parse_seed(const char *text, uint64_t *out, struct fore_diag *diag)
{
    if (text == NULL) {
        *out = 1;
        return FORE_E_OK;
    }
    if (strcmp(text, "random") == 0) return random_seed(out, diag);
    uint64_t value = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 19; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    if (i == 0 || text[i] != '\0')
        return fore_err_set(diag, FORE_E_FORMAT,
                            "--seed %.40s: give a whole number below 10^19, or \"random\"", text);
    *out = value;
    return FORE_E_OK;
}

static enum fore_err parse_moment(const char *text, fore_ns *out, struct fore_diag *diag)
{
    *out = 0;
    if (text == NULL) return FORE_E_OK;
    if (fore_option_duration(text, out) == FORE_E_OK && *out > 0) return FORE_E_OK;
    return fore_err_set(
        diag, FORE_E_FORMAT,
        "--explain-at %.40s: give a time after the start, such as \"90min\" or \"2d\"", text);
}

static void show(void *self, double done_share)
{
    wl_progress_show(self, done_share);
}

/* Explanations, in the order they came. */
struct note {
    struct fore_whatif whatif;
    struct note *next;
};
struct told {
    struct fore_arena *arena;
    struct note *first, *last;
};

static void take_note(void *self, const struct fore_whatif *whatif)
{
    struct told *told = self;
    struct note *note = FORE_NEW(told->arena, struct note, 1);
    note->whatif = *whatif;
    if (told->last != NULL)
        told->last->next = note;
    else
        told->first = note;
    told->last = note;
}

static enum fore_err simulate(const struct wish *wish, const struct sim_scenario *scenario,
                              uint64_t seed, struct told *told, struct sim_result *result,
                              struct fore_diag *diag)
{
    struct wl_progress progress = wl_progress_begin(scenario->name);
    if (wish->quiet) progress.enabled = false;
    struct sim_run_request request = {.scenario = scenario,
                                      .policy = wish->policy,
                                      .seed = seed,
                                      .progress = show,
                                      .progress_self = &progress};
    if (wish->explain || wish->explain_at != NULL)
        request.explain = (struct fore_explain){.told = take_note, .self = told};
    FORE_TRY(parse_moment(wish->explain_at, &request.explain_at, diag));
    struct wl_out *out = NULL;
    if (wish->journal != NULL) {
        FORE_TRY(wl_out_open(wish->journal, &out, diag));
        wl_out_journal(out, &request.journal);
    }
    enum fore_err err = sim_run(&request, result, diag);
    wl_progress_end(&progress);
    if (out == NULL) return err;
    if (err == FORE_E_OK) return wl_out_commit(out, diag);
    wl_out_abort(out);
    return err;
}

/* How often each reason stood against something, over all plans. */
static void told_counts(const struct told *told, uint64_t count[FORE_WHATIF_WHYS])
{
    memset(count, 0, FORE_WHATIF_WHYS * sizeof *count);
    for (const struct note *note = told->first; note != NULL; note = note->next)
        for (uint32_t i = 0; i < note->whatif.alternative_count; i++)
            count[note->whatif.alternative[i].why]++;
}

static void told_json(const struct told *told, bool alone, struct fore_json *json)
{
    if (!alone) fore_json_array(json, "plans");
    for (const struct note *note = told->first; note != NULL; note = note->next) {
        fore_json_object(json, alone ? "dry_run" : NULL);
        fore_whatif_json(&note->whatif, json);
        fore_json_object_end(json);
    }
    if (alone) return;
    fore_json_array_end(json);
    uint64_t count[FORE_WHATIF_WHYS];
    told_counts(told, count);
    fore_json_object(json, "why_not_counts");
    for (int why = 0; why < FORE_WHATIF_WHYS; why++)
        fore_json_u64(json, fore_whatif_why_text((enum fore_whatif_why)why), count[why]);
    fore_json_object_end(json);
}

static void print_counts(const struct told *told, struct fore_buf *text)
{
    uint64_t count[FORE_WHATIF_WHYS];
    const char *between = "why not, over all plans: ";
    told_counts(told, count);
    for (int why = 0; why < FORE_WHATIF_WHYS; why++) {
        if (count[why] == 0) continue;
        fore_buf_printf(text, "%s%s %" PRIu64, between,
                        fore_whatif_why_text((enum fore_whatif_why)why), count[why]);
        between = ", ";
    }
    if (between[0] == ',') fore_buf_puts(text, "\n\n");
}

static enum fore_err print_result(const struct wish *wish, const struct sim_scenario *scenario,
                                  const struct told *told, const struct sim_result *result,
                                  struct fore_diag *diag)
{
    bool alone = wish->explain_at != NULL; /* there is no result, but a moment */
    struct fore_buf text = {0};
    if (wish->json) {
        struct fore_json json = fore_json_begin(&text, true);
        fore_json_object(&json, NULL);
        fore_json_string(&json, "scenario", scenario->name);
        if (!alone) sim_result_json(result, &json);
        if (alone || wish->explain) told_json(told, alone, &json);
        fore_json_object_end(&json);
        fore_buf_puts(&text, "\n");
    } else {
        for (const struct note *note = told->first; note != NULL; note = note->next)
            fore_whatif_print(&note->whatif, &text);
        if (!alone) print_counts(told, &text);
        if (!alone) sim_result_print(result, scenario, &text);
        if (wish->journal != NULL) fore_buf_printf(&text, "  journal      %s\n", wish->journal);
    }
    bool written = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    fore_buf_fini(&text);
    if (written) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "standard output cannot be written");
}

static enum fore_err replay(int argc, char **argv, struct fore_arena *arena, struct fore_diag *diag)
{
    struct wish wish = {0};
    const struct fore_arg rows[] = {
        {"policy",     FORE_ARG_TEXT,   &wish.policy,     "NAME",               "instead of the scenario's policy.name"},
        {"seed",       FORE_ARG_TEXT,   &wish.seed,       "N|random",           "of every random choice, default 1"    },
        {"set",        FORE_ARG_REPEAT, &wish.sets,       "SECTION.NAME=VALUE",
         "an option, as in config --explain; may be repeated"                                                          },
        {"journal",    FORE_ARG_TEXT,   &wish.journal,    "FILE",               "write what happened, for watch"       },
        {"explain",    FORE_ARG_FLAG,   &wish.explain,    NULL,
         "say of every plan acted on what it does, and why nothing else"                                               },
        {"explain-at", FORE_ARG_TEXT,   &wish.explain_at, "TIME",
         "what would be planned so long after the start; nothing is done then, and the run ends"                       },
        {"json",       FORE_ARG_FLAG,   &wish.json,       NULL,                 "print the result as JSON"             },
        {"quiet",      FORE_ARG_FLAG,   &wish.quiet,      NULL,                 "no progress bar"                      },
    };
    const struct fore_args args = {
        .usage = "foreshard replay SCENARIO.cfg|TRACE [options]",
        .about = "Simulates a cluster under a scenario or a trace, with a policy at the wheel.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 1,
        .operand_max = 1};
    struct fore_strings operands = {0};
    bool help = false;
    FORE_TRY(fore_args_parse(&args, argc, argv, arena, &operands, &help, diag));
    if (help) {
        wl_help_print(&args);
        return FORE_E_OK;
    }
    struct sim_scenario scenario;
    struct sim_result result;
    struct told told = {.arena = arena};
    uint64_t seed = 0;
    FORE_TRY(parse_seed(wish.seed, &seed, diag));
    FORE_TRY(sim_scenario_load(operands.item[0], &wish.sets, arena, &scenario, diag));
    FORE_TRY(simulate(&wish, &scenario, seed, &told, &result, diag));
    return print_result(&wish, &scenario, &told, &result, diag);
}

int sim_cmd_replay(int argc, char **argv)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    enum fore_err err = replay(argc, argv, &arena, &diag);
    if (err != FORE_E_OK)
        (void)fprintf(stderr, "foreshard replay: %s\n",
                      diag.code != FORE_E_OK ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    if (err == FORE_E_OK) return EXIT_DONE;
    return err == FORE_E_IO ? EXIT_WORLD_FAILED : EXIT_BAD_INPUT;
}
