/*
 * query_csvlog.c - PostgreSQL's csvlog: which records are statements, their text and parameters.
 *
 * A statement is logged as "statement: SQL", "execute NAME: SQL", or either behind "duration: N ms"
 * (PostgreSQL 9 to 17). Its parameters are in the DETAIL column: "parameters: $1 = '17', $2 = NULL"
 * (from 16 on "Parameters: ..."), quotes doubled. Parse and bind durations are not queries.
 */
#include "workloads/query_read.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "workloads/query_csv.h"
#include "workloads/query_sql.h"
#include "workloads/series_text.h"

enum { LOG_TIME = 0, MESSAGE = 13, DETAIL = 14, CELLS_LEAST = 15, CELLS_MAX = 64 };

struct wl_query_csvlog {
    struct fore_query_log *log;
    const char *path;
    struct wl_query_read_report *report;
    double first_t;
    bool begun;
    struct wl_query_sql sql;
};

struct wl_query_csvlog *wl_query_csvlog_begin(struct fore_query_log *log, const char *path,
                                              struct wl_query_read_report *report,
                                              struct fore_arena *arena)
{
    struct wl_query_csvlog *csvlog = FORE_NEW(arena, struct wl_query_csvlog, 1);
    *csvlog = (struct wl_query_csvlog){.log = log, .path = path, .report = report};
    return csvlog;
}

/* "2026-03-01 12:00:00.123 UTC": the zone is the same throughout a log and does not matter. */
static bool log_time(const char *cell, double *t)
{
    char whole[20] = "";
    size_t len = strlen(cell);
    if (len < 19) return false;
    memcpy(whole, cell, 19);
    if (!wl_series_text_time(whole, t)) return false;
    double scale = 0.1;
    if (cell[19] == '.')
        for (const char *digit = cell + 20; isdigit((unsigned char)*digit); digit++) {
            *t += scale * (*digit - '0');
            scale /= 10;
        }
    return true;
}

static char *after(char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncasecmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* The SQL of a message; NULL: it is about something else. */
static char *statement(char *message)
{
    char *rest = after(message, "duration: ");
    if (rest != NULL) {
        rest = strstr(rest, " ms  ");
        if (rest == NULL) return NULL;
        message = rest + 5;
    }
    rest = after(message, "statement: ");
    if (rest != NULL) return rest;
    if (after(message, "execute ") == NULL) return NULL;
    rest = strstr(message, ": ");
    return rest != NULL ? rest + 2 : NULL;
}

/* One parameter from "$1 = 'it''s'" or "$2 = NULL"; unquotes in place and returns what follows. */
static char *take_param(struct wl_query_sql *sql, char *at)
{
    size_t number = 0;
    for (at++; isdigit((unsigned char)*at) && number < WL_QUERY_SQL_PARAMS; at++)
        number = number * 10 + (size_t)(*at - '0');
    char *value = after(at, " = ");
    if (value == NULL || number == 0 || number > WL_QUERY_SQL_PARAMS) return NULL;
    while (sql->params < number)
        sql->param[sql->params++] = NULL;
    if (*value != '\'') return strchr(value, ',');
    char *to = value;
    for (at = value + 1; *at != '\0'; at++) {
        if (*at == '\'' && at[1] != '\'') break;
        if (*at == '\'') at++;
        *to++ = *at;
    }
    if (*at != '\'') return NULL;
    *to = '\0';
    sql->param[number - 1] = value;
    return at + 1;
}

static void take_params(struct wl_query_sql *sql, char *detail)
{
    sql->params = 0;
    for (char *at = after(detail, "parameters: "); at != NULL && *at == '$';) {
        at = take_param(sql, at);
        if (at != NULL) at += strspn(at, ", ");
    }
}

static void count_unparsed(struct wl_query_csvlog *csvlog, uint64_t line)
{
    if (csvlog->report->unparsed++ == 0) csvlog->report->first_unparsed_line = line;
}

enum fore_err wl_query_csvlog_record(struct wl_query_csvlog *csvlog, char *record, uint64_t line,
                                     struct fore_diag *diag)
{
    char *cell[CELLS_MAX], why[160];
    double t;
    size_t cells = wl_query_csv_cells(record, cell, CELLS_MAX);
    if (cells < CELLS_LEAST || cells > CELLS_MAX)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s:%llu: %zu cells; a record of PostgreSQL's csvlog has 22 to 26",
                            csvlog->path, (unsigned long long)line, cells);
    if (!log_time(cell[LOG_TIME], &t))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s:%llu: log_time: \"%.40s\" is not YYYY-MM-DD hh:mm:ss", csvlog->path,
                            (unsigned long long)line, cell[LOG_TIME]);
    struct wl_query_sql *sql = &csvlog->sql;
    sql->text = statement(cell[MESSAGE]);
    if (sql->text == NULL) return FORE_E_OK;
    if (!csvlog->begun) csvlog->first_t = t;
    csvlog->begun = true;
    sql->t = t > csvlog->first_t ? (fore_ns)(fmin(t - csvlog->first_t, 1e9) * (double)FORE_SEC) : 0;
    take_params(sql, cell[DETAIL]);
    csvlog->report->statements++;
    if (wl_query_sql_add(csvlog->log, sql, csvlog->report, why, sizeof why)) return FORE_E_OK;
    count_unparsed(csvlog, line);
    if (csvlog->report->unparsed == 1) memcpy(csvlog->report->first_unparsed, why, sizeof why);
    return FORE_E_OK;
}
