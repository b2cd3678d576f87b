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

#endif
