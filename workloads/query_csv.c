/*
 * query_csv.c - lines into queries. A query's terms are gathered in a fixed array and handed to the
 * log when the whole line is understood, so a bad line leaves nothing behind but names.
 */
#include "workloads/query_csv.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/base/option.h"
#include "workloads/series_text.h"

enum { CELLS_MAX = 32, NAME_MAX_BYTES = 128 };
enum field { T, CLIENT, TABLE, OP, WHERE, COLUMNS, JOIN, BYTES, FIELDS };
static const char *const field_name[FIELDS] = {"t",     "client",  "table", "op",
                                               "where", "columns", "join",  "bytes"};

struct wl_query_csv {
    struct fore_query_log *log;
    const char *path;
    bool begun;        /* the header has been read */
    size_t at[FIELDS]; /* which cell; SIZE_MAX: not there */
    size_t cells;
    double first_t, last_t;
    uint64_t line;
    struct fore_diag *diag;
    struct fore_query query; /* under way */
    uint16_t table;
    struct fore_query_term term[FORE_QUERY_TERMS_MAX];
    size_t terms;
};

static const struct {
    const char *name;
    uint8_t op;
    bool adds;
} op_names[] = {
    {"read",   FORE_QUERY_READ,  false},
    {"select", FORE_QUERY_READ,  false},
    {"get",    FORE_QUERY_READ,  false},
    {"insert", FORE_QUERY_WRITE, true },
    {"add",    FORE_QUERY_WRITE, true },
    {"put",    FORE_QUERY_WRITE, true },
    {"update", FORE_QUERY_WRITE, false},
    {"write",  FORE_QUERY_WRITE, false},
    {"set",    FORE_QUERY_WRITE, false},
    {"delete", FORE_QUERY_WRITE, false},
    {"scan",   FORE_QUERY_SCAN,  false},
    {"range",  FORE_QUERY_SCAN,  false},
};

static enum fore_err bad(const struct wl_query_csv *csv, enum field field, const char *what,
                         const char *word)
{
    return fore_err_set(csv->diag, FORE_E_FORMAT, "%s:%llu: %s: \"%.60s\" %s", csv->path,
                        (unsigned long long)csv->line, field_name[field], word, what);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* Takes the quotes off a quoted cell in place; the character after it, NULL: never closed. */
static char *unquote(char *cell)
{
    char *to = cell;
    for (char *from = cell + 1; *from != '\0'; from++) {
        if (*from == '"' && from[1] != '"') {
            *to = '\0';
            return from + 1;
        }
        if (*from == '"') from++;
        *to++ = *from;
    }
    return NULL;
}

size_t wl_query_csv_cells(char *record, char **cell, size_t cap)
{
    size_t count = 0;
    for (char *from = record;;) {
        char *end = from;
        if (count < cap) cell[count] = from;
        count++;
        if (*from == '"') {
            end = unquote(from);
            if (end == NULL) return 0;
        } else {
            end += strcspn(from, ",");
        }
        if (*end == '\r' && end[1] == '\0') *end = '\0';
        if (*end == '\0') return count;
        if (*end != ',') return 0;
        *end = '\0';
        from = end + 1;
    }
}

static char *trimmed(char *text)
{
    while (*text == ' ')
        text++;
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\r'))
        text[--len] = '\0';
    return text;
}

/* The next blank-separated part of a cell; blanks inside '...' do not count. NULL: no more. */
static char *part(char **rest)
{
    char *from = *rest;
    while (*from == ' ')
        from++;
    if (*from == '\0') return NULL;
    bool quoted = false;
    char *end = from;
    for (; *end != '\0' && (quoted || *end != ' '); end++)
        if (*end == '\'') quoted = !quoted;
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return from;
}

/* ---- names and values ------------------------------------------------------------------------ */

static enum fore_err check_name(const struct wl_query_csv *csv, enum field field, const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_BYTES) return bad(csv, field, "is no name", name);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || strchr("\"'=<>,", name[i]) != NULL)
            return bad(csv, field, "is no name", name);
    return FORE_E_OK;
}

