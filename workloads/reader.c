/*
 * reader.c - opens a trace file: which format it is, and the format's row of functions behind the
 * source's.
 *
 * Detection asks the name first (.be32, .vscsi, oracleGeneral, .csv and its kin, packing endings
 * stripped), because a run of keys looks like anything; then the first 4 KiB: text is csv, version
 * tags are vscsi, plausible records are oracleGeneral. When in doubt it is an error that says how
 * to say it.
 */
#include "workloads/reader_format.h"

#include "core/base/option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct wl_reader_format *const formats[] = {
    &wl_reader_csv,  &wl_reader_libcachesim_csv, &wl_reader_oracle, &wl_reader_vscsi,
    &wl_reader_be32,
};

/* ---- which format ---- */

static bool contains_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (; *text != '\0'; text++)
        if (strncasecmp(text, word, len) == 0) return true;
    return false;
}

static const struct wl_reader_format *format_of_name(const char *path)
{
    static const struct {
        const char *word;
        const struct wl_reader_format *format;
    } rows[] = {
        {".be32",         &wl_reader_be32  },
        {".vscsi",        &wl_reader_vscsi },
        {"oracleGeneral", &wl_reader_oracle},
        {".csv",          &wl_reader_csv   },
        {".tsv",          &wl_reader_csv   },
        {".txt",          &wl_reader_csv   },
        {".lis",          &wl_reader_csv   }
    };
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < FORE_COUNTOF(rows); i++)
        if (contains_word(base, rows[i].word)) return rows[i].format;
    return NULL;
}

static bool looks_like_text(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f) return false;
    }
    return true;
}

static enum fore_err format_detect(struct wl_reader *reader, struct fore_diag *diag)
{
    const char *path = wl_file_path(reader->file);
    reader->format = format_of_name(path);
    if (reader->format != NULL) return FORE_E_OK;
    char *data;
    size_t len;
    FORE_TRY(wl_file_view(reader->file, WL_READER_SNIFF, &data, &len, diag));
    if (len > WL_READER_SNIFF) len = WL_READER_SNIFF;
    if (looks_like_text(data, len))
        reader->format = &wl_reader_csv;
    else if (wl_reader_looks_vscsi(data, len))
        reader->format = &wl_reader_vscsi;
    else if (wl_reader_looks_oracle(data, len))
        reader->format = &wl_reader_oracle;
    else
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: neither text nor a known trace format; say which it is: format "
                            "csv, libcachesim-csv, oracleGeneral, vscsi or be32",
                            path);
    return FORE_E_OK;
}

static enum fore_err format_find(struct wl_reader *reader, const char *name, struct fore_diag *diag)
{
    if (name == NULL || *name == '\0' || strcmp(name, "auto") == 0)
        return format_detect(reader, diag);
    const char *known[FORE_COUNTOF(formats)];
    for (size_t i = 0; i < FORE_COUNTOF(formats); i++) {
        known[i] = formats[i]->name;
        if (strcasecmp(name, known[i]) != 0) continue;
        reader->format = formats[i];
        return FORE_E_OK;
    }
    const char *near = fore_option_nearest(name, known, FORE_COUNTOF(known));
    return fore_err_set(diag, FORE_E_FORMAT,
                        "format \"%.30s\" is not auto, csv, libcachesim-csv, oracleGeneral, vscsi "
                        "or be32%s%s%s",
                        name, near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                        near != NULL ? "?" : "");
}

/* ---- the source ---- */

static enum fore_err reader_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                 struct fore_diag *diag)
{
    struct wl_reader *reader = self;
    return reader->format->next(reader, out, cap, count, diag);
}

static enum fore_err reader_rewind(void *self, struct fore_diag *diag)
{
    struct wl_reader *reader = self;
    FORE_TRY(wl_file_rewind(reader->file, diag));
    reader->started = false;
    reader->records = 0;
    for (size_t i = 0; i < reader->other_count; i++)
        reader->other[i].count = 0;
    return reader->format->rewind(reader, diag);
}

static void reader_close(void *self)
{
    struct wl_reader *reader = self;
    wl_file_close(reader->file);
    reader->file = NULL;
}

static const struct wl_source_ops reader_ops = {
    .next = reader_next, .rewind = reader_rewind, .close = reader_close};

static enum fore_err reader_start(struct wl_reader *reader, const struct wl_reader_options *options,
                                  struct fore_diag *diag)
{
    char *data;
    size_t len;
    FORE_TRY(wl_file_view(reader->file, 1, &data, &len, diag));
    if (len == 0)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: is empty; a trace needs a request",
                            wl_file_path(reader->file));
    FORE_TRY(format_find(reader, options->format, diag));
    return reader->format->open(reader, options, diag);
}

enum fore_err wl_reader_open(const char *path, const struct wl_reader_options *options,
                             struct fore_arena *perm, struct wl_source *out, struct fore_diag *diag)
{
    static const struct wl_reader_options defaults = {0};
    struct wl_reader *reader = FORE_NEW(perm, struct wl_reader, 1);
    reader->perm = perm;
    FORE_TRY(wl_file_open(path, &reader->file, diag));
    enum fore_err err = reader_start(reader, options != NULL ? options : &defaults, diag);
    if (err != FORE_E_OK) {
        wl_file_close(reader->file);
        return err;
    }
    const char *slash = strrchr(path, '/');
    *out = (struct wl_source){
        .ops = &reader_ops,
        .self = reader,
        .info = {.kind = reader->format->name,
                 .label =
                     fore_arena_printf(perm, "trace %s (%s%s)", slash != NULL ? slash + 1 : path,
                 reader->format->name, reader->untimed ? ", untimed" : ""),
                 .string_keys = reader->string_keys,
                 .key_max = reader->key_max},
    };
    return FORE_E_OK;
}

static const struct wl_reader *reader_of(const struct wl_source *source)
{
    return source->ops == &reader_ops ? source->self : NULL;
}

double wl_reader_progress(const struct wl_source *source)
{
    const struct wl_reader *reader = reader_of(source);
    return reader != NULL ? wl_file_progress(reader->file) : (double)NAN;
}

bool wl_reader_untimed(const struct wl_source *source)
{
    const struct wl_reader *reader = reader_of(source);
    return reader != NULL && reader->untimed;
}

size_t wl_reader_other_ops(const struct wl_source *source, const struct wl_reader_op **out)
{
    const struct wl_reader *reader = reader_of(source);
    *out = reader != NULL ? reader->other : NULL;
    return reader != NULL ? reader->other_count : 0;
}
