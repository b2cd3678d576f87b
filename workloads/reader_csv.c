/*
 * reader_csv.c - text traces, a row at a time, straight out of the file's buffer.
 *
 * The file is taken in blocks of whole lines. A block ends with a newline (put there if the file
 * lacks its last one), so a row is parsed without looking at lengths: every field stops at its
 * delimiter or, at the latest, at the newline. Plain numbers take the fast path of
 * reader_digits.h; a field that is anything else (quoted, signed, with an exponent) is cut out
 * and looked at slowly. No row is half taken: the first bad field is an error that names
 * file, line and column.
 */
#include "core/base/hash.h"
#include "workloads/reader_columns.h"
#include "workloads/reader_digits.h"
#include "workloads/reader_format.h"
#include "workloads/reader_ops.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_VIEW = 256 * 1024, SHOWN_MAX = 40 };
#define TIME_BIAS (UINT64_C(1) << 63) /* trace time 0; earlier times are below it */

struct csv {
    struct wl_columns columns;
    uint64_t unit_ns;
    char *at, *end; /* the block's rows; end[-1] is a newline unless the block is empty */
    uint64_t line;  /* of the row at `at` */
    struct wl_op_slot ops[WL_OP_CACHE];
};

/* ---- blocks ---- */

/* Length of the whole lines in data[0..len). */
static size_t lines_length(const char *data, size_t len)
{
    while (len > 0 && data[len - 1] != '\n')
        len--;
    return len;
}

/* The next whole lines; an empty block is the end. `want` bytes are looked at, if there are. */
static enum fore_err block_fetch(struct csv *csv, struct wl_file *file, size_t want,
                                 struct fore_diag *diag)
{
    for (;;) {
        char *data;
        size_t len;
        FORE_TRY(wl_file_view(file, want, &data, &len, diag));
        size_t whole = lines_length(data, len);
        bool unfinished = whole == 0 && len > 0;
        if (unfinished && len == WL_FILE_VIEW_MAX)
            return fore_err_set(diag, FORE_E_FORMAT,
                                "%s:%llu: a line longer than 1 MiB; is this a text trace?",
                                wl_file_path(file), (unsigned long long)csv->line);
        if (unfinished && len >= want) {
            want = len + 1;
            continue;
        }
        if (unfinished) data[whole = len] = '\n'; /* the file's last line lacks it */
        csv->at = data;
        csv->end = data + whole + unfinished;
        wl_file_skip(file, whole, 0);
        return FORE_E_OK;
    }
}

static char *line_end(char *at)
{
    while (*at != '\n')
        at++;
    return at;
}

/* ---- fields ---- */

static bool field_ends(char c, char delimiter)
{
    return c == delimiter || c == '\n' || c == '\r';
}

/* Behind the field at p. */
static const char *field_skip(const char *p, char delimiter)
{
    if (*p == '"') {
        const char *close = p + 1;
        while (*close != '"' && *close != '\n')
            close++;
        if (*close == '"') p = close + 1;
    }
    while (*p != delimiter && *p != '\n')
        p++;
    return p;
}

static struct wl_field field_cut(const char **p, char delimiter)
{
    struct wl_field field = {"", 0};
    const char *end = field_skip(*p, delimiter);
    (void)wl_columns_split(*p, (size_t)(end - *p), '\n', &field, 1);
    *p = end;
    return field;
}

/* A count that may be empty, a fraction, or too large; not negative. */
static bool cell_number(const char **p, char delimiter, uint64_t *value)
{
    const char *q = *p;
    int digits = wl_digits_u64(&q, value);
    if (digits > 0 && field_ends(*q, delimiter)) {
        *p = q;
        return true;
    }
    struct wl_field field = field_cut(p, delimiter);
    *value = 0;
    if (field.len == 0) return true;
    if (!wl_columns_is_number(field)) return false;
    char copy[64];
    memcpy(copy, field.text, field.len);
    copy[field.len] = '\0';
    double x = strtod(copy, NULL);
    if (x < 0.0) return false;
    *value = x < 9e18 ? (uint64_t)x : UINT64_MAX;
    return true;
}

/* Seconds (or the trace's unit) with decimals, exactly, as biased nanoseconds. NULL: not a plain
 * number; *range tells a plain number that is too large. */