static enum fore_err find_table(struct wl_query_csv *csv, enum field field, const char *name,
                                uint16_t *out)
{
    FORE_TRY(check_name(csv, field, name));
    *out = fore_query_log_table(csv->log, name);
    return *out != UINT16_MAX ? FORE_E_OK : bad(csv, field, "is one table too many", name);
}

/* "column" of this query's table, or "table.column" (the last dot divides). */
static enum fore_err find_column(struct wl_query_csv *csv, enum field field, char *name,
                                 uint16_t *out)
{
    uint16_t table = csv->table;
    char *dot = strrchr(name, '.');
    if (dot != NULL) {
        *dot = '\0';
        FORE_TRY(find_table(csv, field, name, &table));
        name = dot + 1;
    }
    FORE_TRY(check_name(csv, field, name));
    *out = fore_query_log_column(csv->log, table, name);
    return *out != UINT16_MAX ? FORE_E_OK : bad(csv, field, "is one column too many", name);
}

static enum fore_err put(struct wl_query_csv *csv, enum field field, struct fore_query_term term)
{
    if (csv->terms == FORE_QUERY_TERMS_MAX)
        return bad(csv, field, "and more: more parts than one query can have",
                   csv->log->column[term.column].name);
    csv->term[csv->terms++] = term;
    return FORE_E_OK;
}

static enum fore_err put_value(struct wl_query_csv *csv, struct fore_query_term term,
                               const char *value, size_t len)
{
    struct fore_query_column *column = &csv->log->column[term.column];
    if (len >= 2 && value[0] == '\'' && value[len - 1] == '\'') {
        value++;
        len -= 2;
    }
    column->values++;
    column->value_bytes += len;
    fore_query_log_value(&term, value, len);
    return put(csv, WHERE, term);
}

/* ---- the cells of a line --------------------------------------------------------------------- */

static enum fore_err take_condition(struct wl_query_csv *csv, char *text)
{
    size_t name = strcspn(text, "=<>");
    char sign = text[name];
    if (sign == '\0' || name == 0)
        return bad(csv, WHERE, "is not column=value (or < <= > >=)", text);
    char *value = text + name + 1;
    if (sign != '=' && *value == '=') value++;
    text[name] = '\0';
    struct fore_query_term term = {.role = sign == '<'       ? FORE_TERM_MOST
                                           : sign == '>'     ? FORE_TERM_LEAST
                                           : csv->query.adds ? FORE_TERM_INSERT
                                                             : FORE_TERM_EQUAL};
    FORE_TRY(find_column(csv, WHERE, text, &term.column));
    if (*value == '\0') return bad(csv, WHERE, "is given no value", text);
    for (;;) {
        size_t len = *value == '\'' ? strlen(value) : strcspn(value, "|");
        FORE_TRY(put_value(csv, term, value, len));
        if (value[len] == '\0') return FORE_E_OK;
        value += len + 1;
        if (term.row++ == UINT8_MAX) return bad(csv, WHERE, "has more than 256 values", text);
    }
}

static enum fore_err take_columns(struct wl_query_csv *csv, char *cell)
{
    bool sets = csv->query.op == FORE_QUERY_WRITE;
    for (char *rest = cell, *name; (name = part(&rest)) != NULL;) {
        struct fore_query_term term = {.role = sets ? FORE_TERM_SET : FORE_TERM_READ};
        if (strcmp(name, "*") == 0) {
            for (uint32_t c = 0; c < csv->log->column_count; c++) {
                if (csv->log->column[c].table != csv->table) continue;
                term.column = (uint16_t)c;
                FORE_TRY(put(csv, COLUMNS, term));
            }
            continue;
        }
        FORE_TRY(find_column(csv, COLUMNS, name, &term.column));
        FORE_TRY(put(csv, COLUMNS, term));
    }
    return FORE_E_OK;
}

