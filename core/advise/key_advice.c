/*
 * key_advice.c - columns bound together -> candidates -> the hopeless pruned.
 *
 * Which columns are bound together is counted as sets: bit i is the i-th of the table's most often
 * bound columns. A set that only inserts bind is no evidence for a composite key, because an insert
 * binds everything.
 */
#include "core/advise/key_advice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SINGLES = 8, SETS = 1 << SINGLES, COMPOSITES = 8 };
static const double single_least = 0.01, together_least = 0.03;
static const double copy_writes_most = 0.2, copy_rows_most = 2000, copy_new_most = 0.1;

struct gathering {
    const struct fore_key_request *request;
    uint16_t column[SINGLES]; /* most often bound first */
    size_t columns;
    double asked[SETS]; /* queries other than inserts, by the set of columns they bind */
    double queries;     /* of that kind */
    struct fore_key_candidate *out;
    size_t count;
};

static bool binds(const struct fore_query_term *term)
{
    return term->role == FORE_TERM_EQUAL || term->role == FORE_TERM_INSERT ||
           term->role == FORE_TERM_LEAST || term->role == FORE_TERM_MOST;
}

static bool same_table(const struct gathering *g, uint16_t column)
{
    return g->request->log->column[column].table == g->request->table;
}

/* Binding terms of this table's columns count for their column, and so does being joined. */
static void count_columns(const struct gathering *g, double *bound)
{
    const struct fore_query_log *log = g->request->log;
    for (size_t q = g->request->from; q < g->request->to; q++) {
        const struct fore_query_term *term = &log->term[log->query[q].term];
        double weight = log->query[q].adds ? 0.01 : 1;
        for (size_t i = 0; i < log->query[q].terms; i++) {
            if (term[i].role == FORE_TERM_TABLE) continue;
            if (binds(&term[i]) && same_table(g, term[i].column) && term[i].row == 0)
                bound[term[i].column] += weight;
            if (term[i].role != FORE_TERM_JOIN) continue;
            if (same_table(g, term[i].column)) bound[term[i].column] += weight;
            if (same_table(g, term[i].other)) bound[term[i].other] += weight;
        }
    }
}

static void choose_columns(struct gathering *g, struct fore_arena *scratch)
{
    const struct fore_query_log *log = g->request->log;
    double *bound = FORE_NEW(scratch, double, log->column_count);
    count_columns(g, bound);
    double queries = 0;
    for (uint32_t c = 0; c < log->column_count; c++)
        queries = bound[c] > queries ? bound[c] : queries;
    while (g->columns < SINGLES) {
        uint32_t best = UINT32_MAX;
        for (uint32_t c = 0; c < log->column_count; c++)
            if (bound[c] > single_least * queries && (best == UINT32_MAX || bound[c] > bound[best]))
                best = c;
        if (best == UINT32_MAX) return;
        g->column[g->columns++] = (uint16_t)best;
        bound[best] = 0;
    }
}

static void count_sets(struct gathering *g)
{
    const struct fore_query_log *log = g->request->log;
    for (size_t q = g->request->from; q < g->request->to; q++) {
        const struct fore_query *query = &log->query[q];
        if (query->adds || !fore_query_touches(log, query, g->request->table)) continue;
        size_t set = 0;
        for (size_t i = 0; i < g->columns; i++)
            for (size_t k = 0; k < query->terms; k++) {
                const struct fore_query_term *term = &log->term[query->term + k];
                bool here = term->column == g->column[i] && binds(term);
                bool joined = term->role == FORE_TERM_JOIN &&
                              (term->column == g->column[i] || term->other == g->column[i]);
                if (here || joined) set |= (size_t)1 << i;
            }
        g->asked[set]++;
        g->queries++;
    }
}

static double support(const struct gathering *g, size_t set)
{
    double sum = 0;
    for (size_t s = 0; s < SETS; s++)
        if ((s & set) == set) sum += g->asked[s];
    return sum;
}

static void add(struct gathering *g, struct fore_key key)
{
    if (g->count < FORE_KEY_CANDIDATES)
        g->out[g->count++] = (struct fore_key_candidate){.key = key};
}

