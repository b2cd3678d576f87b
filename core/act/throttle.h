/*
 * throttle.h - how fast a copy may go, so that clients do not feel it.
 *
 * Closed loop on what they feel: the worse p99 of the copy's two ends against a goal. Latency-aware
 * throttling of migrations is Slacker's (Barker, Chi, Moon, Hacigumus, Shenoy: "Cut me some slack",
 * EDBT 2012; there a PID controller). Here additive increase and multiplicative decrease (Chiu and
 * Jain, 1989) take the PID's place: p99 grows without bound near saturation, where any fixed gain
 * is wrong, and copies that meet at a node end up with equal shares without knowing of each other.
 *
 * The goal is a share of the SLO, or what the p99 was when the copy began, if that was worse: a
 * copy answers for what it adds. Where clients suffer already it is usually the cure, and a slow
 * cure is none. A floor bounds the time of every copy, whatever clients feel.
 *
 * p99 is seen when it has already gone up, and in a minute's noise it is a poor witness. So there
 * is a second bound that looks at utilisation and acts before: a copy gets no more of an end than
 * its other work leaves below act.throttle_room. The slower of the two bounds holds.
 */
#ifndef FORE_THROTTLE_H
#define FORE_THROTTLE_H

#include "core/act/step.h"

struct fore_throttle_law {
    double goal_ms; /* > 0 */
    double floor;   /* bytes/s, > 0 */
    double full;    /* bytes/s: what it gets when nobody suffers, >= floor */
};
/* The next rate after `rate` when clients see `p99_ms`; always in floor..full. Down by half above
 * the goal, up by a tenth of `full` below 90 % of it, else as it is. */
double fore_throttle_next(const struct fore_throttle_law *law, double rate, double p99_ms);

/* The share of its full rate that a copy has room for: `load` of an end without the copy, `cost`
 * what the copy takes of it at full rate, both utilisations. In floor..1. */
double fore_throttle_room(double limit, double load, double cost, double floor);

/* Sets the rate of a running copy: by p99 at most once in observe.now_span, by room whenever that
 * has changed by a twentieth. Internal to act/. */
void fore_throttle_steer(struct fore_step *step, struct fore_migration *m);

#endif
