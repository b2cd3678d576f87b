/*
 * column_advice.c - queries as sets of columns -> atoms -> every split in two.
 *
 * The main group keeps the most used atom. What a split costs is a sum over the different sets of
 * columns that queries use, at most PATTERNS of them (the rest, the rarest, count as whole rows).
 */
#include "core/decide/column_advice.h"

#include <stdlib.h>
#include <string.h>

enum { PATTERNS = 128 };
static const double key_bytes = 8;    /* of a row, in every group */
static const double visit_bytes = 32; /* what a second visit costs, as bytes read */
static const double worth_least = 0.1;

struct pattern {
    uint64_t columns; /* bit i: the table's i-th most used column */
    uint32_t atoms;
    double queries;
};
struct splitting {
    const struct fore_query_log *log;
    struct fore_column_advice *advice;
    double width[FORE_COLUMN_COLUMNS];
    uint32_t atom_of[FORE_COLUMN_COLUMNS];
    double atom_width[FORE_COLUMN_ATOMS];
    struct pattern pattern[PATTERNS];
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
        if (i == PATTERNS) { /* a rare one more: as if it used everything */
            i = PATTERNS - 1;
            s->pattern[i].columns |= set;
        }
        if (i == s->patterns) s->pattern[s->patterns++].columns = set;
        s->pattern[i].queries++;
    }
}

static bool same_use(const struct splitting *s, size_t a, size_t b)
{
    for (size_t i = 0; i < s->patterns; i++)
        if ((s->pattern[i].columns >> a & 1) != (s->pattern[i].columns >> b & 1)) return false;
    return true;
}

static void make_atoms(struct splitting *s)
{
    size_t atoms = 0;
    s->advice->exact = true;
    for (size_t c = 0; c < s->advice->columns; c++) {
        size_t twin = 0;
        while (twin < c && !same_use(s, twin, c))
            twin++;
        if (twin < c) {
            s->atom_of[c] = s->atom_of[twin];
        } else if (atoms < FORE_COLUMN_ATOMS) {
            s->atom_of[c] = (uint32_t)atoms++;
        } else {
            s->atom_of[c] = FORE_COLUMN_ATOMS - 1;
            s->advice->exact = false;
        }
        s->atom_width[s->atom_of[c]] += s->width[c];
    }
    for (size_t i = 0; i < s->patterns; i++)
        for (size_t c = 0; c < s->advice->columns; c++)
            if (s->pattern[i].columns >> c & 1) s->pattern[i].atoms |= UINT32_C(1) << s->atom_of[c];
    s->advice->atoms = atoms;
}

/* Bytes that all queries read when the atoms in `apart` are split off. */
static double cost(const struct splitting *s, uint32_t apart, double row, double apart_width)
{
    double sum = 0, main_row = row - apart_width + key_bytes, apart_row = apart_width + key_bytes;
    for (size_t i = 0; i < s->patterns; i++) {
        const struct pattern *p = &s->pattern[i];
        double bytes = 0;
        if (p->atoms & ~apart) bytes += main_row;
        if (p->atoms & apart) bytes += apart_row;
        if ((p->atoms & ~apart) && (p->atoms & apart)) bytes += visit_bytes;
        sum += p->queries * bytes;
    }
    return sum;
}

static uint32_t best_split(const struct splitting *s, double row, double *least)
{
    uint32_t best = 0;
    double width = 0;
    *least = cost(s, 0, row, 0);
    /* Gray code over the atoms but the first: one atom changes sides at a time. */
    for (uint32_t n = 1, apart = 0;
         s->advice->atoms > 1 && n < UINT32_C(1) << (s->advice->atoms - 1); n++) {
        int flipped = __builtin_ctz(n) + 1;
        apart ^= UINT32_C(1) << flipped;
        width += apart >> flipped & 1 ? s->atom_width[flipped] : -s->atom_width[flipped];
        double bytes = cost(s, apart, row, width);
        if (bytes >= *least) continue;
        *least = bytes;
        best = apart;
    }
    return best;
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
    make_atoms(s);
    for (size_t c = 0; c < advice.columns; c++)
        advice.row_bytes += s->width[c];
    advice.bytes_before = cost(s, 0, advice.row_bytes, 0);
    uint32_t apart = best_split(s, advice.row_bytes, &advice.bytes_after);
    for (size_t c = 0; c < advice.columns; c++) {
        advice.column[c].apart = apart >> s->atom_of[c] & 1;
        if (advice.column[c].apart) advice.apart_bytes += s->width[c];
    }
    double spanning = 0;
    for (size_t i = 0; i < s->patterns; i++)
        if ((s->pattern[i].atoms & apart) && (s->pattern[i].atoms & ~apart))
            spanning += s->pattern[i].queries;
    advice.spanning_share = advice.queries > 0 ? spanning / advice.queries : 0;
    advice.worth = apart != 0 && advice.bytes_after < (1 - worth_least) * advice.bytes_before;
    return advice;
}
