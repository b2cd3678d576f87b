/* window_over.c - see window_over.h. */
#include "viz/window_over.h"

#include "viz/format.h"
#include "viz/help.h"

#include <math.h>
#include <stdio.h>

bool viz_window_over_any(const struct viz_window *w)
{
    return w->tip.count > 0 || w->pinned.count > 0 || w->controls.searching || w->controls.help ||
           w->sheet.kind != VIZ_SHEET_NONE || w->drag == VIZ_DRAG_BRUSH ||
           w->controls.bookmark_count > 0 || w->said[0] != '\0';
}

static void marked(struct viz_canvas *canvas, const struct viz_window *w)
{
    struct viz_rect p = w->heat;
    double x0 = fmax(fmin(w->press_x, w->mouse_x), p.x);
    double x1 = fmin(fmax(w->press_x, w->mouse_x), p.x + p.w);
    double y0 = fmax(fmin(w->press_y, w->mouse_y), p.y);
    double y1 = fmin(fmax(w->press_y, w->mouse_y), p.y + p.h);
    struct viz_rect r = {round(x0), round(y0), round(x1 - x0), round(y1 - y0)};
    if (r.w < 2 || r.h < 2) return;
    viz_canvas_tint(canvas, r, canvas->theme->card, 0.25);
    viz_canvas_outline(canvas, r, 0, canvas->theme->card);
}

/* Flags at the heat's lower edge. */
static void bookmarks(struct viz_canvas *canvas, const struct viz_window *w)
{
    const struct viz_controls *c = &w->controls;
    for (size_t h = 0; h < w->hits.count; h++) {
        const struct viz_hit *hit = &w->hits.item[h];
        if (hit->kind != VIZ_HIT_HEAT) continue;
        struct viz_scale scale = {c->view.from, c->view.to, hit->r.x, hit->r.x + hit->r.w};
        for (uint32_t i = 0; i < c->bookmark_count; i++) {
            double x = viz_axis_x(&scale, c->bookmark[i]), y = hit->r.y + hit->r.h;
            char text[8];
            if (c->bookmark[i] < scale.from || c->bookmark[i] > scale.to) continue;
            snprintf(text, sizeof text, "%u", i + 1);
            struct viz_rect flag = {round(x), round(y - 14 * canvas->u), 14 * canvas->u,
                                    14 * canvas->u};
            struct viz_type type = {
                .size = VIZ_TINY, .bold = true, .align = VIZ_CENTRE, .colour = canvas->theme->card};
            viz_canvas_upright(canvas, x, hit->r.y, y, 1, canvas->theme->accent);
            viz_canvas_pill(canvas, flag, 2 * canvas->u, canvas->theme->accent);
            viz_canvas_text(canvas, &type, flag.x + flag.w / 2, y - 3.5 * canvas->u, 0, text);
        }
    }
}

static void bar(struct viz_canvas *canvas, const struct viz_window *w, const char *text,
                bool typing)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, wide = 440 * u;
    struct viz_rect r = {round((w->frame.layout.width - wide) / 2), round(96 * u), wide,
                         round(38 * u)};
    struct viz_type type = {.size = 15, .colour = t->ink};
    viz_canvas_pill(canvas, r, 8 * u, t->card);
    viz_canvas_outline(canvas, r, 8 * u, typing ? t->accent : t->faint);
    double x = r.x + 14 * u;
    if (typing) {
        struct viz_type sign = {.size = 15, .bold = true, .colour = t->accent};
        x += viz_canvas_text(canvas, &sign, x, r.y + 25 * u, 0, "find ") + 4 * u;
    }
    bool hint = typing && text[0] == '\0';
    if (hint) type.colour = t->faint;
    double end = x + viz_canvas_text(canvas, &type, x, r.y + 25 * u, r.x + r.w - 14 * u - x,
                                     hint ? "p41, n3, a slot or key; Enter" : text);
    if (typing)
        viz_canvas_upright(canvas, hint ? x - 2 * u : end + 2 * u, r.y + 9 * u, r.y + 29 * u,
                           1.5 * u, t->accent);
}

void viz_window_over_draw(struct viz_window *w, cairo_surface_t *surface)
{
    const struct viz_controls *c = &w->controls;
    const struct viz_theme *theme = w->theme[c->dark_swap];
    const struct viz_layout *layout = &w->frame.layout;
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, surface, theme, layout->u);
    bookmarks(&canvas, w);
    if (w->drag == VIZ_DRAG_BRUSH) marked(&canvas, w);
    if (w->pinned.count > 0) viz_tip_draw(&canvas, &w->pinned, true, layout->width, layout->height);
    if (w->tip.count > 0 && w->drag == VIZ_DRAG_NONE)
        viz_tip_draw(&canvas, &w->tip, false, layout->width, layout->height);
    if (c->searching)
        bar(&canvas, w, c->search, true);
    else if (w->said[0] != '\0')
        bar(&canvas, w, w->said, false);
    viz_canvas_fini(&canvas);
    if (w->sheet.kind != VIZ_SHEET_NONE) viz_sheet_draw(&w->sheet, surface, layout, theme);
    if (c->help) viz_help_draw(surface, layout, theme);
}
