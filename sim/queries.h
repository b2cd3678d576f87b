/*
 * queries.h - queries that need several nodes, through the stations of request mode.
 *
 * A query is phases one after the other (a join whose sides lie apart), a phase is parts side by
 * side, one on each node of a set (a query without the sharding key). A phase is over when its
 * slowest part is, which is what makes fan-out expensive in the tail; every part takes its node's
 * time, which is what makes it expensive for the others. The same FIFO stations, exponential
 * service and violation rule as request.c and account.c; no moves, no engine: placements are
 * compared here, not policies. A part's service time is drawn from the query's number and the node,
 * so designs under one seed see the same luck.
 */
#ifndef SIM_QUERIES_H
#define SIM_QUERIES_H

#include "core/base/arena.h"

enum { SIM_QUERIES_NODES = 64 };

struct sim_query_phase {
    uint64_t nodes; /* bit set; not empty */
    float work;     /* on each of them, in mean services */
};
struct sim_query {
    fore_ns t;      /* ascending */
    uint32_t phase; /* the first of its phases */
    uint16_t phases;
    bool watched; /* its latency counts in `watched` below too */
};

struct sim_queries_setup {
    const struct sim_query *query;
    const struct sim_query_phase *phase;
    size_t count;
    uint32_t nodes, cores;
    double service_ns; /* mean */
    fore_ns slo_ns, link_ns;
    fore_ns begin, end; /* of what is played; queries lie in it */
    uint32_t windows;   /* it is judged in so many */
    uint64_t seed;
};
struct sim_queries_result {
    uint64_t queries, parts;
    uint64_t p50_ns, p99_ns, watched_p50_ns, watched_p99_ns;
    double duration_s, violation_s; /* windows in which more than 1 % were slower than the SLO */
    double imbalance;               /* hottest node's work / mean, averaged over windows */
    double utilization;
};
void sim_queries_run(const struct sim_queries_setup *setup, struct sim_queries_result *out);
/* The p99 of an M/M/c node at this utilisation: the SLO that goes with a service time. */
fore_ns sim_queries_slo(uint32_t cores, double service_ns, double utilization, fore_ns link_ns);

#endif
