/*
 * column_advice.c - queries as sets of columns -> the best cut in two (column_cut.h).
 *
 * The main group keeps the most used atom. What a split costs is a sum over the different sets of
 * columns that queries use, at most FORE_COLUMN_PATTERNS of them (the rest, the rarest, count as
 * whole rows).
 */
#include "core/advise/column_advice.h"

#include <stdlib.h>
#include <string.h>

static const double key_bytes = 8;    /* of a row, in every group */
static const double visit_bytes = 32; /* what a second visit costs, as bytes read */
static const double worth_least = 0.1;

struct splitting {
    const struct fore_query_log *log;
    struct fore_column_advice *advice;
    double width[FORE_COLUMN_COLUMNS];
    struct fore_column_pattern pattern[FORE_COLUMN_PATTERNS]; /* bit i: the i-th most used column */
    size_t patterns;
};

static bool uses(const struct fore_query_term *term)
{
    return term->role != FORE_TERM_TABLE;
}

static int by_use(const void *a, const void *b)
{
    const struct fore_column_use *x = a, *y = b;
    if (x->queries > y->queries || x->queries < y->queries) return x->queries > y->queries ? -1 : 1;
    return x->column < y->column ? -1 : 1;
}

/* The set of the table's columns a query uses, by their numbers in the advice. An insert writes
 * every column there is. */
static uint64_t columns_of(const struct splitting *s, const struct fore_query *query)
{
    uint64_t set = 0;
    FORE_ASSERT(s->advice->columns > 0);
    for (size_t i = 0; i < query->terms; i++) {
        const struct fore_query_term *term = &s->log->term[query->term + i];
        for (size_t c = 0; uses(term) && c < s->advice->columns; c++)
            if (s->advice->column[c].column == term->column ||
                (term->role == FORE_TERM_JOIN && s->advice->column[c].column == term->other))
                set |= UINT64_C(1) << c;
    }
    return query->adds ? UINT64_MAX >> (64 - s->advice->columns) : set;
}

static void list_columns(struct splitting *s, uint16_t table, size_t from, size_t to,
                         struct fore_arena *arena)
{
    struct fore_column_use *use = FORE_NEW(arena, struct fore_column_use, s->log->column_count);
    uint32_t *number = FORE_NEW(arena, uint32_t, s->log->column_count);
    size_t count = 0;
    for (uint32_t c = 0; c < s->log->column_count; c++) {
        number[c] = UINT32_MAX;
        if (s->log->column[c].table != table) continue;
        number[c] = (uint32_t)count;
        use[count++].column = (uint16_t)c;
    }
    for (size_t q = from; q < to; q++)
        for (size_t i = 0; i < s->log->query[q].terms; i++) {
            const struct fore_query_term *term = &s->log->term[s->log->query[q].term + i];
            if (uses(term) && number[term->column] != UINT32_MAX)
                use[number[term->column]].queries++;
        }
    qsort(use, count, sizeof *use, by_use);
    s->advice->column = use;
    s->advice->columns = count < FORE_COLUMN_COLUMNS ? count : FORE_COLUMN_COLUMNS;
    for (size_t c = 0; c < s->advice->columns; c++)
        s->width[c] = s->log->column[use[c].column].width;
}

static void count_patterns(struct splitting *s, size_t from, size_t to)
{
    for (size_t q = from; q < to; q++) {
        uint64_t set = columns_of(s, &s->log->query[q]);
        if (set == 0) continue;
        if (s->log->query[q].adds && s->log->query[q].terms < 2) continue;
        s->advice->queries++;
        size_t i = 0;
        while (i < s->patterns && s->pattern[i].columns != set)
            i++;
        if (i == FORE_COLUMN_PATTERNS) { /* a rare one more: as if it used everything */
            i = FORE_COLUMN_PATTERNS - 1;
            s->pattern[i].columns |= set;
        }
        if (i == s->patterns) s->pattern[s->patterns++].columns = set;
        s->pattern[i].queries++;
    }
}

struct fore_column_advice fore_column_advise(const struct fore_query_log *log, uint16_t table,
                                             size_t from, size_t to, struct fore_arena *arena,
                                             struct fore_arena *scratch)
{
    struct fore_column_advice advice = {.exact = true};
    struct splitting *s = FORE_NEW(scratch, struct splitting, 1);
    s->log = log;
    s->advice = &advice;
    list_columns(s, table, from, to, arena);
    if (advice.columns == 0) return advice;
    count_patterns(s, from, to);
    for (size_t c = 0; c < advice.columns; c++)
        advice.row_bytes += s->width[c];
    const struct fore_column_uses uses = {.width = s->width,
                                          .columns = advice.columns,
                                          .pattern = s->pattern,
                                          .patterns = s->patterns,
                                          .key_bytes = key_bytes,
                                          .visit_bytes = visit_bytes};
    struct fore_column_cut cut = fore_column_cut_best(&uses, FORE_COLUMN_ATOMS);
    advice.atoms = cut.atoms;
    advice.exact = cut.exact;
    advice.bytes_before = cut.before;
    advice.bytes_after = cut.after;
    for (size_t c = 0; c < advice.columns; c++) {
        advice.column[c].apart = cut.apart >> c & 1;
        if (advice.column[c].apart) advice.apart_bytes += s->width[c];
    }
    advice.spanning_share = advice.queries > 0 ? cut.spanning / advice.queries : 0;
    advice.worth = cut.apart != 0 && advice.bytes_after < (1 - worth_least) * advice.bytes_before;
    return advice;
}
