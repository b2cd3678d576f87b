/*
 * advise_judge.h - a design played on a part of the log, as it was and as it is forecast to become.
 *
 * The forecast: the load of every partition of the table, in windows, goes through the line-up of
 * models that the engine uses (core/forecast/lineup.h, its defaults without the nets, which a log
 * is too short for). The newest quarter of the log is then played again with each query as often as
 * its partition is forecast to grow, at today's total: what is asked is where the load will be, not
 * how much there will be, which is the same for every key.
 */
#ifndef LAB_ADVISE_JUDGE_H
#define LAB_ADVISE_JUDGE_H

#include "experiments/advise_design.h"

struct lab_advise_verdict {
    struct sim_queries_result now, soon; /* soon.queries 0: the log is too short to forecast */
    double single_share;                 /* of the table's queries: on one node, in one phase */
    double apart_share;                  /* of them: joined across nodes */
    double parts_mean;                   /* of all queries */
    double top_now, top_soon;            /* heaviest partition's share of the table's load */
    double violation_share;              /* of the time, now and soon together */
    double p99_ns;    /* of the table's queries, mean of now and soon by their length */
    double imbalance; /* likewise */
};

struct lab_advise_judging {
    const struct fore_query_log *log;
    const struct lab_advise_design *design;
    const struct lab_advise_cluster *cluster;
    uint16_t table;
    struct lab_advise_part play;  /* what is played */
    struct lab_advise_part known; /* what a forecast may learn from; from == to: no forecast */
};
void lab_advise_judge(const struct lab_advise_judging *judging, struct fore_arena *scratch,
                      struct lab_advise_verdict *out);

/* How many times its last load every partition of the table will have, at the same total; windows
 * and horizon are chosen by the log's length. False: too short. */
struct lab_advise_outlook {
    double factor[FORE_KEY_PARTITIONS];
    double top_now, top_soon;
    struct lab_advise_part last; /* the newest horizon's worth of the log */
};
bool lab_advise_forecast(const struct lab_advise_judging *judging, struct fore_arena *scratch,
                         struct lab_advise_outlook *out);

#endif
