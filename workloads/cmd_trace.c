/*
 * cmd_trace.c - `foreshard trace info|convert|synth`.
 *
 * Each is a row with its arguments and a function; all three are one loop: requests out of a
 * source, into statistics or a writer, with progress. Results go to stdout, everything else to
 * stderr. A failed output is removed, never left half-written.
 */
#include "workloads/cmd_trace.h"

#include "core/base/args.h"
#include "workloads/config.h"
#include "workloads/progress.h"
#include "workloads/reader.h"
#include "workloads/trace_report.h"
#include "workloads/trace_stats.h"
#include "workloads/workload.h"
#include "workloads/writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 1024 };
enum { EXIT_DONE = 0, EXIT_BAD_INPUT = 2, EXIT_WORLD_FAILED = 3 };

struct trace_args {
    struct wl_reader_options reader;
    bool json;
    const char *to, *out, *span;
    uint64_t seed;
    struct fore_strings sets, operands;
};

/* Where batches go: statistics or a writer. */
struct consumer {
    enum fore_err (*take)(void *self, const struct wl_request *request, size_t count,
                          struct fore_diag *diag);
    void *self;
};

/* The whole source into the consumer, with progress over the file or, failing that, over time. */
static enum fore_err drain(struct wl_source *source, const char *what, fore_ns span,
                           struct consumer consumer, struct fore_diag *diag)
{
    struct wl_request batch[BATCH];
    struct wl_progress progress = wl_progress_begin(what);
    enum fore_err err;
    for (;;) {
        size_t count = 0;
        err = wl_source_next(source, batch, BATCH, &count, diag);
        if (err != FORE_E_OK || count == 0) break;
        err = consumer.take(consumer.self, batch, count, diag);
        if (err != FORE_E_OK) break;
        double share = wl_reader_progress(source);
        if (isnan(share) && span > 0) share = (double)batch[count - 1].t / (double)span;
        wl_progress_show(&progress, share);
    }
    wl_progress_end(&progress);
    return err;
}

/* ---- info ---- */

static enum fore_err count_batch(void *self, const struct wl_request *request, size_t count,
                                 struct fore_diag *diag)
{
    wl_trace_stats_push(self, request, count);
    return FORE_E_OK;
}

static enum fore_err print_all(const struct fore_buf *text, struct fore_diag *diag)
{
    if (fwrite(text->data, 1, text->len, stdout) == text->len && fflush(stdout) == 0)
        return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "standard output: writing failed");
}

static enum fore_err info_run(struct trace_args *args, struct fore_arena *arena,
                              struct fore_diag *diag)
{
    const char *path = args->operands.item[0];
    struct wl_source source;
    FORE_TRY(wl_reader_open(path, &args->reader, arena, &source, diag));
    struct wl_trace_stats *stats = wl_trace_stats_create(WL_TRACE_STATS_MEMORY);
    enum fore_err err =
        drain(&source, "trace info", 0, (struct consumer){count_batch, stats}, diag);
    if (err == FORE_E_OK) {
        struct wl_trace_summary summary = wl_trace_stats_summary(stats);
        struct fore_buf text = {0};
        (args->json ? wl_trace_report_json : wl_trace_report_text)(path, &source, &summary, &text);
        err = print_all(&text, diag);
        fore_buf_fini(&text);
    }
    wl_trace_stats_destroy(stats);
    wl_source_close(&source);
    return err;
}

/* ---- convert and synth ---- */

struct written {
    struct wl_writer *writer;
    uint64_t requests;
};

static enum fore_err write_batch(void *self, const struct wl_request *request, size_t count,
                                 struct fore_diag *diag)
{
    struct written *written = self;
    written->requests += count;
    return wl_writer_put(written->writer, request, count, diag);
}

