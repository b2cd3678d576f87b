/* page.c - the table of panels, and the page they are drawn on. */
#include "viz/panel.h"

#include <math.h>

const struct viz_panel viz_panels[] = {
    {"header",  VIZ_PLACE_HEADER,  viz_panel_header },
    {"heat",    VIZ_PLACE_HEAT,    viz_panel_heat   },
    {"latency", VIZ_PLACE_LATENCY, viz_panel_latency},
    {"strip",   VIZ_PLACE_STRIP,   viz_panel_strip  },
    {"nodes",   VIZ_PLACE_NODES,   viz_panel_nodes  },
    {"scores",  VIZ_PLACE_SCORES,  viz_panel_scores },
    {"detail",  VIZ_PLACE_MOVES,   viz_panel_detail },
};
const size_t viz_panel_count = FORE_COUNTOF(viz_panels);

/* The page between the cards, and under their round corners; what they cover needs no ground. */
static void fill_ground(struct viz_canvas *canvas, const struct viz_layout *layout)
{
    cairo_t *cr = canvas->cr;
    double inset = ceil(9 * canvas->u);
    cairo_rectangle(cr, 0, 0, layout->width, layout->height);
    for (int i = 0; i < VIZ_PLACES; i++) {
        const struct viz_rect *r = &layout->place[i];
        if (i == VIZ_PLACE_HEADER || r->w <= 2 * inset || r->h <= 2 * inset) continue;
        cairo_rectangle(cr, r->x + inset, r->y + inset, r->w - 2 * inset, r->h - 2 * inset);
    }
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
    viz_canvas_colour(canvas, canvas->theme->page, 1);
    cairo_fill(cr);
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_WINDING);
}

void viz_panel_all(struct viz_canvas *canvas, const struct viz_layout *layout,
                   struct viz_scene *scene)
{
    for (size_t i = 0; i < viz_panel_count; i++) {
        struct viz_rect r = layout->place[viz_panels[i].place];
        cairo_save(canvas->cr);
        cairo_rectangle(canvas->cr, r.x, r.y, r.w, r.h);
        cairo_clip(canvas->cr);
        viz_hits_begin(scene->hits, (uint32_t)i);
        viz_panels[i].draw(canvas, scene, r);
        cairo_restore(canvas->cr);
    }
}

void viz_panel_page(cairo_surface_t *surface, const struct viz_layout *layout,
                    const struct viz_theme *theme, struct viz_scene *scene)
{
    struct viz_canvas canvas;
    if (scene->look == NULL) scene->look = &viz_look_usual;
    viz_canvas_init(&canvas, surface, theme, layout->u);
    scene->scale = (struct viz_scale){.from = scene->view.from,
                                      .to = scene->view.to,
                                      .x0 = layout->plot_x0,
                                      .x1 = layout->plot_x1};
    fill_ground(&canvas, layout);
    viz_panel_all(&canvas, layout, scene);
    viz_canvas_fini(&canvas);
    cairo_surface_flush(surface);
}
