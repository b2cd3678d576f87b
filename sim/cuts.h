/*
 * cuts.h - where the key space is cut into partitions at the start.
 *
 * Hashed placement: equal ranges of positions (whole slots under slot placement). Range placement:
 * equal key counts for a synthetic workload, the cuts that a series workload brings along, equal
 * request counts for a trace, as far as its past tells.
 */
#ifndef SIM_CUTS_H
#define SIM_CUTS_H

#include "sim/scenario.h"
#include "sim/survey.h"

struct sim_cuts {
    uint64_t *first;       /* ascending, first[0] == 0; the last partition ends at UINT64_MAX */
    uint32_t count;        /* may be less than asked for when there are too few keys */
    const uint64_t *bytes; /* sizes, borrowed from the flow; NULL: not known */
};

struct sim_cuts sim_cuts_make(const struct sim_scenario *scenario, const struct wl_flow *flow,
                              const struct sim_survey *survey, struct fore_arena *perm);

#endif
