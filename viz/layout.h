/*
 * layout.h - where everything stands: one grid for the page, in pixels.
 *
 *   header
 *   heat     | nodes        the three on the left share one time axis (plot_x0..plot_x1)
 *   latency  | scores
 *   strip    | moves
 */
#ifndef VIZ_LAYOUT_H
#define VIZ_LAYOUT_H

#include "viz/canvas.h"

enum viz_place {
    VIZ_PLACE_HEADER,
    VIZ_PLACE_HEAT,
    VIZ_PLACE_LATENCY,
    VIZ_PLACE_STRIP,
    VIZ_PLACE_NODES,
    VIZ_PLACE_SCORES,
    VIZ_PLACE_MOVES,
    VIZ_PLACES
};

struct viz_layout {
    double width, height, u;
    double plot_x0, plot_x1;
    struct viz_rect place[VIZ_PLACES];
};

enum { VIZ_WIDTH_MIN = 960, VIZ_HEIGHT_MIN = 540, VIZ_SIDE_MAX = 16384 };
struct viz_layout viz_layout_make(double width, double height);
/* `text`: size of all text and what goes with it, 1 as usual. */
struct viz_layout viz_layout_sized(double width, double height, double text);

#endif
