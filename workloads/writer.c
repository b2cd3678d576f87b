/*
 * writer.c - requests into our CSV or libCacheSim's oracleGeneral records.
 *
 * Numbers are put together by hand: printf would be nine tenths of the time.
 */
#include "workloads/writer.h"

#include "core/base/option.h"
#include "workloads/file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ORACLE_SIZE = 24, ROW_MAX = 96 };

struct wl_writer {
    struct wl_out *out;
    enum wl_write_format format;
    char *path;
};

static enum fore_err format_find(const char *path, const char *name, enum wl_write_format *format,
                                 struct fore_diag *diag)
{
    static const char *const known[] = {
        [WL_WRITE_CSV] = "csv", [WL_WRITE_ORACLE] = "oracleGeneral"};
    if (name == NULL) {
        *format = strstr(path, "oracleGeneral") != NULL ? WL_WRITE_ORACLE : WL_WRITE_CSV;
        return FORE_E_OK;
    }
    for (size_t i = 0; i < FORE_COUNTOF(known); i++) {
        if (strcasecmp(name, known[i]) != 0) continue;
        *format = (enum wl_write_format)i;
        return FORE_E_OK;
    }
    return fore_err_set(diag, FORE_E_FORMAT,
                        "format \"%.30s\" cannot be written; csv and oracleGeneral can", name);
}

enum fore_err wl_writer_open(const char *path, const char *format, struct wl_writer **result,
                             struct fore_diag *diag)
{
    enum wl_write_format kind = WL_WRITE_CSV;
    FORE_TRY(format_find(path, format, &kind, diag));
    size_t len = strlen(path);
    if (len > 3 && strcmp(path + len - 3, ".xz") == 0)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: .xz is not written; name it .zst", path);
    struct wl_out *out;
    FORE_TRY(wl_out_open(path, &out, diag));
    struct wl_writer *writer = calloc(1, sizeof *writer);
    FORE_ASSERT(writer != NULL);
    writer->out = out;
    writer->format = kind;
    writer->path = strdup(path);
    FORE_ASSERT(writer->path != NULL);
    static const char header[] = "t,key,op,size,client\n";
    if (kind == WL_WRITE_CSV && wl_out_write(out, header, sizeof header - 1) != FORE_E_OK) {
        wl_writer_abort(writer);
        return fore_err_set(diag, FORE_E_IO, "%s: writing failed; is the disk full?", path);
    }
    *result = writer;
    return FORE_E_OK;
}

enum wl_write_format wl_writer_format(const struct wl_writer *writer)
{
    return writer->format;
}

static char *put_u64(char *at, uint64_t value)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

/* Seconds with as many decimals as there are. */
static char *put_seconds(char *at, fore_ns t)
{
    at = put_u64(at, t / FORE_SEC);
    uint64_t rest = t % FORE_SEC;
    if (rest == 0) return at;
    char digits[9];
    for (size_t i = sizeof digits; i > 0; rest /= 10)
        digits[--i] = (char)('0' + rest % 10);
    size_t n = sizeof digits;
    while (digits[n - 1] == '0')
        n--;
    *at++ = '.';
    memcpy(at, digits, n);
    return at + n;
}

static size_t csv_row(const struct wl_request *request, char *row)
{
    static const char *const op_name[FORE_QUERY_TYPES] = {
        [FORE_QUERY_READ] = "read",
        [FORE_QUERY_WRITE] = "write",
        [FORE_QUERY_SCAN] = "scan",
        [FORE_QUERY_OTHER] = "other",
    };
    FORE_ASSERT(request->op < FORE_QUERY_TYPES);
    char *at = put_seconds(row, request->t);
    *at++ = ',';
    at = put_u64(at, request->key);
    *at++ = ',';
    for (const char *c = op_name[request->op]; *c != '\0'; c++)
        *at++ = *c;
    *at++ = ',';
    at = put_u64(at, request->bytes);
    *at++ = ',';
    at = put_u64(at, request->client);
    *at++ = '\n';
    return (size_t)(at - row);
}

static void put_le(char *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (char)(unsigned char)(value >> (8 * i));
}

static size_t oracle_row(const struct wl_request *request, char *row)
{
    put_le(row, request->t / FORE_SEC, 4);
    put_le(row + 4, request->key, 8);
    put_le(row + 12, request->bytes, 4);
    put_le(row + 16, UINT64_MAX, 8); /* -1: next access not known */
    return ORACLE_SIZE;
}

enum fore_err wl_writer_put(struct wl_writer *writer, const struct wl_request *request,
                            size_t count, struct fore_diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        char row[ROW_MAX];
        if (writer->format == WL_WRITE_ORACLE && request[i].t / FORE_SEC > UINT32_MAX)
            return fore_err_set(diag, FORE_E_RANGE,
                                "%s: oracleGeneral holds 2^32 seconds (136 years); write csv",
                                writer->path);
        size_t len = writer->format == WL_WRITE_CSV ? csv_row(&request[i], row)
                                                    : oracle_row(&request[i], row);
        if (wl_out_write(writer->out, row, len) != FORE_E_OK)
            return fore_err_set(diag, FORE_E_IO, "%s: writing failed; is the disk full?",
                                writer->path);
    }
    return FORE_E_OK;
}

static void writer_free(struct wl_writer *writer)
{
    free(writer->path);
    free(writer);
}

enum fore_err wl_writer_commit(struct wl_writer *writer, struct fore_diag *diag)
{
    enum fore_err err = wl_out_commit(writer->out, diag);
    writer_free(writer);
    return err;
}

void wl_writer_abort(struct wl_writer *writer)
{
    if (writer == NULL) return;
    wl_out_abort(writer->out);
    writer_free(writer);
}
