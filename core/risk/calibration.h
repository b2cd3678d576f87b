/*
 * calibration.h - probabilities made honest by what came of them.
 *
 * A curve from x, which says how likely an event looked, to the logit of how often it came: values
 * at even knots, straight between them, never falling. It is the penalised likelihood fit to all
 * outcomes so far (P-splines, Eilers & Marx 1996), older ones counting less: curvature is
 * penalised, so where little was seen it goes straight on (Platt 1999), and a weak pull to the
 * prior's own line a + b x is all there is where nothing was seen. A fit to decayed sums cannot
 * run away as a recursive one does when hours pass in which nothing happens.
 *
 * How fast to forget is not known either: of three curves each remembers longer than the one
 * before, and they are mixed by how well each has foretold (exponential weights with a fixed share,
 * Herbster & Warmuth 1998).
 *
 * Outcomes that become known together are learned, then settled; only settling moves the curve, so
 * none of them is judged by what was learned from its neighbours.
 */
#ifndef FORE_CALIBRATION_H
#define FORE_CALIBRATION_H

#include "core/base/base.h"

enum { FORE_CALIBRATION_KNOTS = 49, FORE_CALIBRATION_MEMORIES = 3 };

struct fore_calibration_memory {
    double keep;  /* of the past, a settling */
    double trust; /* sums to 1 over the memories */
    double loss;  /* log loss of what was learned since the last settling */
    double seen[FORE_CALIBRATION_KNOTS], came[FORE_CALIBRATION_KNOTS]; /* decayed outcomes */
    double logit[FORE_CALIBRATION_KNOTS];                              /* the curve */
};
struct fore_calibration {
    double low, step; /* the first knot, and between two */
    double a, b;      /* the prior's line */
    struct fore_calibration_memory memory[FORE_CALIBRATION_MEMORIES];
    uint64_t seen, happened;
};

/* The prior's line, and the range of x that is told apart; beyond it the ends hold. */
struct fore_calibration fore_calibration_prior(double a, double b, double low, double high);
double fore_calibration_apply(const struct fore_calibration *calibration, double x);
/* One outcome; changes nothing that _apply() says until they are settled. */
void fore_calibration_learn(struct fore_calibration *calibration, double x, bool happened);
void fore_calibration_settle(struct fore_calibration *calibration);
/* log(p / (1 - p)), p kept within 1e-6 of 0 and 1. */
double fore_calibration_logit(double p);

#endif
