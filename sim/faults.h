/*
 * faults.h - which node fails when, and for how long: "node3 down 2h 10min" fails node 3 two hours
 * into the run for ten minutes. A fault takes effect at the first window that begins at or after
 * its time, so that both fidelities see the same.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "core/base/arena.h"
#include "core/base/option.h"
#include "core/cluster/event.h"
#include "core/cluster/topology.h"

struct sim_fault {
    fore_ns down, up;
    uint16_t node;
};

/* FORE_E_FORMAT with a sentence about the first one that cannot be read. */
FORE_MUST_USE enum fore_err sim_faults_check(const struct fore_strings *faults, uint32_t node_count,
                                             struct fore_diag *diag);
/* One of them; `text` was checked. */
FORE_MUST_USE enum fore_err sim_faults_parse(const char *text, uint32_t node_count,
                                             struct sim_fault *out, struct fore_diag *diag);
/*
 * Brings node states to what they are at `now`. A partition whose owner is down passes to its
 * first follower that is up, if any; a KEYFRAME follows, because promotion is not a move. (The
 * FAULT event is the engine's, when it sees the node down.) True when anything changed.
 */
bool sim_faults_apply(const struct sim_fault *fault, size_t count, fore_ns now,
                      struct fore_topology *topology, struct fore_sink sink);

#endif
