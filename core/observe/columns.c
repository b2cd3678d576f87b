/*
 * columns.c - see columns.h. A summary is a handful of counters in no order, looked through from
 * end to end: for sixteen of them that is quicker than keeping any.
 */
#include "core/observe/columns.h"

#include <math.h>
#include <stdlib.h>

struct summary {
    struct fore_column_set set[FORE_COLUMNS_SETS]; /* weight 0: free */
    double rest, samples;
    fore_ns at; /* decayed up to here */
};

struct fore_columns {
    struct summary *of; /* [partition_cap] */
    uint32_t partition_cap;
    fore_ns half_life; /* 0: never forgets */
};

struct fore_columns *fore_columns_create(uint32_t partition_cap, fore_ns half_life)
{
    struct fore_columns *columns = calloc(1, sizeof *columns);
    FORE_ASSERT(columns != NULL);
    columns->of = calloc(partition_cap > 0 ? partition_cap : 1, sizeof *columns->of);
    FORE_ASSERT(columns->of != NULL);
    columns->partition_cap = partition_cap;
    columns->half_life = half_life;
    return columns;
}

void fore_columns_destroy(struct fore_columns *columns)
{
    if (columns == NULL) return;
    free(columns->of);
    free(columns);
}

size_t fore_columns_bytes(const struct fore_columns *columns)
{
    return sizeof *columns + columns->partition_cap * sizeof *columns->of;
}

static struct summary *summary_of(const struct fore_columns *columns, uint32_t partition)
{
    FORE_ASSERT(partition < columns->partition_cap);
    return &columns->of[partition];
}

static void scale(struct summary *summary, double factor)
{
    for (int i = 0; i < FORE_COLUMNS_SETS; i++)
        summary->set[i].weight *= factor;
    summary->rest *= factor;
    summary->samples *= factor;
}

static void decay(struct summary *summary, fore_ns now, fore_ns half_life)
{
    if (now <= summary->at) return;
    if (half_life > 0 && summary->at > 0)
        scale(summary, exp2(-(double)(now - summary->at) / (double)half_life));
    summary->at = now;
}

static struct fore_column_set *least(struct summary *summary)
{
    struct fore_column_set *least = &summary->set[0];
    for (int i = 1; i < FORE_COLUMNS_SETS; i++)
        if (summary->set[i].weight < least->weight) least = &summary->set[i];
    return least;
}

static void count(struct summary *summary, uint64_t set, double weight)
{
    if (set == 0) {
        summary->rest += weight;
        return;
    }
    for (int i = 0; i < FORE_COLUMNS_SETS; i++)
        if (summary->set[i].columns == set && summary->set[i].weight > 0) {
            summary->set[i].weight += weight;
            return;
        }
    struct fore_column_set *room = least(summary);
    double taken = fmin(room->weight, weight);
    for (int i = 0; taken > 0 && i < FORE_COLUMNS_SETS; i++)
        summary->set[i].weight -= taken;
    summary->rest += taken > 0 ? taken * (FORE_COLUMNS_SETS + 1) : 0;
    if (weight > taken) *room = (struct fore_column_set){.columns = set, .weight = weight - taken};
}

void fore_columns_add(struct fore_columns *columns, fore_ns now, uint32_t partition, uint64_t set,
                      double weight)
{
    struct summary *summary = summary_of(columns, partition);
    if (!(weight > 0)) return;
    decay(summary, now, columns->half_life);
    summary->samples++;
    count(summary, set, weight);
}

static int heavier(const void *a, const void *b)
{
    const struct fore_column_set *x = a, *y = b;
    if (x->weight > y->weight || x->weight < y->weight) return x->weight > y->weight ? -1 : 1;
    return x->columns < y->columns ? -1 : x->columns > y->columns;
}

size_t fore_columns_read(const struct fore_columns *columns, uint32_t partition,
                         struct fore_column_set out[FORE_COLUMNS_SETS], double *rest)
{
    const struct summary *summary = summary_of(columns, partition);
    size_t n = 0;
    for (int i = 0; i < FORE_COLUMNS_SETS; i++)
        if (summary->set[i].weight > 0) out[n++] = summary->set[i];
    qsort(out, n, sizeof *out, heavier);
    *rest = summary->rest;
    return n;
}

double fore_columns_samples(const struct fore_columns *columns, uint32_t partition)
{
    return summary_of(columns, partition)->samples;
}

double fore_columns_total(const struct fore_columns *columns, uint32_t partition)
{
    const struct summary *summary = summary_of(columns, partition);
    double sum = summary->rest;
    for (int i = 0; i < FORE_COLUMNS_SETS; i++)
        sum += summary->set[i].weight;
    return sum;
}

void fore_columns_forget(struct fore_columns *columns, uint32_t partition)
{
    *summary_of(columns, partition) = (struct summary){.rest = 0};
}

void fore_columns_split(struct fore_columns *columns, uint32_t left, uint32_t right,
                        double right_share)
{
    FORE_ASSERT(left != right && right_share >= 0 && right_share <= 1);
    struct summary *l = summary_of(columns, left), *r = summary_of(columns, right);
    *r = *l;
    scale(r, right_share);
    scale(l, 1 - right_share);
}

void fore_columns_merge(struct fore_columns *columns, uint32_t left, uint32_t right)
{
    FORE_ASSERT(left != right);
    struct summary *l = summary_of(columns, left), *r = summary_of(columns, right);
    fore_ns now = l->at > r->at ? l->at : r->at;
    decay(l, now, columns->half_life);
    decay(r, now, columns->half_life);
    for (int i = 0; i < FORE_COLUMNS_SETS; i++)
        if (r->set[i].weight > 0) count(l, r->set[i].columns, r->set[i].weight);
    l->rest += r->rest;
    l->samples += r->samples;
    *r = (struct summary){.rest = 0};
}
