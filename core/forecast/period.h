/*
 * period.h - what periods a series has, when nobody said.
 *
 * A period is a lag at which the autocorrelation is clearly positive, the largest for half a lag
 * around, not much smaller than at twice the lag (else it is only a fraction of the true one), and
 * half as large there at least (else it is the gap between two humps of one cycle, and no period).
 * After the first, longer ones must beat it: a week shows because it is a better guide than a day.
 */
#ifndef FORE_PERIOD_H
#define FORE_PERIOD_H

#include "core/base/arena.h"
#include "core/forecast/model.h"

/*
 * Load lives by the calendar: where the step is known, a day and a week need less evidence than any
 * other lag, and what is found within a step or two of them is them. The search looks at log(1 +
 * y/mean), in which a few spikes do not drown the rhythm.
 */

/*
 * Up to FORE_PERIODS_MAX periods in steps, ascending, 0 ends the list; returns how many. Each is
 * seen at least three times in the series. At most a few million multiplications: long series are
 * averaged down first and the answer refined at full resolution. NaN: missing. step_s 0: unknown.
 */
size_t fore_period_find(const float *y, size_t n, double step_s, struct fore_arena *scratch,
                        uint32_t period[FORE_PERIODS_MAX]);
/* How good a guide the point `lag` steps back is, -1..1: the correlation that the search goes by.
 */
double fore_period_strength(const float *y, size_t n, size_t lag, struct fore_arena *scratch);
/* Of one found when less was known: it is still there, once back and twice. */
bool fore_period_holds(const float *y, size_t n, size_t lag, struct fore_arena *scratch);

#endif
