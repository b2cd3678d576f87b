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
    uint32_t x0;        /* pixels from here to the window's width are forecast */
    int quantile;       /* 0: q10, 1: q50, 2: q90 */
    const float *scale; /* [heat.row_cap]: what a core is worth in the unit shown; NULL: 1 */
};

/* The columns one by one. */
struct viz_later_columns {
    const struct viz_model *model;
    const struct viz_later_picture *picture;
    const struct viz_forecast *one; /* stands for all; NULL: they differ, or there is none */
    bool known;                     /* there is any forecast */
};
struct viz_later_columns viz_later_columns(const struct viz_model *model,
                                           const struct viz_later_picture *picture);
/* Equal names, equal columns, as long as the model is the same; 0: ask for the column. */
uint64_t viz_later_name(const struct viz_later_columns *columns, uint32_t x);
/* [height] levels. */
void viz_later_column(const struct viz_later_columns *columns, uint32_t x, uint8_t *line);

struct viz_later; /* what is kept; the model owns one */
struct viz_later *viz_later_create(void);
void viz_later_destroy(struct viz_later *later);

#endif
