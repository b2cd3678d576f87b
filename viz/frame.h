/*
 * frame.h - the page as a window keeps it: drawn in parts, shown in parts.
 *
 * What the user does redraws the whole page. A new window of loads does not: the heat gets its new
 * column at once, the other panels follow one a frame, so that no frame
 * of a running journal costs more than a panel. Every draw leaves the rectangles that changed, for
 * the display to copy; nothing drawn, nothing to copy.
 */
#ifndef VIZ_FRAME_H
#define VIZ_FRAME_H

#include "viz/panel.h"

enum { VIZ_FRAME_RECTS = 4 };

struct viz_frame {
    cairo_surface_t *page; /* borrowed */
    struct viz_layout layout;
    const struct viz_theme *theme; /* of what stands on the page */
    struct viz_view view;          /* of the heat as it stands */
    uint64_t forecast_version;     /* of the forecasts shown */
    uint64_t recoloured;           /* how often the heat's colours had changed by then */
    uint64_t heat_key;             /* of the heat's picture, and of what lies over it */
    fore_ns settled;               /* no load changes what the heat shows before it */
    uint32_t waiting;              /* panels that are behind, a bit a row of viz_panels[] */
    struct viz_rect changed[VIZ_FRAME_RECTS]; /* whole pixels, by the last draw */
    uint32_t changed_count;
};

/* On an RGB24 image that outlives the frame, with the text's size (look.h); begin with a draw of
 * all of it. */
void viz_frame_init(struct viz_frame *frame, cairo_surface_t *page, double text);

/* Everything, at once. What lies between the cards is drawn with the first page of a theme and then
 * stands: who draws over it puts it back. */
void viz_frame_whole(struct viz_frame *frame, const struct viz_theme *theme,
                     struct viz_scene *scene);
/* New data at the end of the same view: the heat now, the rest in viz_frame_follow(). Where
 * the view has moved, or the theme changed, the whole page. The scene's hits follow the panels. */
void viz_frame_column(struct viz_frame *frame, const struct viz_theme *theme,
                      struct viz_scene *scene);
/* One panel that is behind; false if none is. */
bool viz_frame_follow(struct viz_frame *frame, struct viz_scene *scene);

#endif
