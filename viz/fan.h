/*
 * fan.h - a series, the fan of its forecast and what came: the picture of `foreshard forecast
 * --plot`. It is read from a small text:
 *
 *     foreshard-fan 1
 *     title NAME
 *     about WORDS
 *     start UNIX-SECONDS   of the first value; 0: not known
 *     step SECONDS
 *     history N            N values follow, one a line; nan: missing
 *     truth N              what came after the history, as far as known
 *     fan STEPS LEVELS     a line of levels, then STEPS lines of as many quantiles
 */
#ifndef VIZ_FAN_H
#define VIZ_FAN_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "viz/colour.h"

#include <cairo.h>
#include <stdio.h>

enum { VIZ_FAN_POINTS = 100000, VIZ_FAN_LEVELS = 64, VIZ_FAN_TEXT = 160 };

struct viz_fan {
    char title[VIZ_FAN_TEXT], about[VIZ_FAN_TEXT];
    double start_s, step_s;
    double *history, *truth; /* NaN: missing */
    size_t history_count, truth_count;
    double *level;    /* [levels], ascending */
    double *quantile; /* [steps][levels] */
    size_t steps, levels;
};

/* Memory from `arena`. FORMAT: the line that does not fit. */
FORE_MUST_USE enum fore_err viz_fan_read(FILE *file, struct fore_arena *arena, struct viz_fan *out,
                                         struct fore_diag *diag);
/* On a surface of its own size. */
void viz_fan_draw(const struct viz_fan *fan, const struct viz_theme *theme,
                  cairo_surface_t *surface, int width, int height);
/* Reads `data`, writes `picture`: .svg, .pdf, else PNG. Appears whole or not at all. */
FORE_MUST_USE enum fore_err viz_fan_picture(const char *data, const char *picture,
                                            const struct viz_theme *theme, int width, int height,
                                            struct fore_diag *diag);

#endif