static const char *time_exact(const char *p, uint64_t unit_ns, uint64_t *biased_ns, bool *range)
{
    bool negative = *p == '-';
    p += negative;
    uint64_t whole = 0, fraction_e9 = 0;
    int digits = wl_digits_u64(&p, &whole);
    *range = digits < 0 || whole >= (uint64_t)INT64_MAX / unit_ns;
    if (digits == 0 || *range) return NULL;
    if (*p == '.') {
        unsigned n;
        uint64_t part = wl_digits8(++p, &n);
        fraction_e9 = part * wl_pow10[9 - n];
        p += n;
        if (n == 8 && *p >= '0' && *p <= '9') fraction_e9 += (uint64_t)(*p - '0');
        while (*p >= '0' && *p <= '9')
            p++;
    }
    uint64_t ns = whole * unit_ns + fraction_e9 * unit_ns / FORE_SEC;
    *biased_ns = negative ? TIME_BIAS - ns : TIME_BIAS + ns;
    return p;
}

static bool cell_time(const char **p, const struct csv *csv, uint64_t *biased_ns, bool *range)
{
    char delimiter = csv->columns.delimiter;
    const char *q = time_exact(*p, csv->unit_ns, biased_ns, range);
    if (*range) return false;
    if (q != NULL && field_ends(*q, delimiter)) {
        *p = q;
        return true;
    }
    struct wl_field field = field_cut(p, delimiter);
    if (!wl_columns_is_number(field)) return false;
    q = time_exact(field.text, csv->unit_ns, biased_ns, range);
    if (*range) return false;
    if (q == field.text + field.len) return true; /* it was quoted or padded */
    char copy[64];
    memcpy(copy, field.text, field.len);
    copy[field.len] = '\0';
    double ns = strtod(copy, NULL) * (double)csv->unit_ns;
    *range = !(ns > -9.2e18 && ns < 9.2e18);
    if (*range) return false;
    *biased_ns = ns < 0.0 ? TIME_BIAS - (uint64_t)-ns : TIME_BIAS + (uint64_t)ns;
    return true;
}

/* Keys above this are a mistake in the file (a value, a whole document) and are refused. */
enum { KEY_MAX_BYTES = 16 << 10 };

static bool cell_key(const char **p, bool text_keys, char delimiter, uint64_t *key, bool *range)
{
    const char *q = *p;
    if (!text_keys) {
        if (wl_digits_u64(&q, key) > 0 && field_ends(*q, delimiter)) {
            *p = q;
            return true;
        }
        struct wl_field field = field_cut(p, delimiter);
        if (!wl_columns_is_natural(field)) return false;
        q = field.text;
        return wl_digits_u64(&q, key) > 0;
    }
    const char *start = *p;
    struct wl_field field = field_cut(p, delimiter);
    *key = fore_hash_bytes(field.text, field.len, 0);
    *range = field.len > KEY_MAX_BYTES;
    if (*range) *p = start;
    return !*range; /* an empty key is a key too: real traces have them */
}

static uint16_t cell_client(const char **p, char delimiter)
{
    const char *q = *p;
    uint64_t id;
    if (wl_digits_u64(&q, &id) > 0 && field_ends(*q, delimiter)) {
        *p = q;
        return (uint16_t)id;
    }
    struct wl_field field = field_cut(p, delimiter);
    return (uint16_t)fore_hash_bytes(field.text, field.len, 0);
}

/* ---- what is wrong with a field ---- */

static enum fore_err cell_error(const struct wl_reader *reader, enum wl_role role,
                                const char *field, const char *problem, struct fore_diag *diag)
{
    const struct csv *csv = reader->state;
    char shown[SHOWN_MAX + 4];
    size_t n = 0;
    while (n < SHOWN_MAX && field[n] != '\n' && field[n] != csv->columns.delimiter) {
        shown[n] = (unsigned char)field[n] < ' ' || field[n] == 0x7f ? '?' : field[n];
        n++;
    }
    if (n > 0 && field[n] == '\n' && field[n - 1] == '\r') n--;
    (void)snprintf(shown + n, 4, "%s", n == SHOWN_MAX ? "..." : "");
    return fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: column %s: \"%s\" %s",
                        wl_file_path(reader->file), (unsigned long long)csv->line,
                        wl_columns_role_name(role), shown, problem);
}

static const char *cell_problem(enum wl_role role, bool range)
{
    if (role == WL_ROLE_TIME && range)
        return "is beyond 292 years; set the time unit (s, ms, us or ns)";
    if (role == WL_ROLE_TIME)
        return "is not a number; times are decimal, in s, ms, us or ns (see the time unit)";
    if (role == WL_ROLE_KEY && range)
        return "is longer than 16 KiB; is this column really the key? Shorten or hash it first";
    if (role == WL_ROLE_KEY)
        return "is not a number below 2^64 as the keys before it; if keys are text, say so with "
               "columns \"keys=text\"";
    if (role == WL_ROLE_GROUP) return "is not a group; groups are 0 to 3";
    return "is not a number >= 0";
}

