/*
 * beyond.h - what the horizon does not show: the usual day after it, as the end of a receding
 * horizon (the terminal cost of model predictive control: Rawlings, Mayne and Diehl 2017, ch. 2).
 *
 * A planner that counts violation up to its horizon undervalues what lasts: cutting a hot range in
 * parts and spreading them saves something on every evening to come. So a change is also asked what
 * it does to the usual load (profile.h) of the time after the horizon, at a discount: much can
 * still be mended by then, and the usual is not what will be.
 */
#ifndef FORE_BEYOND_H
#define FORE_BEYOND_H

#include "core/decide/options.h"
#include "core/forecast/fleet.h"

/* Mean: the profile of the week, or of the day where history is shorter than two weeks, in each
 * hour from the end of `forecast` on for decide.beyond_span. Spreads: what the forecast is known to
 * err by at its last step, over the root of the level. NULL: the span is 0, or there are not two
 * days of history. Memory from `arena`. */
const struct fore_scenario *fore_beyond_make(const struct fore_decide_options *options,
                                             const struct fore_observe *observe,
                                             const struct fore_topology *topology,
                                             const struct fore_scenario *forecast,
                                             struct fore_arena *arena);

#endif