static enum fore_err write_all(struct wl_source *source, const char *what, const char *path,
                               const char *format, fore_ns span, struct fore_diag *diag)
{
    struct written written = {0};
    FORE_TRY(wl_writer_open(path, format, &written.writer, diag));
    bool oracle = wl_writer_format(written.writer) == WL_WRITE_ORACLE;
    enum fore_err err = drain(source, what, span, (struct consumer){write_batch, &written}, diag);
    if (err == FORE_E_OK && written.requests == 0)
        err = fore_err_set(diag, FORE_E_FORMAT, "%s: no requests in it; nothing was written",
                           source->info.label);
    if (err != FORE_E_OK) {
        wl_writer_abort(written.writer);
        return err;
    }
    FORE_TRY(wl_writer_commit(written.writer, diag));
    (void)fprintf(stderr, "%s: %" PRIu64 " requests from %s\n", path, written.requests,
                  source->info.label);
    if (source->info.string_keys)
        (void)fprintf(stderr, "note: keys were text; their 64-bit hashes are written\n");
    if (oracle)
        (void)fprintf(stderr, "note: oracleGeneral keeps whole seconds, keys and sizes; operations "
                              "and next-access times are not in it\n");
    return FORE_E_OK;
}

static enum fore_err convert_run(struct trace_args *args, struct fore_arena *arena,
                                 struct fore_diag *diag)
{
    struct wl_source source;
    FORE_TRY(wl_reader_open(args->operands.item[0], &args->reader, arena, &source, diag));
    enum fore_err err =
        write_all(&source, "trace convert", args->operands.item[1], args->to, 0, diag);
    wl_source_close(&source);
    return err;
}

static enum fore_err synth_run(struct trace_args *args, struct fore_arena *arena,
                               struct fore_diag *diag)
{
    struct wl_options options = {0};
    const struct fore_option_binding binding = {&wl_section, &options};
    if (args->out == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "say where to: --out FILE (\"-\" is stdout)");
    FORE_TRY(wl_config_load(NULL, &args->sets, &binding, 1, arena, diag));
    if (args->span != NULL)
        FORE_TRY(fore_option_set(binding, arena, "span", args->span, "--span", diag));
    struct wl_source source;
    FORE_TRY(wl_open_source(&options, args->seed, arena, &source, diag));
    enum fore_err err;
    fore_ns span = options.span > 0 ? options.span : source.info.span;
    if (options.kind == WL_KIND_SYNTHETIC && span == 0)
        err = fore_err_set(diag, FORE_E_FORMAT, "say how long: --span 1h");
    else
        err = write_all(&source, "trace synth", args->out, args->to, span, diag);
    wl_source_close(&source);
    return err;
}

/* ---- the command ---- */

enum { ROW_JSON, ROW_FORMAT, ROW_COLUMNS, ROW_UNIT, ROW_TO, ROW_OUT, ROW_SPAN, ROW_SET, ROW_SEED };

struct verb {
    const char *name;
    const char *usage, *about;
    size_t operands;
    size_t row_first, row_last; /* of the rows in verb_run() */
    enum fore_err (*run)(struct trace_args *args, struct fore_arena *arena, struct fore_diag *diag);
};
static const struct verb verbs[] = {
    {.name = "info",
     .usage = "foreshard trace info FILE [options]",
     .about = "What is in a trace: requests, keys, span, operations, bytes, skew. FILE may be .zst "
              "or .xz; \"-\" is standard input.",         .operands = 1,
     .row_first = ROW_JSON,
     .row_last = ROW_UNIT,
     .run = info_run},
    {.name = "convert",
     .usage = "foreshard trace convert IN OUT [options]",
     .about = "Writes a trace in another format. OUT ending in .zst is compressed; it appears when "
              "it is complete.", .operands = 2,
     .row_first = ROW_FORMAT,
     .row_last = ROW_TO,
     .run = convert_run},
    {.name = "synth",
     .usage = "foreshard trace synth --out FILE --span 1h [--set workload.NAME=VALUE]...",
     .about = "Writes the requests a workload makes, synthetic or from other data. `foreshard "
              "config --explain` lists the options of section workload.",                .row_first = ROW_TO,
     .row_last = ROW_SEED,
     .run = synth_run},
};

