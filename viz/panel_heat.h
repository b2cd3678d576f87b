/* panel_heat.h - what the heat's picture and its legend share. Internal to the heat panel. */
#ifndef VIZ_PANEL_HEAT_H
#define VIZ_PANEL_HEAT_H

#include "viz/panel.h"

struct viz_heat_range {
    uint8_t low, high; /* levels at the ends of the palette */
};
/* Of the error overlay: 128 is right, a step is a level of the matrix, this many are the end. */
enum { VIZ_HEAT_RIGHT = 128, VIZ_HEAT_ERROR_END = 17 }; /* a factor of four */

/* The palette's colour of a level; level 0 is the theme's `cold`. */
struct viz_rgb viz_heat_colour(const struct viz_theme *theme, const struct viz_look *look,
                               struct viz_heat_range range, uint8_t level);
void viz_panel_heat_legend(struct viz_canvas *canvas, const struct viz_scene *scene,
                           struct viz_rect r, struct viz_heat_range range);

#endif
