/*
 * frame.h - the page as a window keeps it: drawn in parts, shown in parts.
 *
 * What the user does redraws the whole page. A new window of loads does not: the heat gets its new
 * column and the header its numbers at once, the other panels follow one a frame, so that no frame
 * of a running journal costs more than a panel. Every draw leaves the rectangles that changed, for
 * the display to copy; nothing drawn, nothing to copy.
 */
#ifndef VIZ_FRAME_H
#define VIZ_FRAME_H

#include "viz/panel.h"

enum { VIZ_FRAME_RECTS = 4 };

struct viz_frame {
    cairo_surface_t *page;
    struct viz_layout layout;
    const struct viz_theme *theme; /* of what stands on the page */
    struct viz_view view;          /* of the heat as it stands */
    uint32_t waiting;              /* panels that are behind, a bit a row of viz_panels[] */
    struct viz_rect changed[VIZ_FRAME_RECTS]; /* whole pixels, by the last draw */
    uint32_t changed_count;
};

/* A blank page of that size; the next draw is of all of it. */
void viz_frame_init(struct viz_frame *frame, int width, int height);
void viz_frame_fini(struct viz_frame *frame);

/* Everything, at once. */
void viz_frame_whole(struct viz_frame *frame, const struct viz_theme *theme,
                     struct viz_scene *scene);
/* New data at the end of the same view: heat and header now, the rest in viz_frame_follow(). Where
 * the view has moved, or the theme changed, the whole page. */
void viz_frame_column(struct viz_frame *frame, const struct viz_theme *theme,
                      struct viz_scene *scene);
/* One panel that is behind; false if none is. */
bool viz_frame_follow(struct viz_frame *frame, struct viz_scene *scene);

#endif