static enum fore_err verb_run(const struct verb *verb, int argc, char **argv,
                              struct fore_arena *arena, struct fore_diag *diag)
{
    struct trace_args values = {.seed = 1};
    const struct fore_arg rows[] = {
        [ROW_JSON] = {"json",      FORE_ARG_FLAG,   &values.json,             NULL,                  "print JSON"               },
        [ROW_FORMAT] = {"format",    FORE_ARG_TEXT,   &values.reader.format,    "NAME",
                      "auto (default), csv, libcachesim-csv, oracleGeneral, vscsi or be32"                                      },
        [ROW_COLUMNS] = {"columns",   FORE_ARG_TEXT,   &values.reader.columns,   "SPEC",
                      "csv: which column is which, \"t=1,key=2,op=3\" by number or header name; "
                         "also keys=text, header=no, delimiter=tab; libCacheSim's time-col=1,... "
                         "works too"                                                                                            },
        [ROW_UNIT] = {"time-unit", FORE_ARG_TEXT,   &values.reader.time_unit, "UNIT",
                      "csv: of the time column: s (default), ms, us or ns"                                                      },
        [ROW_TO] = {"to",        FORE_ARG_TEXT,   &values.to,               "NAME",
                      "csv or oracleGeneral; default: told by the file's name"                                                  },
        [ROW_OUT] = {"out",       FORE_ARG_TEXT,   &values.out,              "FILE",                "where to; .zst compresses"},
        [ROW_SPAN] = {"span",      FORE_ARG_TEXT,   &values.span,             "TIME",
                      "how much to write, as workload.span: 1h"                                                                 },
        [ROW_SET] = {"set",       FORE_ARG_REPEAT, &values.sets,             "workload.NAME=VALUE",
                      "an option, as in config --explain"                                                                       },
        [ROW_SEED] = {"seed",      FORE_ARG_COUNT,  &values.seed,             "N",
                      "of every random choice, default 1"                                                                       },
    };
    const struct fore_args args = {.usage = verb->usage,
                                   .about = verb->about,
                                   .row = &rows[verb->row_first],
                                   .row_count = verb->row_last - verb->row_first + 1,
                                   .operand_min = verb->operands,
                                   .operand_max = verb->operands};
    bool help = false;
    FORE_TRY(fore_args_parse(&args, argc, argv, arena, &values.operands, &help, diag));
    if (!help) return verb->run(&values, arena, diag);
    struct fore_buf text = {0};
    fore_args_help(&args, &text);
    enum fore_err err = print_all(&text, diag);
    fore_buf_fini(&text);
    return err;
}

static void usage_print(FILE *to)
{
    (void)fputs("usage: foreshard trace info|convert|synth ...   (--help after each)\n", to);
    for (size_t i = 0; i < FORE_COUNTOF(verbs); i++)
        (void)fprintf(to, "  %s\n", verbs[i].usage);
}

int wl_cmd_trace(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0) {
        usage_print(stdout);
        return EXIT_DONE;
    }
    const struct verb *verb = NULL;
    for (size_t i = 0; i < FORE_COUNTOF(verbs); i++)
        if (strcmp(word, verbs[i].name) == 0) verb = &verbs[i];
    if (verb == NULL) {
        if (*word != '\0') (void)fprintf(stderr, "foreshard trace: no such action: %.40s\n", word);
        usage_print(stderr);
        return EXIT_BAD_INPUT;
    }
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    enum fore_err err = verb_run(verb, argc - 1, argv + 1, &arena, &diag);
    if (err != FORE_E_OK)
        (void)fprintf(stderr, "foreshard trace %s: %s\n", verb->name,
                      diag.code != FORE_E_OK ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    if (err == FORE_E_OK) return EXIT_DONE;
    return err == FORE_E_IO ? EXIT_WORLD_FAILED : EXIT_BAD_INPUT;
}
