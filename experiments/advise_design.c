/* advise_design.c - keys -> partitions -> owners. The queries' phases are made in
 * advise_stream.c. */
#include "experiments/advise_design.h"

#include <math.h>
#include <string.h>

enum { SIZING_WINDOWS = 50 };
static const double bytes_factor_most = 20, join_work = 0.5, slo_utilization = 0.85;

struct lab_advise_part lab_advise_part(const struct fore_query_log *log, fore_ns begin, fore_ns end)
{
    return (struct lab_advise_part){.from = fore_query_log_at(log, begin),
                                    .to = fore_query_log_at(log, end),
                                    .begin = begin,
                                    .end = end};
}

static size_t tables_of(const struct fore_query_log *log, const struct fore_query *query)
{
    size_t tables = 0;
    while (tables < query->terms && log->term[query->term + tables].role == FORE_TERM_TABLE)
        tables++;
    return tables;
}

double lab_advise_work(const struct fore_query_log *log, const struct fore_query *query,
                       double bytes_mean)
{
    double size = bytes_mean > 0 && query->bytes > 0 ? query->bytes / bytes_mean : 1;
    return 0.5 + 0.5 * fmin(size, bytes_factor_most) +
           join_work * ((double)tables_of(log, query) - 1);
}

void lab_advise_size(const struct fore_query_log *log, const struct lab_advise_part *part,
                     struct lab_advise_cluster *cluster)
{
    double bytes = 0, with_bytes = 0, window[SIZING_WINDOWS] = {0}, peak = 0;
    for (size_t q = part->from; q < part->to; q++) {
        bytes += log->query[q].bytes;
        with_bytes += log->query[q].bytes > 0;
    }
    cluster->bytes_mean = with_bytes > 0 ? bytes / with_bytes : 0;
    double span = (double)(part->end - part->begin);
    for (size_t q = part->from; q < part->to; q++) {
        double at = (double)(log->query[q].t - part->begin) / span * SIZING_WINDOWS;
        window[(size_t)fmin(at, SIZING_WINDOWS - 1)] +=
            lab_advise_work(log, &log->query[q], cluster->bytes_mean);
    }
    for (int w = 0; w < SIZING_WINDOWS; w++)
        peak = fmax(peak, window[w]);
    double capacity = span / SIZING_WINDOWS * cluster->nodes * cluster->cores;
    cluster->service_ns = peak > 0 ? cluster->utilization * capacity / peak : 1;
    cluster->link_ns = (fore_ns)(cluster->service_ns / 20);
    cluster->slo_ns =
        sim_queries_slo(cluster->cores, cluster->service_ns, slo_utilization, cluster->link_ns);
}

/* ---- keys ------------------------------------------------------------------------------------ */

void lab_advise_design_init(struct lab_advise_design *design, const struct fore_query_log *log,
                            struct fore_arena *arena)
{
    design->table = FORE_NEW(arena, struct lab_advise_table, log->table_count);
    design->set = FORE_NEW(arena, uint64_t, log->term_count);
}

/* Calls for every TABLE term that names the table. */
#define FOR_EACH_TOUCH(log, table_, first, last, query_, term_)                                  \
    for (const struct fore_query *query_ = &(log)->query[first], *end_ = &(log)->query[last];    \
         query_ < end_; query_++)                                                                \
        for (size_t term_ = query_->term;                                                        \
             term_ < query_->term + query_->terms && (log)->term[term_].role == FORE_TERM_TABLE; \
             term_++)                                                                            \
            if ((log)->term[term_].column == (table_))

void lab_advise_design_set(struct lab_advise_design *design, const struct fore_query_log *log,
                           uint16_t table, const struct fore_key *key,
                           const struct lab_advise_part *fit, struct fore_arena *scratch)
{
    struct lab_advise_table *t = &design->table[table];
    t->layout.key = *key;
    t->layout.cuts = 0;
    if (key->kind == FORE_KEY_RANGE)
        fore_key_cut(log, table, fit->from, fit->to, &t->layout, scratch);
    FOR_EACH_TOUCH(log, table, 0, log->query_count, query, term)
    design->set[term] = fore_key_route(log, query, &t->layout);
}

/* ---- owners ---------------------------------------------------------------------------------- */

static void measure_loads(struct lab_advise_design *design, const struct fore_query_log *log,
                          const struct lab_advise_part *fit, double bytes_mean)
{
    for (uint32_t i = 0; i < log->table_count; i++)
        memset(design->table[i].load, 0, sizeof design->table[i].load);
    for (size_t q = fit->from; q < fit->to; q++) {
        const struct fore_query *query = &log->query[q];
        size_t tables = tables_of(log, query);
        double work = lab_advise_work(log, query, bytes_mean) / (double)(tables > 0 ? tables : 1);
        for (size_t i = 0; i < tables; i++) {
            uint64_t set = design->set[query->term + i];
            if (set == UINT64_MAX) continue; /* the same for all */
            double *load = design->table[log->term[query->term + i].column].load;
            double share = work / __builtin_popcountll(set);
            for (; set != 0; set &= set - 1)
                load[__builtin_ctzll(set)] += share;
        }
    }
}

/* Heaviest first, to the node with the least so far. */
static void spread(const double *load, const struct lab_advise_cluster *cluster, double *node,
                   uint16_t *owner)
{
    bool placed[FORE_KEY_PARTITIONS] = {false};
    double total = 0;
    for (int p = 0; p < FORE_KEY_PARTITIONS; p++)
        total += load[p];
    double least = total / FORE_KEY_PARTITIONS / 100 + 1e-9; /* idle ones are spread too */
    for (int n = 0; n < FORE_KEY_PARTITIONS; n++) {
        int heaviest = -1;
        for (int p = 0; p < FORE_KEY_PARTITIONS; p++)
            if (!placed[p] && (heaviest < 0 || load[p] > load[heaviest])) heaviest = p;
        uint16_t to = 0;
        for (uint16_t k = 1; k < cluster->nodes; k++)
            if (node[k] < node[to]) to = k;
        placed[heaviest] = true;
        owner[heaviest] = to;
        node[to] += fmax(load[heaviest], least);
    }
}

void lab_advise_design_own(struct lab_advise_design *design, const struct fore_query_log *log,
                           const struct lab_advise_part *fit,
                           const struct lab_advise_cluster *cluster)
{
    double together[FORE_KEY_PARTITIONS] = {0}, node[SIM_QUERIES_NODES] = {0};
    uint16_t owner[FORE_KEY_PARTITIONS];
    measure_loads(design, log, fit, cluster->bytes_mean);
    for (uint32_t i = 0; i < log->table_count; i++)
        for (int p = 0; p < FORE_KEY_PARTITIONS; p++)
            if (design->table[i].layout.key.kind == FORE_KEY_HASH)
                together[p] += design->table[i].load[p];
    spread(together, cluster, node, owner);
    for (uint32_t i = 0; i < log->table_count; i++) {
        struct lab_advise_table *t = &design->table[i];
        if (t->layout.key.kind == FORE_KEY_HASH)
            memcpy(t->owner, owner, sizeof owner);
        else if (t->layout.key.kind == FORE_KEY_RANGE)
            spread(t->load, cluster, node, t->owner);
    }
}
