/*
 * text.h - lines of text laid out once and kept: most of a page's words stand there frame after
 * frame, and laying one out costs ten times what drawing it does. Kept for the whole process, at
 * most VIZ_TEXTS of them; when that is full everything is forgotten and begun anew. On an image a
 * line is drawn from a mask of its ink.
 */
#ifndef VIZ_TEXT_H
#define VIZ_TEXT_H

#include <pango/pangocairo.h>
#include <stdbool.h>

enum { VIZ_TEXTS = 4096 };

struct viz_text_key {
    const char *text; /* any bytes; what is no UTF-8 is replaced */
    double px;        /* size of the type */
    bool bold;
    double width; /* cut with an ellipsis beyond; 0: whole */
};
struct viz_text_line {
    PangoLayout *layout;
    double width, baseline; /* pixels */
    cairo_surface_t *mask;  /* the line's ink as alpha, mask_x and mask_y from its upper left */
    int mask_x, mask_y;
};
/* Valid until the next call. */
struct viz_text_line *viz_text_line(const struct viz_text_key *key);
/* Makes the mask of a line that has none yet. */
void viz_text_mask(struct viz_text_line *line);
void viz_text_forget(void);

#endif
