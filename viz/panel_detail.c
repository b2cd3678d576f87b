/*
 * panel_detail.c - the card at the lower right: moves, why, forecast or events, one tab a file. The
 * keys 1 to 4 choose; the chosen head is bold and underlined.
 */
#include "viz/panel_detail.h"

#include <math.h>
#include <stdio.h>

static const struct {
    const char *title;
    void (*draw)(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
} tabs[VIZ_TABS] = {
    [VIZ_TAB_MOVES] = {"Moves",    viz_tab_moves   },
    [VIZ_TAB_WHY] = {"Why",      viz_tab_why     },
    [VIZ_TAB_FORECAST] = {"Forecast", viz_tab_forecast},
    [VIZ_TAB_EVENTS] = {"Events",   viz_tab_events  },
};

static double head(struct viz_canvas *canvas, const struct viz_scene *scene, int tab, double x,
                   double y)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    bool chosen = (int)scene->look->tab == tab;
    struct viz_type type = {.size = 13.5, .bold = chosen, .colour = chosen ? t->ink : t->muted};
    struct viz_type key = {.size = VIZ_TINY, .colour = t->faint};
    char number[4];
    snprintf(number, sizeof number, "%d", tab + 1);
    double w = viz_canvas_text(canvas, &type, x, y, 0, tabs[tab].title);
    if (chosen) viz_canvas_level(canvas, x, x + w, y + 6 * u, 2 * u, t->accent);
    double k = viz_canvas_text(canvas, &key, x + w + 3 * u, y - 4 * u, 0, number);
    viz_hits_add(scene->hits, VIZ_HIT_TAB,
                 (struct viz_rect){x - 6 * u, y - 16 * u, w + k + 14 * u, 26 * u}, (uint64_t)tab);
    return x + w + k + 22 * u;
}

void viz_panel_detail(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r)
{
    double u = canvas->u, x = r.x + 16 * u, top = 40 * u;
    viz_canvas_card(canvas, r, "", "", 0);
    for (int tab = 0; tab < VIZ_TABS; tab++)
        x = head(canvas, scene, tab, x, r.y + 23 * u);
    struct viz_rect inner = {r.x + 16 * u, r.y + top, r.w - 32 * u, r.h - top - 8 * u};
    if (inner.h > 20 * u) tabs[scene->look->tab].draw(canvas, scene, inner);
}
