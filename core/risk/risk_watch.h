/*
 * risk_watch.h - was the score right? Every few minutes each node's probability of passing the
 * limit within [lead, lead + span) from now is written down, and later compared with what came.
 *
 * Two things come of it: a calibration that makes the next probabilities honest, and the figures a
 * bettor would ask for: Brier skill against the base rate and against a logistic regression on the
 * present utilisation that learned from the same outcomes in the same way, expected calibration
 * error, AUC. Moves made since are undone for the comparison (risk_shadow.h), for it was said what
 * comes if nothing is done; nodes for which that cannot be told are left out.
 *
 * "If nothing is done" has two readings, and a watch keeps one of them.
 *
 *   from here   nothing more from the moment of asking on: the placement is the policy's. It is the
 *               question a planner asks. A policy that levels its nodes makes it harder the better
 *               it is: all nodes then stand equally close below the limit, what is left of the
 *               events is decided by noise, and even the truth in the score's place falls short of
 *               the skill that the score has where nothing is done.
 *   idle        nothing ever: the shadow run of risk_idle.h, the counterfactual of DESIGN 3.1. The
 *               same forecasts are put to the question that a run without a policy is asked, so
 *               the figures of all policies are of one population of events and can be compared.
 *
 * Each learns its own calibration, from what was known when it spoke; decisions use the first.
 * While nothing is done both are the same.
 */
#ifndef FORE_RISK_WATCH_H
#define FORE_RISK_WATCH_H

#include "core/cluster/sample.h"
#include "core/risk/calibration.h"
#include "core/risk/load.h"
#include "core/risk/risk_idle.h"
#include "core/risk/risk_shadow.h"

enum { FORE_RISK_ASKS = 16, FORE_RISK_BINS = 400 };

struct fore_risk_ask {
    fore_ns at;
    double *looked, *present;   /* [nodes] logit of P; utilisation above the limit, in tenths */
    double *ours, *persistence; /* [nodes] what was said then: learned from what was known then */
    bool *happened, *changed;   /* [nodes] */
};

struct fore_risk_watch {
    fore_ns lead, span, every, asked_at;
    double limit;
    uint32_t node_count;
    struct fore_calibration ours, persistence;
    struct fore_risk_ask ask[FORE_RISK_ASKS]; /* ring: first.. */
    uint32_t first, pending;
    const struct fore_risk_idle *idle; /* whose run is watched; NULL: from here */
    struct fore_risk_shadow shadow;
    bool *gone; /* [nodes] */
    /* sums over what has been scored */
    uint64_t count, happened;
    double brier, brier_persistence;
    uint64_t bin_count[FORE_RISK_BINS], bin_happened[FORE_RISK_BINS];
    double bin_sum[FORE_RISK_BINS];
};

/* lead and span: half an hour, or half of the horizon if that is less. */
void fore_risk_watch_init(struct fore_risk_watch *watch, struct fore_arena *arena,
                          uint32_t node_count, fore_ns horizon, double limit);
/* From now on it watches the run in which nothing is done; `idle` is looked at and told of changes
 * by others, before this watch is shown a window. */
void fore_risk_watch_idle(struct fore_risk_watch *watch, const struct fore_risk_idle *idle);
/* What a window showed; settles what is over, and learns from it. */
void fore_risk_watch_window(struct fore_risk_watch *watch, const struct fore_sample *sample,
                            const struct fore_topology *topology);
bool fore_risk_watch_due(const struct fore_risk_watch *watch, fore_ns now);
/* The load is that of the run watched. */
void fore_risk_watch_ask(struct fore_risk_watch *watch, const struct fore_load *load,
                         const struct fore_sample *sample, fore_ns now);
/* A partition has moved, was split, was merged (`other` is gone; `other_share` of what is now in
 * `partition` was its). */
void fore_risk_watch_moved(struct fore_risk_watch *watch,
                           const struct fore_risk_departure *departure);
void fore_risk_watch_split(struct fore_risk_watch *watch, uint32_t whole, uint32_t part);
void fore_risk_watch_merged(struct fore_risk_watch *watch, uint32_t partition, uint32_t other,
                            double other_share);
/* The load of this node has changed in a way that cannot be undone. */
void fore_risk_watch_changed(struct fore_risk_watch *watch, uint16_t node);
/* Scoring starts anew; what was learned stays. */
void fore_risk_watch_score_from_here(struct fore_risk_watch *watch);

struct fore_risk_quality { /* NaN where nothing is known; fewer than two kinds of outcome: AUC */
    double lead_s, count, base_rate;
    double brier_skill, brier_skill_vs_persistence, ece, auc;
};
struct fore_risk_quality fore_risk_watch_quality(const struct fore_risk_watch *watch);

#endif
