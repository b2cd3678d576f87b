/*
 * later.h - the forecast as heat: the columns of a picture right of now.
 *
 * Nearly always all forecasts were made at one moment with one step; then a step is one column for
 * all of its pixels, pooled once and kept until a forecast, the order or the height changes. Where
 * they differ, every pixel asks each partition's own forecast.
 */
#ifndef VIZ_LATER_H
#define VIZ_LATER_H

#include "viz/model.h"

struct viz_later_picture {
    const struct viz_matrix_window *window;
    uint32_t x0;        /* pixels from here to the window's width are painted */
    int quantile;       /* 0: q10, 1: q50, 2: q90 */
    const float *scale; /* [heat.row_cap]: what a core is worth in the unit shown; NULL: 1 */
};
/* Where nobody forecast anything, `level` stays as it is. */
void viz_later_paint(const struct viz_model *model, const struct viz_later_picture *picture,
                     uint8_t *level);

struct viz_later; /* what is kept; the model owns one */
struct viz_later *viz_later_create(void);
void viz_later_destroy(struct viz_later *ahead);

#endif
