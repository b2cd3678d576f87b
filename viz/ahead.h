/*
 * ahead.h - the forecast as heat: the columns of a picture right of now.
 *
 * Nearly always all forecasts were made at one moment with one step; then a step is one column for
 * all of its pixels, pooled once and kept until a forecast, the order or the height changes. Where
 * they differ, every pixel asks each partition's own forecast.
 */
#ifndef VIZ_AHEAD_H
#define VIZ_AHEAD_H

#include "viz/model.h"

/* Quantile q (0: q10, 1: q50, 2: q90) into pixels x0..width-1 of a picture of the window. */
void viz_ahead_paint(const struct viz_model *model, const struct viz_matrix_window *window,
                     uint32_t x0, int q, uint8_t *level);

struct viz_ahead; /* what is kept; the model owns one */
struct viz_ahead *viz_ahead_create(void);
void viz_ahead_destroy(struct viz_ahead *ahead);

#endif
