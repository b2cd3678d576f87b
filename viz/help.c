/* help.c - the page behind a veil, and one card with the keys from controls.c in two columns. */
#include "viz/help.h"

#include "viz/controls.h"

#include <math.h>

static size_t rows_of(void)
{
    size_t rows = 0;
    while (viz_keys[rows].name != NULL)
        rows++;
    return rows;
}

/* The first row of the right column: the group that leaves the columns most alike. */
static size_t cut_of(size_t rows)
{
    size_t cut = rows;
    for (size_t i = 1; i < rows; i++)
        if (viz_keys[i].what == NULL && (cut == rows || i <= (rows + 1) / 2)) cut = i;
    return cut;
}

void viz_help_draw(cairo_surface_t *surface, const struct viz_layout *layout,
                   const struct viz_theme *theme)
{
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, surface, theme, layout->u);
    double u = layout->u;
    size_t rows = rows_of(), cut = cut_of(rows);
    size_t tall = cut > rows - cut ? cut : rows - cut;
    double pitch = fmin(27 * u, (layout->height - 90 * u) / (double)tall);
    double column = fmin(500 * u, (layout->width - 60 * u) / 2);
    struct viz_rect card = {0, 0, round(2 * column + 20 * u), round(64 * u + pitch * (double)tall)};
    card.x = round((layout->width - card.w) / 2);
    card.y = round((layout->height - card.h) / 2);
    viz_canvas_tint(&canvas, (struct viz_rect){0, 0, layout->width, layout->height}, theme->page,
                    0.72);
    viz_canvas_card(&canvas, card, "Keys", "? or Esc closes this", 0);
    struct viz_type name = {.size = 13, .bold = true, .align = VIZ_RIGHT, .colour = theme->ink};
    struct viz_type what = {.size = 13, .colour = theme->muted};
    struct viz_type group = {.size = 13, .bold = true, .colour = theme->accent};
    for (size_t i = 0; i < rows; i++) {
        size_t row = i < cut ? i : i - cut;
        double x = card.x + (i < cut ? 0 : column), y = card.y + 56 * u + pitch * (double)row;
        if (viz_keys[i].what == NULL) {
            viz_canvas_text(&canvas, &group, x + 24 * u, y, column - 30 * u, viz_keys[i].name);
            continue;
        }
        viz_canvas_text(&canvas, &name, x + 116 * u, y, 100 * u, viz_keys[i].name);
        viz_canvas_text(&canvas, &what, x + 134 * u, y, column - 144 * u, viz_keys[i].what);
    }
    viz_canvas_fini(&canvas);
    cairo_surface_flush(surface);
}
