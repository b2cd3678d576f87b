/*
 * sim_play.h - the simulated half of a comparison: the scenario on a cluster like the one that was
 * found, and what its engine moved.
 */
#ifndef BOTH_SIM_PLAY_H
#define BOTH_SIM_PLAY_H

#include "both/moves_seen.h"
#include "sim/run.h"

struct both_sim_request {
    const struct sim_scenario *scenario;
    const char *policy;
    uint64_t seed;
    uint32_t nodes, partitions;
    double partition_bytes; /* mean */
};
struct both_sim_result {
    struct sim_result run;
    struct both_moves moves;
};
FORE_MUST_USE enum fore_err both_sim_play(const struct both_sim_request *request,
                                          struct both_sim_result *out, struct fore_diag *diag);

#endif
