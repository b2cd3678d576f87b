/* key_route.c - bound columns -> rows -> partitions. */
#include "core/advise/key_route.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"

enum { ROWS_MAX = 64, CUT_SAMPLES = 1 << 15 };

struct bound { /* the values a query gives one column */
    const struct fore_query_term *term[ROWS_MAX];
    size_t count;
    uint64_t least, most; /* by comparisons */
    bool compared;
};

bool fore_query_touches(const struct fore_query_log *log, const struct fore_query *query,
                        uint16_t table)
{
    const struct fore_query_term *term = &log->term[query->term];
    for (size_t i = 0; i < query->terms && term[i].role == FORE_TERM_TABLE; i++)
        if (term[i].column == table) return true;
    return false;
}

static void bind_direct(const struct fore_query_log *log, const struct fore_query *query,
                        uint16_t column, struct bound *out)
{
    const struct fore_query_term *term = &log->term[query->term];
    for (size_t i = 0; i < query->terms; i++) {
        if (term[i].column != column) continue;
        bool equal = term[i].role == FORE_TERM_EQUAL || term[i].role == FORE_TERM_INSERT;
        if (equal && out->count < ROWS_MAX) out->term[out->count++] = &term[i];
        if (term[i].role == FORE_TERM_LEAST && term[i].order > out->least)
            out->least = term[i].order;
        if (term[i].role == FORE_TERM_MOST && term[i].order < out->most) out->most = term[i].order;
        out->compared =
            out->compared || term[i].role == FORE_TERM_LEAST || term[i].role == FORE_TERM_MOST;
    }
}

/* Directly, or through one equation with another table's column. */
static void bind(const struct fore_query_log *log, const struct fore_query *query, uint16_t column,
                 struct bound *out)
{
    out->count = 0;
    out->least = 0;
    out->most = UINT64_MAX;
    out->compared = false;
    bind_direct(log, query, column, out);
    const struct fore_query_term *term = &log->term[query->term];
    for (size_t i = 0; out->count == 0 && i < query->terms; i++) {
        if (term[i].role != FORE_TERM_JOIN) continue;
        if (term[i].column == column) bind_direct(log, query, term[i].other, out);
        if (term[i].other == column) bind_direct(log, query, term[i].column, out);
    }
}

/* Rows over the first `columns` columns: values of equal `row` go together, a lone value with all.
 * Lists of different lengths (a IN (1,2) AND b IN (3,4,5)) are not one list of rows: 0. */
static size_t rows_of(const struct bound *bound, size_t columns, struct fore_key_row *out,
                      size_t cap)
{
    size_t rows = 1;
    for (size_t c = 0; c < columns; c++) {
        if (bound[c].count == 0) return 0;
        if (bound[c].count == 1 || bound[c].count == rows) continue;
        if (rows > 1) return 0;
        rows = bound[c].count;
    }
    if (rows > cap) return 0;
    for (size_t r = 0; r < rows; r++) {
        out[r] = (struct fore_key_row){.hash = 0};
        for (size_t c = 0; c < columns; c++) {
            const struct fore_query_term *term = bound[c].term[bound[c].count == 1 ? 0 : r];
            out[r].hash =
                c == 0 ? fore_hash_u64(term->hash, 1) : fore_hash_u64(out[r].hash ^ term->hash, c);
            out[r].value.order[c] = term->order;
        }
    }
    return rows;
}

size_t fore_key_rows(const struct fore_query_log *log, const struct fore_query *query,
                     const struct fore_key *key, struct fore_key_row *out, size_t cap)
{
    struct bound bound[FORE_KEY_COLUMNS];
    for (size_t c = 0; c < key->columns; c++)
        bind(log, query, key->column[c], &bound[c]);
    return rows_of(bound, key->columns, out, cap < ROWS_MAX ? cap : ROWS_MAX);
}

static int compare(const struct fore_key_tuple *a, const struct fore_key_tuple *b)
{
    for (int c = 0; c < FORE_KEY_COLUMNS; c++)
        if (a->order[c] != b->order[c]) return a->order[c] < b->order[c] ? -1 : 1;
    return 0;
}

