/* mark.c - the small signs beside every colour, as strokes on a grid of -1..1. */
#include "viz/canvas.h"

#include <math.h>

static void stroke(cairo_t *cr, const double *xy, size_t points)
{
    cairo_move_to(cr, xy[0], xy[1]);
    for (size_t i = 1; i < points; i++)
        cairo_line_to(cr, xy[2 * i], xy[2 * i + 1]);
}

static void shape(cairo_t *cr, enum viz_mark mark)
{
    switch (mark) {
    case VIZ_MARK_CHECK: stroke(cr, (const double[]){-.8, .05, -.2, .65, .85, -.6}, 3); break;
    case VIZ_MARK_CROSS:
        stroke(cr, (const double[]){-.7, -.7, .7, .7}, 2);
        stroke(cr, (const double[]){-.7, .7, .7, -.7}, 2);
        break;
    case VIZ_MARK_MINUS:
    case VIZ_MARK_BAR: stroke(cr, (const double[]){-.75, 0, .75, 0}, 2); break;
    case VIZ_MARK_BACK:
        stroke(cr, (const double[]){-.3, -.9, -.85, -.35, -.3, .2}, 3);
        stroke(cr, (const double[]){-.85, -.35, .35, -.35, .8, .15, .35, .7, -.3, .7}, 5);
        break;
    case VIZ_MARK_ARROW:
        stroke(cr, (const double[]){-.9, 0, .85, 0}, 2);
        stroke(cr, (const double[]){.25, -.6, .85, 0, .25, .6}, 3);
        break;
    case VIZ_MARK_FORK:
        stroke(cr, (const double[]){-.9, 0, -.1, 0, .8, -.7}, 3);
        stroke(cr, (const double[]){-.1, 0, .8, .7}, 2);
        break;
    case VIZ_MARK_JOIN:
        stroke(cr, (const double[]){.9, 0, .1, 0, -.8, -.7}, 3);
        stroke(cr, (const double[]){.1, 0, -.8, .7}, 2);
        break;
    case VIZ_MARK_COLUMNS: /* two columns, parted */
        stroke(cr, (const double[]){-.85, -.8, -.25, -.8, -.25, .8, -.85, .8, -.85, -.8}, 5);
        stroke(cr, (const double[]){.25, -.8, .85, -.8, .85, .8, .25, .8, .25, -.8}, 5);
        break;
    case VIZ_MARK_PLUS:
        stroke(cr, (const double[]){-.75, 0, .75, 0}, 2);
        stroke(cr, (const double[]){0, -.75, 0, .75}, 2);
        break;
    case VIZ_MARK_TRIANGLE: stroke(cr, (const double[]){0, -.9, .95, .8, -.95, .8}, 3); break;
    case VIZ_MARK_DIAMOND: stroke(cr, (const double[]){0, -1, 1, 0, 0, 1, -1, 0}, 4); break;
    case VIZ_MARK_DOT: cairo_arc(cr, 0, 0, .62, 0, 6.2831853); break;
    case VIZ_MARK_NONE:
    default: break;
    }
}

void viz_canvas_mark(struct viz_canvas *canvas, enum viz_mark mark, double x, double y, double size,
                     struct viz_rgb colour)
{
    cairo_t *cr = canvas->cr;
    bool solid = mark == VIZ_MARK_TRIANGLE || mark == VIZ_MARK_DIAMOND || mark == VIZ_MARK_DOT;
    double half = size * canvas->u / 2;
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, half, half);
    cairo_new_path(cr);
    shape(cr, mark);
    viz_canvas_colour(canvas, colour, 1);
    if (solid) {
        cairo_close_path(cr);
        cairo_fill(cr);
    } else {
        cairo_set_line_width(cr, fmax(1.3 / half, 0.30));
        cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
        cairo_stroke(cr);
    }
    cairo_restore(cr);
}
