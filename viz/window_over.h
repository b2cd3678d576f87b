/* window_over.h - what lies over the page: tips, the search line, marks. Internal to window.c. */
#ifndef VIZ_WINDOW_OVER_H
#define VIZ_WINDOW_OVER_H

#include "viz/window_state.h"

bool viz_window_over_any(const struct viz_window *w);
/* Onto a copy of the page. */
void viz_window_over_draw(struct viz_window *w, cairo_surface_t *surface);

#endif
