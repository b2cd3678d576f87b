/*
 * grid_cache.h - answers of simulated runs that outlive the program: a file of JSON lines, one an
 * answer, appended as they come.
 *
 *   {"key": "9f0c...", "what": "...", "policy": "...", "seed": 1, "label": "...",
 *    "metrics": {"latency_ns.p99": 1234, "bytes_moved": 0, ...}}
 *
 * The key is a hash of all that an answer depends on; a line cut off by a crash, or one that is
 * not understood, is passed over. A metric that a line does not have makes it count as unknown.
 */
#ifndef LAB_GRID_CACHE_H
#define LAB_GRID_CACHE_H

#include "experiments/metric.h"

enum { LAB_ANSWER_METRICS = 64 };

struct lab_answer {
    double metric[LAB_ANSWER_METRICS]; /* as lab_metrics */
    char label[160];                   /* of the workload */
};

/* Everything a run depends on, in one word: the program's own bytes are part of it. */
struct lab_run_id {
    const struct sim_scenario *scenario;
    const char *policy;
    uint64_t seed;
    fore_ns stop_at;
};
uint64_t lab_run_key(const struct lab_run_id *id);

struct lab_cache;
/* Reads what is there. `path` NULL: kept in memory only. */
FORE_MUST_USE enum fore_err lab_cache_open(const char *path, struct lab_cache **out,
                                           struct fore_diag *diag);
bool lab_cache_find(const struct lab_cache *cache, uint64_t key, struct lab_answer *out);
FORE_MUST_USE enum fore_err lab_cache_add(struct lab_cache *cache, uint64_t key, const char *what,
                                          const struct lab_run_id *id,
                                          const struct lab_answer *answer);
size_t lab_cache_count(const struct lab_cache *cache);
void lab_cache_close(struct lab_cache *cache);

void lab_answer_of(const struct sim_result *result, struct lab_answer *out);
double lab_answer_metric(const struct lab_answer *answer, const struct lab_metric *metric);

#endif
