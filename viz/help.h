/* help.h - the keys, drawn over the page. */
#ifndef VIZ_HELP_H
#define VIZ_HELP_H

#include "viz/layout.h"

void viz_help_draw(cairo_surface_t *surface, const struct viz_layout *layout,
                   const struct viz_theme *theme);

#endif
