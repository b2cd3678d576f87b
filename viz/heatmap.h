/*
 * heatmap.h - the heat's picture, kept from frame to frame and mended where it changed.
 *
 * A pixel column remembers which buckets it showed and in which state; a new window of loads
 * changes one or two of them. Levels, their histogram (the colour scale follows it) and the
 * coloured pixels are mended there and stand elsewhere. Another view, size or order begins anew.
 * The model owns one; whoever draws the model's heat at two sizes in turn pays for it, no more.
 */
#ifndef VIZ_HEATMAP_H
#define VIZ_HEATMAP_H

#include "viz/later.h"

#include <cairo.h>

struct viz_heatmap;
struct viz_heatmap *viz_heatmap_create(void);
void viz_heatmap_destroy(struct viz_heatmap *map);

struct viz_heatmap_spec {
    const struct viz_matrix *matrix; /* of the measured columns, 0..x0-1 */
    struct viz_later_picture later;  /* window and x0 are those of the whole picture */
    uint32_t from, to;               /* pixel columns wanted now; the others may be behind */
    bool measured_only;              /* and so may the forecast */
};
/* Brings the levels up to date: [height][width], valid until the next call. */
const uint8_t *viz_heatmap_levels(struct viz_heatmap *map, const struct viz_model *model,
                                  const struct viz_heatmap_spec *spec);
/* How many pixels have each level. */
const size_t *viz_heatmap_histogram(const struct viz_heatmap *map);
/* Paints the levels with their colours, left and right of x0, at x and y. */
struct viz_heatmap_look {
    uint32_t now[256], then[256]; /* cairo RGB24 by level */
    double x, y;
};
void viz_heatmap_paint(struct viz_heatmap *map, cairo_t *cr, const struct viz_heatmap_look *look);
/* A name for view, size and order of the picture; another one, and every pixel may have changed. */
uint64_t viz_heatmap_key(const struct viz_heatmap *map);
/* How often all of it got new colours. */
uint64_t viz_heatmap_recoloured(const struct viz_heatmap *map);
/* Pixel columns mended since creation, for tests and the bench. */
uint64_t viz_heatmap_work(const struct viz_heatmap *map);

#endif
