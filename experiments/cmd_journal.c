/*
 * cmd_journal.c - `foreshard journal`: digest, dump and report of what a run wrote.
 *
 * A journal that was cut off (the run was killed, or is still going on) is read as far as it goes,
 * said to be so on stderr, and the exit code is 1: it ran, and the answer is not the whole one. A
 * journal that is damaged is exit code 2, and nothing after the damage is used.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/args.h"
#include "core/cluster/journal.h"
#include "experiments/commands.h"
#include "experiments/journal_dump.h"
#include "experiments/journal_report.h"
#include "experiments/outcome.h"
#include "workloads/file.h"
#include "workloads/help.h"

struct wish {
    const char *from, *to, *kind;
    bool json;
    fore_ns from_ns, to_ns;
    uint32_t kind_number; /* 0: all */
};

struct verb {
    const char *name;
    enum fore_err (*run)(const struct wish *wish, struct fore_journal_reader *reader,
                         const char *path, struct fore_diag *diag);
};

static void print(struct fore_buf *text)
{
    if (text->len > 0) (void)fwrite(text->data, 1, text->len, stdout);
    fore_buf_reset(text);
}

static enum fore_err run_digest(const struct wish *wish, struct fore_journal_reader *reader,
                                const char *path, struct fore_diag *diag)
{
    struct fore_journal_record record;
    uint64_t records = 0;
    enum fore_err err;
    while ((err = fore_journal_reader_next(reader, &record, diag)) == FORE_E_OK)
        records++;
    if (err != FORE_E_AGAIN) return err;
    unsigned long long digest = fore_journal_reader_digest(reader);
    if (wish->json)
        (void)printf("{\"digest\":\"%016llx\",\"records\":%llu,\"seed\":%llu,\"truncated\":%s}\n",
                     digest, (unsigned long long)records,
                     (unsigned long long)fore_journal_reader_header(reader)->seed,
                     fore_journal_reader_truncated(reader) ? "true" : "false");
    else
        (void)printf("%016llx  %s\n", digest, path);
    return FORE_E_OK;
}

static enum fore_err run_dump(const struct wish *wish, struct fore_journal_reader *reader,
                              const char *path, struct fore_diag *diag)
{
    struct fore_buf line = {0};
    struct fore_journal_record record;
    enum fore_err err = FORE_E_OK;
    if (wish->from != NULL) err = fore_journal_reader_seek(reader, wish->from_ns, diag);
    while (err == FORE_E_OK) {
        err = fore_journal_reader_next(reader, &record, diag);
        if (err != FORE_E_OK || record.at > wish->to_ns) break;
        if (record.at < wish->from_ns) continue;
        if (wish->kind_number != 0 && (uint32_t)record.kind != wish->kind_number) continue;
        if (wish->json)
            lab_journal_dump_json(&record, &line);
        else
            lab_journal_dump_text(&record, &line);
        print(&line);
    }
    fore_buf_fini(&line);
    return err == FORE_E_AGAIN ? FORE_E_OK : err;
}

static enum fore_err run_report(const struct wish *wish, struct fore_journal_reader *reader,
                                const char *path, struct fore_diag *diag)
{
    static struct lab_report report; /* some 20 KiB: not for the stack */
    struct fore_journal_record record;
    struct fore_buf text = {0};
    enum fore_err err;
    lab_report_init(&report);
    while ((err = fore_journal_reader_next(reader, &record, diag)) == FORE_E_OK)
        lab_report_add(&report, &record);
    if (err == FORE_E_AGAIN) {
        err = FORE_E_OK;
        lab_report_print(&report, fore_journal_reader_header(reader), &text);
        print(&text);
    }
    fore_buf_fini(&text);
    lab_report_fini(&report);
    return err;
}

static const struct verb verbs[] = {
    {"digest", run_digest},
    {"dump",   run_dump  },
    {"report", run_report},
};

