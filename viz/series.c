/* series.c - see series.h. */
#include "viz/series.h"

#include <math.h>
#include <stdlib.h>

struct point {
    double x, y;
};
struct viz_series {
    size_t count, cap;
    struct point *point;
};

struct viz_series *viz_series_begin(size_t expected)
{
    struct viz_series *series = calloc(1, sizeof *series);
    FORE_ASSERT(series != NULL);
    series->cap = expected + 16;
    series->point = calloc(series->cap, sizeof *series->point);
    FORE_ASSERT(series->point != NULL);
    return series;
}

void viz_series_add(struct viz_series *series, double x, double y)
{
    if (series->count == series->cap) {
        series->cap *= 2;
        series->point = realloc(series->point, series->cap * sizeof *series->point);
        FORE_ASSERT(series->point != NULL);
    }
    series->point[series->count++] = (struct point){x, y};
}

static void stroke(const struct viz_series *s, cairo_t *cr, double width)
{
    cairo_new_path(cr);
    for (size_t i = 0; i < s->count; i++)
        cairo_line_to(cr, s->point[i].x, s->point[i].y);
    cairo_set_line_width(cr, width);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(cr);
}

/* One box a pixel column, from its highest to its lowest point; joined to its neighbour's. */
static void band(const struct viz_series *s, cairo_t *cr, double width)
{
    double before = s->point[0].y;
    for (size_t i = 0; i < s->count;) {
        double column = floor(s->point[i].x), top = before, bottom = before;
        for (; i < s->count && s->point[i].x < column + 1; i++) {
            top = fmin(top, s->point[i].y);
            bottom = fmax(bottom, s->point[i].y);
            before = s->point[i].y;
        }
        double next = i < s->count ? floor(s->point[i].x) : column + 1;
        double y = floor(top - width / 2), end = ceil(bottom + width / 2);
        cairo_rectangle(cr, column, y, 1, end - y);
        if (next > column + 1) /* a gap as level as the last point */
            cairo_rectangle(cr, column + 1, floor(before - width / 2), next - column - 1,
                            ceil(width));
    }
    cairo_fill(cr);
}

void viz_series_end(struct viz_series *series, struct viz_canvas *canvas, double thick,
                    struct viz_rgb colour)
{
    double width = fmax(1, thick * canvas->u);
    viz_canvas_colour(canvas, colour, 1);
    if (series->count > 1) {
        double span = series->point[series->count - 1].x - series->point[0].x, travel = 0;
        for (size_t i = 1; i < series->count; i++)
            travel += fabs(series->point[i].y - series->point[i - 1].y);
        if ((double)series->count > span / 2 && travel > 12 * span)
            band(series, canvas->cr, width);
        else
            stroke(series, canvas->cr, width);
    }
    free(series->point);
    free(series);
}