static uint32_t partition_of(const struct fore_key_layout *layout,
                             const struct fore_key_tuple *value)
{
    uint32_t low = 0, high = layout->cuts;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (compare(&layout->cut[middle], value) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Bits first..last. */
static uint64_t bits(uint32_t first, uint32_t last)
{
    if (last < first) last = first;
    uint64_t upto = last == 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;
    return upto & ~((UINT64_C(1) << first) - 1);
}

/* As many leading columns as are bound, then one comparison. */
static uint64_t route_range(const struct bound *bound, const struct fore_key_layout *layout)
{
    struct fore_key_row row[ROWS_MAX];
    size_t columns = layout->key.columns, prefix = 0, rows = 0;
    while (prefix < columns) {
        size_t more = rows_of(bound, prefix + 1, row, ROWS_MAX);
        if (more == 0) break;
        rows = more;
        prefix++;
    }
    if (prefix == 0)
        row[rows++] = (struct fore_key_row){.hash = 0};
    else
        rows = rows_of(bound, prefix, row, ROWS_MAX);
    uint64_t set = 0;
    for (size_t r = 0; r < rows; r++) {
        struct fore_key_tuple low = row[r].value, high = row[r].value;
        for (size_t c = prefix; c < FORE_KEY_COLUMNS; c++) {
            low.order[c] = c == prefix && c < columns ? bound[c].least : 0;
            high.order[c] = c == prefix && c < columns ? bound[c].most
                            : c < columns              ? UINT64_MAX
                                                       : 0;
        }
        set |= bits(partition_of(layout, &low), partition_of(layout, &high));
    }
    return set;
}

static uint64_t every(const struct fore_key_layout *layout)
{
    return layout->key.kind == FORE_KEY_RANGE ? bits(0, layout->cuts) : UINT64_MAX;
}

uint64_t fore_key_route(const struct fore_query_log *log, const struct fore_query *query,
                        const struct fore_key_layout *layout)
{
    struct bound bound[FORE_KEY_COLUMNS];
    memset(bound, 0, sizeof bound);
    if (layout->key.kind == FORE_KEY_COPY) return UINT64_MAX;
    for (size_t c = 0; c < layout->key.columns; c++)
        bind(log, query, layout->key.column[c], &bound[c]);
    if (layout->key.kind == FORE_KEY_RANGE) {
        bool any = bound[0].count > 0 || bound[0].compared;
        return any ? route_range(bound, layout) : every(layout);
    }
    struct fore_key_row row[ROWS_MAX];
    size_t rows = rows_of(bound, layout->key.columns, row, ROWS_MAX);
    uint64_t set = 0;
    for (size_t r = 0; r < rows; r++)
        set |= UINT64_C(1) << (row[r].hash >> 58);
    return rows > 0 ? set : every(layout);
}

/* ---- cuts ------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    return compare(a, b);
}

bool fore_key_beginning(const struct fore_query_log *log, const struct fore_query *query,
                        const struct fore_key *key, struct fore_key_tuple *out)
{
    *out = (struct fore_key_tuple){{0}};
    for (size_t c = 0; c < key->columns; c++) {
        struct bound bound;
        bind(log, query, key->column[c], &bound);
        if (bound.count > 0) {
            out->order[c] = bound.term[0]->order;
            continue;
        }
        if (!bound.compared) return c > 0;
        out->order[c] = bound.least > 0 ? bound.least : bound.most;
        return true;
    }
    return true;
}

void fore_key_cut(const struct fore_query_log *log, uint16_t table, size_t from, size_t to,
                  struct fore_key_layout *layout, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_key_tuple *sample = FORE_NEW(scratch, struct fore_key_tuple, CUT_SAMPLES);
    size_t count = 0, every_nth = (to - from) / CUT_SAMPLES + 1;
    for (size_t q = from; q < to && count < CUT_SAMPLES; q += every_nth)
        if (fore_query_touches(log, &log->query[q], table) &&
            fore_key_beginning(log, &log->query[q], &layout->key, &sample[count]))
            count++;
    qsort(sample, count, sizeof *sample, by_value);
    layout->cuts = 0;
    for (uint32_t p = 1; p < FORE_KEY_PARTITIONS && count > 0; p++) {
        const struct fore_key_tuple *at = &sample[p * count / FORE_KEY_PARTITIONS];
        const struct fore_key_tuple *before =
            layout->cuts > 0 ? &layout->cut[layout->cuts - 1] : &sample[0];
        if (compare(before, at) < 0) layout->cut[layout->cuts++] = *at;
    }
    fore_arena_reset(scratch, mark);
}
