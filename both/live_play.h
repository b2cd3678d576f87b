/*
 * live_play.h - a scenario's workload played against a real cluster, with the engine at the wheel
 * or without: the live half of what the simulator does in sim/run.h, from the same scenario.
 *
 * Keys fall into the same slots as in the simulator (live/replay.h), partitions are cut at the same
 * slots, and the engine gets the same options, policy and seed. One thread sends, another lets the
 * driver and the engine work. At the end nothing new begins and what moves is brought to its end.
 */
#ifndef BOTH_LIVE_PLAY_H
#define BOTH_LIVE_PLAY_H

#include "both/moves_seen.h"
#include "live/calibrate/replay.h"
#include "live/daemon.h"
#include "live/redis/driver.h"
#include "sim/scenario.h"

struct both_live_request {
    const struct sim_scenario *scenario;
    const struct live_config *config;
    const char *policy; /* NULL: nobody moves anything */
    uint64_t seed;
    uint64_t slo_ns;
    uint32_t bytes_most;      /* of a value; 0: as live/replay.h */
    bool keep;                /* the keys stay */
    bool realtime;            /* the sender's thread: live/replay.h */
    const char *tape;         /* with a policy: record it there; NULL: nowhere */
    volatile const int *stop; /* NULL, or set by a signal: ends early, and cleans up */
};

struct both_live_result {
    struct live_replay_result play;
    struct both_moves moves;
    uint64_t keys;
    uint64_t digest;                /* of the engine's events; 0 without a policy */
    uint32_t nodes, partitions;     /* 0 without a policy */
    double partition_bytes;         /* mean, at the start */
    int node_rank[LIVE_SHARDS_MAX]; /* by first slot at the start: as the simulator numbers nodes */
    double utilization;             /* mean of nodes' server CPU; 0 without a policy */
};

FORE_MUST_USE enum fore_err both_live_play(const struct both_live_request *request,
                                           struct both_live_result *out, struct fore_diag *diag);

#endif
