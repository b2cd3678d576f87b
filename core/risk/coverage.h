/*
 * coverage.h - has the forecast just been wrong? The skill that weighs it against persistence is an
 * average over whole horizons and notices late. So at every step the forecast's 90 % intervals, at
 * the lead that a move needs, are written down and compared with what came:
 *
 *   coverage   the share of the load that came outside; a tenth would be right. Lost when its
 *              rolling mean (over about three steps) is above a half, back below 30 %.
 *   burst      a node near its limit that carries four standard deviations, and a tenth of itself,
 *              more than was said of the partitions it now holds; remembered for three steps.
 *
 * Neither counts while the load as it was when the forecast was made would have been further off:
 * where a step was foreseen but not its size, going back to the present would be worse. Partitions
 * that were split, merged or born meanwhile are left out.
 */
#ifndef FORE_COVERAGE_H
#define FORE_COVERAGE_H

#include "core/base/arena.h"
#include "core/cluster/topology.h"
#include "core/forecast/fleet.h"

enum { FORE_COVERAGE_ASKS = 8 };

struct fore_coverage_ask {
    fore_ns due;                /* end of the step it is about; 0: free */
    float *mean, *common, *own; /* by partition, as in the scenario; NaN: nothing said */
    float *present;             /* what persistence said: cores */
    uint32_t *generation;
};
struct fore_coverage {
    struct fore_coverage_ask ask[FORE_COVERAGE_ASKS]; /* a ring */
    uint32_t cap, next;
    fore_ns said_at;               /* origin of the newest statement */
    uint32_t judged;               /* statements */
    double missed, present_missed; /* rolling absolute errors: of the forecast, of persistence */
    double outside;                /* rolling share; NaN: none judged */
    uint32_t calm_for;             /* statements since the last burst */
    uint16_t burst_node;
    bool lost;
};

void fore_coverage_init(struct fore_coverage *coverage, struct fore_arena *arena, uint32_t cap);
/* Judges what is due by the newest complete step of the history, then writes down what the scenario
 * says of the step that ends `lead` after its origin. `limit`: share of a node's cores. */
void fore_coverage_look(struct fore_coverage *coverage, const struct fore_scenario *forecast,
                        const struct fore_scenario *nowcast, const struct fore_observe *observe,
                        const struct fore_topology *topology, fore_ns lead, double limit,
                        struct fore_arena *scratch);
bool fore_coverage_burst(const struct fore_coverage *coverage);

#endif
