/*
 * advise_stream.c - under a design, what each query of a log becomes: phases of parts.
 *
 * The table that needs the fewest nodes is asked first. A table joined in is asked on the same
 * nodes when it lies there by the join (both by hash, their key columns equated) or is copied
 * everywhere; otherwise afterwards, on its own nodes.
 */
#include <math.h>
#include <string.h>

#include "core/base/hash.h"
#include "experiments/advise_design.h"

enum { TABLES_MAX = 8 };
static const double fixed_work = 0.5, join_work = 0.5, bytes_factor_most = 20;

struct touch { /* one table of the query */
    uint16_t table;
    uint8_t kind;
    uint64_t partitions, nodes;
};
struct making {
    const struct fore_query_log *log;
    const struct lab_advise_design *design;
    const struct lab_advise_cluster *cluster;
    struct lab_advise_stream *out;
};

static uint64_t every_node(const struct lab_advise_cluster *cluster)
{
    return cluster->nodes == 64 ? UINT64_MAX : (UINT64_C(1) << cluster->nodes) - 1;
}

static uint64_t owners(const struct making *m, uint16_t table, uint64_t partitions)
{
    uint64_t nodes = 0;
    if (partitions == UINT64_MAX) return every_node(m->cluster);
    for (; partitions != 0; partitions &= partitions - 1)
        nodes |= UINT64_C(1) << m->design->table[table].owner[__builtin_ctzll(partitions)];
    return nodes;
}

static bool equated(const struct fore_query_log *log, const struct fore_query *query, uint16_t a,
                    uint16_t b)
{
    const struct fore_query_term *term = &log->term[query->term];
    for (size_t i = 0; i < query->terms; i++)
        if (term[i].role == FORE_TERM_JOIN && ((term[i].column == a && term[i].other == b) ||
                                               (term[i].column == b && term[i].other == a)))
            return true;
    return false;
}

/* Rows that join lie on the same node: hashed on columns that the join equates, in order. */
static bool together(const struct making *m, const struct fore_query *query, const struct touch *a,
                     const struct touch *b)
{
    const struct fore_key *x = &m->design->table[a->table].layout.key;
    const struct fore_key *y = &m->design->table[b->table].layout.key;
    if (a->kind != FORE_KEY_HASH || b->kind != FORE_KEY_HASH || x->columns != y->columns)
        return false;
    for (int c = 0; c < x->columns; c++)
        if (!equated(m->log, query, x->column[c], y->column[c])) return false;
    return true;
}

static size_t gather(const struct making *m, const struct fore_query *query, struct touch *touch)
{
    size_t count = 0;
    for (size_t i = 0; i < query->terms && count < TABLES_MAX; i++) {
        const struct fore_query_term *term = &m->log->term[query->term + i];
        if (term->role != FORE_TERM_TABLE) break;
        struct touch t = {.table = term->column,
                          .kind = m->design->table[term->column].layout.key.kind,
                          .partitions = m->design->set[query->term + i]};
        bool writes = i == 0 && query->op == FORE_QUERY_WRITE;
        if (t.kind == FORE_KEY_COPY) /* read where the others are; written everywhere */
            t.nodes = writes ? every_node(m->cluster) : 0;
        else
            t.nodes = owners(m, t.table, t.partitions);
        touch[count++] = t;
    }
    return count;
}

/* Fewest nodes first, tables copied everywhere last; few enough for insertion. */
static void order(struct touch *touch, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0; k--) {
            int a = __builtin_popcountll(touch[k - 1].nodes);
            int b = __builtin_popcountll(touch[k].nodes);
            if (b == 0 || (a > 0 && a <= b)) break;
            struct touch swapped = touch[k];
            touch[k] = touch[k - 1];
            touch[k - 1] = swapped;
        }
}

static void put_phase(struct making *m, struct sim_query *query, uint64_t nodes, double shared)
{
    double parts = __builtin_popcountll(nodes);
    m->out->phase[m->out->phases++] =
        (struct sim_query_phase){.nodes = nodes, .work = (float)(fixed_work + shared / parts)};
    query->phases++;
}

