/* help.c - the page behind a veil, and one card with the keys from controls.c. */
#include "viz/help.h"

#include "viz/controls.h"

#include <math.h>

void viz_help_draw(cairo_surface_t *surface, const struct viz_layout *layout,
                   const struct viz_theme *theme)
{
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, surface, theme, layout->u);
    double u = layout->u;
    size_t rows = 0;
    while (viz_keys[rows].name != NULL)
        rows++;
    struct viz_rect card = {0, 0, round(560 * u), round((64 + 27 * (double)rows) * u)};
    card.x = round((layout->width - card.w) / 2);
    card.y = round((layout->height - card.h) / 2);
    viz_canvas_tint(&canvas, (struct viz_rect){0, 0, layout->width, layout->height}, theme->page,
                    0.72);
    viz_canvas_card(&canvas, card, "Keys", "", 0);
    struct viz_type name = {.size = 13, .bold = true, .align = VIZ_RIGHT, .colour = theme->ink};
    struct viz_type what = {.size = 13, .colour = theme->muted};
    for (const struct viz_key *k = viz_keys; k->name != NULL; k++) {
        double y = card.y + (60 + 27 * (double)(k - viz_keys)) * u;
        viz_canvas_text(&canvas, &name, card.x + 130 * u, y, 120 * u, k->name);
        viz_canvas_text(&canvas, &what, card.x + 154 * u, y, card.w - 170 * u, k->what);
    }
    viz_canvas_fini(&canvas);
    cairo_surface_flush(surface);
}