/* ---- rows ---- */

struct row {
    struct wl_request request;
    uint64_t time; /* biased */
    bool range;    /* what was wrong with it: too large */
};

/* One field into the row; *p moves behind it. */
static bool cell_parse(struct wl_reader *reader, enum wl_role role, const char **p, struct row *row)
{
    struct csv *csv = reader->state;
    struct wl_request *request = &row->request;
    char delimiter = csv->columns.delimiter;
    uint64_t number = 0;
    switch (role) {
    case WL_ROLE_TIME: return cell_time(p, csv, &row->time, &row->range);
    case WL_ROLE_KEY:
        return cell_key(p, reader->string_keys, delimiter, &request->key, &row->range);
    case WL_ROLE_CLIENT: request->client = cell_client(p, delimiter); return true;
    case WL_ROLE_OP: {
        const char *q = *p;
        if (*q != '"' && *q != ' ')
            while (!field_ends(*q, delimiter))
                q++;
        struct wl_field field = {*p, (size_t)(q - *p)};
        if (field_ends(*q, delimiter))
            *p = q;
        else
            field = field_cut(p, delimiter);
        request->op = wl_ops_type(csv->ops, reader, field.text, field.len);
        return true;
    }
    case WL_ROLE_SIZE:
    case WL_ROLE_GROUP:
    case WL_ROLE_COLUMNS:
    case WL_ROLE_EXEC:
        if (!cell_number(p, delimiter, &number)) return false;
        if (number > UINT32_MAX) number = UINT32_MAX; /* 4 GiB - 1 stands for anything larger */
        if (role == WL_ROLE_SIZE) request->bytes = (uint32_t)number;
        if (role == WL_ROLE_COLUMNS) request->columns = (uint32_t)number;
        if (role == WL_ROLE_EXEC) request->tag = (uint32_t)number;
        if (role == WL_ROLE_GROUP) request->group = (uint8_t)(number & 3);
        return role != WL_ROLE_GROUP || number < FORE_USER_GROUPS;
    case WL_ROLE_SKIP:
    case WL_ROLES: break;
    }
    *p = field_skip(*p, delimiter);
    return true;
}

/* The row at csv->at into *out; csv->at moves to the next. */
static enum fore_err row_parse(struct wl_reader *reader, struct wl_request *out,
                               struct fore_diag *diag)
{
    struct csv *csv = reader->state;
    const char delimiter = csv->columns.delimiter;
    struct row row = {.time = TIME_BIAS};
    const char *p = csv->at;
    for (uint32_t i = 0; i < csv->columns.count; i++) {
        enum wl_role role = (enum wl_role)csv->columns.role[i];
        if (i > 0 && *p++ != delimiter)
            return fore_err_set(
                diag, FORE_E_FORMAT, "%s:%llu: the row has %u columns where %u are needed",
                wl_file_path(reader->file), (unsigned long long)csv->line, i, csv->columns.count);
        if (delimiter == ' ')
            while (*p == ' ')
                p++;
        const char *field = p;
        if (!cell_parse(reader, role, &p, &row))
            return cell_error(reader, role, field, cell_problem(role, row.range), diag);
    }
    if (reader->untimed) row.time = TIME_BIAS + reader->records * FORE_US;
    if (!wl_reader_clock(reader, row.time, &row.request.t))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s:%llu: time goes back by %.9g s; sort the rows by time first "
                            "(sort -s -n on that column, header kept on top)",
                            wl_file_path(reader->file), (unsigned long long)csv->line,
                            (double)(reader->last_ns - row.time) * 1e-9);
    csv->at = line_end(csv->at + (p - csv->at)) + 1;
    csv->line++;
    reader->records++;
    *out = row.request;
    return FORE_E_OK;
}

static bool line_is_empty(const char *at)
{
    return *at == '\n' || (*at == '\r' && at[1] == '\n');
}

/* On to the next row that is not empty, through blocks; at == end: there is none. */
static enum fore_err row_find(struct csv *csv, struct wl_file *file, struct fore_diag *diag)
{
    for (;;) {
        if (csv->at == csv->end) FORE_TRY(block_fetch(csv, file, 1, diag));
        if (csv->at == csv->end || !line_is_empty(csv->at)) return FORE_E_OK;
        csv->at = line_end(csv->at) + 1;
        csv->line++;
    }
}