static enum fore_err find_verb(const char *word, const struct verb **out, struct fore_diag *diag)
{
    const char *names[FORE_COUNTOF(verbs)];
    for (size_t i = 0; i < FORE_COUNTOF(verbs); i++) {
        names[i] = verbs[i].name;
        if (strcmp(names[i], word) != 0) continue;
        *out = &verbs[i];
        return FORE_E_OK;
    }
    const char *near = fore_option_nearest(word, names, FORE_COUNTOF(names));
    return fore_err_set(diag, FORE_E_FORMAT, "'%.40s' is none of digest, dump, report%s%s", word,
                        near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static enum fore_err read_kind(const char *word, uint32_t *out, struct fore_diag *diag)
{
    enum { KINDS_MAX = 64 };
    const char *known[KINDS_MAX];
    size_t count = 0;
    for (uint32_t kind = 1; kind < KINDS_MAX; kind++) {
        const char *text = fore_event_kind_text((enum fore_event_kind)kind);
        if (text == NULL) break;
        if (strcmp(text, word) == 0) {
            *out = kind;
            return FORE_E_OK;
        }
        known[count++] = text;
    }
    const char *near = fore_option_nearest(word, known, count);
    return fore_err_set(diag, FORE_E_FORMAT, "--kind: no events called '%.40s'%s%s", word,
                        near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static enum fore_err read_time(const char *name, const char *text, fore_ns *out,
                               struct fore_diag *diag)
{
    if (text == NULL || fore_option_duration(text, out) == FORE_E_OK) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT,
                        "--%s: '%.40s' is not a time since the run began, such as 90s or 2h", name,
                        text);
}

static enum fore_err run(struct wish *wish, const struct fore_strings *operands, bool *cut,
                         struct fore_diag *diag)
{
    const struct verb *verb = NULL;
    const char *path = operands->item[1];
    struct fore_journal_in in;
    struct fore_journal_reader *reader = NULL;
    FORE_TRY(find_verb(operands->item[0], &verb, diag));
    FORE_ASSERT(verb != NULL);
    wish->to_ns = UINT64_MAX;
    FORE_TRY(read_time("from", wish->from, &wish->from_ns, diag));
    FORE_TRY(read_time("to", wish->to, &wish->to_ns, diag));
    if (wish->kind != NULL) FORE_TRY(read_kind(wish->kind, &wish->kind_number, diag));
    FORE_TRY(wl_file_journal_in(path, &in, diag));
    struct fore_diag inner = {.code = FORE_E_OK};
    enum fore_err err = fore_journal_reader_open(in, &reader, &inner);
    if (err == FORE_E_OK) {
        err = verb->run(wish, reader, path, &inner);
        *cut = err == FORE_E_OK && fore_journal_reader_truncated(reader);
        fore_journal_reader_close(reader);
    }
    wl_file_journal_close(&in);
    if (err != FORE_E_OK)
        return fore_err_set(diag, err, "%s: %s", path,
                            inner.text[0] != '\0' ? inner.text : fore_err_text(err));
    return FORE_E_OK;
}

int lab_cmd_journal(int argc, char **argv)
{
    struct wish wish = {0};
    const struct fore_arg rows[] = {
        {"from", FORE_ARG_TEXT, &wish.from, "T",    "dump: from this time since the run began"},
        {"to",   FORE_ARG_TEXT, &wish.to,   "T",    "dump: up to this time"                   },
        {"kind", FORE_ARG_TEXT, &wish.kind, "KIND", "dump: only events of this kind"          },
        {"json", FORE_ARG_FLAG, &wish.json, NULL,   "digest, dump: JSON, one object a line"   },
    };
    const struct fore_args args = {
        .usage = "foreshard journal digest|dump|report FILE [options]",
        .about = "Reads what a run wrote: its digest, its events one a line, or a report of what "
                 "happened. Exit code 1: the journal is cut off and was read as far as it goes.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 2,
        .operand_max = 2};
    struct fore_arena perm;
    struct fore_diag diag = {.code = FORE_E_OK};
    struct fore_strings operands = {0};
    bool help = false, cut = false;
    fore_arena_init(&perm);
    enum fore_err err = fore_args_parse(&args, argc, argv, &perm, &operands, &help, &diag);
    if (help)
        wl_help_print(&args);
    else if (err == FORE_E_OK)
        err = run(&wish, &operands, &cut, &diag);
    int code = help ? 0 : lab_outcome_exit("journal", err, &diag);
    if (cut)
        (void)fprintf(stderr, "foreshard journal: %s is cut off; this is what it holds so far\n",
                      operands.item[1]);
    fore_arena_fini(&perm);
    return code == 0 && cut ? 1 : code;
}