static enum fore_err take_join(struct wl_query_csv *csv, char *cell)
{
    for (char *rest = cell, *pair; (pair = part(&rest)) != NULL;) {
        struct fore_query_term term = {.role = FORE_TERM_JOIN};
        char *equals = strchr(pair, '=');
        if (equals == NULL) return bad(csv, JOIN, "is not othertable.column=column", pair);
        *equals = '\0';
        FORE_TRY(find_column(csv, JOIN, pair, &term.column));
        FORE_TRY(find_column(csv, JOIN, equals + 1, &term.other));
        if (csv->log->column[term.column].table == csv->log->column[term.other].table) continue;
        FORE_TRY(put(csv, JOIN, term));
    }
    return FORE_E_OK;
}

static enum fore_err take_op(struct wl_query_csv *csv, const char *word)
{
    const char *names[FORE_COUNTOF(op_names)];
    csv->query.op = FORE_QUERY_READ;
    if (*word == '\0') return FORE_E_OK;
    for (size_t i = 0; i < FORE_COUNTOF(op_names); i++) {
        names[i] = op_names[i].name;
        if (strcasecmp(word, op_names[i].name) != 0) continue;
        csv->query.op = op_names[i].op;
        csv->query.adds = op_names[i].adds;
        return FORE_E_OK;
    }
    const char *nearest = fore_option_nearest(word, names, FORE_COUNTOF(names));
    return fore_err_set(csv->diag, FORE_E_FORMAT, "%s:%llu: op: \"%.40s\" is unknown; %s%s",
                        csv->path, (unsigned long long)csv->line, word,
                        nearest != NULL ? "did you mean "
                                        : "there are read, insert, update, "
                                          "delete and scan",
                        nearest != NULL ? nearest : "");
}

static enum fore_err take_time(struct wl_query_csv *csv, const char *word)
{
    double t;
    if (!wl_series_text_time(word, &t) || fabs(t) > 1e12)
        return bad(csv, T, "is not a time: seconds, or YYYY-MM-DD hh:mm:ss", word);
    if (csv->log->query_count == 0) csv->first_t = csv->last_t = t;
    if (t < csv->last_t) return bad(csv, T, "is earlier than the line before; sort by t", word);
    csv->last_t = t;
    if (t - csv->first_t > 1e9)
        return bad(csv, T, "is more than 30 years after the first query", word);
    csv->query.t = (fore_ns)((t - csv->first_t) * (double)FORE_SEC);
    return FORE_E_OK;
}

static enum fore_err take_bytes(struct wl_query_csv *csv, const char *word)
{
    uint64_t bytes;
    if (*word == '\0') return FORE_E_OK;
    if (fore_option_bytes(word, &bytes) != FORE_E_OK || bytes > UINT32_MAX)
        return bad(csv, BYTES, "is not a size below 4 GiB", word);
    csv->query.bytes = (uint32_t)bytes;
    return FORE_E_OK;
}

static enum fore_err take_query(struct wl_query_csv *csv, char **cell)
{
    char nothing[] = "", *text[FIELDS];
    for (int f = 0; f < FIELDS; f++)
        text[f] = csv->at[f] < csv->cells ? trimmed(cell[csv->at[f]]) : nothing;
    csv->query = (struct fore_query){0};
    csv->terms = 0;
    FORE_TRY(take_op(csv, text[OP]));
    FORE_TRY(find_table(csv, TABLE, text[TABLE], &csv->table));
    FORE_TRY(
        put(csv, TABLE, (struct fore_query_term){.role = FORE_TERM_TABLE, .column = csv->table}));
    for (char *rest = text[WHERE], *condition; (condition = part(&rest)) != NULL;)
        FORE_TRY(take_condition(csv, condition));
    FORE_TRY(take_columns(csv, text[COLUMNS]));
    FORE_TRY(take_join(csv, text[JOIN]));
    FORE_TRY(take_bytes(csv, text[BYTES]));
    FORE_TRY(take_time(csv, text[T]));
    fore_query_log_add(csv->log, csv->query, csv->term, csv->terms);
    return FORE_E_OK;
}

