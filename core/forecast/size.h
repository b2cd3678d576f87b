/*
 * size.h - how large a partition will be, as a distribution.
 *
 * The size is taken for a Brownian motion with drift: it grows at a steady rate, and what comes in
 * one stretch says nothing of the next. Of such a motion, seen at t0 < ... < tn (not evenly), the
 * rate is estimated by all of the way over all of the time, r = (Sn - S0) / T, and its variance a
 * second by s^2 = 1/(n-1) sum (xi - r di)^2 / di over increments xi in times di (maximum
 * likelihood, corrected for the rate that was fitted). Then the size h seconds from now is
 *
 *     Sn + r h + s sqrt(h + h^2/T) t(n-1)
 *
 * with Student's t: h is for what will come, h^2/T for not knowing the rate, t for not knowing s.
 * That is the exact predictive distribution of the model (Geisser 1993, section 2), and honest
 * when little was seen: four increments promise next to nothing. Where the rate wanders slowly,
 * increments are alike and longer ones vary by more than their time: s^2 is the largest of those
 * over 1, 2, ... points at a time, as long as four of them are left (the variance ratio of Lo and
 * MacKinlay 1988; prop_forecast_size: the calibration error of wandering rates falls from 0.080 to
 * 0.048, that of steady ones from 0.023 to 0.017). No spread is below 2 % of what is expected to
 * come: no rate stays that steady. Sizes that are estimated noisily look as if they wandered: too
 * wide, never too narrow.
 */
#ifndef FORE_SIZE_H
#define FORE_SIZE_H

#include "core/observe/sizes.h"

struct fore_size_model {
    bool known;        /* false: fewer than 4 increments, and nothing is said of what comes */
    double now_bytes;  /* the newest size; 0: none is known */
    double rate;       /* bytes a second, may be negative */
    double volatility; /* s: bytes a square root of a second */
    double span_s;     /* T */
    double freedom;    /* n - 1 */
};

/* Points in the order of time. Fewer than two, or one that is no size: known is false. */
struct fore_size_model fore_size_fit(const struct fore_sizes_point *point, size_t count);
/* Of the size so many seconds from now: its centre, and the spread that multiplies t (68 % of it
 * lie within a little more than that). */
double fore_size_mean(const struct fore_size_model *model, double ahead_s);
double fore_size_spread(const struct fore_size_model *model, double ahead_s);
/* P(it is above `bytes` then). */
double fore_size_above(const struct fore_size_model *model, double bytes, double ahead_s);
/* P(T > t), Student's t with a whole number of degrees of freedom: the finite sums of Abramowitz
 * and Stegun 26.7.3 and 26.7.4. */
double fore_size_student_tail(double t, unsigned freedom);

/* Two spreads up, at least what it holds now. */
double fore_size_most(const struct fore_size_model *model, double ahead_s);

/* A ceiling, and when it is passed if nothing is done. */
struct fore_size_outlook {
    double probability; /* within the horizon, at the riskiest time; 1 where it is passed already */
    double when_s;      /* until the centre passes it, at most the horizon; 0: it has */
    double now_bytes;
    double mean_bytes, spread_bytes; /* at the horizon */
    double max_bytes;
    double rate;        /* as the model's */
    double grown_bytes; /* fore_size_most() at the horizon, if nothing ends its growth before */
    bool known;
};
/* Its growth ends in `ends_s` (inserts in order reach its last key then); HUGE_VAL: nobody knows of
 * an end. max_bytes HUGE_VAL: there is no ceiling. */
struct fore_size_outlook fore_size_look(const struct fore_size_model *model, double max_bytes,
                                        double horizon_s, double ends_s);

#endif
