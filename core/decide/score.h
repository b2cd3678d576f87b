/*
 * score.h - the Resharding Recommendation Score (DESIGN 3.1).
 *
 *   RRS(p) = P(bottleneck at p within the horizon if nothing is done) * responsibility(p)
 *
 * The first factor is the larger of its node's risk and its own (a partition that alone exceeds a
 * node); the second is p's part of its node's mean load at the riskiest step, divided by the
 * largest part on that node, so 1 marks the partition to act on first.
 */
#ifndef FORE_SCORE_H
#define FORE_SCORE_H

#include "core/decide/calibration.h"
#include "core/decide/load.h"

enum fore_score_limit { FORE_LIMIT_NODE, FORE_LIMIT_PARTITION };

struct fore_score {
    double rrs, probability, responsibility;
    enum fore_score_limit limit;             /* which one is in danger */
    uint16_t node;                           /* where */
    double when_s;                           /* from now to the riskiest step */
    double utilization_mean, utilization_sd; /* of that node at that step */
    double share;                            /* of that node's mean load that p carries */
};

/* Scores every living partition into out[partition_count] (dead ones get zeros). A calibration, or
 * NULL, turns the probabilities of the model of loads into those that have come true. */
void fore_score_all(const struct fore_load *load, const struct fore_calibration *calibration,
                    struct fore_arena *scratch, struct fore_score *out);
/* "node-03 passes 85 % of capacity in 35 min with P 0.72 (0.88 +- 0.05); carries 14 % [mean-spar]"
 */
void fore_score_reason(const struct fore_load *load, const struct fore_score *score, char *out,
                       size_t out_size);

#endif
