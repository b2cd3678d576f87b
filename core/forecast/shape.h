/*
 * shape.h - series that rise and fall together, found by clustering the shapes of their days.
 *
 * A series' shape is its mean load by the time of its period, less its mean, of unit length. Shapes
 * are alike when their cosine is at least `likeness` (QueryBot5000, Ma et al., SIGMOD 2018, uses
 * 0.8). Leaders are taken in order of the series, so equal input gives equal groups. Private to
 * core/forecast.
 */
#ifndef FORE_SHAPE_H
#define FORE_SHAPE_H

#include "core/forecast/model.h"

/* group[count], 0..returned - 1 and below `most`; series without a shape (flat, too short, no
 * period) are in group 0. */
size_t fore_shape_groups(const struct fore_series_view *view, size_t count, size_t most,
                         double likeness, struct fore_arena *scratch, uint8_t *group);

#endif
