/*
 * ensemble.h - one series' combination of members, learned online.
 *
 * Weights follow each member's rolling CRPS (w ~ CRPS^-power). After a level shift, seen by a
 * change-point detector on the one-step errors, or when the weighted combination has lately been
 * worse than the median of the members, the median takes over, and `reason` says so.
 * The caller predicts the members and remembers what they said; this file only judges.
 */
#ifndef FORE_ENSEMBLE_H
#define FORE_ENSEMBLE_H

#include "core/forecast/model.h"

enum { FORE_MEMBERS_MAX = 16 };

struct fore_ensemble_options {
    double power;     /* of the weights */
    size_t memory;    /* origins that count: older ones fade with this time constant */
    double shift_sds; /* a level shift: the one-step errors' CUSUM beyond this many deviations */
};
extern const struct fore_ensemble_options fore_ensemble_defaults;

enum fore_ensemble_regime { FORE_REGIME_EQUAL, FORE_REGIME_WEIGHTED, FORE_REGIME_MEDIAN };

struct fore_ensemble; /* of one series */
struct fore_ensemble *fore_ensemble_create(struct fore_arena *arena,
                                           const struct fore_ensemble_options *options,
                                           size_t members, size_t horizon);
/* The combination now. member[m] is NULL where that member cannot speak (too short a series). */
void fore_ensemble_combine(const struct fore_ensemble *ensemble, const float *const *member,
                           size_t horizon, float *mean);
/* A finished origin: what the members said then and what came (NaN: unknown). */
void fore_ensemble_learn(struct fore_ensemble *ensemble, const float *const *member,
                         const float *truth, size_t horizon);
enum fore_ensemble_regime fore_ensemble_regime(const struct fore_ensemble *ensemble);
/* weight[members], summing to 1 over those that can speak. */
void fore_ensemble_weights(const struct fore_ensemble *ensemble, double *weight);
/* One line in words: "weighted by CRPS of 31 origins: spar-log 41 %, lstm 30 %, ..." */
void fore_ensemble_reason(const struct fore_ensemble *ensemble, const struct fore_model *const *row,
                          struct fore_buf *out);

#endif
