/*
 * advise_design.h - a cluster and a design (a key for every table) under which a query log is
 * played: who owns which partition, and what every query becomes on the nodes.
 *
 * The cluster is the same for every design: a service time at which the log's heaviest stretch,
 * were every query one part on one node, would use `utilization` of all cores. What a design adds
 * to that (fan-out, copies, joins across nodes, skew) is what it is judged by.
 *
 * What queries cost, in mean services: half is fixed (parsing, an index walk) and paid by every
 * part, half goes with the bytes and is divided among the parts. A table joined in costs half a
 * query more; on the same node when the two lie together by their keys, else as a second phase.
 */
#ifndef LAB_ADVISE_DESIGN_H
#define LAB_ADVISE_DESIGN_H

#include "core/advise/key_route.h"
#include "sim/queries.h"

struct lab_advise_cluster {
    uint32_t nodes, cores;
    double utilization;
    double service_ns;
    fore_ns slo_ns, link_ns;
    double bytes_mean; /* of queries that say; 0: none does */
    uint64_t seed;
};
struct lab_advise_table {
    struct fore_key_layout layout;
    double load[FORE_KEY_PARTITIONS]; /* of the fitted part of the log */
    uint16_t owner[FORE_KEY_PARTITIONS];
};
struct lab_advise_design {
    struct lab_advise_table *table; /* [log->table_count] */
    uint64_t *set;                  /* [log->term_count]: at a TABLE term, its partitions */
};
struct lab_advise_part { /* of a log, by query index */
    size_t from, to;
    fore_ns begin, end;
};
struct lab_advise_part lab_advise_part(const struct fore_query_log *log, fore_ns begin,
                                       fore_ns end);
/* Sizes the cluster for a part of the log; nodes, cores, utilization and seed are given. */
void lab_advise_size(const struct fore_query_log *log, const struct lab_advise_part *part,
                     struct lab_advise_cluster *cluster);

void lab_advise_design_init(struct lab_advise_design *design, const struct fore_query_log *log,
                            struct fore_arena *arena);
/* Gives one table a key: cuts from `fit`, then every query's partitions, over the whole log. */
void lab_advise_design_set(struct lab_advise_design *design, const struct fore_query_log *log,
                           uint16_t table, const struct fore_key *key,
                           const struct lab_advise_part *fit, struct fore_arena *scratch);
/* Gives partitions to nodes so that their loads over `fit` are even (heaviest first). Tables placed
 * by hash go together: partition i of each on one node, so that equal keys meet. */
void lab_advise_design_own(struct lab_advise_design *design, const struct fore_query_log *log,
                           const struct lab_advise_part *fit,
                           const struct lab_advise_cluster *cluster);

/* Queries as the simulator plays them. */
struct lab_advise_stream {
    struct sim_query *query;
    struct sim_query_phase *phase;
    size_t count, phases;
    size_t watched, single, apart; /* watched ones; those on one node; those with more phases */
};
/* copies NULL: each query of the part once; else copies[i] of the i-th. Queries that touch `table`
 * are watched. */
void lab_advise_stream_make(const struct fore_query_log *log,
                            const struct lab_advise_design *design,
                            const struct lab_advise_cluster *cluster,
                            const struct lab_advise_part *part, uint16_t table,
                            const uint8_t *copies, struct fore_arena *arena,
                            struct lab_advise_stream *out);
/* What a query costs when it is one part, tables joined in included. */
double lab_advise_work(const struct fore_query_log *log, const struct fore_query *query,
                       double bytes_mean);

#endif
