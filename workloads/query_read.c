/* query_read.c - which layout a query log has, and its lines, records or keys to the right parser.
 */
#include "workloads/query_read.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/option.h"
#include "workloads/file.h"
#include "workloads/progress.h"
#include "workloads/query_csv.h"

enum { RECORD_MAX = 16 << 20, PROGRESS_LINES = 4096 };

struct reading {
    const char *path;
    const struct wl_query_read_options *options;
    struct fore_query_log *log;
    struct wl_query_read_report *report;
    struct wl_file *file;
    struct wl_progress progress;
    struct fore_arena arena;
    struct fore_buf record; /* csvlog: lines until every quote is closed */
    struct fore_diag *diag;
};

static bool enough(struct reading *r)
{
    uint64_t most = r->options->queries_max;
    r->report->cut = most > 0 && r->log->query_count >= most;
    if (++r->report->lines % PROGRESS_LINES == 0)
        wl_progress_show(&r->progress, wl_file_progress(r->file));
    return r->report->cut;
}

static enum fore_err next_line(struct reading *r, char **line, size_t *len)
{
    FORE_TRY(wl_file_line(r->file, line, len, r->diag));
    if (*line == NULL || memchr(*line, '\0', *len) == NULL) return FORE_E_OK;
    return fore_err_set(r->diag, FORE_E_FORMAT, "%s:%llu: a zero byte: this is not text", r->path,
                        (unsigned long long)wl_file_line_number(r->file));
}

static enum fore_err read_csv(struct reading *r)
{
    struct wl_query_csv *csv = wl_query_csv_begin(r->log, r->path, &r->arena);
    char *line;
    size_t len;
    while (!enough(r)) {
        FORE_TRY(next_line(r, &line, &len));
        if (line == NULL) break;
        FORE_TRY(wl_query_csv_line(csv, line, wl_file_line_number(r->file), r->diag));
    }
    return FORE_E_OK;
}

static bool quotes_closed(const char *text, size_t len)
{
    size_t quotes = 0;
    for (size_t i = 0; i < len; i++)
        quotes += text[i] == '"';
    return quotes % 2 == 0;
}

/* The next record, its first line's number; record.len 0 at the end. */
static enum fore_err next_record(struct reading *r, uint64_t *number)
{
    char *line;
    size_t len;
    bool closed = true;
    fore_buf_reset(&r->record);
    do {
        FORE_TRY(next_line(r, &line, &len));
        if (line == NULL && r->record.len > 0)
            return fore_err_set(r->diag, FORE_E_FORMAT,
                                "%s:%llu: the quote opened in this record is never closed", r->path,
                                (unsigned long long)*number);
        if (line == NULL) return FORE_E_OK;
        if (r->record.len == 0) *number = wl_file_line_number(r->file);
        if (r->record.len > 0) fore_buf_puts(&r->record, "\n");
        fore_buf_append(&r->record, line, len);
        if (r->record.len > RECORD_MAX)
            return fore_err_set(r->diag, FORE_E_FORMAT,
                                "%s:%llu: a record of more than 16 MiB: a quote is missing",
                                r->path, (unsigned long long)*number);
        closed = closed == quotes_closed(line, len);
    } while (!closed || r->record.len == 0);
    return FORE_E_OK;
}

static enum fore_err read_csvlog(struct reading *r)
{
    if (!wl_query_csvlog_built())
        return fore_err_set(r->diag, FORE_E_UNSUPPORTED,
                            "%s: PostgreSQL's csvlog needs its SQL parser: install libpg-query-dev "
                            "and libprotobuf-c-dev, then build again",
                            r->path);
    struct wl_query_csvlog *csvlog = wl_query_csvlog_begin(r->log, r->path, r->report, &r->arena);
    uint64_t number = 0;
    while (!enough(r)) {
        FORE_TRY(next_record(r, &number));
        if (r->record.len == 0) break;
        FORE_TRY(wl_query_csvlog_record(csvlog, r->record.data, number, r->diag));
    }
    return FORE_E_OK;
}

static void put_number(struct fore_query_term *term, uint16_t column, uint32_t value)
{
    char text[12];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    *term = (struct fore_query_term){.role = FORE_TERM_EQUAL, .column = column};
    fore_query_log_value(term, text + at, sizeof text - at);
}

