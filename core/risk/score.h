/*
 * score.h - the Resharding Recommendation Score (DESIGN 3.1).
 *
 *   RRS(p) = P(bottleneck at p within the horizon if nothing is done) * responsibility(p)
 *
 * The first factor is the larger of its node's risk and its own (a partition that alone exceeds a
 * node); the second is p's part of its node's mean load at the riskiest step, divided by the
 * largest part on that node, so 1 marks the partition to act on first. Where partitions have a
 * ceiling on what they hold (decide.size_max), passing it is a bottleneck of p's own, for which
 * nobody else is responsible: its factor is 1. Of these products the largest is the score, and its
 * limit is named.
 */
#ifndef FORE_SCORE_H
#define FORE_SCORE_H

#include "core/forecast/size.h"
#include "core/risk/calibration.h"
#include "core/risk/load.h"

/* A node's capacity; the same, passed by one partition alone; what a partition may hold. */
enum fore_score_limit { FORE_LIMIT_NODE, FORE_LIMIT_PARTITION, FORE_LIMIT_SIZE };
const char *fore_score_limit_text(enum fore_score_limit limit); /* "node", "partition", "size" */

struct fore_score {
    double rrs, probability, responsibility;
    double rrs_load;                         /* of load alone, whatever its size adds */
    enum fore_score_limit limit;             /* which one is in danger */
    uint16_t node;                           /* where */
    double when_s;                           /* from now to the riskiest step */
    double utilization_mean, utilization_sd; /* of that node at that step */
    double share;                            /* of that node's mean load that p carries */
    struct fore_size_outlook size;           /* FORE_LIMIT_SIZE only: what it will hold, and may */
    uint32_t partition;                      /* ... whose */
};

/* Scores every living partition into out[partition_count] (dead ones get zeros). A calibration, or
 * NULL, turns the probabilities of the model of loads into those that have come true. */
void fore_score_all(const struct fore_load *load, const struct fore_calibration *calibration,
                    struct fore_arena *scratch, struct fore_score *out);
/* Where a partition's own size is the larger danger, that becomes its score. By partition; the
 * calibration of the model of loads says nothing about sizes, whose spread comes from their own
 * past. */
void fore_score_sizes(const struct fore_size_outlook *size, const struct fore_topology *topology,
                      struct fore_score *out);
/* "node-03 passes 85 % of capacity in 35 min with P 0.72 (0.88 +- 0.05); carries 14 % [mean-spar]"
 * "p12 passes 512 MiB in 40 min with P 0.93 (now 480 MiB; 527 +- 20 MiB at the horizon): ..."
 */
void fore_score_reason(const struct fore_load *load, const struct fore_score *score, char *out,
                       size_t out_size);

#endif