/* ---- header, comments, lines ----------------------------------------------------------------- */

static enum fore_err take_header(struct wl_query_csv *csv, char **cell)
{
    for (int f = 0; f < FIELDS; f++)
        csv->at[f] = SIZE_MAX;
    for (size_t c = 0; c < csv->cells; c++) {
        const char *name = trimmed(cell[c]);
        int field = 0;
        while (field < FIELDS && strcasecmp(name, field_name[field]) != 0)
            field++;
        if (field < FIELDS && csv->at[field] == SIZE_MAX) {
            csv->at[field] = c;
            continue;
        }
        const char *nearest = fore_option_nearest(name, field_name, FIELDS);
        return fore_err_set(csv->diag, FORE_E_FORMAT, "%s:%llu: header: \"%.40s\" %s%s%s",
                            csv->path, (unsigned long long)csv->line, name,
                            field < FIELDS ? "is there twice" : "is no column of a query log",
                            field < FIELDS || nearest == NULL ? "" : "; did you mean ",
                            field < FIELDS || nearest == NULL ? "" : nearest);
    }
    if (csv->at[T] == SIZE_MAX || csv->at[TABLE] == SIZE_MAX)
        return fore_err_set(csv->diag, FORE_E_FORMAT,
                            "%s:%llu: header: no column \"%s\"; a query log begins with a line "
                            "like t,client,table,op,where,columns,join,bytes",
                            csv->path, (unsigned long long)csv->line,
                            csv->at[T] == SIZE_MAX ? "t" : "table");
    csv->begun = true;
    return FORE_E_OK;
}

/* "#widths orders id=8 note=400" */
static enum fore_err take_widths(struct wl_query_csv *csv, char *rest)
{
    char *table = part(&rest);
    if (table == NULL) return bad(csv, TABLE, "is no table: #widths TABLE column=BYTES ...", "");
    FORE_TRY(find_table(csv, TABLE, table, &csv->table));
    for (char *pair; (pair = part(&rest)) != NULL;) {
        uint16_t column;
        uint64_t bytes;
        char *equals = strchr(pair, '=');
        if (equals == NULL || fore_option_bytes(equals + 1, &bytes) != FORE_E_OK || bytes == 0 ||
            bytes > UINT32_MAX)
            return bad(csv, COLUMNS, "is not column=BYTES", pair);
        *equals = '\0';
        FORE_TRY(find_column(csv, COLUMNS, pair, &column));
        csv->log->column[column].width = (double)bytes;
        csv->log->column[column].width_source = FORE_WIDTH_TOLD;
    }
    return FORE_E_OK;
}

struct wl_query_csv *wl_query_csv_begin(struct fore_query_log *log, const char *path,
                                        struct fore_arena *arena)
{
    struct wl_query_csv *csv = FORE_NEW(arena, struct wl_query_csv, 1);
    csv->log = log;
    csv->path = path;
    return csv;
}

enum fore_err wl_query_csv_line(struct wl_query_csv *csv, char *line, uint64_t number,
                                struct fore_diag *diag)
{
    char *cell[CELLS_MAX];
    csv->line = number;
    csv->diag = diag;
    if (strncmp(line, "#widths ", 8) == 0) return take_widths(csv, trimmed(line + 8));
    if (*line == '#' || line[strspn(line, " \r")] == '\0') return FORE_E_OK;
    size_t cells = wl_query_csv_cells(line, cell, CELLS_MAX);
    if (cells == 0 || cells > CELLS_MAX)
        return fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: %s", csv->path,
                            (unsigned long long)number,
                            cells == 0 ? "a quote is not closed, or text follows it"
                                       : "far more cells than a query log has");
    if (!csv->begun) {
        csv->cells = cells;
        return take_header(csv, cell);
    }
    if (cells != csv->cells)
        return fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: %zu cells where the header has %zu",
                            csv->path, (unsigned long long)number, cells, csv->cells);
    return take_query(csv, cell);
}
