/*
 * tip.h - what the thing under the cursor is, in words: shown while one points at it, kept when
 * pinned, and copied as text. The same sentences everywhere.
 */
#ifndef VIZ_TIP_H
#define VIZ_TIP_H

#include "viz/panel.h"

enum { VIZ_TIP_LINES = 14, VIZ_TIP_LINE = 120 };

struct viz_tip {
    char line[VIZ_TIP_LINES][VIZ_TIP_LINE]; /* the first is its name */
    uint32_t count;
    double x, y; /* where one pointed */
};

/* False if there is nothing to tell. `x`, `y` lie within the hit. */
bool viz_tip_make(const struct viz_scene *scene, const struct viz_hit *hit, double x, double y,
                  struct viz_tip *out);
/* Lines with newlines between, for the clipboard. */
void viz_tip_text(const struct viz_tip *tip, char *out, size_t size);
/* Beside its point, wholly on the page. */
void viz_tip_draw(struct viz_canvas *canvas, const struct viz_tip *tip, bool pinned,
                  double page_width, double page_height);

#endif
