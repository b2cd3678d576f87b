/*
 * calibration.h - probabilities made honest by what came of them.
 *
 * q = sigmoid(a + b x), where x says how likely an event looked; a and b follow outcome by outcome
 * (an extended Kalman filter on the two, that is online Newton steps with a prior). Platt (1999)
 * scaling, learned while running. Nothing learned: the prior's own mapping.
 */
#ifndef FORE_CALIBRATION_H
#define FORE_CALIBRATION_H

#include "core/base/base.h"

struct fore_calibration {
    double a, b;
    double aa, ab, bb; /* their covariance */
    uint64_t seen, happened;
};

/* Prior means, and how sure of them (standard deviations). */
struct fore_calibration fore_calibration_prior(double a, double b, double sd);
double fore_calibration_apply(const struct fore_calibration *calibration, double x);
void fore_calibration_learn(struct fore_calibration *calibration, double x, bool happened);
/* log(p / (1 - p)), p kept within 1e-6 of 0 and 1. */
double fore_calibration_logit(double p);

#endif
