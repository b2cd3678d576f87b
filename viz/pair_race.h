/* pair_race.h - the violation seconds of both sides over time. Internal to pair.c. */
#ifndef VIZ_PAIR_RACE_H
#define VIZ_PAIR_RACE_H

#include "viz/pair.h"

void viz_pair_race(struct viz_canvas *canvas, const struct viz_pair *pair, struct viz_rect r);

#endif