static enum fore_err csv_next(struct wl_reader *reader, struct wl_request *out, size_t cap,
                              size_t *count, struct fore_diag *diag)
{
    struct csv *csv = reader->state;
    *count = 0;
    while (*count < cap) {
        FORE_TRY(row_find(csv, reader->file, diag));
        if (csv->at == csv->end) break;
        FORE_TRY(row_parse(reader, &out[*count], diag));
        ++*count;
    }
    return FORE_E_OK;
}

/* ---- opening ---- */

/* The first block, up to its first line that is neither empty nor a comment. */
static enum fore_err csv_start(struct wl_reader *reader, struct fore_diag *diag)
{
    struct csv *csv = reader->state;
    csv->line = 1;
    memset(csv->ops, 0, sizeof csv->ops);
    FORE_TRY(block_fetch(csv, reader->file, FIRST_VIEW, diag));
    if (csv->end - csv->at > 3 && memcmp(csv->at, "\xEF\xBB\xBF", 3) == 0) csv->at += 3;
    while (csv->at < csv->end && (line_is_empty(csv->at) || *csv->at == '#')) {
        csv->at = line_end(csv->at) + 1;
        csv->line++;
    }
    return FORE_E_OK;
}

static void csv_skip_header(struct csv *csv)
{
    if (!csv->columns.header || csv->at == csv->end) return;
    csv->at = line_end(csv->at) + 1;
    csv->line++;
}

static enum fore_err time_unit_parse(const char *text, uint64_t *unit_ns, struct fore_diag *diag)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"s",  FORE_SEC},
        {"ms", FORE_MS },
        {"us", FORE_US },
        {"ns", 1       }
    };
    if (text == NULL || *text == '\0') text = "s";
    for (size_t i = 0; i < FORE_COUNTOF(units); i++)
        if (strcmp(text, units[i].name) == 0) {
            *unit_ns = units[i].ns;
            return FORE_E_OK;
        }
    return fore_err_set(diag, FORE_E_FORMAT, "time unit \"%.20s\" is not s, ms, us or ns", text);
}

/* The first key decides whether keys are numbers or text. */
static void key_kind_detect(struct csv *csv)
{
    struct wl_field field[WL_COLUMNS_MAX];
    size_t n = wl_columns_split(csv->at, (size_t)(line_end(csv->at) - csv->at),
                                csv->columns.delimiter, field, WL_COLUMNS_MAX);
    csv->columns.text_keys = WL_YES;
    for (size_t i = 0; i < n; i++)
        if (csv->columns.role[i] == WL_ROLE_KEY && wl_columns_is_natural(field[i]))
            csv->columns.text_keys = WL_NO;
}

/* ARC's .lis files: "block count 0 sequence-number", no header. */
static const char *columns_by_name(const char *path)
{
    const char *base = strrchr(path, '/');
    return strstr(base != NULL ? base : path, ".lis") != NULL ? "key=1,delimiter=space" : NULL;
}

static enum fore_err csv_open(struct wl_reader *reader, const struct wl_reader_options *options,
                              struct fore_diag *diag)
{
    struct csv *csv = FORE_NEW(reader->perm, struct csv, 1);
    reader->state = csv;
    const char *path = wl_file_path(reader->file);
    FORE_TRY(time_unit_parse(options->time_unit, &csv->unit_ns, diag));
    FORE_TRY(csv_start(reader, diag));
    if (csv->at == csv->end) return fore_err_set(diag, FORE_E_FORMAT, "%s: has no rows", path);
    const char *spec = options->columns;
    if (spec == NULL || *spec == '\0') spec = columns_by_name(path);
    FORE_TRY(wl_columns_resolve(spec, csv->at, (size_t)(line_end(csv->at) - csv->at), path,
                                &csv->columns, diag));
    csv_skip_header(csv);
    FORE_TRY(row_find(csv, reader->file, diag));
    if (csv->at == csv->end)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: has a header but no rows", path);
    if (csv->columns.text_keys == WL_AUTO) key_kind_detect(csv);
    reader->string_keys = csv->columns.text_keys == WL_YES;
    reader->key_max = reader->string_keys ? UINT64_MAX : 0;
    reader->untimed = !csv->columns.timed;
    return FORE_E_OK;
}

static enum fore_err csv_rewind(struct wl_reader *reader, struct fore_diag *diag)
{
    FORE_TRY(csv_start(reader, diag));
    csv_skip_header(reader->state);
    return FORE_E_OK;
}

const struct wl_reader_format wl_reader_csv = {
    .name = "csv", .open = csv_open, .next = csv_next, .rewind = csv_rewind};
const struct wl_reader_format wl_reader_libcachesim_csv = {
    .name = "libcachesim-csv", .open = csv_open, .next = csv_next, .rewind = csv_rewind};
