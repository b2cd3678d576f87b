/*
 * hindsight.h - how much of the violation that plans expect to be left comes true.
 *
 * A plan says how much violation it expects in the coming hours after everything it does. Where the
 * spread of the loads is overstated, that is a little everywhere, all day, and nothing of it comes;
 * moves against it only add their own work. So what was said is held against what was seen, in the
 * same measure: a node's utilisation u counts as P(u + spread Z > limit), and its depth. Sums fade
 * with a half-life of two days; both begin at ten minutes, so that little said proves nothing.
 */
#ifndef FORE_HINDSIGHT_H
#define FORE_HINDSIGHT_H

#include "core/decide/planner.h"

struct fore_hindsight { /* zero: nothing yet */
    double said_s, seen_s;
    fore_ns at;
};

/* At every plan: `left_s` is the violation it leaves in the span that it looks ahead. */
void fore_hindsight_add(struct fore_hindsight *hindsight, const struct fore_planner_input *input,
                        double left_s, double span_s);
/* The share of what is said that comes true, 0.05..1. */
double fore_hindsight_share(const struct fore_hindsight *hindsight);

#endif
