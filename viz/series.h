/*
 * series.h - a curve of very many points. Where they are dense and jump up and down, a stroked path
 * costs much and shows no more than the band each pixel column spans, so that band is filled
 * instead.
 */
#ifndef VIZ_SERIES_H
#define VIZ_SERIES_H

#include "viz/canvas.h"

struct viz_series;
/* Points in ascending x, added one by one; a line of `thick` units. */
struct viz_series *viz_series_begin(size_t expected);
void viz_series_add(struct viz_series *series, double x, double y);
/* Draws and frees. */
void viz_series_end(struct viz_series *series, struct viz_canvas *canvas, double thick,
                    struct viz_rgb colour);

#endif