static void add_set(struct gathering *g, size_t set)
{
    struct fore_key key = {.kind = FORE_KEY_HASH};
    for (size_t i = 0; i < g->columns; i++)
        if (set >> i & 1) key.column[key.columns++] = g->column[i];
    add(g, key);
    key.kind = FORE_KEY_RANGE;
    add(g, key);
}

/* The composites most often bound as a whole. */
static void add_composites(struct gathering *g)
{
    bool used[SETS] = {false};
    for (int n = 0; n < COMPOSITES; n++) {
        size_t best = 0;
        double most = together_least * g->queries;
        for (size_t set = 1; set < (size_t)1 << g->columns; set++) {
            int size = __builtin_popcountll(set);
            if (size < 2 || size > FORE_KEY_COLUMNS || used[set]) continue;
            double have = support(g, set);
            if (have <= most) continue;
            most = have;
            best = set;
        }
        if (best == 0) return;
        used[best] = true;
        add_set(g, best);
    }
}

/* ---- pruning --------------------------------------------------------------------------------- */

static void prune(struct fore_key_candidate *c, const char *fmt, double number)
{
    c->pruned = true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(c->reason, sizeof c->reason, fmt, number);
#pragma GCC diagnostic pop
}

static double most_rows(const struct gathering *g)
{
    double most = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->out[i].facts.distinct > most) most = g->out[i].facts.distinct;
    return most;
}

/* A small table is one whose rows all turn up often: not one that the log has only begun to show.
 */
static void judge_copy(struct fore_key_candidate *c, double rows)
{
    double most = fmin(copy_rows_most, copy_new_most * (double)c->facts.queries);
    if (c->facts.write_share > copy_writes_most)
        prune(c, "%.0f %% of the queries write, and every copy must take every write",
              100 * c->facts.write_share);
    else if (rows > most)
        prune(c, "%.0f different rows and more to come: not a small table", rows);
}

static void judge_key(struct fore_key_candidate *c, const struct fore_key_request *request,
                      double best_bound)
{
    const struct fore_key_facts *f = &c->facts;
    bool range = c->key.kind == FORE_KEY_RANGE;
    if (f->distinct < 2.0 * request->nodes)
        prune(c, "only %.0f different values: too few to spread over the nodes", f->distinct);
    else if (!range && (double)f->bound < 0.2 * best_bound)
        prune(c, "only %.0f %% of the queries give it a value: the others go to every partition",
              100 * (double)f->bound / (double)f->queries);
    else if (range && f->monotone > 0.95 && f->insert_share > 0.3)
        prune(c,
              "new rows arrive in its order (rank correlation %.2f): all inserts meet in the "
              "last partition",
              f->monotone);
    else if (f->top_share > 0.5)
        prune(c, "one value takes %.0f %% of the queries, which no partition can share",
              100 * f->top_share);
}

static void judge(struct gathering *g)
{
    double best_bound = 0, rows = most_rows(g);
    size_t left = 0;
    for (size_t i = 0; i < g->count; i++)
        if ((double)g->out[i].facts.bound > best_bound) best_bound = (double)g->out[i].facts.bound;
    for (size_t i = 0; i < g->count; i++) {
        struct fore_key_candidate *c = &g->out[i];
        if (c->key.kind == FORE_KEY_COPY)
            judge_copy(c, rows);
        else
            judge_key(c, g->request, best_bound);
        left += !c->pruned;
    }
    if (left == 0 && g->count > 0) g->out[0].pruned = false; /* so that its consequences show */
}

size_t fore_key_candidates(const struct fore_key_request *request, struct fore_key_candidate *out,
                           struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct gathering *g = FORE_NEW(scratch, struct gathering, 1);
    g->request = request;
    g->out = out;
    choose_columns(g, scratch);
    count_sets(g);
    for (size_t i = 0; i < g->columns; i++)
        add_set(g, (size_t)1 << i);
    add_composites(g);
    add(g, (struct fore_key){.kind = FORE_KEY_COPY});
    for (size_t i = 0; i < g->count; i++) {
        bool twin = i > 0 && out[i].key.kind == FORE_KEY_RANGE; /* by hash: the same facts */
        out[i].facts = twin ? out[i - 1].facts : fore_key_measure(request, &out[i].key, scratch);
    }
    judge(g);
    size_t count = g->count;
    fore_arena_reset(scratch, mark);
    return count;
}