static enum fore_err read_be32(struct reading *r)
{
    uint16_t table = fore_query_log_table(r->log, "objects");
    uint16_t column[3] = {fore_query_log_column(r->log, table, "table"),
                          fore_query_log_column(r->log, table, "row"),
                          fore_query_log_column(r->log, table, "index")};
    while (!enough(r)) {
        uint8_t bytes[4];
        size_t got;
        FORE_TRY(wl_file_read(r->file, bytes, sizeof bytes, &got, r->diag));
        if (got == 0) break;
        if (got < sizeof bytes)
            return fore_err_set(r->diag, FORE_E_FORMAT, "%s: %zu bytes are left over: keys have 4",
                                r->path, got);
        uint32_t key = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                       (uint32_t)bytes[2] << 8 | bytes[3];
        struct fore_query_term term[3];
        put_number(&term[0], column[0], key >> 27);
        put_number(&term[1], column[1], key >> 9 & 0x3ffff);
        put_number(&term[2], column[2], key & 0x1ff);
        struct fore_query query = {.t = r->log->query_count * FORE_MS, .op = FORE_QUERY_READ};
        fore_query_log_add(r->log, query, term, 3);
    }
    return FORE_E_OK;
}

static const struct {
    const char *name;
    enum fore_err (*read)(struct reading *r);
} formats[] = {
    {"csv",    read_csv   },
    {"csvlog", read_csvlog},
    {"be32",   read_be32  }
};

/* A csvlog begins with a time and has no header; a key sequence says so in its name. */
static enum fore_err recognise(struct reading *r, size_t *format)
{
    char *data;
    size_t len;
    *format = strstr(r->path, ".be32") != NULL ? 2 : 0;
    if (*format != 0) return FORE_E_OK;
    FORE_TRY(wl_file_view(r->file, 64, &data, &len, r->diag));
    *format = len > 10 && data[0] >= '0' && data[0] <= '9' && data[4] == '-' && data[7] == '-';
    return FORE_E_OK;
}

static enum fore_err find_format(struct reading *r, size_t *format)
{
    const char *wanted = r->options->format, *names[FORE_COUNTOF(formats) + 1] = {"auto"};
    if (wanted == NULL || strcmp(wanted, "auto") == 0) return recognise(r, format);
    for (size_t i = 0; i < FORE_COUNTOF(formats); i++) {
        names[i + 1] = formats[i].name;
        *format = i;
        if (strcmp(wanted, formats[i].name) == 0) return FORE_E_OK;
    }
    const char *nearest = fore_option_nearest(wanted, names, FORE_COUNTOF(names));
    return fore_err_set(r->diag, FORE_E_FORMAT, "--format: \"%.40s\" is unknown; %s%s", wanted,
                        nearest != NULL ? "did you mean " : "there are auto, csv, csvlog and be32",
                        nearest != NULL ? nearest : "");
}

static enum fore_err read_all(struct reading *r)
{
    size_t format;
    FORE_TRY(find_format(r, &format));
    r->report->format = formats[format].name;
    FORE_TRY(formats[format].read(r));
    if (r->log->query_count > 0) return FORE_E_OK;
    return fore_err_set(r->diag, FORE_E_FORMAT,
                        "%s: no queries in it (%llu statements read, %llu "
                        "of them not SQL)",
                        r->path, (unsigned long long)r->report->statements,
                        (unsigned long long)r->report->unparsed);
}

enum fore_err wl_query_read(const char *path, const struct wl_query_read_options *options,
                            struct fore_query_log *log, struct wl_query_read_report *report,
                            struct fore_diag *diag)
{
    *report = (struct wl_query_read_report){0};
    struct reading r = {.path = path,
                        .options = options,
                        .log = log,
                        .report = report,
                        .progress = wl_progress_begin("reading"),
                        .diag = diag};
    FORE_TRY(wl_file_open(path, &r.file, diag));
    enum fore_err err = read_all(&r);
    wl_progress_end(&r.progress);
    wl_file_close(r.file);
    fore_buf_fini(&r.record);
    fore_arena_fini(&r.arena);
    return err;
}
