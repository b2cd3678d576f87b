/* column_width.c - widths of columns that nobody told. */
#include "core/advise/column_advice.h"

enum { SWEEPS = 200, SAMPLES = 4096 };
static const double assumed_width = 8, visible_least = 20;

struct fitting { /* of one table: sizes as sums of the widths of the columns read */
    uint16_t column[FORE_COLUMN_COLUMNS];
    size_t columns;
    double gram[FORE_COLUMN_COLUMNS][FORE_COLUMN_COLUMNS], right[FORE_COLUMN_COLUMNS];
    double width[FORE_COLUMN_COLUMNS];
};

static size_t number_of(struct fitting *f, uint16_t column)
{
    size_t i = 0;
    while (i < f->columns && f->column[i] != column)
        i++;
    if (i == f->columns && i < FORE_COLUMN_COLUMNS) f->column[f->columns++] = column;
    return i;
}

/* Only reads say what a column weighs: their size is that of their columns. */
static void add_query(struct fitting *f, const struct fore_query_log *log,
                      const struct fore_query *query)
{
    const struct fore_query_term *term = &log->term[query->term];
    size_t in[FORE_COLUMN_COLUMNS], count = 0;
    if (query->bytes == 0 || query->op != FORE_QUERY_READ) return;
    for (size_t i = 0; i < query->terms; i++) {
        if (term[i].role == FORE_TERM_JOIN) return;
        if (term[i].role != FORE_TERM_READ) continue;
        size_t number = number_of(f, term[i].column);
        if (number == FORE_COLUMN_COLUMNS || count == FORE_COLUMN_COLUMNS) return;
        bool seen = false;
        for (size_t k = 0; k < count; k++)
            seen = seen || in[k] == number;
        if (!seen) in[count++] = number;
    }
    for (size_t a = 0; a < count; a++) {
        f->right[in[a]] += query->bytes;
        for (size_t b = 0; b < count; b++)
            f->gram[in[a]][in[b]]++;
    }
}

/* Non-negative least squares by coordinate descent: small, and convex. */
static void solve(struct fitting *f)
{
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t a = 0; a < f->columns; a++) {
            double rest = f->right[a];
            for (size_t b = 0; b < f->columns; b++)
                if (b != a) rest -= f->gram[a][b] * f->width[b];
            f->width[a] = f->gram[a][a] > 0 && rest > 0 ? rest / f->gram[a][a] : 0;
        }
}

static void fit_table(struct fore_query_log *log, uint16_t table, struct fore_arena *scratch)
{
    struct fitting *f = FORE_NEW(scratch, struct fitting, 1);
    size_t step = log->query_count / ((size_t)64 * SAMPLES) + 1;
    for (size_t q = 0; q < log->query_count; q += step) {
        const struct fore_query *query = &log->query[q];
        const struct fore_query_term *first = &log->term[query->term];
        bool alone = query->terms > 1 && first->column == table && first[1].role != FORE_TERM_TABLE;
        if (alone) add_query(f, log, query);
    }
    solve(f);
    for (size_t i = 0; i < f->columns; i++) {
        struct fore_query_column *column = &log->column[f->column[i]];
        if (column->width_source == FORE_WIDTH_TOLD || f->gram[i][i] < visible_least) continue;
        column->width = f->width[i] < 1 ? 1 : f->width[i];
        column->width_source = FORE_WIDTH_SIZES;
    }
}

void fore_column_widths(struct fore_query_log *log, struct fore_arena *scratch)
{
    for (uint32_t c = 0; c < log->column_count; c++) {
        struct fore_query_column *column = &log->column[c];
        if (column->width_source == FORE_WIDTH_TOLD) continue;
        bool seen = column->values > 0 && column->value_bytes > 0;
        column->width = seen ? (double)column->value_bytes / (double)column->values : assumed_width;
        column->width_source = seen ? FORE_WIDTH_VALUES : FORE_WIDTH_ASSUMED;
    }
    for (uint32_t t = 0; log->has_bytes && t < log->table_count; t++) {
        struct fore_arena_mark mark = fore_arena_mark(scratch);
        fit_table(log, (uint16_t)t, scratch);
        fore_arena_reset(scratch, mark);
    }
}
