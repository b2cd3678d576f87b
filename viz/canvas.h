/*
 * canvas.h - what panels draw with: text by pango, shapes by cairo, sizes in units of the page.
 *
 * One unit `u` is a pixel at 1920x1080; every size is a multiple of it, so a panel never asks how
 * large the picture is. Text that does not fit is cut with an ellipsis; it is never clipped or
 * drawn over a neighbour. Digits are tabular.
 */
#ifndef VIZ_CANVAS_H
#define VIZ_CANVAS_H

#include "viz/colour.h"

#include <cairo.h>

struct viz_rect {
    double x, y, w, h;
};

struct viz_canvas {
    cairo_t *cr;
    const struct viz_theme *theme;
    double u;
    struct viz_rect limit; /* nothing outside is seen; w 0: all is */
    struct viz_hatch {     /* the pattern used last */
        cairo_pattern_t *pattern;
        int step;
        struct viz_rgb colour;
        double alpha;
    } hatch;
};

enum viz_align { VIZ_LEFT, VIZ_CENTRE, VIZ_RIGHT };
struct viz_type {
    double size; /* units */
    bool bold;
    enum viz_align align;
    struct viz_rgb colour;
};
/* Sizes in use; four are enough. */
#define VIZ_TINY  10.5
#define VIZ_SMALL 11.5
#define VIZ_BODY  12.5
#define VIZ_HERO  22.0

void viz_canvas_init(struct viz_canvas *canvas, cairo_surface_t *surface,
                     const struct viz_theme *theme, double u);
void viz_canvas_fini(struct viz_canvas *canvas);
/* Only this part will be seen, so texts and shapes outside need not be drawn; the caller clips. */
void viz_canvas_limit(struct viz_canvas *canvas, struct viz_rect limit);
bool viz_canvas_sees(const struct viz_canvas *canvas, struct viz_rect r);

/* One line with its baseline at y, at most `width` wide (0: any). Returns the width drawn. */
double viz_canvas_text(struct viz_canvas *canvas, const struct viz_type *type, double x, double y,
                       double width, const char *text);
double viz_canvas_width(struct viz_canvas *canvas, const struct viz_type *type, const char *text);

void viz_canvas_colour(struct viz_canvas *canvas, struct viz_rgb colour, double alpha);
void viz_canvas_fill(struct viz_canvas *canvas, struct viz_rect r, struct viz_rgb colour);
void viz_canvas_tint(struct viz_canvas *canvas, struct viz_rect r, struct viz_rgb colour,
                     double alpha);
void viz_canvas_round(struct viz_canvas *canvas, struct viz_rect r, double radius); /* path only */
void viz_canvas_pill(struct viz_canvas *canvas, struct viz_rect r, double radius,
                     struct viz_rgb colour);
void viz_canvas_outline(struct viz_canvas *canvas, struct viz_rect r, double radius,
                        struct viz_rgb colour);
/* A crisp bar of `thick` pixels, upright at x or level at y. */
void viz_canvas_upright(struct viz_canvas *canvas, double x, double y0, double y1, double thick,
                        struct viz_rgb colour);
void viz_canvas_level(struct viz_canvas *canvas, double x0, double x1, double y, double thick,
                      struct viz_rgb colour);
/* A dashed line from x0 to x1. */
void viz_canvas_dashes(struct viz_canvas *canvas, double x0, double x1, double y,
                       struct viz_rgb colour);
/* Diagonal lines `gap` units apart, clipped to r. */
void viz_canvas_hatch(struct viz_canvas *canvas, struct viz_rect r, double gap,
                      struct viz_rgb colour, double alpha);

/* Marks, drawn as shapes so that they look alike under every font; centred, `size` across. */
enum viz_mark {
    VIZ_MARK_NONE,
    VIZ_MARK_CHECK,    /* done, fine */
    VIZ_MARK_CROSS,    /* failed */
    VIZ_MARK_BAR,      /* cancelled */
    VIZ_MARK_BACK,     /* rolled back */
    VIZ_MARK_TRIANGLE, /* warning */
    VIZ_MARK_DIAMOND,  /* critical */
    VIZ_MARK_DOT,      /* info, under way */
    VIZ_MARK_ARROW,    /* move */
    VIZ_MARK_FORK,     /* split */
    VIZ_MARK_JOIN,     /* merge */
    VIZ_MARK_COLUMNS,  /* split by column */
    VIZ_MARK_PLUS,     /* replica added */
    VIZ_MARK_MINUS,    /* replica dropped */
};
void viz_canvas_mark(struct viz_canvas *canvas, enum viz_mark mark, double x, double y, double size,
                     struct viz_rgb colour);

/* A card with its title and a muted sentence beside it; returns where that text ended. */
double viz_canvas_card(struct viz_canvas *canvas, struct viz_rect r, const char *title,
                       const char *about, double about_width);

#endif
