/*
 * key_facts.c - a key's facts in one pass over the log. Distinct values by distinct.h, the most
 * frequent value by Space-Saving (observe/hotkeys.h), monotony by Spearman's coefficient over at
 * most 2,048 values spread over the time.
 */
#include <math.h>
#include <stdlib.h>

#include "core/advise/distinct.h"
#include "core/advise/key_advice.h"
#include "core/base/hash.h"
#include "core/observe/hotkeys.h"

enum { COUNTERS = 512, ROWS = 64, RANKED = 2048 };
static const fore_ns forever = 100000 * UINT64_C(86400) * FORE_SEC; /* hot keys do not fade */

struct ranked {
    uint64_t order;
    size_t at;
};
struct measuring {
    struct fore_distinct distinct;
    struct fore_hotkeys *hot;
    double rows;
    struct ranked *insert, *any; /* every so many-th value of the first column, in time order */
    size_t inserts, anys, insert_every, any_every, insert_seen, any_seen;
};

static int by_order(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Spearman with mean ranks for ties, as Pearson's coefficient of the ranks. */
static double spearman(struct ranked *value, size_t n)
{
    if (n < 16) return (double)NAN;
    for (size_t i = 0; i < n; i++)
        value[i].at = i;
    qsort(value, n, sizeof *value, by_order);
    double mean = ((double)n - 1) / 2, xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && value[end].order == value[i].order)
            end++;
        double rank = ((double)i + (double)end - 1) / 2 - mean;
        for (; i < end; i++) {
            double time = (double)value[i].at - mean;
            xy += rank * time;
            xx += rank * rank;
            yy += time * time;
        }
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

/* Keeps the values spread over the time: when the array is full, every second one goes. */
static void keep(struct ranked *value, size_t *count, size_t *every, size_t *seen, uint64_t order)
{
    if ((*seen)++ % *every != 0) return;
    if (*count == RANKED) {
        for (size_t i = 0; i < RANKED / 2; i++)
            value[i] = value[2 * i];
        *count = RANKED / 2;
        *every *= 2;
        if ((*seen - 1) % *every != 0) return;
    }
    value[(*count)++].order = order;
}

static void take(struct measuring *m, const struct fore_query *query,
                 const struct fore_key_row *row, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        (void)fore_distinct_add(&m->distinct, row[r].hash);
        fore_hotkeys_add(m->hot, 0, row[r].hash, 1.0 / (double)rows);
        m->rows += 1.0 / (double)rows;
        keep(m->any, &m->anys, &m->any_every, &m->any_seen, row[r].value.order[0]);
        if (query->adds)
            keep(m->insert, &m->inserts, &m->insert_every, &m->insert_seen, row[r].value.order[0]);
    }
}

struct fore_key_facts fore_key_measure(const struct fore_key_request *request,
                                       const struct fore_key *key, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_key_facts facts = {.monotone = (double)NAN};
    struct fore_key_row row[ROWS];
    struct measuring m = {.distinct = fore_distinct_make(scratch),
                          .hot = fore_hotkeys_create(COUNTERS, forever),
                          .insert = FORE_NEW(scratch, struct ranked, RANKED),
                          .any = FORE_NEW(scratch, struct ranked, RANKED),
                          .insert_every = 1,
                          .any_every = 1};
    double inserts = 0, writes = 0;
    for (size_t q = request->from; q < request->to; q++) {
        const struct fore_query *query = &request->log->query[q];
        if (!fore_query_touches(request->log, query, request->table)) continue;
        facts.queries++;
        inserts += query->adds;
        writes += query->op == FORE_QUERY_WRITE;
        size_t rows = fore_key_rows(request->log, query, key, row, ROWS);
        facts.bound += rows > 0;
        if (rows == 0 && key->columns > 0 && /* a range is as good as the value it begins with */
            fore_key_beginning(request->log, query, key, &row[0].value)) {
            row[0].hash = fore_hash_bytes(&row[0].value, sizeof row[0].value, 0);
            rows = 1;
        }
        take(&m, query, row, rows);
    }
    struct fore_hotkey top;
    if (key->columns > 0 && fore_hotkeys_top(m.hot, &top, 1) == 1 && m.rows > 0)
        facts.top_share = (top.count - top.error) / m.rows;
    facts.distinct = fore_distinct_count(&m.distinct);
    facts.distinct_exact = fore_distinct_is_exact(&m.distinct);
    facts.monotone = m.inserts >= 16 ? spearman(m.insert, m.inserts) : spearman(m.any, m.anys);
    facts.insert_share = facts.queries > 0 ? inserts / (double)facts.queries : 0;
    facts.write_share = facts.queries > 0 ? writes / (double)facts.queries : 0;
    fore_hotkeys_destroy(m.hot);
    fore_arena_reset(scratch, mark);
    return facts;
}