/* A table of a query that has been begun: with an earlier one, or as a phase of its own. */
static void join_in(struct making *m, const struct fore_query *query, const struct touch *touch,
                    size_t at, uint32_t *phase_of, struct sim_query *out)
{
    for (size_t i = 0; i < at; i++) {
        struct sim_query_phase *phase = &m->out->phase[phase_of[i]];
        bool one = (touch[at].nodes & (touch[at].nodes - 1)) == 0;
        if (touch[at].nodes == 0 || (one && touch[at].nodes == phase->nodes) ||
            (touch[at].partitions == touch[i].partitions &&
             together(m, query, &touch[at], &touch[i]))) {
            phase->work += (float)(join_work / __builtin_popcountll(phase->nodes));
            phase_of[at] = phase_of[i];
            return;
        }
    }
    phase_of[at] = (uint32_t)m->out->phases;
    put_phase(m, out, touch[at].nodes, 0);
}

static struct sim_query make_query(struct making *m, size_t index)
{
    const struct fore_query *query = &m->log->query[index];
    struct touch touch[TABLES_MAX];
    uint32_t phase_of[TABLES_MAX];
    struct sim_query out = {.phase = (uint32_t)m->out->phases};
    size_t count = gather(m, query, touch);
    order(touch, count);
    double mean = m->cluster->bytes_mean;
    double size = mean > 0 && query->bytes > 0 ? fmin(query->bytes / mean, bytes_factor_most) : 1;
    uint64_t first = count > 0 ? touch[0].nodes : 0;
    if (first == 0) /* copies only: any node will do */
        first = UINT64_C(1) << fore_hash_u64(index, 7) % m->cluster->nodes;
    phase_of[0] = (uint32_t)m->out->phases;
    put_phase(m, &out, first, 0.5 * size);
    if (count > 0 && touch[0].kind == FORE_KEY_COPY && touch[0].nodes != 0)
        m->out->phase[phase_of[0]].work = (float)(fixed_work + 0.5 * size); /* each writes all */
    for (size_t i = 1; i < count; i++)
        join_in(m, query, touch, i, phase_of, &out);
    return out;
}

/* Logs often have coarse clocks: queries of one instant are spread until the next. */
static fore_ns spread_time(const struct fore_query_log *log, const struct lab_advise_part *part,
                           size_t index, size_t first, size_t last)
{
    fore_ns t = log->query[index].t;
    if (last == first + 1) return t;
    fore_ns next = last < part->to ? log->query[last].t : part->end;
    double gap = fmin((double)(next - t), (double)FORE_SEC);
    return t + (fore_ns)(gap * (double)(index - first) / (double)(last - first));
}

static size_t phases_most(const struct fore_query_log *log, const struct lab_advise_part *part,
                          const uint8_t *copies, size_t *queries)
{
    size_t phases = 0;
    for (size_t q = part->from; q < part->to; q++) {
        size_t tables = 0, times = copies != NULL ? copies[q - part->from] : 1;
        const struct fore_query *query = &log->query[q];
        while (tables < query->terms && log->term[query->term + tables].role == FORE_TERM_TABLE)
            tables++;
        phases += times * (tables < TABLES_MAX ? tables + 1 : TABLES_MAX);
        *queries += times;
    }
    return phases;
}

static void put_query(struct making *m, size_t index, fore_ns t, uint16_t table)
{
    struct sim_query query = make_query(m, index);
    query.t = t;
    query.watched = fore_query_touches(m->log, &m->log->query[index], table);
    uint64_t nodes = m->out->phase[query.phase].nodes;
    m->out->watched += query.watched;
    m->out->single += query.watched && query.phases == 1 && (nodes & (nodes - 1)) == 0;
    m->out->apart += query.watched && query.phases > 1;
    m->out->query[m->out->count++] = query;
}

void lab_advise_stream_make(const struct fore_query_log *log,
                            const struct lab_advise_design *design,
                            const struct lab_advise_cluster *cluster,
                            const struct lab_advise_part *part, uint16_t table,
                            const uint8_t *copies, struct fore_arena *arena,
                            struct lab_advise_stream *out)
{
    struct making m = {.log = log, .design = design, .cluster = cluster, .out = out};
    size_t queries = 0, phases = phases_most(log, part, copies, &queries);
    *out = (struct lab_advise_stream){.query = FORE_NEW(arena, struct sim_query, queries),
                                      .phase = FORE_NEW(arena, struct sim_query_phase, phases)};
    for (size_t first = part->from, last; first < part->to; first = last) {
        last = first + 1;
        while (last < part->to && log->query[last].t == log->query[first].t)
            last++;
        for (size_t q = first; q < last; q++)
            for (size_t k = copies != NULL ? copies[q - part->from] : 1; k > 0; k--)
                put_query(&m, q, spread_time(log, part, q, first, last), table);
    }
}
