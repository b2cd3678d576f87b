/*
 * ensemble.h - one series' combination of members, learned online.
 *
 * Every member keeps a rolling CRPS per group of leads (of a Laplace distribution about what it
 * said, as wide as it has lately been wrong; the closed form is Jordan, Krüger & Lerch 2019), and
 * gets the weight CRPS^-power. Two combinations are made: the weighted one, half way between the
 * weighted mean (in square roots, as fits counts) and the weighted median, which a member that has
 * gone astray cannot move; and the plain median. The weighted one speaks, but after a level shift
 * (two-sided CUSUM of the one-step errors, Page 1954) what was learned before counts little and
 * the plain median speaks until enough has been seen again.
 *
 * The caller predicts the members and remembers what was said; this file only judges.
 */
#ifndef FORE_ENSEMBLE_H
#define FORE_ENSEMBLE_H

#include "core/base/buf.h"
#include "core/forecast/model.h"

enum { FORE_MEMBERS_MAX = 16 };

struct fore_ensemble_options {
    double power;     /* of the weights */
    double memory;    /* origins that count: older ones fade with this time constant */
    double shift_sds; /* a level shift: the CUSUM of one-step errors beyond so many deviations */
};
extern const struct fore_ensemble_options fore_ensemble_defaults;

enum fore_combination { FORE_COMBINE_WEIGHTED, FORE_COMBINE_MEDIAN };
enum { FORE_COMBINATIONS = 2 };

struct fore_ensemble; /* of one series */
/* Bytes one takes, for callers who keep many in a row; zeroed memory is not a valid one. */
size_t fore_ensemble_size(size_t members);
void fore_ensemble_init(struct fore_ensemble *ensemble, size_t members, size_t horizon);

/*
 * out[c][0..horizon-1] is combination c of what the members say; out[c] NULL: not wanted. member[m]
 * NULL: it cannot speak; at least one can.
 */
void fore_ensemble_combine(const struct fore_ensemble *ensemble,
                           const struct fore_ensemble_options *options, const float *const *member,
                           float *const *out);
/* The one that speaks now. */
enum fore_combination fore_ensemble_choice(const struct fore_ensemble *ensemble);
/* The truth of one lead of an earlier origin, against what was said then: by the members, by the
 * combinations. NaN truth: nothing is learned. */
void fore_ensemble_learn(struct fore_ensemble *ensemble,
                         const struct fore_ensemble_options *options, const float *member,
                         const float *combination, size_t lead, float truth);
/* Truths learned since the last level shift, and how many shifts there were. */
size_t fore_ensemble_seen(const struct fore_ensemble *ensemble);
size_t fore_ensemble_shifts(const struct fore_ensemble *ensemble);
/* weight[members] averaged over the leads, summing to 1. */
void fore_ensemble_weights(const struct fore_ensemble *ensemble,
                           const struct fore_ensemble_options *options, double *weight);
/* The state as bytes (core/base/bytes.h); reading into an initialised one of as many members makes
 * the cursor unsound when it does not fit. */
struct fore_bytes_cursor;
void fore_ensemble_write(const struct fore_ensemble *ensemble, struct fore_buf *out);
void fore_ensemble_read(struct fore_ensemble *ensemble, struct fore_bytes_cursor *cursor);
/* One line: "mean of members weighted by rolling CRPS: spar-log 41 %, lstm 30 %, ..." */
void fore_ensemble_reason(const struct fore_ensemble *ensemble,
                          const struct fore_ensemble_options *options,
                          const struct fore_model *const *row, struct fore_buf *out);

#endif
