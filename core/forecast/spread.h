/* spread.h - how wrong a forecast is taken to be before it has shown it; private. */
#ifndef FORE_SPREAD_H
#define FORE_SPREAD_H

#include <math.h>
#include <stddef.h>

enum { FORE_SPREAD_PATHS_MIN = 6 }; /* fewer finished paths say nothing */

/* Standard deviation: a tenth of the level at half a dozen steps, growing as a random walk's. */
static inline double fore_spread_guess(double level, size_t step)
{
    return 0.10 * level * sqrt((double)(step + 1) / 6.0);
}

/*
 * Parts of what was one partition err together: what makes its load rise, an hour busier than the
 * profile says, does so in most of its keys. Only the noise of counts is each part's own. So of the
 * variance of a whole, a part of `share` has  rho share^2 + (1 - rho) share,  and two parts on one
 * node have 2 c sd sd' more than their sum; c is what makes two halves a whole again, and a little
 * much for crumbs. rho: on taxi series, own errors 15 minutes ahead are
 * 7 to 10 % of the load, and the counts of such parts leave some 4 % in five minutes.
 */
#define FORE_SPREAD_KIN      0.75
#define FORE_SPREAD_TOGETHER (FORE_SPREAD_KIN / (2 - FORE_SPREAD_KIN))
static inline double fore_spread_part(double share)
{
    return FORE_SPREAD_KIN * share * share + (1 - FORE_SPREAD_KIN) * share;
}

#endif
