/* query_log.c - growing arrays, names to numbers, values to words. */
#include "core/advise/query_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"

void fore_query_log_fini(struct fore_query_log *log)
{
    free(log->query);
    free(log->term);
    free(log->column);
    free(log->table);
    fore_arena_fini(&log->names);
    *log = (struct fore_query_log){0};
}

static void *grown(void *old, size_t room, size_t size)
{
    FORE_ASSERT(room < SIZE_MAX / size);
    void *memory = realloc(old, room * size);
    FORE_ASSERT(memory != NULL);
    return memory;
}

/* ---- names ----------------------------------------------------------------------------------- */

uint16_t fore_query_log_find_table(const struct fore_query_log *log, const char *name)
{
    for (uint32_t i = 0; i < log->table_count; i++)
        if (strcmp(log->table[i].name, name) == 0) return (uint16_t)i;
    return UINT16_MAX;
}

uint16_t fore_query_log_table(struct fore_query_log *log, const char *name)
{
    uint16_t found = fore_query_log_find_table(log, name);
    if (found != UINT16_MAX || log->table_count == FORE_QUERY_TABLES_MAX) return found;
    if (log->table_count == log->table_room) {
        log->table_room = log->table_room ? 2 * log->table_room : 16;
        log->table = grown(log->table, log->table_room, sizeof *log->table);
    }
    log->table[log->table_count] =
        (struct fore_query_table){.name = fore_arena_strdup(&log->names, name)};
    return (uint16_t)log->table_count++;
}

uint16_t fore_query_log_find_column(const struct fore_query_log *log, uint16_t table,
                                    const char *name)
{
    for (uint32_t i = 0; i < log->column_count; i++)
        if (log->column[i].table == table && strcmp(log->column[i].name, name) == 0)
            return (uint16_t)i;
    return UINT16_MAX;
}

uint16_t fore_query_log_column(struct fore_query_log *log, uint16_t table, const char *name)
{
    uint16_t found = fore_query_log_find_column(log, table, name);
    if (found != UINT16_MAX || log->column_count == FORE_QUERY_COLUMNS_MAX) return found;
    if (log->column_count == log->column_room) {
        log->column_room = log->column_room ? 2 * log->column_room : 64;
        log->column = grown(log->column, log->column_room, sizeof *log->column);
    }
    log->column[log->column_count] =
        (struct fore_query_column){.name = fore_arena_strdup(&log->names, name), .table = table};
    return (uint16_t)log->column_count++;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* An IEEE double's bits ascend with its value once negative ones are turned round. */
static uint64_t order_of_number(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static bool number(const char *text, size_t len, double *value)
{
    char copy[40], *end;
    if (len == 0 || len >= sizeof copy || strchr("+-.0123456789", text[0]) == NULL) return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *value = strtod(copy, &end);
    return *end == '\0' && isfinite(*value);
}

/* "2026-03-01 12:00:00.25": its digits in a row ascend as time does; no calendar is needed. */
static bool moment(const char *text, size_t len, double *value)
{
    static const char shape[] = "dddd-dd-dd dd:dd:dd";
    double digits = 0;
    if (len < 10) return false;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        char c = i < len ? text[i] : '0';
        bool digit = c >= '0' && c <= '9';
        if (shape[i] == 'd' && !digit) return false;
        if (i < len && shape[i] != 'd' && c != shape[i] && !(shape[i] == ' ' && c == 'T'))
            return false;
        if (shape[i] == 'd') digits = digits * 10 + (c - '0');
    }
    double fraction = 0;
    if (len > 20 && text[19] == '.') (void)number(text + 19, len < 26 ? len - 19 : 7, &fraction);
    *value = digits + fraction;
    return true;
}

void fore_query_log_value(struct fore_query_term *term, const char *text, size_t len)
{
    double value;
    term->hash = fore_hash_bytes(text, len, 0);
    if (number(text, len, &value) || moment(text, len, &value)) {
        term->order = order_of_number(value);
        return;
    }
    term->order = 0;
    for (size_t i = 0; i < 8; i++)
        term->order = term->order << 8 | (i < len ? (unsigned char)text[i] : 0);
}

/* ---- queries --------------------------------------------------------------------------------- */

static void put_term(struct fore_query_log *log, struct fore_query *query,
                     const struct fore_query_term *term)
{
    if (query->terms == FORE_QUERY_TERMS_MAX) return;
    if (log->term_count == log->term_room) {
        log->term_room = log->term_room ? 2 * log->term_room : 4096;
        log->term = grown(log->term, log->term_room, sizeof *log->term);
    }
    log->term[log->term_count++] = *term;
    query->terms++;
}

/* The query says once that it touches this table. */
static void put_table(struct fore_query_log *log, struct fore_query *query, uint16_t table)
{
    for (size_t i = 0; i < query->terms; i++) {
        const struct fore_query_term *seen = &log->term[query->term + i];
        if (seen->role == FORE_TERM_TABLE && seen->column == table) return;
    }
    struct fore_query_term term = {.role = FORE_TERM_TABLE, .column = table};
    put_term(log, query, &term);
    log->table[table].queries++;
    log->table[table].writes += query->op == FORE_QUERY_WRITE;
    log->table[table].inserts += query->adds;
}

void fore_query_log_add(struct fore_query_log *log, struct fore_query query,
                        const struct fore_query_term *term, size_t terms)
{
    if (log->query_count == log->query_room) {
        log->query_room = log->query_room ? 2 * log->query_room : 1024;
        log->query = grown(log->query, log->query_room, sizeof *log->query);
    }
    if (log->query_count > 0 && query.t < log->query[log->query_count - 1].t)
        query.t = log->query[log->query_count - 1].t;
    query.term = log->term_count;
    query.terms = 0;
    for (size_t i = 0; i < terms; i++) {
        bool is_table = term[i].role == FORE_TERM_TABLE;
        put_table(log, &query, is_table ? term[i].column : log->column[term[i].column].table);
        if (term[i].role == FORE_TERM_JOIN)
            put_table(log, &query, log->column[term[i].other].table);
    }
    for (size_t i = 0; i < terms; i++)
        if (term[i].role != FORE_TERM_TABLE) put_term(log, &query, &term[i]);
    log->has_bytes = log->has_bytes || query.bytes > 0;
    log->query[log->query_count++] = query;
}

size_t fore_query_log_at(const struct fore_query_log *log, fore_ns t)
{
    size_t low = 0, high = log->query_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->query[middle].t < t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

fore_ns fore_query_log_span(const struct fore_query_log *log)
{
    return log->query_count > 0 ? log->query[log->query_count - 1].t + 1 : 0;
}
